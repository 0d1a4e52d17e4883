"""The live account against the simulated venue in one process, in virtual time, on memory streams.

Nothing of either side is replaced: our client, books, heartbeat and user channel here, the venue's
routes, engine, chain and sessions there. Only the bytes travel through memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
import httpx
import pytest
import trio
from desk_venue import DeskVenue
from starlette.applications import Starlette
from starlette.routing import Mount
from trio.testing import memory_stream_pair
from virtual_engine import VirtualClock

from polytui.config.redeem import RedeemSettings
from polytui.config.schema import EndpointSettings, Settings
from polytui.execution.arming import arm_simulated
from polytui.execution.client import AccountNeeds, Carried, Deliver
from polytui.execution.live import LiveExecution, open_live
from polytui.execution.throwaway import throwaway_wallet
from polytui.execution.venue_client import VenueClient
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place, Stamp
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_S, Price, Shares, Usd
from polytui.net.dial import Ended
from polytui.net.http import Http, HttpSettings
from polytui.net.peer import PeerSettings, serve_peer
from polytui.net.pools import Pools
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.server.connections import Connections
from polytui.sim.wire.desk.geoblock_api import GeoblockApi
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.signed.ethereum import load_ethereum

_PUMP_S = 0.02
_HOST = "http://127.0.0.1:1"
ENDPOINTS = EndpointSettings(
    clob=f"{_HOST}/clob",
    data_api=f"{_HOST}/data",
    geoblock=_HOST,
    user_ws="ws://127.0.0.1:1/ws/user",
)
Spoil = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


class LiveBench:
    """State: the venue, what was asked of it, and what people, the session and a desk were told."""

    def __init__(self, venue: DeskVenue, clock: VirtualClock) -> None:
        self.venue = venue
        self.clock = clock
        self.wallet = throwaway_wallet("a venue's token")
        self.spoil: Spoil | None = None
        """Answers in the venue's place, or does something before it does."""
        self.after: Spoil | None = None
        """Spoils what the venue answered: it has done what it was asked."""
        self.is_away = False
        self.requests: list[str] = []
        self.said: list[str] = []
        self.killed: list[str] = []
        self.told: list[tuple[float, Any]] = []
        self.connections = Connections(lambda target: venue.desk.user_session())
        self.numbers = 0
        self._inner = httpx.ASGITransport(
            Starlette(
                routes=[
                    Mount("/clob", routes=venue.desk.routes()),
                    *GeoblockApi(venue.geoblock).routes(),
                ],
                exception_handlers={what: in_turn(do) for what, do in ERROR_HANDLERS.items()},
            )
        )
        self._accepting: trio.Nursery | None = None

    # --- the network ------------------------------------------------------------------------------

    async def pump(self, *, task_status: trio.TaskStatus[None]) -> None:
        async with trio.open_nursery() as self._accepting:
            task_status.started()
            while True:
                left_s = (self.clock.now_ns() - self.venue.world.now_ns) / NS_PER_S
                for world_event in self.venue.play(max(0.0, left_s)):
                    self.connections.hand_out(world_event)
                await trio.sleep(_PUMP_S)

    async def dial(self, address: Any, trust: Any) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        if self.is_away or self._accepting is None:
            raise Ended("cannot connect: the network is away")
        ours, theirs = memory_stream_pair()
        self._accepting.start_soon(serve_peer, theirs, self.connections.converse, PeerSettings())
        return ours

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url.path.removeprefix('/clob')}")
        if self.is_away:
            raise httpx.ConnectError("the network is away", request=request)
        for spoil, is_late in ((self.spoil, False), (self.after, True)):
            if is_late:
                response = await self._inner.handle_async_request(request)
                response = httpx.Response(
                    response.status_code, headers=response.headers, content=await response.aread()
                )
            if spoil is not None and (spoilt := await spoil(request)) is not None:
                return spoilt
        return response

    def asked(self, what: str) -> int:
        return sum(one == what for one in self.requests)

    # --- the session ------------------------------------------------------------------------------

    def needs(self, carried: Carried | None = None, **tables: Any) -> AccountNeeds:
        settings = Settings(endpoints=ENDPOINTS, redeem=RedeemSettings(is_on=False))
        settings = attrs.evolve(
            settings,
            **{
                name: attrs.evolve(getattr(settings, name), **given)
                for name, given in tables.items()
            },
        )
        pools = Pools()
        transport = httpx.MockTransport(self.answer)
        for url in (ENDPOINTS.clob, ENDPOINTS.data_api, ENDPOINTS.gamma, ENDPOINTS.geoblock):
            pools.get(url, partial(Http, settings=_quick(), transport=transport))
        return AccountNeeds(
            settings,
            self.clock,
            carried,
            arm_simulated(self.wallet, None, [ENDPOINTS.clob]),
            "a session",
            pools=pools,
            say=lambda level, asset, text: self.said.append(text),
            kill=self.killed.append,
        )

    def deliver(self, news: Any) -> None:
        self.told.append((round(trio.current_time(), 2), news))

    def heard(self, *kinds: type) -> list[Any]:
        return [one for _, one in self.told if isinstance(one, kinds or object)]

    def kinds_of(self, order_id: str) -> list[str]:
        return [
            type(one).__name__ for _, one in self.told if getattr(one, "order_id", "") == order_id
        ]

    # --- what is there ----------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The id of the wallet's API key at the venue."""
        (found,) = self.venue.keys.all_of(self.wallet.owner.lower())
        return found

    def working(self) -> list[VenueOrder]:
        return self.venue.exchange.orders_of(self.wallet.funder.lower())

    def dollars(self) -> int:
        """As the chain has them."""
        return self.venue.exchange.holdings.usd(self.wallet.funder.lower())

    def an_order(
        self,
        side: Side = Side.BUY,
        price: float = 0.45,
        shares: float = 10,
        tif: TimeInForce = TimeInForce.GTC,
        *,
        is_post_only: bool = False,
    ) -> Order:
        self.numbers += 1
        listed = self.venue.round
        return Order(
            f"{listed.slug}-1-{self.numbers}",
            listed.slug,
            listed.up_token,
            Outcome.UP,
            side,
            Price(round(price * 1e6)),
            Shares(round(shares * 1e6)),
            tif,
            is_post_only,
            "fade",
            self.clock.now_ns(),
        )


async def at_once_here(work: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
    """The venue judges signatures in a thread, and virtual time would not wait for that either."""
    await trio.lowlevel.checkpoint()
    return work(*arguments)


def in_turn(handler: Any) -> Any:
    """Starlette calls what does not await in a thread, and virtual time would not wait for that."""

    async def handle(request: Any, error: Exception) -> Any:
        return handler(request, error)

    return handle


def _quick() -> HttpSettings:

    return HttpSettings(requests_per_s=1_000, burst=1_000)


@attrs.define
class Desk:
    """One life of one asset's desk, without a mind: a test is it."""

    bench: LiveBench
    execution: LiveExecution
    client: VenueClient
    effects: trio.MemorySendChannel[Effect]

    def place(self, *orders: Order) -> None:
        for order in orders:
            self.effects.send_nowait(Place(order, Stamp.grant(order.quote, Usd(0))))

    def cancel(self, *orders: Order) -> None:
        for order in orders:
            self.effects.send_nowait(Cancel(order.order_id))

    def cancel_all(self) -> None:
        self.effects.send_nowait(CancelAll("kill switch"))

    def look(self, order: Order) -> None:
        self.effects.send_nowait(LookUp(order.order_id))


@asynccontextmanager
async def live_bench(
    monkeypatch: pytest.MonkeyPatch, venue: DeskVenue | None = None, dollars: float = 1_000
) -> AsyncIterator[LiveBench]:
    """A venue with a wallet that has money; it lives as long as the block."""
    await load_ethereum()
    venue = venue or DeskVenue()
    venue.stands_still = True  # the pump plays it
    bench = LiveBench(venue, VirtualClock(venue.world.now_ns))
    monkeypatch.setattr("polytui.net.ws.dial", bench.dial)
    monkeypatch.setattr(trio.to_thread, "run_sync", at_once_here)
    wallet = bench.wallet
    venue.wallets.register(wallet.funder.lower(), wallet.owner.lower(), int(wallet.kind))
    venue.wallets.deploy(wallet.funder.lower())
    venue.fund(wallet.funder.lower(), dollars)
    async with trio.open_nursery() as nursery:
        await nursery.start(bench.pump)
        yield bench
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def live_desk(
    bench: LiveBench, needs: AccountNeeds | None = None, deliver: Deliver | None = None
) -> AsyncIterator[Desk]:
    """A session with one asset, opened, in a life of its desk."""
    async with open_live(needs or bench.needs()) as execution:
        assert isinstance(execution, LiveExecution)
        client = execution.client(Asset.BTC)
        assert isinstance(client, VenueClient)
        bench.deliver(await client.open(1))
        for report in client.observe(ev.RoundFound(bench.venue.round)):
            bench.deliver(report)
        effects, performed = trio.open_memory_channel[Effect](100)
        async with trio.open_nursery() as life:
            life.start_soon(client.run, performed, deliver or bench.deliver)
            yield Desk(bench, execution, client, effects)
            life.cancel_scope.cancel()
