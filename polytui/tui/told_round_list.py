"""Rounds as a person goes through them: the newest first, as far back as somebody scrolls, and of
the chosen one why nobody entered."""

from __future__ import annotations

from attrs import define, field
from msgspec.structs import replace

from polytui.model.query import MOST_ROWS, Answer, Query, Subject
from polytui.tui.chosen_row import ChosenRow
from polytui.tui.past import Row, Send
from polytui.tui.standing import StandingQuestions

NEWEST, OLDER, WHY = "newest", "older", "why"
"""Names of its questions."""
_KEPT = 5_000


@define
class ToldRoundList(ChosenRow):
    """State: the rounds that are known, filters, the chosen one, and what was answered."""

    KEY = ("root", "slug")

    asking: StandingQuestions = field(factory=StandingQuestions)
    asset: str = ""
    interval: str = ""
    is_whole: bool = False
    """Whether there is none before the last one that is known."""
    _rows: dict[tuple[object, ...], Row] = field(factory=dict)
    _ordered: tuple[Row, ...] = ()
    _session_ns: int = 0

    @property
    def rows(self) -> tuple[Row, ...]:
        """The newest first."""
        return self._ordered

    @property
    def count(self) -> int:
        return len(self._ordered)

    @property
    def chosen(self) -> Row | None:
        return self._ordered[self.at] if self.at < len(self._ordered) else None

    @property
    def whys(self) -> tuple[Row, ...] | None:
        """What kept strategies out of the chosen round; None before it is known."""
        query, known = self._why(), self.asking.known(WHY)
        is_of_it = query is not None and self.asking.answers(WHY, query)
        return known.rows if known is not None and is_of_it and not known.error else None

    # --- asking ---------------------------------------------------------------------------------

    def ask(self, session_ns: int, now_s: float, send: Send) -> None:
        """The newest rounds again and again, older ones where the screen comes near their end."""
        self._session_ns = session_ns
        newest = Query(
            0, Subject.ROUND_LIST, asset=self.asset, interval=self.interval, limit=MOST_ROWS
        )
        wanted = {NEWEST: newest}
        is_near = self.top + 2 * self.height >= len(self._ordered)
        if self._ordered and is_near and not self.is_whole and len(self._ordered) < _KEPT:
            until_ns = self._ordered[-1].get("opens_ns")
            if isinstance(until_ns, int):
                wanted[OLDER] = replace(newest, until_ns=until_ns + 1)
        if (why := self._why()) is not None:
            wanted[WHY] = why
        self.asking.ask(wanted, now_s, send)

    def _why(self) -> Query | None:
        row = self.chosen
        return None if row is None else Query(0, Subject.WHY, slug=str(row.get("slug")), limit=50)

    def hear(self, answer: Answer, now_s: float) -> None:
        before = {name: self.asking.told.get(name) for name in (NEWEST, OLDER)}
        self.asking.hear(answer, now_s)
        for name, known in before.items():
            told = self.asking.told.get(name)
            if told is not None and told is not known and not told.known.error:
                self._put(told.known.rows)
                is_last = not told.known.has_more
                self.is_whole |= is_last and (name == OLDER or len(self._rows) <= MOST_ROWS)

    def _put(self, rows: tuple[Row, ...]) -> None:
        for row in rows:
            self._rows[self._key_of(row)] = row
        ordered = sorted(self._rows.values(), key=_order)
        is_first = not self._ordered
        self._ordered = tuple(ordered)
        if is_first:
            self.at = next((at for at, row in enumerate(ordered) if self._has_opened(row)), 0)
        self._stay(ordered)

    # --- what a person does ---------------------------------------------------------------------

    def reasset(self, names: tuple[str, ...]) -> None:
        self.asset = _next(self.asset, names)
        self._begin_anew()

    def reinterval(self, names: tuple[str, ...]) -> None:
        self.interval = _next(self.interval, names)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._to_the_first()
        self._rows.clear()
        self._ordered, self.is_whole = (), False
        self.asking.forget()

    def _has_opened(self, row: Row) -> bool:
        opens_ns = row.get("opens_ns")
        return isinstance(opens_ns, int) and opens_ns <= self._session_ns


def _order(row: Row) -> tuple[int, int, str]:
    """The one that opens last first; of those of a moment the shortest, as the board has them."""
    opens_ns, closes_ns = (
        cell if isinstance(cell, int) else 0 for cell in (row.get("opens_ns"), row.get("closes_ns"))
    )
    return -opens_ns, closes_ns, str(row.get("asset"))


def _next(name: str, names: tuple[str, ...]) -> str:
    """All, then one after the other."""
    choices = ("", *names)
    return choices[(choices.index(name) + 1) % len(choices)] if name in choices else ""
