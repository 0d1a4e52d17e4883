"""Wanted against working: which orders must go, and which must come.

As many working orders as can be stay: the match is a largest one, so that no other way to what is
wanted takes fewer cancels and orders (augmenting paths: Berge 1957). In what order anything is
listed changes nothing for rungs; among signals the first one wanted keeps the first one placed.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from msgspec import Struct

from polytui.ledger.working import WorkingOrder
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, OrderState, Quote, Side
from polytui.model.units import MICRO


class WantedQuote(Struct, frozen=True, gc=False):
    """A quote, whose it is, whether it only closes what is held, and which rung of a quote set."""

    strategy: str
    quote: Quote
    is_exit: bool = False
    rung: str = ""
    order_id: str = ""
    """Of what a person sends, whose name is given beforehand."""


@frozen
class Tolerance:
    """How far a working order may be from what is wanted."""

    price: int
    """Of a signal, in millionths of a dollar: towards less for us, never towards a worse price."""
    rung_price: int = 0
    """Of a rung."""
    rung_size: float = 0.0
    """Of a rung, as a share of the size that is wanted. The size of a signal's order is not
    compared: it follows confidence with every tick, and what has not traded yet is still a part of
    it."""


@frozen
class Changes:
    cancel: tuple[str, ...]
    """Ids, in the order in which they were placed."""
    place: tuple[WantedQuote, ...]
    """As they were wanted; rungs by their keys."""
    waits: tuple[WantedQuote, ...] = ()
    """Wanted, but not before an order that is on its way out has gone."""


def changes(
    wanted: Sequence[WantedQuote], working: Sequence[WorkingOrder], tolerance: Tolerance
) -> Changes:
    """Keep an order that is near enough to a wanted quote of its strategy; cancel the rest; place
    what is missing, unless it has to wait; see `_waits_for`."""
    if any(one.rung for one in wanted):
        wanted = sorted(wanted, key=lambda one: (one.rung != "", one.strategy, one.rung))
    staying = [each for each in working if each.state is not OrderState.CANCELLING]
    match = _largest_match(wanted, staying, tolerance)
    missing = [one for number, one in enumerate(wanted) if match[number] is None]
    if not missing and len(staying) == len(wanted):
        return Changes((), ())
    kept = set(match)
    cancel = [each for number, each in enumerate(staying) if number not in kept]
    leaving = cancel + [each for each in working if each.state is OrderState.CANCELLING]
    place, waits = list[WantedQuote](), list[WantedQuote]()
    for one in missing:
        is_waiting = any(_waits_for(one, each.order) for each in leaving)
        (waits if is_waiting else place).append(one)
    return Changes(tuple(each.order.order_id for each in cancel), tuple(place), tuple(waits))


# --- who may stay ---------------------------------------------------------------------------------


def _largest_match(
    wanted: Sequence[WantedQuote], staying: Sequence[WorkingOrder], tolerance: Tolerance
) -> list[int | None]:
    """By wanted quote the number of the working order that it keeps, if any."""
    match: list[int | None] = [None] * len(wanted)
    taken: dict[int, int] = {}
    fits = [
        [number for number, each in enumerate(staying) if _may_stay(each, one, tolerance)]
        for one in wanted
    ]
    # A rung keeps its own order if it can: which one it is says what waits for what.
    for mine, one in enumerate(wanted):
        own = [n for n in fits[mine] if n not in taken and staying[n].order.rung == one.rung]
        if own:
            match[mine], taken[own[0]] = own[0], mine
    for mine in range(len(wanted)):
        if match[mine] is None:
            _augment(mine, fits, match, taken, set())
    return match


def _augment(
    mine: int,
    fits: list[list[int]],
    match: list[int | None],
    taken: dict[int, int],
    seen: set[int],
) -> bool:
    """Whether this one can be kept too, others making room where they can."""
    for number in fits[mine]:
        if number in seen:
            continue
        seen.add(number)
        if number not in taken or _augment(taken[number], fits, match, taken, seen):
            match[mine], taken[number] = number, mine
            return True
    return False


def _may_stay(working: WorkingOrder, one: WantedQuote, tolerance: Tolerance) -> bool:
    order, quote = working.order, one.quote
    if (order.strategy, order.outcome, order.side) != (one.strategy, quote.outcome, quote.side):
        return False
    # Never hold on to a worse price than wanted: paying more, or selling for less.
    worse = order.price - quote.price if order.side is Side.BUY else quote.price - order.price
    if not one.rung:
        return -tolerance.price <= worse <= 0
    if not -tolerance.rung_price <= worse <= 0:
        return False
    if (order.tif, order.is_post_only) != (quote.tif, quote.is_post_only):
        return False
    # What limits cut stays until the set wants something else.
    left = working.left if not order.asked else order.asked - working.filled
    return abs(left - quote.shares) <= tolerance.rung_size * quote.shares


# --- who has to wait ------------------------------------------------------------------------------


def _waits_for(one: WantedQuote, leaving: Order) -> bool:
    """Whether a quote must not be sent while this order may still fill.

    * What is no rung waits for what is none and pulls the same way, for both could fill: buying Up
      and selling Down are one direction.
    * A rung waits for its own predecessor, and for no other rung. What all of them come to if they
      fill is for the limits to say (`risk/pretrade.py`), which count what is leaving.
    * No rung meets an order of ours, nor do we meet one.
    """
    is_same_way = towards(one.quote) is towards(leaving)
    if not one.rung and not leaving.rung:
        return is_same_way
    if one.strategy == leaving.strategy and is_same_way and not leaving.rung:
        return True  # of an earlier life: nobody knows which rung it was
    if (one.strategy, one.rung) == (leaving.strategy, leaving.rung):
        return True
    return crosses(one.quote, leaving)


def crosses(one: Quote | Order, other: Quote | Order) -> bool:
    """Whether these two could trade with each other: both outcomes share one book, in which a
    purchase of Down at p is a sale of Up at 1 - p."""
    if towards(one) is towards(other):
        return False
    bid, ask = (one, other) if towards(one) is Outcome.UP else (other, one)
    return price_of_up(bid) >= price_of_up(ask)


def price_of_up(what: Quote | Order) -> int:
    """In the one book that both outcomes share."""
    return what.price if what.outcome is Outcome.UP else MICRO - what.price


def towards(what: Quote | Order) -> Outcome:
    """The outcome that it makes more of in what we hold."""
    return what.outcome if what.side is Side.BUY else what.outcome.other
