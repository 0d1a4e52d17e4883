"""The forecast watches itself: what was foreseen of the settlement price against what came, and
what was said of rounds against who won.

Per horizon h, every h seconds, a forecast is made of Chainlink's price h later, as for
a round that settles on a spot: mean and sigma by `market/fair_value.py`, the volatility in
force. When that second comes, z = (price - mean) / sigma. The root of the mean of z^2, faded
with a half-life, is the sd: 1 where the forecast knows its own ignorance, above it where it is too
sure. It is taken about 0, so that a mean which is off shows as well; a |z| above 6 counts as 6,
for one broken print says nothing of an evening. Forecasts of one horizon never overlap.

Of every round what was said of Up so long before its close (`MARKS_S`) is kept until it is settled,
then counted: Brier's score, the mean of (said - came)^2 (Brier 1950), and in tenths of what was
said, how often it came.

Where the sd of the horizon nearest to the time left is outside its bounds over enough samples the
forecast does not fit: confidence is divided by how far outside it is.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from attrs import define, evolve, field
from msgspec import Struct

from polytui.config.schema import WatchSettings
from polytui.model.events import ForecastLeft
from polytui.model.units import NS_PER_S

HORIZONS_S = (10, 30, 60, 120, 300)
MARKS_S = (240, 120, 60, 30, 10)
BINS = 10
_MOST_Z = 6.0
_LATE_NS = NS_PER_S
"""A forecast whose second never came is judged by the next one, or not at all."""
_LATE_MARK_S = 5.0
_MOST_ROUNDS = 64
_MOST_SUM = 1e9


class Foreseen(Struct, frozen=True, gc=False):
    """What is known of the settlement price to come, in dollars."""

    as_of_ns: int
    """The second that the price speaks of."""
    price: float
    sigma_per_sqrt_s: float
    error: float
    """Sigma of the price itself."""

    def z(self, value: float, at_ns: int) -> float:
        """How many sigmas from it the price was at a later second."""
        ahead_s = max(0.0, (at_ns - self.as_of_ns) / NS_PER_S)
        sigma = math.hypot(self.sigma_per_sqrt_s * math.sqrt(ahead_s), self.error)
        return (value - self.price) / sigma if sigma > 0.0 else 0.0


class Misfit(Struct, frozen=True):
    """A forecast that is too sure of itself, or not sure enough."""

    sd: float
    bound: float
    horizon_s: int

    @property
    def excess(self) -> float:
        """How many times it is outside; above 1."""
        return max(self.sd / self.bound, self.bound / self.sd)


@define
class _Horizon:
    """State of one horizon: forecasts that wait for their second, and the faded sums."""

    next_ns: int = 0
    """When the next forecast is made."""
    waiting: deque[tuple[int, Foreseen]] = field(factory=deque)
    last_ns: int = 0
    weight: float = 0.0
    squares: float = 0.0

    def is_due(self, at_ns: int, horizon_s: int) -> bool:
        """Its last forecast is old enough, or of a clock that was set back since."""
        return not self.next_ns - horizon_s * NS_PER_S <= at_ns < self.next_ns

    def wait_for(self, due_ns: int, foreseen: Foreseen) -> None:
        """In the order of their seconds: what was made for a later one is of another clock."""
        while self.waiting and self.waiting[-1][0] > due_ns:
            self.waiting.pop()
        self.waiting.append((due_ns, foreseen))

    def add(self, z: float, at_ns: int, half_life_s: float) -> None:
        keep = _kept(at_ns - self.last_ns if self.last_ns else 0, half_life_s)
        held = min(_MOST_Z, abs(z))
        self.weight = self.weight * keep + 1.0
        self.squares = self.squares * keep + held * held
        self.last_ns = at_ns

    @property
    def sd(self) -> float:
        return math.sqrt(self.squares / self.weight) if self.weight else 1.0


@define
class _Mark:
    """What was said so long before the close against who won: faded sums, in all and by tenths of
    what was said."""

    last_ns: int = 0
    squares: float = 0.0
    counts: list[float] = field(factory=lambda: [0.0] * BINS)
    said: list[float] = field(factory=lambda: [0.0] * BINS)
    came: list[float] = field(factory=lambda: [0.0] * BINS)

    def add(self, said: float, is_up: bool, at_ns: int, half_life_s: float) -> None:
        keep = _kept(at_ns - self.last_ns if self.last_ns else 0, half_life_s)
        came = 1.0 if is_up else 0.0
        for sums in (self.counts, self.said, self.came):
            sums[:] = [one * keep for one in sums]
        tenth = min(BINS - 1, int(said * BINS))
        self.counts[tenth] += 1.0
        self.said[tenth] += said
        self.came[tenth] += came
        self.squares = self.squares * keep + (said - came) ** 2
        self.last_ns = at_ns

    @property
    def count(self) -> float:
        return sum(self.counts)


class HorizonFit(Struct, frozen=True):
    """One horizon for those who show it."""

    horizon_s: int
    samples: float
    sd: float

    def is_off(self, settings: WatchSettings) -> bool:
        """Outside the bounds, over enough samples."""
        is_inside = settings.least_sd <= self.sd <= settings.most_sd
        return self.samples >= settings.least_samples and not is_inside


class Reliability(Struct, frozen=True):
    """One mark for those who show it; bins hold (count, mean said, mean came)."""

    left_s: int
    rounds: float
    brier: float
    bins: tuple[tuple[float, float, float], ...]

    @property
    def sure(self) -> tuple[float, float, float]:
        """The same three of the side that was given 0.9 or more, whichever it was."""
        (low, low_said, low_came), (high, high_said, high_came) = self.bins[0], self.bins[-1]
        count = low + high
        if not count:
            return (0.0, 0.0, 0.0)
        said = (low * (1.0 - low_said) + high * high_said) / count
        came = (low * (1.0 - low_came) + high * high_came) / count
        return (count, said, came)


class ForecastWatch:
    """State: horizons, marks, and what was said of rounds that are not settled. Of one asset; it
    outlives a desk, and by what it leaves behind a session."""

    def __init__(self) -> None:
        self._horizons = {horizon_s: _Horizon() for horizon_s in HORIZONS_S}
        self._marks = {left_s: _Mark() for left_s in MARKS_S}
        self._said: dict[str, dict[int, float]] = {}
        self._left = ForecastLeft("")
        self._named: ForecastLeft | None = None
        """The same with the asset's name, as it was asked for last."""

    # --- the price ------------------------------------------------------------------------------

    def came(self, value: float, at_ns: int, settings: WatchSettings) -> None:
        """Chainlink said a new second: forecasts of it are judged."""
        for horizon_s, one in self._horizons.items():
            while one.waiting and one.waiting[0][0] <= at_ns:
                due_ns, foreseen = one.waiting.popleft()
                if at_ns - due_ns <= _LATE_NS:
                    one.add(foreseen.z(value, at_ns), at_ns, settings.half_life_s)
                    if horizon_s == HORIZONS_S[-1]:
                        self._leave()

    def is_due(self, at_ns: int) -> bool:
        """Whether a horizon waits for a forecast."""
        return any(one.is_due(at_ns, s) for s, one in self._horizons.items())

    def foresee(self, foreseen: Foreseen, at_ns: int) -> None:
        """A forecast, made now, for every horizon whose last one is old enough."""
        second_ns = foreseen.as_of_ns // NS_PER_S * NS_PER_S
        for horizon_s, one in self._horizons.items():
            if one.is_due(at_ns, horizon_s):
                one.wait_for(second_ns + horizon_s * NS_PER_S, foreseen)
                one.next_ns = at_ns + horizon_s * NS_PER_S

    # --- rounds ---------------------------------------------------------------------------------

    def say(self, slug: str, left_s: float, fair_up: float) -> None:
        """What is said of a round now; the first word at each mark counts."""
        said = self._said.get(slug)
        for mark_s in MARKS_S:
            if not mark_s - _LATE_MARK_S < left_s <= mark_s:
                continue
            if said is None:
                said = self._said.setdefault(slug, {})
                if len(self._said) > _MOST_ROUNDS:  # never settled before our eyes
                    del self._said[next(iter(self._said))]
            said.setdefault(mark_s, fair_up)

    def settle(self, slug: str, is_up: bool | None, at_ns: int, settings: WatchSettings) -> None:
        """A round ended; None where nobody won."""
        said = self._said.pop(slug, {})
        if is_up is None or not said:
            return
        for mark_s, fair_up in said.items():
            self._marks[mark_s].add(fair_up, is_up, at_ns, settings.half_life_s)
        self._leave()

    # --- what is so -----------------------------------------------------------------------------

    def misfit(self, left_s: float, settings: WatchSettings) -> Misfit | None:
        """Whether forecasts so far ahead did not fit what came, over enough samples; by the
        horizon that is nearest as a ratio."""
        known = [s for s, one in self._horizons.items() if one.weight >= settings.least_samples]
        if not known or not settings.is_enabled:
            return None
        nearest = min(known, key=lambda s: abs(math.log(max(1.0, left_s) / s)))
        sd = max(1e-3, self._horizons[nearest].sd)
        if settings.least_sd <= sd <= settings.most_sd:
            return None
        return Misfit(sd, settings.most_sd if sd > 1.0 else settings.least_sd, nearest)

    def fits(self) -> tuple[HorizonFit, ...]:
        return tuple([HorizonFit(s, one.weight, one.sd) for s, one in self._horizons.items()])

    def reliabilities(self) -> tuple[Reliability, ...]:
        return tuple([_reliability(left_s, mark) for left_s, mark in self._marks.items()])

    # --- through restarts -----------------------------------------------------------------------

    def left(self, asset: str) -> ForecastLeft | None:
        """What another session must know, as it was when last a round or the longest forecast was
        judged: a line for every sample would fill the journal. None before the first."""
        if not self._left.horizons:
            return None
        if self._named is None or self._named.asset != asset:
            self._named = evolve(self._left, asset=asset)
        return self._named

    def restore(self, left: ForecastLeft) -> None:
        """Go on where another session ended; what cannot be such sums is left out."""
        for horizon_s, weight, squares in left.horizons:
            if horizon_s in self._horizons and _are_sums((weight, squares)) and weight > 0.0:
                one = self._horizons[horizon_s]
                one.weight, one.squares, one.last_ns = weight, squares, left.at_ns
        for mark_s, squares, *bins in left.marks:
            sums = [one for sums in bins for one in sums]
            are_whole = [len(one) for one in bins] == [BINS] * 3
            if mark_s in self._marks and are_whole and _are_sums((squares, *sums)):
                mark = self._marks[mark_s]
                mark.squares, mark.last_ns = squares, left.at_ns
                mark.counts, mark.said, mark.came = [list(one) for one in bins]
        self._leave()

    def _leave(self) -> None:
        horizons = tuple(
            [(s, one.weight, one.squares) for s, one in self._horizons.items() if one.weight]
        )
        marks = tuple(
            [
                (s, one.squares, tuple(one.counts), tuple(one.said), tuple(one.came))
                for s, one in self._marks.items()
                if one.count
            ]
        )
        ends = [one.last_ns for one in self._horizons.values()]
        at_ns = max([*ends, *[one.last_ns for one in self._marks.values()]])
        self._left, self._named = ForecastLeft("", horizons, marks, at_ns), None

    def state(self) -> tuple[object, ...]:
        horizons = [
            (s, one.next_ns, _of(one.waiting), one.last_ns, one.weight, one.squares)
            for s, one in self._horizons.items()
        ]
        marks = [
            (s, one.last_ns, one.squares, *map(tuple, (one.counts, one.said, one.came)))
            for s, one in self._marks.items()
        ]
        said = [(slug, sorted(each.items())) for slug, each in self._said.items()]
        return (horizons, marks, said)


def _of(waiting: Iterable[tuple[int, Foreseen]]) -> list[tuple[float, ...]]:
    return [
        (due_ns, each.as_of_ns, each.price, each.sigma_per_sqrt_s, each.error)
        for due_ns, each in waiting
    ]


def _kept(elapsed_ns: int, half_life_s: float) -> float:
    return math.pow(0.5, max(0, elapsed_ns) / NS_PER_S / half_life_s)


def _reliability(left_s: int, mark: _Mark) -> Reliability:
    count = mark.count
    bins = tuple(
        [
            (n, said / n if n else 0.0, came / n if n else 0.0)
            for n, said, came in zip(mark.counts, mark.said, mark.came, strict=True)
        ]
    )
    return Reliability(left_s, count, mark.squares / count if count else 0.0, bins)


def _are_sums(values: Iterable[float]) -> bool:
    return all(math.isfinite(one) and 0.0 <= one < _MOST_SUM for one in values)
