"""The whole engine, trading through its live client, against the whole venue: one process, virtual
time, memory streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from live_bench import at_once_here
from live_told import Told
from live_venue import LiveVenue
from quoting_ladder import live_settings
from virtual_engine import (
    VirtualEngine,
    at_once,
)

from benchmarks.ladder import LADDER
from polytui.config.schema import Settings
from polytui.config.state_folder import state_folder
from polytui.desk.checkpoint import restored
from polytui.desk.desk import Desk
from polytui.desk.mind import Mind
from polytui.execution.arming import Armed
from polytui.execution.live import LiveExecution
from polytui.execution.venue_client import VenueClient
from polytui.model.events import (
    Action,
    Event,
    FeedUp,
)
from polytui.model.instrument import Asset, Outcome
from polytui.net.http import Http
from polytui.runtime.chaos import Chaos
from polytui.runtime.engine import asset_run, needs_of, with_key_of
from polytui.runtime.engine import open_session as real_session
from polytui.runtime.modes import Surroundings, execution_of
from polytui.runtime.pace import Pace
from polytui.runtime.plan import Plan
from polytui.runtime.signals import StopSignals
from polytui.runtime.tree import Tree
from polytui.sim.wire.signed.ethereum import load_ethereum


@attrs.define
class LiveEngine(VirtualEngine):
    """State: as a virtual engine, with its account at the venue."""

    execution: LiveExecution = attrs.field(kw_only=True)

    @property
    def told(self) -> Told:
        """Its mind, so far."""
        return self.there.told[id(self.session.mind)]

    @property
    def is_healthy(self) -> bool:
        """Of the account: everything that was ever told of it is up."""
        return all(isinstance(one, FeedUp) for one in self.execution.voice.health.values())

    @property
    def slug(self) -> str:
        """The round that is open."""
        now_ns = self.there.world.now_ns
        return next(
            one.slug
            for one in self.there.world.rounds.values()
            if one.opens_ns <= now_ns < one.closes_ns
        )

    @property
    def there(self) -> LiveVenue:
        assert isinstance(self.venue, LiveVenue)
        return self.venue

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that no event tells, at most ninety seconds of the session."""
        until = trio.current_time() + 90
        while not is_so():
            assert trio.current_time() < until, self.story()
            await trio.sleep(0.05)

    def story(self) -> str:
        """Of one that waits in vain: what people were told last, and what is in the way."""
        way = self.session.reasons.shares()
        sent = [one.order.order_id for one in self.client.sent]
        at_venue = [(one.order_id[:10], one.status) for one in self.there.working()]
        return f"{sent} {at_venue} {way} {self.told.counts} {self.texts()[-25:]}"

    @property
    def client(self) -> VenueClient:
        client = self.runs[0].client
        assert isinstance(client, VenueClient)
        return client

    @property
    def trades(self) -> int:
        """Of this wallet, as the venue has them."""
        return len(self.there.exchange.trades(self.there.funder))

    async def trade(self, count: int = 3) -> None:
        """Until so many more trades were made."""
        wanted = self.trades + count
        await self.until(lambda: self.trades >= wanted)

    def die(self) -> None:
        """As if its process was killed here and now: whatever it still sends arrives nowhere."""
        self.there.is_away = True
        self.living.cancel()

    async def has_working(self, count: int = 2) -> None:
        """Until orders rest at the venue that every desk knows of."""
        working = self.session.mind.account.of(Asset.BTC)
        await self.until(lambda: min(len(self.there.working()), working.working) >= count)

    async def rest(self) -> None:
        """A person kills; then nothing works, and nothing is on its way on any chain."""
        await self.session.hub.command(Action.KILL, "", "test")
        books = self.execution.books
        await self.until(
            lambda: not self.there.working() and not self.runs[0].client.has_working_orders
        )
        await self.until(lambda: not books.trades.on_the_way())
        await self.execution.reconcile.once()
        await trio.sleep(0.5)

    async def rearm(self) -> None:
        await self.session.hub.command(Action.REARM, "", "test")

    def check(self) -> None:
        """The ledger of the mind, the books of the client and the venue have the same dollars and
        the same shares, to the millionth, and no order works anywhere."""
        mind, there, books = self.session.mind, self.there, self.execution.books
        assert there.working() == []
        assert [one.order for one in mind.desks[Asset.BTC].ledger.orders.working()] == []
        positions = there.exchange.holdings.positions(there.funder)
        waits = sum(map(there.unredeemed, positions))
        counted = {"ledger": mind.account.cash, "books": books.money().cash}
        assert counted == dict.fromkeys(counted, there.usd() + waits)
        for live in books.rounds:
            if live.settled is not None:
                continue
            held = {
                one.outcome: one.shares
                for one in mind.desks[Asset.BTC].ledger.positions.holdings(live.listed.slug)
            }
            for outcome in Outcome:
                at_venue = positions.get(live.listed.token_of(outcome), 0)
                assert held.get(outcome, 0) == live.shares(outcome) == at_venue, live.listed.slug


@asynccontextmanager
async def open_live_venue(
    monkeypatch: pytest.MonkeyPatch, venue: LiveVenue, dollars: float = 1_000
) -> AsyncIterator[None]:
    """It lives as long as this, whatever engines come and go; whoever trades there quotes."""
    await load_ethereum()
    for one in (Mind.__init__, Desk.__init__, restored):
        monkeypatch.setattr(one, "__defaults__", ((LADDER,),))
    take = Mind.take

    def taken(mind: Mind, asset: Asset, now_ns: int, event: Event, **how: Any) -> Any:
        venue.told[id(mind)].note(event)
        return take(mind, asset, now_ns, event, **how)

    monkeypatch.setattr(Mind, "take", taken)
    monkeypatch.setattr("polytui.net.ws.dial", venue.dial)
    monkeypatch.setattr(trio.to_thread, "run_sync", at_once_here)
    transport = httpx.MockTransport(venue.answer)
    for module in ("polytui.feeds.feed_factory", "polytui.execution.live"):
        monkeypatch.setattr(f"{module}.Http", partial(Http, transport=transport))
    venue.fund(dollars)
    async with trio.open_nursery() as nursery:
        await nursery.start(venue.run)
        yield
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_live_engine(
    venue: LiveVenue,
    folder: Path,
    settings: Settings | None = None,
    world: str | None = None,
    armed: Armed | None = None,
) -> AsyncIterator[LiveEngine]:
    """A session as `runtime/engine.py` begins it. `world`: where others go on from it, None
    where it ends with itself. `armed`: with something else than the venue's own throwaway."""
    journals = attrs.evolve((settings or live_settings()).journal, directory=str(folder.parent))
    settings = attrs.evolve(settings or live_settings(), journal=journals)
    folder.mkdir(parents=True)  # noqa: ASYNC240
    states = None if world is None else state_folder()
    surroundings = Surroundings(
        settings,
        venue.clock,
        None,
        None,
        world=world,
        armed=armed or venue.arm(),
        states=states,
        locks=states,
    )
    plan = Plan("demo", settings, folder)
    session = real_session(plan, surroundings, at_once)
    living, is_over = trio.CancelScope(), trio.Event()
    opened, engines = trio.Event(), list[LiveEngine]()

    async def live() -> None:
        try:
            with living:
                async with execution_of(plan)(needs_of(session, surroundings)) as execution:
                    assert isinstance(execution, LiveExecution)
                    here = with_key_of(execution, surroundings)
                    runs = [asset_run(plan, session, execution, a) for a in settings.session.assets]
                    pace = Pace(session, lambda: session.mind.book_lag_ns, None)
                    chaos = Chaos([], venue.clock)
                    tree = Tree(session, here, runs, pace, chaos, StopSignals(), None, False, None)
                    engines.append(
                        LiveEngine(
                            session,
                            runs,
                            tree,
                            venue,
                            None,
                            [],
                            is_over,
                            living,
                            execution=execution,
                        )
                    )
                    opened.set()
                    await tree.supervise()
        finally:
            await surroundings.pools.close()
            session.close()
            is_over.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(live)
        await opened.wait()
        (engine,) = engines
        nursery.start_soon(_collect, engine)
        await engine.until(lambda: all(run.life for run in engine.runs))
        yield engine
        session.stop("the test ends")
        await is_over.wait()
        nursery.cancel_scope.cancel()


async def _collect(engine: VirtualEngine) -> None:
    channel = engine.session.hub.subscribe(is_drawn=False)
    while True:
        for frame in await channel.take():
            if hasattr(frame, "notice"):
                engine.notices.append(frame.notice)
