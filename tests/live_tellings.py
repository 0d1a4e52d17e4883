"""What a venue tells of an account, in the two classes that everything is read into."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from polytui.execution.live_books import LiveBooks
from polytui.execution.live_trades import Told
from polytui.model.events import InTransit, Report
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, complement
from polytui.venues.polymarket.user_channel import (
    OrderChange,
    TradeStatus,
    UserMatch,
    UserOrder,
    UserTrade,
)

AT_NS = 1_795_204_800 * NS_PER_S


def a_round(number: int = 0, asset: Asset = Asset.BTC) -> Round:
    opens_ns = AT_NS + number * Interval.M5.ns
    return Round(
        slug=f"{asset.value}-updown-5m-{opens_ns // NS_PER_S}",
        asset=asset,
        interval=Interval.M5,
        condition_id=f"0x{asset.value}{number}",
        up_token=f"{asset.value}{number}1",
        down_token=f"{asset.value}{number}2",
        opens_ns=opens_ns,
        closes_ns=opens_ns + Interval.M5.ns,
        settlement=SettlementRule.TWAP,
    )


LISTED = a_round()


def an_order(
    number: int = 1,
    side: Side = Side.BUY,
    price: int = 500_000,
    shares: float = 10,
    outcome: Outcome = Outcome.UP,
    listed: Round = LISTED,
    tif: TimeInForce = TimeInForce.GTC,
) -> Order:
    return Order(
        order_id=f"{listed.slug}-{number}",
        slug=listed.slug,
        token_id=listed.token_of(outcome),
        outcome=outcome,
        side=side,
        price=Price(price),
        shares=Shares(round(shares * MICRO)),
        tif=tif,
        is_post_only=False,
        strategy="probit",
        placed_ns=AT_NS,
    )


def venue_name(order: Order) -> str:
    return f"0x{order.order_id}"


def books_with(*orders: Order, **options: Any) -> LiveBooks:
    """Books that know the round and these orders."""
    books = LiveBooks(**options)
    books.list_round(LISTED)
    for order in orders:
        books.names.know(order, venue_name(order))
    return books


def said(
    order: Order,
    change: OrderChange = OrderChange.PLACED,
    status: str = "LIVE",
    matched: float = 0,
    at_s: float = 1,
    **changes: Any,
) -> UserOrder:
    """A frame about an order."""
    frame = UserOrder(
        venue_name(order),
        change,
        "0x",
        order.token_id,
        order.side,
        order.price,
        order.shares,
        Shares(round(matched * MICRO)),
        status,
        AT_NS + int(at_s * NS_PER_S),
        order.tif.value.upper(),
    )
    return evolve(frame, **changes)


def cancelled(order: Order, status: str = "CANCELED", **changes: Any) -> UserOrder:
    return said(order, OrderChange.CANCELLED, status, **changes)


def part(
    order: Order,
    shares: float,
    price: int = 0,
    *,
    is_taker: bool = False,
    parts: tuple[tuple[int, float], ...] | None = None,
) -> UserMatch:
    """Our part in a trade. A taker's makers: one of all his shares unless told otherwise, none
    where `parts` is empty."""
    own_price, own_shares = Price(price or order.price), Shares(round(shares * MICRO))
    made: tuple[tuple[Price, Shares], ...] = ()
    if is_taker:
        made = ((own_price, own_shares),)
        if parts is not None:
            made = tuple((Price(one), Shares(round(count * MICRO))) for one, count in parts)
    return UserMatch(
        venue_name(order), order.token_id, order.side, own_price, own_shares, is_taker, made
    )


def trade(
    *matches: UserMatch,
    status: TradeStatus = TradeStatus.MATCHED,
    name: str = "t1",
    at_s: float = 1,
) -> UserTrade:
    return UserTrade(name, status, "0x", matches, AT_NS + int(at_s * NS_PER_S))


def reports(told: Told) -> list[tuple[Asset, Report]]:
    """What was said of orders; what is on its way has tests of its own."""
    return [(asset, word) for asset, word in told if not isinstance(word, InTransit)]


def take(books: LiveBooks, one: UserTrade) -> list[tuple[Asset, Report]]:
    return reports(books.take_trade(one))


__all__ = [
    "AT_NS", "LISTED", "a_round", "an_order", "books_with", "cancelled", "complement", "part",
    "reports", "said", "take", "trade", "venue_name",
]  # fmt: skip
