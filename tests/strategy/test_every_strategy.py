"""What holds for all strategies: mirrors, wild views, edges and prices at their thresholds."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from market_views import (
    EAGER,
    KELLY,
    LEARNED,
    SIGMOID,
    STRIKE,
    a_model,
    a_view,
    evolve,
    features_of,
    mirrored,
    side_of,
    tame_views,
    wild_views,
    with_thresholds,
)

from polytui.config.schema import Settings
from polytui.model.effects import Reason
from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import LOT, MICRO, cost_of
from polytui.strategy.proposal import Proposal, Strategy, View
from polytui.strategy.registry import STRATEGIES

LEANING_UP = a_view(
    fair_up=0.75,
    mean=STRIKE + 200.0,
    left_s=60.0,
    since_open_s=240.0,
    features=features_of(
        rsi_14=70.0,
        macd_histogram_bps=10.0,
        velocity_bps_s=2.0,
        imbalance=0.75,
        trade_flow=0.75,
        order_flow=60.0,
        acceleration_bps_s2=0.5,
    ),
)
"""Every strategy buys Up of it, under the settings as they are."""
BY_NAME = {one.name: one for one in STRATEGIES}
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda one: one.name)
ways = st.sampled_from([Settings(), EAGER, SIGMOID, LEARNED, KELLY])


def test_there_are_five_in_a_fixed_order() -> None:
    names = [strategy.name for strategy in STRATEGIES]
    assert names == [
        "confluence",
        "momentum_score",
        "distance_fade",
        "settlement_sniper",
        "predictor",
    ]


@every_strategy
def test_each_has_its_table(strategy: Strategy) -> None:
    settings = Settings()
    assert strategy.thresholds(settings) is getattr(settings, strategy.name)


# --- at their thresholds --------------------------------------------------------------------------


@every_strategy
def test_a_market_that_leans_is_followed(strategy: Strategy) -> None:
    proposal = strategy.propose(LEANING_UP, Settings())
    (quote,) = proposal.quotes
    assert (quote.outcome, quote.side, quote.price) == (Outcome.UP, Side.BUY, 520_000)
    assert proposal.why.reason is Reason.NONE
    assert proposal.outcome is Outcome.UP


@every_strategy
@pytest.mark.parametrize(("over", "buys"), [(-1e-9, True), (0.0, True), (1e-9, False)])
def test_the_edge_is_enough_or_not(strategy: Strategy, over: float, buys: bool) -> None:
    edge = strategy.propose(LEANING_UP, Settings()).edge_bps
    assert edge is not None
    settings = with_thresholds(strategy, Settings(), min_edge_bps=edge + over)
    proposal = strategy.propose(LEANING_UP, settings)
    assert bool(proposal.quotes) is buys
    assert proposal.edge_bps == edge
    if not buys:
        why = proposal.why
        assert (why.reason, why.value, why.limit) == (Reason.EDGE_SMALL, edge, edge + over)


@every_strategy
@pytest.mark.parametrize(
    ("bounds", "buys"),
    [
        ({"max_price": 0.52}, True),
        ({"max_price": 0.5199999}, False),
        ({"max_price": 0.5200001}, True),
        ({"min_price": 0.52}, True),
        ({"min_price": 0.5200001}, False),
        ({"min_price": 0.5199999}, True),
    ],
)
def test_the_limit_price_is_inside_its_bounds_or_not(
    strategy: Strategy, bounds: dict[str, float], buys: bool
) -> None:
    """The limit price counts, one tick above the ask of 0.51."""
    proposal = strategy.propose(LEANING_UP, with_thresholds(strategy, Settings(), **bounds))
    assert bool(proposal.quotes) is buys
    if not buys:
        (bound,) = bounds.values()
        why = proposal.why
        assert (why.reason, why.value, why.limit) == (Reason.PRICE_FAR, 0.52, bound)


@every_strategy
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"up": side_of(0.50, 1.0)}, Reason.NO_BOOK),
        ({"up": side_of(0.0, 1.0)}, Reason.NO_BOOK),
        ({"up": side_of(0.0, 0.0)}, Reason.NO_BOOK),
        ({"up": side_of(0.505, 0.515)}, Reason.OFF_TICK),
        ({"since_open_s": 1.0}, Reason.TOO_EARLY),
        ({"left_s": 1.0}, Reason.TOO_LATE),
        ({"down": side_of(0.49, 0.50, held=0.01)}, Reason.OTHER_SIDE_HELD),
        ({"trust": 0.1}, Reason.CONSENSUS_UNSURE),
        ({"book_age_ms": 15_001}, Reason.BOOK_STALE),
        ({"since_open_s": math.nan}, Reason.NO_PRICE),
        ({"up": side_of(0.50, 0.51, held=38.0, cost=19.9)}, Reason.POSITION_HELD),
    ],
)
def test_a_named_reason_for_what_is_in_the_way(
    strategy: Strategy, changes: dict[str, Any], reason: Reason
) -> None:
    # Nobody offers the other side, so that no strategy turns to it.
    view = evolve(evolve(LEANING_UP, down=side_of(0.49, 1.0)), **changes)
    proposal = strategy.propose(view, Settings())
    assert proposal.quotes == ()
    assert proposal.why.reason is reason


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("distance_fade", {"fair_up": math.nan}, Reason.NO_PRICE),
        ("distance_fade", {"fair_up": 1.5}, Reason.NO_PRICE),
        ("settlement_sniper", {"mean": math.nan}, Reason.NO_PRICE),
        ("settlement_sniper", {"mean": math.inf}, Reason.NO_PRICE),
        ("settlement_sniper", {"sigma": math.nan}, Reason.NO_PRICE),
        ("settlement_sniper", {"sigma_per_sqrt_s": math.inf}, Reason.NO_PRICE),
        ("settlement_sniper", {"strike": math.nan}, Reason.NO_PRICE),
        ("settlement_sniper", {"trust": math.nan}, Reason.NO_PRICE),
        ("predictor", {"fair_up": math.nan}, Reason.NO_FEATURES),
        ("confluence", {"features": features_of()}, Reason.VOTES_FEW),
        ("momentum_score", {"features": features_of()}, Reason.NO_FEATURES),
        # A book with one side is worth nothing that could be moved.
        ("confluence", {"up": side_of(0.0, 0.51)}, Reason.NO_BOOK),
        ("momentum_score", {"up": side_of(0.0, 0.51)}, Reason.NO_BOOK),
    ],
)
def test_a_named_reason_for_what_is_no_number(
    name: str, changes: dict[str, Any], reason: Reason
) -> None:
    proposal = BY_NAME[name].propose(evolve(LEANING_UP, **changes), Settings())
    assert (proposal.quotes, proposal.why.reason) == ((), reason)


def test_a_sigmoid_of_nothing_is_no_certainty() -> None:
    for name in ("mean", "sigma", "strike"):
        view = evolve(LEANING_UP, **{name: math.nan})
        proposal = BY_NAME["distance_fade"].propose(view, SIGMOID)
        assert (proposal.quotes, proposal.why.reason) == ((), Reason.NO_PRICE)


# --- in a mirror ----------------------------------------------------------------------------------


@every_strategy
@given(view=tame_views(), settings=ways)
@example(view=LEANING_UP, settings=Settings())
@example(view=evolve(LEANING_UP, predictor=a_model(2.0)), settings=LEARNED)
def test_the_mirrored_market_gets_the_mirrored_proposal(
    strategy: Strategy, view: View, settings: Settings
) -> None:
    here, there = strategy.propose(view, settings), strategy.propose(mirrored(view), settings)
    assume(not _is_a_tie(strategy, view, here, there))
    assert there.outcome is (here.outcome and here.outcome.other)
    assert there.why.reason is here.why.reason
    assert there.edge_bps == pytest.approx(here.edge_bps, abs=1e-8)
    assert there.confidence == pytest.approx(here.confidence)
    assert [quote.price for quote in there.quotes] == [quote.price for quote in here.quotes]
    for one, other in zip(here.quotes, there.quotes, strict=True):
        assert abs(one.shares - other.shares) <= LOT


def _is_a_tie(strategy: Strategy, view: View, here: Proposal, there: Proposal) -> bool:
    """A tie is Up by the venue's rule, and of two equal edges Up's is taken: no mirror there."""
    if strategy.name == "settlement_sniper" or view.sigma == 0.0:
        return view.mean == view.strike
    return strategy.name == "distance_fade" and here.outcome is there.outcome


# --- wild -----------------------------------------------------------------------------------------


@every_strategy
@given(view=wild_views(), settings=ways)
def test_nothing_makes_it_raise_or_quote_what_may_not_be(
    strategy: Strategy, view: View, settings: Settings
) -> None:
    proposal = strategy.propose(view, settings)
    thresholds = strategy.thresholds(settings)
    assert proposal == strategy.propose(view, settings)
    assert bool(proposal.quotes) is (proposal.why.reason is Reason.NONE)
    for number in (proposal.edge_bps, proposal.confidence):
        assert number is None or math.isfinite(number)
    for quote in proposal.quotes:
        assert quote.side is Side.BUY
        assert quote.outcome is proposal.outcome
        assert quote.price % view.tick == 0
        assert view.tick <= quote.price <= MICRO - view.tick
        assert thresholds.min_price <= quote.price / MICRO <= thresholds.max_price
        assert quote.price >= view.side(quote.outcome).best_ask > 0
        assert quote.shares % LOT == 0
        assert quote.shares >= view.min_shares
        paid = cost_of(quote.price, quote.shares) + view.fees.fee(quote.price, quote.shares)
        already = view.side(quote.outcome).cost
        assert paid + already <= thresholds.stake_usd * MICRO
        assert proposal.edge_bps is not None
        assert proposal.edge_bps >= thresholds.min_edge_bps
        assert proposal.confidence is not None
        assert not view.side(quote.outcome.other).held
