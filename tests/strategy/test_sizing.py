"""How much is bought: each rule at its corners, and never more than it may be."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_views import a_view, evolve, side_of

from polytui.config.deciding import StrategySettings
from polytui.model.effects import Reason, Why
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.units import LOT, MICRO, Price, Shares, Usd, cost_of
from polytui.strategy.proposal import OutcomeView
from polytui.strategy.sizing import (
    half_kelly,
    shares_for_stake,
    shares_to_buy,
    stake_share,
    stake_usd,
)

LIMIT = Price(510_000)
FEE = 0.07 * 0.51 * 0.49
LEAST = Shares(5 * MICRO)


def bought(
    sizing: str,
    confidence: float = 0.8,
    edge_bps: float = 500.0,
    cash: float = 1_000.0,
    trust: float = 1.0,
) -> Shares | Why:
    view = a_view(free_cash=Usd(round(cash * MICRO)), trust=trust)
    thresholds = StrategySettings(sizing=sizing, stake_usd=20.0)
    return shares_to_buy(view, Outcome.UP, LIMIT, edge_bps, confidence, thresholds)


def lots(stake: float) -> int:
    """Whole hundredths of shares, price and fee paid."""
    return int(stake / (0.51 + FEE) * 100) * LOT


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("trust", [0.0, 0.5, 1.0])
def test_a_fixed_stake_is_the_stake(confidence: float, trust: float) -> None:
    assert bought("fixed", confidence, trust=trust) == lots(20.0) == 37_910_000


@pytest.mark.parametrize(("trust", "share"), [(0.4, 0.0), (0.6, 0.5), (0.7, 0.75), (0.8, 1.0)])
def test_trust_takes_its_share_of_what_confidence_and_kelly_would_stake(
    trust: float, share: float
) -> None:
    for sizing, confidence in (("confidence", 0.7), ("half_kelly", 0.7)):
        view = a_view(trust=trust)
        whole = stake_usd(a_view(), LIMIT, FEE, 30.0, confidence, StrategySettings(sizing=sizing))
        less = stake_usd(view, LIMIT, FEE, 30.0, confidence, StrategySettings(sizing=sizing))
        assert 0.0 < whole < 20.0
        assert less == pytest.approx(whole * share)


@pytest.mark.parametrize(
    ("confidence", "share"),
    [
        (0.0, 0.0),
        (0.3999, 0.0),
        (0.40, 0.0),
        (0.4004, 0.001),
        (0.50, 0.25),
        (0.5999, 0.49975),
        (0.60, 0.5),
        (0.6001, 0.50025),
        (0.70, 0.75),
        (0.7999, 0.99975),
        (0.80, 1.0),
        (0.8001, 1.0),
        (1.0, 1.0),
    ],
)
def test_confidence_takes_half_at_sixty_and_all_from_eighty(
    confidence: float, share: float
) -> None:
    assert stake_share(confidence) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("confidence", "stake"), [(0.60, 10.0), (0.70, 15.0), (0.80, 20.0), (0.95, 20.0)]
)
def test_confidence_buys_its_share(confidence: float, stake: float) -> None:
    # A hair of slack: three fifths is no binary number, and rounding is towards less.
    shares = bought("confidence", confidence)
    assert shares in (lots(stake), lots(stake - 1e-6))


@pytest.mark.parametrize(
    ("all_in", "edge", "fraction"),
    [
        # 0.5 for a share that is worth 0.6: Kelly is 0.1 / 0.5.
        (0.5, 0.1, 0.1),
        (0.8, 0.1, 0.25),
        (0.8, 0.2, 0.5),
        # Worth more than a dollar is no sum to believe: the whole fraction, halved.
        (0.8, 0.3, 0.5),
        (0.5, 0.0, 0.0),
        (0.5, -0.1, 0.0),
        (1.0, 0.1, 0.0),
        (0.0, 0.1, 0.0),
        (1.2, 0.1, 0.0),
    ],
)
def test_half_kelly_is_half_of_edge_over_what_can_be_won(
    all_in: float, edge: float, fraction: float
) -> None:
    assert half_kelly(all_in, edge) == pytest.approx(fraction)


@given(st.floats(0.01, 0.97), st.floats(0.001, 0.5))
def test_kellys_fraction_grows_cash_fastest(all_in: float, edge: float) -> None:
    """Its own definition: no other fraction has a higher expected logarithm."""
    chance = min(0.99, all_in + edge)
    whole = 2.0 * half_kelly(all_in, chance - all_in)
    odds = (1.0 - all_in) / all_in

    def growth(fraction: float) -> float:
        return chance * log(1.0 + fraction * odds) + (1.0 - chance) * log(1.0 - fraction)

    for other in (whole - 0.005, whole + 0.005):
        if 0.0 <= other < 1.0:
            assert growth(whole) >= growth(other)


@pytest.mark.parametrize(
    ("cash", "stake"), [(1_000.0, 20.0), (386.0, 20.0), (200.0, None), (100.0, None)]
)
def test_half_kelly_is_of_the_cash_and_at_most_the_stake(cash: float, stake: float | None) -> None:
    """An edge of 0.05 at 0.5275 in all: half of 0.1058 of the cash, 20 dollars from 378 on."""
    expected = stake if stake is not None else 0.05 / (1.0 - 0.51 - FEE) / 2.0 * cash
    assert bought("half_kelly", edge_bps=500.0, cash=cash) == lots(expected)


def test_half_kelly_of_no_cash_buys_nothing() -> None:
    for cash in (0.0, -50.0):
        why = bought("half_kelly", cash=cash)
        assert why == Why(Reason.STAKE_SMALL, 0.0, 5.0, "shares")


@given(
    st.sampled_from(["fixed", "confidence", "half_kelly"]),
    st.floats(0, 1),
    st.floats(-1e4, 1e4),
    st.integers(0, 10**12),
)
def test_no_rule_takes_more_than_the_stake(
    sizing: str, confidence: float, edge_bps: float, cash: int
) -> None:
    view, thresholds = a_view(free_cash=Usd(cash)), StrategySettings(sizing=sizing, stake_usd=20.0)
    stake = stake_usd(view, LIMIT, FEE, edge_bps, confidence, thresholds)
    assert 0.0 <= stake <= 20.0
    if sizing == "half_kelly":
        assert stake <= cash / MICRO / 2.0 + 1e-9


# --- the stake and the venue's minimums -----------------------------------------------------------


def shares_of(stake: float, price: float, side: OutcomeView | None = None) -> Shares | Why:
    fee = FeeSchedule().per_share(price)
    side = side or side_of(price - 0.01, price)
    return shares_for_stake(
        Usd(round(stake * MICRO)), Price(round(price * MICRO)), fee, side, LEAST
    )


@pytest.mark.parametrize(
    ("stake", "shares"),
    [
        # Five shares at 0.51 and their fee are 2.637465 dollars.
        (2.637464, Why(Reason.STAKE_SMALL, 4.99, 5.0, "shares")),
        (2.637466, 5_000_000),
        (2.65, 5_020_000),
    ],
)
def test_five_shares_are_the_least(stake: float, shares: int | Why) -> None:
    assert shares_of(stake, 0.51) == shares


@pytest.mark.parametrize(
    ("stake", "shares"),
    [
        # At ten cents five shares are half a dollar: ten are the least, 1.063 with their fee.
        (1.062, Why(Reason.STAKE_SMALL, 9.99, 10.0, "shares")),
        (1.0631, 10_000_000),
        (1.07, 10_060_000),
    ],
)
def test_a_dollar_is_the_least(stake: float, shares: int | Why) -> None:
    assert shares_of(stake, 0.10) == shares


def test_the_rest_of_a_stake_is_bought_not_all_of_it_again() -> None:
    assert shares_of(20.0, 0.51, side_of(0.50, 0.51, held=19, cost=10.0)) == 18_950_000


def test_a_stake_that_is_in_is_left_alone() -> None:
    why = shares_of(20.0, 0.51, side_of(0.50, 0.51, held=37.91, cost=19.995))
    assert isinstance(why, Why)
    assert (why.reason, why.unit) == (Reason.POSITION_HELD, "USD for one more")
    assert why.value == pytest.approx(0.005)
    assert why.limit == pytest.approx(5 * (0.51 + FEE))


def test_who_wants_less_than_is_in_has_nothing_left_and_no_debt() -> None:
    """Confidence sank after it was bought."""
    why = shares_of(10.0, 0.51, side_of(0.50, 0.51, held=37.91, cost=19.995))
    assert isinstance(why, Why)
    assert why.text() == f"stake is in: 0 < {5 * (0.51 + FEE):.3g} USD for one more"


@given(st.integers(1, 99), st.integers(0, 50_000_000), st.integers(0, 60_000_000))
def test_a_stake_with_its_fee_is_never_overdrawn(cents: int, stake: int, spent: int) -> None:
    price, fees = Price(cents * 10_000), FeeSchedule()
    side = evolve(side_of(0.0, cents / 100), cost=Usd(spent))
    shares = shares_for_stake(Usd(stake), price, fees.per_share(cents / 100), side, LEAST)
    if isinstance(shares, Why):
        return
    assert shares % LOT == 0
    assert shares >= LEAST
    assert price * shares >= MICRO * MICRO
    assert cost_of(price, shares) + fees.fee(price, shares) <= stake - spent
    more = Shares(shares + 2 * LOT)
    assert cost_of(price, more) + fees.fee(price, more) > stake - spent - 20


# --- the least, and the most that room is left for ------------------------------------------------
