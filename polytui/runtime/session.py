"""What one session shares, from its first event to its summary."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

import trio
from attrs import define, field
from loguru import logger

from polytui.config.load import digest_of
from polytui.config.schema import Settings
from polytui.desk.mind import Mind
from polytui.journal.codec import encode_notice
from polytui.journal.line_file import LineFile, Unkept
from polytui.journal.log import JournalLog
from polytui.journal.risk_state_file import RiskStateFile
from polytui.model.errors import Fatal
from polytui.model.events import ModelLoaded, RiskStateRestored
from polytui.model.plain_text import plain
from polytui.model.snapshot import Notice
from polytui.net.clock import SessionClock
from polytui.net.dial import Trust
from polytui.own.deadline import Deadline
from polytui.runtime.going_on import GoesOn
from polytui.runtime.herald import Herald
from polytui.runtime.hub import Hub
from polytui.runtime.latency_watch import LatencyWatch
from polytui.runtime.meter import Meter
from polytui.runtime.notices import AccountLines
from polytui.runtime.reasons import Reasons
from polytui.runtime.sudden_death import SuddenDeath

_GOES_ON = "no entries until it is taken again; exits and cancels go on"
_KEEP_WITHIN_S = 5.0
"""After this people are told that a disk does not answer."""
_MOST_KILLS = 16
_MOST_OF_A_NAME = 16
_MOST_ERRORS = 1_000
"""Of a summary; the log has them all."""
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
    risk_state: RiskStateFile | None = None
    """What survives this session; None where the next one begins anew."""
    death: SuddenDeath | None = None
    """Where this process is to kill itself; None but for a plan of faults."""
    wallet: str = ""
    """Whose money it trades with, an address; empty on paper."""
    goes_on: GoesOn | None = None
    """What it took over from the session before."""
    deadline: Deadline = field(init=False)
    """For answers of strategies that are not ours."""
    herald: Herald = field(init=False)
    account_lines: AccountLines = field(factory=AccountLines)
    meter: Meter = field(factory=Meter)
    latency: LatencyWatch = field(init=False)
    errors: list[str] = field(factory=list)
    stopping: trio.Event = field(factory=trio.Event)
    stop_reason: str = ""
    unkept: str = ""
    """Why what was done is not all on the disk; empty where it is."""
    disk_turned: trio.Event = field(factory=trio.Event)
    """The disk has just begun to refuse what must be kept: desks hear of it without waiting for
    their second."""
    is_loopback_only: bool = False
    """Nothing of it leaves this machine."""
    model: ModelLoaded | None = None
    """What a desk that begins is told of the learned model; None where none is asked for."""
    settings_digest: str = field(init=False)
    reasons: Reasons = field(init=False)
    trust: Trust = field(init=False)
    """Whose certificates are believed, by all assets and all their lives."""
    kills: tuple[trio.MemorySendChannel[str], trio.MemoryReceiveChannel[str]] = field(init=False)
    """Why the account pulls the kill switch; the tree obeys."""

    def __attrs_post_init__(self) -> None:
        self.reasons = Reasons(self.mind)
        self.settings_digest = digest_of(self.settings)
        self.deadline = Deadline(self.settings.strategies)
        self.latency = LatencyWatch(
            self.meter, self.journal, self.clock, self.notice, lambda: self.settings.latency
        )
        self.herald = Herald(self.keep, self.notice)
        self.trust = Trust(
            partial(self.notice, "error", ""), is_loopback_only=self.is_loopback_only
        )
        self.kills = trio.open_memory_channel[str](_MOST_KILLS)

    @property
    def restored(self) -> RiskStateRestored | None:
        """What the last session of this mode left behind."""
        return None if self.risk_state is None else self.risk_state.restored

    @property
    def files(self) -> tuple[LineFile, ...]:
        """What was acknowledged is in these."""
        return (self.journal,) if self.risk_state is None else (self.journal, self.risk_state)

    def close(self) -> None:
        """Everything to the disk, or why not; the folder is free for the next session."""
        for file in self.files:
            try:
                file.close()
            except Fatal as error:
                self._lose(str(error))
        if self.journal.lost:
            self._lose(f"{self.journal.lost} events are not in {self.journal.path}")

    async def write(self, file: LineFile) -> None:
        """Write a file, for ever. While the disk refuses nobody enters, and what was begun is
        brought to its end: that needs no disk."""
        await file.run(self.settings.journal.flush_ms, partial(self._hear_disk, file))

    def _hear_disk(self, file: LineFile, refuses: str) -> None:
        if not refuses:
            self.notice("good", "", f"{file.path} is written again{self._lost_words(file)}")
            return
        self.fault("", f"{refuses}: {_GOES_ON}")
        turned, self.disk_turned = self.disk_turned, trio.Event()
        turned.set()

    def _lost_words(self, file: LineFile) -> str:
        lost = file.lost_so_far
        return f": {lost} events are missing, it goes on from a checkpoint" if lost else ""

    def _lose(self, why: str) -> None:
        if not self.unkept:
            self.unkept = why
        if not any(why in error for error in self.errors):
            self.fault("", why)

    @property
    def unkept_s(self) -> float:
        """For how long the disk has been refusing what must be kept."""
        return round(max(file.refuses_s for file in self.files), 3)

    async def keep(self) -> str:
        """Wait until everything taken so far is on the disk; why it is not, empty where it is."""
        with trio.move_on_after(_KEEP_WITHIN_S) as patience:
            try:
                for file in self.files:
                    await file.kept()
            except Unkept as error:
                return str(error)
        return f"no answer for {_KEEP_WITHIN_S:g} s" if patience.cancelled_caught else ""

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

    def kill(self, words: str) -> None:
        """The account found that nobody may trade with it. One that waits already says enough."""
        self.fault("", words)
        with suppress(trio.WouldBlock):
            self.kills[0].send_nowait(words)

    def notice(
        self, level: str, asset: str, text: str, seqs: tuple[int, ...] = (), kind: str = ""
    ) -> None:
        """A line for people: to every face, and to the log file. `seqs`: of the command that it
        speaks of; `kind`: of `model/notice_kinds.py`."""
        text, asset = plain(text), plain(asset, _MOST_OF_A_NAME)
        notice = Notice(self.clock.now_ns(), level, asset, text, seqs, kind)
        self.hub.notice(notice)
        self.journal.append(encode_notice(notice))
        logger.log(_LOG_LEVELS[level], "{} {}", asset or "-", text)

    def fault(self, asset: str, text: str) -> None:
        """Something that the summary must not hide."""
        self.note_error(asset, text)
        self.notice("error", asset, text)

    def note_error(self, asset: str, text: str) -> None:
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(plain(f"{asset}: {text}" if asset else text))
