"""Every line of the engine's log that this terminal knows, in order: those it was told, and, once
somebody looks, those from before it came or that it missed."""

from __future__ import annotations

from bisect import insort
from enum import Enum

from attrs import define, field

from polytui.model.query import MOST_ROWS, Answer, Query, Subject
from polytui.model.snapshot import Notice
from polytui.tui.past import Row, Send, next_number, rows_of
from polytui.tui.typed_line import TypedLine

KEPT = 5_000
_WAIT_S = 15.0
_TROUBLE = ("warn", "error")


class LogLevel(Enum):
    """Which lines are shown."""

    ALL = "all"
    TROUBLE = "warnings and errors"
    ERRORS = "errors"

    @property
    def following(self) -> LogLevel:
        levels = list(LogLevel)
        return levels[(levels.index(self) + 1) % len(levels)]

    def shows(self, level: str) -> bool:
        if self is LogLevel.ALL:
            return True
        return level == "error" or (self is LogLevel.TROUBLE and level in _TROUBLE)


@define
class ToldLog:
    """State: the lines, the question on its way, filters, and what part is looked at."""

    level: LogLevel = LogLevel.ALL
    asset: str | None = None
    """None: of all and of the account; "": of the account alone."""
    typed: TypedLine = field(factory=TypedLine)
    """What is looked for."""
    end: int | None = None
    """Behind the last line that is shown, of those that the filters let through; None: the newest,
    as they come."""
    found: Notice | None = None
    """The line that was found last."""
    error: str = ""
    _lines: list[Notice] = field(factory=list)
    _numbers: set[int] = field(factory=set)
    _floor: int = 0
    """The engine knows no line of this number or below it any more."""
    _asked: tuple[int, int, float] = (0, 0, 0.0)
    """Number of the question, below which line, and when."""
    _missing: int | None = None
    """The newest line that is missing; None where that is to be found out."""
    _shown: tuple[Notice, ...] | None = None

    # --- lines ----------------------------------------------------------------------------------

    def hear(self, notice: Notice) -> None:
        """A line of the engine's, or of this terminal's own."""
        if notice.number and (notice.number in self._numbers or notice.number <= self._floor):
            return
        insort(self._lines, notice, key=lambda one: (one.at_ns, one.number))
        if notice.number:
            self._numbers.add(notice.number)
        if len(self._lines) > KEPT:
            oldest = self._lines.pop(0)
            self._numbers.discard(oldest.number)
            self._floor = max(self._floor, oldest.number)
        self._shown = self._missing = None

    @property
    def missing(self) -> int:
        """The newest line of the engine's that is not here; 0 where none is missing."""
        if self._missing is None:
            at = max(self._numbers, default=0)
            while at > self._floor and at in self._numbers:
                at -= 1
            self._missing = at if at > self._floor else 0
        return self._missing

    def ask(self, now_s: float, send: Send) -> None:
        """For a page of what is missing, the newest first, one at a time."""
        number, _, asked_s = self._asked
        if not self.missing or (number and now_s - asked_s < _WAIT_S):
            return
        query_id, after = next_number(), self.missing + 1
        query = Query(query_id, Subject.LOG, limit=MOST_ROWS, after=str(after))
        if send(query):
            self._asked = (query_id, after, now_s)
        else:
            self.error = "no engine to ask for older lines"

    def hear_answer(self, answer: Answer) -> None:
        """Lines from before; where there are none nobody has them."""
        number, after, _ = self._asked
        if not number or answer.query_id != number:
            return
        self._asked, self.error = (0, 0, 0.0), answer.error
        rows = rows_of(answer)
        for row in rows:
            self.hear(_notice(row))
        if answer.error or not answer.more:
            lowest = min((_notice(row).number for row in rows), default=after)
            self._floor = max(self._floor, lowest - 1)
            self._missing = None

    @property
    def shown(self) -> tuple[Notice, ...]:
        """Those that the filters let through."""
        if self._shown is None:
            self._shown = tuple(one for one in self._lines if self._lets(one))
        return self._shown

    def _lets(self, notice: Notice) -> bool:
        return self.level.shows(notice.level) and self.asset in (None, notice.asset)

    @property
    def total(self) -> int:
        return len(self._lines)

    # --- what a person does ---------------------------------------------------------------------

    def relevel(self) -> None:
        self.level = self.level.following
        self._refilter()

    def reasset(self, names: tuple[str, ...]) -> None:
        """All, then the account alone, then each asset."""
        choices = (None, "", *names)
        at = choices.index(self.asset) if self.asset in choices else 0
        self.asset = choices[(at + 1) % len(choices)]
        self._refilter()

    def _refilter(self) -> None:
        self._shown, self.end, self.found = None, None, None

    def move(self, by: int) -> None:
        """So many lines down; at the last one it follows."""
        count = len(self.shown)
        end = (count if self.end is None else self.end) + by
        self.end = None if end >= count else max(1, end)

    def follow(self) -> None:
        self.end, self.found = None, None

    @property
    def behind(self) -> int:
        """Lines below what is shown."""
        return 0 if self.end is None else max(0, len(self.shown) - self.end)

    def find(self, by: int, rows: int) -> bool:
        """The next line that has what is looked for, older where `by` is below 0; whether there is
        one. `rows`: of the screen, in whose middle it comes to stand."""
        words, shown = self.typed.text.lower(), self.shown
        if not words:
            return False
        start = len(shown) if by < 0 else -1
        if self.found is not None and self.found in shown:
            start = shown.index(self.found)
        at = start + by
        while 0 <= at < len(shown):
            if words in shown[at].text.lower():
                self.found = shown[at]
                end = at + 1 + rows // 2
                self.end = None if end >= len(shown) else end
                return True
            at += by
        return False

    def choose(self, at: int) -> bool:
        """One of those that are shown, which then stands where it is; whether it was chosen
        before."""
        shown = self.shown
        if not 0 <= at < len(shown):
            return False
        was, self.found = self.found, shown[at]
        self.end = len(shown) if self.end is None else self.end
        return was is self.found

    def find_newest(self, rows: int) -> bool:
        """The last line that has it."""
        self.found = None
        return self.find(-1, rows)

    def forget(self) -> bool:
        """Nothing is looked for any more; whether something was."""
        had, self.typed.text, self.found = bool(self.typed.text), "", None
        return had

    @property
    def matches(self) -> int:
        """How many lines have what is looked for."""
        words = self.typed.text.lower()
        return sum(words in one.text.lower() for one in self.shown) if words else 0


def _notice(row: Row) -> Notice:
    number, at_ns = row.get("number"), row.get("at_ns")
    return Notice(
        at_ns if isinstance(at_ns, int) else 0,
        str(row.get("level") or ""),
        str(row.get("asset") or ""),
        str(row.get("text") or ""),
        number=number if isinstance(number, int) else 0,
    )
