"""The last lines that people were told, for whoever comes later: numbered, a page at a time."""

from __future__ import annotations

from collections import deque
from itertools import islice

from attrs import define, evolve, field

from polytui.model.query import MOST_ROWS, Answer, Query
from polytui.model.snapshot import Notice

KEPT = 4_000
"""Lines: about a megabyte, and hours of a day on which something happens."""
_COLUMNS = ("number", "at_ns", "level", "asset", "text")


@define
class NoticeMemory:
    """State: the lines, the oldest first, and how many there have been."""

    _lines: deque[Notice] = field(factory=lambda: deque(maxlen=KEPT))
    _count: int = 0

    def keep(self, notice: Notice) -> Notice:
        """The line with its number."""
        self._count += 1
        numbered = evolve(notice, number=self._count)
        self._lines.append(numbered)
        return numbered

    def newest(self, count: int) -> list[Notice]:
        """In their order."""
        return list(islice(self._lines, max(0, len(self._lines) - count), None))

    def answer(self, query: Query) -> Answer:
        """The newest first; `after` is the number of a line, and those before it are told."""
        if not 1 <= query.limit <= MOST_ROWS:
            return Answer(query.query_id, error=f"limit {query.limit}: expected 1 to {MOST_ROWS}")
        if query.after and not (query.after.isdecimal() and len(query.after) < 20):
            return Answer(query.query_id, error="`after` is not the number of a line")
        first = self._count - len(self._lines) + 1
        until = min(self._count + 1, int(query.after)) if query.after else self._count + 1
        begin = max(first, until - query.limit)
        found = list(islice(self._lines, begin - first, max(begin, until) - first))
        rows = tuple(
            (one.number, one.at_ns, one.level, one.asset, one.text) for one in reversed(found)
        )
        at_ns = self._lines[-1].at_ns if self._lines else 0
        more = str(begin) if begin > first and rows else ""
        return Answer(query.query_id, _COLUMNS, rows, more, at_ns)
