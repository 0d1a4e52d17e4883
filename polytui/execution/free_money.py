"""What an account has left for one order, beside what its others may still need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from polytui.execution.live_books import LiveBooks
from polytui.execution.sent_order import SentOrder
from polytui.execution.venue_client import VenueClient
from polytui.model.instrument import Asset
from polytui.model.orders import Order, Side
from polytui.model.units import Shares, Usd, cost_of


@frozen
class FreeMoney:
    """Orders of all assets share a purse, on their way or at the venue."""

    books: LiveBooks
    clients: Mapping[Asset, VenueClient]

    def usd(self, order: Order) -> Usd:
        """Cash that no other purchase may still cost, and that is there: what trades on their way
        bring is not yet. Winners that are not redeemed count as cash here and not at the venue: it
        has the last word."""
        needed = sum(
            cost_of(sent.order.price, sent.left)
            for sent in self._others(order)
            if sent.order.side is Side.BUY
        )
        return Usd(self.books.money().cash - needed - self.books.transit.usd())

    def shares(self, order: Order) -> Shares:
        """Of its token, that no other sale offers, and that are there: a trade brings them when it
        is mined, seconds after its match, and a merge takes them when it is sent."""
        offered = sum(
            sent.left
            for sent in self._others(order)
            if sent.order.side is Side.SELL and sent.order.token_id == order.token_id
        )
        live = self.books.rounds.get(order.slug)
        awaited = self.books.transit.shares(order.slug, order.outcome)
        return Shares(0 if live is None else live.shares(order.outcome) - offered - awaited)

    def _others(self, order: Order) -> Iterator[SentOrder]:
        for client in self.clients.values():
            for sent in client.sent:
                if sent.order.order_id != order.order_id:
                    yield sent
