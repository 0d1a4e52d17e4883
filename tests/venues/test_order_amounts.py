"""Amounts of orders: exact integers on the venue's grids, and nothing off them."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st
from test_signing import ORDER

from polytui.model.amounts import market_shares
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import LOT, MICRO, Price, Shares
from polytui.venues.polymarket.order_amounts import amounts_of

TICKS = tuple(Price(one) for one in (100_000, 10_000, 5_000, 2_500, 1_000, 100))
CENT = 10_000


@st.composite
def on_grid(draw: st.DrawFn) -> tuple[Price, Price]:
    """A tick and a price on its grid."""
    tick = draw(st.sampled_from(TICKS))
    return tick, Price(draw(st.integers(1, MICRO // tick - 1)) * tick)


lots = st.integers(1, 10**8).map(lambda count: Shares(count * LOT))
sides = st.sampled_from(Side)


def order(price: Price, shares: Shares, tif: TimeInForce, side: Side = Side.BUY) -> Order:
    return evolve(ORDER, price=price, shares=shares, tif=tif, side=side)


@given(on_grid(), lots, sides, st.sampled_from(TimeInForce))
def test_whole_lots_at_a_price_have_no_rest(
    grid: tuple[Price, Price], shares: Shares, side: Side, tif: TimeInForce
) -> None:
    assume(not tif.spends(side))
    _, price = grid
    found = amounts_of(order(price, shares, tif, side))
    dollars, counted = found.maker, found.taker
    if side is Side.SELL:
        dollars, counted = counted, dollars
    assert counted == shares
    assert dollars * MICRO == price * shares


@given(on_grid(), lots, st.sampled_from((TimeInForce.FOK, TimeInForce.FAK)))
def test_market_buys_give_whole_cents_and_never_more_than_their_price(
    grid: tuple[Price, Price], most: Shares, tif: TimeInForce
) -> None:
    tick, price = grid
    shares = market_shares(price, most, tick)
    assume(shares > 0)
    found = amounts_of(order(price, shares, tif))
    assert found.maker % CENT == 0
    assert found.taker == shares
    assert found.maker * MICRO <= price * found.taker


@given(on_grid(), lots, st.integers(1, 99))
def test_market_buys_that_are_no_whole_cents_are_refused(
    grid: tuple[Price, Price], most: Shares, off: int
) -> None:
    """A hundredth of a cent is left over at a price of a cent and more."""
    _, price = grid
    assume(price >= CENT)
    cents = price * most // MICRO // CENT
    assume(cents)
    # Half a cent beside any that would do.
    shares = Shares((2 * cents + 1) * CENT * MICRO // (2 * price) // 100 * 100 + off % 2)
    with pytest.raises(ValueError, match="whole cents"):
        amounts_of(order(price, shares, TimeInForce.FAK))


@pytest.mark.parametrize("price", [0, 99, 520_001, 520_050, 999_901, MICRO, -10_000])
@pytest.mark.parametrize("tif", TimeInForce)
def test_prices_off_every_grid_are_refused(price: int, tif: TimeInForce) -> None:
    with pytest.raises(ValueError, match="on no grid"):
        amounts_of(order(Price(price), Shares(10_000_000), tif))


@pytest.mark.parametrize("shares", [10_000_001, 9_999, 1])
@pytest.mark.parametrize("side", Side)
def test_parts_of_a_lot_are_refused(shares: int, side: Side) -> None:
    with pytest.raises(ValueError, match="no whole lots"):
        amounts_of(order(Price(520_000), Shares(shares), TimeInForce.GTC, side))


@pytest.mark.parametrize("shares", [0, -10_000])
@pytest.mark.parametrize("tif", TimeInForce)
def test_nothing_is_no_order(shares: int, tif: TimeInForce) -> None:
    with pytest.raises(ValueError, match="shares"):
        amounts_of(order(Price(520_000), Shares(shares), tif))


def test_ten_dollars_at_most_52_cents() -> None:
    # The venue's own example: 19.2308 shares at tick 0.01.
    found = amounts_of(order(Price(520_000), Shares(19_230_800), TimeInForce.FAK))
    assert (found.maker, found.taker) == (10_000_000, 19_230_800)


def test_decimals_are_those_of_a_grid_that_has_the_price() -> None:
    # 19.231 at 0.52 is ten dollars to three decimals, which only the grid of tenths has.
    with pytest.raises(ValueError, match="whole cents"):
        amounts_of(order(Price(520_000), Shares(19_231_000), TimeInForce.FAK))
