"""An even sample of very many values in little room: every one, then every second, every fourth."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 4096
"""Values that are kept: a percentile of so many is sorted within half a millisecond."""


class EvenSample:
    """State: the values that are kept, one of how many they are, the count and the largest of
    all."""

    __slots__ = ("_every", "_kept", "count", "largest")

    def __init__(self) -> None:
        self._kept: list[int] = []
        self._every = 1
        self.count = 0
        self.largest = 0

    def extend(self, values: Sequence[int]) -> None:
        """More values, in the order in which they came."""
        if not values:
            return
        kept = self._kept
        kept += values[-self.count % self._every :: self._every]
        self.count += len(values)
        self.largest = max(self.largest, *values) if self.count > len(values) else max(values)
        while len(kept) >= MOST:
            del kept[1::2]
            self._every *= 2

    def percentiles(self, *points: float) -> list[int]:
        """One value a point (0 to 100); ValueError where there is none."""
        if not self._kept:
            raise ValueError("nothing was measured")
        ordered = sorted(self._kept)
        last = len(ordered) - 1
        return [ordered[min(last, round(point / 100 * last))] for point in points]
