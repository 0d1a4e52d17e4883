"""Whether an order earns liquidity rewards, by the terms that `/clob-markets` names."""

from __future__ import annotations

from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.world.world import World

_LEAST_SHARES = 50 * MICRO
_MOST_FROM_MIDDLE = 45_000
"""4.5 cents."""
_LEAST_AGE_NS = 30 * NS_PER_S


def is_scoring(world: World, order: VenueOrder) -> bool:
    """An order scores that rests, is old and large enough, and stands near the middle."""
    if order.status is not OrderStatus.LIVE or order.slug not in world.rounds:
        return False
    book = world.book(order.slug)
    bid, ask = book.best(order.outcome, Side.BUY), book.best(order.outcome, Side.SELL)
    if bid is None or ask is None:
        return False
    from_middle = abs(2 * order.price - bid - ask)
    return (
        order.remaining >= _LEAST_SHARES
        and from_middle <= 2 * _MOST_FROM_MIDDLE
        and world.now_ns - order.created_ns >= _LEAST_AGE_NS
    )
