"""Momentum score: its parts, its sign, and what it asks for before it buys."""

from __future__ import annotations

import math
from typing import Any

import pytest
from market_views import a_view, edge_of, features_of, quoted, side_of, with_thresholds

from polytui.config.schema import Settings
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.momentum_score import MomentumScore, score_of
from polytui.strategy.proposal import Proposal

D = 8.0 / 65_536.0 * 10_000.0
"""bps of one second, of a_view."""
SETTINGS = Settings()
VELOCITY = 2 * D / math.sqrt(5.0)
"""Two sigmas over five seconds."""
ACCELERATION = 2 * math.sqrt(2.0) * D / 5.0**1.5
"""Two sigmas of the difference of two such changes, over five seconds."""


def score(**values: float | None) -> float:
    found = score_of(a_view(features=features_of(**values)), SETTINGS)
    assert isinstance(found, float)
    return found


def proposed(changes: dict[str, Any], **values: float | None) -> Proposal:
    settings = with_thresholds(MomentumScore(), SETTINGS, **changes)
    return MomentumScore().propose(a_view(features=features_of(**values)), settings)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Beside a trade flow of nothing, of weight 3, each part is its own share.
        ({"trade_flow": 0.0, "order_flow": 30.0}, 3 * 0.5 / 6),
        ({"trade_flow": 0.0, "order_flow": -60.0}, -3 / 6),
        ({"trade_flow": 0.0, "order_flow": 6_000.0}, 3 / 6),
        ({"trade_flow": 0.0, "velocity_bps_s": VELOCITY / 2}, 3 * 0.5 / 6),
        ({"trade_flow": 0.0, "velocity_bps_s": -2 * VELOCITY}, -3 / 6),
        ({"trade_flow": 0.5, "order_flow": 0.0}, 3 * 0.5 / 6),
        (
            {"trade_flow": 0.0, "order_flow": 0.0, "acceleration_bps_s2": ACCELERATION / 2},
            0.5 / 7,
        ),
        (
            {
                "trade_flow": 1.0,
                "order_flow": 99.0,
                "velocity_bps_s": VELOCITY * 1.01,
                "acceleration_bps_s2": ACCELERATION * 1.01,
            },
            1.0,
        ),
        (
            {
                "trade_flow": -0.5,
                "order_flow": 30.0,
                "velocity_bps_s": -VELOCITY / 2,
                "acceleration_bps_s2": ACCELERATION / 2,
            },
            (-1.5 + 1.5 - 1.5 + 0.5) / 10,
        ),
    ],
)
def test_the_score_is_the_weighed_mean_of_what_is_known(
    values: dict[str, float], expected: float
) -> None:
    assert score(**values) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("values", "known"),
    [
        ({}, 0.0),
        ({"acceleration_bps_s2": 1.0}, 0.1),
        ({"trade_flow": 1.0}, 0.3),
        ({"trade_flow": 1.0, "acceleration_bps_s2": 1.0}, 0.4),
        ({"trade_flow": 1.0, "order_flow": math.nan}, 0.3),
    ],
)
def test_less_than_half_of_the_weight_is_no_score(values: dict[str, float], known: float) -> None:
    why = proposed({}, **values).why
    assert why == Why(Reason.NO_FEATURES, pytest.approx(known), 0.5, "of the weight")


def test_a_stale_part_is_not_heard() -> None:
    features = features_of(("order_flow",), trade_flow=0.5, order_flow=-60.0, velocity_bps_s=0.0)
    assert score_of(a_view(features=features), SETTINGS) == pytest.approx(0.25)


@pytest.mark.parametrize(("least", "reason"), [
    (0.2499, Reason.EDGE_SMALL),
    (0.25, Reason.EDGE_SMALL),
    (0.2501, Reason.SCORE_SMALL),
])  # fmt: skip
def test_the_score_is_enough_or_small(least: float, reason: Reason) -> None:
    """A score that is enough goes on to the edge, which is another question."""
    proposal = proposed({"min_score": least}, trade_flow=0.5, order_flow=0.0)
    assert proposal.why.reason is reason
    assert proposal.outcome is Outcome.UP
    assert proposal.confidence == 0.625
    if reason is Reason.SCORE_SMALL:
        assert (proposal.why.value, proposal.why.limit) == (0.25, least)


def test_the_defaults_ask_for_a_score_and_an_edge() -> None:
    thresholds = MomentumScore().thresholds(SETTINGS)
    assert (thresholds.min_score, thresholds.min_edge_bps) == (0.12, 500.0)


def test_no_score_is_no_direction() -> None:
    proposal = proposed({"min_score": 0.0}, trade_flow=0.5, order_flow=-30.0)
    assert (proposal.why, proposal.outcome) == (Why(Reason.NO_DIRECTION), None)


@pytest.mark.parametrize(("flow", "outcome", "worth", "limit"), [
    # A score of one half is 0.2 dollars at even odds, 0.50133 in z: from z 0.01253 and -0.01253.
    (0.5, Outcome.UP, 0.696335, 0.52),
    (-0.5, Outcome.DOWN, 0.687499, 0.51),
])  # fmt: skip
def test_the_book_is_moved_by_the_score(
    flow: float, outcome: Outcome, worth: float, limit: float
) -> None:
    proposal = proposed({"worth": 0.4}, trade_flow=flow, order_flow=60 * flow)
    assert proposal.outcome is outcome
    assert proposal.edge_bps == pytest.approx(edge_of(worth, limit), abs=0.3)


def test_a_share_is_never_worth_more_than_a_dollar() -> None:
    view = a_view(
        features=features_of(trade_flow=1.0, order_flow=60.0),
        up=side_of(0.88, 0.89),
        down=side_of(0.11, 0.12),
    )
    # A quarter of a dollar at even odds is 0.62666 in z: from 0.885, z 1.20036, to 0.966169.
    found = MomentumScore().propose(view, SETTINGS).edge_bps
    assert found == pytest.approx(edge_of(0.966169, 0.90), abs=0.3)


def test_it_buys_for_its_confidence() -> None:
    """Score 0.5, confidence 0.75: seven eighths of 20 dollars at 0.52 and its fee."""
    proposal = proposed({}, trade_flow=0.5, order_flow=30.0)
    shares = math.floor(17.5 / (0.52 + 0.07 * 0.52 * 0.48) * 100) * 10_000
    assert quoted(proposal) == ("up", 520_000, shares)
