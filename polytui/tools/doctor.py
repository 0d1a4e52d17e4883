"""`polytui doctor`: examines, and shows what was found."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trio
from rich.console import Console
from rich.table import Table
from rich.text import Text

from polytui.config.schema import Settings
from polytui.json_output import write_json
from polytui.precautions import check_writable
from polytui.tools.examination import Examination
from polytui.tools.findings import Finding, Severity, report_of
from polytui.tools.listened_world import world_of

_PLAIN_WIDTH = 110
_STYLES = {Severity.OK: "green", Severity.WARN: "yellow", Severity.FAIL: "bold red"}


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
        async with world_of(settings, Path(scratch), options) as world:
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
