"""Observations of Chainlink on whole seconds, and the average they make.

The average over (t - w, t] is sum(price x duration) / w, where the price observed at t_i covers
(t_(i-1), t_i] (Chainlink's rule for its TWAP streams). A skipped second therefore adds to the
weight of the observation after it, and an instant without an observation of its own is covered
by the next one.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate


class Span:
    """Seconds first_s to last_s, the last of them observed. Values are dollars x 10^18."""

    def __init__(self, first_s: int, observed: list[int | None]) -> None:
        self.first_s = first_s
        self.last_s = first_s + len(observed) - 1
        self.observed = observed
        self.covering = _covering(observed)
        self._sums = list(accumulate(self.covering, initial=0))

    def total(self, after_s: int, until_s: int) -> int:
        """Sum over the seconds of (after_s, until_s] of the value that covers each."""
        start = self.first_s - 1
        return self._sums[until_s - start] - self._sums[after_s - start]


class Seconds:
    """The seconds at which something was observed, sorted, for looking around in."""

    def __init__(self, seconds: list[int]) -> None:
        self._seconds = seconds

    def first_from(self, second: int) -> int | None:
        """The first one at or after `second`."""
        index = bisect_left(self._seconds, second)
        return self._seconds[index] if index < len(self._seconds) else None


def _covering(observed: list[int | None]) -> list[int]:
    """For every second the value of the first observation at or after it."""
    covering: list[int] = []
    value = observed[-1] or 0
    for seen in reversed(observed):
        value = value if seen is None else seen
        covering.append(value)
    covering.reverse()
    return covering
