"""Wanted against working: which orders must go, and which must come."""

from __future__ import annotations

from itertools import zip_longest

from attrs import frozen

from polytui.ledger.working import WorkingOrder
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, OrderState, Quote, Side

_Owned = tuple[Quote, str | None]


@frozen
class Changes:
    cancel: tuple[str, ...]
    place: tuple[Quote, ...]


def changes(
    wanted: tuple[Quote, ...],
    working: list[WorkingOrder],
    tolerance: int,
    owners: tuple[str, ...] = (),
) -> Changes:
    """Keep an order that is near enough to a wanted quote; cancel the rest; place what is missing.

    `owners`: whose each wanted quote is; an order is kept only for the strategy that placed it.

    While an order is on its way out, whatever pulls the same way waits, for both could fill: buying
    Up and selling Down are one direction.
    """
    cancel, place = [], []
    unmatched = list(zip_longest(wanted, owners))
    for entry in working:
        match = _match(entry, unmatched, tolerance)
        if match is not None:
            unmatched.remove(match)
        elif entry.state is not OrderState.CANCELLING:
            cancel.append(entry.order.order_id)
    leaving = {
        _towards(entry.order)
        for entry in working
        if entry.state is OrderState.CANCELLING or entry.order.order_id in cancel
    }
    place = [quote for quote, _ in unmatched if _towards(quote) not in leaving]
    return Changes(tuple(cancel), tuple(place))


def _towards(what: Quote | Order) -> Outcome:
    """The outcome that it makes more of in what we hold."""
    return what.outcome if what.side is Side.BUY else what.outcome.other


def _match(entry: WorkingOrder, wanted: list[_Owned], tolerance: int) -> _Owned | None:
    if entry.state is OrderState.CANCELLING:
        return None
    order = entry.order
    for quote, owner in wanted:
        if (quote.outcome, quote.side) != (order.outcome, order.side):
            continue
        if owner is not None and owner != order.strategy:
            continue
        # Never hold on to a worse price than wanted: paying more, or selling for less.
        worse = order.price - quote.price if order.side is Side.BUY else quote.price - order.price
        if worse <= 0 and -worse <= tolerance:
            return quote, owner
    return None
