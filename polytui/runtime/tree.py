"""The nursery tree: the one place where tasks are born that outlive a call.

    supervise
     └─ history                 last to die: the journal's writer
         └─ account             faces, snapshots, signals, settings, the venue's heap
             └─ assets          one supervised nursery per asset, each restartable, each haltable
                  ├─ round watchers, book watcher, price watchers     first to go when it stops
                  ├─ desk loop
                  └─ executor

A crash inside an asset stays there; a crash above stops everything, orders first.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import trio
from attrs import frozen

from polytui.model.errors import Rejected
from polytui.model.events import Action
from polytui.model.instrument import Interval
from polytui.model.snapshot import AssetState
from polytui.model.units import NS_PER_S
from polytui.remote.local import FaceSettings, serve_faces
from polytui.runtime.asset import AssetRun
from polytui.runtime.asset_worker import AssetWorker
from polytui.runtime.chaos import Chaos
from polytui.runtime.commands import Commands
from polytui.runtime.curve_watch import CurveWatch
from polytui.runtime.faults import Faults
from polytui.runtime.figures_watch import FiguresWatch
from polytui.runtime.modes import MODES, Surroundings
from polytui.runtime.pace import Pace
from polytui.runtime.publisher import Publisher, nobody_brings
from polytui.runtime.queries import Queries
from polytui.runtime.session import Session
from polytui.runtime.settings_in_force import SettingsInForce
from polytui.runtime.settings_watch import SettingsWatch
from polytui.runtime.signals import StopSignals
from polytui.runtime.supervisor import Supervisor
from polytui.runtime.tickets import Tickets
from polytui.store.database import database_of

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
    pace: Pace
    chaos: Chaos
    signals: StopSignals
    socket: Path | None
    is_owned: bool
    """A terminal started us: stop if none comes."""
    config: Path | None = None
    """The settings' file, watched for changes; None for a session of defaults."""
    winnings: Callable[[], str] = nobody_brings
    """How bringing them home stands, in words."""

    async def supervise(self) -> None:
        """Run until the session stops; every order is cancelled and every event written."""
        session = self.session
        async with trio.open_nursery() as history:
            for file in session.files:
                history.start_soon(session.write, file)
            try:
                async with trio.open_nursery() as account:
                    await self._start_account(account)
                    await self._run_assets()
                    await self._say_goodbye()
                    account.cancel_scope.cancel()
            finally:
                session.herald.say_rest()
            history.cancel_scope.cancel()

    async def _run_assets(self) -> None:
        try:
            async with trio.open_nursery() as assets:
                for run in self.runs:
                    assets.start_soon(self._supervisor(run).supervise)
        finally:
            # After an orderly stop there is nothing left; after a fault above there may be.
            async with trio.open_nursery() as ending:
                for run in self.runs:
                    within_s = self.session.settings.execution.cancel_all_s
                    ending.start_soon(run.take_orders_back, within_s)

    def _supervisor(self, run: AssetRun) -> Supervisor:
        done = self.stop_when_done
        life = AssetWorker(run, self.session, self.surroundings, self.chaos, done)
        return Supervisor(run, self.session, life.live, done)

    def stop_when_done(self) -> None:
        """End a session of N rounds once every asset that still can has settled N."""
        session, wanted = self.session, self.session.settings.session.rounds
        account = session.mind.account
        if wanted and all(
            run.state is AssetState.HALTED or account.of(run.asset).rounds_settled >= wanted
            for run in self.runs
        ):
            session.stop(f"{wanted} rounds are settled")

    async def _say_goodbye(self) -> None:
        await self.session.herald.say_all()
        hub = self.session.hub
        hub.goodbye(0, self.session.stop_reason)
        if hub.is_watched:
            await trio.sleep(_FAREWELL_S)

    async def _start_account(self, account: trio.Nursery) -> None:
        session = self.session
        publisher = Publisher(session, self.runs, self.pace, self.winnings)
        file = "" if self.config is None else str(self.config.absolute())
        in_force = SettingsInForce(session, self.runs, publisher.limits_in_use, file)
        await in_force.begin()
        commands = Commands(session, self.runs, in_force, self.pace)
        is_kept = session.settings.store.is_enabled
        queries = Queries(database_of(session.folder.parent), session.name, is_kept=is_kept)
        tickets = Tickets(session, self.runs)
        session.hub.serve(commands.obey, commands.change, session.stop, queries.answer, tickets)
        account.start_soon(obey_signals, session, self.signals)
        account.start_soon(obey_account, session, commands)
        account.start_soon(session.herald.run)
        account.start_soon(publisher.publish)
        account.start_soon(self.pace.watch)
        account.start_soon(session.reasons.watch)
        account.start_soon(session.latency.watch, self.runs)
        account.start_soon(CurveWatch(session).watch)
        account.start_soon(FiguresWatch(publisher, session.journal).watch)
        if self.config is not None:
            adapted = MODES[session.mode].adapted
            account.start_soon(SettingsWatch(self.config, session, in_force, adapted).watch)
        account.start_soon(keep_heap_quiet, session)
        account.start_soon(self._make_fault)
        if self.surroundings.make_fault is not None:
            faults = Faults(session, self.runs, commands.obey)
            account.start_soon(faults.make_when_due, self.chaos)
        if self.socket is not None:
            serve = partial(serve_faces, self.socket, session.hub, FaceSettings())
            await account.start(serve)
        if self.is_owned:
            account.start_soon(wait_for_owner, session)

    async def _make_fault(self) -> None:
        make, assets = self.surroundings.make_fault, tuple(run.asset for run in self.runs)
        if make is None:
            return
        while fault := await self.chaos.next_network_fault(self.session.mind.account, assets):
            self.session.notice("warn", "", f"chaos: {fault.kind} over {fault.target}")
            await make(fault.kind, fault.target, fault.seconds)


async def obey_signals(session: Session, signals: StopSignals) -> None:
    """Ctrl-C, SIGTERM and SIGHUP stop the session in order."""
    await signals.came.wait()
    session.stop(f"signal {signals.name}")


async def obey_account(session: Session, commands: Commands) -> None:
    """What trades for all assets pulls the kill switch as a person would, for as long as it has
    reasons."""
    async for words in session.kills[1]:
        try:
            await commands.obey(Action.KILL, "", words)
        except Rejected as error:
            session.fault("", f"kill switch: {error}")


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
