"""How fast the price moves: an exponentially weighted variance per second, irregularly sampled.

With a half-life h the weight of a return r over dt seconds is a = 1 - 2^(-dt/h) and
variance <- (1 - a) variance + a r^2 / dt (Zumbach and Mueller 2001; Eckner). Returns are
logarithmic. Samples closer than a second are merged, so the bid-ask bounce does not count.
"""

from __future__ import annotations

import math

from polytui.model.units import NS_PER_S

SECONDS_PER_YEAR = 365 * 24 * 3600
_SHORTEST_S = 1.0


class Volatility:
    """State: the variance, the last sample, and how many seconds were seen."""

    __slots__ = ("_last_ns", "_last_price", "seen_s", "variance")

    def __init__(self) -> None:
        self.variance = 0.0
        self.seen_s = 0.0
        self._last_ns = 0
        self._last_price = 0.0

    def sample(self, price: float, at_ns: int, half_life_s: float) -> None:
        if self._last_ns == 0:
            self._last_ns, self._last_price = at_ns, price
            return
        elapsed = (at_ns - self._last_ns) / NS_PER_S
        if elapsed < _SHORTEST_S:
            return
        change = math.log(price / self._last_price)
        # While a plain average forgets faster, average plainly: the zero at birth was not seen.
        weight = max(1.0 - 0.5 ** (elapsed / half_life_s), elapsed / (self.seen_s + elapsed))
        self.variance += weight * (change * change / elapsed - self.variance)
        self.seen_s += elapsed
        self._last_ns, self._last_price = at_ns, price

    def per_root_second(self, floor_annual: float) -> float:
        """Standard deviation of the log price over one second, never under the floor."""
        floor = floor_annual / math.sqrt(SECONDS_PER_YEAR)
        return max(math.sqrt(self.variance), floor)

    def state(self) -> tuple[object, ...]:
        return (self.variance, self.seen_s, self._last_ns, self._last_price)
