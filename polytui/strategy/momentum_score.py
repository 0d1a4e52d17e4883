"""Momentum score: who takes and where the price goes, as one signed number in [-1, 1].

    part           w   value in [-1, 1]
    trade_flow     3   bought less sold over their sum, by takers
    order_flow     3   order_flow / 60, in average sizes at the bests
    velocity       3   change over velocity_s in sigmas of the volatility, / 2
    acceleration   1   change of velocity in its sigmas, / 2

    score = sum w x value / sum w over the parts that exist, which must hold half of the weight
    worth of a share = mid moved by worth x |score|, for the side of the score's sign
    confidence = 1/2 + |score| / 2

60 is what one second in ten exceeds on a recorded hour's first five minutes of Binance's BTC and
ETH (2024-08-09). It loses when a burst of takers is over by the time it is seen, and when the book
has moved already: the minimum edge over the market price is there for both.
"""

from __future__ import annotations

from functools import lru_cache

from polytui.config.deciding import MomentumScoreSettings
from polytui.config.schema import Settings
from polytui.market.features import FeatureSet
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.entry import Valuation, abstain, enter
from polytui.strategy.probit import moved
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.readings import (
    acceleration_sigmas,
    clipped,
    finite,
    middle,
    sigma_bps_per_sqrt_s,
    velocity_sigmas,
)
from polytui.strategy.window import EntryWindow, usual_window

_TRADE_FLOW, _ORDER_FLOW, _VELOCITY, _ACCELERATION = 3.0, 3.0, 3.0, 1.0
_WEIGHT = _TRADE_FLOW + _ORDER_FLOW + _VELOCITY + _ACCELERATION
_LEAST_SHARE = 0.5
_WHOLE_SIGMAS = 2.0
_WHOLE_FLOW = 60.0
_KEPT = 16
"""Scores: some for every asset."""


class MomentumScore:
    """Stateless: one quote at the side of the score's sign."""

    name = "momentum_score"

    def thresholds(self, settings: Settings) -> MomentumScoreSettings:
        return settings.momentum_score

    def window(self, settings: Settings) -> EntryWindow:
        return usual_window(settings.gates)

    def propose(self, view: View, settings: Settings) -> Proposal:
        thresholds = settings.momentum_score
        score = score_of(view, settings)
        if isinstance(score, Why):
            return abstain(score)
        if score == 0.0:
            return abstain(Why(Reason.NO_DIRECTION))
        size = abs(score)
        outcome = Outcome.UP if score > 0.0 else Outcome.DOWN
        confidence = 0.5 + size / 2.0
        if size < thresholds.min_score:
            why = Why(Reason.SCORE_SMALL, size, thresholds.min_score, "of 1")
            return abstain(why, outcome, confidence)
        mid = middle(view.side(outcome))
        if mid is None:
            return abstain(Why(Reason.NO_BOOK), outcome, confidence)
        worth = moved(mid, thresholds.worth * size)
        return enter(view, Valuation(outcome, worth, confidence), thresholds, settings)


def score_of(view: View, settings: Settings) -> float | Why:
    """-1 to 1, Up above 0; or how little of its weight is known."""
    return _score(view.features, sigma_bps_per_sqrt_s(view), settings.features.velocity_s)


@lru_cache(maxsize=_KEPT)
def _score(features: FeatureSet, sigma: float | None, span_s: float) -> float | Why:
    """Features and volatility stand for many decisions: the same question has the same answer."""
    velocity = acceleration = None
    if sigma is not None:
        velocity = velocity_sigmas(features, sigma, span_s)
        acceleration = acceleration_sigmas(features, sigma, span_s)
    total = known = 0.0
    for weight, value, whole in (
        (_TRADE_FLOW, finite(features, "trade_flow"), 1.0),
        (_ORDER_FLOW, finite(features, "order_flow"), _WHOLE_FLOW),
        (_VELOCITY, velocity, _WHOLE_SIGMAS),
        (_ACCELERATION, acceleration, _WHOLE_SIGMAS),
    ):
        if value is not None:
            total += weight * clipped(value / whole)
            known += weight
    if known < _LEAST_SHARE * _WEIGHT:
        return Why(Reason.NO_FEATURES, known / _WEIGHT, _LEAST_SHARE, "of the weight")
    return total / known
