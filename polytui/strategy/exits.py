"""Must we leave, and which way is cheaper? See `docs/risk.md`, "Exits".

Selling a share brings bid - fee(bid). Buying the complement makes a pair that pays one dollar
whoever wins, so it is worth 1 - ask - fee(ask). Both are counted in millionths, with the venue's
rounding.
"""

from __future__ import annotations

from polytui.config.deciding import ExitSettings, StrategySettings
from polytui.ledger.attribution import StrategyPosition
from polytui.market.book import NO_ASK, NO_BID
from polytui.model.amounts import MIN_MARKETABLE_USD, market_shares
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side, TimeInForce
from polytui.model.units import (
    MICRO,
    NS_PER_S,
    Price,
    Shares,
    Usd,
    cost_of,
    floor_to_lot,
    proceeds_of,
)
from polytui.strategy.proposal import Proposal, View


def first_exit(
    view: View,
    position: StrategyPosition,
    lean: Proposal | None,
    thresholds: StrategySettings,
    exits: ExitSettings,
) -> Why | None:
    """The first reason to leave a position, with its number; None to stay. `lean` is what the
    strategy that holds it says now."""
    if thresholds.is_held_to_settlement or not exits.is_enabled:
        return None
    return (
        _value_exit(view, position, exits)
        or _time_exit(view, position, exits)
        or _flip_exit(position, lean, thresholds, exits)
    )


def leave(
    view: View,
    position: StrategyPosition,
    why: Why,
    slippage_ticks: int = 0,
    here: int | None = None,
) -> Quote | Why:
    """The order that leaves all of a position the cheaper way, or why there is none.

    A sale takes bids down to `slippage_ticks` below the best one; the best come first. A purchase
    does not: the venue spends what the price allows, and cheaper shares would be too many.

    Equal ways sell, which gives the cash back now. So does a person's command while anybody bids:
    a purchase could be blocked by the kill switch, a sale never is. Where not all of it is `here`
    (None: it is), a sale would give nothing back yet, and a purchase that is worth the same is out
    at once.
    """
    shares = floor_to_lot(position.shares)
    if shares < view.min_shares:
        return Why(Reason.DUST, position.shares / MICRO, view.min_shares / MICRO, "shares")
    sale = _sale_value(view, position.outcome, shares)
    pair = _pair_value(view, position.outcome, shares)
    if sale is None and pair is None:
        return Why(Reason.DEPTH_THIN, 0.0, shares / MICRO, "shares")
    is_here = here is None or here >= shares
    is_forced = why.reason is Reason.FORCED_EXIT
    if pair is None or (sale is not None and (is_forced or sale >= pair + (not is_here))):
        bid = view.side(position.outcome).best_bid
        least = Price(max(view.tick, bid - slippage_ticks * view.tick))
        return Quote(position.outcome, Side.SELL, least, shares, TimeInForce.FAK)
    other = position.outcome.other
    ask = view.side(other).best_ask
    # Whole cents of it: up to a cent's worth of the position stays without its pair.
    shares = market_shares(ask, shares, view.tick)
    return Quote(other, Side.BUY, ask, shares, TimeInForce.FAK)


def value_of_leaving(view: View, position: StrategyPosition) -> Usd | None:
    """Dollars after fees that leaving all of it now is worth at the best prices; None while
    nobody would take it."""
    sale = _sale_value(view, position.outcome, position.shares)
    pair = _pair_value(view, position.outcome, position.shares)
    if sale is None or pair is None:
        return pair if sale is None else sale
    return max(sale, pair)


def _sale_value(view: View, outcome: Outcome, shares: Shares) -> Usd | None:
    """What the best bid pays for `shares`, less its fee; None where nobody bids."""
    bid = view.side(outcome).best_bid
    if not NO_BID < bid < NO_ASK:
        return None
    return Usd(proceeds_of(bid, shares) - view.fees.fee(bid, shares))


def _pair_value(view: View, outcome: Outcome, shares: Shares) -> Usd | None:
    """A dollar a pair less what the complement costs; None where it is not offered, or the
    purchase would be too small for the venue or too large for the cash."""
    ask = view.side(outcome.other).best_ask
    if not NO_BID < ask < NO_ASK:
        return None
    price = cost_of(ask, shares)
    cost = price + view.fees.fee(ask, shares)
    if price < MIN_MARKETABLE_USD or cost > view.free_cash:
        return None
    if market_shares(ask, shares, view.tick) < view.min_shares:
        return None
    return Usd(shares - cost)


def _value_exit(view: View, position: StrategyPosition, exits: ExitSettings) -> Why | None:
    """Take profit, stop loss: the value of leaving now against what was paid."""
    side = view.side(position.outcome)
    if (side.best_ask - side.best_bid) / 100 > exits.max_spread_bps:
        return None  # hollow: its bid is no price
    value = value_of_leaving(view, position)
    if value is None or position.cost <= 0:
        return None
    gain = (value - position.cost) / position.cost
    if gain >= exits.take_profit:
        return Why(Reason.TAKE_PROFIT, gain, exits.take_profit, "of its cost")
    if -gain >= exits.stop_loss:
        return Why(Reason.STOP_LOSS, -gain, exits.stop_loss, "of its cost")
    return None


def _time_exit(view: View, position: StrategyPosition, exits: ExitSettings) -> Why | None:
    if exits.before_close_s and view.left_s <= exits.before_close_s:
        return Why(Reason.TIME_EXIT, view.left_s, exits.before_close_s, "s left")
    held_s = (view.now_ns - position.since_ns) / NS_PER_S
    if exits.max_hold_s and held_s >= exits.max_hold_s:
        return Why(Reason.TIME_EXIT, held_s, exits.max_hold_s, "s held")
    return None


def _flip_exit(
    position: StrategyPosition,
    lean: Proposal | None,
    thresholds: StrategySettings,
    exits: ExitSettings,
) -> Why | None:
    if not exits.is_flip_exit or lean is None or lean.outcome is not position.outcome.other:
        return None
    edge = lean.edge_bps
    if edge is None or not edge >= thresholds.min_edge_bps:  # a NaN is no edge
        return None
    return Why(Reason.SIGNAL_FLIP, edge, thresholds.min_edge_bps, "bps")
