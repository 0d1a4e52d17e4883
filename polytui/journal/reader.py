"""A journal as whoever reads it sees it: a header and records, from one segment or from many.

Line by line and in bounded memory, whatever the size. A last line that a crash cut short is left
out. Numbers of events follow one another without a hole, through all the segments, but for what a
header says is missing; faults are BadJournal, in words that name the file and the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType

from attrs import frozen

from polytui.journal.codec import (
    CHECKPOINT_BEGINS,
    SPEAKS_OF,
    BadJournal,
    Header,
    JournalRecord,
    decode_record,
)
from polytui.journal.segment_reader import Bookmark, NotBegun, SegmentReader
from polytui.journal.segments import segments_of

_LOOK_EVERY = 1_000
"""Lines."""


@frozen
class Spot:
    """Where a checkpoint stands."""

    file: int
    """Which of the segments, from 0 on."""
    place: Bookmark

    @property
    def seq(self) -> int:
        """The event that it speaks of."""
        return self.place.seq


class JournalReader(AbstractContextManager["JournalReader"]):
    """State: the segment of the moment, and the last number.

    Iterating it gives records, each once; whoever stops and goes on later goes on after them.
    """

    def __init__(
        self, *paths: Path, begin: Spot | None = None, has_latencies: bool = False
    ) -> None:
        """A session's folder, its journal's, or segments. From the first record of the first one,
        or from the checkpoint at `begin` on. BadJournal where one cannot be read or begins with no
        header; OtherFormat where another version wrote it. `has_latencies`: for whoever wants these
        lines, which nobody replays."""
        self._paths = all_segments(*paths)
        self._has_latencies = has_latencies
        self._at = 0 if begin is None else begin.file
        place = None if begin is None else begin.place
        self._segment = SegmentReader(self._paths[self._at], place)
        self.header = self._segment.header
        """Of the segment of the moment."""
        self._seq = self.header.after if begin is None else begin.place.seq
        self._records = self._read()

    @property
    def where(self) -> str:
        """The line in hand, in words."""
        return self._segment.where

    @property
    def is_in_the_last(self) -> bool:
        """Whether no segment stands behind the one of the moment."""
        return self._at + 1 == len(self._paths)

    def __iter__(self) -> Iterator[JournalRecord]:
        return self._records

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._segment.close()

    # --- records --------------------------------------------------------------------------------

    def _read(self) -> Iterator[JournalRecord]:
        while True:
            yield from self._read_segment()
            if not self._next_segment():
                return

    def _read_segment(self) -> Iterator[JournalRecord]:
        for line in self._segment.lines():
            try:
                record = decode_record(line)
                self._follow(record)
            except BadJournal as error:
                raise BadJournal(f"{self.where}: {error}") from error
            if not record.is_aside or (record.latency and self._has_latencies):
                yield record

    def _follow(self, record: JournalRecord) -> None:
        self._seq = followed(self.header, self._seq, record)

    # --- segments -------------------------------------------------------------------------------

    def _next_segment(self) -> bool:
        """False where there is none, or one that a crash kept from beginning."""
        if self._at + 1 == len(self._paths):
            return False
        try:
            following = SegmentReader(self._paths[self._at + 1])
        except NotBegun:
            if self._at + 2 == len(self._paths):
                return False
            raise
        try:
            check_follows(self._segment, self._seq, following)
        except BadJournal:
            following.close()
            raise
        self._segment.close()
        self._at += 1
        self._segment, self.header, self._seq = following, following.header, following.header.after
        return True


def followed(header: Header, seq: int, record: JournalRecord) -> int:
    """The number of the last event with this record. Events count up by one; a digest or checkpoint
    speaks of the event before it. Of what was thinned the order is left."""
    if record.is_aside:
        return seq
    if not record.is_event:
        if record.seq != seq and not header.thinned:
            raise BadJournal(f"it speaks of event {record.seq}, and stands after event {seq}")
        return seq
    if record.seq == seq + 1 or (header.thinned and record.seq > seq):
        return record.seq
    raise BadJournal(f"event {record.seq} comes after event {seq}")


def check_follows(before: SegmentReader, seq: int, after: SegmentReader) -> None:
    """Whether one segment was read to its end, at this event, and the other is the next one of its
    session. BadJournal where it is not."""
    head, was = after.header, before.header
    if head.session != was.session:
        raise BadJournal(
            f"{after.path}: of session {head.session}, the one before it of {was.session}"
        )
    if head.segment != was.segment + 1:
        raise BadJournal(f"{after.path}: segment {head.segment} comes after {was.segment}")
    if was.thinned or (not head.chain and head.after >= seq):
        return  # what is not there of the one before was taken out of it, or given up
    if before.is_torn:
        raise BadJournal(f"{before.where}: its end is cut off, and segment {head.segment} follows")
    if head.after != seq + head.lost:
        raise BadJournal(
            f"{after.path}: it begins after event {head.after}, the one before it ends at {seq}"
        )
    if head.chain != f"{before.chain:08x}":
        raise BadJournal(f"{before.path}: its end is not the one that {after.path} goes on from")


def all_segments(*paths: Path) -> list[Path]:
    return [segment for path in paths for segment in segments_of(path)]


Look = Callable[[], None]
"""Called again and again by whoever reads much; it raises where that takes too long."""


def take_your_time() -> None:
    """A look of nobody who waits."""


def spots(
    *paths: Path, until_seq: int | None = None, look: Look = take_your_time
) -> Iterator[Spot]:
    """Where the checkpoints are, the last one first; those of later events are left out, and what
    stands behind damage. Lines are only looked at: what is in them is for whoever begins there."""
    segments = all_segments(*paths)
    for file in reversed(range(len(segments))):
        try:
            segment = SegmentReader(segments[file])
        except NotBegun:
            continue
        with segment:
            if until_seq is None or segment.header.after <= until_seq:
                found = list(_spots_of(segment, file, look))
                yield from (s for s in reversed(found) if until_seq is None or s.seq <= until_seq)


def _spots_of(segment: SegmentReader, file: int, look: Look) -> Iterator[Spot]:
    header = segment.header
    if header.thinned:
        return
    offset, number, chain = segment.offset, segment.line, segment.chain
    for line in _whole_lines(segment):
        if line.startswith(CHECKPOINT_BEGINS) and (found := SPEAKS_OF.search(line)):
            place = Bookmark(header.segment, offset, number, chain, int(found[1]))
            yield Spot(file, place)
        offset, number, chain = segment.offset, segment.line, segment.chain
        if not number % _LOOK_EVERY:
            look()


def _whole_lines(segment: SegmentReader) -> Iterator[bytes]:
    """Up to its end, or to the damage in it."""
    with suppress(BadJournal):
        yield from segment.lines()
