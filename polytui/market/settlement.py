"""Chainlink's own series: strikes, and the part of the closing average already known.

A time-weighted average over (t - w, t] weighs each observation with the time since the one
before it: a price observed at t_i stands for (t_{i-1}, t_i] (Chainlink TWAP streams).

Relays repeat, disagree and err. The first value for a second stands; one that is far from its
neighbours in time is no price and is left out, unless the neighbours to come agree with it.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from itertools import pairwise

from msgspec import Struct

from polytui.model.instrument import PriceKind
from polytui.model.units import NS_PER_S

_FAR = 0.02
"""A change of two hundredths within seconds is an error of a relay, not a price of a major coin."""
_NEAR_NS = 30 * NS_PER_S
_FARTHEST = 0.5
"""However long nothing was heard, a coin that lost half or gained half has to say so thrice."""
_BELIEVED_AFTER = 3
"""So many points in a row that agree with each other are a price, however far they are."""
_KEEP_S = 400
"""Seconds of observations kept: enough for the longest look-back and a late strike."""
_LATE_STRIKE_NS = 10 * NS_PER_S
_LONGEST_HOLE_NS = 10 * NS_PER_S


class ObservedPart(Struct, frozen=True, gc=False):
    """The known part of the closing average: dollars x seconds, and how far it reaches."""

    area: float
    until_ns: int


class SettlementPrices:
    """State: observations in order of time for spot, and published averages by window."""

    __slots__ = ("_averages", "_doubted", "_spots", "latest_received_ns", "outliers")

    def __init__(self) -> None:
        self._spots: list[tuple[int, float]] = []
        self._averages: dict[tuple[int, int], float] = {}
        self._doubted: list[tuple[int, float]] = []
        self.latest_received_ns = 0
        self.outliers = 0
        """Points that were not believed."""

    def take(
        self, kind: PriceKind, value: float, window_s: int, observed_ns: int, received_ns: int
    ) -> bool:
        """Keep an observation; False if this second is known (feeds overlap) or not believed."""
        if not self._is_believable(kind, observed_ns, value):
            self.outliers += 1
            return False
        is_new = (
            self._take_spot(observed_ns, value)
            if kind is PriceKind.SPOT
            else self._take_average(window_s, observed_ns, value)
        )
        if is_new:
            self.latest_received_ns = max(self.latest_received_ns, received_ns)
        return is_new

    def _is_believable(self, kind: PriceKind, observed_ns: int, value: float) -> bool:
        """Near one of the spots beside it in time, or the third in a row of the newest to say the
        same. A point of the past is judged by those of its own time."""
        at = bisect_right(self._spots, (observed_ns, -1.0))
        beside = self._spots[max(0, at - 1) : at + 1]
        if not beside or any(_is_like(value, observed_ns, *spot) for spot in beside):
            if kind is PriceKind.SPOT:
                self._doubted.clear()
            return True
        if kind is not PriceKind.SPOT or observed_ns <= self._spots[-1][0]:
            return False
        if self._doubted and not _is_near(value, self._doubted[-1][1]):
            self._doubted.clear()
        if not self._doubted or observed_ns > self._doubted[-1][0]:
            self._doubted.append((observed_ns, value))
        if len(self._doubted) < _BELIEVED_AFTER:
            return False
        self._doubted.clear()
        return True

    def _take_spot(self, observed_ns: int, value: float) -> bool:
        spots = self._spots
        if not spots or observed_ns > spots[-1][0]:
            spots.append((observed_ns, value))
        else:
            at = bisect_right(spots, (observed_ns, -1.0))
            if at < len(spots) and spots[at][0] == observed_ns:
                return False
            insort(spots, (observed_ns, value))
        oldest = spots[-1][0] - _KEEP_S * NS_PER_S
        if spots[0][0] < oldest:
            del spots[: bisect_right(spots, (oldest, 0.0))]
        return True

    def _take_average(self, window_s: int, observed_ns: int, value: float) -> bool:
        key = (window_s, observed_ns)
        if key in self._averages:
            return False
        self._averages[key] = value
        if len(self._averages) > 2 * _KEEP_S:
            oldest = observed_ns - _KEEP_S * NS_PER_S
            self._averages = {k: v for k, v in self._averages.items() if k[1] >= oldest}
        return True

    @property
    def last_spot(self) -> float | None:
        return self._spots[-1][1] if self._spots else None

    @property
    def last_observed_ns(self) -> int:
        return self._spots[-1][0] if self._spots else 0

    def value_at(self, at_ns: int, window_s: int) -> float | None:
        """What Chainlink said for exactly this second: the strike, or the final price."""
        if window_s:
            return self._averages.get((window_s, at_ns))
        at = bisect_right(self._spots, (at_ns, -1.0))
        if at < len(self._spots) and self._spots[at][0] == at_ns:
            return self._spots[at][1]
        return None

    def strike_estimate(self, at_ns: int, window_s: int) -> float | None:
        """Our own reckoning of `value_at`, for a second that never came; None where we saw too
        little. A spot rule takes the first observation after it; an average is made of ours."""
        if not self._spots or self._spots[-1][0] < at_ns:
            return None
        if window_s:
            part = self.observed_part(at_ns, window_s)
            is_whole = self._is_covered(at_ns - window_s * NS_PER_S, at_ns)
            return part.area / window_s if part is not None and is_whole else None
        at = bisect_right(self._spots, (at_ns, -1.0))
        observed_ns, value = self._spots[at]
        return value if observed_ns - at_ns <= _LATE_STRIKE_NS else None

    def moved_around(self, at_ns: int, window_s: int, within_ns: int, value: float) -> float | None:
        """The most by which what Chainlink said within so long of a moment differs from `value`;
        None where nothing was seen. Of averages that never came: an average moves in so long by no
        more than that share of its window times the range of the spots in it and around it."""
        if not window_s:
            spots = self._between(at_ns - within_ns, at_ns + within_ns)
            return max([abs(spot - value) for spot in spots], default=None)
        seconds = range(-(within_ns // NS_PER_S), within_ns // NS_PER_S + 1)
        found = (self._averages.get((window_s, at_ns + off * NS_PER_S)) for off in seconds if off)
        known = [abs(one - value) for one in found if one is not None]
        if known:
            return max(known)
        window_ns = window_s * NS_PER_S
        spots = self._between(at_ns - window_ns - within_ns, at_ns + within_ns)
        if len(spots) < _BELIEVED_AFTER:
            return None
        return (max(spots) - min(spots)) * min(1.0, within_ns / window_ns)

    def _between(self, from_ns: int, until_ns: int) -> list[float]:
        """Spots of a stretch of time, both ends included."""
        first = bisect_right(self._spots, (from_ns, -1.0))
        last = bisect_right(self._spots, (until_ns, float("inf")))
        return [value for _, value in self._spots[first:last]]

    def _is_covered(self, from_ns: int, until_ns: int) -> bool:
        """Whether no stretch of the span is without an observation for long."""
        before = bisect_right(self._spots, (from_ns, float("inf"))) - 1
        if before < 0:
            return False
        times = [observed_ns for observed_ns, _ in self._spots[before:]]
        inside = [one for one in times if one < until_ns + _LONGEST_HOLE_NS]
        return inside[-1] >= until_ns and all(
            later - earlier <= _LONGEST_HOLE_NS for earlier, later in pairwise(inside)
        )

    def observed_part(self, closes_ns: int, window_s: int) -> ObservedPart | None:
        """Of the average over (closes - window, closes], what is known; None while nothing is."""
        opens_ns = closes_ns - window_s * NS_PER_S
        spots = self._spots
        if not spots or spots[-1][0] <= opens_ns:
            return None
        at = bisect_right(spots, (opens_ns, float("inf")))
        area, reached = 0.0, opens_ns
        for observed_ns, value in spots[at:]:
            end = observed_ns if observed_ns < closes_ns else closes_ns
            area += value * (end - reached) / NS_PER_S
            reached = end
            if observed_ns >= closes_ns:
                break
        return ObservedPart(area, reached)

    def state(self) -> tuple[object, ...]:
        return (
            self._spots[-5:],
            self._doubted,
            sorted(self._averages.items())[-5:],
            self.latest_received_ns,
        )


def _is_like(value: float, at_ns: int, spot_ns: int, spot: float) -> bool:
    """Whether a value may be a price, by a spot beside it: the further off in time, the further
    off it may be, as a price without memory goes by the root of time."""
    far = min(_FAR * math.sqrt(max(1.0, abs(at_ns - spot_ns) / _NEAR_NS)), _FARTHEST)
    return abs(value - spot) <= far * spot


def _is_near(value: float, other: float) -> bool:
    return abs(value - other) <= _FAR * other
