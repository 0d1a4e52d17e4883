"""What a session's own orders showed in the books that it recorded, taken out again.

Whoever plays its journal has orders of its own, which queue behind the crowd: those that the
session itself had at a real venue are not of the crowd. An order stands in the books of both
tokens: a bid for Up at 0.40 is an offer of Down at 0.60. Between the venue's word of a level and
its word of the order a level may be some milliseconds wrong; each word of the order sets it right.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define
from msgspec.structs import replace

from polytui.model import events as ev
from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Order, Side
from polytui.model.units import MICRO, Price, Shares

_Place = tuple[str, Side, int]
"""A level: token, side and price."""


@define
class _OwnOrder:
    order: Order
    places: tuple[_Place, _Place]
    left: int
    is_there: bool = False
    """The venue said that it has it."""


class OwnDisplayed:
    """State: the session's orders at the venue, and its books as they were recorded."""

    def __init__(self) -> None:
        self._rounds: dict[str, Round] = {}
        self._orders: dict[str, _OwnOrder] = {}
        self._shown: dict[str, dict[tuple[Side, int], int]] = {}
        """By token, what each level displays, ours with it."""
        self._venue_ns: dict[str, int] = {}
        self._own: dict[_Place, int] = {}
        """Of that, ours."""

    def sent(self, orders: Iterable[Order]) -> None:
        """What the session placed at an event."""
        for order in orders:
            if order.slug in self._rounds:
                places = _places(self._rounds[order.slug], order)
                self._orders[order.order_id] = _OwnOrder(order, places, order.shares)

    def without(self, event: ev.Event, at_ns: int) -> ev.Event | None:
        """The event without ours in it; where it speaks of one of ours, what its level shows
        without it; None where it says nothing of a book."""
        match event:
            case ev.RoundFound(listed):
                self._rounds[listed.slug] = listed
            case ev.RoundSettled():
                self._forget(event)
            case ev.BookSnapshotted():
                return self._snapshot(event)
            case ev.BookChanged():
                return self._changed(event)
            case ev.Accepted(order_id=order_id, venue_id=venue_id) if venue_id:
                return self._stands(order_id, at_ns, is_there=True)
            case ev.Filled(order_id=order_id, shares=shares):
                return self._stands(order_id, at_ns, taken=shares)
            case ev.Cancelled(order_id=order_id) | ev.Refused(order_id=order_id):
                return self._stands(order_id, at_ns, is_there=False)
        return event

    # --- our orders -----------------------------------------------------------------------------

    def _stands(
        self, order_id: str, at_ns: int, *, is_there: bool | None = None, taken: int = 0
    ) -> ev.BookChanged | None:
        own = self._orders.get(order_id)
        if own is None:
            return None
        before = own.left if own.is_there else 0
        own.left = max(0, own.left - taken)
        own.is_there = own.is_there if is_there is None else is_there
        now = own.left if own.is_there else 0
        if is_there is False or not own.left:
            del self._orders[order_id]
        if now == before:
            return None
        for place in own.places:
            self._own[place] = self._own.get(place, 0) + now - before
            if not self._own[place]:
                del self._own[place]
        return self._told_again(own, at_ns)

    def _told_again(self, own: _OwnOrder, at_ns: int) -> ev.BookChanged | None:
        changes = []
        for token, side, price in own.places:
            shown = self._shown.get(token, {}).get((side, price), 0)
            left = Shares(max(0, shown - self._own.get((token, side, price), 0)))
            changes.append(ev.LevelChange(token, side, Price(price), left, None, None))
        venue_ns = max(self._venue_ns.get(token, 0) for token, _, _ in own.places)
        return ev.BookChanged(tuple(changes), venue_ns, at_ns) if venue_ns else None

    def _forget(self, event: ev.RoundSettled) -> None:
        for listed in [one for one in self._rounds.values() if event.settles(one)]:
            del self._rounds[listed.slug]
            for outcome in Outcome:
                self._shown.pop(listed.token_of(outcome), None)

    # --- books ----------------------------------------------------------------------------------

    def _snapshot(self, event: ev.BookSnapshotted) -> ev.BookSnapshotted:
        token = event.token_id
        sides = ((Side.BUY, event.bids), (Side.SELL, event.asks))
        self._shown[token] = {(s, price): shares for s, levels in sides for price, shares in levels}
        self._venue_ns[token] = event.venue_ns
        if not self._own:
            return event
        bids, asks = (
            tuple(
                (price, left)
                for price, shares in levels
                if (left := shares - self._own.get((token, side, price), 0)) > 0
            )
            for side, levels in sides
        )
        return replace(event, bids=bids, asks=asks)

    def _changed(self, event: ev.BookChanged) -> ev.BookChanged:
        for change in event.changes:
            levels = self._shown.setdefault(change.token_id, {})
            levels[change.side, change.price] = change.shares
            self._venue_ns[change.token_id] = event.venue_ns
        if not self._own:
            return event
        return replace(event, changes=tuple([self._cleaned(one) for one in event.changes]))

    def _cleaned(self, change: ev.LevelChange) -> ev.LevelChange:
        """A best price at which nobody but us stands is none."""
        token, own = change.token_id, self._own.get((change.token_id, change.side, change.price), 0)
        bests = {"best_bid": Side.BUY, "best_ask": Side.SELL}
        unsaid = {
            name: None
            for name, side in bests.items()
            if self._is_ours_alone(token, side, getattr(change, name))
        }
        return replace(change, shares=Shares(max(0, change.shares - own)), **unsaid)

    def _is_ours_alone(self, token: str, side: Side, price: Price | None) -> bool:
        if price is None or not (own := self._own.get((token, side, price), 0)):
            return False
        return self._shown.get(token, {}).get((side, price), 0) <= own


def _places(listed: Round, order: Order) -> tuple[_Place, _Place]:
    other = listed.token_of(order.outcome.other)
    return (
        (order.token_id, order.side, order.price),
        (other, order.side.other, MICRO - order.price),
    )
