"""The nursery tree: the one place where tasks are born that outlive a call.

    supervise
     └─ history                 last to die: the journal's writer
         └─ account             faces, snapshots, signals, the venue's heap
             └─ assets          one supervised nursery per asset, each restartable, each haltable
                  ├─ round watchers, book watcher, price watchers     first to go when it stops
                  ├─ state machine
                  └─ executor

A crash inside an asset stays there; a crash above stops everything, orders first.
"""

from __future__ import annotations

import gc
import random
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import trio
from attrs import define, field, frozen
from loguru import logger

from polytui.config.load import canonical_json
from polytui.execution.executor import run_executor
from polytui.model.effects import Cancel, CancelAll, Credit, Effect, Explain, Place, Resync
from polytui.model.errors import Fatal
from polytui.model.events import (
    Action,
    Commanded,
    Event,
    RoundFound,
    SettingsChanged,
    Ticked,
)
from polytui.model.instrument import Interval
from polytui.model.snapshot import AssetState
from polytui.model.units import NS_PER_S, format_micro
from polytui.remote.local import FaceSettings, serve_faces
from polytui.runtime.asset import AssetRun
from polytui.runtime.books import BookWatcher
from polytui.runtime.chaos import Chaos
from polytui.runtime.commands import Commands
from polytui.runtime.inbox import Item
from polytui.runtime.machine import Machine
from polytui.runtime.modes import Surroundings
from polytui.runtime.prices import watch_prices
from polytui.runtime.publisher import Publisher
from polytui.runtime.rounds import RoundWatcher
from polytui.runtime.session import Session
from polytui.runtime.signals import StopSignals
from polytui.runtime.watchers import WatchKit
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.gamma import Gamma

_TICK_S = 1.0
_SHORTEST_TICK_S = 0.1
_WORKING_CHECK_S = 0.01
_WARM_UP_S = 3.0
_FAREWELL_S = 0.3
"""For faces to read the last word."""
_COLLECT_AFTER_NS = 5 * NS_PER_S


@frozen
class Tree:
    """One session's tasks. Read `supervise` first."""

    session: Session
    surroundings: Surroundings
    runs: Sequence[AssetRun]
    chaos: Chaos
    signals: StopSignals
    socket: Path | None
    is_owned: bool
    """A terminal started us: stop if none comes."""

    async def supervise(self) -> None:
        """Run until the session stops; every order is cancelled and every event written."""
        session = self.session
        async with trio.open_nursery() as history:
            history.start_soon(session.journal.run, session.settings.journal.flush_ms)
            async with trio.open_nursery() as account:
                await self._start_account(account)
                await self._run_assets()
                await self._say_goodbye()
                account.cancel_scope.cancel()
            history.cancel_scope.cancel()

    async def _run_assets(self) -> None:
        try:
            async with trio.open_nursery() as assets:
                for run in self.runs:
                    assets.start_soon(Supervisor(run, self).supervise)
        finally:
            # After an orderly stop there is nothing left; after a fault above there may be.
            for run in self.runs:
                run.hands.cancel_at_once()

    async def _say_goodbye(self) -> None:
        hub = self.session.hub
        hub.goodbye(0, self.session.stop_reason)
        if hub.is_watched:
            await trio.sleep(_FAREWELL_S)

    async def _start_account(self, account: trio.Nursery) -> None:
        session = self.session
        session.hub.serve(Commands(session, self.runs).obey, session.stop)
        account.start_soon(obey_signals, session, self.signals)
        account.start_soon(Publisher(session, self.runs).publish)
        account.start_soon(keep_heap_quiet, session)
        account.start_soon(self._drop_when_due)
        if self.socket is not None:
            serve = partial(serve_faces, self.socket, session.hub, FaceSettings())
            await account.start(serve)
        if self.is_owned:
            account.start_soon(wait_for_owner, session)

    async def _drop_when_due(self) -> None:
        drop, assets = self.surroundings.drop_sockets, tuple(run.asset for run in self.runs)
        if drop is None:
            return
        while await self.chaos.wait_for_drop(self.session.mind.account, assets):
            self.session.notice("warn", "", "chaos: every socket is cut")
            await drop()


@define
class Supervisor:
    """State: when one asset crashed of late. It gives the asset a new life, or halts it."""

    run: AssetRun
    tree: Tree
    crashes: deque[float] = field(factory=deque)

    async def supervise(self) -> None:
        # A stop ends a life and not this loop: a desk that was just opened, or opened anew after
        # a crash, takes its Stop like any other, and the journal ends without a working order.
        while True:
            self.run.life += 1
            crash: BaseExceptionGroup[Exception] | None = None
            try:
                await run_asset(self.run, self.tree)
            except* Fatal:
                raise
            except* Exception as group:
                crash = group
            if crash is None:
                return
            self._clean_up(crash)
            if self._is_hopeless():
                self._halt()
                return
            self.run.state, self.run.detail = AssetState.RESTARTING, self._cause(crash)
            with trio.move_on_after(self._backoff_s()):
                await self.tree.session.stopping.wait()

    def _clean_up(self, crash: BaseExceptionGroup[Exception]) -> None:
        """No order may outlive the desk that knew it."""
        cancelled = self.run.hands.cancel_at_once()
        self.run.lose_feeds()
        logger.opt(exception=crash).error("{} crashed", self.run.asset.value)
        text = f"crashed: {self._cause(crash)}; {cancelled} orders cancelled"
        self.tree.session.fault(self.run.asset.value, text)

    @staticmethod
    def _cause(crash: BaseExceptionGroup[Exception]) -> str:
        error: BaseException = crash
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        return f"{type(error).__name__}: {error}"

    def _is_hopeless(self) -> bool:
        rules, now = self.tree.session.settings.supervision, trio.current_time()
        self.crashes.append(now)
        while self.crashes[0] < now - rules.window_s:
            self.crashes.popleft()
        return len(self.crashes) >= rules.max_crashes

    def _halt(self) -> None:
        self.run.state = AssetState.HALTED
        self.run.detail = f"{len(self.crashes)} crashes; restart the engine to trade it again"
        self.tree.session.fault(self.run.asset.value, f"halted: {self.run.detail}")
        self._free_reserves()
        stop_when_done(self.tree)

    def _free_reserves(self) -> None:
        """A last desk for the books alone: orders that died with the one before it must not be
        counted against the limits of the other assets."""
        session = self.tree.session
        machine = Machine(self.run, session, lambda effect: None)
        try:
            machine.take([Item(event) for event in opening_events(self.run, session)])
        except Exception as error:
            logger.opt(exception=error).error("{} cannot even open", self.run.asset.value)

    def _backoff_s(self) -> float:
        rules = self.tree.session.settings.supervision
        return min(rules.backoff_cap_s, rules.backoff_first_s * 2.0 ** (len(self.crashes) - 1))


async def run_asset(run: AssetRun, tree: Tree) -> None:
    """One life of one asset: from its desk's opening to its last order's end."""
    session, settings = tree.session, tree.surroundings.settings
    async with AsyncExitStack() as clients, trio.open_nursery() as life:
        kit = WatchKit(settings, session.clock, tree.surroundings.credentials, _rng(run, session))
        gamma_http, clob_http = (
            kit.http(settings.endpoints.gamma),
            kit.http(settings.endpoints.clob),
        )
        clients.push_async_callback(gamma_http.close)
        clients.push_async_callback(clob_http.close)
        books = BookWatcher(run, kit, Clob(clob_http, session.clock))
        effects, performed = trio.open_memory_channel[Effect](session.settings.queues.effects)
        machine = Machine(run, session, partial(act, run, tree, books, effects))
        machine.take([Item(event) for event in opening_events(run, session)])
        run.pump = machine.pump
        run.state, run.detail = None, ""
        life.start_soon(run_executor, performed, run.hands, run.deliver_report, session.clock)
        life.start_soon(machine.work)
        await watch(run, tree, kit, books, Gamma(gamma_http))
        await stop_orders(run, session)
        run.state = AssetState.STOPPED
        life.cancel_scope.cancel()


def opening_events(run: AssetRun, session: Session) -> list[Event]:
    """What a new desk hears first: what is held, the settings, and the rounds it must know
    before it takes what a crash left in the inbox."""
    opening: list[Event] = [run.hands.opening(run.asset, run.life)]
    opening.append(SettingsChanged(canonical_json(session.settings)))
    return opening + [RoundFound(followed.round) for followed in run.followed.values()]


async def watch(run: AssetRun, tree: Tree, kit: WatchKit, books: BookWatcher, gamma: Gamma) -> None:
    """Every watcher of an asset, until the session stops."""
    session = tree.session

    def complain(text: str) -> None:
        session.notice("warn", run.asset.value, text)

    async with trio.open_nursery() as watchers:

        async def leave_on_stop() -> None:
            await session.stopping.wait()
            watchers.cancel_scope.cancel()

        watchers.start_soon(leave_on_stop)
        watchers.start_soon(tick, run)
        watchers.start_soon(tree.chaos.crash_when_due, run.asset, session.mind.account)
        await watchers.start(books.watch)
        await watchers.start(watch_prices, run, kit)
        for interval in kit.settings.session.intervals:
            rounds = kit.settings.rounds
            watcher = RoundWatcher(run, interval, gamma, books, run.clock, rounds, complain)
            await watchers.start(watcher.watch)


def act(
    run: AssetRun,
    tree: Tree,
    books: BookWatcher,
    effects: trio.MemorySendChannel[Effect],
    effect: Effect,
) -> None:
    """Send an effect on its way. A full channel raises: a fault of the asset, never silence."""
    session, asset = tree.session, run.asset.value
    match effect:
        case Place() | Cancel() | CancelAll():
            effects.send_nowait(effect)
        case Resync(slug):
            if followed := run.followed.get(slug):
                books.resync(followed.round)
        case Explain(slug, strategy, why):
            logger.debug("{} {} {}: {}", asset, slug, strategy, why.text())
        case Credit(slug, winner, payout, pnl):
            level = "good" if pnl >= 0 else "warn"
            money = f"paid {format_micro(payout, 2)}, PnL {pnl / 1e6:+.2f}"
            session.notice(level, asset, f"{slug} settled {winner}, {money}")
            stop_when_done(tree)


def stop_when_done(tree: Tree) -> None:
    """End a session of N rounds once every asset that still can has settled N."""
    session, wanted = tree.session, tree.session.settings.session.rounds
    if not wanted:
        return
    account = session.mind.account
    if all(
        run.state is AssetState.HALTED or account.books(run.asset).rounds_settled >= wanted
        for run in tree.runs
    ):
        session.stop(f"{wanted} rounds are settled")


async def stop_orders(run: AssetRun, session: Session) -> None:
    """Tell the desk to stop, and wait until nothing of ours works or the grace time ends."""
    run.inbox.put(Item(Commanded(Action.STOP, "session")))
    books = session.mind.account.books(run.asset)
    with trio.move_on_after(session.settings.supervision.stop_grace_s) as grace:
        desk = session.mind.desks[run.asset]
        # Three parties must agree; none of them is worth an event of its own.
        while not desk.is_stopping or books.working or run.hands.has_working_orders:  # noqa: ASYNC110
            await trio.sleep(_WORKING_CHECK_S)
    if grace.cancelled_caught:
        cancelled = run.hands.cancel_at_once()
        session.fault(run.asset.value, f"{cancelled} orders had to be cut at the end")


async def tick(run: AssetRun) -> None:
    """Time passes for the desk even when nothing else happens."""
    every_s = max(_SHORTEST_TICK_S, run.clock.real_s(int(_TICK_S * 1e9)))
    while True:
        await trio.sleep(every_s)
        run.inbox.put(Item(Ticked(run.clock.now_ns())))


async def obey_signals(session: Session, signals: StopSignals) -> None:
    """Ctrl-C, SIGTERM and SIGHUP stop the session in order."""
    await signals.came.wait()
    session.stop(f"signal {signals.name}")


async def wait_for_owner(session: Session) -> None:
    with trio.move_on_after(session.settings.supervision.owner_wait_s):
        await session.hub.has_met_a_face.wait()
        return
    session.stop("no terminal came")


async def keep_heap_quiet(session: Session) -> None:
    """What was made at the start is never garbage: out of the collector's sight after warm-up.
    Collecting by hand happens just after a boundary, where the gates let nobody trade."""
    await trio.sleep(_WARM_UP_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    while True:
        boundary_ns = (session.clock.now_ns() // Interval.M5.ns + 1) * Interval.M5.ns
        await session.clock.sleep_until(boundary_ns + _COLLECT_AFTER_NS)
        gc.collect()


def _rng(run: AssetRun, session: Session) -> random.Random:
    """Jitter only: no decision hangs on it."""
    return random.Random(f"{session.name} {run.asset.value} {run.life}")
