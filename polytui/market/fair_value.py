"""The probability that Up wins, for a price that is settled on its time-weighted average.

With look-back w, time left tau, price X and deviation s of the price per root second
(derivation: variance of the integral of a Wiener process):

    tau >= w:  mean X,                 variance s^2 (tau - w + w/3)
    tau <  w:  mean (A + tau X) / w,   variance s^2 tau^3 / (3 w^2)

where A is the part of the integral already observed. A spot rule is the limit w = 0.
P(Up) = Phi((mean - strike) / deviation); a tie is Up.
"""

from __future__ import annotations

import math

from attrs import frozen

_ROOT_2 = math.sqrt(2.0)


@frozen
class Settling:
    """The closing price as we see it now: its expected value and deviation, in dollars."""

    mean: float
    deviation: float

    def probability_up(self, strike: float) -> float:
        gap = self.mean - strike
        if self.deviation <= 0.0:
            return 1.0 if gap >= 0.0 else 0.0
        return 0.5 * (1.0 + math.erf(gap / self.deviation / _ROOT_2))


def settling_ahead(price: float, per_root_s: float, left_s: float, window_s: float) -> Settling:
    """Before the averaging window begins (left_s >= window_s); `per_root_s` in dollars."""
    span = max(0.0, left_s - window_s + window_s / 3.0)
    return Settling(price, per_root_s * math.sqrt(span))


def settling_inside(
    price: float, per_root_s: float, left_s: float, window_s: float, observed_area: float
) -> Settling:
    """Inside the window: `observed_area` (dollars x seconds) covers all but `left_s` of it."""
    left = min(max(left_s, 0.0), window_s)
    mean = (observed_area + left * price) / window_s
    return Settling(mean, per_root_s * left**1.5 / (math.sqrt(3.0) * window_s))
