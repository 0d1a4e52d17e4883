"""Moves the dollars and shares of one trade, all of them or none.

Dollars are rounded against the taker, a maker's part at a time, so that nobody who rests pays more
than his price. The crowd always has what it needs: its dollars are printed, its shares are minted.
"""

from __future__ import annotations

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import Shares, Usd
from polytui.sim.exchange.funds import Funds
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.names import CROWD, FEES
from polytui.sim.exchange.reserves import Promise
from polytui.sim.exchange.venue_trade import MakerPart, VenueTrade


def promises_of(trade: VenueTrade) -> list[Promise]:
    """What everybody named gives in a trade: the taker first, then each maker."""
    promises = [_promise(trade.taker_wallet, trade.side, trade.cost + trade.fee, trade)]
    promises += [_promise(part.maker, part.side, part.usd, part) for part in trade.maker_parts]
    return [promise for promise in promises if promise.wallet != CROWD]


def settle(trade: VenueTrade, listed: Round, holdings: Holdings, funds: Funds) -> None:
    """ShortError, and nothing has moved, where somebody no longer has what he gives."""
    with holdings.atomic():
        for promise in promises_of(trade):
            funds.spend(promise, listed)
        for part in trade.maker_parts:
            _exchange(trade, part, listed, holdings)
        if trade.taker_wallet == CROWD:
            _furnish_usd(holdings, trade.fee)
        holdings.transfer_usd(trade.taker_wallet, FEES, trade.fee)


def _promise(wallet: str, side: Side, usd: int, of: VenueTrade | MakerPart) -> Promise:
    if side is Side.BUY:
        return Promise(wallet, Usd(usd))
    return Promise(wallet, token_id=of.token_id, shares=of.shares)


def _exchange(trade: VenueTrade, part: MakerPart, listed: Round, holdings: Holdings) -> None:
    """One maker's part: shares change hands, or are minted for two buyers, or melted for two
    sellers."""
    taker, maker, shares = trade.taker_wallet, part.maker, part.shares
    for wallet, side, token_id, usd in (
        (taker, trade.side, trade.token_id, part.taker_usd),
        (maker, part.side, part.token_id, part.usd),
    ):
        if wallet == CROWD:
            _furnish(holdings, listed, side, token_id, usd, shares)
    if part.token_id == trade.token_id:
        buyer, seller = (taker, maker) if trade.side is Side.BUY else (maker, taker)
        holdings.transfer_usd(buyer, seller, part.usd)
        holdings.transfer_shares(seller, buyer, part.token_id, shares)
        return
    people = (taker, maker) if trade.outcome is Outcome.UP else (maker, taker)
    dollars = {taker: part.taker_usd}
    dollars[maker] = Usd(dollars.get(maker, 0) + part.usd)
    if trade.side is Side.BUY:
        holdings.mint(listed, shares, dollars, people)
    else:
        holdings.melt(listed, shares, people, dollars)


def _furnish(
    holdings: Holdings, listed: Round, side: Side, token_id: str, usd: Usd, shares: Shares
) -> None:
    if side is Side.BUY:
        _furnish_usd(holdings, usd)
        return
    missing = shares - holdings.shares(CROWD, token_id)
    if missing > 0:
        _furnish_usd(holdings, Usd(missing))
        holdings.split(CROWD, listed, Shares(missing))


def _furnish_usd(holdings: Holdings, usd: Usd) -> None:
    missing = usd - holdings.usd(CROWD)
    if missing > 0:
        holdings.print_usd(CROWD, Usd(missing))
