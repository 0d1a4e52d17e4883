"""Starting things: an engine alone, an engine with its terminal, a terminal for a running engine.

Two processes, one local socket between them. Textual is imported in the terminal's process and
never in the engine's; no key is ever in the terminal's.
"""

from __future__ import annotations

import json
import os
import socket as sockets
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import trio

from polytui.config.schema import Settings
from polytui.model.errors import Fatal
from polytui.model.instrument import Interval
from polytui.model.units import NS_PER_S
from polytui.output import write_json
from polytui.runtime.chaos import parse_chaos
from polytui.runtime.engine import Plan, run_engine
from polytui.runtime.logs import log_to
from polytui.runtime.status import StatusConsole
from polytui.runtime.summary import Summary, summary_table
from polytui.sim.recording import read_prices
from polytui.sim.venue import VenueSettings, serve_forever
from polytui.sim.world import WorldSettings

_READY_WITHIN_S = 40.0
_END_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.05
_PROBE_S = 1.0
_FORWARDED = ("assets", "intervals", "speed", "seed", "start", "prices", "chaos", "config")
_HISTORY_S = 240
_LEAD_S = 60
"""A demo begins so long before a boundary: time to connect, nothing to wait for."""


def launch(mode: str, settings: Settings, options: dict[str, Any]) -> int:
    """Run a session as the command line asks; its exit code."""
    prices = _existing(options.get("prices"))
    if prices is not None and options.get("start") is None:
        settings = _starting_with(settings, prices)
    _check_writable(options["json_path"])
    folder = options["folder"] or _new_folder(settings, mode)
    plan = Plan(
        mode=mode,
        settings=settings,
        folder=folder,
        socket=options["socket"] or _socket_folder() / f"{folder.name}.sock",
        is_owned=options["owned"],
        config=options["config"],
        prices=prices,
        chaos=parse_chaos(options.get("chaos") or "", settings.session.assets),
    )
    _make_folder(folder)
    is_watched = sys.stdout.isatty() and sys.stdin.isatty() and not options["headless"]
    if is_watched:
        return _with_terminal(plan, options)
    return _headless(plan, options["json_path"])


def _headless(plan: Plan, json_path: str | None) -> int:
    """The engine in this process, with a status line unless a terminal watches it."""
    log_to(plan.folder / "engine.log")
    console = StatusConsole(stderr=json_path == "-")
    if not plan.is_owned:
        plan = attrs.evolve(plan, status=console)
    summary: Summary = trio.run(run_engine, plan)
    write_json(summary, str(plan.folder / "summary.json"))
    if json_path:
        write_json(summary, json_path)
    if not plan.is_owned:
        _say(summary, console)
    return exit_code(summary)


def exit_code(summary: Summary) -> int:
    """1 where money does not add up or an asset had to be halted; 0 otherwise."""
    is_halted = any(asset["halted"] for asset in summary["assets"].values())
    return 1 if is_halted or not summary["reconciled"]["is_cash_equal"] else 0


def _say(summary: Summary, console: StatusConsole) -> None:
    """For whoever still reads: a terminal that is gone finds it all in the session's folder."""
    try:
        console.print(summary_table(summary))
        for error in summary["errors"]:
            console.print(f"fault: {error}", highlight=False)
        console.print(f"journal: {summary['journal']}", highlight=False)
    except OSError:
        console.on_broken_pipe()


# --- with a terminal -----------------------------------------------------------------------------


def _with_terminal(plan: Plan, options: dict[str, Any]) -> int:
    """The engine as a child, the terminal here."""
    from polytui.tui.app import run_terminal

    assert plan.socket is not None
    log = plan.folder / "engine.log"
    engine = _start_engine(plan, options, log)
    _wait_for_engine(engine, plan.socket, log)
    terminal = plan.settings.terminal
    code = run_terminal(
        plan.socket,
        theme=terminal.theme,
        themes_folder=Path(terminal.themes_folder),
        owns_engine=True,
        engine_log=log,
    )
    return max(code, _after_terminal(engine, plan.folder, options["json_path"]))


def _start_engine(plan: Plan, options: dict[str, Any], log: Path) -> subprocess.Popen[bytes]:
    name = "demo" if plan.mode == "demo" else "run"
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
        )


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(part.value for part in value)
    return str(value)


def _wait_for_engine(engine: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while not answers(socket):
        if engine.poll() is not None:
            raise Fatal(f"the engine did not start: {_last_line(log)}")
        if time.monotonic() > deadline:
            engine.terminate()
            raise Fatal(f"the engine was not ready within {_READY_WITHIN_S:g} s; see {log}")
        time.sleep(_LOOK_EVERY_S)


def _after_terminal(engine: subprocess.Popen[bytes], folder: Path, json_path: str | None) -> int:
    """Wait for an engine that is ending; say where one that goes on can be found again."""
    summary = folder / "summary.json"
    try:
        code = engine.wait(timeout=_END_WITHIN_S if _is_ending(folder) else 1.0)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"the engine goes on: polytui attach {folder.name}\n")
        return 0
    if summary.exists():
        known = json.loads(summary.read_text(encoding="utf-8"))
        if json_path:
            write_json(known, json_path)
        _say(known, StatusConsole(stderr=json_path == "-"))
    return code


def _is_ending(folder: Path) -> bool:
    log = folder / "engine.log"
    return log.exists() and "stopping:" in log.read_text(errors="replace")


def attach_to(settings: Settings, socket: Path | None, session: str | None, theme: str) -> int:
    """A terminal for an engine that already runs."""
    from polytui.tui.app import run_terminal

    socket = socket or _running(session)
    log = Path(settings.journal.directory) / socket.stem / "engine.log"
    return run_terminal(
        socket,
        theme=theme,
        themes_folder=Path(settings.terminal.themes_folder),
        owns_engine=False,
        engine_log=log if log.exists() else None,
    )


def _running(session: str | None) -> Path:
    folder = _socket_folder()
    found = [folder / f"{session}.sock"] if session else _newest_first(folder)
    for socket in found:
        if answers(socket):
            return socket
    which = f"no session {session}" if session else "no engine"
    raise Fatal(f"{which} runs here; start one with polytui demo or polytui run --headless")


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sock"), key=lambda path: path.stat().st_mtime, reverse=True)


def answers(socket: Path) -> bool:
    """Whether an engine listens there."""
    with sockets.socket(sockets.AF_UNIX) as probe:
        # An engine that hangs has a full backlog, where connecting would wait for ever.
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(str(socket))
        except OSError:
            return False
    return True


# --- the venue ------------------------------------------------------------------------------------


def serve_venue(settings: Settings, options: dict[str, Any]) -> None:
    """The simulated venue until it is told to end."""
    prices = _existing(options.get("prices"))
    if prices is not None and options.get("start") is None:
        settings = _starting_with(settings, prices)
    world = WorldSettings(
        seed=settings.demo.seed,
        start_ns=start_ns(settings.demo.start),
        assets=settings.session.assets,
        intervals=options.get("intervals") or tuple(Interval),
        prices=prices,
    )
    venue = VenueSettings(world=world, port=options["port"], speed=settings.demo.speed)
    until_stdin_closes = options["until_stdin_closes"]

    async def serve() -> None:
        await serve_forever(venue, sys.stdout, until_stdin_closes=until_stdin_closes)

    trio.run(serve)


def _starting_with(settings: Settings, prices: Path) -> Settings:
    """Begin where the recording has history enough, a minute before a boundary."""
    first_s = read_prices(prices).first_ns // NS_PER_S
    every_s = Interval.M5.seconds
    boundary_s = -(-(first_s + _HISTORY_S) // every_s) * every_s
    start = datetime.fromtimestamp(boundary_s - _LEAD_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return attrs.evolve(settings, demo=attrs.evolve(settings.demo, start=start))


def start_ns(text: str) -> int:
    """UTC nanoseconds of "2026-11-20T14:59:00Z"; Fatal with the right form for anything else."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise Fatal(f"start {text!r} is not like 2026-11-20T14:59:00Z") from None
    if when.tzinfo is None:
        raise Fatal(f"start {text!r} needs its time zone: 2026-11-20T14:59:00Z")
    return int(when.timestamp()) * NS_PER_S


# --- places ---------------------------------------------------------------------------------------


def _existing(prices: Path | None) -> Path | None:
    if prices is not None and not prices.is_file():
        raise Fatal(f"no file {prices}; --prices takes a CSV of oracle ticks, plain or .gz")
    return prices


def _check_writable(json_path: str | None) -> None:
    """Said now, not after the session."""
    if json_path and json_path != "-" and not Path(json_path).parent.is_dir():
        raise Fatal(f"no folder for --json {json_path}; make it first")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fatal(
            f"cannot make {folder}: {error.strerror}; set journal.directory to where you may write"
        ) from error


def _new_folder(settings: Settings, mode: str) -> Path:
    """One folder a session, by the wall's time and, as its name is the socket's as well, by the
    process: two that start in one second, here or in another directory, do not meet."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return Path(settings.journal.directory) / f"{stamp}-{mode}-{os.getpid()}"


def _socket_folder() -> Path:
    """Short and private: a socket's path may have about a hundred characters."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "polytui" if base else Path(f"/tmp/polytui-{os.getuid()}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].removeprefix("error: ") if lines else "it said nothing"
