"""The journal of a session that is played in one loop: written as it goes, in segments as any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from polytui.journal.codec import encode_checkpoint
from polytui.journal.log import JournalLog
from polytui.journal.segments import press_closed
from polytui.model.errors import Fatal

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
            self.log.begin_segment(after, encode_checkpoint(after, digest(), state()))
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
