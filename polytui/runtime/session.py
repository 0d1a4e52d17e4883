"""What one session shares, from its first event to its summary."""

from __future__ import annotations

from pathlib import Path

import trio
from attrs import define, field
from loguru import logger

from polytui.config.load import digest_of
from polytui.config.schema import Settings
from polytui.desk.mind import Mind
from polytui.journal.log import JournalLog
from polytui.journal.standing import StandingLine
from polytui.model.events import ModelLoaded, StandingRestored
from polytui.model.snapshot import Notice
from polytui.net.clock import SessionClock
from polytui.runtime.hub import Hub
from polytui.runtime.meter import Meter

_LOG_LEVELS = {"info": "INFO", "good": "INFO", "warn": "WARNING", "error": "ERROR"}


@define
class Session:
    """State: the settings in force, the mind, the journal, the hub, whether it is time to stop."""

    name: str
    mode: str
    folder: Path
    settings: Settings
    clock: SessionClock
    mind: Mind
    journal: JournalLog
    hub: Hub
    started_ns: int
    seed: int | None = None
    restored: StandingRestored | None = None
    """What the last session of this mode left behind."""
    standing: StandingLine = field(factory=StandingLine)
    meter: Meter = field(factory=Meter)
    errors: list[str] = field(factory=list)
    stopping: trio.Event = field(factory=trio.Event)
    stop_reason: str = ""
    model: ModelLoaded | None = None
    """What a desk that begins is told of the learned model; None where none is asked for."""
    settings_digest: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.settings_digest = digest_of(self.settings)

    def enforce(self, settings: Settings, model: ModelLoaded | None) -> None:
        """From here on these are the settings; also of desks that begin anew after a crash."""
        self.settings, self.model = settings, model
        self.settings_digest = digest_of(settings)

    def stop(self, reason: str) -> None:
        """End the session in order: orders first. The first reason stays."""
        if not self.stopping.is_set():
            self.stop_reason = reason
            self.notice("info", "", f"stopping: {reason}")
            self.stopping.set()

    def notice(self, level: str, asset: str, text: str) -> None:
        """A line for people: to every face, and to the log file."""
        self.hub.notice(Notice(self.clock.now_ns(), level, asset, text))
        logger.log(_LOG_LEVELS[level], "{} {}", asset or "-", text)

    def fault(self, asset: str, text: str) -> None:
        """Something that the summary must not hide."""
        self.errors.append(f"{asset}: {text}" if asset else text)
        self.notice("error", asset, text)
