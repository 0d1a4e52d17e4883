"""Predictor: follows a model of the round, the fair value or one that was learned.

The model says p_up and how much it believes itself, c in [0, 1]. The side it leans to is bought:

    confidence = 1/2 + c / 2, at least min_confidence       worth of a share = p of that side

For the fair value c = 2 |p - 1/2|, so the confidence is p of the side itself. It loses where the
days it was trained on are over, and where the book knows what its inputs do not say.
"""

from __future__ import annotations

import math

from polytui.config.deciding import PredictorSettings
from polytui.config.schema import Settings
from polytui.market.predictor import FairValuePredictor, Question
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.entry import Valuation, abstain, enter
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.readings import middle
from polytui.strategy.window import EntryWindow, usual_window

_FAIR_VALUE = FairValuePredictor()
_FAR = 30.0
"""Sigmas beyond it are certainty in floats as well."""


class PredictorStrategy:
    """Stateless: one quote at the side that its model leans to."""

    name = "predictor"

    def thresholds(self, settings: Settings) -> PredictorSettings:
        return settings.predictor

    def window(self, settings: Settings) -> EntryWindow:
        return usual_window(settings.gates)

    def propose(self, view: View, settings: Settings) -> Proposal:
        thresholds = settings.predictor
        model = view.predictor if thresholds.kind == "learned" else _FAIR_VALUE
        if model is None:
            return abstain(Why(Reason.NO_MODEL))
        said = model.predict(question_of(view))
        if said is None:
            return abstain(Why(Reason.NO_FEATURES))
        if said.up == 0.5:
            return abstain(Why(Reason.NO_DIRECTION))
        confidence = 0.5 + said.confidence / 2.0
        outcome, worth = (Outcome.UP, said.up) if said.up > 0.5 else (Outcome.DOWN, 1.0 - said.up)
        if confidence < thresholds.min_confidence:
            why = Why(Reason.CONFIDENCE_LOW, confidence, thresholds.min_confidence, "of 1")
            return abstain(why, outcome, confidence)
        return enter(view, Valuation(outcome, worth, confidence), thresholds, settings)


def question_of(view: View) -> Question:
    """What a predictor may know of this view; learning asks the same way."""
    sigmas = sigmas_of(view.mean, view.strike, view.sigma)
    left_share = left_share_of(view.since_open_s, view.left_s)
    return Question(view.features, view.fair_up, sigmas, left_share, middle(view.up))


def left_share_of(since_open_s: float, left_s: float) -> float:
    """Of the round's length, 1 to 0."""
    length_s = since_open_s + left_s
    return left_s / length_s if length_s > 0.0 else 0.0


def sigmas_of(mean: float, strike: float, sigma: float) -> float:
    """How far the forecast lies above the strike. NaN stays NaN: a model counts it as missing."""
    gap = mean - strike
    if sigma <= 0.0:
        return _FAR if gap >= 0.0 else -_FAR
    sigmas = gap / sigma
    return sigmas if math.isnan(sigmas) else max(-_FAR, min(_FAR, sigmas))
