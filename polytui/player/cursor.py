"""A place in a journal with the mind as it was there: goes on, record by record, to a moment or an
event, as far as it comes in the time it is given."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from polytui.journal.codec import BadJournal, JournalRecord
from polytui.journal.segment_reader import Bookmark
from polytui.journal.tail import JournalTail
from polytui.model.snapshot import Notice
from polytui.player.recorded_mind import RecordedMind

_AT_ONCE = 500
"""Records that are read at once: a place between two of them is known behind these alone."""
_LOOK_EVERY = 64

Kept = Callable[[RecordedMind, Bookmark], None]


def nobody_keeps(_: RecordedMind, __: Bookmark) -> None:
    """Of a cursor whose minds nobody goes back to."""


class Cursor:
    """State: the mind, the tail of the journal, and records that were read and not taken."""

    def __init__(
        self,
        named: Path,
        recorded: RecordedMind,
        place: Bookmark | None = None,
        keep: Kept = nobody_keeps,
    ) -> None:
        """`place`: behind which reading goes on. `keep` is shown the mind wherever its place is
        known."""
        self.recorded = recorded
        self._tail = JournalTail(named, place)
        self._ahead = deque[JournalRecord]()
        self._keep = keep
        self.said: list[Notice] = []
        """Lines of the log that came by since somebody took them."""
        self.thinned = ""
        """What is missing where it stands; empty where nothing is."""
        self.damage = ""
        """Why it goes no further; empty where it does."""

    def close(self) -> None:
        self._tail.close()

    @property
    def seq(self) -> int:
        return self.recorded.mind.seq

    def go_until(self, at_ns: int, within_s: float, *, checks: bool = False) -> bool:
        """Take everything up to a moment; False where it is not there yet. At the end of what is
        written it is there."""
        return self._go(lambda record: record.is_event and record.at > at_ns, within_s, checks)

    def go_to(self, seq: int, within_s: float) -> bool:
        """Take everything up to the end of the batch that this event is of."""
        return self._go(lambda record: self._is_past(record, seq), within_s, checks=False)

    def _is_past(self, record: JournalRecord, seq: int) -> bool:
        """A batch has one moment; its desk decided at its last event."""
        return record.is_event and record.seq > seq and record.at > self.recorded.at_ns

    def _go(self, is_past: Callable[[JournalRecord], bool], within_s: float, checks: bool) -> bool:
        if self.damage:
            return True
        until_s, count = time.perf_counter() + within_s, 0
        while self._ahead or self._read():
            record = self._ahead[0]
            if is_past(record):
                return True
            self._ahead.popleft()
            if not self._take(record, checks):
                return True
            count += 1
            if not count % _LOOK_EVERY and time.perf_counter() > until_s:
                return False
        return True

    def _take(self, record: JournalRecord, checks: bool) -> bool:
        """False where it goes no further."""
        if self.thinned and not record.notice and not record.figures:
            if record.is_event:
                self.recorded.at_ns = record.at
            return True
        try:
            notice = self.recorded.take(record, checks=checks)
        except BadJournal as error:
            self.damage = str(error)
            return False
        if notice is not None:
            self.said.append(notice)
        return True

    def _read(self) -> bool:
        """Some records more; False where there are none now."""
        if self.recorded.mind.seq:
            self._keep(self.recorded, self._tail.place)
        try:
            self._ahead.extend(self._tail.read_of_one(_AT_ONCE))
        except BadJournal as error:
            self.damage = str(error)
            return False
        header = self._tail.header
        self.thinned = "" if header is None else header.thinned
        return bool(self._ahead)
