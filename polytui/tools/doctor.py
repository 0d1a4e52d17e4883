"""`polytui doctor`: examines, and shows what was found."""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trio
from attrs import frozen
from rich.console import Console
from rich.table import Table
from rich.text import Text

from polytui.config.schema import Settings
from polytui.config.secret_sources import FoundSecret, SecretSources
from polytui.config.secrets import API_KEYS, PRIVATE_KEY
from polytui.config.state_folder import state_folder
from polytui.confirmation import Confirmation
from polytui.execution.arming import Armed
from polytui.json_output import write_json
from polytui.model.errors import Fatal
from polytui.precautions import check_writable
from polytui.runtime.modes import Surroundings
from polytui.tools.account_access import AccountAccess, account_access
from polytui.tools.examination import Examination
from polytui.tools.findings import Finding, Severity, report_of
from polytui.tools.listened_world import world_of
from polytui.tools.livetest import Livetest
from polytui.tools.venue_account import Access
from polytui.tools.wallet_checks import WalletChecks

_PLAIN_WIDTH = 110
_STYLES = {Severity.OK: "green", Severity.WARN: "yellow", Severity.FAIL: "bold red"}
_FORBIDS = frozenset({"gamma", "clob", "geoblock", "secrets", "wallet", "api key", "standing"})
"""Checks whose failure is a reason to send no order at all."""


def doctor(settings: Settings, options: dict[str, Any]) -> int:
    """Every check at once; 1 when one fails. With `is_livetest` one order afterwards: Blocked
    where none may be sent, before anything is asked."""
    json_path: str | None = options["json_path"]
    check_writable(json_path)
    access, armed = account_access(settings, options["config"], options["venue"]), None
    if options["is_livetest"]:
        armed = access.armed(Confirmation(options["named"], "have an order of it tried"))
    examined = _Doctor(settings, options, access, armed, is_quiet=json_path == "-")
    findings = examined.run()
    report = report_of(findings)
    if json_path:
        write_json(report, json_path)
    if json_path != "-":
        _show(findings)
    return 1 if report["verdict"] == Severity.FAIL.value else 0


@frozen
class _Doctor:
    settings: Settings
    options: dict[str, Any]
    access: AccountAccess
    armed: Armed | None
    """For the order of a livetest; None: nothing is sent."""
    is_quiet: bool

    def run(self) -> list[Finding]:
        if self.armed is None:
            return trio.run(self._examine)
        with self.access.held("polytui doctor --livetest"):
            return trio.run(self._examine)

    async def _examine(self) -> list[Finding]:
        secrets, access = self._secrets()
        with TemporaryDirectory() as scratch:
            async with self._world(Path(scratch)) as world:
                journals = Path(self.settings.journal.directory)
                examination = Examination(
                    world.settings,
                    world.clock,
                    world.credentials,
                    journals,
                    is_for_trading=access is not None,
                )
                findings = [*await examination.examine(), *secrets]
                if access is not None:
                    checks = WalletChecks(world, access, state_folder(), self.access.gasless)
                    findings += await checks.examine()
        if self.armed is not None:
            findings += await self._livetest(self.armed, findings)
        return findings

    def _world(self, scratch: Path) -> AbstractAsyncContextManager[Surroundings]:
        if self.access.urls is not None:
            return self.access.world()
        return world_of(self.settings, scratch, self.options)

    def _secrets(self) -> tuple[list[Finding], Access | None]:
        """Where they came from, and the wallet that they make; None without one."""
        if self.options["is_demo"]:
            return [], None
        if self.access.urls is not None:
            return [], self.access.access
        sources = self.access.sources
        try:
            found = [one for name in (PRIVATE_KEY, *API_KEYS) if (one := sources.find(name))]
            findings = [_sources(found, sources)] if found else []
            has_key = any(one.name == PRIVATE_KEY for one in found)
            return findings, self.access.access if has_key else None
        except Fatal as error:
            return [Finding("secrets", Severity.FAIL, str(error))], None

    async def _livetest(self, armed: Armed, findings: list[Finding]) -> list[Finding]:
        """None is sent where something forbids it."""
        if forbidden := [one.name for one in findings if _forbids(one)]:
            words = f"no order was sent: mend {', '.join(forbidden)} first"
            return [Finding("livetest", Severity.FAIL, words)]
        async with self.access.opened() as account:
            return await Livetest(account, armed, self._say).run()

    def _say(self, step: Finding) -> None:
        """As it goes: a person who watches an order of theirs wants to see each step."""
        if not self.is_quiet and sys.stderr.isatty():
            sys.stderr.write(f"{step.name}: {step.words}\n")


def _forbids(finding: Finding) -> bool:
    return finding.verdict is Severity.FAIL and finding.name in _FORBIDS


def _sources(found: list[FoundSecret], sources: SecretSources) -> Finding:
    """Which source gave each, never what."""
    words = "; ".join(f"{one.name} from {one.source.words}" for one in found)
    warnings = [one.warning for one in found if one.warning]
    verdict = Severity.WARN if warnings else Severity.OK
    return Finding("secrets", verdict, "; ".join([words, *warnings, *sources.skipped]))


def _show(findings: list[Finding]) -> None:
    table = Table("", "check", "finding", title="polytui doctor", title_justify="left")
    for one in findings:
        mark = {Severity.OK: "✓", Severity.WARN: "!", Severity.FAIL: "✗"}[one.verdict]
        table.add_row(
            Text(f"{mark} {one.verdict.value}", _STYLES[one.verdict]), one.name, Text(one.words)
        )
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    Console(width=width).print(table)
