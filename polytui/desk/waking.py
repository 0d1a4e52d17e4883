"""What wakes those that quote, where no desk would decide: a price that ran, a fill grown old.

A desk decides after every batch in which something changed that a decision looks at (`Desk.step`).
An exchange's trade is not among that: it moves no consensus. A quote set may say that it is, from
so many bps on, and that it wants to know what its fills came to. Nothing is kept or looked at while
nobody says so.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from polytui.desk.rounds import DeskRounds
from polytui.ledger.shadow import NEVER_NS
from polytui.market.book import NO_ASK, NO_BID
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.strategy.proposal import Wake

_BPS = 10_000.0
Seat = tuple[str, str]
"""A round and a strategy."""


class _Fill(NamedTuple):
    """One that is not old enough yet."""

    due_ns: int
    seat: Seat
    outcome: Outcome
    side: Side
    price: int


class Waking:
    """State: what each quote set asked for, the prices heard when it was made, and its fills."""

    def __init__(self) -> None:
        self.next_due_ns = NEVER_NS
        """When the first of the fills is old enough."""
        self._wakes: dict[Seat, Wake] = {}
        self._heard: dict[str, float] = {}
        """By exchange, the last price."""
        self._since: dict[str, dict[str, float]] = {}
        """The same by round, when it was decided last."""
        self._least_of: dict[str, float] = {}
        """By round, the smallest move in bps that anybody in it asked for."""
        self.least_bps = 0.0
        """The smallest move that anybody asked for; 0 where nobody did."""
        self._fills: deque[_Fill] = deque()
        self._markouts: dict[Seat, float] = {}

    # --- what is asked for ----------------------------------------------------------------------

    def declare(self, slug: str, strategy: str, wake: Wake) -> None:
        """A set was made, and replaces the one before it."""
        seat = (slug, strategy)
        if self._wakes.get(seat) != wake:
            self._wakes[seat] = wake
            self._look_at_moves()

    def withdraw(self, slug: str) -> None:
        """Nobody quotes in this round for now. What was filled still grows old."""
        for seat, wake in self._wakes.items():
            if seat[0] == slug and wake.move_bps:
                self._wakes[seat] = Wake(markout_s=wake.markout_s)
                self._look_at_moves()

    def forget(self, slug: str) -> None:
        """The round has ended."""
        for seat in [seat for seat in self._wakes if seat[0] == slug]:
            del self._wakes[seat]
            self._markouts.pop(seat, None)
        self._fills = deque([fill for fill in self._fills if fill.seat[0] != slug])
        self._look_at_moves()
        self._look_at_fills()

    def _look_at_moves(self) -> None:
        self._least_of.clear()
        for (slug, _), wake in self._wakes.items():
            if wake.move_bps > 0.0:
                least_bps = self._least_of.get(slug, wake.move_bps)
                self._least_of[slug] = min(least_bps, wake.move_bps)
        self.least_bps = min(self._least_of.values(), default=0.0)
        self._since = {slug: self._since.get(slug, {}) for slug in self._least_of}
        if not self._least_of:
            self._heard.clear()

    # --- what happens ---------------------------------------------------------------------------

    def heard(self, exchange: str, price: float) -> bool:
        """Whether this price is a reason to decide; not asked where nobody minds moves."""
        self._heard[exchange] = price
        has_run = False
        for slug, least_bps in self._least_of.items():
            before = self._since[slug].setdefault(exchange, price)
            has_run = has_run or abs(price - before) * _BPS >= before * least_bps
        return has_run

    def looked(self, slug: str) -> None:
        """A round was decided: from here a move is measured anew for those who quote in it."""
        if slug in self._least_of:
            self._since[slug].update(self._heard)

    def filled(self, order: Order, price: int, now_ns: int) -> None:
        """A rung traded."""
        seat = (order.slug, order.strategy)
        wake = self._wakes.get(seat)
        if wake is None or wake.markout_s <= 0.0:
            return
        due_ns = now_ns + int(wake.markout_s * NS_PER_S)
        self._fills.append(_Fill(due_ns, seat, order.outcome, order.side, price))
        self._look_at_fills()

    def grown_old(self, now_ns: int, rounds: DeskRounds) -> bool:
        """Whether something is known now of a fill that is old enough. While its book is not known
        it waits."""
        known = [fill for fill in self._fills if fill.due_ns <= now_ns and self._mark(fill, rounds)]
        if known:
            self._fills = deque([fill for fill in self._fills if fill not in known])
            self._look_at_fills()
        return bool(known)

    def _mark(self, fill: _Fill, rounds: DeskRounds) -> bool:
        market_round = rounds.get(fill.seat[0])
        book = None if market_round is None else market_round.book(fill.outcome)
        if book is None or not book.is_settled:
            return False
        if not NO_BID < book.best_bid < book.best_ask < NO_ASK:
            return False
        mid = (book.best_bid + book.best_ask) / 2
        moved = (mid - fill.price) / MICRO * _BPS
        self._markouts[fill.seat] = moved if fill.side is Side.BUY else -moved
        return True

    def _look_at_fills(self) -> None:
        self.next_due_ns = min([fill.due_ns for fill in self._fills], default=NEVER_NS)

    # --- what is so -----------------------------------------------------------------------------

    def markout_bps(self, slug: str, strategy: str) -> float | None:
        return self._markouts.get((slug, strategy))

    def state(self) -> tuple[object, ...]:
        return (
            sorted((*seat, wake.move_bps, wake.markout_s) for seat, wake in self._wakes.items()),
            sorted(self._heard.items()),
            sorted((slug, sorted(since.items())) for slug, since in self._since.items()),
            [(*fill.seat, fill.due_ns, fill.outcome.value, fill.price) for fill in self._fills],
            sorted((*seat, bps) for seat, bps in self._markouts.items()),
        )
