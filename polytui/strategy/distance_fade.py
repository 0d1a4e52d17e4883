"""Distance fade: buy the outcome that the book prices below its fair value, after fees.

The fair value is the probability of Up under the round's settlement rule, or a sigmoid of the
distance between the expected closing price and the strike in standard deviations. It loses when
the crowd knows something that the consensus and its volatility do not say: news, fat tails, a
better feed.
"""

from __future__ import annotations

import math

from polytui.config.deciding import DistanceFadeSettings
from polytui.config.schema import Settings
from polytui.strategy.entry import better_side, enter
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.window import EntryWindow, usual_window

_FAR = 30.0
"""Logits beyond it are certainty in floats as well."""


class DistanceFade:
    """Stateless: one quote at the cheaper side, held to settlement."""

    name = "distance_fade"

    def thresholds(self, settings: Settings) -> DistanceFadeSettings:
        return settings.distance_fade

    def window(self, settings: Settings) -> EntryWindow:
        return usual_window(settings.gates)

    def propose(self, view: View, settings: Settings) -> Proposal:
        thresholds = settings.distance_fade
        worth = view.fair_up if thresholds.model == "settlement" else _sigmoid(view, thresholds)
        opinion = better_side(view, worth, settings)
        return enter(view, opinion, thresholds, settings)


def _sigmoid(view: View, thresholds: DistanceFadeSettings) -> float:
    gap = view.mean - view.strike
    if view.sigma <= 0.0:
        return 1.0 if gap >= 0.0 else 0.0
    logit = thresholds.steepness * gap / view.sigma
    if math.isnan(logit):
        return math.nan  # min and max would make a certainty of it
    return 1.0 / (1.0 + math.exp(-max(-_FAR, min(_FAR, logit))))
