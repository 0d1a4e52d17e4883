"""What a match moved, to the millionth, as the venue counts money.

Dollars are rounded against the taker, one maker's part at a time; a maker never pays more than his
price. Two buyers of different outcomes mint a set, two sellers end one: each pays or gets his own
token's price. Only takers pay fees, floored part by part (venue rules).

The ledger counts a fill as shares at a price and a fee. Where the parts round otherwise, or had
other prices than the trade's, the fee carries the difference: so it may be a millionth below zero.
"""

from __future__ import annotations

from attrs import frozen

from polytui.model.events import Filled, Reversed
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Fill, Side
from polytui.model.units import MICRO, Price, Shares, Usd, cost_of, proceeds_of
from polytui.venues.polymarket.user_channel import UserMatch


@frozen
class LiveFill:
    """One fill of one order. `order_id` is ours, or the venue's where nobody here knows it."""

    order_id: str
    trade_id: str
    token_id: str
    outcome: Outcome
    side: Side
    price: Price
    shares: Shares
    fee: Usd
    is_taker: bool
    is_exact: bool = True
    """False of a taker whose makers nobody has named yet: some millionths may be missing."""

    @property
    def flow(self) -> Usd:
        """Dollars received, or paid if below zero; with the fee."""
        return flow_of(self.side, self.price, self.shares, self.fee)

    @property
    def signed_shares(self) -> int:
        return self.shares if self.side is Side.BUY else -self.shares

    @property
    def fill(self) -> Fill:
        return Fill(self.trade_id, self.price, self.shares, self.fee, self.is_taker)

    def filled(self) -> Filled:
        return Filled(
            self.order_id,
            self.trade_id,
            self.price,
            self.shares,
            self.fee,
            self.is_taker,
            self.token_id,
            self.side,
        )

    def reversed(self, detail: str) -> Reversed:
        return Reversed(
            self.order_id,
            self.trade_id,
            self.token_id,
            self.side,
            self.price,
            self.shares,
            self.fee,
            detail,
        )


def flow_of(side: Side, price: Price, shares: Shares, fee: Usd) -> Usd:
    if side is Side.BUY:
        return Usd(-cost_of(price, shares) - fee)
    return Usd(proceeds_of(price, shares) - fee)


def fill_of(
    match: UserMatch, order_id: str, trade_id: str, outcome: Outcome, fees: FeeSchedule
) -> LiveFill:
    """What a match moved for us."""
    price, dollars, fee = _taken(match, fees) if match.is_taker else _made(match)
    if match.side is Side.BUY:
        carried = dollars + fee - cost_of(price, match.shares)
    else:
        carried = proceeds_of(price, match.shares) - dollars + fee
    return LiveFill(
        order_id,
        trade_id,
        match.token_id,
        outcome,
        match.side,
        price,
        match.shares,
        Usd(carried),
        match.is_taker,
        is_exact=not match.is_taker or bool(match.parts),
    )


def _made(match: UserMatch) -> tuple[Price, int, int]:
    """A maker's (price, dollars, fee): what the taker's rounding leaves is his."""
    exact = match.price * match.shares
    dollars = exact // MICRO if match.side is Side.BUY else -(-exact // MICRO)
    return match.price, dollars, 0


def _taken(match: UserMatch, fees: FeeSchedule) -> tuple[Price, int, int]:
    """A taker's (price, dollars, fee), the sum of his makers' parts."""
    parts = match.parts or ((match.price, match.shares),)
    count = cost_of if match.side is Side.BUY else proceeds_of
    dollars = sum(count(price, shares) for price, shares in parts)
    fee = sum(fees.fee(price, shares) for price, shares in parts)
    if all(price == match.price for price, _ in parts) or not match.shares:
        return match.price, dollars, fee
    return _mean(match.side, dollars, match.shares), dollars, fee


def _mean(side: Side, dollars: int, shares: Shares) -> Price:
    """Of several prices; rounded so that what is missing is paid as a fee."""
    exact = dollars * MICRO
    return Price(exact // shares if side is Side.BUY else -(-exact // shares))
