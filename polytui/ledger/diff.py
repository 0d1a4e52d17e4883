"""Wanted against working: which orders must go, and which must come."""

from __future__ import annotations

from attrs import frozen

from polytui.ledger.working import WorkingOrder
from polytui.model.orders import OrderState, Quote, Side


@frozen
class Changes:
    cancel: tuple[str, ...]
    place: tuple[Quote, ...]


def changes(wanted: tuple[Quote, ...], working: list[WorkingOrder], tolerance: int) -> Changes:
    """Keep an order that is near enough to a wanted quote; cancel the rest; place what is missing.

    While an order of the same outcome and side is on its way out, its replacement waits: both
    could fill.
    """
    cancel, place = [], []
    unmatched = list(wanted)
    for entry in working:
        quote = _match(entry, unmatched, tolerance)
        if quote is not None:
            unmatched.remove(quote)
        elif entry.state is not OrderState.CANCELLING:
            cancel.append(entry.order.order_id)
    leaving = {(e.order.outcome, e.order.side) for e in working if e.order.order_id in cancel}
    leaving |= {
        (e.order.outcome, e.order.side) for e in working if e.state is OrderState.CANCELLING
    }
    place = [quote for quote in unmatched if (quote.outcome, quote.side) not in leaving]
    return Changes(tuple(cancel), tuple(place))


def _match(entry: WorkingOrder, wanted: list[Quote], tolerance: int) -> Quote | None:
    if entry.state is OrderState.CANCELLING:
        return None
    order = entry.order
    for quote in wanted:
        if (quote.outcome, quote.side) != (order.outcome, order.side):
            continue
        # Never hold on to a worse price than wanted: paying more, or selling for less.
        worse = order.price - quote.price if order.side is Side.BUY else quote.price - order.price
        if worse <= 0 and -worse <= tolerance:
            return quote
    return None
