"""Commands that look and listen: `decode`, `record`, `doctor`. None of them trades."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec
import trio
from rich.console import Console
from rich.table import Table
from rich.text import Text

from polytui.config.schema import Settings
from polytui.journal.raw_files import TornTail, read_lines, whole_values
from polytui.json_output import write_json
from polytui.model.errors import Fatal
from polytui.paths import check_frames, make_folder, new_folder
from polytui.precautions import check_writable
from polytui.runtime.logs import log_to
from polytui.runtime.modes import MODES, Surroundings
from polytui.runtime.signals import hear_signals
from polytui.tools.examination import Examination, Finding, Severity, report_of
from polytui.tools.recorder import RecordPlan, run_recorder
from polytui.venues.decode import Decoded, Line, decode_lines, read_line
from polytui.venues.sources import SOURCES

_encode = msgspec.json.Encoder(enc_hook=str).encode
_PLAIN_WIDTH = 110
_STYLES = {Severity.OK: "green", Severity.WARN: "yellow", Severity.FAIL: "bold red"}

# --- decode -------------------------------------------------------------------------------------


def decode(source: str, file: Path, feed: str, json_path: str | None, is_quiet: bool) -> int:
    """Events to stdout as JSON lines, the account of frames to stderr or `json_path`."""
    check_writable(json_path)
    if str(file) != "-":
        check_frames(file)
    decoded, torn = Decoded(), ""
    try:
        for event in decode_lines(_lines(file, feed), SOURCES[source], decoded):
            if not is_quiet:
                sys.stdout.buffer.write(_encode((type(event).__name__, event)) + b"\n")
        sys.stdout.flush()
    except TornTail as error:
        torn = str(error)
    except BrokenPipeError:
        return _unheard()
    except OSError as error:
        raise Fatal(f"cannot read {file}: {error.strerror}") from error
    summary = {**decoded.summary(source), "cut_off": torn}
    if json_path:
        write_json(summary, json_path)
    else:
        click.echo(json.dumps(summary, indent=2), err=True)
    return 1 if decoded.rejected else 0


def _unheard() -> int:
    """Who reads our output has seen enough: `| head` is no fault, and has no account."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _lines(file: Path, feed: str) -> Iterator[Line]:
    if str(file) == "-":
        texts: Iterator[str] = (
            line.rstrip(b"\n").decode(errors="replace") for line in sys.stdin.buffer
        )
    else:
        texts = read_lines(file)
    for number, text in whole_values(texts):
        if text.strip():
            line = read_line(text, number)
            if not feed or not line.feed or line.feed == feed:
                yield line


# --- record -------------------------------------------------------------------------------------


def record(settings: Settings, options: dict[str, Any]) -> int:
    """Record until Ctrl-C or for a time; against our own venue with `--demo`."""
    check_writable(options["json_path"])
    folder = options["folder"] or new_folder(settings.record.directory, "record")
    make_folder(folder)
    log_to(folder / "record.log")
    summary: dict[str, Any] = trio.run(_record, settings, folder, options)
    click.echo(f"recorded into {folder}", err=True)
    write_json(summary, str(folder / "summary.json"))
    write_json(summary, options["json_path"] or "-")
    return 0


async def _record(settings: Settings, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    async with hear_signals() as signals, _world(settings, folder, options) as world:
        plan = RecordPlan(
            world.settings, folder, world.clock, world.credentials, options["for_s"] or 0.0
        )
        return await run_recorder(plan, signals.came)


def _world(
    settings: Settings, folder: Path, options: dict[str, Any]
) -> AbstractAsyncContextManager[Surroundings]:
    """The real venues, or one of our own that is simulated on this machine."""
    mode = MODES["demo" if options["is_demo"] else "paper"]
    return mode.opener(settings, folder, options["config"], None)


# --- doctor -------------------------------------------------------------------------------------


def doctor(settings: Settings, options: dict[str, Any]) -> int:
    """Every check at once; 1 when one fails."""
    json_path: str | None = options["json_path"]
    check_writable(json_path)
    findings: list[Finding] = trio.run(_examine, settings, options)
    report = report_of(findings)
    if json_path:
        write_json(report, json_path)
    if json_path != "-":
        _show(findings)
    return 1 if report["verdict"] == Severity.FAIL.value else 0


async def _examine(settings: Settings, options: dict[str, Any]) -> list[Finding]:
    with TemporaryDirectory() as scratch:
        async with _world(settings, Path(scratch), options) as world:
            journals = Path(settings.journal.directory)
            examination = Examination(world.settings, world.clock, world.credentials, journals)
            return await examination.examine()


def _show(findings: list[Finding]) -> None:
    table = Table("", "check", "finding", title="polytui doctor", title_justify="left")
    for one in findings:
        mark = {Severity.OK: "✓", Severity.WARN: "!", Severity.FAIL: "✗"}[one.verdict]
        table.add_row(
            Text(f"{mark} {one.verdict.value}", _STYLES[one.verdict]), one.name, Text(one.words)
        )
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    Console(width=width).print(table)
