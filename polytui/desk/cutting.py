"""An order cut to the room that the book and the limits leave it.

What is left must still be an order that the venue takes, otherwise nothing goes and the reason is
the limit in the way.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve, frozen

from polytui.config.schema import Settings
from polytui.desk.round import DeskRound
from polytui.model.effects import Reason, Stamp, Why
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, Shares, floor_to_lot
from polytui.risk.limits import Standing, room, stamp
from polytui.strategy.sizing import least_shares, shares_within


@frozen
class Fit:
    """A stamped order, and why it is smaller than it was wanted; None where it is not."""

    stamp: Stamp
    why: Why | None


def fitting(
    entry: DeskRound,
    quote: Quote,
    standing_of: Callable[[Quote], Standing],
    settings: Settings,
    *,
    is_exit: bool = False,
) -> Fit | Why:
    """An order as large as the book's depth and the limits leave it, or what is in the way. Exits
    do not ask for depth. `standing_of`: what is at stake before an order."""
    shallow = None if is_exit else depth_in_the_way(entry, quote, settings)
    if shallow is not None:
        less = cut_to_depth(entry, quote, settings)
        if less is None:
            return shallow
        quote = less
    standing = standing_of(quote)
    full = stamp(quote, standing, settings)
    if isinstance(full, Stamp):
        return Fit(full, shallow)
    less, why = cut_to_room(entry, quote, standing, full, settings)
    if less is None:
        return why
    allowed = stamp(less, standing_of(less), settings)
    return Fit(allowed, why) if isinstance(allowed, Stamp) else allowed


def depth_in_the_way(entry: DeskRound, quote: Quote, settings: Settings) -> Why | None:
    """Whether too few shares are offered inside the limit price of a purchase, now."""
    need = settings.gates.min_depth * quote.shares
    if quote.side is Side.SELL or need <= 0.0:
        return None
    offered = entry.book(quote.outcome).ask_depth(quote.price)
    if offered < need:
        return Why(Reason.DEPTH_THIN, offered / MICRO, need / MICRO, "shares")
    return None


def cut_to_depth(entry: DeskRound, quote: Quote, settings: Settings) -> Quote | None:
    """As many shares as the book has `gates.min_depth` times over."""
    offered = entry.book(quote.outcome).ask_depth(quote.price)
    return _cut(entry, quote, Shares(int(offered / settings.gates.min_depth)))


def cut_to_room(
    entry: DeskRound, quote: Quote, standing: Standing, why: Why, settings: Settings
) -> tuple[Quote | None, Why]:
    """As many shares as fit under all limits that count dollars, and the tightest of them; none,
    and `why` itself, where that counts something else."""
    found = room(quote, standing, why.reason, settings.risk)
    if found is None:
        return None, why
    return _cut(entry, quote, shares_within(found.left, quote.price, entry.round.fees)), found.why


def _cut(entry: DeskRound, quote: Quote, most: Shares) -> Quote | None:
    shares = floor_to_lot(min(most, quote.shares))
    if shares < least_shares(quote.price, entry.round.min_shares):
        return None
    return evolve(quote, shares=shares)
