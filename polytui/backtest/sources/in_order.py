"""Rows in the order in which they were received, whatever the order of their file.

Whoever has looked through a file knows how far its rows are out of order (`Disorder`). A row waits
for no longer than that, so a recorder's own file is told as it is read, and nothing is kept of it.
What is further out of order than fits in memory is sorted in parts on disk (`sorted_parts.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from heapq import heappop, heappush
from itertools import chain, islice

from attrs import define

from polytui.backtest.sources.sorted_parts import SortedParts, TimedRow, by_time

ON_DISK = "MB were sorted on disk: rows are further out of order than fits in memory"


@define
class Disorder:
    """State: the latest row so far, and by how much another came after it that is earlier."""

    most_ns: int = 0
    _latest_ns: int = 0

    def take(self, at_ns: int) -> None:
        """The next row, as it stands in its file."""
        if at_ns >= self._latest_ns:
            self._latest_ns = at_ns
        else:
            self.most_ns = max(self.most_ns, self._latest_ns - at_ns)


def in_order(
    rows: Iterable[TimedRow],
    chunk: int,
    disorder: Disorder | None = None,
    counted: Counter[str] | None = None,
) -> Generator[TimedRow]:
    """Sorted by time, then by row. `chunk`: rows that are kept in memory at once. `disorder`: that
    of all these rows, where it is known. `counted`: is told what was written to a disk; whoever
    closes it before its end gives that back. Fatal where a disk has no room."""
    source, waiting = iter(rows), list[TimedRow]()
    if disorder is not None:
        waiting = yield from _as_they_come(source, disorder.most_ns, chunk)
    yield from _sorted(chain(waiting, source), chunk, Counter() if counted is None else counted)


def _as_they_come(
    source: Iterator[TimedRow], late_ns: int, most: int
) -> Generator[TimedRow, None, list[TimedRow]]:
    """Each as soon as none can come any more that is earlier; those that are left at the end, or
    when more than `most` would wait."""
    waiting, safe_ns = list[TimedRow](), 0
    for row in source:
        heappush(waiting, row)
        safe_ns = max(safe_ns, row[0] - late_ns)
        while waiting and waiting[0][0] <= safe_ns:
            yield heappop(waiting)
        if len(waiting) >= most:
            break
    return waiting


def _sorted(source: Iterator[TimedRow], chunk: int, counted: Counter[str]) -> Iterator[TimedRow]:
    first = _part(source, chunk)
    if len(first) < chunk:
        yield from first
        return
    with SortedParts() as parts:
        parts.add(first)
        del first
        while part := _part(source, chunk):
            parts.add(part)
        counted[ON_DISK] += parts.megabytes
        yield from parts.merged()


def _part(source: Iterator[TimedRow], chunk: int) -> list[TimedRow]:
    return sorted(islice(source, chunk), key=by_time)
