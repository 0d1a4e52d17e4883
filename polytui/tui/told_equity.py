"""What a person looks at on the page of equity: one account's curve, and what trades come to by
what they have in common."""

from __future__ import annotations

from attrs import define, field

from polytui.model.query import MOST_ROWS, Query, Subject
from polytui.tui.past import Row, Send
from polytui.tui.standing import StandingQuestions
from polytui.tui.told_blotter import TradeScope

CURVE, ALL, RELIABLE = "curve", "all", "reliability"
SLICED = ("strategy", "interval", "minutes left", "way out", "hour")
"""What trades are told apart by, in the order of the page."""
_AGAIN_S = 4.0


@define
class ToldEquity:
    """State: scope, and what was answered."""

    asking: StandingQuestions = field(factory=lambda: StandingQuestions(_AGAIN_S))
    scope: TradeScope = TradeScope.SESSION

    @property
    def names(self) -> tuple[str, ...]:
        """Of all questions of this scope: the accounts of a whole database are no one curve."""
        curve = () if self.scope is TradeScope.DATABASE else (CURVE,)
        return (*curve, ALL, *SLICED, RELIABLE)

    def ask(self, session_ns: int, now_s: float, send: Send) -> None:
        asked = {
            CURVE: Query(0, Subject.EQUITY_CURVE, limit=MOST_ROWS),
            ALL: Query(0, Subject.SUMS),
            **{by: Query(0, Subject.SUMS, by=by, limit=MOST_ROWS) for by in SLICED},
            RELIABLE: Query(0, Subject.RELIABILITY),
        }
        wanted = {name: self.scope.asked(asked[name], session_ns) for name in self.names}
        self.asking.ask(wanted, now_s, send)

    def rows(self, name: str) -> tuple[Row, ...]:
        """Of the last answer; those of another scope are none of it."""
        known = self.asking.known(name) if name in self.names else None
        return known.rows if known is not None else ()

    def rescope(self) -> None:
        self.scope = self.scope.following
        self.asking.forget()
