"""Our orders, from the moment they are sent until nothing of them can trade any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, field, frozen

from polytui.config.schema import Settings
from polytui.model import events as ev
from polytui.model.events import FoundOrder
from polytui.model.orders import ORDER_TABLE, Fill, Order, OrderMove, OrderState, Side
from polytui.model.ticket import is_by_hand
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Shares, Usd, cost_of, proceeds_of

_NO_FEE = Usd(0)
_LOOKS = 2
_SIGNS_OF_LIFE = (OrderMove.ACCEPTED, OrderMove.FILLED_PART)
_NO_ANSWERS = (OrderMove.UNANSWERED, OrderMove.CANCEL_ASKED)


MOVES: dict[type[Any], OrderMove] = {
    ev.Accepted: OrderMove.ACCEPTED,
    ev.Refused: OrderMove.REFUSED,
    ev.Deferred: OrderMove.DEFERRED,
    ev.Unanswered: OrderMove.UNANSWERED,
    ev.Cancelled: OrderMove.CANCELLED,
    ev.CancelRefused: OrderMove.CANCEL_REFUSED,
}
"""What a report of the venue is to its order."""


class IllegalMove(Exception):
    """The table in model/orders.py knows no such move of ours: a fault of ours."""


@frozen
class LookRule:
    """When the venue is asked for an order by its id, in nanoseconds of session time."""

    after_ns: int
    """From sending it until a look can tell anything: its POST has its answer or never gets one,
    and the venue holds no taker longer."""
    again_ns: int
    """Between two looks."""

    @classmethod
    def of(cls, settings: Settings, *, is_live: bool) -> LookRule:
        live, paper, execution = settings.live, settings.paper, settings.execution
        hold_ns = live.taker_hold_ns if is_live else paper.taker_delay_ms * NS_PER_MS
        deadline_ns = int(execution.post_deadline_s * NS_PER_S)
        return cls(deadline_ns + hold_ns, execution.look_again_ns)


@define
class WorkingOrder:
    """One order's state. Written only by the `WorkingOrders` that holds it."""

    order: Order
    state: OrderState = OrderState.PLACING
    worst_fee: Usd = Usd(0)
    """What it would pay if all of it were taken at its price."""
    sent_ns: int = 0
    """When it was sent, the last time where the venue let it be sent again."""
    begun: FoundOrder | None = None
    """What the venue said of it when we heard of it there; None for one that we sent."""
    fills: dict[str, Fill] = field(factory=dict)
    reversed: dict[str, None] = field(factory=dict)
    """Trades that failed in the end: they never count again."""
    looks: list[int] = field(factory=list)
    """When it was looked for in vain, since its last sign of life."""
    asked_ns: int = 0
    """When the last look was asked for; 0 for never."""
    is_doubted: bool = False
    """It was unknown, and gave no sign of life since: also while its cancel is on its way."""
    cancel_refused_ns: int = 0
    """When the venue would not cancel it; 0 where it never did."""
    is_presumed_dead: bool = False
    """Dead by our looks, not by the venue's word."""

    filled: Shares = Shares(0)
    spent: Usd = Usd(0)
    """Of a market purchase's dollars."""

    def count(self) -> None:
        """What its fills come to; those that the venue had counted already are in `begun`."""
        filled, spent, known = 0, 0, tuple[str, ...]()
        if self.begun is not None:
            filled, spent, known = self.begun.filled, self.begun.spent, self.begun.trades
        for trade_id, fill in self.fills.items():
            if trade_id not in known:
                filled += fill.shares
                spent += cost_of(fill.price, fill.shares)
        self.filled = Shares(filled)
        self.spent = Usd(min(self.order.dollars, spent))

    @property
    def left(self) -> Shares:
        """What may still fill; of a market purchase what the rest of its dollars buys at its
        price."""
        if self.order.dollars:
            return Shares((self.order.dollars - self.spent) * MICRO // self.order.price)
        return Shares(max(0, self.order.shares - self.filled))

    def fits(self, fill: Fill) -> bool:
        """Whether a fill is for no more than is left. A market purchase may exceed its shares or
        its dollars, as the venue rounds, but never both."""
        if self.begun is not None and fill.trade_id in self.begun.trades:
            return True
        left = self.order.dollars - self.spent
        is_paid_for = self.order.dollars and proceeds_of(fill.price, fill.shares) <= left
        return self.filled + fill.shares <= self.order.shares or bool(is_paid_for)

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

    def next_look_ns(self, rule: LookRule) -> int | None:
        """When it is to be looked for; None where nobody doubts what it is."""
        if not self.state.is_working:
            return None
        if self.is_doubted:
            due_ns = self.sent_ns + rule.after_ns
        elif self.cancel_refused_ns:
            due_ns = self.cancel_refused_ns
        else:
            return None
        last_ns = max(self.asked_ns, self.looks[-1] if self.looks else 0)
        return max(due_ns, last_ns + rule.again_ns) if last_ns else due_ns

    def missed(self, looked_ns: int, rule: LookRule) -> OrderMove:
        """What a look that found nothing comes to. One that was too early, or too soon after the
        last one, says nothing."""
        since_ns = self.looks[-1] + rule.again_ns if self.looks else self.sent_ns + rule.after_ns
        if looked_ns >= since_ns:
            self.looks.append(looked_ns)
        return OrderMove.LOST if len(self.looks) >= _LOOKS else OrderMove.NOT_FOUND

    def state_of(self) -> tuple[object, ...]:
        doubts = (self.sent_ns, self.looks, self.asked_ns, self.is_doubted, self.cancel_refused_ns)
        gone = (sorted(self.reversed), self.is_presumed_dead)
        return (self.state.value, self.filled, sorted(self.fills), doubts, gone)


class WorkingOrders:
    """State: every order by id, in the order they were placed, and of them those that may still
    trade.

    Ended orders are kept until their round is forgotten, because a fill may come late.
    """

    def __init__(self, contradictions: dict[str, int] | None = None) -> None:
        """`contradictions`: where answers that the table has no row for are counted, by what was
        said of which state."""
        self._orders: dict[str, WorkingOrder] = {}
        self._working: dict[str, WorkingOrder] = {}
        self._contradictions = {} if contradictions is None else contradictions

    def add(self, order: Order, worst_fee: Usd = _NO_FEE) -> WorkingOrder:
        """One that is sent now."""
        working = WorkingOrder(order, worst_fee=worst_fee, sent_ns=order.placed_ns)
        return self._keep(working)

    def adopt(self, found: FoundOrder, worst_fee: Usd = _NO_FEE) -> WorkingOrder:
        """One that the venue has and we did not know."""
        state = OrderState.LIVE if found.is_certain else OrderState.UNKNOWN
        sent_ns = found.order.placed_ns
        working = WorkingOrder(found.order, state, worst_fee, sent_ns, found)
        working.is_doubted = not found.is_certain
        working.count()
        return self._keep(working)

    def _keep(self, working: WorkingOrder) -> WorkingOrder:
        order_id = working.order.order_id
        if order_id in self._orders:
            raise IllegalMove(f"order {order_id} was placed twice")
        self._orders[order_id] = self._working[order_id] = working
        return working

    def get(self, order_id: str) -> WorkingOrder | None:
        return self._orders.get(order_id)

    def move(self, order_id: str, move: OrderMove, now_ns: int = 0) -> WorkingOrder | None:
        """Walk the table. None for an order we do not know; an ended order stays ended, unless we
        alone took it for dead and it lives."""
        working = self._orders.get(order_id)
        if working is None or self._stays_ended(working, move):
            return working
        state = ORDER_TABLE.get((working.state, move))
        if state is None:
            if move.is_ours:
                said = f"{order_id} is {working.state.value}: cannot be {move.value}"
                raise IllegalMove(said)
            self.contradict(f"{working.state.value}, then {move.value}")
            state = OrderState.UNKNOWN
        self._note(working, move, now_ns)
        self._become(working, state)
        return working

    def _stays_ended(self, working: WorkingOrder, move: OrderMove) -> bool:
        if working.state.is_working or (working.state, move) in ORDER_TABLE:
            return False
        return not (working.is_presumed_dead and move in _SIGNS_OF_LIFE)

    def _note(self, working: WorkingOrder, move: OrderMove, now_ns: int) -> None:
        if move in (OrderMove.NOT_FOUND, OrderMove.LOST):
            working.is_presumed_dead = move is OrderMove.LOST
            return
        if move in _NO_ANSWERS:
            return
        if move is OrderMove.CANCEL_REFUSED:
            # Said of orders that nobody ever saw as well: no sign of life.
            working.cancel_refused_ns = now_ns
            return
        working.is_presumed_dead = working.is_doubted = False
        working.looks.clear()
        if move is OrderMove.DEFERRED:
            working.sent_ns = now_ns
        else:
            working.cancel_refused_ns = 0

    def _become(self, working: WorkingOrder, state: OrderState) -> None:
        working.state = state
        working.is_doubted = working.is_doubted or state is OrderState.UNKNOWN
        if state.is_working:
            self._working[working.order.order_id] = working
        else:
            self._working.pop(working.order.order_id, None)

    def contradict(self, said: str) -> None:
        """The venue said what cannot be; it is counted, and everybody goes on."""
        self._contradictions[said] = self._contradictions.get(said, 0) + 1

    def fill(self, order_id: str, fill: Fill) -> bool:
        """Apply a fill; False for one already known or of an order that is not ours.

        A fill of an ended order still counts: a cancel can lose against it. So does one for more
        than was ordered: the money has moved, whatever the venue means by it.
        """
        working = self._orders.get(order_id)
        if working is None or fill.trade_id in working.fills or fill.trade_id in working.reversed:
            return False
        if not working.fits(fill):
            self.contradict("filled beyond its size")
        working.fills[fill.trade_id] = fill
        working.count()
        self.move(order_id, OrderMove.FILLED_PART if working.left else OrderMove.FILLED_ALL)
        return True

    def reverse(self, order_id: str, trade_id: str) -> bool:
        """Take back a fill; False where it was none. What it leaves open of an order that may not
        rest is gone."""
        working = self._orders.get(order_id)
        if working is None or trade_id in working.reversed:
            return False
        working.reversed[trade_id] = None
        fill = working.fills.pop(trade_id, None)
        if fill is not None:
            working.count()
            self.move(order_id, OrderMove.FILL_REVERSED)
            if working.state.is_working and not working.order.tif.may_rest:
                self.move(order_id, OrderMove.CANCELLED)
        return fill is not None

    def missed(self, order_id: str, looked_ns: int, rule: LookRule) -> None:
        """Nobody was found under its id."""
        working = self._orders.get(order_id)
        if working is None or not working.state.is_working:
            return
        move = working.missed(looked_ns, rule)
        if move is OrderMove.LOST and working.state is OrderState.LIVE:
            # In name only: its cancel was refused, and it was in doubt before.
            self.move(order_id, OrderMove.NOT_FOUND)
        self.move(order_id, move)

    def due_looks(self, now_ns: int, rule: LookRule) -> list[str]:
        """Whom to ask the venue for now; they count as asked."""
        due = list[str]()
        for order_id, working in self._working.items():
            due_ns = working.next_look_ns(rule)
            if due_ns is not None and due_ns <= now_ns:
                working.asked_ns = now_ns
                due.append(order_id)
        return due

    def of_round(self, slug: str) -> list[WorkingOrder]:
        """What may still trade in a round."""
        return [working for working in self._working.values() if working.order.slug == slug]

    def by_hand(self, slug: str) -> list[WorkingOrder]:
        """Those of them that a person sent."""
        return [working for working in self.of_round(slug) if is_by_hand(working.order)]

    def known(self) -> list[Order]:
        """Every one, ended ones of rounds that are not forgotten too."""
        return [working.order for working in self._orders.values()]

    def working(self) -> list[WorkingOrder]:
        return list(self._working.values())

    def forget_round(self, slug: str) -> None:
        self._forget([one for one, each in self._orders.items() if each.order.slug == slug])

    def _forget(self, order_ids: Iterable[str]) -> None:
        for order_id in order_ids:
            del self._orders[order_id]
            self._working.pop(order_id, None)

    def state(self) -> tuple[object, ...]:
        return tuple((order_id, each.state_of()) for order_id, each in self._orders.items())
