"""Every order the venue took and has not forgotten, and which of them are open."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from polytui.sim.exchange.venue_order import MOVES, VenueOrder


class OrderFile:
    """State: the latest state of each order, by its id; open ones by key, round and wallet too;
    those that are over in the order of their ends, until they are forgotten."""

    def __init__(
        self,
        keep_untraded_ns: int,
        keep_traded_ns: int,
        keep_most: int,
        forgotten: Callable[[VenueOrder], None],
    ) -> None:
        """`keep_most`: of those that are over, with trades and without, so many each. `forgotten`
        hears of each that is remembered no longer."""
        self._forgotten = forgotten
        self._untraded = _Over(keep_untraded_ns, keep_most)
        self._traded = _Over(keep_traded_ns, keep_most)
        self._orders: dict[str, VenueOrder] = {}
        self._open_by_key: dict[str, dict[str, None]] = {}
        self._open_by_slug: dict[str, dict[str, None]] = {}
        self._open_by_wallet: dict[str, dict[str, None]] = {}

    def get(self, order_id: str) -> VenueOrder | None:
        return self._orders.get(order_id)

    def put(self, order: VenueOrder) -> None:
        """ValueError for a step that no order may take."""
        before = self._orders.get(order.order_id)
        if before is not None and order.status not in MOVES[before.status]:
            raise ValueError(f"{order.order_id}: {before.status.value} to {order.status.value}")
        self._orders[order.order_id] = order
        self._place(order, is_open=order.status.is_open)
        if not order.status.is_open:
            over = self._traded if order.trade_ids else self._untraded
            for order_id in over.add(order):
                self._forgotten(self._orders.pop(order_id))

    def forget(self, order_id: str) -> None:
        """As if it had never been taken."""
        order = self._orders.pop(order_id)
        self._place(order, is_open=False)

    def _place(self, order: VenueOrder, *, is_open: bool) -> None:
        for places, name in (
            (self._open_by_key, order.api_key),
            (self._open_by_slug, order.slug),
            (self._open_by_wallet, order.maker),
        ):
            if is_open:
                places.setdefault(name, {})[order.order_id] = None
            elif name in places:
                places[name].pop(order.order_id, None)
                if not places[name]:
                    del places[name]

    def open_of_key(self, api_key: str) -> list[VenueOrder]:
        """Oldest first."""
        return [self._orders[name] for name in self._open_by_key.get(api_key, ())]

    def open_in(self, slug: str) -> list[VenueOrder]:
        """Oldest first."""
        return [self._orders[name] for name in self._open_by_slug.get(slug, ())]

    def open_of_wallet(self, wallet: str) -> list[VenueOrder]:
        """Oldest first."""
        return [self._orders[name] for name in self._open_by_wallet.get(wallet, ())]


class _Over:
    """Orders that are over, the first first. State: their ends and names."""

    def __init__(self, keep_ns: int, keep_most: int) -> None:
        self._keep_ns = keep_ns
        self._keep_most = keep_most
        self._ends: deque[tuple[int, str]] = deque()

    def add(self, order: VenueOrder) -> Iterator[str]:
        """Names of those whose time is over by now, and of the first where there are too many."""
        self._ends.append((order.changed_ns, order.order_id))
        kept_ns = order.changed_ns - self._keep_ns
        while self._ends[0][0] < kept_ns or len(self._ends) > self._keep_most:
            yield self._ends.popleft()[1]
