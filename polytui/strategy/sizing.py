"""How much: whole lots, never more than the stake leaves, rounded towards less.

`confidence` is the signal's own, in its direction; trust in the price source takes a share of its
own.
"""

from __future__ import annotations

from polytui.config.deciding import StrategySettings
from polytui.model.amounts import least_shares
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.model.units import MICRO, Price, Shares, Usd, floor_to_lot
from polytui.strategy.proposal import OutcomeView, View

_HALF_AT, _FULL_AT = 0.60, 0.80
"""Of a confidence or a trust: where half of the stake is used, and all of it."""
_BPS = 10_000.0


def shares_to_buy(
    view: View,
    outcome: Outcome,
    limit: Price,
    edge_bps: float,
    confidence: float,
    thresholds: StrategySettings,
) -> Shares | Why:
    """Shares for the stake that these thresholds and this signal allow, or why none."""
    fee, side = view.fees.per_share(limit / MICRO), view.side(outcome)
    stake = Usd(int(stake_usd(view, limit, fee, edge_bps, confidence, thresholds) * MICRO))
    shares = shares_for_stake(stake, limit, fee, side, view.min_shares)
    if isinstance(shares, Why) and thresholds.sizing == "half_kelly" and view.closing_usd:
        budget = kelly_budget(view, limit, fee, edge_bps)
        most = thresholds.stake_usd * stake_share(view.trust)
        alone = Usd(int(min(most, budget) * MICRO))
        if not isinstance(shares_for_stake(alone, limit, fee, side, view.min_shares), Why):
            return Why(Reason.KELLY_SPENT, view.closing_usd / MICRO, budget, "USD")
    return shares


def stake_usd(
    view: View,
    limit: Price,
    fee: float,
    edge_bps: float,
    confidence: float,
    thresholds: StrategySettings,
) -> float:
    """Dollars by the rule of the settings, never more than their stake. A price trusted less
    takes its share of what confidence and Kelly would stake; a fixed stake is fixed."""
    most = thresholds.stake_usd
    if thresholds.sizing == "fixed":
        return most
    if thresholds.sizing == "half_kelly":
        share = stake_share(view.trust)
        left = kelly_budget(view, limit, fee, edge_bps) - view.closing_usd / MICRO
        return max(0.0, min(most * share, left))
    return most * stake_share(confidence) * stake_share(view.trust)


def kelly_budget(view: View, limit: Price, fee: float, edge_bps: float) -> float:
    """Dollars that everything which closes together may have at stake, by this signal's edge, as
    far as its price is trusted.

    Prices of coins move together, so rounds that close at one time are taken for one bet
    (correlation 1, whatever their sides): Kelly's fraction is then of their sum, not of each. The
    money is free cash and what the others of this close have taken of it already. Rounds that close
    at other times are taken for independent bets, one after another.
    """
    money = (view.free_cash + view.closing_usd) / MICRO
    kelly = half_kelly(limit / MICRO + fee, edge_bps / _BPS)
    return kelly * money * stake_share(view.trust)


def stake_share(belief: float) -> float:
    """For a confidence or a trust: 0 below 0.40, one half at 0.60, all from 0.80; a straight line
    between."""
    slope = 0.5 / (_FULL_AT - _HALF_AT)
    return min(1.0, max(0.0, 0.5 + (belief - _HALF_AT) * slope))


def half_kelly(all_in: float, edge: float) -> float:
    """Half of the fraction of cash that grows it fastest, for a share that costs `all_in` and
    pays 1 with probability all_in + edge: edge / (1 - all_in) / 2 (Kelly 1956)."""
    if edge <= 0.0 or not 0.0 < all_in < 1.0:
        return 0.0
    return min(1.0, edge / (1.0 - all_in)) / 2.0


def shares_for_stake(
    stake: Usd, price: Price, fee_per_share: float, side: OutcomeView, min_shares: Shares
) -> Shares | Why:
    """Shares that the rest of the stake buys at `price` with its fee, or why none."""
    all_in = price + fee_per_share * MICRO
    left = stake - side.cost
    shares = floor_to_lot(int(left * MICRO / all_in))
    least = least_shares(price, min_shares)
    if shares >= least:
        return shares
    if side.held:
        # Wanting less than was bought already is nothing left, and no debt.
        rest, one_more = max(left, 0) / MICRO, least * all_in / MICRO**2
        return Why(Reason.POSITION_HELD, rest, one_more, "USD for one more")
    return Why(Reason.STAKE_SMALL, max(shares, 0) / MICRO, least / MICRO, "shares")
