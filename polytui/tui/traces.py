"""What a terminal has seen of each round, as curves: one point a step of time, in a bounded ring.

Made of the views that come anyway, so an engine sends not a byte more for it. What was before the
terminal came is filled in from the database (`tui/told_rounds.py`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from attrs import define, field, frozen
from rich.segment import Segment

from polytui.model.curve import CANDLE_INTERVAL, settling_prices
from polytui.model.snapshot import AssetView, RoundView
from polytui.model.units import MICRO, NS_PER_S

POINTS = 600
"""Of one round: more than a screen of 250 columns has dots beside a ladder."""
_LEAST_STEP_NS = NS_PER_S // 2
_KEPT = 48
"""Rounds: sixteen that are open, and the last ones before them."""


@frozen
class TracePoint:
    """A round at one moment; None is what nobody knew."""

    at_ns: int
    price: float | None
    """Of the source that settles it, dollars."""
    consensus: float | None
    """In the same terms, dollars."""
    fair: float | None
    """Our probability of Up."""
    bid: float | None
    ask: float | None
    """Of Up's book, dollars."""
    worths: tuple[tuple[str, float], ...] = ()
    """What Up is worth to each strategy that says so, 0 to 1."""


@frozen
class Mark:
    """A fill of ours."""

    at_ns: int
    outcome: str
    """ "up" or "down"."""
    side: str
    """ "buy" or "sell"."""
    price: float | None
    """A share, dollars; None where only the number of shares was seen to change."""
    shares: float

    @property
    def up_price(self) -> float | None:
        """Where it stands on a scale of Up: a Down share at 0.3 is an Up share at 0.7."""
        return self.price if self.price is None or self.outcome == "up" else 1 - self.price


@define
class Trace:
    """State: the points of one round by their step, its fills, and what it said last."""

    slug: str
    asset: str
    interval: str
    opens_ns: int
    closes_ns: int
    strike: float | None = None
    session: str = ""
    """By which it is asked for; empty for this session and those that it goes on from."""
    window_s: int = 0
    """The last seconds that are averaged; 0 where the rule has no average."""
    observed_s: float = 0.0
    average: float | None = None
    """Of the observed part."""
    marks: tuple[Mark, ...] = ()
    """As they were seen in shares that changed."""
    told_marks: tuple[Mark, ...] = ()
    """As the database has them, up to `told_ns`."""
    told_ns: int = 0
    version: int = 0
    """Another one whenever something changed."""
    _points: dict[int, TracePoint] = field(factory=dict)
    _held: tuple[int, int, int] | None = None

    @property
    def step_ns(self) -> int:
        return max(_LEAST_STEP_NS, -(-(self.closes_ns - self.opens_ns) // POINTS))

    @property
    def points(self) -> list[TracePoint]:
        """The oldest first."""
        return [self._points[at] for at in sorted(self._points)]

    @property
    def fills(self) -> tuple[Mark, ...]:
        """The database's word, and behind it what was seen since."""
        since = (one for one in self.marks if one.at_ns > self.told_ns)
        return (*self.told_marks, *since)

    @property
    def is_whole(self) -> bool:
        """Whether nothing seems to be missing at its beginning."""
        first = min(self._points, default=None)
        return first is not None and first * self.step_ns <= 5 * NS_PER_S

    @property
    def outline(self) -> Hashable:
        """Another one with every step, fill, strike and second of the average: what a chart that is
        seen from afar shows."""
        return len(self._points), len(self.fills), self.strike, int(self.observed_s)

    def see(self, view: AssetView, shown: RoundView) -> None:
        """The round as a view has it."""
        self.strike = shown.strike if shown.strike is not None else self.strike
        if shown.average is not None:
            self.window_s, self.observed_s = shown.average.window_s, shown.average.observed_s
            self.average = shown.average.average
        point = point_of(view, shown)
        if self.opens_ns <= point.at_ns < self.closes_ns:
            self._points[(point.at_ns - self.opens_ns) // self.step_ns] = point
            self._see_shares(shown, point)
        self.version += 1

    def fill_in(self, points: Iterable[TracePoint]) -> None:
        """Points from elsewhere, where nothing was seen."""
        for point in points:
            if self.opens_ns <= point.at_ns < self.closes_ns:
                self._points.setdefault((point.at_ns - self.opens_ns) // self.step_ns, point)
        self.version += 1

    def tell(self, marks: tuple[Mark, ...], until_ns: int) -> None:
        """Fills as they are kept, all of them up to a time."""
        if (marks, until_ns) != (self.told_marks, self.told_ns):
            self.told_marks, self.told_ns = marks, until_ns
            self.version += 1

    def _see_shares(self, shown: RoundView, point: TracePoint) -> None:
        now = (shown.up_shares, shown.down_shares, shown.cost)
        before, self._held = self._held, now
        if before is None or before[:2] == now[:2]:
            return
        up, down, cost = (new - old for new, old in zip(now, before, strict=True))
        if up == down < 0:
            return  # pairs became dollars
        for outcome, shares in (("up", up), ("down", down)):
            if shares:
                is_alone = shares > 0 and not (up and down)
                price = cost / shares if is_alone and 0 < cost < shares else None
                side = "buy" if shares > 0 else "sell"
                mark = Mark(point.at_ns, outcome, side, price, abs(shares) / MICRO)
                self.marks = (*self.marks, mark)


def point_of(view: AssetView, shown: RoundView) -> TracePoint:
    price, consensus = settling_prices(view.consensus, shown.interval)
    book = shown.book
    bid = book.bids[0][0] / MICRO if book is not None and book.bids else None
    ask = book.asks[0][0] / MICRO if book is not None and book.asks else None
    told = ((one.strategy, one.worth_up) for one in shown.signals)
    worths = tuple([(name, worth) for name, worth in told if worth is not None])
    return TracePoint(view.at_ns, price, consensus, shown.fair_up, bid, ask, worths)


def source_of(interval: str) -> str:
    """Whose price it is, in words."""
    return "Binance" if interval == CANDLE_INTERVAL else "Chainlink"


@define
class Traces:
    """State: rounds that were seen, the one seen last at the end; and their charts as cards drew
    them: four of them ten times a second would be a fifth of a core."""

    drawn: dict[str, tuple[Hashable, list[list[Segment]]]] = field(factory=dict)
    """By the round's slug; what it was drawn of, and the lines."""
    _by_slug: dict[str, Trace] = field(factory=dict)

    def see(self, view: AssetView) -> None:
        for shown in view.rounds:
            if view.at_ns >= shown.opens_ns:
                self.of_round(view.asset, shown).see(view, shown)
        while len(self._by_slug) > _KEPT:
            gone = next(iter(self._by_slug))
            del self._by_slug[gone]
            self.drawn.pop(gone, None)

    def of_round(self, asset: str, shown: RoundView) -> Trace:
        trace = self._by_slug.pop(shown.slug, None)
        if trace is None:
            trace = Trace(shown.slug, asset, shown.interval, shown.opens_ns, shown.closes_ns)
        self._by_slug[shown.slug] = trace
        return trace

    def forget(self) -> None:
        """What was seen is of another moment."""
        self._by_slug.clear()
        self.drawn.clear()

    def named(self, slug: str) -> Trace | None:
        return self._by_slug.get(slug)
