"""The journal of a session that is played in one loop: written as it goes, in segments as any."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from polytui.config.schema import JournalSettings
from polytui.desk.checkpoint import checkpoint_of
from polytui.desk.mind import Mind
from polytui.journal.codec import encode_record
from polytui.journal.log import JournalLog
from polytui.journal.milestones import milestones
from polytui.journal.segments import press_closed
from polytui.journal.state_lines import StateLines
from polytui.model.effects import Effect
from polytui.model.errors import Fatal
from polytui.model.events import Event
from polytui.model.instrument import Asset

_AT_ONCE = 1 << 20


class PlayedJournal:
    """State: the log, how many bytes it has not written yet, and what the disk refused."""

    def __init__(self, log: JournalLog) -> None:
        self.log = log
        self._unwritten = 0
        self._refused = ""

    def add(self, line: bytes) -> None:
        """A disk that refuses ends the journal, not the session: that is said at its end."""
        if self._refused:
            return
        self.log.append(line)
        self._unwritten += len(line)
        if self._unwritten >= _AT_ONCE:
            self._write()

    def go_on(self, after: int, digest: Callable[[], str], state: Callable[[], Any]) -> None:
        """Begin the next segment with the mind of now, where the one in hand is full."""
        if self.log.is_segment_due and not self._refused:
            self.log.begin_segment(after, self.log.states.checkpoint(after, digest(), state()))
            self._write()

    def close(self) -> str:
        """Everything to the disk; why it is not there, empty where it is."""
        try:
            self.log.close()
        except Fatal as error:
            return self._refused or str(error)
        return self._refused

    def _write(self) -> None:
        self._unwritten = 0
        try:
            self.log.write_now()
            press_closed(self.log.path)
        except OSError as error:
            self._refused = f"cannot write the journal {self.log.file_path}: {error.strerror}"


class JournalSink:
    """A `Sink` that writes what happens as a session writes it: every event with its effects, and
    what is due after a batch. State: where the batch in hand began."""

    def __init__(self, settings: JournalSettings, to: PlayedJournal | list[bytes]) -> None:
        self._settings = settings
        self._journal = None if isinstance(to, list) else to
        self._write = to.append if isinstance(to, list) else to.add
        self._states = StateLines() if isinstance(to, list) else to.log.states
        self._first = 0
        """The first event of the batch in hand; 0 where none is."""

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        self._write(encode_record(mind.seq, now_ns, asset.value, event, effects, is_last))
        self._first = self._first or mind.seq
        if is_last:
            self._mark(mind, self._first, mind.seq)
            self._first = 0

    def _mark(self, mind: Mind, first: int, last: int) -> None:
        state = partial(checkpoint_of, mind)
        for line in milestones(self._settings, first, last, mind.digest, state, self._states):
            if made := line if isinstance(line, bytes) else line():
                self._write(made)
        if self._journal is not None:
            self._journal.go_on(last, mind.digest, state)
