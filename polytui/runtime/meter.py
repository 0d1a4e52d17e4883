"""How long things took: bounded samples, real time."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from polytui.model.latency import JUDGED, OrderLatency
from polytui.runtime.even_sample import EvenSample

_KEEP = 200_000
_RECENT = 10_000
"""Sorted within a millisecond by whoever runs beside the desks, however long nobody looked."""
_LAG_EVERY_S = 1.0


class Samples:
    """State: the latest samples, in a ring; the largest of all; the count of all."""

    def __init__(self, most: int = _KEEP) -> None:
        self._most = most
        self.clear()

    def clear(self) -> None:
        self._ring = array("q")
        self.count = 0
        self.largest = 0

    def add(self, value: int) -> None:
        if len(self._ring) < self._most:
            self._ring.append(value)
        else:
            self._ring[self.count % self._most] = value
        self.count += 1
        if value > self.largest:
            self.largest = value

    def extend(self, values: Sequence[int]) -> None:
        if len(self._ring) + len(values) > self._most:
            for value in values:
                self.add(value)
            return
        self._ring.extend(values)
        self.count += len(values)
        self.largest = max(self.largest, *values) if values else self.largest

    def percentiles(self, *points: float) -> list[int | None]:
        """One value a point (0 to 100); None where nothing was measured."""
        ordered = sorted(self._ring)
        if not ordered:
            return [None] * len(points)
        last = len(ordered) - 1
        return [ordered[min(last, round(point / 100 * last))] for point in points]


class Meter:
    """State: the session's latencies, in real nanoseconds where nothing else is said."""

    def __init__(self) -> None:
        self.decided = Samples()
        """Frame received to decision made, every frame."""
        self.acted = Samples()
        """Frame received to order enqueued, only where there was one."""
        self.answered = Samples()
        """Order placed to its first answer."""
        self.rounds = Samples()
        """Boundary to the desk's taking it."""
        self.recent = Samples(_RECENT)
        """`decided` since the lag was reckoned; the latest of it."""
        self._lag_ns, self._lag_of_s = 0, -math.inf
        self.stages: dict[str, EvenSample] = {}
        """By name of the stage, of the session."""
        self.orders: dict[str, Samples] = {name: Samples() for name in JUDGED}
        """Microseconds, of orders whose way was told: by the name it is told under."""
        self._minute: dict[str, EvenSample] = {}

    def frames_decided(self, took: Sequence[int]) -> None:
        """Frames read to decisions, in order."""
        self.decided.extend(took)
        self.recent.extend(took)
        self.stage("market_to_signal", took)

    def lag_ns(self, now_s: float) -> int:
        """How long half of the frames of the last second took at most; 0 where there were none.
        Anew once a second, which is as often as anybody can read it."""
        if now_s - self._lag_of_s >= _LAG_EVERY_S:
            (lag_ns,) = self.recent.percentiles(50)
            self._lag_ns, self._lag_of_s = lag_ns or 0, now_s
            self.recent.clear()
        return self._lag_ns

    def stage(self, name: str, took: Sequence[int]) -> None:
        """One stage, so many times."""
        if not took:
            return
        for kept in (self.stages, self._minute):
            sample = kept.get(name)
            if sample is None:
                sample = kept[name] = EvenSample()
            sample.extend(took)

    def order(self, latency: OrderLatency) -> None:
        """The way of one order, as it is told."""
        for name, samples in self.orders.items():
            if (ms := getattr(latency, name)) is not None:
                samples.add(round(ms * 1000))
        for stage in ("send", "ack", "fill"):
            if (us := getattr(latency, f"{stage}_us")) is not None:
                self.stage(stage, [us * 1000])

    def take_minute(self) -> dict[str, EvenSample]:
        """The stages since the last time this was asked; nobody changes them any more."""
        minute, self._minute = self._minute, {}
        return minute
