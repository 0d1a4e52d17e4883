"""What the venue would refuse by its own rules, seen before an order is signed and sent.

A refusal costs a round trip, a token of the rate limit, and a strategy its moment. Everything here
is a rule of the venue's papers; the book and the money are as far as they are known, and a book
that is not known refuses nothing. Pure.
"""

from __future__ import annotations

from polytui.market.book import TokenBook
from polytui.model.amounts import MIN_MARKETABLE_USD, are_amounts_exact
from polytui.model.events import Refused
from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import (
    LOT,
    MICRO,
    Price,
    Shares,
    Usd,
    complement,
    cost_of,
    format_micro,
    proceeds_of,
)


def refusal(
    order: Order, listed: Round, book: TokenBook | None, free_usd: Usd, free_shares: Shares
) -> str:
    """In the venue's own terms; empty where nothing is known against it. `free_usd` and
    `free_shares`, of its token: what no other order may still need."""
    known = book if book is not None and book.is_settled else None
    return (
        _off_grid(order, listed)
        or _unfunded(order, listed, known, free_usd, free_shares)
        or ("" if known is None else _unmatched(order, known))
    )


def unsent(order_id: str, why: str) -> Refused:
    """What is told of an order that stays here."""
    return Refused(order_id, f"not sent: {why}", is_unsent=True)


def _off_grid(order: Order, listed: Round) -> str:
    tick, price = listed.tick, order.price
    if not tick <= price <= MICRO - tick or price % tick:
        return f"price {_short(price)} breaks the tick {_short(tick)}"
    if order.shares < listed.min_shares:
        return f"{_short(order.shares)} shares, the least is {_short(listed.min_shares)}"
    if order.dollars:
        if not are_amounts_exact(price, order.shares, tick):
            return f"{_short(order.shares)} shares at {_short(price)} are no whole cents"
    elif order.shares % LOT:
        return f"{_short(order.shares)} shares are no whole lots of {_short(LOT)}"
    return ""


def _unfunded(
    order: Order, listed: Round, book: TokenBook | None, free_usd: Usd, free_shares: Shares
) -> str:
    """All of a purchase at its limit, and the fee of what it would take just now (venue rule)."""
    if order.side is Side.SELL:
        if order.shares <= free_shares:
            return ""
        return f"sells {_short(order.shares)} shares, {_short(free_shares)} are free"
    worst = order.dollars or cost_of(order.price, order.shares)
    if book is not None and not order.is_post_only:
        worst = Usd(worst + _fee(order, listed, book))
    if worst <= free_usd:
        return ""
    return f"may cost {_short(worst)} USD, {_short(free_usd)} are free"


def _unmatched(order: Order, book: TokenBook) -> str:
    """What the book would do to it, where all of it is known."""
    depth = _depth(order, book)
    if order.is_post_only:
        return "post-only, and would cross the book" if depth else ""
    if order.tif is TimeInForce.FOK and depth < order.shares:
        return f"fill or kill {_short(order.shares)} shares, the book has {_short(depth)}"
    if not order.tif.may_rest and not depth:
        return "no orders found to match"
    if depth and order.side is Side.BUY:
        worth = order.dollars or proceeds_of(order.price, order.shares)
        if worth < MIN_MARKETABLE_USD:
            return f"a marketable buy of {_short(worth)} USD, the least is 1"
    return ""


def _fee(order: Order, listed: Round, book: TokenBook) -> Usd:
    """Of the shares that a purchase would take, level by level. One for dollars takes no fewer than
    it names."""
    is_up = order.outcome is Outcome.UP
    levels = sorted(book.asks.items()) if is_up else sorted(book.bids.items(), reverse=True)
    left, fee = int(order.shares), 0
    for up_price, shares in levels:
        price = up_price if is_up else complement(up_price)
        if not left or price > order.price:
            break
        taken = min(left, shares)
        fee += listed.fees.fee(price, Shares(taken))
        left -= taken
    return Usd(fee)


def _depth(order: Order, book: TokenBook) -> int:
    """Shares that it could take at its price or better. Up's book has both outcomes: buying Down
    at p is selling Up at 1 - p."""
    side, price = order.side, order.price
    if order.outcome is Outcome.DOWN:
        side, price = side.other, complement(price)
    return book.ask_depth(price) if side is Side.BUY else book.bid_depth(price)


def _short(micro: int | Price) -> str:
    return format_micro(micro)
