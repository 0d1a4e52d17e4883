"""Starting things: an engine alone, an engine with its terminal, a terminal for a running engine.

Two processes, one local socket between them. Textual is imported in the terminal's process and
never in the engine's; no key is ever in the terminal's. The engine is imported where it runs: a
terminal is there sooner without it, and so is what is wrong with a command line.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import attrs

from polytui.config.called import called
from polytui.config.load import BadSettings
from polytui.config.runtime_folder import runtime_folder
from polytui.config.schema import Settings, TerminalSettings
from polytui.config.secrets import (
    OF_A_WALLET,
    OF_FEEDS,
    Secret,
    environment_for,
    forget_keys,
    has_keys,
)
from polytui.config.state_folder import state_folder
from polytui.journal.segments import FOLDER
from polytui.json_output import write_json
from polytui.model.errors import Blocked, Fatal
from polytui.paths import (
    answers,
    existing_prices,
    has_terminal,
    last_line,
    make_folder,
    new_folder,
    running_socket,
    running_venue,
)
from polytui.precautions import allow_files, check_room, check_writable
from polytui.runtime.chaos import parse_chaos, parse_deaths
from polytui.runtime.plan import Plan

if TYPE_CHECKING:
    from polytui.live_start import LiveStart

_TAG = re.compile(r"(REAL_TRADING_BLOCKED_[A-Z_]+): ")
_READY_WITHIN_S = 40.0
_END_WITHIN_S = 30.0
_SUMMARY_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.05
_FORWARDED = (
    "assets", "intervals", "speed", "seed", "start", "world", "prices", "chaos", "config", "venue"
)  # fmt: skip


def launch(mode: str, settings: Settings, options: dict[str, Any]) -> int:
    """Run a session as the command line asks; its exit code."""
    prices = existing_prices(options.get("prices"))
    if prices is not None:
        settings = _with_prices(settings, prices, is_start_given=options.get("start") is not None)
    check_writable(options["json_path"])
    allow_files(len(settings.session.assets))
    chaos = parse_chaos(options.get("chaos") or "", settings.session.assets)
    from polytui.runtime.modes import MODES

    settings = MODES[mode].adapted(settings, settings)
    live = _begun_live(mode, settings, options)
    folder = options["folder"] or new_folder(settings.journal.directory, mode)
    plan = Plan(
        mode=mode,
        settings=settings,
        folder=folder,
        socket=options["socket"] or runtime_folder() / f"{folder.name}.sock",
        is_owned=options["owned"],
        config=options["config"],
        prices=prices,
        venue=None if options.get("venue") is None else running_venue(options["venue"]),
        is_fresh=options["fresh"],
        is_on_paper=bool(options.get("is_on_paper")),
        armed=None if live is None else live.who,
        chaos=chaos,
        death=next(iter(parse_deaths(options.get("chaos") or "")), None),
    )
    is_played = bool(options.get("in_process"))
    is_watched = has_terminal() and not options["headless"] and not is_played
    run = None if is_watched else _loaded(is_played=is_played)
    make_folder(folder)
    check_room(folder, settings.journal.least_free_mb)
    return run(plan, options["json_path"]) if run else _with_terminal(plan, options, live)


def _begun_live(mode: str, settings: Settings, options: dict[str, Any]) -> LiveStart | None:
    """What a person said of real money, where there is any in it. Blocked without their yes."""
    if mode not in ("live", "shadow"):
        return None
    from polytui.live_start import begin_live

    return begin_live(mode, settings, options["named"], is_owned=options["owned"])


def _loaded(*, is_played: bool) -> Callable[[Plan, str | None], int]:
    """What runs a session in this process. Before there is a folder for it: a signal that comes
    while this is loaded leaves nothing behind."""
    from polytui.headless import play_in_process, run_headless

    return play_in_process if is_played else run_headless


def _with_prices(settings: Settings, prices: Path, *, is_start_given: bool) -> Settings:
    """Settings that suit a recording, or Fatal where it is none."""
    from polytui.sim_world import check_length, starting_with

    if not is_start_given:
        settings = starting_with(settings, prices)
    check_length(settings, prices)
    return settings


# --- with a terminal -----------------------------------------------------------------------------


def _with_terminal(plan: Plan, options: dict[str, Any], live: LiveStart | None) -> int:
    """The engine as a child, the terminal here; or in what this process becomes, where it was given
    keys: what it was begun with can be read for as long as it lives."""
    assert plan.socket is not None
    _check_themes(plan.settings.terminal)
    log = plan.folder / "engine.log"
    engine = _start_engine(plan, options, log, live)
    _wait_for_engine(engine, plan.socket, log)
    if live is not None or has_keys():
        _become_a_face(plan, options, engine.pid)
    return _shown(plan.socket, plan.folder, plan.settings, engine.pid, options)


def _become_a_face(plan: Plan, options: dict[str, Any], engine: int) -> NoReturn:
    command = [sys.executable, "-m", "polytui", "face", "--engine", str(engine)]
    command += ["--socket", str(plan.socket), "--folder", str(plan.folder)]
    command += ["--plain"] if options.get("is_plain") else []
    for name, value in (
        ("json", options["json_path"]),
        ("config", options["config"]),
        ("theme", options.get("theme")),
    ):
        command += [f"--{name}", str(value)] if value else []
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, environment_for())


def face_of(settings: Settings, options: dict[str, Any]) -> int:
    """A terminal for an engine that this process was the parent of, before it became a terminal."""
    return _shown(options["socket"], options["folder"], settings, options["engine"], options)


def _as_asked(settings: Settings, options: dict[str, Any]) -> TerminalSettings:
    """The terminal as the command line wants it this time."""
    terminal = settings.terminal
    if options.get("theme"):
        terminal = attrs.evolve(terminal, theme=options["theme"])
    return attrs.evolve(terminal, form="lines") if options.get("is_plain") else terminal


def _shown(
    socket: Path, folder: Path, settings: Settings, engine: int, options: dict[str, Any]
) -> int:
    """The terminal until it is left, and what the engine came to."""
    log = folder / "engine.log"
    code, is_over = _until_left(socket, settings, options, owns_engine=True, engine_log=log)
    return max(code, _after_terminal(engine, folder, options["json_path"], is_over=is_over))


def _until_left(
    socket: Path,
    settings: Settings,
    options: dict[str, Any],
    *,
    owns_engine: bool,
    engine_log: Path | None,
) -> tuple[int, bool]:
    """A terminal as the command line wants it, with what the one before remembered: its exit code,
    and whether the engine is over."""
    from polytui.tui.app import run_terminal
    from polytui.tui.memory import TerminalMemory

    return run_terminal(
        socket,
        _as_asked(settings, options),
        settings.keys,
        owns_engine=owns_engine,
        engine_log=engine_log,
        memory=TerminalMemory(state_folder().terminal()),
        is_theme_asked=bool(options.get("theme")),
    )


def _check_themes(terminal: TerminalSettings) -> None:
    """A theme that cannot be drawn is a fault of the settings, told before anything starts."""
    from polytui.tui.theme import BadTheme, palettes_from

    try:
        palettes_from(Path(terminal.themes_folder), terminal.theme)
    except BadTheme as error:
        raise BadSettings(list(error.faults)) from error


def _start_engine(
    plan: Plan, options: dict[str, Any], log: Path, live: LiveStart | None
) -> subprocess.Popen[bytes]:
    from polytui.runtime.modes import MODES

    name = MODES[plan.mode].command
    command = [sys.executable, "-m", "polytui", name, "--headless", "--owned"]
    command += ["--socket", str(plan.socket), "--folder", str(plan.folder)]
    command += ["--rounds", str(plan.settings.session.rounds)]
    command += ["--fresh"] if plan.is_fresh else []
    command += ["--paper"] if plan.is_on_paper else []
    command += [] if live is None else live.flags
    for option in _FORWARDED:
        value = options.get(option)
        if value not in (None, ""):
            flag = "interval" if option == "intervals" else option
            command += [f"--{flag}", _text(value)]
    typed = None if live is None else live.passphrase
    with log.open("ab") as errors:
        engine = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if typed is None else subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
            env=_environment_of_engine(plan, live),
        )
    if typed is not None:
        _give(engine, typed)
    return engine


def _give(engine: subprocess.Popen[bytes], typed: Secret) -> None:
    """By a pipe: what a process was begun with can be read for as long as it lives."""
    assert engine.stdin is not None
    with suppress(BrokenPipeError), engine.stdin as pipe:  # it is over; its log says why
        pipe.write(f"{typed.reveal()}\n".encode())


def _environment_of_engine(plan: Plan, live: LiveStart | None) -> dict[str, str]:
    """Keys that this process was given come to it so, and those that were typed by a pipe."""
    if live is None:
        from polytui.runtime.modes import MODES

        return environment_for(*(() if MODES[plan.mode].is_simulated else OF_FEEDS))
    return environment_for(*OF_A_WALLET)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(part.value for part in value)
    return str(value)


def _wait_for_engine(engine: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while not answers(socket):
        if engine.poll() is not None:
            words = last_line(log)
            if (tag := _TAG.match(words)) is not None:
                raise Blocked(tag[1], words.removeprefix(tag[0]))
            raise Fatal(f"the engine did not start: {words}")
        if time.monotonic() > deadline:
            engine.terminate()
            raise Fatal(f"the engine was not ready within {_READY_WITHIN_S:g} s; see {log}")
        time.sleep(_LOOK_EVERY_S)


def _after_terminal(engine: int, folder: Path, json_path: str | None, *, is_over: bool) -> int:
    """Wait for an engine that is ending, and say what it came to. The terminal has said where one
    that goes on can be found again."""
    code = _ended(engine, _END_WITHIN_S if is_over else 1.0)
    if code is None:
        if is_over:
            again = called(f"attach {folder.name}")
            sys.stderr.write(f"the engine's process is still there: {again}\n")
        return 0
    say_end(folder, json_path)
    return code


def _ended(child: int, within_s: float) -> int | None:
    """The exit code of a child of ours, by its id: who became a terminal has nothing else of it.
    None where it goes on."""
    deadline = time.monotonic() + within_s
    while (status := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > deadline:
            return None
        time.sleep(_LOOK_EVERY_S)
    return os.waitstatus_to_exitcode(status[1])


def say_end(folder: Path, json_path: str | None) -> None:
    """The result and where its journal is; or Fatal with the last words of an engine that has
    left none."""
    from polytui.report import say
    from polytui.runtime.status import StatusConsole

    log = folder / "engine.log"
    try:
        known = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        where = f"its log: {log}   journal: {folder / FOLDER}"
        words = f"the engine left no summary that can be read: {last_line(log)}"
        raise Fatal(f"{words}\n{where}") from None
    say(known, StatusConsole(stderr=json_path == "-"))
    if json_path:
        write_json(known, json_path)


def attach_to(
    settings: Settings, socket: Path | None, session: str | None, options: dict[str, Any]
) -> int:
    """A terminal for an engine that already runs."""
    forget_keys()
    socket = socket or running_socket(session)
    if not has_terminal():
        raise Fatal("attach needs a terminal: redirect neither its input nor its output")
    folder = Path(settings.journal.directory) / socket.stem
    log = folder / "engine.log"
    known = log if log.exists() else None
    code, is_over = _until_left(socket, settings, options, owns_engine=False, engine_log=known)
    if is_over and folder.is_dir():  # one with --folder of its own may be anywhere
        _wait_for_summary(folder / "summary.json")
        say_end(folder, None)
    return code


def _wait_for_summary(summary: Path) -> None:
    """An engine writes it after its goodbye."""
    deadline = time.monotonic() + _SUMMARY_WITHIN_S
    while not summary.exists() and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
