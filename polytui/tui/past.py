"""What a terminal has asked of the past, and what it was told."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from attrs import define, evolve, field, frozen

from polytui.model.query import Answer, Cell, Query, Subject

ASKED = (Subject.DAYS, Subject.TRADES, Subject.WHY)
"""What the page of trades is made of."""
_ASK_EVERY_S = 2.0
_WAIT_S = 15.0
"""For an answer: an engine that has not given one by then is asked again."""
_ROWS = 100

Row = dict[str, Cell]
"""By the names of columns."""
Send = Callable[[Query], bool]
"""False where nobody hears it."""
_numbers = count(1)


def next_number() -> int:
    """Of a question, whoever asks. None comes twice: an answer is taken only by who asked for it,
    and by nobody once that was forgotten."""
    return next(_numbers)


def rows_of(answer: Answer) -> list[Row]:
    return [dict(zip(answer.columns, row, strict=False)) for row in answer.rows]


@frozen
class Known:
    """The last answer to one question."""

    at_s: float
    """When it came, by the app's clock."""
    rows: tuple[Row, ...] = ()
    as_of_ns: int = 0
    """Session time up to which the journal is in it."""
    error: str = ""
    """Of this answer, or of a later one that said nothing else."""
    has_more: bool = False

    @classmethod
    def of(cls, answer: Answer, now_s: float) -> Known:
        rows = tuple(rows_of(answer))
        return cls(now_s, rows, answer.as_of_ns, answer.error, has_more=bool(answer.more))


@define
class Past:
    """State: the questions on their way, the last answers, and of which day they are."""

    day_ns: int = 0
    """Midnight UTC of session time; 0 before anything was asked."""
    told: dict[Subject, Known] = field(factory=dict)
    unsent: str = ""
    """Why nobody was asked."""
    _waiting: dict[int, Subject] = field(factory=dict)
    _asked_s: float = -_WAIT_S

    def ask(self, day_ns: int, now_s: float, send: Send) -> None:
        """Ask for everything of this day, where that is due."""
        waited_s = now_s - self._asked_s
        if day_ns == self.day_ns and waited_s < (_WAIT_S if self._waiting else _ASK_EVERY_S):
            return
        if day_ns != self.day_ns:
            self.day_ns, self.told = day_ns, {}
        self._asked_s, self._waiting = now_s, {}
        self.unsent = ""
        for subject in ASKED:
            number = next_number()
            if not send(Query(number, subject, since_ns=day_ns, limit=_ROWS)):
                self.unsent = "no engine to ask"
                return
            self._waiting[number] = subject

    def forget(self) -> None:
        """What was told is of another moment."""
        self.told, self._waiting = {}, {}
        self.hurry()

    def hurry(self) -> None:
        """What is known is old: the next time is now."""
        self._asked_s = -_WAIT_S

    def hear(self, answer: Answer, now_s: float) -> None:
        """Take an answer; one that nobody waits for any more is let go."""
        subject = self._waiting.pop(answer.query_id, None)
        if subject is None:
            return
        before = self.told.get(subject)
        if answer.error and before is not None and before.rows:
            # What was known stays beside what is wrong now, and gets older.
            self.told[subject] = evolve(before, error=answer.error)
            return
        self.told[subject] = Known.of(answer, now_s)
