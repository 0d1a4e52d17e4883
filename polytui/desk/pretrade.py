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
from polytui.risk.limits import PreTrade, room, stamp
from polytui.strategy.sizing import least_shares, shares_within


@frozen
class Approved:
    """A stamped order, and why it is smaller than it was wanted; None where it is not."""

    stamp: Stamp
    why: Why | None


def fit(
    market_round: DeskRound,
    quote: Quote,
    pre_trade_of: Callable[[Quote], PreTrade],
    settings: Settings,
    *,
    is_exit: bool = False,
) -> Approved | Why:
    """An order as large as the book's depth and the limits leave it, or what is in the way. Exits
    do not ask for depth. `pre_trade_of`: what is at stake before an order."""
    shallow = None if is_exit else depth_in_the_way(market_round, quote, settings)
    if shallow is not None:
        less = cut_to_depth(market_round, quote, settings)
        if less is None:
            return shallow
        quote = less
    pre_trade = pre_trade_of(quote)
    full = stamp(quote, pre_trade, settings)
    if isinstance(full, Stamp):
        return Approved(full, shallow)
    less, why = cut_to_room(market_round, quote, pre_trade, full, settings)
    if less is None:
        return why
    allowed = stamp(less, pre_trade_of(less), settings)
    return Approved(allowed, why) if isinstance(allowed, Stamp) else allowed


def depth_in_the_way(market_round: DeskRound, quote: Quote, settings: Settings) -> Why | None:
    """Whether too few shares are offered inside the limit price of a purchase, now."""
    need = settings.gates.min_depth * quote.shares
    if quote.side is Side.SELL or need <= 0.0:
        return None
    offered = market_round.book(quote.outcome).ask_depth(quote.price)
    if offered < need:
        return Why(Reason.DEPTH_THIN, offered / MICRO, need / MICRO, "shares")
    return None


def cut_to_depth(market_round: DeskRound, quote: Quote, settings: Settings) -> Quote | None:
    """As many shares as the book has `gates.min_depth` times over."""
    offered = market_round.book(quote.outcome).ask_depth(quote.price)
    return _cut(market_round, quote, Shares(int(offered / settings.gates.min_depth)))


def cut_to_room(
    market_round: DeskRound, quote: Quote, pre_trade: PreTrade, why: Why, settings: Settings
) -> tuple[Quote | None, Why]:
    """As many shares as fit under all limits that count dollars, and the tightest of them; none,
    and `why` itself, where that counts something else."""
    found = room(quote, pre_trade, why.reason, settings.risk)
    if found is None:
        return None, why
    return _cut(
        market_round, quote, shares_within(found.left, quote.price, market_round.round.fees)
    ), found.why


def _cut(market_round: DeskRound, quote: Quote, most: Shares) -> Quote | None:
    shares = floor_to_lot(min(most, quote.shares))
    if shares < least_shares(quote.price, market_round.round.min_shares):
        return None
    return evolve(quote, shares=shares)
