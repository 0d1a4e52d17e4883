"""An order as the venue took it, and what it still wants: shares, or what dollars pay for."""

from __future__ import annotations

from attrs import frozen

from polytui.model.amounts import dollars_for
from polytui.model.instrument import Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd, cost_of


@frozen
class MatchOrder:
    """An order as the venue took it. `price` is in the order's own outcome."""

    order_id: str
    owner: str
    outcome: Outcome
    side: Side
    price: Price
    shares: Shares
    """Of a market purchase the fewest that its dollars bring."""
    tif: TimeInForce
    is_post_only: bool = False

    @property
    def is_for_dollars(self) -> bool:
        return self.tif.spends(self.side)

    @property
    def dollars(self) -> Usd:
        """What its shares are worth at its price; of a market purchase exactly what it spends."""
        if self.is_for_dollars:
            return dollars_for(self.price, self.shares)
        return Usd(self.price * self.shares // MICRO)


class Appetite:
    """What a taker still wants, in shares or in dollars."""

    __slots__ = ("is_dollars", "left")

    def __init__(self, left: int, *, is_dollars: bool) -> None:
        self.left = left
        self.is_dollars = is_dollars

    def at(self, price: Price) -> int:
        """Shares wanted at a price. What dollars buy is floored to a millionth of a share, which
        costs them whole: `cost_of` rounds the other way."""
        return self.left * MICRO // price if self.is_dollars else self.left

    def feed(self, price: Price, shares: int) -> None:
        self.left -= cost_of(price, Shares(shares)) if self.is_dollars else shares


def appetite_of(order: MatchOrder) -> Appetite:
    if order.is_for_dollars:
        return Appetite(order.dollars, is_dollars=True)
    return Appetite(order.shares, is_dollars=False)


def seen_from(outcome: Outcome, up_price: int) -> Price:
    """A price of Up as the other outcome says it: Down at p is Up at 1 - p."""
    return Price(up_price if outcome is Outcome.UP else MICRO - up_price)
