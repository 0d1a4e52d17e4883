"""Starting things: an engine alone, an engine with its terminal, a terminal for a running engine.

Two processes, one local socket between them. Textual is imported in the terminal's process and
never in the engine's; no key is ever in the terminal's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs
import trio

from polytui.config.called import called
from polytui.config.load import BadSettings
from polytui.config.schema import Settings, TerminalSettings
from polytui.config.secrets import environment_for, forget_keys
from polytui.journal.codec import FORMAT, Header, encode_header
from polytui.json_output import write_json
from polytui.model.errors import Fatal
from polytui.paths import (
    JOURNAL,
    answers,
    existing_prices,
    has_terminal,
    last_line,
    make_folder,
    new_folder,
    running_socket,
    socket_folder,
)
from polytui.precautions import allow_files, check_room, check_writable
from polytui.report import exit_code, say
from polytui.runtime.chaos import parse_chaos
from polytui.runtime.engine import Plan, run_engine
from polytui.runtime.logs import log_to
from polytui.runtime.model_file import model_of
from polytui.runtime.modes import MODES
from polytui.runtime.status import StatusConsole
from polytui.runtime.summary import Summary, money_summary, simulated
from polytui.sim_world import check_length, starting_with, world_settings

_READY_WITHIN_S = 40.0
_END_WITHIN_S = 30.0
_SUMMARY_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.05
_FORWARDED = ("assets", "intervals", "speed", "seed", "start", "world", "prices", "chaos", "config")


def launch(mode: str, settings: Settings, options: dict[str, Any]) -> int:
    """Run a session as the command line asks; its exit code."""
    settings = MODES[mode].adapted(settings, settings.demo)
    prices = existing_prices(options.get("prices"))
    if prices is not None and options.get("start") is None:
        settings = starting_with(settings, prices)
    if prices is not None:
        check_length(settings, prices)
    check_writable(options["json_path"])
    allow_files(len(settings.session.assets))
    folder = options["folder"] or new_folder(settings.journal.directory, mode)
    plan = Plan(
        mode=mode,
        settings=settings,
        folder=folder,
        socket=options["socket"] or socket_folder() / f"{folder.name}.sock",
        is_owned=options["owned"],
        config=options["config"],
        prices=prices,
        chaos=parse_chaos(options.get("chaos") or "", settings.session.assets),
    )
    make_folder(folder)
    check_room(folder, settings.journal.least_free_mb)
    if options.get("in_process"):
        return _in_process(plan, options["json_path"])
    if has_terminal() and not options["headless"]:
        return _with_terminal(plan, options)
    return _headless(plan, options["json_path"])


def _headless(plan: Plan, json_path: str | None) -> int:
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


def _in_process(plan: Plan, json_path: str | None) -> int:
    """A demo without sockets or tasks: one seed gives one session, effect for effect."""
    from polytui.backtest.inprocess import InProcess  # a whole venue, which others never load

    if plan.chaos:
        raise Fatal("--chaos needs sockets and tasks; leave out --in-process")
    if not plan.settings.session.rounds:
        raise Fatal("--in-process plays a number of rounds; give --rounds N")
    settings, journal = plan.settings, plan.folder / "journal.jsonl"
    world = world_settings(settings, settings.session.intervals, plan.prices)
    played = InProcess(settings, world, model=model_of(settings.predictor)).play()
    session, seed = plan.folder.name, settings.demo.seed
    header = Header(FORMAT, version("polytui"), "demo", session, world.start_ns, seed)
    unkept = _written(journal, encode_header(header) + b"".join(played.lines))
    money = money_summary(
        played.mind.account, settings.session.assets, played.venue, settings.claims
    )
    rejected = [f"{played.rejected} frames rejected"] if played.rejected else []
    summary: Summary = {
        "mode": "demo",
        "seed": seed,
        **simulated(settings.demo),
        **money,
        "errors": [*rejected, *([unkept] if unkept else [])],
        "unkept": unkept,
        "stopped": f"{settings.session.rounds} rounds are settled",
        "journal": os.path.relpath(journal),
    }
    return _end(summary, plan.folder, json_path, StatusConsole(stderr=json_path == "-"))


def _written(journal: Path, lines: bytes) -> str:
    """Why a journal is not on the disk; empty where it is."""
    try:
        journal.write_bytes(lines)
    except OSError as error:
        return f"cannot write the journal {journal}: {error.strerror}"
    return ""


# --- with a terminal -----------------------------------------------------------------------------


def _with_terminal(plan: Plan, options: dict[str, Any]) -> int:
    """The engine as a child, the terminal here."""
    from polytui.tui.app import run_terminal

    assert plan.socket is not None
    _check_themes(plan.settings.terminal)
    log = plan.folder / "engine.log"
    engine = _start_engine(plan, options, log)
    forget_keys()  # from here on this process draws
    _wait_for_engine(engine, plan.socket, log)
    terminal = plan.settings.terminal
    code, is_over = run_terminal(
        plan.socket,
        theme=terminal.theme,
        themes_folder=Path(terminal.themes_folder),
        owns_engine=True,
        engine_log=log,
    )
    after = _after_terminal(engine, plan.folder, options["json_path"], is_over=is_over)
    return max(code, after)


def _check_themes(terminal: TerminalSettings) -> None:
    """A theme that cannot be drawn is a fault of the settings, told before anything starts."""
    from polytui.tui.app import palettes_from
    from polytui.tui.theme import BadTheme

    try:
        palettes_from(Path(terminal.themes_folder), terminal.theme)
    except BadTheme as error:
        raise BadSettings(list(error.faults)) from error


def _start_engine(plan: Plan, options: dict[str, Any], log: Path) -> subprocess.Popen[bytes]:
    name = MODES[plan.mode].command
    command = [sys.executable, "-m", "polytui", name, "--headless", "--owned"]
    command += ["--socket", str(plan.socket), "--folder", str(plan.folder)]
    command += ["--rounds", str(plan.settings.session.rounds)]
    for option in _FORWARDED:
        value = options.get(option)
        if value not in (None, ""):
            flag = "interval" if option == "intervals" else option
            command += [f"--{flag}", _text(value)]
    with log.open("ab") as errors:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
            env=environment_for(needs_keys=not MODES[plan.mode].is_simulated),
        )


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(part.value for part in value)
    return str(value)


def _wait_for_engine(engine: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while not answers(socket):
        if engine.poll() is not None:
            raise Fatal(f"the engine did not start: {last_line(log)}")
        if time.monotonic() > deadline:
            engine.terminate()
            raise Fatal(f"the engine was not ready within {_READY_WITHIN_S:g} s; see {log}")
        time.sleep(_LOOK_EVERY_S)


def _after_terminal(
    engine: subprocess.Popen[bytes], folder: Path, json_path: str | None, *, is_over: bool
) -> int:
    """Wait for an engine that is ending, and say what it came to. The terminal has said where one
    that goes on can be found again."""
    try:
        code = engine.wait(timeout=_END_WITHIN_S if is_over else 1.0)
    except subprocess.TimeoutExpired:
        if is_over:
            again = called(f"attach {folder.name}")
            sys.stderr.write(f"the engine's process is still there: {again}\n")
        return 0
    _say_end(folder, json_path)
    return code


def _say_end(folder: Path, json_path: str | None) -> None:
    """The result and where its journal is; or Fatal with the last words of an engine that has
    left none."""
    log = folder / "engine.log"
    try:
        known = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        where = f"its log: {log}   journal: {folder / JOURNAL}"
        words = f"the engine left no summary that can be read: {last_line(log)}"
        raise Fatal(f"{words}\n{where}") from None
    say(known, StatusConsole(stderr=json_path == "-"))
    if json_path:
        write_json(known, json_path)


def attach_to(settings: Settings, socket: Path | None, session: str | None, theme: str) -> int:
    """A terminal for an engine that already runs."""
    from polytui.tui.app import run_terminal

    forget_keys()
    socket = socket or running_socket(session)
    if not has_terminal():
        raise Fatal("attach needs a terminal: redirect neither its input nor its output")
    folder = Path(settings.journal.directory) / socket.stem
    log = folder / "engine.log"
    code, is_over = run_terminal(
        socket,
        theme=theme,
        themes_folder=Path(settings.terminal.themes_folder),
        owns_engine=False,
        engine_log=log if log.exists() else None,
    )
    if is_over and folder.is_dir():  # one with --folder of its own may be anywhere
        _wait_for_summary(folder / "summary.json")
        _say_end(folder, None)
    return code


def _wait_for_summary(summary: Path) -> None:
    """An engine writes it after its goodbye."""
    deadline = time.monotonic() + _SUMMARY_WITHIN_S
    while not summary.exists() and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
