"""The settlement oracle's own series: strikes, and the part of the closing average already known.

A time-weighted average over (t - w, t] weighs each observation with the time since the one
before it: a price observed at t_i stands for (t_{i-1}, t_i] (Chainlink TWAP streams).
"""

from __future__ import annotations

from bisect import bisect_right, insort

from attrs import frozen

from polytui.model.instrument import PriceKind
from polytui.model.units import NS_PER_S

_KEEP_S = 400
"""Seconds of observations kept: enough for the longest look-back and a late strike."""


@frozen
class ObservedPart:
    """The known part of the closing average: dollars x seconds, and how far it reaches."""

    area: float
    until_ns: int


class SettlementPrices:
    """State: observations in order of time for spot, and published averages by window."""

    __slots__ = ("_averages", "_spots", "latest_received_ns")

    def __init__(self) -> None:
        self._spots: list[tuple[int, float]] = []
        self._averages: dict[tuple[int, int], float] = {}
        self.latest_received_ns = 0

    def take(
        self, kind: PriceKind, value: float, window_s: int, observed_ns: int, received_ns: int
    ) -> bool:
        """Keep an observation; False if this second is already known (feeds overlap)."""
        is_new = (
            self._take_spot(observed_ns, value)
            if kind is PriceKind.SPOT
            else self._take_average(window_s, observed_ns, value)
        )
        if is_new:
            self.latest_received_ns = max(self.latest_received_ns, received_ns)
        return is_new

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
        """What the oracle said for exactly this second: the strike, or the final price."""
        if window_s:
            return self._averages.get((window_s, at_ns))
        at = bisect_right(self._spots, (at_ns, -1.0))
        if at < len(self._spots) and self._spots[at][0] == at_ns:
            return self._spots[at][1]
        return None

    def observed_part(self, closes_ns: int, window_s: int) -> ObservedPart | None:
        """Of the average over (closes - window, closes], what is known; None while nothing is."""
        opens_ns = closes_ns - window_s * NS_PER_S
        spots = self._spots
        if not spots or spots[-1][0] <= opens_ns:
            return None
        at = bisect_right(spots, (opens_ns, float("inf")))
        area, reached = 0.0, opens_ns
        for observed_ns, value in spots[at:]:
            end = min(observed_ns, closes_ns)
            area += value * (end - reached) / NS_PER_S
            reached = end
            if observed_ns >= closes_ns:
                break
        return ObservedPart(area, reached)

    def state(self) -> tuple[object, ...]:
        return (self._spots[-5:], sorted(self._averages.items())[-5:], self.latest_received_ns)
