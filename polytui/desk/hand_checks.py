"""What a ticket asks for in the venue's numbers, and slips of the hand that nobody means."""

from __future__ import annotations

from polytui.config.ticket import TicketSettings
from polytui.desk.round import DeskRound
from polytui.ledger.diff import WantedQuote
from polytui.model.amounts import least_shares, market_shares
from polytui.model.effects import Reason, Why
from polytui.model.orders import Quote, Side, TimeInForce
from polytui.model.ticket import BY_HAND, SENT_AS, Ticket
from polytui.model.units import LOT, MICRO, Shares, floor_to_lot, usd_from_float


def wanted_by(ticket: Ticket, market_round: DeskRound) -> WantedQuote:
    """Whole lots; of a purchase that may not rest what whole cents bring. Its price must be on the
    tick."""
    shares = floor_to_lot(ticket.shares)
    if ticket.tif.spends(ticket.side) and ticket.shares > 0:
        shares = market_shares(ticket.price, ticket.shares, market_round.round.tick)
    terms = (ticket.outcome, ticket.side, ticket.price, shares, ticket.tif, ticket.is_post_only)
    is_exit = ticket.side is Side.SELL
    return WantedQuote(BY_HAND, Quote(*terms), is_exit=is_exit, order_id=ticket.order_id)


def offered_to(quote: Quote, market_round: DeskRound) -> Shares:
    """Shares that it could take at once inside its price."""
    book = market_round.book(quote.outcome)
    is_purchase = quote.side is Side.BUY
    return Shares(book.ask_depth(quote.price) if is_purchase else book.bid_depth(quote.price))


def malformed(quote: Quote, market_round: DeskRound) -> Why | None:
    """What no venue takes, or no ticket may be."""
    least = market_round.round.min_shares
    if quote.side is Side.BUY:
        least = least_shares(quote.price, least)
    least = Shares(max(least, LOT))
    if quote.shares < least:
        return Why(Reason.STAKE_SMALL, quote.shares / MICRO, least / MICRO, "shares")
    return None if quote.tif in SENT_AS else Why(Reason.EXPIRY)


def far_through(quote: Quote, market_round: DeskRound, settings: TicketSettings) -> Why | None:
    """A price far beyond the best one of the other side."""
    most = usd_from_float(settings.max_through_cents / 100)
    book = market_round.book(quote.outcome)
    is_purchase = quote.side is Side.BUY
    through = quote.price - book.best_ask if is_purchase else book.best_bid - quote.price
    if through <= most:
        return None
    return Why(Reason.PRICE_FAR, through / MICRO, most / MICRO, "USD through the market")


def killed_at_once(quote: Quote, market_round: DeskRound) -> Why | None:
    """What the venue would kill: somebody is there for an order that must rest, or nobody, or not
    enough, for one that must not."""
    offered = offered_to(quote, market_round)
    if quote.is_post_only:
        would_take = offered or not quote.tif.may_rest
        return Why(Reason.WOULD_TAKE, offered / MICRO, 0.0, "shares") if would_take else None
    if quote.tif.may_rest:
        return None
    least = quote.shares if quote.tif is TimeInForce.FOK else LOT
    return (
        None
        if offered >= least
        else Why(Reason.DEPTH_THIN, offered / MICRO, least / MICRO, "shares")
    )
