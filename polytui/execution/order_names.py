"""Two names of one order: ours, which the journal has, and the hash that the venue calls it by."""

from __future__ import annotations

from collections.abc import Callable

from polytui.model.orders import Order

VENUE_NAMES = "0x"
"""How names that the venue gives begin, and none of ours."""


class OrderNames:
    """State: every order that was signed in this session or that the journal knows, by both names.

    An order must be known here before it is sent: the venue may tell of it before it answers."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        """By the venue's name."""
        self._venue: dict[str, str] = {}
        self._ours: dict[str, str] = {}
        """By the venue's name, also where no order is known any more."""

    def know(self, order: Order, venue_id: str) -> None:
        self._orders[venue_id] = order
        self.call(venue_id, order.order_id)

    def recall(self, order: Order, signed_name: Callable[[], str]) -> None:
        """An order of an earlier session: its name at the venue follows from it, unless nobody here
        signed it. Such a one, placed by hand, goes by the name that the venue gave it."""
        is_adopted = order.order_id.startswith(VENUE_NAMES)
        self.know(order, order.order_id if is_adopted else signed_name())

    def call(self, venue_id: str, order_id: str) -> None:
        """Only the names are known."""
        self._ours[venue_id] = order_id
        self._venue[order_id] = venue_id

    def ours(self, venue_id: str) -> str:
        """Empty for an order that nobody here knows."""
        return self._ours.get(venue_id, "")

    def venue(self, order_id: str) -> str:
        """Empty for an order that nobody here knows."""
        return self._venue.get(order_id, "")

    def order(self, venue_id: str) -> Order | None:
        return self._orders.get(venue_id)

    def is_ours(self, venue_id: str) -> bool:
        return venue_id in self._ours

    def forget_round(self, slug: str) -> list[str]:
        """Of a round that is long over; the venue's names of what was forgotten."""
        gone = [one for one, order in self._orders.items() if order.slug == slug]
        for venue_id in gone:
            del self._orders[venue_id]
            self._venue.pop(self._ours.pop(venue_id), None)
        return gone
