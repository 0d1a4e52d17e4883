"""Books of a market that nobody recorded: what somebody would quote who saw the price as it is.

The mid is the probability that Up wins for a price without drift, as volatile as its last half hour
was. Spread and sizes are those of recorded rounds at their median: a cent or two, 320 shares at the
best price, 2,400 in the five best. It sees the price at once, before the settlement price is heard
here. A profit against it says that two models differ, and nothing about the venue.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence

from attrs import define, field

from polytui.backtest.moments import Moment
from polytui.backtest.sources.book_file import whole_book
from polytui.backtest.sources.candle_file import heard_at_once
from polytui.backtest.sources.recording import PricePath
from polytui.market.fair_value import forecast_ahead, forecast_inside
from polytui.model.events import Event, Level, Ticked
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares

AHEAD_NS = 60 * NS_PER_S
"""Books are there so long before a round opens."""
_SEEN_NS = 100 * NS_PER_MS
"""From a price to the book that follows from it."""
_STEP_S = 60
_SECONDS = _STEP_S + 1
"""Prices that a step needs: both ends count."""
_KEPT = 0.5 ** (_STEP_S / 1_800)
_LONGEST_HOLE_NS = 60 * NS_PER_S
_CENT = 10_000
_SIZES = tuple(Shares(size * MICRO) for size in (320, 480, 530, 530, 540))
_SUREST = 0.985
"""Nobody quotes beyond a cent from certainty."""


@define
class _Open:
    """A round while books of it are made."""

    listed: Round
    strike: float | None = None


@define
class ModelledMarket:
    """State: the rounds of one coin to come, those that have books now, and what the price did."""

    asset: Asset
    rounds: Sequence[Round]
    """By their opening."""
    _next: int = 0
    _open: list[_Open] = field(factory=list)
    _recent: deque[tuple[int, float]] = field(factory=lambda: deque(maxlen=_SECONDS))
    _variance: float = 0.0
    """Of the log price over a second."""

    def moments(self, path: PricePath) -> Iterator[Moment]:
        """Books of each second."""
        for second_ns, price in self._followed(path):
            for one in self._open:
                at_ns = second_ns + _SEEN_NS
                yield Moment(at_ns, self.asset, self._quoted(one, second_ns, price))

    def steps(self, path: PricePath, step_s: int) -> Iterator[Moment]:
        """Each `step_s` seconds one batch of all that is heard: the price, the books, the clock.
        Decided once, and with nothing that is older than the rest."""
        step_ns = step_s * NS_PER_S
        for second_ns, price in self._followed(path):
            if second_ns % step_ns:
                continue
            at_ns = second_ns + _SEEN_NS
            books = [book for one in self._open for book in self._quoted(one, second_ns, price)]
            heard = heard_at_once(self.asset, price, second_ns, at_ns)
            yield Moment(at_ns, self.asset, (*heard, *books, Ticked(at_ns)))

    def _followed(self, path: PricePath) -> PricePath:
        """The same, once it was taken in and rounds have begun and ended."""
        before_ns = 0
        for second_ns, price in path:
            if second_ns - before_ns > _LONGEST_HOLE_NS:
                self._recent.clear()
            before_ns = second_ns
            self._note(second_ns, price)
            self._begin(second_ns)
            yield second_ns, price

    def _note(self, second_ns: int, price: float) -> None:
        """Steps of a minute, each second one that ends there."""
        recent = self._recent
        recent.append((second_ns, price))
        since_ns, since = recent[0]
        if len(recent) < _SECONDS or second_ns // NS_PER_S % _STEP_S:
            return
        step = math.log(price / since) ** 2 / ((second_ns - since_ns) / NS_PER_S)
        kept = _KEPT if self._variance else 0.0
        self._variance = kept * self._variance + (1.0 - kept) * step

    def _begin(self, second_ns: int) -> None:
        while self._next < len(self.rounds):
            listed = self.rounds[self._next]
            if listed.opens_ns - AHEAD_NS > second_ns:
                break
            self._open.append(_Open(listed))
            self._next += 1
        self._open = [one for one in self._open if second_ns < one.listed.closes_ns]

    def _quoted(self, one: _Open, second_ns: int, price: float) -> tuple[Event, ...]:
        listed = one.listed
        if one.strike is None and second_ns >= listed.opens_ns:
            one.strike = self._average(listed.opens_ns, listed.window_s, price)
        fair = 0.5 if one.strike is None else self._fair(listed, one.strike, second_ns, price)
        at_ns = second_ns + _SEEN_NS
        return whole_book(listed, Outcome.UP, _sides(fair), at_ns, at_ns)

    def _fair(self, listed: Round, strike: float, second_ns: int, price: float) -> float:
        left_s = (listed.closes_ns - second_ns) / NS_PER_S
        sigma, window_s = price * math.sqrt(self._variance), listed.window_s
        if left_s >= window_s:
            return forecast_ahead(price, sigma, left_s, window_s).probability_up(strike)
        told_s = window_s - left_s
        area = told_s * self._average(second_ns, told_s, price)
        return forecast_inside(price, sigma, left_s, window_s, area).probability_up(strike)

    def _average(self, at_ns: int, window_s: float, price: float) -> float:
        """Over (at - window, at]; the price itself where there is no window."""
        since_ns = at_ns - window_s * NS_PER_S
        within = [value for second_ns, value in self._recent if since_ns < second_ns <= at_ns]
        return sum(within) / len(within) if window_s and within else price


def _sides(fair: float) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Bids and asks, worst first: half a cent and more from what a share is worth."""
    kept = min(_SUREST, max(1.0 - _SUREST, fair))
    bid = math.floor((kept - 0.005) * 100.0 + 1e-9) * _CENT
    ask = math.ceil((kept + 0.005) * 100.0 - 1e-9) * _CENT
    bids = [(Price(bid - step * _CENT), size) for step, size in enumerate(_SIZES)]
    asks = [(Price(ask + step * _CENT), size) for step, size in enumerate(_SIZES)]
    return (
        tuple(level for level in reversed(bids) if level[0] > 0),
        tuple(level for level in reversed(asks) if level[0] < MICRO),
    )
