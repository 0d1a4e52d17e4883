"""Distance fade on views made by hand: what it buys, by which model, and why it does not."""

from __future__ import annotations

import math

import pytest
from market_views import SIGMOID, STRIKE, a_view, edge_of, evolve, quoted, side_of, with_thresholds

from polytui.config.schema import Settings
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.distance_fade import DistanceFade
from polytui.strategy.proposal import Proposal, View

SETTINGS = Settings()
FADE = DistanceFade()


def proposed(view: View, settings: Settings = SETTINGS) -> Proposal:
    return FADE.propose(view, settings)


def test_it_buys_the_side_that_the_book_prices_below_its_fair_value() -> None:
    proposal = proposed(a_view(fair_up=0.60))
    # One tick above the ask, 0.52 and its fee of 1.75 cents: six cents of edge are a confidence of
    # 0.73, that is 16.58 of 20 dollars, and 30.84 shares.
    assert quoted(proposal) == ("up", 520_000, 30_840_000)
    assert proposal.why == Why(Reason.NONE)
    assert proposal.edge_bps == pytest.approx(edge_of(0.60, 0.52))


def test_it_buys_down_when_down_is_the_cheap_one() -> None:
    proposal = proposed(a_view(fair_up=0.40))
    assert quoted(proposal)[:2] == ("down", 510_000)
    assert proposal.outcome is Outcome.DOWN
    assert proposal.edge_bps == pytest.approx(edge_of(0.60, 0.51))


def test_it_buys_the_unlikely_side_too_where_that_is_the_cheap_one() -> None:
    view = a_view(fair_up=0.70, up=side_of(0.84, 0.85), down=side_of(0.15, 0.16))
    assert quoted(proposed(view))[:2] == ("down", 170_000)


@pytest.mark.parametrize(("over_bps", "buys"), [(-0.01, False), (0.01, True)])
def test_the_edge_after_fees_decides(over_bps: float, buys: bool) -> None:
    fair = 0.52 + 0.07 * 0.52 * 0.48 + (150.0 + over_bps) / 10_000
    proposal = proposed(a_view(fair_up=fair))
    assert bool(proposal.quotes) is buys
    if not buys:
        assert proposal.why.reason is Reason.EDGE_SMALL
        assert proposal.why.value == pytest.approx(149.99)
        assert proposal.why.limit == 150.0


def test_its_confidence_is_of_its_margin_over_the_price_and_not_the_trust_in_chainlink() -> None:
    """0.60 is half of the stake that its own confidence allows."""
    whole = proposed(a_view(fair_up=0.60))
    less = proposed(a_view(fair_up=0.60, trust=0.60))
    assert less.confidence == whole.confidence == pytest.approx(0.7316, abs=1e-4)
    assert quoted(less)[2] == 15_420_000
    wider = proposed(a_view(fair_up=0.70))
    assert wider.confidence > whole.confidence


@pytest.mark.parametrize(
    ("gap", "sigma", "believed"),
    [
        (0.0, 64.0, 0.5),
        (64.0, 64.0, 1.0 / (1.0 + math.exp(-1.7))),
        (-128.0, 64.0, 1.0 / (1.0 + math.exp(3.4))),
        (1.0, 0.0, 1.0),
        (0.0, 0.0, 1.0),
        (-1.0, 0.0, 0.0),
        (1e9, 1.0, 1.0),
    ],
)
def test_the_sigmoid_of_the_distance_in_deviations(
    gap: float, sigma: float, believed: float
) -> None:
    """Fair value says the opposite, and is not asked."""
    view = a_view(mean=STRIKE + gap, sigma=sigma, fair_up=1.0 - round(believed))
    proposal = proposed(view, SIGMOID)
    worth, limit = (believed, 0.52) if proposal.outcome is Outcome.UP else (1 - believed, 0.51)
    assert proposal.edge_bps == pytest.approx(edge_of(worth, limit))
    if believed != 0.5:
        assert proposal.outcome is (Outcome.UP if believed > 0.5 else Outcome.DOWN)


def test_a_steeper_sigmoid_is_surer() -> None:
    view = a_view(mean=STRIKE + 32.0)
    steep = with_thresholds(FADE, SIGMOID, steepness=3.4)
    assert proposed(view, steep).edge_bps == pytest.approx(
        edge_of(1.0 / (1.0 + math.exp(-1.7)), 0.52)
    )


def test_the_same_view_gives_the_same_proposal() -> None:
    view = a_view(fair_up=0.6)
    assert proposed(view) == proposed(evolve(view))
