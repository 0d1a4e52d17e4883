"""Before real money: which wallet, from where its key is, whose limits, and a person who says yes.

All of it goes to stderr and comes from the terminal, before the screen is drawn and before there is
a session. In a service nobody sits there: `--i-trade-with` says it.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import click
from attrs import define, field, frozen

from polytui.config.profiles import limits_said
from polytui.config.schema import Settings
from polytui.config.secret_sources import FoundSecret, SecretSources
from polytui.config.secrets import PRIVATE_KEY, Secret
from polytui.config.wallet import chosen_api_key
from polytui.confirmation import Confirmation, is_somebody_there
from polytui.execution.arming import BLOCKED, Armed, Unarmed, arm_live, unarmed
from polytui.model.errors import Blocked
from polytui.results.kept_verdicts import VerdictFile, unproven
from polytui.strategy.registry import QUOTING, every_strategy

LIVE, SHADOW = "live", "shadow"
UNPROVEN = "unproven"
IS_UNPROVEN = f"{BLOCKED}UNPROVEN"
NOTHING_IS_SENT = "shadow-live: every order is signed and checked, and NOTHING IS SENT to the venue"


@frozen
class LiveStart:
    """What a person said before a session."""

    who: Armed | Unarmed
    passphrase: Secret | None
    """That was typed: the engine's process opens the keystore once more, and has it by a pipe."""

    @property
    def flags(self) -> tuple[str, ...]:
        """For the engine's command line: who was confirmed, and nothing that is secret."""
        if isinstance(self.who, Unarmed):
            return ("--shadow-live",)
        return ("--mode", LIVE, "--i-trade-with", self.who.wallet.funder)


@define
class _Person:
    """Who sits there, or nobody. State: the pass phrase that was typed."""

    is_owned: bool = False
    """An engine's process: they sit at its parent's."""
    is_there: bool = field(factory=is_somebody_there)
    passphrase: Secret | None = None

    @property
    def ask(self) -> Callable[[str], str] | None:
        """For a pass phrase; None where there is no way to one."""
        if self.is_owned and stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
            return lambda where: sys.stdin.buffer.readline().decode().removesuffix("\n")
        return self.ask_passphrase if self.is_there else None

    def ask_passphrase(self, where: str) -> str:
        typed: str = click.prompt(f"pass phrase of {where}", hide_input=True, err=True)
        self.passphrase = Secret(typed)
        return typed


def begin_live(
    mode: str, settings: Settings, named: str, *, is_owned: bool = False
) -> LiveStart | None:
    """Blocked by the first gate that is closed; None for a mode in which nobody's money is.
    `settings` are those of the mode."""
    if mode not in (LIVE, SHADOW):
        return None
    person = _Person(is_owned)
    confirmation = Confirmation(named, lines=(limits_said(settings),))
    sources = SecretSources(Path.cwd(), ask_passphrase=person.ask)
    who = unarmed(sources) if mode == SHADOW else arm_live(sources, confirmation)
    if mode == LIVE and not is_owned:
        ask_of_unproven(settings, confirmation)
    _say_sources(sources)
    if mode == SHADOW:
        _say(NOTHING_IS_SENT)
    elif named:
        _say(f"REAL MONEY: {who.wallet.kind.label} wallet {who.wallet.funder}")
        _say(limits_said(settings))
    return LiveStart(who, person.passphrase)


def ask_of_unproven(
    settings: Settings, confirmation: Confirmation, file: VerdictFile | None = None
) -> None:
    """Strategies that may trade with real money and that no forward test has called positive are
    asked about a second time. Blocked where that is not answered."""
    seats = [(one.name, one.thresholds(settings)) for one in every_strategy()]
    seats += [(one.name, one.thresholds(settings)) for one in QUOTING]
    enabled = [(name, own) for name, own in seats if own.is_enabled]
    found = unproven(enabled, file or VerdictFile())
    if not found:
        return
    lines = (
        "NO FORWARD TEST has found an edge of:",
        *(f"  {one.text()}" for one in found),
        "see `polytui verdict` of sessions that went on paper, and docs/operations.md",
    )
    if not confirmation.asked_again(lines, UNPROVEN):
        names = ", ".join(one.strategy for one in found)
        words = f"{names} may trade and no forward test found an edge; nobody typed {UNPROVEN}"
        raise Blocked(IS_UNPROVEN, words)


def _say_sources(sources: SecretSources) -> None:
    """Where each secret comes from, and what is wrong with that."""
    found: list[FoundSecret] = [*chosen_api_key(sources)[1]]
    if (key := sources.find(PRIVATE_KEY)) is not None:
        found.insert(0, key)
        _say(f"{PRIVATE_KEY} is from: {key.source.words}")
    for one in found:
        if one.warning:
            _say(f"warning: {one.warning}")
    for exposed in sources.exposures:
        _say(f"warning: {exposed}")


def _say(text: str) -> None:
    click.echo(text, err=True)
