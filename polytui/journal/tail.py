"""What is new in a journal that somebody writes: whole records, each once, in their order.

Whoever asks is never waited for, and waits for nobody: a segment may be closed, pressed and its
plain file removed while it is read. Where it stands is a `Bookmark`, which can be kept and gone on
from, by another process as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from types import TracebackType

from attrs import evolve

from polytui.journal.codec import BadJournal, Header, JournalRecord, decode_record
from polytui.journal.reader import check_follows, followed
from polytui.journal.segment_reader import Bookmark, NotBegun, SegmentReader
from polytui.journal.segments import in_folder, journal_folder, number_of


class JournalTail(AbstractContextManager["JournalTail"]):
    """State: the segment of the moment, held open, and the place behind the last record given."""

    def __init__(self, named: Path, place: Bookmark | None = None) -> None:
        """Of a session's folder, or its journal's, which need not be there yet. `place`: behind
        which everything is new; all of it where none is given."""
        self._named = named
        self.place = Bookmark() if place is None else place
        self._segment: SegmentReader | None = None
        self._given_until = -1
        """What was given up to this event is in hand a second time, and passed over."""
        self._damage: BadJournal | None = None
        """What nothing behind is given of."""

    @property
    def header(self) -> Header | None:
        """Of the segment that the last record was of; None before there is one."""
        return None if self._segment is None else self._segment.header

    def read(self, most: int = 20_000) -> list[JournalRecord]:
        """At most so many that are whole and were not given yet; [] where there is nothing new.
        Latencies and other lines that a replay passes over are among them. BadJournal for damage,
        once everything before it was given: nothing behind it is, however often it is asked."""
        return self._read(most, is_of_one=False)

    def read_of_one(self, most: int = 20_000) -> list[JournalRecord]:
        """As `read`, and of one segment: `header` is that of all of them."""
        return self._read(most, is_of_one=True)

    def _read(self, most: int, *, is_of_one: bool) -> list[JournalRecord]:
        found = list[JournalRecord]()
        try:
            if self._damage is None:
                found.extend(islice(self._new(is_of_one=is_of_one), most))
        except BadJournal as damage:
            self._damage = damage
        if self._damage is not None and not found:
            raise self._damage
        return found

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    # --- records --------------------------------------------------------------------------------

    def _new(self, *, is_of_one: bool) -> Iterator[JournalRecord]:
        while (segment := self._segment or self._open_first()) is not None:
            # Looked for before the end is read: then that is the end of a closed segment.
            following, has_given = self._following(), False
            for record in self._records(segment):
                has_given = True
                yield record
            if following is None or (is_of_one and has_given):
                return
            if not self._go_on_to(following, segment):
                return

    def _records(self, segment: SegmentReader) -> Iterator[JournalRecord]:
        for line in segment.lines():
            try:
                record = decode_record(line)
                seq = followed(segment.header, self.place.seq, record)
            except BadJournal as error:
                raise BadJournal(f"{segment.where}: {error}") from error
            is_given = (record.seq or seq) <= self._given_until
            self.place = evolve(
                self.place,
                offset=segment.offset,
                line=segment.line,
                chain=segment.chain,
                seq=seq,
            )
            if not is_given:
                yield record

    # --- segments -------------------------------------------------------------------------------

    def _open_first(self) -> SegmentReader | None:
        """The one of our place, or the first there is; None where none has begun."""
        paths = self._paths()
        at = self.place.segment
        path = next((path for path in paths if number_of(path) >= at), None)
        if path is None:
            return None
        if at and number_of(path) != at:
            raise BadJournal(f"{self._named}: segment {at} is gone, and was not read to its end")
        try:
            segment = SegmentReader(path, self.place)
        except NotBegun:
            return None
        if not at or segment.header.thinned != self.place.thinned:
            segment = self._from_its_start(segment)
        self._segment = segment
        return segment

    def _from_its_start(self, segment: SegmentReader) -> SegmentReader:
        """Offsets of before it was thinned mean nothing: numbers say what was given."""
        if self.place.offset:
            segment.close()
            segment = SegmentReader(segment.path)
            self._given_until = self.place.seq
        self.place = _start_of(segment)
        return segment

    def _following(self) -> Path | None:
        """The next segment, which is there when the one in hand is closed."""
        return next((p for p in self._paths() if number_of(p) > self.place.segment), None)

    def _go_on_to(self, path: Path, closed: SegmentReader) -> bool:
        """False where it has not begun: then nothing is new."""
        try:
            following = SegmentReader(path)
        except NotBegun:
            return False
        try:
            check_follows(closed, self.place.seq, following)
        except BadJournal:
            following.close()
            raise
        closed.close()
        self._segment, self.place = following, _start_of(following)
        return True

    def _paths(self) -> list[Path]:
        folder = journal_folder(self._named)
        return in_folder(folder) if folder.is_dir() else []


def _start_of(segment: SegmentReader) -> Bookmark:
    """Behind its header."""
    header = segment.header
    return Bookmark(
        header.segment,
        segment.offset,
        segment.line,
        segment.chain,
        header.after,
        header.thinned,
    )
