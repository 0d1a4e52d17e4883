"""A session in this process, to its end: what it came to is kept and said."""

from __future__ import annotations

import os
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import attrs
import trio

from polytui.journal.codec import FORMAT, BadJournal, Header
from polytui.journal.log import JournalLog
from polytui.json_output import write_json
from polytui.model.errors import Fatal
from polytui.report import exit_code, say
from polytui.runtime.engine import run_engine
from polytui.runtime.logs import log_to
from polytui.runtime.model_file import model_of
from polytui.runtime.plan import Plan
from polytui.runtime.status import StatusConsole
from polytui.runtime.summary import Summary, money_summary, simulated
from polytui.sim_world import world_settings
from polytui.store.database import Database, database_of
from polytui.store.files.keeper import Keeper
from polytui.store.following import read_to_its_end


def run_headless(plan: Plan, json_path: str | None) -> int:
    """The engine in this process, with a status line unless a terminal watches it."""
    log_to(plan.folder / "engine.log")
    console = StatusConsole(stderr=json_path == "-")
    if not plan.is_owned:
        plan = attrs.evolve(plan, status=console)
    summary: Summary = trio.run(run_engine, plan)
    return _end(summary, plan.folder, json_path, None if plan.is_owned else console)


def _end(
    summary: Summary, folder: Path, json_path: str | None, console: StatusConsole | None
) -> int:
    """Keep the summary and say it; the exit code. The session's folder first, for whoever reads may
    have stopped reading; each also where another fails. Fatal in one line where one does."""
    faults = [summary["unkept"], _unwritten(summary, str(folder / "summary.json"))]
    if console is not None:
        say(summary, console)
    if json_path:
        faults.append(_unwritten(summary, json_path))
    if any(faults):
        raise Fatal("; ".join(filter(None, faults)))
    return exit_code(summary)


def _unwritten(summary: Summary, path: str) -> str:
    """Why it is not there; empty where it is."""
    try:
        write_json(summary, path)
    except Fatal as error:
        return str(error)
    return ""


def play_in_process(plan: Plan, json_path: str | None) -> int:
    """A demo without sockets or tasks: one seed gives one session, effect for effect."""
    if plan.chaos:
        raise Fatal("--chaos needs sockets and tasks; leave out --in-process")
    if not plan.settings.session.rounds:
        raise Fatal("--in-process plays a number of rounds; give --rounds N")
    # With the whole venue, which no engine needs.
    from polytui.backtest.inprocess import InProcess
    from polytui.backtest.played_journal import PlayedJournal

    settings, seed = plan.settings, plan.settings.demo.seed
    world = world_settings(settings, settings.session.intervals, plan.prices)
    header = Header(FORMAT, version("polytui"), "demo", plan.folder.name, world.start_ns, seed)
    journal = PlayedJournal(JournalLog(plan.folder, header, settings.journal))
    played = InProcess(settings, world, model=model_of(settings.predictor), journal=journal).play()
    unkept = journal.close()
    money = money_summary(
        played.mind.account, settings.session.assets, played.venue, settings.claims
    )
    faults = [f"{played.rejected} frames rejected"] if played.rejected else []
    faults += [one for one in (unkept, _into_database(plan)) if one]
    summary: Summary = {
        "mode": "demo",
        "seed": seed,
        **simulated(settings.demo),
        **money,
        "errors": faults,
        "unkept": unkept,
        "stopped": f"{settings.session.rounds} rounds are settled",
        "journal": os.path.relpath(journal.log.path),
    }
    return _end(summary, plan.folder, json_path, StatusConsole(stderr=json_path == "-"))


def _into_database(plan: Plan) -> str:
    """The whole journal at once, and the files that are made of it, as a follower would have done;
    why that could not be, empty where it is there."""
    if not plan.settings.store.is_enabled:
        return ""
    faults: list[str] = []
    try:
        with closing(Database(database_of(plan.folder.parent))) as database:
            read_to_its_end(database, plan.folder, tell=faults.append)
            Keeper(database, plan.folder.parent, faults.append).make()
    except (Fatal, BadJournal) as error:
        return str(error)
    return "; ".join(faults)
