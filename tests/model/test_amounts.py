"""A market purchase is two amounts: dollars to the cent, and shares with a tick's decimals."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.amounts import (
    CENT,
    are_amounts_exact,
    dollars_for,
    least_shares,
    market_shares,
    share_decimals,
    shares_within,
)
from polytui.model.instrument import FeeSchedule
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import LOT, MICRO, Price, Shares, Usd, cost_of

TICKS = (100_000, 10_000, 5_000, 2_500, 1_000, 100)


@pytest.mark.parametrize(
    ("price", "shares", "dollars"),
    [
        (520_000, 19_230_800, 10_000_000),  # the venue's own example: 10 dollars at most 0.52
        (520_000, 19_230_700, 10_000_000),  # as another client of it rounds
        (520_000, 10_000_000, 5_200_000),
        (660_000, 7_575_800, 5_000_000),
    ],
)
def test_shares_stand_for_whole_cents(price: int, shares: int, dollars: int) -> None:
    assert dollars_for(Price(price), Shares(shares)) == dollars
    assert are_amounts_exact(Price(price), Shares(shares), Price(10_000))


@pytest.mark.parametrize(
    ("price", "shares", "tick"),
    [
        (530_000, 10_030_000, 10_000),  # 5.3159 dollars
        (520_000, 19_230_780, 10_000),  # a fifth decimal
        (520_000, 19_230_600, 10_000),  # two steps from ten dollars
        (990_000, 5_005_000, 10_000),  # 4.95495
    ],
)
def test_other_amounts_have_too_many_decimals(price: int, shares: int, tick: int) -> None:
    assert not are_amounts_exact(Price(price), Shares(shares), Price(tick))


def test_decimals_follow_the_tick() -> None:
    assert [share_decimals(Price(tick)) for tick in TICKS] == [3, 4, 5, 6, 5, 6]


@given(st.sampled_from(TICKS), st.integers(1, 9_999), st.integers(1, 10**9))
def test_what_is_asked_for_is_taken_and_no_more_than_was_wanted(
    tick: int, steps: int, lots: int
) -> None:
    price = Price(steps * tick % MICRO or tick)
    most = Shares(lots * 10_000)
    asked = market_shares(price, most, Price(tick))
    assert asked <= most
    assert are_amounts_exact(price, asked, Price(tick))
    # Of what it costs less than a cent is not spent.
    assert 0 <= Fraction(price * most, MICRO) - dollars_for(price, asked) < CENT


def test_only_purchases_that_cannot_rest_are_for_dollars() -> None:
    spending = [(t.value, s.value) for t in TimeInForce for s in Side if t.spends(s)]
    assert spending == [("fok", "buy"), ("fak", "buy")]


# --- the least order, and the most for some dollars -----------------------------------------------

LEAST = Shares(5 * MICRO)
LIMIT = Price(510_000)


@pytest.mark.parametrize(
    ("cents", "least"),
    [
        # Dearer than twenty cents five shares are more than a dollar.
        (99.0, 5_000_000),
        (20.1, 5_000_000),
        (20.0, 5_000_000),
        (19.9, 5_025_126),
        (10.0, 10_000_000),
        (3.0, 33_333_334),
        (0.1, 1_000_000_000),
    ],
)
def test_the_least_is_the_dearer_of_the_two_minimums(cents: float, least: int) -> None:
    price = Price(round(cents * 10_000))
    assert least_shares(price, LEAST) == least
    assert price * least >= MICRO * MICRO
    assert least == LEAST or price * (least - 1) < MICRO * MICRO


@pytest.mark.parametrize(("min_shares", "least"), [(10.0, 10.0), (9.99, 10.0), (10.01, 10.01)])
def test_a_rounds_own_minimum_counts_where_it_is_dearer(min_shares: float, least: float) -> None:
    least_micro = least_shares(Price(100_000), Shares(round(min_shares * MICRO)))
    assert least_micro == round(least * MICRO)


@pytest.mark.parametrize(
    ("room", "shares"),
    [
        # Five shares at 0.51 are 2.55 and 0.08746 of fee, which is floored at five decimals.
        (2_637_460, 5_000_000),
        (2_637_459, 4_990_000),
        (20_000_000, 37_910_000),
        (5_280, 10_000),
        (5_000, 0),
        (1, 0),
        (0, 0),
        (-1, 0),
        (-50_000_000, 0),
    ],
)
def test_room_is_filled_with_whole_lots(room: int, shares: int) -> None:
    assert shares_within(Usd(room), LIMIT, FeeSchedule()) == shares


@given(
    st.integers(-MICRO, 500 * MICRO),
    st.integers(1, 999),
    st.builds(
        FeeSchedule, st.sampled_from([0, 70_000, 72_000, 250_000]), st.sampled_from([0, 1, 2])
    ),
)
def test_what_fits_fits_with_its_fee_and_a_lot_more_does_not(
    room: int, mills: int, fees: FeeSchedule
) -> None:
    """Every grid that the venue has, dollars from less than nothing on."""
    price = Price(mills * 1_000)

    def in_all(shares: int) -> int:
        return cost_of(price, Shares(shares)) + fees.fee(price, Shares(shares))

    shares = shares_within(Usd(room), price, fees)
    assert shares % LOT == 0
    assert shares >= 0
    assert in_all(shares) <= max(room, 0)
    assert in_all(shares + LOT) > room
