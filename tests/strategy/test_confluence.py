"""Confluence: what each reading votes, who is heard, and when votes are followed."""

from __future__ import annotations

import math
from typing import Any

import pytest
from market_views import (
    EAGER,
    a_view,
    edge_of,
    evolve,
    features_of,
    quoted,
    side_of,
    with_thresholds,
)

from polytui.config.schema import Settings
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.confluence import Confluence, count_votes
from polytui.strategy.proposal import Proposal

D = 8.0 / 65_536.0 * 10_000.0
"""bps of one second, of a_view."""
SETTINGS = Settings()


def lean(**values: float | None) -> float:
    return count_votes(a_view(features=features_of(**values)), SETTINGS).lean


def proposed(changes: dict[str, Any], **values: float | None) -> Proposal:
    settings = with_thresholds(Confluence(), SETTINGS, **changes)
    return Confluence().propose(a_view(features=features_of(**values)), settings)


MACD = 2 * 0.34 * math.sqrt(300) * D
"""A histogram in bps that is a whole vote: two sigmas of it."""
VELOCITY = 2 * D / math.sqrt(5.0)
"""bps per second over five seconds that are two sigmas."""
DRIFT = 2 * D * math.sqrt(math.log(2) / 10 / 2)
"""bps per second of trades, decayed with ten seconds of half-life."""


@pytest.mark.parametrize(
    ("values", "vote"),
    [
        ({"rsi_14": 50.0}, 0.0),
        ({"rsi_14": 60.0}, 0.5),
        ({"rsi_14": 70.0}, 1.0),
        ({"rsi_14": 99.0}, 1.0),
        ({"rsi_14": 45.0}, -0.25),
        ({"macd_histogram_bps": MACD / 2}, 0.5),
        ({"macd_histogram_bps": -MACD}, -1.0),
        ({"macd_histogram_bps": -3 * MACD}, -1.0),
        ({"velocity_bps_s": VELOCITY / 4}, 0.25),
        ({"velocity_bps_s": -9.0}, -1.0),
        ({"volume_momentum_bps": DRIFT / 8, "trade_intensity": 4.0}, 0.5),
        # Both readings of momentum are one vote, their mean.
        (
            {
                "velocity_bps_s": VELOCITY,
                "volume_momentum_bps": -DRIFT / 4,
                "trade_intensity": 2.0,
            },
            0.25,
        ),
        ({"imbalance": 0.5}, 0.5),
        ({"depth_imbalance": -0.25}, -0.25),
        ({"imbalance": 0.5, "depth_imbalance": -0.25}, 0.125),
        # Binance leads and Coinbase stands above it: it will come down.
        ({"dollar_gap_bps": 2 * D, "lead_lag": 0.25}, -1.0),
        ({"dollar_gap_bps": D, "lead_lag": 0.125}, -0.25),
        # Coinbase leads: the price will come up to it.
        ({"dollar_gap_bps": D, "lead_lag": -0.5}, 0.5),
    ],
)
def test_what_a_reading_votes(values: dict[str, float], vote: float) -> None:
    assert lean(**values) == pytest.approx(vote, abs=1e-12)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rsi_14": None},
        {"rsi_14": math.nan},
        {"rsi_14": 0.0},
        {"rsi_14": 100.0},
        {"imbalance": math.inf},
        {"volume_momentum_bps": 1.0},
        {"trade_intensity": 5.0},
        {"dollar_gap_bps": 3.0},
        {"lead_lag": 1.0},
    ],
)
def test_what_is_missing_or_no_number_has_no_vote(values: dict[str, float | None]) -> None:
    assert count_votes(a_view(features=features_of(**values)), SETTINGS).count == 0


def test_what_is_stale_has_no_vote() -> None:
    known = {"rsi_14": 70.0, "imbalance": 0.5}
    stale = a_view(features=features_of(("imbalance",), **known))
    assert count_votes(stale, SETTINGS).count == 1
    assert count_votes(stale, SETTINGS).lean == 1.0
    assert count_votes(a_view(features=features_of(**known)), SETTINGS).count == 2


@pytest.mark.parametrize("volatility", [0.0, -1.0, math.nan, math.inf])
def test_without_a_volatility_only_what_needs_none_votes(volatility: float) -> None:
    features = features_of(
        rsi_14=60.0,
        macd_histogram_bps=9.0,
        velocity_bps_s=1.0,
        imbalance=0.5,
        dollar_gap_bps=1.0,
        lead_lag=1.0,
    )
    tally = count_votes(a_view(features=features, volatility=volatility), SETTINGS)
    assert (tally.count, tally.lean) == (2, 0.5)


def test_votes_are_weighed() -> None:
    """1 x 1 for the index, 2 x -0.5 for the imbalance, 3 x 0.5 for momentum: 1.5 of 6."""
    tally = count_votes(
        a_view(features=features_of(rsi_14=70.0, imbalance=-0.5, velocity_bps_s=VELOCITY / 2)),
        SETTINGS,
    )
    assert tally.lean == pytest.approx(1.5 / 6)
    assert tally.against == pytest.approx(1.0 / 3.5)
    assert tally.confidence == pytest.approx(0.5 + 0.125)


@pytest.mark.parametrize(("needed", "buys"), [(2, True), (3, True), (4, False)])
def test_enough_votes_or_too_few(needed: int, buys: bool) -> None:
    proposal = proposed({"min_votes": needed}, rsi_14=70.0, imbalance=0.75, macd_histogram_bps=MACD)
    assert bool(proposal.quotes) is buys
    assert buys or proposal.why == Why(Reason.VOTES_FEW, 3, 4, "votes")


@pytest.mark.parametrize(("rsi", "buys"), [(40.5, True), (40.0, True), (39.5, False)])
def test_votes_agree_or_disagree(rsi: float, buys: bool) -> None:
    """1.5 for Up by the imbalance; at an index of 40 half a vote, a quarter of all, against."""
    changes = {"min_votes": 2, "max_against": 0.25}
    proposal = proposed(changes, rsi_14=rsi, imbalance=0.75)
    assert bool(proposal.quotes) is buys
    if not buys:
        assert proposal.why.reason is Reason.VOTES_DISAGREE
        assert proposal.why.value == pytest.approx(0.525 / 2.025)
        assert proposal.outcome is Outcome.UP


@pytest.mark.parametrize(("least", "buys"), [(0.7499, True), (0.75, True), (0.7501, False)])
def test_confidence_is_enough_or_low(least: float, buys: bool) -> None:
    proposal = proposed({"min_votes": 1, "min_confidence": least}, imbalance=0.5)
    assert proposal.confidence == 0.75
    assert bool(proposal.quotes) is buys
    assert buys or proposal.why == Why(Reason.CONFIDENCE_LOW, 0.75, least, "of 1")


def test_the_defaults_ask_for_three_votes_and_six_tenths() -> None:
    """A lean of 0.2 is a confidence of 0.6: at it, and a hair under."""
    readings = {"rsi_14": 54.0, "imbalance": 0.2, "depth_imbalance": 0.2}
    at = proposed({}, **readings, macd_histogram_bps=0.2001 * MACD)
    under = proposed({}, **readings, macd_histogram_bps=0.1999 * MACD)
    assert at.why.reason is not Reason.CONFIDENCE_LOW
    assert under.why.reason is Reason.CONFIDENCE_LOW


def test_readings_that_say_nothing_have_no_direction() -> None:
    proposal = proposed({"min_votes": 1, "min_confidence": 0.5}, imbalance=0.0)
    assert (proposal.why, proposal.outcome) == (Why(Reason.NO_DIRECTION), None)


def test_a_vote_that_is_split_in_two_has_no_direction() -> None:
    proposal = Confluence().propose(
        a_view(features=features_of(imbalance=0.5, rsi_14=30.0)),
        with_thresholds(Confluence(), EAGER, max_against=0.5),
    )
    assert proposal.why == Why(Reason.NO_DIRECTION)


@pytest.mark.parametrize(("worth", "believed"), [(1.0, 0.738651), (0.5, 0.627736), (0.0, 0.505)])
def test_the_book_is_moved_towards_the_confidence(worth: float, believed: float) -> None:
    """Mid 0.505, z 0.01253; confidence 0.75 is a quarter of a dollar at even odds, 0.62666 in z.
    The limit stands one tick above the ask of 0.51."""
    proposal = proposed({"min_votes": 1, "worth": worth}, imbalance=0.5)
    assert proposal.edge_bps == pytest.approx(edge_of(believed, 0.52), abs=0.3)


def test_a_book_that_is_sure_is_moved_by_less() -> None:
    """An eighth of a dollar at even odds, 0.31333 in z: from 0.855, z 1.05812, to 0.914870, and
    from 0.145 to 0.228198. A line to the confidence of 0.75 would have claimed thirty cents."""
    view = a_view(
        features=features_of(imbalance=0.5), up=side_of(0.85, 0.86), down=side_of(0.14, 0.15)
    )
    proposal = Confluence().propose(view, with_thresholds(Confluence(), SETTINGS, min_votes=1))
    assert proposal.edge_bps == pytest.approx(edge_of(0.914870, 0.87), abs=0.3)
    lost = evolve(view, up=side_of(0.14, 0.15), down=side_of(0.85, 0.86))
    proposal = Confluence().propose(lost, with_thresholds(Confluence(), SETTINGS, min_votes=1))
    assert proposal.edge_bps == pytest.approx(edge_of(0.228198, 0.16), abs=0.3)


def test_it_buys_down_for_half_of_its_stake_and_more_by_confidence() -> None:
    """Confidence 0.70 takes three quarters of 20 dollars: 15 / (0.51 + its fee)."""
    proposal = proposed({"min_votes": 1}, imbalance=-0.4)
    assert quoted(proposal) == ("down", 510_000, 28_430_000)
