"""Distance fade on views made by hand: what it buys, how much, and why it does not."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import DistanceFade as Thresholds
from polytui.config.schema import Gates, Settings
from polytui.market.features import NO_FEATURES
from polytui.model.effects import Reason, Why
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, cost_of
from polytui.strategy.distance_fade import DistanceFade, edge_bps
from polytui.strategy.gates import first_block
from polytui.strategy.proposal import OutcomeView, Proposal, View
from polytui.strategy.sizing import shares_for_stake

START_NS = 1_795_204_800 * NS_PER_S
SETTINGS = Settings()


def side_of(bid: float, ask: float, held: float = 0, cost: float = 0) -> OutcomeView:
    return OutcomeView(
        Price(round(bid * MICRO)),
        Price(round(ask * MICRO)),
        Shares(100 * MICRO),
        Shares(round(held * MICRO)),
        round(cost * MICRO),
    )


def a_view(fair_up: float = 0.60, **changes: Any) -> View:
    """Half-way through a round: Up at 0.50/0.51, Down at 0.49/0.50."""
    view = View(
        now_ns=START_NS + 150 * NS_PER_S,
        since_open_s=150.0,
        left_s=150.0,
        strike=100_000.0,
        price=100_010.0,
        fair_up=fair_up,
        confidence=1.0,
        features=NO_FEATURES,
        up=side_of(0.50, 0.51),
        down=side_of(0.49, 0.50),
        tick=Price(10_000),
        min_shares=Shares(5 * MICRO),
        fees=FeeSchedule(),
    )
    return evolve(view, **changes)


def proposed(view: View, settings: Settings = SETTINGS) -> Proposal:
    return DistanceFade().propose(view, settings)


def test_it_buys_the_side_that_the_book_prices_below_its_fair_value() -> None:
    proposal = proposed(a_view())
    # 0.51 and 0.07 * 0.51 * 0.49 of fee: 20 dollars buy 37.91 shares.
    assert proposal.quotes == (Quote(Outcome.UP, Side.BUY, Price(510_000), Shares(37_910_000)),)
    assert proposal.why == Why(Reason.NONE)
    assert proposal.edge_bps == pytest.approx((0.60 - 0.51 - 0.07 * 0.51 * 0.49) * 10_000)


def test_it_buys_down_when_down_is_the_cheap_one() -> None:
    proposal = proposed(a_view(fair_up=0.40))
    (quote,) = proposal.quotes
    assert (quote.outcome, quote.price) == (Outcome.DOWN, 500_000)
    assert proposal.outcome is Outcome.DOWN


@pytest.mark.parametrize(("over_bps", "buys"), [(-0.01, False), (0.01, True)])
def test_the_edge_after_fees_decides(over_bps: float, buys: bool) -> None:
    fair = 0.51 + 0.07 * 0.51 * 0.49 + (150.0 + over_bps) / 10_000
    proposal = proposed(a_view(fair_up=fair))
    assert bool(proposal.quotes) is buys
    if not buys:
        assert proposal.why.reason is Reason.EDGE_SMALL
        assert proposal.why.value == pytest.approx(149.99)
        assert proposal.why.limit == 150.0


def test_an_empty_side_has_no_edge() -> None:
    assert edge_bps(1.0, Price(MICRO), FeeSchedule()) == -10_000.0
    view = a_view(fair_up=0.99, up=side_of(0.98, 1.0), down=side_of(0.0, 0.02))
    assert proposed(view).why.reason is Reason.EDGE_SMALL


@pytest.mark.parametrize(("ask", "buys"), [(0.92, True), (0.93, False)])
def test_no_entry_above_the_dearest_price(ask: float, buys: bool) -> None:
    view = a_view(fair_up=0.99, up=side_of(ask - 0.01, ask), down=side_of(0.06, 0.99 - ask + 0.02))
    proposal = proposed(view)
    assert bool(proposal.quotes) is buys
    assert buys or proposal.why == Why(Reason.PRICE_FAR, 0.93, 0.92, "USD")


@pytest.mark.parametrize(("ask", "buys"), [(0.08, True), (0.07, False)])
def test_no_entry_below_the_cheapest_price(ask: float, buys: bool) -> None:
    view = a_view(fair_up=0.20, up=side_of(ask - 0.01, ask), down=side_of(0.92, 0.94))
    assert bool(proposed(view).quotes) is buys


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"since_open_s": 20.0}, None),
        ({"since_open_s": 19.99}, Reason.TOO_EARLY),
        ({"left_s": 20.0}, None),
        ({"left_s": 19.99}, Reason.TOO_LATE),
        ({"left_s": -1.0}, Reason.TOO_LATE),
        ({"up": side_of(0.45, 0.51)}, None),
        ({"up": side_of(0.44, 0.51)}, Reason.SPREAD_WIDE),
        ({"down": side_of(0.49, 0.50, held=0.01)}, Reason.OTHER_SIDE_HELD),
        ({"up": side_of(0.50, 0.51, held=5, cost=2.6)}, None),
    ],
)
def test_gates_at_and_just_beyond_their_threshold(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    view = a_view(**changes)
    why = first_block(view, Outcome.UP, Gates())
    assert (why.reason if why else None) is reason
    assert bool(proposed(view).quotes) is (reason is None)


def test_the_first_gate_in_the_way_is_the_one_that_is_said() -> None:
    view = a_view(since_open_s=1.0, left_s=1.0)
    why = first_block(view, Outcome.UP, Gates())
    assert why == Why(Reason.TOO_EARLY, 1.0, 20.0, "s after the open")


def test_the_rest_of_a_stake_is_bought_not_all_of_it_again() -> None:
    view = a_view(up=side_of(0.50, 0.51, held=19, cost=10.0))
    (quote,) = proposed(view).quotes
    assert quote.shares == 18_950_000


def test_a_stake_that_is_in_is_left_alone() -> None:
    view = a_view(up=side_of(0.50, 0.51, held=37.91, cost=19.995))
    why = proposed(view).why
    assert (why.reason, why.unit) == (Reason.POSITION_HELD, "USD left")
    assert why.value == pytest.approx(0.005)
    assert why.limit == pytest.approx(5 * (0.51 + 0.07 * 0.51 * 0.49))


def test_a_stake_under_the_venues_minimum_buys_nothing() -> None:
    settings = Settings(distance_fade=Thresholds(stake_usd=2.0))
    why = proposed(a_view(), settings).why
    assert why == Why(Reason.STAKE_SMALL, 3.79, 5.0, "shares")


def test_a_marketable_buy_is_worth_a_dollar_at_least() -> None:
    """At ten cents, five shares are fifty cents: ten shares is the least."""
    empty = side_of(0.09, 0.10)
    least = Shares(5 * MICRO)
    fee = FeeSchedule().per_share(0.10)
    enough = shares_for_stake(1_070_000, Price(100_000), fee, empty, least)  # type: ignore[arg-type]
    assert enough == 10_060_000
    short = shares_for_stake(1_060_000, Price(100_000), fee, empty, least)  # type: ignore[arg-type]
    assert short == Why(Reason.STAKE_SMALL, 9.97, 10.0, "shares")


@given(st.integers(1, 99), st.integers(1_000_000, 50_000_000), st.integers(0, 20_000_000))
def test_a_stake_with_its_fee_is_never_overdrawn(cents: int, stake: int, spent: int) -> None:
    price, fees = Price(cents * 10_000), FeeSchedule()
    side = OutcomeView(Price(0), price, Shares(0), Shares(0), spent)
    shares = shares_for_stake(stake, price, fees.per_share(cents / 100), side, Shares(5 * MICRO))  # type: ignore[arg-type]
    if not isinstance(shares, Why):
        assert shares % 10_000 == 0
        assert cost_of(price, shares) + fees.fee(price, shares) <= stake - spent


def test_the_same_view_gives_the_same_proposal() -> None:
    assert proposed(a_view()) == proposed(a_view())
