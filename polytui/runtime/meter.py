"""How long things took: bounded samples, real time."""

from __future__ import annotations

from array import array

_KEEP = 200_000


class Samples:
    """State: the latest samples, in a ring; the largest of all; the count of all."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._ring = array("q")
        self.count = 0
        self.largest = 0

    def add(self, value: int) -> None:
        if len(self._ring) < _KEEP:
            self._ring.append(value)
        else:
            self._ring[self.count % _KEEP] = value
        self.count += 1
        if value > self.largest:
            self.largest = value

    def percentiles(self, *points: float) -> list[int | None]:
        """One value a point (0 to 100); None where nothing was measured."""
        ordered = sorted(self._ring)
        if not ordered:
            return [None] * len(points)
        last = len(ordered) - 1
        return [ordered[min(last, round(point / 100 * last))] for point in points]


class Meter:
    """State: the session's latencies, in real nanoseconds."""

    def __init__(self) -> None:
        self.decided = Samples()
        """Frame received to decision made, every frame."""
        self.acted = Samples()
        """Frame received to order enqueued, only where there was one."""
        self.answered = Samples()
        """Order placed to its first answer."""
        self.rounds = Samples()
        """Boundary to the desk's taking it."""
        self.recent = Samples()
        """`decided` since the last time the screen asked."""
