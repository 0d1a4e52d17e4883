"""Keeps the file of orders: each change is filed, paid for in promises, and told to its owner."""

from __future__ import annotations

from collections.abc import Callable

from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, cost_of
from polytui.sim.exchange.account_events import OrderChange, OrderTold
from polytui.sim.exchange.news import News
from polytui.sim.exchange.order_file import OrderFile
from polytui.sim.exchange.reserves import Promise, Reserves
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder


class OrderKeeper:
    def __init__(
        self,
        rules: ExchangeRules,
        reserves: Reserves,
        news: News,
        forgotten: Callable[[VenueOrder], None],
    ) -> None:
        self.file = OrderFile(
            int(rules.keep_untraded_s * NS_PER_S),
            int(rules.keep_traded_s * NS_PER_S),
            rules.keep_most,
            forgotten,
        )
        self._reserves = reserves
        self._news = news

    def keep(
        self, order: VenueOrder, change: OrderChange | None = None, promise: Promise | None = None
    ) -> None:
        """`promise`: what is promised to it, where that is not simply what rests of it. Nobody is
        told where there is no `change`."""
        self.file.put(order)
        if promise is None and order.status is OrderStatus.LIVE:
            promise = promise_of(order)
        self._reserves.put(order.order_id, promise)
        if change is not None:
            self._news.tell(OrderTold(order.changed_ns, change, order))

    def free(self, order_id: str) -> None:
        """Nothing is promised to it any more."""
        self._reserves.put(order_id, None)


def promise_of(order: VenueOrder) -> Promise:
    """What an order that rests may cost still."""
    if order.side is Side.BUY:
        return Promise(order.maker, cost_of(order.price, order.remaining))
    return Promise(order.maker, token_id=order.signed.token_id, shares=order.remaining)
