"""One wallet's side of a trade, as the venue's index tells it once the trade is mined."""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import Price, Shares, Usd
from polytui.sim.exchange.venue_trade import MakerPart, VenueTrade


@frozen
class TradeLeg:
    at_ns: int
    """When it was mined."""
    wallet: str
    listed: Round
    outcome: Outcome
    side: Side
    price: Price
    """In this wallet's outcome."""
    shares: Shares
    usd: Usd
    """Paid or received for the shares, without the fee."""
    fee: Usd
    is_taker: bool
    transaction_hash: str


def legs_of(trade: VenueTrade, listed: Round, at_ns: int) -> list[TradeLeg]:
    """The taker's first, then each maker's."""
    name = trade.transaction_hash
    taken = TradeLeg(
        at_ns,
        trade.taker_wallet,
        listed,
        trade.outcome,
        trade.side,
        trade.price,
        trade.shares,
        trade.cost,
        trade.fee,
        True,
        name,
    )
    return [taken, *(_maker_leg(trade, part, listed, at_ns) for part in trade.maker_parts)]


def _maker_leg(trade: VenueTrade, part: MakerPart, listed: Round, at_ns: int) -> TradeLeg:
    return TradeLeg(
        at_ns,
        part.maker,
        listed,
        part.outcome,
        part.side,
        part.price,
        part.shares,
        part.usd,
        Usd(0),
        False,
        trade.transaction_hash,
    )
