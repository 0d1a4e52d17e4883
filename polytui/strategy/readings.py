"""What strategies read of a view: finite numbers only, moves in sigmas, middles of books.

A move that took T seconds is compared with what chance alone makes of T seconds at the volatility
in force, so that the same threshold means the same for every asset. None of it depends on the book
or the round: what is made of one set of features is kept for all who look at that set.
"""

from __future__ import annotations

import math

from polytui.market.book import NO_ASK, NO_BID
from polytui.market.features import FeatureSet
from polytui.market.volatility import SECONDS_PER_YEAR
from polytui.model.units import MICRO
from polytui.strategy.proposal import OutcomeView, View

_BPS = 10_000.0
_ROOT_YEAR = math.sqrt(SECONDS_PER_YEAR)


def finite(features: FeatureSet, name: str) -> float | None:
    """A feature's value; None where it is missing, stale, NaN or endless."""
    return features.readable.get(name)


def clipped(value: float) -> float:
    """Held within -1 and 1."""
    if value > 1.0:
        return 1.0
    return -1.0 if value < -1.0 else value


def middle(side: OutcomeView) -> float | None:
    """Dollars; None unless both sides of the book exist and do not cross."""
    return middle_of(side.best_bid, side.best_ask)


def middle_of(best_bid: int, best_ask: int) -> float | None:
    """The same of two prices in millionths."""
    if NO_BID < best_bid < best_ask < NO_ASK:
        return (best_bid + best_ask) / (2 * MICRO)
    return None


def sigma_bps_per_sqrt_s(view: View) -> float | None:
    """Standard deviation of one second in bps; None where there is none."""
    sigma = view.volatility / _ROOT_YEAR * _BPS
    return sigma if 0.0 < sigma < math.inf else None


def velocity_sigmas(features: FeatureSet, sigma: float, span_s: float) -> float | None:
    """velocity x sqrt(T) / sigma: of a change over T seconds."""
    velocity = finite(features, "velocity_bps_s")
    return None if velocity is None else velocity * math.sqrt(span_s) / sigma


def acceleration_sigmas(features: FeatureSet, sigma: float, span_s: float) -> float | None:
    """acceleration x T^1.5 / (sqrt(2) sigma): of a difference of two changes, over T."""
    acceleration = finite(features, "acceleration_bps_s2")
    if acceleration is None:
        return None
    return acceleration * span_s * math.sqrt(span_s / 2.0) / sigma


def trade_drift_sigmas(features: FeatureSet, sigma: float, half_life_s: float) -> float | None:
    """How far trades moved the price, in sigmas of a decayed average of its changes.

    The mean change from trade to trade times trades a second is a drift in bps per second. A
    drift averaged with decay l = ln 2 / half-life has the sigma s sqrt(l / 2).
    """
    change = finite(features, "volume_momentum_bps")
    intensity = finite(features, "trade_intensity")
    if change is None or intensity is None:
        return None
    decay = math.log(2.0) / half_life_s
    return change * intensity / (sigma * math.sqrt(decay / 2.0))
