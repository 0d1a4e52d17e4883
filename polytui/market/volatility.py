"""How fast the price moves: a variance per second from irregular samples of logarithmic returns.

Two estimates, chosen by the settings. Exponentially weighted: with a half-life h the weight of a
return r over dt seconds is a = 1 - 2^(-dt/h), and variance <- (1 - a) variance + a r^2 / dt
(Zumbach and Mueller 2001; Eckner). Realised: squared returns of the last so many seconds over the
time they took. Samples closer than a second are merged, so the bid-ask bounce does not count.
"""

from __future__ import annotations

import math
from collections import deque

from polytui.config.schema import Market
from polytui.model.units import NS_PER_S

SECONDS_PER_YEAR = 365 * 24 * 3600
_SHORTEST_S = 1.0
_SHORTEST_NS = NS_PER_S


class Volatility:
    """State: the variance, the last sample, and how many seconds were seen."""

    __slots__ = ("_last_ns", "_last_price", "_returns", "_seen", "seen_s", "variance")

    def __init__(self) -> None:
        self.variance = 0.0
        self.seen_s = 0.0
        self._last_ns = 0
        self._last_price = 0.0
        self._returns: deque[tuple[float, float]] = deque()
        """(squared return, seconds) of the realised window."""
        self._seen = 0.0

    def is_due(self, at_ns: int) -> bool:
        """Whether a sample now would count: a second has passed since the last."""
        return at_ns - self._last_ns >= _SHORTEST_NS

    def sample(self, price: float, at_ns: int, market: Market) -> None:
        if self._last_ns == 0:
            self._last_ns, self._last_price = at_ns, price
            return
        elapsed = (at_ns - self._last_ns) / NS_PER_S
        if elapsed < _SHORTEST_S:
            return
        change = math.log(price / self._last_price)
        # While a plain average forgets faster, average plainly: the zero at birth was not seen.
        half_life_s = market.volatility_half_life_s
        weight = max(1.0 - 0.5 ** (elapsed / half_life_s), elapsed / (self.seen_s + elapsed))
        if market.realised_window_s:
            self._realise(change * change, elapsed, market.realised_window_s)
        else:
            self.variance += weight * (change * change / elapsed - self.variance)
        self.seen_s += elapsed
        self._last_ns, self._last_price = at_ns, price

    def _realise(self, square: float, elapsed: float, window_s: int) -> None:
        returns = self._returns
        returns.append((square, elapsed))
        self._seen += elapsed
        while self._seen - returns[0][1] >= window_s:
            self._seen -= returns.popleft()[1]
        self.variance = sum([square for square, _ in returns]) / self._seen

    def per_root_second(self, market: Market) -> float:
        """Standard deviation of the log price over one second, never under the floor."""
        floor = market.volatility_floor_annual / math.sqrt(SECONDS_PER_YEAR)
        return max(math.sqrt(self.variance), floor)

    def state(self) -> tuple[object, ...]:
        return (self.variance, self.seen_s, self._last_ns, self._last_price, len(self._returns))
