"""One session from beginning to end: a world, a mind, a tree, and what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import trio
from loguru import logger

from polytui.config.load import digest_of
from polytui.desk.checkpoint import prepare
from polytui.desk.mind import Mind
from polytui.execution.client import Execution, VenueMoney
from polytui.journal.codec import FORMAT, Header
from polytui.journal.log import JournalLog
from polytui.journal.risk_state_file import RiskStateFile
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS
from polytui.runtime.asset import AssetRun
from polytui.runtime.chaos import Chaos
from polytui.runtime.hub import Hub
from polytui.runtime.inbox import Inbox
from polytui.runtime.modes import MODES, Surroundings
from polytui.runtime.pace import Pace
from polytui.runtime.plan import Plan
from polytui.runtime.session import Session
from polytui.runtime.signals import StopSignals, hear_signals
from polytui.runtime.status import show_status
from polytui.runtime.store_child import keep_database
from polytui.runtime.summary import Summary, summarise
from polytui.runtime.tending import tend_journal
from polytui.runtime.tree import Tree
from polytui.venues.stamps import Judge


async def run_engine(plan: Plan) -> Summary:
    """Run a session until it stops. Fatal for what the user must mend; anything else that gets
    here is a fault above the assets: everything is cancelled, and the traceback goes up."""
    async with (
        hear_signals() as signals,
        MODES[plan.mode].opener(
            plan.settings, plan.folder, plan.config, plan.prices
        ) as surroundings,
    ):
        session = _open_session(plan, surroundings)
        async with keep_database(session):
            try:
                ran = await _run(plan, session, surroundings, signals)
            finally:
                await surroundings.pools.close()
                session.close()
        return summarise(session, *ran)


async def _run(
    plan: Plan, session: Session, surroundings: Surroundings, signals: StopSignals
) -> tuple[list[AssetRun], VenueMoney, Pace]:
    async with MODES[plan.mode].execution(plan.settings, session.clock) as execution:
        runs = [_asset_run(plan, session, execution, a) for a in plan.settings.session.assets]
        pace = Pace(session, lambda: session.mind.book_lag_ns, surroundings.turn)
        await _supervise(plan, session, surroundings, signals, runs, pace)
        return runs, execution.money(), pace


def _asset_run(plan: Plan, session: Session, execution: Execution, asset: Asset) -> AssetRun:
    return AssetRun(
        asset,
        session.clock,
        execution.client(asset),
        Inbox(plan.settings.queues.inbox),
        judge=Judge(plan.settings.clock.max_ahead_ms * NS_PER_MS),
    )


async def _supervise(
    plan: Plan,
    session: Session,
    surroundings: Surroundings,
    signals: StopSignals,
    runs: list[AssetRun],
    pace: Pace,
) -> None:
    chaos = Chaos(list(plan.chaos), surroundings.clock)
    tree = Tree(
        session, surroundings, runs, pace, chaos, signals, plan.socket, plan.is_owned, plan.config
    )
    async with trio.open_nursery() as nursery:
        if plan.status is not None:
            nursery.start_soon(show_status, session.hub, plan.status)
        nursery.start_soon(tend_journal, session)
        await tree.supervise()
        nursery.cancel_scope.cancel()


def _open_session(plan: Plan, surroundings: Surroundings) -> Session:
    settings, clock = plan.settings, surroundings.clock
    name, started_ns = plan.folder.name, clock.now_ns()
    seed = settings.demo.seed if MODES[plan.mode].is_simulated else None
    header = Header(FORMAT, version("polytui"), plan.mode, name, started_ns, seed, clock.speed)
    logger.info("session {} mode {} settings {}", name, plan.mode, digest_of(settings))
    stop_when_lost = plan.is_owned and settings.terminal.stop_when_lost
    risk_state = None
    if MODES[plan.mode].keeps_risk_state:
        risk_state = RiskStateFile(Path(settings.journal.directory), plan.mode, name, started_ns)
    session = Session(
        name=name,
        mode=plan.mode,
        folder=plan.folder,
        settings=settings,
        clock=clock,
        mind=_new_mind(),
        journal=JournalLog(plan.folder, header, settings.journal),
        hub=Hub(name, plan.mode, settings.queues.notices, stop_when_lost=stop_when_lost),
        started_ns=started_ns,
        seed=seed,
        risk_state=risk_state,
    )
    for line in _words_of_risk_state(risk_state, settings.journal.directory):
        session.notice(*line)
    for warning in surroundings.warnings:
        session.notice("warn", "", warning)
    return session


def _new_mind() -> Mind:
    prepare()  # now, for the first checkpoint comes in the middle of trading
    return Mind()


def _words_of_risk_state(
    risk_state: RiskStateFile | None, directory: str
) -> Iterator[tuple[str, str, str]]:
    """(level, asset, text): a kill switch that was looked for in the wrong folder is off."""
    if risk_state is None:
        yield "info", "", "begins anew: kill switch, pauses and counters end with this session"
        return
    if risk_state.damage:
        yield "error", "", risk_state.damage
    left = risk_state.restored
    if left is None:
        where = Path(directory).resolve()
        yield "warn", "", f"no earlier session in {where}: counters of the day begin at nothing"
        return
    if left.kill_why:
        yield "error", "", f"kill switch is on from an earlier session: {left.kill_why}"
    else:
        yield "info", "", "counters of the day go on from the last session"
    for one in left.stopped:
        if one.is_paused:
            why = one.whys[0].text() if one.whys else "by command"
            yield "warn", one.asset, f"paused from an earlier session until you resume it: {why}"
        for breaker, _ in one.breakers:
            yield "warn", one.asset, f"no entries yet, as before the restart: {breaker.text()}"
