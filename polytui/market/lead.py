"""How far the exchanges' price is ahead of Chainlink, and how well it tells it.

Chainlink is smoothed and relayed: what it will say of a second, exchanges said `lead` before. The
price is kept for some seconds; each value of Chainlink is compared with what the price was 0,
0.25, ... 4 s before the second it speaks of, and the lead that came nearest (mean squared
difference of logarithms, decayed) is the one believed. So seconds that the relay still owes us, and
those that the price runs ahead, are known as well as that difference is small, and no better.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from polytui.model.units import NS_PER_MS, NS_PER_S

_STEP_NS = 250 * NS_PER_MS
_STEPS = 17
_KEEP_NS = 15 * NS_PER_S
_STOOD_NS = 2 * NS_PER_S
"""A price stands so long without another; then nobody knows it."""
_ENOUGH_S = 30.0
"""Nothing is said before so many seconds were compared."""


class Lead:
    """State: the last seconds of the exchanges' price, a mean squared difference by lead."""

    __slots__ = ("_best", "_compared_s", "_last_ns", "_logs", "_squares", "_times")

    def __init__(self) -> None:
        self._times: list[int] = []
        self._logs: list[float] = []
        self._squares = [0.0] * _STEPS
        self._best = 0
        """The step whose difference is least: asked for in every decision, found once a second."""
        self._compared_s = 0.0
        self._last_ns = 0

    def take(self, price: float, at_ns: int) -> None:
        """The exchanges' price, as it stands from now on."""
        if self._times and at_ns <= self._times[-1]:
            if self._times[-1] - at_ns <= _STOOD_NS:
                return
            # Our clock was set back: what stood when is not known by the new one.
            self._times.clear()
            self._logs.clear()
        self._times.append(at_ns)
        self._logs.append(math.log(price))
        if at_ns - self._times[0] > 2 * _KEEP_NS:
            old = bisect_right(self._times, at_ns - _KEEP_NS)
            del self._times[:old], self._logs[:old]

    def heard(self, value: float, observed_ns: int, half_life_s: float) -> None:
        """What Chainlink said of a second: how far was the price from it, so long before?"""
        if observed_ns <= self._last_ns:
            return
        befores = [self.log_at(observed_ns - step * _STEP_NS) for step in range(_STEPS)]
        known = [log for log in befores if log is not None]
        if len(known) < _STEPS:
            return
        elapsed_s = min(1.0, (observed_ns - self._last_ns) / NS_PER_S)
        self._last_ns = observed_ns
        self._compared_s += elapsed_s
        weight = max(1.0 - 0.5 ** (elapsed_s / half_life_s), elapsed_s / self._compared_s)
        said = math.log(value)
        for step, log in enumerate(known):
            square = (said - log) ** 2
            self._squares[step] += weight * (square - self._squares[step])
        self._best = min(range(_STEPS), key=self._squares.__getitem__)

    def log_at(self, at_ns: int) -> float | None:
        """The log price that stood at a moment; None where it is not known."""
        at = bisect_right(self._times, at_ns) - 1
        if at < 0 or at_ns - self._times[at] > _STOOD_NS:
            return None
        return self._logs[at]

    @property
    def is_known(self) -> bool:
        return self._compared_s >= _ENOUGH_S

    @property
    def lead_ns(self) -> int:
        """By so much the price is ahead of Chainlink's seconds; 0 while it is not known."""
        return self._best * _STEP_NS if self.is_known else 0

    @property
    def error(self) -> float:
        """Root of the mean squared difference of the logarithms at that lead."""
        return math.sqrt(self._squares[self._best])

    def state(self) -> tuple[object, ...]:
        known = (list(self._times), list(self._logs), list(self._squares))
        return (*known, self._compared_s, self._last_ns)
