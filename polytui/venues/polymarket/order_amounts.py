"""The two amounts that are signed: what the maker gives and what the taker gives, in millionths.

Integers from the order alone. The venue's own Python client goes through floats and signs other
amounts than asked for 5.7 % of sizes and for market orders at 0.29, 0.57 and 0.58.
"""

from __future__ import annotations

from msgspec import Struct

from polytui.model.amounts import are_amounts_exact
from polytui.model.orders import Order, Side
from polytui.model.units import LOT, MICRO, Price, Shares, is_on_tick

_FINEST = Price(100)
"""Of the venue's ticks: every price of another grid is on this one."""
_TICKS = (*(Price(tick) for tick in (10_000, 1_000, 100_000, 5_000, 2_500)), _FINEST)
"""All of them, the usual ones first."""


class OrderAmounts(Struct, frozen=True, gc=False):
    """Millionths of dollars and of shares."""

    maker: int
    """Dollars of a buy, shares of a sale."""
    taker: int
    """The other way round."""


def amounts_of(order: Order) -> OrderAmounts:
    """ValueError for a price or a size that is on no grid of the venue.

    A FAK or FOK buy gives whole cents and wants the shares that they bring at its price, to the
    decimals of a tick; every other order is for whole lots, and price times lots has no rest.
    """
    price, shares = order.price, order.shares
    if not is_on_tick(price, _FINEST):
        raise ValueError(f"price {price} is on no grid of the venue")
    if shares <= 0:
        raise ValueError(f"an order for {shares} shares")
    if order.tif.spends(order.side):
        spent = order.dollars
        if not spent or not _are_market_amounts(price, shares):
            raise ValueError(f"{shares} shares at {price} are no whole cents on any grid")
        return OrderAmounts(spent, shares)
    if shares % LOT:
        raise ValueError(f"{shares} shares are no whole lots")
    # Prices are hundreds of millionths and lots ten thousands: nothing is left over.
    dollars = price * shares // MICRO
    if order.side is Side.BUY:
        return OrderAmounts(dollars, shares)
    return OrderAmounts(shares, dollars)


def _are_market_amounts(price: Price, shares: Shares) -> bool:
    """Whether some tick on whose grid the price is lets these be bought for whole cents: which one
    the book has at the moment is no part of an order."""
    for tick in _TICKS:
        if is_on_tick(price, tick) and are_amounts_exact(price, shares, tick):
            return True
    return False
