"""Confluence: five readings of the market vote on a direction; when they agree it follows.

Every reading that exists votes v in [-1, 1] with weight w, Up above 0; d is the volatility's
sigma in bps per root second, and two sigmas are a whole vote:

    rsi        w 1   (rsi_14 - 50) / 20: trend, not reversal; whole at 70 and 30
    macd       w 2   macd_histogram_bps / (2 x 0.34 d sqrt(300))
    momentum   w 3   mean of velocity and trade drift in sigmas, / 2
    imbalance  w 2   mean of imbalance and depth_imbalance
    lead       w 2   -dollar_gap_bps / (2 d) x lead_lag / 0.25: the follower goes to the leader

    lean = sum w v / sum w              against = share of sum w |v| that points the other way
    confidence = 1/2 + |lean| / 2       worth of a share = mid moved by worth x (confidence - 1/2)

0.34 is the sigma of the histogram on a random walk of unit steps (12, 26, 9; the root of the
summed squares of its impulse response). It loses in markets that turn as often as they go on: its
readings look back, and the book has seen them all.
"""

from __future__ import annotations

import math
from functools import lru_cache

from msgspec import Struct

from polytui.config.deciding import ConfluenceSettings
from polytui.config.schema import Settings
from polytui.market.features import FeatureSet
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.entry import Valuation, abstain, enter
from polytui.strategy.probit import moved
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.readings import (
    clipped,
    finite,
    middle,
    sigma_bps_per_sqrt_s,
    trade_drift_sigmas,
    velocity_sigmas,
)
from polytui.strategy.window import EntryWindow, usual_window

_RSI, _MACD, _MOMENTUM, _IMBALANCE, _LEAD = 1.0, 2.0, 3.0, 2.0, 2.0
_WHOLE_SIGMAS = 2.0
_RSI_MIDDLE, _RSI_WHOLE = 50.0, 20.0
_MACD_DEVIATION = 0.34 * math.sqrt(300.0)
"""Of the histogram of five-minute bars, in sigmas of one second."""
_LEAD_WHOLE = 0.25
"""A lead-lag correlation that leaves no doubt who leads."""
_KEPT = 16
"""Tallies: some for every asset."""


class Tally(Struct, frozen=True, gc=False):
    """Votes counted."""

    count: int
    lean: float
    """-1 to 1, Up above 0."""
    against: float
    """Of the weight of votes, what points against the lean; 0 to 0.5."""

    @property
    def outcome(self) -> Outcome | None:
        if self.lean == 0.0:
            return None
        return Outcome.UP if self.lean > 0.0 else Outcome.DOWN

    @property
    def confidence(self) -> float:
        """0.5 to 1."""
        return 0.5 + abs(self.lean) / 2.0


class Confluence:
    """Stateless: one quote at the side that the votes lean to."""

    name = "confluence"

    def thresholds(self, settings: Settings) -> ConfluenceSettings:
        return settings.confluence

    def window(self, settings: Settings) -> EntryWindow:
        return usual_window(settings.gates)

    def propose(self, view: View, settings: Settings) -> Proposal:
        thresholds = settings.confluence
        tally = count_votes(view, settings)
        outcome, confidence = tally.outcome, tally.confidence
        why = _vote_block(tally, thresholds)
        if why is not None or outcome is None:
            return abstain(why or Why(Reason.NO_DIRECTION), outcome, confidence)
        mid = middle(view.side(outcome))
        if mid is None:
            return abstain(Why(Reason.NO_BOOK), outcome, confidence)
        worth = moved(mid, thresholds.worth * (confidence - 0.5))
        return enter(view, Valuation(outcome, worth, confidence), thresholds, settings)


def count_votes(view: View, settings: Settings) -> Tally:
    """Every reading that exists, weighed."""
    own = settings.features
    return _tally(view.features, sigma_bps_per_sqrt_s(view), own.velocity_s, own.flow_half_life_s)


@lru_cache(maxsize=_KEPT)
def _tally(features: FeatureSet, sigma: float | None, span_s: float, half_life_s: float) -> Tally:
    """Features and volatility stand for many decisions: the same question has the same answer."""
    up = down = whole = 0.0
    count = 0
    for weight, vote in (
        (_RSI, _rsi(features)),
        (_MACD, _macd(features, sigma)),
        (_MOMENTUM, _momentum(features, sigma, span_s, half_life_s)),
        (_IMBALANCE, _imbalance(features)),
        (_LEAD, _lead(features, sigma)),
    ):
        if vote is None:
            continue
        count += 1
        whole += weight
        if vote > 0.0:
            up += weight * vote
        else:
            down -= weight * vote
    lean = (up - down) / whole if whole else 0.0
    against = min(up, down) / (up + down) if up + down > 0.0 else 0.0
    return Tally(count, lean, against)


def _vote_block(tally: Tally, thresholds: ConfluenceSettings) -> Why | None:
    if tally.count < thresholds.min_votes:
        return Why(Reason.VOTES_FEW, tally.count, thresholds.min_votes, "votes")
    if tally.against > thresholds.max_against:
        return Why(Reason.VOTES_DISAGREE, tally.against, thresholds.max_against, "of the weight")
    if tally.outcome is not None and tally.confidence < thresholds.min_confidence:
        return Why(Reason.CONFIDENCE_LOW, tally.confidence, thresholds.min_confidence, "of 1")
    return None


def _rsi(features: FeatureSet) -> float | None:
    rsi = finite(features, "rsi_14")
    # Exactly 0 is also what TA-Lib makes of a market that stood still, and 100 is its mirror.
    if rsi is None or not 0.0 < rsi < 100.0:
        return None
    return clipped((rsi - _RSI_MIDDLE) / _RSI_WHOLE)


def _macd(features: FeatureSet, sigma: float | None) -> float | None:
    histogram = finite(features, "macd_histogram_bps")
    if histogram is None or sigma is None:
        return None
    return clipped(histogram / (_WHOLE_SIGMAS * _MACD_DEVIATION * sigma))


def _momentum(
    features: FeatureSet, sigma: float | None, span_s: float, half_life_s: float
) -> float | None:
    if sigma is None:
        return None
    price = velocity_sigmas(features, sigma, span_s)
    trades = trade_drift_sigmas(features, sigma, half_life_s)
    sigmas = _mean(price, trades)
    return None if sigmas is None else clipped(sigmas / _WHOLE_SIGMAS)


def _imbalance(features: FeatureSet) -> float | None:
    mean = _mean(finite(features, "imbalance"), finite(features, "depth_imbalance"))
    return None if mean is None else clipped(mean)


def _lead(features: FeatureSet, sigma: float | None) -> float | None:
    """`lead_lag` above 0: Binance goes first and Coinbase follows; the gap is Coinbase's."""
    gap, lead = finite(features, "dollar_gap_bps"), finite(features, "lead_lag")
    if gap is None or lead is None or sigma is None:
        return None
    return -clipped(gap / (_WHOLE_SIGMAS * sigma)) * clipped(lead / _LEAD_WHOLE)


def _mean(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return (one + other) / 2.0
