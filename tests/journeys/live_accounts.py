"""Two accounts at a simulated venue of their own: one whose books are kept, one that trades against
it and by its other hand."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
from attrs import define, field

from polytui.config.live import LiveSettings
from polytui.config.secrets import Secret
from polytui.config.wires import SocketLimits
from polytui.execution.live_balances import LiveBalances
from polytui.execution.live_books import LiveBooks
from polytui.execution.reconcile import Reconcile
from polytui.execution.user_watch import UserWatch, run_user_channel, user_socket_settings
from polytui.model import events as ev
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_S, Price, Shares
from polytui.net.clock import Clock
from polytui.net.http import Http, HttpSettings
from polytui.net.ws import StayingSocket
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.world import WorldSettings
from polytui.venues.polymarket.api_keys import api_key_of
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_answers import PostAnswer
from polytui.venues.polymarket.data_activity import DataActivity
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.user_channel import UserChannel, UserEvent, UserOrder
from polytui.venues.polymarket.wallet import WalletType, wallet_of

START_NS = 1_795_204_800 * NS_PER_S
PATIENT = HttpSettings(read_s=25.0, total_s=30.0, burst=100)
"""On a machine that does much else."""
LIVE = LiveSettings(money_settles_s=1.0, user_silence_s=2.0, user_lag_s=0.5)


@define(eq=False)
class Trader:
    """An account that signs and sends. State: how many orders it named."""

    account: ClobAccount
    signer: OrderSigner
    listed: Round
    clock: Clock
    name: str
    orders: int = 0

    def order(
        self,
        side: Side,
        cents: int,
        shares: float = 5,
        outcome: Outcome = Outcome.UP,
        tif: TimeInForce = TimeInForce.GTC,
    ) -> Order:
        self.orders += 1
        return Order(
            f"{self.name}-{self.orders}",
            self.listed.slug,
            self.listed.token_of(outcome),
            outcome,
            side,
            Price(cents * 10_000),
            Shares(round(shares * 1_000_000)),
            tif,
            is_post_only=False,
            strategy="test",
            placed_ns=self.clock.now_ns(),
        )

    async def send(self, order: Order) -> PostAnswer:
        return await self.account.post(self.signer.sign(order, self.listed))

    def venue_id(self, order: Order) -> str:
        return self.signer.venue_id(order, self.listed)


@define(eq=False)
class Kept:
    """The account whose books are kept. State: what its desks and its people were told."""

    urls: Urls
    clock: Clock
    http: Http
    us: Trader
    them: Trader
    books: LiveBooks
    reader: UserChannel
    watch: UserWatch
    reconcile: Reconcile
    reports: list[ev.Report] = field(factory=list)
    news: list[Any] = field(factory=list)
    lines: list[tuple[str, str, str]] = field(factory=list)

    async def control(self, route: str, **order: Any) -> Any:
        return await control(self.urls, route, **order)

    async def hurry(self, speed: float) -> None:
        """The world and this process run faster from one moment on."""
        at_ns = time.monotonic_ns() + NS_PER_S // 4
        self.clock.turn(speed, at_ns)
        await self.control("/speed", speed=speed, at_monotonic_ns=at_ns)

    async def place(self, order: Order) -> str:
        """As the client does: named, sent, and what was answered."""
        venue_id = self.us.venue_id(order)
        self.books.names.know(order, venue_id)
        await self.us.send(order)
        self.reports += [one for _, one in self.books.accepted(order.order_id)]
        return venue_id

    async def heard(self, what: type[Any], count: int = 1) -> list[Any]:
        """So many of a kind, whichever way they come."""
        while (
            len(found := [one for one in [*self.reports, *self.news] if type(one) is what]) < count
        ):
            await trio.sleep(0.02)
        return found

    async def listen(self) -> None:
        await run_user_channel(self.watch, _socket(self), self.reconcile.once)

    async def settled(self) -> None:
        """Until no trade is on its way, by the user channel's own word or a reconcile's."""
        while self.books.trades.on_the_way():
            await trio.sleep(0.05)

    async def wallet(self) -> dict[str, Any]:
        """What the venue says that the account has."""
        http = Http(
            self.urls.control,
            PATIENT,
            headers={"Authorization": f"Bearer {self.urls.control_token}"},
            is_loopback_only=True,
        )
        try:
            wallet = self.us.account.wallet.funder
            answer: dict[str, Any] = json.loads(await http.get("/account", {"wallet": wallet}))
            return answer
        finally:
            await http.close()


async def control(urls: Urls, route: str, **order: Any) -> Any:
    http = Http(
        urls.control,
        PATIENT,
        headers={"Authorization": f"Bearer {urls.control_token}"},
        is_loopback_only=True,
    )
    try:
        return json.loads(await http.post(route, json.dumps(order).encode()))
    finally:
        await http.close()


@asynccontextmanager
async def kept_account(
    speed: float = 1.0, *, is_listening: bool = True, live: LiveSettings = LIVE
) -> AsyncIterator[Kept]:
    """Both have a thousand dollars; the books begin before anything is traded."""
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,))
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(VenueSettings(world, speed=speed), task_status=task_status)

            urls: Urls = await nursery.start(run)
            clock = Clock(urls.epoch_ns, urls.anchor_ns, urls.speed)
            gamma = Http(urls.gamma, HttpSettings(), is_loopback_only=True)
            rounds = await Gamma(gamma).upcoming(Asset.BTC, Interval.M5, clock.now_ns(), 3)
            await gamma.close()
            http = Http(urls.clob, HttpSettings(burst=100), is_loopback_only=True)
            data = Http(urls.data_api, HttpSettings(), is_loopback_only=True)
            try:
                kept = await _kept(urls, clock, http, data, rounds[-1], live)
                await kept.reconcile.begin()
                if is_listening:
                    nursery.start_soon(kept.listen)
                    await kept.heard(ev.FeedUp)
                yield kept
            finally:
                with trio.CancelScope(shield=True):
                    await http.close()
                    await data.close()
                nursery.cancel_scope.cancel()


async def _kept(
    urls: Urls, clock: Clock, http: Http, data: Http, listed: Round, live: LiveSettings
) -> Kept:
    lines: list[tuple[str, str, str]] = []
    reports: list[ev.Report] = []
    news: list[Any] = []

    def say(level: str, asset: str, text: str) -> None:
        lines.append((level, asset, text))

    def deliver(asset: Asset, report: ev.Report) -> None:
        assert asset is Asset.BTC
        reports.append(report)

    def take(event: UserEvent) -> None:
        told = books.take_order(event) if isinstance(event, UserOrder) else books.take_trade(event)
        for asset, report in told:
            deliver(asset, report)

    books = LiveBooks(say=say)
    us = await _trader(urls, clock, http, listed, "us", "5a")
    them = await _trader(urls, clock, http, listed, "them", "7b")
    wallet = us.account.wallet
    reader = UserChannel(us.api_key, books.names.is_ours, wallet.funder)
    account = ClobAccount(http, wallet, us.api_key, clock, reader)
    watch = UserWatch(reader, take, news.append, clock, live, say)
    activity = DataActivity(data, wallet.funder)
    balances = LiveBalances(account, books, clock, say, activity, live.money_settles_ns)
    reconcile = Reconcile(account, books, balances, clock, live, deliver, news.append, say, watch)
    for told in books.list_round(listed):
        deliver(*told)
    kept = Kept(
        urls, clock, http, us.trader, them.trader, books, reader, watch, reconcile,
        reports, news, lines,
    )  # fmt: skip
    kept.us.account = account
    return kept


@define
class _Came:
    trader: Trader
    api_key: Any

    @property
    def account(self) -> ClobAccount:
        return self.trader.account


async def _trader(
    urls: Urls, clock: Clock, http: Http, listed: Round, name: str, byte: str
) -> _Came:
    wallet = wallet_of(Secret("0x" + byte * 32), WalletType.DEPOSIT)
    await control(
        urls, "/faucet", owner=wallet.owner, wallet=wallet.funder, signature_type=3,
        dollars="1000",
    )  # fmt: skip
    api_key = await api_key_of(http, wallet)
    account = ClobAccount(http, wallet, api_key, clock)
    return _Came(Trader(account, OrderSigner(wallet), listed, clock, name), api_key)


def _socket(kept: Kept) -> StayingSocket:
    return StayingSocket(
        "user channel",
        kept.urls.user_ws,
        user_socket_settings(SocketLimits(backoff_cap_s=0.2), kept.watch.live),
        kept.watch,
        rng=random.Random(1),
    )
