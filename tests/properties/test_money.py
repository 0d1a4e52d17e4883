"""Money in integers: texts, grids, costs and fees over everything that can be drawn."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from polytui.model.instrument import FeeSchedule
from polytui.model.units import (
    MICRO,
    Price,
    Shares,
    complement,
    cost_of,
    floor_to_lot,
    format_micro,
    is_on_tick,
    parse_micro,
    proceeds_of,
    usd_from_float,
)

AMOUNTS = st.integers(0, 10**15)
PRICES = st.integers(1, MICRO - 1).map(Price)
SHARES = st.integers(0, 10**12).map(Shares)
TICKS = st.sampled_from([100_000, 10_000, 5_000, 2_500, 1_000, 100]).map(Price)


@given(AMOUNTS, st.integers(0, 6))
def test_what_is_written_is_read_again(value: int, decimals: int) -> None:
    assert parse_micro(format_micro(value, decimals)) == value
    assert format_micro(-value) == ("-" if value else "") + format_micro(value)


@given(AMOUNTS)
def test_the_text_is_the_number(value: int) -> None:
    assert Decimal(format_micro(value)) * MICRO == value


@given(PRICES, TICKS)
def test_both_outcomes_share_one_grid(price: Price, tick: Price) -> None:
    assert complement(complement(price)) == price
    assert is_on_tick(price, tick) == is_on_tick(complement(price), tick)


@given(PRICES, SHARES)
def test_roundings_are_against_us_by_less_than_a_millionth(price: Price, shares: Shares) -> None:
    exact = Fraction(price * shares, MICRO)
    assert 0 <= cost_of(price, shares) - exact < 1
    assert 0 <= exact - proceeds_of(price, shares) < 1


@given(PRICES, SHARES)
def test_a_pair_of_outcomes_never_costs_less_than_its_dollar(price: Price, shares: Shares) -> None:
    both = cost_of(price, shares) + cost_of(complement(price), shares)
    assert both >= shares
    assert proceeds_of(price, shares) + proceeds_of(complement(price), shares) <= shares


@given(st.integers(0, 10**9))
def test_lots_are_the_most_that_can_be_sold(shares: int) -> None:
    lots = floor_to_lot(shares)
    assert lots % 10_000 == 0
    assert lots <= shares < lots + 10_000


@given(PRICES, SHARES, st.integers(0, 100_000), st.integers(0, 2))
def test_a_fee_is_the_curve_floored_at_five_decimals(
    price: Price, shares: Shares, rate_ppm: int, exponent: int
) -> None:
    schedule = FeeSchedule(rate_ppm=rate_ppm, exponent=exponent)
    p = Fraction(price, MICRO)
    exact = shares * Fraction(rate_ppm, MICRO) * (p * (1 - p)) ** exponent
    fee = schedule.fee(price, shares)
    assert fee % 10 == 0
    assert 0 <= exact - fee < 10
    assert fee == schedule.fee(complement(price), shares)


@given(PRICES, SHARES, SHARES)
def test_fees_of_pieces_are_never_more_than_of_the_whole(
    price: Price, first: Shares, second: Shares
) -> None:
    schedule = FeeSchedule()
    whole = schedule.fee(price, Shares(first + second))
    assert schedule.fee(price, first) + schedule.fee(price, second) <= whole


@given(PRICES, PRICES, SHARES)
def test_a_better_price_never_costs_more_with_its_fee(a: Price, b: Price, shares: Shares) -> None:
    """The fee may be higher nearer to a half, but the price falls faster: limits hold when a
    taker is filled at better prices than its own."""
    better, limit = min(a, b), max(a, b)
    fees = FeeSchedule()
    paid = cost_of(better, shares) + fees.fee(better, shares)
    assert paid <= cost_of(limit, shares) + fees.fee(limit, shares)


@given(st.integers(0, 10**8))
def test_a_setting_in_cents_is_exact(cents: int) -> None:
    assert usd_from_float(cents / 100) == cents * 10_000
