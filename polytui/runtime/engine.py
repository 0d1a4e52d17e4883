"""One session from beginning to end: a world, a mind, a tree, and what it came to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import attrs
import trio
from loguru import logger
from msgspec.structs import replace

from polytui.config.load import digest_of
from polytui.desk.checkpoint import checkpoint_of, prepare
from polytui.execution.arming import Armed
from polytui.execution.client import AccountNeeds, Execution, VenueMoney
from polytui.execution.wallet_log import work_file
from polytui.journal.codec import FORMAT, Header, encode_checkpoint
from polytui.journal.line_file import OffLoop, in_a_thread
from polytui.journal.log import JournalLog
from polytui.journal.newest_session import note_newest
from polytui.journal.risk_state_file import RiskStateFile
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS
from polytui.runtime.asset import AssetRun
from polytui.runtime.chaos import Chaos
from polytui.runtime.going_on import Start, begin_session
from polytui.runtime.hub import Hub
from polytui.runtime.inbox import Inbox
from polytui.runtime.modes import MODES, Surroundings, execution_of, opener_of
from polytui.runtime.pace import Pace
from polytui.runtime.plan import Plan
from polytui.runtime.session import Session
from polytui.runtime.signals import StopSignals, hear_signals
from polytui.runtime.status import show_status
from polytui.runtime.store_child import keep_database
from polytui.runtime.sudden_death import SuddenDeath
from polytui.runtime.summary import Summary, summarise
from polytui.runtime.tending import tend_journal
from polytui.runtime.tree import Tree
from polytui.venues.stamps import Judge


async def run_engine(plan: Plan) -> Summary:
    """Run a session until it stops. Fatal for what the user must mend; anything else that gets
    here is a fault above the assets: everything is cancelled, and the traceback goes up."""
    async with (
        hear_signals() as signals,
        opener_of(plan)(plan.settings, plan.folder, plan.config, plan.prices) as surroundings,
    ):
        session = open_session(plan, surroundings)
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
    async with execution_of(plan)(needs_of(session, surroundings)) as execution:
        surroundings = with_key_of(execution, surroundings)
        runs = [asset_run(plan, session, execution, a) for a in plan.settings.session.assets]
        pace = Pace(session, lambda: session.mind.book_lag_ns, surroundings.turn)
        winnings = lambda: execution.money().winnings  # noqa: E731
        await _supervise(plan, session, surroundings, signals, runs, pace, winnings)
        return runs, execution.money(), pace


def with_key_of(execution: Execution, surroundings: Surroundings) -> Surroundings:
    """Streams that want an API key are given the account's own, which may be derived only now."""
    if execution.api_key is None:
        return surroundings
    return attrs.evolve(surroundings, credentials=execution.api_key)


def needs_of(session: Session, surroundings: Surroundings) -> AccountNeeds:
    """What the session gives its account."""
    return AccountNeeds(
        surroundings.settings,
        session.clock,
        carried=None if session.goes_on is None else session.goes_on.carried,
        armed=surroundings.armed,
        session=session.name,
        states=surroundings.states,
        locks=surroundings.locks,
        pools=surroundings.pools,
        trust=session.trust,
        say=session.notice,
        pass_point=None if session.death is None else session.death.pass_point,
        works=_works(surroundings),
        pairs_of=lambda asset, slug: session.mind.account.of(asset).live.paired(slug),
        kill=session.kill,
    )


def _works(surroundings: Surroundings) -> Path | None:
    """Where it is written down what the wallet does on the chain; nowhere of one that ends with its
    venue."""
    armed = surroundings.armed
    if not isinstance(armed, Armed) or surroundings.world is None:
        return None
    sessions = Path(surroundings.settings.journal.directory)
    return work_file(armed.wallet, sessions, is_simulated=armed.is_simulated)


def asset_run(plan: Plan, session: Session, execution: Execution, asset: Asset) -> AssetRun:
    """What an asset owns beyond its lives, with the rounds that an earlier session left."""
    run = AssetRun(
        asset,
        session.clock,
        execution.client(asset),
        Inbox(plan.settings.queues.inbox),
        judge=Judge(plan.settings.clock.max_ahead_ms * NS_PER_MS),
    )
    if session.goes_on is not None:
        followed = session.goes_on.followed.get(asset, [])
        run.followed = {one.round.slug: one for one in followed}
    return run


async def _supervise(
    plan: Plan,
    session: Session,
    surroundings: Surroundings,
    signals: StopSignals,
    runs: list[AssetRun],
    pace: Pace,
    winnings: Callable[[], str],
) -> None:
    chaos = Chaos(list(plan.chaos), surroundings.clock)
    tree = Tree(
        session, surroundings, runs, pace, chaos, signals, plan.socket, plan.is_owned, plan.config,
        winnings,
    )  # fmt: skip
    async with trio.open_nursery() as nursery:
        if plan.status is not None:
            nursery.start_soon(show_status, session.hub, plan.status)
        nursery.start_soon(tend_journal, session)
        await tree.supervise()
        nursery.cancel_scope.cancel()


def open_session(
    plan: Plan, surroundings: Surroundings, off_loop: OffLoop = in_a_thread
) -> Session:
    """What a session begins with: a journal, and the mind of the session before, where there is one
    to go on from. Fatal where another session of this mode runs in the folder."""
    settings, clock = plan.settings, surroundings.clock
    name, started_ns = plan.folder.name, clock.now_ns()
    logger.info("session {} mode {} settings {}", name, plan.mode, digest_of(settings))
    wallet = "" if surroundings.armed is None else surroundings.armed.wallet.funder
    stop_when_lost = plan.is_owned and settings.terminal.stop_when_lost
    directory, risk_state = Path(settings.journal.directory), None
    death = None if plan.death is None else SuddenDeath(plan.death)
    prepare()  # now, for the first checkpoint comes in the middle of trading
    with ExitStack() as undo:
        if surroundings.world is not None:
            risk_state = RiskStateFile(
                directory, plan.mode, name, started_ns, off_loop, surroundings.of_wallet
            )
            undo.callback(risk_state.close)
        start = begin_session(plan, surroundings.world, risk_state, started_ns)
        session = Session(
            name=name,
            mode=plan.mode,
            folder=plan.folder,
            settings=settings,
            clock=clock,
            mind=start.mind,
            journal=_begin_journal(plan, surroundings, start, started_ns, off_loop, death),
            death=death,
            hub=Hub(
                name,
                plan.mode,
                settings.queues.notices,
                stop_when_lost=stop_when_lost,
                wallet=wallet,
            ),
            started_ns=started_ns,
            seed=surroundings.seed,
            risk_state=risk_state,
            goes_on=start.goes_on,
            wallet=wallet,
            is_loopback_only=MODES[plan.mode].is_simulated,
        )
        if surroundings.world is not None:
            note_newest(directory, plan.mode, name, plan.folder, surroundings.world)
        undo.pop_all()
    for line in start.lines:
        session.notice(*line)
    for warning in surroundings.warnings:
        session.notice("warn", "", warning)
    return session


def _begin_journal(
    plan: Plan,
    surroundings: Surroundings,
    start: Start,
    started_ns: int,
    off_loop: OffLoop,
    death: SuddenDeath | None,
) -> JournalLog:
    """With the mind in front where it is brought back: it is on the disk before anything is done
    with it."""
    clock, mind = surroundings.clock, start.mind
    header = Header(
        FORMAT,
        version("polytui"),
        plan.mode,
        plan.folder.name,
        started_ns,
        surroundings.seed,
        clock.speed,
        world=surroundings.world or "",
    )
    checkpoint = None
    if start.goes_on is not None:
        continues = start.goes_on.continues
        header = replace(header, continues=continues, after=continues.seq)
        checkpoint = encode_checkpoint(mind.seq, mind.digest(), checkpoint_of(mind))
    journal = JournalLog(
        plan.folder,
        header,
        plan.settings.journal,
        off_loop,
        checkpoint=checkpoint,
        pass_point=None if death is None else death.pass_point,
    )
    journal.keep_at_once()
    return journal
