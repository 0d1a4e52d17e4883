"""Where the price is going, and which exchange goes first.

Velocity is the change of the consensus over a span, acceleration the difference of two of them
that follow each other. Lead-lag compares returns of one second: the correlation of one venue's with
the other's a second later, less the reverse; above 0 the first venue leads.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from itertools import pairwise

from polytui.model.units import NS_PER_S

_BPS = 10_000.0
_LEAST_RETURNS = 20
_Point = tuple[int, float]
"""When, and the log of the price."""


class Momentum:
    """State: the consensus once a second at most, for two spans."""

    __slots__ = ("_points",)

    def __init__(self) -> None:
        self._points: deque[_Point] = deque()

    def take(self, price: float, now_ns: int, span_s: float) -> None:
        self._points.append((now_ns, math.log(price)))
        oldest_ns = now_ns - int(2.5 * span_s * NS_PER_S)
        while self._points[0][0] < oldest_ns:
            self._points.popleft()

    def velocity_and_acceleration(self, span_s: float) -> tuple[float | None, float | None]:
        """bps per second over the last `span_s`; bps per second squared: that velocity less the one
        of the span before."""
        if not self._points:
            return None, None
        last_ns = self._points[-1][0]
        middle = self._at(last_ns - int(span_s * NS_PER_S))
        velocity = _slope(middle, self._at(last_ns))
        before = _slope(self._at(last_ns - int(2.0 * span_s * NS_PER_S)), middle)
        if velocity is None or before is None:
            return velocity, None
        return velocity, (velocity - before) / span_s

    def _at(self, at_ns: int) -> _Point | None:
        """The last of them by then."""
        found = bisect_right(self._points, (at_ns, math.inf))
        return self._points[found - 1] if found else None

    def state(self) -> tuple[object, ...]:
        return tuple(self._points)[-3:]


def _slope(earlier: _Point | None, later: _Point | None) -> float | None:
    """bps per second between the two."""
    if later is None or earlier is None or later[0] <= earlier[0]:
        return None
    return (later[1] - earlier[1]) * _BPS / ((later[0] - earlier[0]) / NS_PER_S)


class LeadLag:
    """State: log prices of two venues, once a second."""

    __slots__ = ("_pairs", "_second", "_value")

    def __init__(self) -> None:
        self._pairs: deque[tuple[float, float]] = deque()
        self._second = 0
        self._value: float | None = None

    def take(self, first: float | None, second: float | None, now_ns: int, span_s: float) -> None:
        """Both prices at `now_ns`; a venue without one breaks the comparison."""
        at_s = now_ns // NS_PER_S
        if at_s == self._second:
            return
        has_skipped, self._second = at_s != self._second + 1, at_s
        if first is None or second is None or has_skipped:
            self._pairs.clear()
            self._value = None
        if first is None or second is None:
            return
        self._pairs.append((math.log(first), math.log(second)))
        while len(self._pairs) > span_s:
            self._pairs.popleft()
        self._value = _lead(list(self._pairs))

    def value(self) -> float | None:
        """-1 to 1; None before enough seconds were compared, or where nothing moved."""
        return self._value

    def state(self) -> tuple[object, ...]:
        return (self._second, self._value, len(self._pairs))


def _lead(pairs: list[tuple[float, float]]) -> float | None:
    ones = [after[0] - before[0] for before, after in pairwise(pairs)]
    twos = [after[1] - before[1] for before, after in pairwise(pairs)]
    if len(ones) < _LEAST_RETURNS:
        return None
    norm = math.sqrt(sum([r * r for r in ones]) * sum([r * r for r in twos]))
    if norm <= 0.0:
        return None
    ahead = sum([one * two for one, two in zip(ones, twos[1:], strict=False)])
    behind = sum([two * one for two, one in zip(twos, ones[1:], strict=False)])
    return max(-1.0, min(1.0, (ahead - behind) / norm))
