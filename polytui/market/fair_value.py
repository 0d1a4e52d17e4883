"""The probability that Up wins, for a price that is settled on its time-weighted average.

The average over (T - w, T] is made of w observations, one a whole second, T the last of them: a
price observed at a second stands for the second before it (Chainlink TWAP streams). With price X
known now, tau seconds before T, sigma s per root second of a random walk, m = min(w, ceil(tau))
observations are open and the first of them comes in d = tau - (m - 1) seconds. A step of the walk
before the first moves all m of them, one between the i-th last and the next moves i:

    mean      (A + m X) / w,  A the sum of the w - m observations that are known
    variance  s^2 (d m^2 + (m - 1) m (2m - 1) / 6) / w^2

which for long spans is the integral of a Wiener process, s^2 (tau - w + w/3) ahead of the window
and s^2 tau^3 / (3 w^2) inside; near the end the integral is too narrow (x0.93 in sigma at 10 s,
0.87 at 5, 0.80 at 3). A spot rule, w = 0, has the variance s^2 tau.
P(Up) = F((mean - strike) / sigma); a tie is Up. F is normal, or a Student-t scaled to the same
variance where tails are fat. What the model says can be calibrated: logit(q') = a + b logit(q).
"""

from __future__ import annotations

import math

from msgspec import Struct

from polytui.config.schema import MarketSettings
from polytui.market.student_t import student_t_cdf

_LEAST_DEGREES = 2.0
_ROOT_2 = math.sqrt(2.0)


class SettlementForecast(Struct, frozen=True, gc=False):
    """The closing price as we see it now: its expected value and sigma, in dollars."""

    mean: float
    sigma: float
    known: float = 0.0
    """Share of the closing average that cannot change any more."""

    def probability_up(self, strike: float, tail_degrees: float = 0.0) -> float:
        """`tail_degrees` above 2 for Student-t tails, 0 for normal ones."""
        gap = self.mean - strike
        if self.sigma <= 0.0:
            return 1.0 if gap >= 0.0 else 0.0
        score = gap / self.sigma
        if tail_degrees > _LEAST_DEGREES:
            # A t has variance v / (v - 2): stretched so that ours stays what it is.
            return student_t_cdf(
                score * math.sqrt(tail_degrees / (tail_degrees - 2.0)), tail_degrees
            )
        return 0.5 * (1.0 + math.erf(score / _ROOT_2))


def fair_up(
    settlement_forecast: SettlementForecast, strike: float, market: MarketSettings
) -> float:
    """The probability of Up that is traded on: the model's, calibrated."""
    raw = settlement_forecast.probability_up(strike, market.tail_degrees)
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


def forecast_ahead(
    price: float, sigma_per_sqrt_s: float, left_s: float, window_s: float
) -> SettlementForecast:
    """While nothing of the average is known: what the window had by then was missed, and is open.
    `sigma_per_sqrt_s` in dollars; a spot rule has no window."""
    span_s = variance_span_s(max(left_s, window_s), window_s)
    return SettlementForecast(price, sigma_per_sqrt_s * math.sqrt(span_s))


def forecast_inside(
    price: float, sigma_per_sqrt_s: float, left_s: float, window_s: float, observed_area: float
) -> SettlementForecast:
    """`left_s` from the moment that `price` speaks of; `observed_area` (dollars x seconds) is the
    sum of all observations up to that moment."""
    sigma = sigma_per_sqrt_s * math.sqrt(variance_span_s(left_s, window_s))
    if not window_s:
        return SettlementForecast(price, sigma)
    left = open_observations(left_s, window_s)
    return SettlementForecast((observed_area + left * price) / window_s, sigma)


def open_observations(left_s: float, window_s: float) -> int:
    """How many whole seconds of the window lie ahead; all of them before it begins."""
    return max(0, math.ceil(min(left_s, window_s)))


def variance_span_s(left_s: float, window_s: float) -> float:
    """Variance of the closing price in those of one second (the formula on top)."""
    if not window_s:
        return max(0.0, left_s)
    left = open_observations(left_s, window_s)
    if not left:
        return 0.0
    first_s = left_s - (left - 1)
    between = (left - 1) * left * (2 * left - 1) / 6
    return (first_s * left * left + between) / (window_s * window_s)
