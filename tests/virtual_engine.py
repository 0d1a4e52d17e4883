"""The whole engine against the whole venue in one process, in virtual time, on memory streams.

Nothing of ours is replaced: the same tree, desks and clients on one side, the same world, sessions
and routes on the other. Only the bytes travel through memory, and the clock is Trio's.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from starlette.applications import Starlette
from trio.testing import memory_stream_pair

from polytui.config.api_key import ApiKey
from polytui.config.markets import FeatureSettings
from polytui.config.schema import EndpointSettings, PaperSettings, Settings
from polytui.config.secrets import Secret
from polytui.desk.mind import Mind
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_client import PaperClient, PaperExecution, paper_account
from polytui.journal.codec import FORMAT, Header, JournalRecord, decode_event
from polytui.journal.line_file import OffLoop
from polytui.journal.log import JournalLog
from polytui.journal.reader import JournalReader
from polytui.journal.risk_state_file import RiskStateFile
from polytui.model.events import Event
from polytui.model.instrument import Asset, Interval
from polytui.model.snapshot import Notice
from polytui.model.units import NS_PER_S, usd_from_float
from polytui.net.dial import Ended
from polytui.net.http import Http
from polytui.net.peer import PeerSettings, serve_peer
from polytui.runtime.asset import AssetRun
from polytui.runtime.chaos import MARKET, Chaos, parse_chaos
from polytui.runtime.engine import asset_run
from polytui.runtime.engine import open_session as real_session
from polytui.runtime.hub import Hub
from polytui.runtime.modes import Surroundings
from polytui.runtime.pace import Pace
from polytui.runtime.plan import Plan
from polytui.runtime.session import Session
from polytui.runtime.signals import StopSignals
from polytui.runtime.tree import Tree
from polytui.sim.server.connections import Connections
from polytui.sim.wire.exchanges import Exchanges
from polytui.sim.wire.form.api_answer import RefusedError, refusal
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.world.sources import THIN
from polytui.sim.world.world import World, WorldSettings

OPENS_NS = 1_795_204_800 * NS_PER_S
"""2026-11-20 20:00:00 UTC, a boundary of five minutes."""
_PUMP_S = 0.1
QUIET = 0.01
"""Messages, a quarter of what is usual: most of these tests are about anything but them."""
_ENDPOINTS = EndpointSettings(
    gamma="http://127.0.0.1:1/gamma",
    clob="http://127.0.0.1:1/clob",
    data_api="http://127.0.0.1:1/data-api",
    relayer="http://127.0.0.1:1/relayer",
    rpc="http://127.0.0.1:1/rpc",
    market_ws="ws://127.0.0.1:1/ws/market",
    user_ws="ws://127.0.0.1:1/ws/user",
    rtds_ws="ws://127.0.0.1:1/rtds",
    polybolt_ws="ws://127.0.0.1:1/polybolt/ws",
    binance_ws="ws://127.0.0.1:1/binance",
    binance_ws_spare="ws://127.0.0.1:1/binance",
    binance_rest="http://127.0.0.1:1/binance",
    binance_rest_spare="http://127.0.0.1:1/binance",
    bybit_ws="ws://127.0.0.1:1/bybit/v5/public/spot",
    bybit_rest="http://127.0.0.1:1/bybit",
    coinbase_ws="ws://127.0.0.1:1/coinbase",
    coinbase_rest="http://127.0.0.1:1/coinbase",
)


EAGER: dict[str, dict[str, Any]] = {
    "market": {"volatility_warmup_s": 5.0, "volatility_youth_s": 0.0},
    "gates": {"after_open_s": 1.0},
}
"""Tables of settings for whoever needs an order soon, and does not care how it was decided."""


Spoil = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


class VirtualClock:
    """Session time on Trio's own clock, from `epoch_ns` on. It can jump, as a wall beside a
    monotonic clock that stood still while the machine slept; whoever waits sees it after a nap."""

    speed = 1.0
    nap_s = math.inf

    def __init__(self, epoch_ns: int) -> None:
        self._epoch_ns = epoch_ns
        self._anchor = trio.current_time()

    def now_ns(self) -> int:
        return self._epoch_ns + round((trio.current_time() - self._anchor) * NS_PER_S)

    def real_s(self, session_ns: int) -> float:
        return session_ns / NS_PER_S

    async def sleep_until(self, when_ns: int) -> None:
        while (left_ns := when_ns - self.now_ns()) > 0:
            await trio.sleep(min(left_ns / NS_PER_S, self.nap_s))
        await trio.lowlevel.checkpoint_if_cancelled()

    def jump(self, seconds: float) -> None:
        self._epoch_ns += round(seconds * NS_PER_S)


def paper_client(
    clock: Any, asset: Asset = Asset.BTC, paper: PaperSettings | None = None, cash: float = 1_000.0
) -> PaperClient:
    """A client of one asset with a purse of its own."""
    account = PaperAccount(usd_from_float(cash))
    return PaperClient(asset, PaperSimulator(paper or PaperSettings(), account), clock)


class VirtualVenue:
    """The simulated venue behind memory streams. State: whether the network carries anything."""

    def __init__(
        self, clock: VirtualClock, assets: tuple[Asset, ...], seed: int, messages: float = THIN
    ) -> None:
        world = WorldSettings(seed, clock.now_ns(), assets, (Interval.M5,), messages=messages)
        self.world = World(world)
        self.clock = clock
        self.is_away = False
        self.requests: list[str] = []
        self.spoil: Spoil | None = None
        """Answers in the venue's place, where it answers at all."""
        self._polymarket = Polymarket(self.world)
        self._exchanges = Exchanges(self.world)
        self.connections = Connections(self._open_session)
        app = Starlette(
            routes=[*self._polymarket.mounts(), *self._exchanges.mounts()],
            exception_handlers={RefusedError: refusal},
        )
        self._inner = httpx.ASGITransport(app)
        self._accepting: trio.Nursery | None = None

    def _open_session(self, target: str) -> Any:
        return self._polymarket.open_session(target) or self._exchanges.open_session(target)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        async with trio.open_nursery() as self._accepting:
            task_status.started()
            while True:
                for world_event in self.world.run_until(self.clock.now_ns()):
                    self._polymarket.note(world_event)
                    self._exchanges.note(world_event)
                    self.connections.hand_out(world_event)
                await trio.sleep(_PUMP_S)

    async def dial(self, address: Any, trust: Any) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        if self.is_away or self._accepting is None:
            raise Ended("cannot connect: the network is away; is it reachable?")
        ours, theirs = memory_stream_pair()
        if self._accepting.cancel_scope.cancel_called:
            raise Ended("cannot connect: the venue is gone")
        self._accepting.start_soon(serve_peer, theirs, self.connections.converse, PeerSettings())
        return ours

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url.path}")
        if self.is_away:
            raise httpx.ConnectError("the network is away", request=request)
        if self.spoil is not None and (spoilt := await self.spoil(request)) is not None:
            return spoilt
        response = await self._inner.handle_async_request(request)
        return httpx.Response(response.status_code, content=await response.aread())


@attrs.define
class VirtualEngine:
    session: Session
    runs: list[AssetRun]
    tree: Tree
    venue: VirtualVenue
    account: PaperAccount
    notices: list[Notice]
    is_over: trio.Event
    living: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def die(self) -> None:
        """As if its process was killed: nothing is said, no order is taken back. What its files
        were given is on the disk."""
        self.living.cancel()
        await self.is_over.wait()

    def run_of(self, asset: Asset) -> AssetRun:
        return next(run for run in self.runs if run.asset is asset)

    def has_settled(self, asset: Asset, slug: str = "") -> bool:
        """Whether the desk has taken the winner of a round; of any round where none is named."""
        return any(f"{slug} settled " in text for text in self.texts(asset.value))

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that no event tells, at most ten minutes of the session. It looks as
        often as the venue acts: every look wakes the whole engine's scheduler."""
        with trio.fail_after(600):
            while not is_so():
                await trio.sleep(_PUMP_S)

    def records(self) -> list[JournalRecord]:
        """Every event of the journal so far; close the engine first to have them all."""
        with JournalReader(self.session.journal.path) as journal:
            return [record for record in journal if record.is_event]

    def events(self, *kinds: type) -> list[tuple[str, Event]]:
        """Only lines that begin as one of these kinds are read in full: a journal has thousands."""
        begins = tuple(f'["{kind.__name__}",'.encode() for kind in kinds)
        wanted = (r for r in self.records() if bytes(r.event).startswith(begins))
        return [(record.asset, decode_event(record.event)) for record in wanted]

    def texts(self, asset: str = "") -> list[str]:
        return [notice.text for notice in self.notices if asset in ("", notice.asset)]


QUICK_JOURNAL = {"flush_ms": 10_000, "digest_every": 100, "checkpoint_every": 700}
"""Few writes, and checkpoints all over every session: each replay goes on from all of them."""


def quick_settings(**tables: Any) -> Settings:
    """Settings for virtual time: the journal's thread is left alone until the end. Nothing trades
    for show, and few candles are loaded: they are a fifth of what such a session costs."""
    settings = Settings(endpoints=_ENDPOINTS, features=FeatureSettings(candles=100))
    usual = {"strategies": (), "max_losses_in_a_row": settings.risk.max_losses_in_a_row}
    changes = {"journal": QUICK_JOURNAL, "demo": usual, **tables}
    return attrs.evolve(
        settings,
        **{name: attrs.evolve(getattr(settings, name), **given) for name, given in changes.items()},
    )


@asynccontextmanager
async def open_engine(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    settings: Settings,
    *,
    starts_before_s: float = 30.0,
    chaos: str = "",
    is_away: bool = False,
    is_owned: bool = False,
    seed: int = 7,
    messages: float = QUIET,
    config: Path | None = None,
    keeps_in: Path | None = None,
    off_loop: OffLoop | None = None,
) -> AsyncIterator[VirtualEngine]:
    """A session that began so long before a boundary; stopped, if it still runs, at the end.
    `keeps_in`: where it leaves what survives it, as a session on paper does. `off_loop`: how its
    files block; at once unless said."""
    clock = VirtualClock(OPENS_NS - int(starts_before_s * NS_PER_S))
    venue = VirtualVenue(clock, settings.session.assets, seed, messages)
    venue.is_away = is_away
    async with open_venue(monkeypatch, venue):
        session = open_session(clock, folder, settings, is_owned=is_owned)
        if keeps_in is not None:
            now_ns, name = clock.now_ns(), folder.name
            session.risk_state = RiskStateFile(keeps_in, "paper", name, now_ns, at_once)
        if off_loop is not None:
            for file in session.files:
                file.off_loop = off_loop
        engine = _engine(clock, venue, session, chaos, is_owned=is_owned, config=config)
        async with _running(engine):
            yield engine


@asynccontextmanager
async def open_venue(monkeypatch: pytest.MonkeyPatch, venue: VirtualVenue) -> AsyncIterator[None]:
    """It lives as long as this, whatever engines come and go."""
    monkeypatch.setattr("polytui.net.ws.dial", venue.dial)
    transport = httpx.MockTransport(venue.answer)
    monkeypatch.setattr("polytui.feeds.feed_factory.Http", partial(Http, transport=transport))
    async with trio.open_nursery() as nursery:
        await nursery.start(venue.run)
        yield
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_next_engine(
    venue: VirtualVenue,
    folder: Path,
    settings: Settings,
    *,
    is_fresh: bool = False,
    world: str = "",
) -> AsyncIterator[VirtualEngine]:
    """A session as `runtime/engine.py` begins it: it goes on from the one before in the folder that
    its own is in."""
    session = _next_session(venue, folder, settings, is_fresh=is_fresh, world=world)
    engine = _engine(venue.clock, venue, session, "", is_owned=False, config=None)
    async with _running(engine):
        yield engine


def _next_session(
    venue: VirtualVenue, folder: Path, settings: Settings, *, is_fresh: bool, world: str
) -> Session:
    journals = attrs.evolve(settings.journal, directory=str(folder.parent))
    settings = attrs.evolve(settings, journal=journals)
    folder.mkdir(parents=True)
    keys = ApiKey("a", Secret("b"), Secret("c"))
    surroundings = Surroundings(settings, venue.clock, keys, None, world=world)
    plan = Plan("paper", settings, folder, is_fresh=is_fresh)
    return real_session(plan, surroundings, at_once)


@asynccontextmanager
async def _running(engine: VirtualEngine) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_supervise, engine)
        nursery.start_soon(_collect, engine)
        await engine.until(lambda: all(run.life for run in engine.runs))
        yield
        engine.session.stop("the test ends")
        await engine.is_over.wait()
        nursery.cancel_scope.cancel()


async def _supervise(engine: VirtualEngine) -> None:
    try:
        with engine.living:
            await engine.tree.supervise()
    finally:
        engine.session.close()
        engine.is_over.set()


async def _collect(engine: VirtualEngine) -> None:
    # Notices alone are kept: views at a terminal's rate would be a quarter of all the work.
    channel = engine.session.hub.subscribe(is_drawn=False)
    while True:
        for frame in await channel.take():
            if hasattr(frame, "notice"):
                engine.notices.append(frame.notice)


def _engine(
    clock: Any,
    venue: VirtualVenue,
    session: Session,
    chaos: str,
    *,
    is_owned: bool,
    config: Path | None,
) -> VirtualEngine:
    settings, goes_on = session.settings, session.goes_on
    carried = None if goes_on is None else goes_on.carried
    account = paper_account(settings, carried)
    execution = PaperExecution(settings, clock, account, carried)
    plan = Plan(session.mode, settings, session.folder)
    runs = [asset_run(plan, session, execution, asset) for asset in settings.session.assets]

    async def make_fault(kind: str, service: str, seconds: float) -> None:
        await trio.lowlevel.checkpoint()
        if kind == "drop":
            venue.connections.drop(service)
        elif kind in MARKET:
            venue.world.trouble(kind, int(seconds * NS_PER_S))
        else:
            venue.connections.begin(kind, service, seconds, 0)

    surroundings = Surroundings(settings, clock, ApiKey("a", Secret("b"), Secret("c")), make_fault)
    troubles = Chaos(list(parse_chaos(chaos)), clock)
    pace = Pace(session, lambda: session.mind.book_lag_ns, None)
    tree = Tree(session, surroundings, runs, pace, troubles, StopSignals(), None, is_owned, config)
    return VirtualEngine(session, runs, tree, venue, account, [], trio.Event())


async def at_once(work: Callable[[], None]) -> None:
    """What blocks is done here: virtual time would not wait for a thread."""
    work()
    await trio.lowlevel.checkpoint()


def open_session(
    clock: Any, folder: Path, settings: Settings, *, is_owned: bool = False
) -> Session:
    folder.mkdir(parents=True, exist_ok=True)
    header = Header(FORMAT, "0", "demo", folder.name, clock.now_ns())
    return Session(
        name=folder.name,
        mode="demo",
        folder=folder,
        settings=settings,
        clock=clock,
        mind=Mind(),
        journal=JournalLog(folder, header, settings.journal, at_once),
        hub=Hub(folder.name, "demo", settings.queues.notices, stop_when_lost=is_owned),
        started_ns=clock.now_ns(),
    )
