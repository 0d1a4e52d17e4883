"""Orders that leave the book unmatched, and why others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import evolve

from polytui.model.orders import Side
from polytui.sim.exchange.account_events import OrderChange
from polytui.sim.exchange.answers import CancelAnswer, Pending
from polytui.sim.exchange.funds import Funds
from polytui.sim.exchange.modes import EngineModes
from polytui.sim.exchange.order_keeper import OrderKeeper, promise_of
from polytui.sim.exchange.public_view import seen_to_leave
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

_NOT_FOUND = "Order not found or already canceled"
_MATCHED = "Order already matched"
_CANCELED = "Order already canceled"


class Cancelling:
    def __init__(self, world: World, keeper: OrderKeeper, modes: EngineModes, funds: Funds) -> None:
        self._world = world
        self._keeper = keeper
        self._modes = modes
        self._funds = funds

    def cancel(
        self, api_key: str, chosen: Callable[[], tuple[str, ...]], pending: Pending[CancelAnswer]
    ) -> Iterator[WorldEvent]:
        """Those of the chosen that the key placed and that rest."""
        not_now = self._modes.cancel_refusal(self._world.now_ns)
        if not_now is not None:
            pending.give(CancelAnswer(not_now=not_now))
            return
        cancelled, refused = [], {}
        for order_id in chosen():
            reason = self._why_not(self._keeper.file.get(order_id), api_key)
            if reason:
                refused[order_id] = reason
            else:
                cancelled.append(order_id)
                yield from self.remove(order_id, OrderStatus.CANCELED)
        pending.give(CancelAnswer(tuple(cancelled), refused))

    def uncovered(self, wallet: str) -> Iterator[WorldEvent]:
        """What a wallet can no longer pay for, the latest first."""
        for order in reversed(self._keeper.file.open_of_wallet(wallet)):
            if not self._is_covered(order):
                yield from self.remove(order.order_id, OrderStatus.CANCELED_NOT_ENOUGH_BALANCE)

    def remove(self, order_id: str, status: OrderStatus) -> Iterator[WorldEvent]:
        """Nothing where it does not rest."""
        order = self._keeper.file.get(order_id)
        if order is None or order.status is not OrderStatus.LIVE:
            return
        self._world.book(order.slug).cancel(order_id)
        gone = evolve(order, status=status, changed_ns=self._world.now_ns)
        self._keeper.keep(gone, OrderChange.CANCELLATION)
        yield seen_to_leave(self._world, order)

    def _is_covered(self, order: VenueOrder) -> bool:
        """Whether what is promised to it is there, and the exchange may take it."""
        promise = promise_of(order)
        if order.side is Side.BUY:
            is_there = self._funds.free_usd(order.maker) >= 0
        else:
            is_there = self._funds.free_shares(order.maker, order.signed.token_id) >= 0
        return is_there and self._funds.is_allowed(promise, self._world.rounds[order.slug])

    def _why_not(self, order: VenueOrder | None, api_key: str) -> str:
        if order is None or order.api_key != api_key or order.status is OrderStatus.DELAYED:
            # Inside its hold nobody finds it.
            return _NOT_FOUND
        if order.status is OrderStatus.LIVE:
            return ""
        return _MATCHED if order.status is OrderStatus.MATCHED else _CANCELED
