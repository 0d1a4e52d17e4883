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
    market_shares,
    share_decimals,
)
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares

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
