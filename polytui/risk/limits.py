"""The last word on every order: a stamp, or the limit it would break with its number.

Everything that works counts as if it were filled; an order in an unknown state works, a round
that is not settled is open. The stamp and the risk panel read one table, `_LIMITS`, so that they
cannot disagree. docs/risk.md says what each limit is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from attrs import frozen

from polytui.config.schema import RiskSettings, Settings
from polytui.model.effects import Reason, Stamp, Why
from polytui.model.orders import Quote, Side
from polytui.model.units import (
    LOT,
    MICRO,
    NS_PER_S,
    Price,
    Shares,
    Usd,
    cost_of,
    is_on_tick,
    usd_from_float,
)

_USD, _PERCENT = "USD", "%"
_IN_MILLIONTHS = (_USD, _PERCENT)


@frozen(kw_only=True)
class Exposure:
    """What is at stake now: in the account, one asset, one round, one outcome; in millionths."""

    outcome_usd: Usd
    """Held at cost of one outcome of a round, and what working buys of it may still cost."""
    round_usd: Usd
    asset_usd: Usd
    closing_usd: Usd
    """What all rounds that close together with this one can still lose."""
    account_usd: Usd
    free_cash: Usd
    open_rounds: int
    """Rounds of the account in which something is held or works; what is not settled is held."""
    interval_rounds: int
    """The same of the round's interval."""
    asset_rounds: int
    working_orders: int
    """Of the asset."""
    round_orders: int
    """Sent in this round so far."""
    trades_today: int
    """Entries of the account."""
    realised_today: Usd
    at_stake: Usd
    """What everything open in the account can still lose, below what is realised."""
    drawdown: Usd
    """The account's realised result below its highest; never negative."""
    drawdown_pct: int
    """The same in millionths of a percent of the money at the highest."""
    losses_in_a_row: int
    """Settled rounds of the asset."""


@frozen(kw_only=True)
class PreTrade(Exposure):
    """What is at stake before the order in question, and what there is to know of the order."""

    now_ns: int
    is_killed: bool
    tick: Price
    fee: Usd
    """What the order would pay as a taker."""
    held: Shares
    """Of the order's outcome."""
    selling: Shares
    """Shares of the outcome already offered by working orders."""
    last_entry_ns: int
    is_round_open: bool
    """Whether its round is among `open_rounds` already."""
    is_reducing: bool
    """A buy that closes what is held of the other outcome: the pair is worth one dollar whoever
    wins. A claim that `unpaired` has to bear out."""
    unpaired: Shares
    """Of the other outcome: held, not offered by a working sale, and not matched yet by what is
    held or being bought of the order's own."""


class Scope(str, Enum):
    """Whose limit it is."""

    ORDER = "order"
    OUTCOME = "outcome"
    ROUND = "round"
    ASSET = "asset"
    INTERVAL = "interval"
    CLOSING = "closing time"
    ACCOUNT = "account"


class Used(NamedTuple):
    """One limit as a bar: dollars, percent, or a number of things."""

    name: str
    used: float
    allowed: float
    unit: str


class Room(NamedTuple):
    """Dollars that are left for an order, and the limit that leaves no more: of equals the first
    in the order they are asked."""

    left: Usd
    why: Why


_COST, _ONE, _ROUND, _REACHED = range(4)
"""What an order adds to what is used: its cost; one; one if it opens its round; or nothing, for a
result that stops all entries once it is reached."""


@frozen
class _Limit:
    reason: Reason
    scope: Scope
    unit: str
    adds: int
    used: Callable[[Exposure], int]
    allowed: Callable[[RiskSettings], float]
    """The setting as it is written: dollars, percent, or a number of things."""


_ORDER, _OUTCOME, _OF_ROUND, _ASSET, _INTERVAL, _CLOSING, _ACCOUNT = Scope
_LIMITS: tuple[_Limit, ...] = (
    # In the order they are asked: what lasts longest first.
    _Limit(
        Reason.LIMIT_DAILY_LOSS,
        _ACCOUNT,
        _USD,
        _COST,
        # What the day loses if everything open ends as badly as it can; less than nothing where it
        # wins all the same.
        lambda at: at.at_stake - at.realised_today,
        lambda risk: risk.max_daily_loss_usd,
    ),
    _Limit(
        Reason.LIMIT_DRAWDOWN,
        _ACCOUNT,
        _USD,
        _REACHED,
        lambda at: at.drawdown,
        lambda risk: risk.max_drawdown_usd,
    ),
    _Limit(
        Reason.LIMIT_DRAWDOWN_PCT,
        _ACCOUNT,
        _PERCENT,
        _REACHED,
        lambda at: at.drawdown_pct,
        lambda risk: risk.max_drawdown_pct,
    ),
    _Limit(
        Reason.LIMIT_LOSSES,
        _ASSET,
        "rounds",
        _REACHED,
        lambda at: at.losses_in_a_row,
        lambda risk: risk.max_losses_in_a_row,
    ),
    _Limit(
        Reason.LIMIT_TRADES,
        _ACCOUNT,
        "trades",
        _ONE,
        lambda at: at.trades_today,
        lambda risk: risk.max_trades_per_day,
    ),
    _Limit(
        Reason.LIMIT_OPEN,
        _ACCOUNT,
        "rounds",
        _ROUND,
        lambda at: at.open_rounds,
        lambda risk: risk.max_open_positions,
    ),
    _Limit(
        Reason.LIMIT_OPEN_INTERVAL,
        _INTERVAL,
        "rounds",
        _ROUND,
        lambda at: at.interval_rounds,
        lambda risk: risk.max_interval_positions,
    ),
    _Limit(
        Reason.LIMIT_OPEN_ASSET,
        _ASSET,
        "rounds",
        _ROUND,
        lambda at: at.asset_rounds,
        lambda risk: risk.max_asset_positions,
    ),
    _Limit(
        Reason.LIMIT_ORDERS,
        _ASSET,
        "orders",
        _ONE,
        lambda at: at.working_orders,
        lambda risk: risk.max_working_orders,
    ),
    _Limit(
        Reason.LIMIT_ROUND_ORDERS,
        _OF_ROUND,
        "orders",
        _ONE,
        lambda at: at.round_orders,
        lambda risk: risk.max_orders_per_round,
    ),
    _Limit(Reason.LIMIT_ORDER, _ORDER, _USD, _COST, lambda at: 0, lambda risk: risk.max_order_usd),
    _Limit(
        Reason.LIMIT_POSITION,
        _OUTCOME,
        _USD,
        _COST,
        lambda at: at.outcome_usd,
        lambda risk: risk.max_position_usd,
    ),
    _Limit(
        Reason.LIMIT_ROUND,
        _OF_ROUND,
        _USD,
        _COST,
        lambda at: at.round_usd,
        lambda risk: risk.max_round_usd,
    ),
    _Limit(
        Reason.LIMIT_ASSET,
        _ASSET,
        _USD,
        _COST,
        lambda at: at.asset_usd,
        lambda risk: risk.max_asset_usd,
    ),
    _Limit(
        Reason.LIMIT_CLOSING,
        _CLOSING,
        _USD,
        _COST,
        lambda at: at.closing_usd,
        lambda risk: risk.max_closing_usd,
    ),
    _Limit(
        Reason.LIMIT_ACCOUNT,
        _ACCOUNT,
        _USD,
        _COST,
        lambda at: at.account_usd,
        lambda risk: risk.max_account_usd,
    ),
)
"""All limits that are settings."""

_CASH = _Limit(
    Reason.LIMIT_CASH, _ACCOUNT, _USD, _COST, lambda at: at.account_usd, lambda risk: 0.0
)
"""No setting: what is at stake and what is free are all the money there is."""

_ASKED_OF_REDUCING = (Reason.LIMIT_ORDER, Reason.LIMIT_CASH)


def stamp(quote: Quote, pre_trade: PreTrade, settings: Settings) -> Stamp | Why:
    """Allow this order, or say which limit is in the way."""
    why = _malformed(quote, pre_trade)
    if why is not None:
        return why
    if quote.side is Side.SELL:
        return _stamp_sale(quote, pre_trade)
    cost = Usd(cost_of(quote.price, quote.shares) + pre_trade.fee)
    if pre_trade.is_killed:
        return Why(Reason.KILL_SWITCH)
    if pre_trade.is_reducing:
        why = _not_reducing(quote, pre_trade) or _full(cost, pre_trade, settings.risk)
    else:
        why = _full(cost, pre_trade, settings.risk) or _cooling_down(pre_trade, settings)
    return why or Stamp.grant(quote, Usd(pre_trade.account_usd + cost))


def room(quote: Quote, pre_trade: PreTrade, reason: Reason, risk: RiskSettings) -> Room | None:
    """What all limits leave for an order like this one, which `reason` stopped; None where that is
    no limit of dollars at stake, so that no smaller order would pass it either."""
    asked = [(limit, most) for limit, most in _asked(pre_trade, risk) if limit.adds == _COST]
    if all(limit.reason is not reason for limit, _ in asked):
        return None
    limit, most = min(asked, key=lambda each: each[1] - each[0].used(pre_trade))
    used = limit.used(pre_trade)
    after = used + cost_of(quote.price, quote.shares) + pre_trade.fee
    why = Why(limit.reason, _shown(after, limit.unit), _shown(most, limit.unit), limit.unit)
    return Room(Usd(most - used), why)


def limits_used(
    exposure: Exposure, settings: Settings, scopes: tuple[Scope, ...] = tuple(Scope)
) -> tuple[Used, ...]:
    """Every limit of these scopes with what is used of it now, in the order they are asked."""
    return tuple(
        Used(
            limit.reason.value,
            _shown(max(0, limit.used(exposure)), limit.unit),
            _shown(allowed, limit.unit),
            limit.unit,
        )
        for limit, allowed in _limits(exposure, settings.risk)
        if limit.scope in scopes
    )


def _limits(at: Exposure, risk: RiskSettings) -> Iterator[tuple[_Limit, int]]:
    """Every limit with what it allows, in millionths or a number of things."""
    yield from zip(_LIMITS, _allowed(risk), strict=True)
    yield _CASH, at.account_usd + at.free_cash


def _asked(pre_trade: PreTrade, risk: RiskSettings) -> Iterator[tuple[_Limit, int]]:
    """Those that this order has to pass."""
    limits = _limits(pre_trade, risk)
    if not pre_trade.is_reducing:
        return limits
    return ((limit, most) for limit, most in limits if limit.reason in _ASKED_OF_REDUCING)


@lru_cache(maxsize=8)
def _allowed(risk: RiskSettings) -> tuple[int, ...]:
    """Settings change seldom, and the exact way from them through decimals is slow."""
    values = [(limit.unit, limit.allowed(risk)) for limit in _LIMITS]
    return tuple(
        usd_from_float(value) if unit in _IN_MILLIONTHS else int(value) for unit, value in values
    )


def _malformed(quote: Quote, pre_trade: PreTrade) -> Why | None:
    """What no venue would take; the tick may have changed since the decision."""
    if not is_on_tick(quote.price, pre_trade.tick):
        return Why(Reason.OFF_TICK, quote.price / MICRO, pre_trade.tick / MICRO, "USD tick")
    if quote.shares < LOT:
        return Why(Reason.STAKE_SMALL, quote.shares / MICRO, LOT / MICRO, "shares")
    return None


def _stamp_sale(quote: Quote, pre_trade: PreTrade) -> Stamp | Why:
    """A sale lowers what is at stake: only what is held and not yet offered can be sold."""
    free = pre_trade.held - pre_trade.selling
    if quote.shares > free:
        return Why(Reason.NOT_HELD, quote.shares / MICRO, free / MICRO, "shares")
    return Stamp.grant(quote, pre_trade.account_usd)


def _not_reducing(quote: Quote, pre_trade: PreTrade) -> Why | None:
    """A share more than the other side has would be a position of its own."""
    if quote.shares > pre_trade.unpaired:
        return Why(Reason.NOT_HELD, quote.shares / MICRO, pre_trade.unpaired / MICRO, "shares")
    return None


def _cooling_down(pre_trade: PreTrade, settings: Settings) -> Why | None:
    since_s = (pre_trade.now_ns - pre_trade.last_entry_ns) / NS_PER_S
    if pre_trade.last_entry_ns and since_s < settings.gates.cooldown_s:
        return Why(Reason.COOLDOWN, since_s, settings.gates.cooldown_s, "s")
    return None


def _full(cost: Usd, pre_trade: PreTrade, risk: RiskSettings) -> Why | None:
    """The first limit that has no room for an order of this cost."""
    # A result that is just reached is over: the smallest step more than nothing.
    adds = (cost, 1, 0 if pre_trade.is_round_open else 1, 1)
    for limit, allowed in _asked(pre_trade, risk):
        after = limit.used(pre_trade) + adds[limit.adds]
        if after > allowed:
            value = after if limit.adds != _REACHED else limit.used(pre_trade)
            return Why(
                limit.reason, _shown(value, limit.unit), _shown(allowed, limit.unit), limit.unit
            )
    return None


def _shown(amount: int, unit: str) -> float:
    return amount / MICRO if unit in _IN_MILLIONTHS else float(amount)
