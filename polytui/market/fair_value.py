"""The probability that Up wins, for a price that is settled on its time-weighted average.

With look-back w, time left tau, price X and deviation s of the price per root second
(derivation: variance of the integral of a Wiener process):

    tau >= w:  mean X,                 variance s^2 (tau - w + w/3)
    tau <  w:  mean (A + tau X) / w,   variance s^2 tau^3 / (3 w^2)

where A is the part of the integral already observed. A spot rule is the limit w = 0.
P(Up) = F((mean - strike) / deviation); a tie is Up. F is normal, or a Student-t scaled to the same
variance where tails are fat. What the model says can be calibrated: logit(q') = a + b logit(q).
"""

from __future__ import annotations

import math

from msgspec import Struct

from polytui.config.schema import Market
from polytui.market.student_t import student_t_cdf

_LEAST_DEGREES = 2.0
_ROOT_2 = math.sqrt(2.0)


class Settling(Struct, frozen=True):
    """The closing price as we see it now: its expected value and deviation, in dollars."""

    mean: float
    deviation: float

    def probability_up(self, strike: float, tail_degrees: float = 0.0) -> float:
        """`tail_degrees` above 2 for Student-t tails, 0 for normal ones."""
        gap = self.mean - strike
        if self.deviation <= 0.0:
            return 1.0 if gap >= 0.0 else 0.0
        score = gap / self.deviation
        if tail_degrees > _LEAST_DEGREES:
            # A t has variance v / (v - 2): stretched so that ours stays what it is.
            return student_t_cdf(
                score * math.sqrt(tail_degrees / (tail_degrees - 2.0)), tail_degrees
            )
        return 0.5 * (1.0 + math.erf(score / _ROOT_2))


def fair_up(settling: Settling, strike: float, market: Market) -> float:
    """The probability of Up that is traded on: the model's, calibrated."""
    raw = settling.probability_up(strike, market.tail_degrees)
    return calibrated(raw, market.calibration_alpha, market.calibration_beta)


def calibrated(probability: float, alpha: float, beta: float) -> float:
    """logit(q') = alpha + beta logit(q); certainty stays certainty."""
    if (alpha == 0.0 and beta == 1.0) or not 0.0 < probability < 1.0:
        return probability
    logit = alpha + beta * math.log(probability / (1.0 - probability))
    if logit < 0.0:
        odds = math.exp(logit)
        return odds / (1.0 + odds)
    return 1.0 / (1.0 + math.exp(-logit))


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
