"""The two amounts that are signed: what the maker gives and what the taker gives, in millionths.

Integers from the order alone. The venue's own Python client goes through floats and signs other
amounts than asked for 5.7 % of sizes and for market orders at 0.29, 0.57 and 0.58.
"""

from __future__ import annotations

from attrs import frozen

from polytui.model.amounts import are_amounts_exact
from polytui.model.orders import Order, Side
from polytui.model.units import LOT, MICRO, Price, is_on_tick

_TICKS = tuple(Price(tick) for tick in (10_000, 1_000, 100_000, 5_000, 2_500, 100))
"""All that the venue has, the usual ones first."""


@frozen
class OrderAmounts:
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
    ticks = [tick for tick in _TICKS if is_on_tick(price, tick)]
    if not ticks:
        raise ValueError(f"price {price} is on no grid of the venue")
    if shares <= 0:
        raise ValueError(f"an order for {shares} shares")
    if order.tif.spends(order.side):
        spent = order.dollars
        if not spent or not any(are_amounts_exact(price, shares, tick) for tick in ticks):
            raise ValueError(f"{shares} shares at {price} are no whole cents on any grid")
        return OrderAmounts(spent, shares)
    if shares % LOT:
        raise ValueError(f"{shares} shares are no whole lots")
    # Prices are hundreds of millionths and lots ten thousands: nothing is left over.
    dollars = price * shares // MICRO
    if order.side is Side.BUY:
        return OrderAmounts(dollars, shares)
    return OrderAmounts(shares, dollars)
