"""How much: whole lots, never more than the stake leaves, rounded towards less."""

from __future__ import annotations

from polytui.model.effects import Reason, Why
from polytui.model.units import MICRO, Price, Shares, Usd, floor_to_lot
from polytui.strategy.proposal import OutcomeView

MIN_MARKETABLE_USD = Usd(MICRO)
"""The venue takes no marketable buy worth less than a dollar."""


def stake_for_confidence(stake_usd: float, confidence: float, full_confidence: float) -> Usd:
    """The whole stake from `full_confidence` up, in proportion below it, rounded towards less."""
    return Usd(int(stake_usd * MICRO * min(1.0, confidence / full_confidence)))


def shares_for_stake(
    stake: Usd, price: Price, fee_per_share: float, side: OutcomeView, min_shares: Shares
) -> Shares | Why:
    """Shares that the rest of the stake buys at `price` with its fee, or why none."""
    all_in = price + fee_per_share * MICRO
    left = stake - side.cost
    shares = floor_to_lot(int(left * MICRO / all_in))
    # A marketable buy under a dollar is refused, so the dearer of the two minimums counts.
    least = max(min_shares, -(-MIN_MARKETABLE_USD * MICRO // price))
    if shares >= least:
        return shares
    if side.held:
        return Why(Reason.POSITION_HELD, left / MICRO, least * all_in / MICRO**2, "USD left")
    return Why(Reason.STAKE_SMALL, max(shares, 0) / MICRO, least / MICRO, "shares")
