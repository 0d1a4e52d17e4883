"""What stands where in a journal, found by looking for a few words and reading nothing else.

A day's two gigabytes are looked through in seconds, a slice at a time beside whatever plays. Lines
are not checked against their seals here: what is damaged is passed over, and shows when it is
played.
"""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from attrs import define, evolve, field, frozen

from polytui.journal.codec import (
    CHECKPOINT_BEGINS,
    FIGURES_BEGINS,
    NOTICE_BEGINS,
    SPEAKS_OF,
    BadJournal,
    Header,
    decode_figures,
    decode_notice,
    decode_record,
)
from polytui.journal.seal import sum_in
from polytui.journal.segment_reader import Bookmark, NotBegun, SegmentReader, opened
from polytui.journal.segments import PRESSED, Pressed, in_folder, journal_folder, number_of
from polytui.journal.state_lines import WAYPOINT, WAYPOINT_BEGINS
from polytui.model.engine_figures import EngineFigures
from polytui.model.snapshot import Notice
from polytui.model.units import NS_PER_S

_BLOCK = 1 << 20
_EVENT = re.compile(rb'\{"seq":(\d{1,18}),"at":(-?\d{1,19}),')
_ACTED = b',"effects":[['
_FILLED = b',"event":["Filled",'
_STATES = (CHECKPOINT_BEGINS, WAYPOINT_BEGINS)


@frozen
class StateSpot:
    """A place of the journal at which a whole mind is to be had."""

    seq: int
    """After this event."""
    at_ns: int
    """No event up to there is later than this."""
    place: Bookmark
    """Behind which reading goes on: at the line of the checkpoint or waypoint."""
    base: Bookmark | None = None
    """Of a waypoint: where the state stands that it hangs on, its own place where that is itself.
    None for a checkpoint."""


@define
class EventMarks:
    """State: events of one kind, in their order: their numbers and moments."""

    seqs: array[int] = field(factory=lambda: array("q"))
    at: array[int] = field(factory=lambda: array("q"))

    def add(self, seq: int, at_ns: int) -> None:
        self.seqs.append(seq)
        self.at.append(at_ns)

    def beside(self, at_ns: int, by: int) -> tuple[int, int] | None:
        """Number and moment of the next one behind a moment (`by` 1), or of the last before it."""
        place = bisect_right(self.at, at_ns) if by > 0 else bisect_left(self.at, at_ns) - 1
        return (self.seqs[place], self.at[place]) if 0 <= place < len(self.seqs) else None


@define
class _Scanned:
    """State: a segment that is being looked through: the file, and what was read of it."""

    path: Path
    source: BinaryIO | Pressed
    header: Header
    offset: int = 0
    """Of the first byte that is in no block yet; so for the line and the sum before it."""
    line: int = 0
    chain: int = 0
    rest: bytes = b""


class JournalIndex:
    """State: how far the journal was looked through, and what was found."""

    def __init__(self, named: Path) -> None:
        """Of a session's folder, or its journal's. BadJournal where there is none."""
        self._folder = journal_folder(named)
        self.first_ns = self.last_ns = 0
        """Of the events; 0 before there is one."""
        self.last_seq = 0
        self.spots: list[StateSpot] = []
        """The oldest first."""
        self.acted, self.filled = EventMarks(), EventMarks()
        self.notices: list[Notice] = []
        self.figures: list[tuple[int, bytes]] = []
        """Lines of figures with the moment before which they were written."""
        self._pending: list[StateSpot] = []
        """Those behind which no event was seen yet."""
        self._whole: dict[int, Bookmark] = {}
        """States that a waypoint may hang on, by the event that they speak of."""
        self._open: _Scanned | None = None
        self._done = 0
        """The number of the last segment that was read to its end."""
        self.is_whole = False
        """Whether everything that is there was looked through."""
        self.header = self._first_header()

    def _first_header(self) -> Header:
        paths = in_folder(self._folder)
        if not paths:
            raise BadJournal(f"no journal in {self._folder}")
        with SegmentReader(paths[0]) as segment:
            return segment.header

    def notices_until(self, at_ns: int, most: int) -> list[Notice]:
        """The last ones up to a moment."""
        until = bisect_right(self.notices, at_ns, key=lambda one: one.at_ns)
        return self.notices[max(0, until - most) : until]

    def figures_at(self, at_ns: int) -> EngineFigures:
        """Those of the last line up to a moment; of none, or of one that is damaged, nothing."""
        at = bisect_right(self.figures, at_ns, key=lambda one: one[0])
        if at:
            with suppress(BadJournal):
                return decode_figures(decode_record(self.figures[at - 1][1]).figures)
        return EngineFigures()

    def spot_before(self, at_ns: int) -> StateSpot | None:
        at = bisect_right(self.spots, at_ns, key=lambda one: one.at_ns)
        return self.spots[at - 1] if at else None

    def spot_of(self, seq: int) -> StateSpot | None:
        """The last one that speaks of no later event."""
        at = bisect_right(self.spots, seq, key=lambda one: one.seq)
        return self.spots[at - 1] if at else None

    def is_fresh(self, within_s: float) -> bool:
        """Whether the last segment is one that somebody writes: it grew a moment ago."""
        segment = self._open
        if segment is None or segment.path.name.endswith(PRESSED):
            return False
        try:
            age_ns = time.time_ns() - segment.path.stat().st_mtime_ns
        except OSError:
            return False  # it was closed and pressed
        return age_ns < within_s * NS_PER_S

    # --- looking ----------------------------------------------------------------------------------

    def look(self) -> bool:
        """The next block; False where there is nothing new now. BadJournal where the folder cannot
        be read."""
        if self._open is not None:
            if self._read(self._open):
                return True
            if self._following() is not None:
                self._open.source.close()
                self._done, self._open = number_of(self._open.path), None
        if self._open is None and self._next():
            return True
        self.is_whole = True
        return False

    def close(self) -> None:
        if self._open is not None:
            self._open.source.close()
            self._open = None

    def _following(self) -> Path | None:
        after = self._done if self._open is None else number_of(self._open.path)
        return next((path for path in in_folder(self._folder) if number_of(path) > after), None)

    def _next(self) -> bool:
        while (path := self._following()) is not None:
            try:
                with SegmentReader(path) as segment:
                    header = segment.header
                self._open = _Scanned(path, opened(path), header)
            except NotBegun:
                return False
            except BadJournal:
                self._done = number_of(path)
                continue
            self.header = header
            return True
        return False

    def _read(self, segment: _Scanned) -> bool:
        """Some bytes more: False at the end of what is written."""
        parts = [segment.rest]
        size = len(segment.rest)
        while size < _BLOCK or b"\n" not in parts[-1]:
            chunk = _more(segment.source)
            if not chunk:
                break
            parts.append(chunk)
            size += len(chunk)
        block, newline, segment.rest = b"".join(parts).rpartition(b"\n")
        if not newline:
            return False
        block += newline
        self._look_at(segment, block)
        segment.offset += len(block)
        segment.line += block.count(b"\n")
        segment.chain = sum_in(block[block.rfind(b"\n", 0, -1) + 1 : -1])
        return True

    def _look_at(self, segment: _Scanned, block: bytes) -> None:
        self._see_events(block)
        for at in _lines(block, NOTICE_BEGINS):
            with suppress(BadJournal):
                self.notices.append(decode_notice(decode_record(_line(block, at)).notice))
        for at in _lines(block, FIGURES_BEGINS):
            line = _line(block, at)
            self.figures.append((self._before(block, at), line))
        if not segment.header.thinned:
            self._see_states(segment, block)
        for needle, marks in ((_ACTED, self.acted), (_FILLED, self.filled)):
            for at in _found(block, needle):
                if event := _EVENT.match(block, block.rfind(b"\n", 0, at) + 1):
                    marks.add(int(event[1]), int(event[2]))

    def _see_events(self, block: bytes) -> None:
        first = _EVENT.search(block)
        if first is None:
            return
        if not self.first_ns:
            self.first_ns = int(first[2])
        self.spots += [evolve(spot, at_ns=int(first[2])) for spot in self._pending]
        self._pending.clear()
        at = block.rfind(b'{"seq":')
        while at >= 0:
            if (at == 0 or block[at - 1 : at] == b"\n") and (last := _EVENT.match(block, at)):
                self.last_seq, self.last_ns = int(last[1]), max(self.last_ns, int(last[2]))
                return
            at = block.rfind(b'{"seq":', 0, at)

    def _before(self, block: bytes, at: int) -> int:
        """When the event in front of a line was."""
        start = block.rfind(b'\n{"seq":', 0, at)
        found = _EVENT.match(block, start + 1) if start >= 0 else _EVENT.search(block, at)
        return int(found[2]) if found else self.last_ns

    def _see_states(self, segment: _Scanned, block: bytes) -> None:
        begins = [at for begin in _STATES for at in _lines(block, begin)]
        for at in sorted(begins):
            end = block.find(b"\n", at)
            if (spot := self._state_at(segment, block, at, end)) is None:
                continue
            following = _EVENT.search(block, end)
            if following is None:
                self._pending.append(spot)
            else:
                self.spots.append(evolve(spot, at_ns=int(following[2])))

    def _state_at(self, segment: _Scanned, block: bytes, at: int, end: int) -> StateSpot | None:
        """Without its moment; None where it does not say what it is of, or what it hangs on."""
        if (found := WAYPOINT.match(block, at)) is not None:
            seq, base_seq = int(found[1]), int(found[2])
            place = self._place_of(segment, block, at, seq)
            if seq == base_seq:
                self._whole[seq] = place
            base = self._whole.get(base_seq)
            return None if base is None else StateSpot(seq, 0, place, base)
        if (speaks := SPEAKS_OF.search(block, max(at, end - 200), end)) is None:
            return None
        place = self._place_of(segment, block, at, int(speaks[1]))
        self._whole[int(speaks[1])] = place
        return StateSpot(int(speaks[1]), 0, place)

    @staticmethod
    def _place_of(segment: _Scanned, block: bytes, at: int, seq: int) -> Bookmark:
        chain = segment.chain
        if at:
            chain = sum_in(block[block.rfind(b"\n", 0, at - 1) + 1 : at - 1])
        line = segment.line + block.count(b"\n", 0, at)
        header = segment.header
        return Bookmark(header.segment, segment.offset + at, line, chain, seq, header.thinned)


def _more(source: BinaryIO | Pressed) -> bytes:
    """Nothing at the end of what can be read."""
    try:
        return source.read(_BLOCK)
    except (BadJournal, OSError):
        return b""


def _found(block: bytes, needle: bytes) -> Iterator[int]:
    at = block.find(needle)
    while at >= 0:
        yield at
        at = block.find(needle, at + 1)


def _lines(block: bytes, begin: bytes) -> Iterator[int]:
    """Where lines begin so."""
    if block.startswith(begin):
        yield 0
    for at in _found(block, b"\n" + begin):
        yield at + 1


def _line(block: bytes, at: int) -> bytes:
    return block[at : block.find(b"\n", at)]
