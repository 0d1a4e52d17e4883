"""Our orders, from the moment they are sent until nothing of them can trade any more."""

from __future__ import annotations

from attrs import define, field

from polytui.model.orders import ORDER_TABLE, Fill, Order, OrderMove, OrderState, Side
from polytui.model.units import MICRO, Shares, Usd, cost_of, proceeds_of

_NO_FEE = Usd(0)


class IllegalMove(Exception):
    """The table in model/orders.py knows no such move: a fault of ours, or of the venue."""


@define
class WorkingOrder:
    """One order's state. Written only by the `WorkingOrders` that holds it."""

    order: Order
    state: OrderState = OrderState.PLACING
    worst_fee: Usd = Usd(0)
    """What it would pay if all of it were taken at its price."""
    filled: Shares = Shares(0)
    spent: Usd = Usd(0)
    """Of a market purchase's dollars."""
    trade_ids: set[str] = field(factory=set)

    @property
    def left(self) -> Shares:
        """What may still fill; of a market purchase what the rest of its dollars buys at its
        price."""
        if self.order.dollars:
            return Shares((self.order.dollars - self.spent) * MICRO // self.order.price)
        return Shares(self.order.shares - self.filled)

    def take(self, fill: Fill) -> bool:
        """Count a fill; False, and nothing counted, where it is for more than is left. A market
        purchase may exceed its shares or its dollars, as the venue rounds, but never both."""
        filled, left = self.filled + fill.shares, self.order.dollars - self.spent
        is_paid_for = self.order.dollars and proceeds_of(fill.price, fill.shares) <= left
        if filled > self.order.shares and not is_paid_for:
            return False
        if self.order.dollars:
            self.spent = Usd(self.spent + min(left, cost_of(fill.price, fill.shares)))
        self.trade_ids.add(fill.trade_id)
        self.filled = Shares(filled)
        return True

    @property
    def fee_left(self) -> Usd:
        """What the rest would pay if it were taken."""
        return Usd(-(-self.worst_fee * self.left // self.order.shares))

    @property
    def reserved(self) -> Usd:
        """Dollars that the rest of a buy may still spend, its fee included."""
        if self.order.side is Side.SELL or not self.state.is_working:
            return Usd(0)
        return Usd(cost_of(self.order.price, self.left) + self.fee_left)


class WorkingOrders:
    """State: every order by id, in the order they were placed, and of them those that may still
    trade.

    Ended orders are kept until their round is forgotten, because a fill may come late.
    """

    def __init__(self) -> None:
        self._orders: dict[str, WorkingOrder] = {}
        self._working: dict[str, WorkingOrder] = {}

    def add(self, order: Order, worst_fee: Usd = _NO_FEE) -> WorkingOrder:
        if order.order_id in self._orders:
            raise IllegalMove(f"order {order.order_id} was placed twice")
        entry = WorkingOrder(order, worst_fee=worst_fee)
        self._orders[order.order_id] = self._working[order.order_id] = entry
        return entry

    def get(self, order_id: str) -> WorkingOrder | None:
        return self._orders.get(order_id)

    def move(self, order_id: str, move: OrderMove) -> WorkingOrder | None:
        """Walk the table. None for an order we do not know; an ended order stays ended."""
        entry = self._orders.get(order_id)
        if entry is None or not entry.state.is_working:
            return entry
        state = ORDER_TABLE.get((entry.state, move))
        if state is None:
            raise IllegalMove(f"{order_id} is {entry.state.value}: cannot be {move.value}")
        entry.state = state
        if not state.is_working:
            del self._working[order_id]
        return entry

    def fill(self, order_id: str, fill: Fill) -> bool:
        """Apply a fill; False for one already known or of an order that is not ours.

        A fill of an ended order still counts: a cancel can lose against it.
        """
        entry = self._orders.get(order_id)
        if entry is None or fill.trade_id in entry.trade_ids:
            return False
        if not entry.take(fill):
            raise IllegalMove(f"{order_id}: filled beyond its size by {fill.trade_id}")
        self.move(order_id, OrderMove.FILLED_PART if entry.left else OrderMove.FILLED_ALL)
        return True

    def of_round(self, slug: str) -> list[WorkingOrder]:
        """What may still trade in a round."""
        return [entry for entry in self._working.values() if entry.order.slug == slug]

    def working(self) -> list[WorkingOrder]:
        return list(self._working.values())

    def forget_round(self, slug: str) -> None:
        ended = [i for i, entry in self._orders.items() if entry.order.slug == slug]
        for order_id in ended:
            del self._orders[order_id]
            self._working.pop(order_id, None)

    def state(self) -> tuple[object, ...]:
        return tuple(
            (order_id, entry.state.value, entry.filled, sorted(entry.trade_ids))
            for order_id, entry in self._orders.items()
        )
