"""An account at the CLOB for a session: above every asset, and alive whatever becomes of them.

    heartbeat            last to end: what the way out could not cancel dies with it
     `- account          user channel, reconciles, modes, every request on its way
         `- clients      one an asset, each with a wire of its own

The block ends with everything cancelled and confirmed, however it ends: a stop, a signal, a crash
above, the last asset halted. What is not confirmed within a deadline is said to people, and the
venue's own switch takes it.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import trio
from attrs import define, evolve, field

from polytui.config.api_key import ApiKey
from polytui.execution.account_voice import AccountVoice
from polytui.execution.admission import Admission
from polytui.execution.arming import Armed
from polytui.execution.client import (
    AccountNeeds,
    Carried,
    Execution,
    ExecutionClient,
    VenueMoney,
    Word,
)
from polytui.execution.forbidden import Forbidden
from polytui.execution.free_money import FreeMoney
from polytui.execution.heartbeat import Heartbeat
from polytui.execution.kept_books import KeptBooks
from polytui.execution.live_balances import LiveBalances
from polytui.execution.live_beginning import patiently, rounds_in_play, take_back_unknown
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_trades import Told
from polytui.execution.live_wire import ClobOrderWire
from polytui.execution.reconcile import Reconcile
from polytui.execution.redeemer import Redeemer
from polytui.execution.redeeming import redeeming
from polytui.execution.unredeemed import Unredeemed, Winner
from polytui.execution.user_watch import UserWatch, run_user_channel, user_socket_settings
from polytui.execution.venue_client import VenueClient
from polytui.execution.venue_modes import VenueModes
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.instrument import Asset, Round
from polytui.model.units import LOT, format_micro
from polytui.net.http import Http
from polytui.net.pools import http_settings
from polytui.net.ws import StayingSocket
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_answers import PostAnswer
from polytui.venues.polymarket.data_activity import DataActivity
from polytui.venues.polymarket.gamma import Gamma, known_ids
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.user_channel import UserChannel, UserEvent, UserOrder

_ASK_AGAIN_S = 0.25
"""Real time, on the way out."""


@define(eq=False)
class LiveExecution:
    """An `Execution`. State: the clients, and how the account is."""

    needs: AccountNeeds
    account: ClobAccount
    reader: UserChannel
    signer: OrderSigner
    books: LiveBooks
    requests: trio.Nursery
    activity: DataActivity
    winner: Winner
    gamma: Gamma
    forbidden: Forbidden
    redeemer: Redeemer | KeptBooks | None = field(default=None, init=False)
    """None where it cannot be written down what this wallet does."""
    clients: dict[Asset, VenueClient] = field(factory=dict)
    modes: VenueModes = field(init=False)
    reconcile: Reconcile = field(init=False)
    _watch: UserWatch = field(init=False)
    _free: FreeMoney = field(init=False)
    voice: AccountVoice = field(init=False)
    unredeemed: Unredeemed = field(init=False)

    def __attrs_post_init__(self) -> None:
        needs, live = self.needs, self.needs.settings.live
        self.voice = AccountVoice(self.clients)
        tell = self.voice.tell
        self.modes = VenueModes(needs.clock, tell)
        self._watch = UserWatch(self.reader, self.hear, tell, needs.clock, live, needs.say)
        balances = LiveBalances(
            self.account,
            self.books,
            needs.clock,
            needs.say,
            self.activity,
            live.money_settles_ns,
            self.winner,
        )
        self.reconcile = Reconcile(
            self.account,
            self.books,
            balances,
            needs.clock,
            live,
            self.deliver,
            tell,
            needs.say,
            self._watch,
            partial(rounds_in_play, self.gamma, needs.settings.session, needs.clock),
        )
        self._free = FreeMoney(self.books, self.clients)
        self.unredeemed = balances.unredeemed

    async def begin(self) -> None:
        """The truth first: what the venue has of this account, before anybody trades with it."""
        needs, carried = self.needs, self.needs.carried
        if carried is not None:
            self._recall(carried)
        until_ns = 0 if carried is None else carried.until_ns
        ask = partial(self.reconcile.begin, until_ns)
        await patiently(ask, "the account could not be read", needs.say)
        await self.account.warm()
        self.requests.start_soon(self.account.keep_warm)
        socket = StayingSocket(
            "user channel",
            needs.settings.endpoints.user_ws,
            user_socket_settings(needs.settings.sockets, needs.settings.live),
            self._watch,
            rng=random.Random(f"{needs.session} user"),
            trust=needs.trust,
        )
        self.requests.start_soon(run_user_channel, self._watch, socket, self.reconcile.once)
        self.requests.start_soon(self.reconcile.run)
        self.requests.start_soon(self.modes.run)
        self.requests.start_soon(self.forbidden.run)
        if self.redeemer is not None:
            self.requests.start_soon(self.redeemer.run)

    def _recall(self, carried: Carried) -> None:
        """Every order that the journal knows, by the name that the venue has for it."""
        for asset, orders in carried.orders.items():
            rounds = {one.slug: one for one in carried.rounds.get(asset, ())}
            for listed in rounds.values():
                self.books.list_round(listed)
            for order in orders:
                if (its_round := rounds.get(order.slug)) is not None:
                    name = partial(self.signer.venue_id, order, its_round)
                    self.books.names.recall(order, name)

    def client(self, asset: Asset) -> ExecutionClient:
        needs, carried = self.needs, self.needs.carried
        wire = ClobOrderWire(
            asset,
            self.account,
            self.signer,
            self.books,
            self.route,
            self.reconcile.look,
            self._free.usd,
            self._free.shares,
            self.expect,
            self.reconcile.ask,
            pass_point=needs.pass_point,
        )
        client = self.clients[asset] = VenueClient(
            asset,
            wire,
            needs.clock,
            needs.settings.execution,
            self.requests,
            needs.settings.live.taker_hold_ns,
            self.modes,
            self.forbidden.hear,
            self.voice.greet,
        )
        if carried is not None:
            for listed in carried.rounds.get(asset, ()):
                wire.list_round(listed)
            client.go_on_with(one.order for one in carried.working.get(asset, ()))
        return client

    def money(self) -> VenueMoney:
        money, redeemer = self.books.money(), self.redeemer
        return evolve(money, winnings=redeemer.status) if isinstance(redeemer, Redeemer) else money

    @property
    def api_key(self) -> ApiKey:
        return self.account.api_key

    # --- who hears what ---------------------------------------------------------------------------

    def hear(self, event: UserEvent) -> None:
        """What the user channel told."""
        if isinstance(event, UserOrder):
            self.route(self.books.take_order(event))
        else:
            self.route(self.books.take_trade(event))

    def route(self, told: Told) -> None:
        for asset, word in told:
            self.deliver(asset, word)

    def deliver(self, asset: Asset, word: Word) -> None:
        """To the asset that it is about. One that is not traded has nobody who listens: what it
        holds is said at the start."""
        if (client := self.clients.get(asset)) is not None:
            client.report(word)

    def expect(self, order_id: str, answer: PostAnswer) -> None:
        """The channel tells of its trades within moments, or is not believed any more; whether it
        is up or not, the venue is asked for what is unheard by then. Trades are the truth; an
        answer that named another size than they have is told to people."""
        for trade_id in answer.trade_ids:
            if not self.books.trades.knows(trade_id):
                self._watch.expect(trade_id, self.needs.clock.now_ns())
        if answer.trade_ids:
            self.requests.start_soon(self._compare_once_heard, order_id, answer)

    async def _compare_once_heard(self, order_id: str, answer: PostAnswer) -> None:
        trades, names = self.books.trades, self.books.names
        for is_asked in (False, True):
            await trio.sleep(self.needs.settings.live.user_lag_s)
            if all(map(trades.knows, answer.trade_ids)):
                break
            if not is_asked:
                self.reconcile.ask()
        order = names.order(names.venue(order_id))
        named = None if order is None else answer.shares(order.side)
        matched = trades.shares_in(order_id, answer.trade_ids)
        if order is None or named is None or abs(named - matched) < LOT:
            return
        what = (
            f"{format_micro(named, 2)} shares matched, its trades have {format_micro(matched, 2)}"
        )
        place = self.books.place_of(order.token_id)
        asset = "" if place is None else place.listed.asset.value
        self.needs.say("warn", asset, f"the answer to an order said {what}: the trades count")
        self.reconcile.ask()

    # --- the way out ------------------------------------------------------------------------------

    async def close(self, within_s: float) -> None:
        """Everything cancelled, and the venue confirms that nothing works, within real seconds;
        then the account is compared with the venue's a last time."""
        why = "no answer"
        with trio.move_on_after(within_s, shield=True):
            while why:
                why = await self._cancelled()
                if why:
                    await trio.sleep(_ASK_AGAIN_S)
            await self._reconciled()
        if why:
            words = (
                f"orders may still work ({why}): without our heartbeat the venue cancels them"
                " within 15 s; `polytui cancel-all` asks again"
            )
            self.needs.say("error", "", words)

    async def _cancelled(self) -> str:
        """Why not everything is; empty where it is. Orders that are on their way, or held, are
        waited for: one that comes to the book later would stay."""
        try:
            await self.account.cancel_all()
            for client in self.clients.values():
                for sent in list(client.sent):
                    await sent.known()
            left = [one for one in await self.account.open_orders() if not one.is_of_another_key]
        except (Retry, Rejected, Unknown) as error:
            return str(error)
        return f"{len(left)} of them are there" if left else ""

    async def _reconciled(self) -> None:
        try:
            await self.reconcile.once()
        except (Retry, Rejected, Unknown) as error:
            self.needs.say("warn", "", f"the account was not compared at the end: {error}")


@asynccontextmanager
async def open_live(needs: AccountNeeds) -> AsyncIterator[Execution]:
    """Fatal where nobody is armed; Blocked where another process trades with the wallet, or where
    the law or the venue does not let this one."""
    armed = needs.armed
    if not isinstance(armed, Armed):
        raise Fatal("nobody may send orders: not armed")
    wallet = armed.wallet
    async with AsyncExitStack() as stack:
        if needs.locks is not None:
            held = needs.locks.wallet_held(wallet.owner, wallet.chain_id, needs.session)
            stack.enter_context(held)
        books = LiveBooks(needs.carried, needs.say)
        http, endpoints = _asking(needs, armed), needs.settings.endpoints
        forbidden = Forbidden(needs.kill, needs.say, http(endpoints.geoblock))
        account = await _admitted(needs, armed, http, books.names.is_ours, forbidden)
        forbidden.begin()
        # The beats end last: a nursery of their own, around that of everything else.
        beating = await stack.enter_async_context(trio.open_nursery())
        requests = await stack.enter_async_context(trio.open_nursery())
        reader = UserChannel(account.api_key, books.names.is_ours, wallet.funder)
        signer = OrderSigner(wallet)
        activity = DataActivity(http(endpoints.data_api), wallet.funder)
        gamma = Gamma(http(endpoints.gamma), known_ids(needs.settings.rounds))
        winner = _winners(Clob(http(endpoints.clob), needs.clock))
        execution = LiveExecution(
            needs,
            account,
            reader,
            signer,
            books,
            requests,
            activity,
            winner,
            gamma,
            forbidden,
        )
        heartbeat = Heartbeat(
            account.beat,
            needs.clock,
            needs.settings.live,
            execution.voice.tell,
            account.cancel_all,
            execution.reconcile.done_anew,
            needs.kill,
        )
        execution.redeemer = stack.enter_context(
            redeeming(
                needs,
                armed,
                http,
                books,
                execution.unredeemed,
                execution.clients,
                execution.route,
                execution.voice.tell,
                gamma,
            )
        )
        if needs.carried is None:
            await take_back_unknown(account, needs.say)
        try:
            await beating.start(heartbeat.run)
            await execution.begin()
            yield execution
        finally:
            await execution.close(needs.settings.live.close_s)
            requests.cancel_scope.cancel()
            beating.cancel_scope.cancel()


def _asking(needs: AccountNeeds, armed: Armed) -> Callable[[str], Http]:
    """Clients that everybody shares who asks there. Armed for a simulated venue, they reach no
    other machine."""
    make = partial(
        Http,
        settings=http_settings(needs.settings.http),
        trust=needs.trust,
        is_loopback_only=armed.is_simulated,
    )
    return lambda base_url: needs.pools.get(base_url, make)


async def _admitted(
    needs: AccountNeeds,
    armed: Armed,
    http: Callable[[str], Http],
    is_ours: Callable[[str], bool],
    forbidden: Forbidden,
) -> ClobAccount:
    endpoints = needs.settings.endpoints
    admission = Admission(
        armed,
        http(endpoints.clob),
        http(endpoints.geoblock),
        needs.clock,
        needs.say,
        needs.states,
        is_ours,
        forbidden.hear,
    )
    return await admission.admitted()


def _winners(clob: Clob) -> Winner:
    """Of rounds that no asset here watches."""

    async def winner(listed: Round) -> str | None:
        return await clob.winner(listed.condition_id)

    return winner
