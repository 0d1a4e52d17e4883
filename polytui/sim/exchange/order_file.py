"""Every order the venue ever took, and which of them are open."""

from __future__ import annotations

from polytui.sim.exchange.venue_order import MOVES, VenueOrder


class OrderFile:
    """State: the latest state of each order, by its id; open ones by key and by round too."""

    def __init__(self) -> None:
        self._orders: dict[str, VenueOrder] = {}
        self._open_by_key: dict[str, dict[str, None]] = {}
        self._open_by_slug: dict[str, dict[str, None]] = {}

    def get(self, order_id: str) -> VenueOrder | None:
        return self._orders.get(order_id)

    def put(self, order: VenueOrder) -> None:
        """ValueError for a step that no order may take."""
        before = self._orders.get(order.order_id)
        if before is not None and order.status not in MOVES[before.status]:
            raise ValueError(f"{order.order_id}: {before.status.value} to {order.status.value}")
        self._orders[order.order_id] = order
        self._place(order, is_open=order.status.is_open)

    def forget(self, order_id: str) -> None:
        """As if it had never been taken."""
        order = self._orders.pop(order_id)
        self._place(order, is_open=False)

    def _place(self, order: VenueOrder, *, is_open: bool) -> None:
        for places, name in ((self._open_by_key, order.api_key), (self._open_by_slug, order.slug)):
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
        found = (order for order in self.every_open() if order.maker == wallet)
        return sorted(found, key=lambda order: order.created_ns)

    def every_open(self) -> list[VenueOrder]:
        return [order for slug in self._open_by_slug for order in self.open_in(slug)]
