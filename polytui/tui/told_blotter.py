"""What a person looks at in the blotter: which trades, in which order, from which row on.

The rows of one window are known at a time; sorting and finding are of all there are, by the
database.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from attrs import define, field
from msgspec.structs import replace

from polytui.model.query import EVERY_SESSION, MOST_ROWS, Answer, Query, Subject
from polytui.model.trade_words import BadWords, trade_words
from polytui.model.units import NS_PER_S
from polytui.tui.chosen_row import ChosenRow
from polytui.tui.past import Row, Send
from polytui.tui.standing import StandingQuestions
from polytui.tui.typed_line import TypedLine

ROWS, ALL = "rows", "all"
"""Names of its questions."""
NEWEST = "-time"
_AHEAD = 60
"""Rows above those on the screen that are known as well."""
_DAY_NS = 86_400 * NS_PER_S


class TradeScope(Enum):
    """Of which trades."""

    SESSION = "session"
    """Of this one and those that it goes on from;"""
    DAY = "day"
    """of them since midnight UTC of session time;"""
    DATABASE = "database"
    """of all sessions in the database, whatever their modes."""

    @property
    def following(self) -> TradeScope:
        scopes = list(TradeScope)
        return scopes[(scopes.index(self) + 1) % len(scopes)]

    def asked(self, query: Query, session_ns: int) -> Query:
        """The same question of this scope."""
        session = EVERY_SESSION if self is TradeScope.DATABASE else ""
        since_ns = session_ns // _DAY_NS * _DAY_NS if self is TradeScope.DAY else 0
        return replace(query, session=session, since_ns=since_ns)


@define
class ToldBlotter(ChosenRow):
    """State: scope, order, filter, the chosen row, and what was answered."""

    KEY = ("root", "slug", "strategy", "number")

    asking: StandingQuestions = field(factory=StandingQuestions)
    scope: TradeScope = TradeScope.SESSION
    sort: str = NEWEST
    typed: TypedLine = field(factory=TypedLine)
    _words: str = ""
    """The last that could be looked for."""
    _wanted: Query | None = None
    """What is asked now, from its first row on."""

    # --- what is known --------------------------------------------------------------------------

    @property
    def fault(self) -> str:
        """What is wrong with the words; empty where nothing is."""
        try:
            trade_words(self.typed.text)
        except BadWords as error:
            return str(error)
        return ""

    @property
    def words(self) -> str:
        """As typed, also before anything was asked by them; the last that find where they do not.
        Whoever writes a file does not wait for the next frame."""
        return self._words if self.fault else self.typed.text.strip()

    @property
    def sums(self) -> Row | None:
        """Of all that the words find; None where nothing is known, or nothing was found."""
        known = self.asking.known(ALL)
        return None if known is None or not known.rows else known.rows[0]

    @property
    def count(self) -> int:
        """How many there are, as far as it is known."""
        said = (self.sums or {}).get("trades")
        reached = self._skip + len(self.window) if self.window else 0
        return max(said if isinstance(said, int) else 0, reached)

    @property
    def window(self) -> tuple[Row, ...]:
        """The rows that are known."""
        known = self.asking.known(ROWS)
        return known.rows if known is not None else ()

    @property
    def _skip(self) -> int:
        told = self.asking.told.get(ROWS)
        return told.query.skip if told is not None else 0

    def row(self, at: int) -> Row | None:
        """One of them; None where it is not known."""
        place = at - self._skip
        return self.window[place] if 0 <= place < len(self.window) else None

    @property
    def chosen(self) -> Row | None:
        return self.row(self.at)

    @property
    def is_current(self) -> bool:
        """Whether the rows that are known are those that are asked for, whichever part of them."""
        told = self.asking.told.get(ROWS)
        return told is not None and replace(told.query, skip=0) == self._wanted

    # --- asking ---------------------------------------------------------------------------------

    def ask(self, session_ns: int, now_s: float, send: Send) -> None:
        """What the screen needs, where that is due."""
        if not self.fault:
            self._words = self.typed.text.strip()
        rows = Query(0, Subject.BLOTTER, limit=MOST_ROWS, words=self._words, sort=self.sort)
        self._wanted = self.scope.asked(rows, session_ns)
        all_of_it = self.scope.asked(Query(0, Subject.SUMS, words=self._words), session_ns)
        window = replace(self._wanted, skip=self._from())
        self.asking.ask({ROWS: window, ALL: all_of_it}, now_s, send)

    def _from(self) -> int:
        """Where the window begins: as it is, while the screen is well within it."""
        begins, has_rows = self._skip, bool(self.window)
        ends = begins + MOST_ROWS
        is_within = begins <= self.top and self.top + self.height <= ends
        return begins if is_within and has_rows and self.is_current else max(0, self.top - _AHEAD)

    def hear(self, answer: Answer, now_s: float) -> None:
        before = self.asking.told.get(ROWS)
        self.asking.hear(answer, now_s)
        if self.asking.told.get(ROWS) is not before and self.at and self.is_current:
            self._stay(self.window, self._skip)

    # --- what a person does ---------------------------------------------------------------------

    def rescope(self) -> None:
        self.scope = self.scope.following
        self._to_the_first()

    def resort(self, names: Sequence[str], by: int) -> None:
        """The next of these columns, or the one before; the way that is looked for first: the
        largest number, the first name."""
        bare = self.sort.removeprefix("-")
        at = names.index(bare) if bare in names else -1
        self.sort_by(names[(at + by) % len(names)] if names else bare)

    def sort_by(self, name: str) -> None:
        self.sort = name if name in _NAMES else f"-{name}"
        self._to_the_first()

    def reverse(self) -> None:
        self.sort = self.sort[1:] if self.sort.startswith("-") else f"-{self.sort}"
        self._to_the_first()

    def type(self, key: str, character: str | None) -> None:
        """A key of whoever writes the filter."""
        before = self.typed.text
        self.typed.press(key, character)
        if self.typed.text != before:
            self._to_the_first()

    def clear(self) -> bool:
        """No filter; whether there was one."""
        had = bool(self.typed.text)
        self.typed.text = ""
        if had:
            self._to_the_first()
        return had


_NAMES = ("asset", "strategy", "side", "way out", "session")
"""Columns of words: they begin with the first letter."""
