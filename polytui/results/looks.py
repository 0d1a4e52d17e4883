"""What the market said at certain moments: our fair value beside its mid, and the price of a share
so long after its fill. Read off a desk while it is played, after it has taken an event."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Sequence

import numpy as np
from attrs import define, field

from polytui.desk.desk import Desk
from polytui.market.book import TokenBook
from polytui.model.instrument import Outcome, Round
from polytui.model.units import MICRO, NS_PER_S
from polytui.results.evidence import MARK_SECONDS, Forecasts

NEVER_NS = 2**63 - 1
_LOOKS_A_ROUND = 20
"""At even times between its open and its close, both left out."""
_FRESH_NS = 2 * NS_PER_S
"""A fair value is made anew each second while its round can be priced."""


def mid_of(book: TokenBook) -> int | None:
    """Millionths; None where either side is empty or the book does not add up."""
    if not (book.is_known and book.is_settled):
        return None
    if not 0 < book.best_bid < book.best_ask < MICRO:
        return None
    return (book.best_bid + book.best_ask) // 2


def mid_in(desk: Desk, slug: str, outcome: Outcome) -> int | None:
    market_round = desk.rounds.get(slug)
    return None if market_round is None else mid_of(market_round.book(outcome))


@define
class ForecastLooks:
    """State: when each open round is looked at next, and what was seen so far."""

    _due: list[tuple[int, str]] = field(factory=list)
    _slugs: dict[str, int] = field(factory=dict)
    """Their numbers, in the order of the first look."""
    _numbers: array[int] = field(factory=lambda: array("q"))
    _left_s: array[float] = field(factory=lambda: array("d"))
    _fair: array[float] = field(factory=lambda: array("d"))
    _mid: array[float] = field(factory=lambda: array("d"))
    _missed: int = 0

    @property
    def next_due_ns(self) -> int:
        return self._due[0][0] if self._due else NEVER_NS

    def opened(self, listed: Round, now_ns: int) -> None:
        """It is looked at from now on."""
        self._wait(listed, now_ns)

    def look(self, desk: Desk, now_ns: int) -> None:
        """All that are due. Of several that were missed in one silence only one is made."""
        while self.next_due_ns <= now_ns:
            _, slug = heapq.heappop(self._due)
            market_round = desk.rounds.get(slug)
            if market_round is None or now_ns >= market_round.round.closes_ns:
                continue
            mid, fair = mid_of(market_round.up_book), market_round.fair_up
            if mid is None or fair is None or now_ns - market_round.fair_ns > _FRESH_NS:
                self._missed += 1
            else:
                self._numbers.append(self._slugs.setdefault(slug, len(self._slugs)))
                self._left_s.append((market_round.round.closes_ns - now_ns) / NS_PER_S)
                self._fair.append(fair)
                self._mid.append(mid / MICRO)
            self._wait(market_round.round, now_ns)

    def _wait(self, listed: Round, now_ns: int) -> None:
        every_ns = (listed.closes_ns - listed.opens_ns) // _LOOKS_A_ROUND
        number = max(0, now_ns - listed.opens_ns) // every_ns + 1
        if number < _LOOKS_A_ROUND:
            heapq.heappush(self._due, (listed.opens_ns + number * every_ns, listed.slug))

    def forecasts(self, rounds: dict[str, int]) -> Forecasts:
        """`rounds`: the number of each in the evidence; what is of no such round is left out."""
        numbers = np.array([rounds.get(slug, -1) for slug in self._slugs], dtype=np.int64)
        which = np.array(self._numbers, dtype=np.int64)
        found = numbers[which] if len(which) else which
        kept = found >= 0
        left_s, fair, mid = (np.array(one)[kept] for one in (self._left_s, self._fair, self._mid))
        return Forecasts(found[kept], left_s, fair, mid, self._missed)


@define
class Marks:
    """State: the marks that are due, and those that were made; a fill is named by its number."""

    _due: list[tuple[int, int, int, str, Outcome]] = field(factory=list)
    """(when, fill, which of the marks, round, outcome)."""
    made: dict[int, list[int | None]] = field(factory=dict)

    @property
    def next_due_ns(self) -> int:
        return self._due[0][0] if self._due else NEVER_NS

    def filled(self, fill: int, slug: str, outcome: Outcome, now_ns: int) -> None:
        self.made[fill] = [None] * len(MARK_SECONDS)
        for number, seconds in enumerate(MARK_SECONDS):
            due_ns = now_ns + seconds * NS_PER_S
            heapq.heappush(self._due, (due_ns, fill, number, slug, outcome))

    def look(self, desk: Desk, now_ns: int) -> None:
        while self.next_due_ns <= now_ns:
            _, fill, number, slug, outcome = heapq.heappop(self._due)
            market_round = desk.rounds.get(slug)
            if market_round is not None and now_ns < market_round.round.closes_ns:
                self.made[fill][number] = mid_of(market_round.book(outcome))


def together(found: Sequence[Forecasts]) -> Forecasts:
    """Of several assets, one after the other."""
    if not found:
        return ForecastLooks().forecasts({})
    return Forecasts(
        np.concatenate([one.round for one in found]),
        np.concatenate([one.left_s for one in found]),
        np.concatenate([one.fair_up for one in found]),
        np.concatenate([one.mid_up for one in found]),
        sum(one.missed for one in found),
    )
