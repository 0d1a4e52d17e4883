"""A ticket as it would be now, for the person who writes it."""

from __future__ import annotations

from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.hand_checks import offered_to
from polytui.desk.quoting import BY_HAND_NS
from polytui.desk.round import DeskRound
from polytui.model.effects import Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.ticket import TicketLook
from polytui.model.units import MICRO, Price, Shares, Usd, cost_of, proceeds_of

_BPS = 10_000
_NO_USD = Usd(0)


def the_look(
    market_round: DeskRound | None,
    quote: Quote | None,
    ledger: AssetLedger,
    now_ns: int,
    why: Why | None,
    room: Shares,
) -> TicketLook:
    """`quote`: None where the ticket is not even one. `room`: shares that would go."""
    refusal = "" if why is None else why.text()
    if market_round is None or quote is None:
        return TicketLook(Shares(0), _NO_USD, _NO_USD, _NO_USD, _NO_USD, room, refusal)
    rests, fees = quote.is_post_only, market_round.round.fees
    cost, fee = _cost(quote), _NO_USD if rests else fees.fee(quote.price, quote.shares)
    if_wins, if_loses = _ends(quote, cost, fee)
    book = market_round.book(quote.outcome)
    return TicketLook(
        shares=quote.shares,
        cost=cost,
        fee=fee,
        if_wins=if_wins,
        if_loses=if_loses,
        room=room,
        refusal=refusal,
        best_bid=book.best_bid,
        best_ask=Price(book.best_ask if book.best_ask < MICRO else 0),
        offered=offered_to(quote, market_round),
        edge_bps=_edge_bps(quote, market_round, now_ns),
        held=ledger.positions.of(market_round.slug).shares(quote.outcome),
    )


def _cost(quote: Quote) -> Usd:
    """At its price; a market purchase spends whole cents, which is what its shares were made of."""
    reckoned = cost_of if quote.side is Side.BUY else proceeds_of
    return reckoned(quote.price, quote.shares)


def _ends(quote: Quote, cost: Usd, fee: Usd) -> tuple[Usd, Usd]:
    """By whether its outcome wins: a share of the winner is a dollar."""
    if quote.side is Side.BUY:
        return Usd(quote.shares - cost - fee), Usd(-cost - fee)
    return Usd(cost - fee - quote.shares), Usd(cost - fee)


def _edge_bps(quote: Quote, market_round: DeskRound, now_ns: int) -> float | None:
    """Of the dollar that a share can pay, after the taker's fee; an order that rests pays none."""
    fair = market_round.fair_up
    if fair is None or not market_round.is_priced_at(now_ns, BY_HAND_NS):
        return None
    worth = fair if quote.outcome is Outcome.UP else 1.0 - fair
    price = quote.price / MICRO
    fee = 0.0 if quote.is_post_only else market_round.round.fees.per_share(price)
    edge = worth - price if quote.side is Side.BUY else price - worth
    return (edge - fee) * _BPS
