"""The strategy that follows a model: which one, how sure, and what it asks."""

from __future__ import annotations

import math
from typing import Any

import pytest
from market_views import STRIKE, a_model, a_view, edge_of, evolve, features_of, quoted, side_of
from market_views import with_thresholds as changed

from polytui.config.schema import Settings
from polytui.market.predictor import Prediction, Question
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.predictor import PredictorStrategy, question_of
from polytui.strategy.proposal import Proposal, View

STRATEGY = PredictorStrategy()


def proposed(view: View, **changes: Any) -> Proposal:
    return STRATEGY.propose(view, changed(STRATEGY, Settings(), **changes))


class OneAnswer:
    """A predictor of one answer."""

    digest = "one answer"

    def __init__(self, prediction: Prediction | None) -> None:
        self.prediction = prediction

    def predict(self, _: Question) -> Prediction | None:
        return self.prediction


def test_the_fair_value_needs_no_file() -> None:
    proposal = proposed(a_view(fair_up=0.75))
    assert quoted(proposal)[:2] == ("up", 520_000)
    assert proposal.confidence == 0.75
    assert proposal.edge_bps == pytest.approx(edge_of(0.75, 0.52))


def test_a_learned_model_that_is_absent_is_said() -> None:
    proposal = proposed(a_view(fair_up=0.75), kind="learned")
    assert (proposal.quotes, proposal.why) == ((), Why(Reason.NO_MODEL))
    assert proposal.why.text() == "no model"


def test_a_learned_model_is_asked_when_it_is_there() -> None:
    """Twice the logit of 0.75 is 0.9; the features are missing, so one that needs them is not."""
    view = a_view(fair_up=0.75, features=features_of(**dict.fromkeys(_NAMES, 0.0)))
    proposal = proposed(evolve(view, predictor=a_model(2.0)), kind="learned")
    assert proposal.edge_bps == pytest.approx(edge_of(0.9, 0.52))
    assert proposal.confidence == pytest.approx(0.9)
    still = proposed(evolve(view, predictor=a_model(2.0)))
    assert still.edge_bps == pytest.approx(edge_of(0.75, 0.52))


_NAMES = ("rsi_14", "macd_bps", "imbalance", "spread_bps", "order_flow", "trade_flow", "atr_14_bps",
          "velocity_bps_s", "divergence_bps", "dollar_gap_bps", "lead_lag", "vwap_gap_bps",
          "bollinger_b", "micro_gap_bps")  # fmt: skip
"""Fourteen of twenty-two: eight inputs are missing, which a model may bear."""


def test_a_model_that_knows_too_little_of_the_round_says_nothing() -> None:
    view = a_view(fair_up=0.75, predictor=a_model())
    assert proposed(view, kind="learned").why == Why(Reason.NO_FEATURES)


@pytest.mark.parametrize(("least", "buys"), [(0.7499, True), (0.75, True), (0.7501, False)])
def test_it_is_confident_enough_or_not(least: float, buys: bool) -> None:
    proposal = proposed(a_view(fair_up=0.75), min_confidence=least)
    assert bool(proposal.quotes) is buys
    assert buys or proposal.why == Why(Reason.CONFIDENCE_LOW, 0.75, least, "of 1")


def test_a_model_that_doubts_itself_is_not_followed() -> None:
    view = a_view(predictor=OneAnswer(Prediction(0.9, 0.05)))
    proposal = proposed(view, kind="learned")
    assert proposal.why == Why(Reason.CONFIDENCE_LOW, 0.525, 0.55, "of 1")


def test_it_buys_the_side_that_the_model_leans_to() -> None:
    proposal = proposed(a_view(fair_up=0.25))
    assert quoted(proposal)[:2] == ("down", 510_000)
    assert proposal.edge_bps == pytest.approx(edge_of(0.75, 0.51))


def test_it_does_not_turn_to_the_other_side_where_that_is_cheap() -> None:
    view = a_view(fair_up=0.75, up=side_of(0.89, 0.90), down=side_of(0.10, 0.11))
    proposal = proposed(view)
    assert (proposal.outcome, proposal.why.reason) == (Outcome.UP, Reason.EDGE_SMALL)


def test_even_odds_have_no_direction() -> None:
    assert proposed(a_view(fair_up=0.5)).why == Why(Reason.NO_DIRECTION)


@pytest.mark.parametrize(
    "prediction",
    [Prediction(math.nan, 1.0), Prediction(1.5, 1.0), Prediction(-1.0, 1.0), Prediction(0.9, 3.0)],
)
def test_what_is_no_probability_is_no_price(prediction: Prediction) -> None:
    proposal = proposed(a_view(predictor=OneAnswer(prediction)), kind="learned")
    assert (proposal.quotes, proposal.why) == ((), Why(Reason.NO_PRICE))


# --- what it asks ---------------------------------------------------------------------------------


def test_a_question_says_where_the_round_stands() -> None:
    view = a_view(fair_up=0.7, mean=STRIKE + 32.0, sigma=64.0, left_s=75.0, since_open_s=225.0)
    asked = question_of(view)
    assert (asked.fair_up, asked.sigmas, asked.left_share) == (0.7, 0.5, 0.25)
    assert asked.mid_up == 0.505
    assert asked.features is view.features


@pytest.mark.parametrize("up", [side_of(0.0, 0.51), side_of(0.5, 1.0), side_of(0.51, 0.50)])
def test_a_book_with_one_side_has_no_middle(up: object) -> None:
    assert question_of(a_view(up=up)).mid_up is None


@pytest.mark.parametrize(
    ("mean", "sigma", "sigmas"),
    [
        (STRIKE + 1.0, 0.0, 30.0),
        (STRIKE, 0.0, 30.0),
        (STRIKE - 1.0, 0.0, -30.0),
        (STRIKE + 64.0, 1.0, 30.0),
        (STRIKE - 64.0, 1.0, -30.0),
        (math.inf, 1.0, 30.0),
    ],
)
def test_certainty_is_thirty_deviations(mean: float, sigma: float, sigmas: float) -> None:
    assert question_of(a_view(mean=mean, sigma=sigma)).sigmas == sigmas


def test_what_is_no_number_stays_none() -> None:
    assert math.isnan(question_of(a_view(mean=math.nan)).sigmas)
    assert math.isnan(question_of(a_view(sigma=math.nan)).sigmas)
    assert question_of(a_view(left_s=0.0, since_open_s=0.0)).left_share == 0.0
