"""What live would do, to the last step: every order is signed and checked, and none is sent.

There is nothing here that could send one: no wire of orders, and a wallet that is not armed. What
is filled is filled on paper. The venue is asked what live would be told at its start, and a no is
said and stops nothing, for nothing trades.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio
from attrs import define, field

from polytui.config.api_key import ApiKey
from polytui.execution.admission import Admission, Say
from polytui.execution.arming import Unarmed
from polytui.execution.client import (
    AccountNeeds,
    Deliver,
    Execution,
    ExecutionClient,
    VenueMoney,
    Word,
)
from polytui.execution.known_books import KnownBooks
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_client import PaperExecution, paper_account
from polytui.execution.preflight import refusal, unsent
from polytui.model.effects import Effect, Place
from polytui.model.errors import Blocked, Fatal
from polytui.model.events import DeskOpened, Event, RoundFound
from polytui.model.instrument import Asset
from polytui.model.orders import Order
from polytui.net.http import Http
from polytui.net.pools import http_settings
from polytui.venues.polymarket.signing import OrderSigner

_OF_AN_ID = 10
"""Characters of the venue's name of an order that people are shown."""


@define(eq=False)
class Rehearsal:
    """What all assets share. State: how many orders were signed, and how many live would not even
    have sent."""

    signer: OrderSigner
    account: PaperAccount
    say: Say
    signed: int = 0
    refused: int = 0

    def words(self) -> str:
        return (
            f"shadow-live: {self.signed} orders were signed and checked, {self.refused} would have"
            " been refused before they left; NOTHING WAS SENT to the venue"
        )


@define(eq=False)
class ShadowLiveClient:
    """An `ExecutionClient`: paper's, behind a signature and a look at each order. State: the books
    that orders are held against."""

    asset: Asset
    paper: ExecutionClient
    rehearsal: Rehearsal
    _books: KnownBooks = field(factory=KnownBooks)

    async def open(self, life: int) -> DeskOpened:
        return await self.paper.open(life)

    async def run(self, effects: trio.MemoryReceiveChannel[Effect], deliver: Deliver) -> None:
        passed_on, to_paper = trio.open_memory_channel[Effect](0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.paper.run, to_paper, deliver)
            async for effect in effects:
                why = self._rehearse(effect.order) if isinstance(effect, Place) else ""
                if why and isinstance(effect, Place):
                    deliver(unsent(effect.order.order_id, why))
                else:
                    await passed_on.send(effect)
            await trio.sleep_forever()

    def observe(self, event: Event) -> Sequence[Word]:
        if isinstance(event, RoundFound):
            self._books.list_round(event.round)
        self._books.observe(event)
        return self.paper.observe(event)

    async def cancel_all(self) -> int:
        return await self.paper.cancel_all()

    @property
    def has_working_orders(self) -> bool:
        return self.paper.has_working_orders

    def _rehearse(self, order: Order) -> str:
        """Everything but the sending; why it would not be sent, empty where it would."""
        shared, name = self.rehearsal, self.asset.value
        listed = self._books.round(order.slug)
        if listed is None:
            why = f"{order.slug} is not listed here"
        else:
            book = self._books.book(listed)
            why = refusal(order, listed, book, shared.account.cash, order.shares)
        if listed is None or why:
            shared.refused += 1
            shared.say("warn", name, f"{order.order_id} would not be sent: {why}")
            return why
        try:
            signed = shared.signer.sign(order, listed)
        except ValueError as error:
            shared.refused += 1
            shared.say("error", name, f"{order.order_id} cannot be signed: {error}")
            return str(error)
        shared.signed += 1
        words = f"{order.order_id} is signed as {signed.venue_id[:_OF_AN_ID]}… and NOT SENT"
        shared.say("info", name, words)
        return ""


@define(eq=False)
class ShadowLiveExecution:
    """An `Execution`: paper's money, and a signer."""

    paper: PaperExecution
    rehearsal: Rehearsal
    api_key: ApiKey | None = None
    """Of the account that live would have; None where it was not let in."""

    def client(self, asset: Asset) -> ExecutionClient:
        return ShadowLiveClient(asset, self.paper.client(asset), self.rehearsal)

    def money(self) -> VenueMoney:
        return self.paper.money()


@asynccontextmanager
async def open_shadow_live(needs: AccountNeeds) -> AsyncIterator[Execution]:
    """Fatal without a wallet, and with one that is armed: whoever may send is wrong here."""
    who = needs.armed
    if not isinstance(who, Unarmed):
        raise Fatal("shadow-live wants a wallet that may not send")
    api_key = await _key_of_live(needs, who)
    account = paper_account(needs.settings, needs.carried)
    paper = PaperExecution(needs.settings, needs.clock, account, needs.carried)
    rehearsal = Rehearsal(OrderSigner(who.wallet), account, needs.say)
    try:
        yield ShadowLiveExecution(paper, rehearsal, api_key)
    finally:
        needs.say("warn", "", rehearsal.words())


async def _key_of_live(needs: AccountNeeds, who: Unarmed) -> ApiKey | None:
    """What live would hear is asked, and said; its API key where it would be let in."""
    endpoints = needs.settings.endpoints
    admission = Admission(
        who,
        _http(needs, endpoints.clob),
        _http(needs, endpoints.geoblock),
        needs.clock,
        needs.say,
        needs.states,
    )
    try:
        return (await admission.admitted()).api_key
    except Blocked as blocked:
        needs.say("error", "", f"live would not start: {blocked}")
        return None


def _http(needs: AccountNeeds, base_url: str) -> Http:
    settings = http_settings(needs.settings.http)
    return needs.pools.get(base_url, lambda url: Http(url, settings, trust=needs.trust))
