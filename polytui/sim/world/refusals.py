"""Why the venue refuses an order, in its words; "" for one that it takes."""

from __future__ import annotations

from polytui.model.amounts import MIN_MARKETABLE_USD, are_amounts_exact, share_decimals
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import LOT, Price, Shares, format_micro, is_on_tick
from polytui.sim.world.match_order import MatchOrder, appetite_of, seen_from
from polytui.sim.world.queues import BookSide

NOTHING_TO_TAKE = (
    "no orders found to match with FAK order. "
    "FAK orders are partially filled or killed if no match is found."
)
NOT_ALL_THERE = "order couldn't be fully filled. FOK orders are fully filled or killed."
_LOT_DECIMALS = 2


def malformed(order: MatchOrder, tick: Price, min_shares: Shares) -> str:
    """What is wrong with the order whatever the book holds."""
    if not is_on_tick(order.price, tick):
        words = f"({format_micro(order.price)}) breaks minimum tick size rule: {format_micro(tick)}"
        return f"{_start(order.order_id)}Price {words}"
    size = format_micro(order.shares)
    if order.shares < min_shares:
        least = format_micro(min_shares)
        return f"{_start(order.order_id)}Size ({size}) lower than the minimum: {least}"
    if order.is_for_dollars:
        return _inexact(order, tick)
    if order.shares % LOT:
        decimals = len(size.partition(".")[2])
        return f"Size {size} has {decimals} decimal places. Maximum lot size is {_LOT_DECIMALS}"
    return ""


def duplicated(order_id: str) -> str:
    return f"{_start(order_id)}Duplicated."


def too_exact(tick: Price) -> str:
    """Of a market purchase whose amounts have too many decimals."""
    return (
        "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 "
        f"decimals, taker amount a max of {share_decimals(tick)} decimals"
    )


def untimely(order: MatchOrder, opposite: BookSide, limit_key: int) -> str:
    """What is wrong with the order given the book of this moment."""
    is_marketable = opposite.crosses(limit_key)
    if order.is_post_only and is_marketable:
        return "invalid post-only order: order crosses book"
    if is_marketable and order.side is Side.BUY and order.dollars < MIN_MARKETABLE_USD:
        amount = format_micro(order.dollars)
        return f"invalid amount for a marketable BUY order (${amount}), min size: $1"
    if order.tif is TimeInForce.FAK and not is_marketable:
        return NOTHING_TO_TAKE
    if order.tif is TimeInForce.FOK and not _can_fill(order, opposite, limit_key):
        return NOT_ALL_THERE
    return ""


def _start(order_id: str) -> str:
    return f"order {order_id} is invalid. "


def _inexact(order: MatchOrder, tick: Price) -> str:
    """The venue's words for a market purchase whose amounts have too many decimals, or ""."""
    if are_amounts_exact(order.price, order.shares, tick):
        return ""
    return too_exact(tick)


def _can_fill(order: MatchOrder, opposite: BookSide, limit_key: int) -> bool:
    """Whether the book has all of it: as many shares, or as many dollars' worth."""
    appetite = appetite_of(order)
    for up_price, shares in opposite.within(limit_key):
        price = seen_from(order.outcome, up_price)
        appetite.feed(price, min(shares, appetite.at(price)))
    return not appetite.left
