"""The way of each order of one asset: from the frame that led to it to its first fill or end."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from msgspec.structs import replace

from polytui.model.events import (
    Accepted,
    Cancelled,
    Event,
    Filled,
    OrderFound,
    Refused,
)
from polytui.model.latency import OrderLatency
from polytui.model.orders import Order
from polytui.model.units import NS_PER_US
from polytui.runtime.frame_times import receive_us, source_of
from polytui.runtime.inbox import Item

MOST_WAITING = 10_000
"""Orders whose end is not known: the oldest of more than these are told as they are."""
_ANSWERS = (Accepted, Refused, Filled, Cancelled, OrderFound)


@frozen
class Batch:
    """When a batch that led to orders passed each stage: perf_counter_ns."""

    items: Sequence[Item]
    taken: int
    ready: int
    """0 where it was decided without looking at features: `feature` has it all then."""
    decided: int
    sent: int

    def latency_of(
        self, order: Order, asset: str, newest_us: dict[str, int], speed: float
    ) -> OrderLatency:
        """What is known of an order once it is sent. Of many frames the first counts: it waited for
        all of them."""
        frame = next((item for item in self.items if item.received_perf_ns), None)
        read = self.taken if frame is None else frame.received_perf_ns
        ready = self.ready or self.decided
        return OrderLatency(
            order_id=order.order_id,
            asset=asset,
            slug=order.slug,
            strategy=order.strategy,
            at_ns=order.placed_ns,
            source="" if frame is None else source_of(frame.event),
            receive_us=None if frame is None else receive_us(frame.event, speed),
            decode_us=(self.taken - read) // NS_PER_US,
            feature_us=(ready - self.taken) // NS_PER_US,
            decision_us=(self.decided - ready) // NS_PER_US,
            send_us=(self.sent - self.decided) // NS_PER_US,
            binance_recv_us=newest_us.get("binance"),
            pm_recv_us=newest_us.get("pm"),
        )


@frozen
class _Underway:
    latency: OrderLatency
    sent: int


class OrderTimes:
    """State: orders that were sent and neither filled nor ended yet."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Underway] = {}

    def sent(self, latency: OrderLatency, sent_perf_ns: int) -> OrderLatency | None:
        """An order is on its way; what is told of another one that is waited for no longer."""
        self._waiting[latency.order_id] = _Underway(latency, sent_perf_ns)
        if len(self._waiting) <= MOST_WAITING:
            return None
        return _ended(self._waiting.pop(next(iter(self._waiting))).latency, "unknown")

    def heard(self, event: Event, at_perf_ns: int) -> OrderLatency | None:
        """The desk has taken a report: the order's whole way, where that is known now."""
        if not isinstance(event, _ANSWERS):
            return None
        order = self._waiting.get(event.order_id)
        if order is None:
            return None
        took_us = (at_perf_ns - order.sent) // NS_PER_US
        latency = order.latency
        if latency.ack_us is None:
            latency = replace(latency, ack_us=took_us)
        if isinstance(event, Accepted | OrderFound):
            self._waiting[event.order_id] = _Underway(latency, order.sent)
            return None
        del self._waiting[event.order_id]
        if isinstance(event, Filled):
            return replace(latency, fill_us=took_us, ended="filled", is_taker=event.is_taker)
        return _ended(latency, "refused" if isinstance(event, Refused) else "cancelled")

    def forget(self) -> list[OrderLatency]:
        """Nobody hears of these any more."""
        waiting, self._waiting = self._waiting, {}
        return [_ended(order.latency, "unknown") for order in waiting.values()]


def _ended(latency: OrderLatency, how: str) -> OrderLatency:
    return replace(latency, ended=how)
