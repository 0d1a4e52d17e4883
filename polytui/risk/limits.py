"""The limits as a table, and what is used of each: what `fit` asks and what the risk panel shows.

Everything that works counts as if it were filled; an order in an unknown state works, a round
that is not settled is open. The stamp (`risk/pretrade.py`) and the panel read one table, `LIMITS`,
so that they cannot disagree. docs/risk.md says what each limit is for.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntEnum
from typing import NamedTuple

from attrs import frozen
from msgspec import Struct
from msgspec.structs import replace

from polytui.config.schema import RiskSettings, Settings
from polytui.ledger.exposure import OrderExposure
from polytui.model.effects import Reason
from polytui.model.instrument import Outcome
from polytui.model.units import MICRO, usd_from_float

_USD, _PERCENT = "USD", "%"
_IN_MILLIONTHS = (_USD, _PERCENT)


class AtStake(Struct, frozen=True, gc=False):
    """One outcome of a round, in millionths."""

    shares: int = 0
    """Held."""
    gross: int = 0
    """Dollars held at cost, and what working buys may still cost."""
    net: int = 0
    """Dollars that the round loses if this outcome loses: what is held of it alone at its cost,
    pairs at the dollar that they pay, and the worse of everything that works."""
    buying: int = 0
    """Shares that working buys may bring,"""
    selling: int = 0
    """and that working sales may take."""
    awaited: int = 0
    """Of those held, that have not arrived and cannot be sold yet."""

    def free(self) -> int:
        """Shares held and not offered yet."""
        return self.shares - self.selling

    def here(self) -> int:
        """Of those, that can be sold now."""
        return self.free() - self.awaited


class Exposure(Struct, frozen=True, kw_only=True):
    """What is at stake now: in the account, one asset, one round; in millionths. Read off sums that
    the ledgers keep (`ledger/exposure.py`)."""

    up: AtStake = AtStake()
    down: AtStake = AtStake()
    is_round_open: bool = False
    """Whether the round is among `open_rounds`."""
    asset_usd: int = 0
    closing_usd: int = 0
    """What all rounds that close together with this one can still lose."""
    account_usd: int = 0
    free_cash: int = 0
    open_rounds: int = 0
    """Rounds of the account in which something is held or works; what is not settled is held."""
    interval_rounds: int = 0
    """The same of the round's interval."""
    asset_rounds: int = 0
    working_orders: int = 0
    """Of the asset."""
    round_orders: int = 0
    """Sent in this round so far, rungs of quote sets not counted."""
    round_rungs: int = 0
    """The same of rungs."""
    trades_today: int = 0
    """Entries of the account."""
    realised_today: int = 0
    at_stake: int = 0
    """What everything open in the account can still lose, below what is realised."""
    drawdown: int = 0
    """The account's realised result below its highest; never negative."""
    drawdown_pct: int = 0
    """The same in millionths of a percent of the money at the highest."""
    losses_in_a_row: int = 0
    """Settled rounds of the asset."""

    def stake(self, outcome: Outcome) -> AtStake:
        return self.up if outcome is Outcome.UP else self.down

    @property
    def outcomes(self) -> tuple[AtStake, AtStake]:
        return self.up, self.down

    @property
    def round_usd(self) -> int:
        return self.up.gross + self.down.gross

    @property
    def round_at_stake(self) -> int:
        """What the round can still lose, whoever wins."""
        return max(self.up.net, self.down.net)

    def without(self, outcome: Outcome, order: OrderExposure) -> Exposure:
        """As if this working order were gone."""
        mine, other = self.stake(outcome), self.stake(outcome.other)
        mine = replace(
            mine,
            gross=mine.gross - order.reserved,
            net=mine.net - order.if_loses,
            buying=mine.buying - order.buying,
            selling=mine.selling - order.selling,
        )
        other = replace(other, net=other.net - order.if_wins)
        up, down = (mine, other) if outcome is Outcome.UP else (other, mine)
        less = self.round_at_stake - max(up.net, down.net)
        return replace(
            self,
            up=up,
            down=down,
            asset_usd=self.asset_usd - order.reserved,
            account_usd=self.account_usd - order.reserved,
            free_cash=self.free_cash + order.reserved,
            closing_usd=self.closing_usd - less,
            at_stake=self.at_stake - less,
            working_orders=self.working_orders - 1,
        )


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


class Adds(IntEnum):
    """What an order adds to what is used."""

    COST = 0
    RISE = 1
    """What its round can lose more with it."""
    ONE = 2
    ROUND = 3
    """One, if it opens its round."""
    REACHED = 4
    """Nothing: a result that stops all entries once it is reached."""

    @property
    def is_usd(self) -> bool:
        return self in (Adds.COST, Adds.RISE)


@frozen
class Limit:
    reason: Reason
    scope: Scope
    unit: str
    adds: Adds
    used: Callable[[Exposure, AtStake], int]
    """Of all that is at stake, and of the outcome that the order makes more of."""
    allowed: Callable[[RiskSettings], float] | None
    """The setting as it is written: dollars, percent, or a number of things; None for all the money
    there is."""


_ORDER, _OUTCOME, _OF_ROUND, _ASSET, _INTERVAL, _CLOSING, _ACCOUNT = Scope
LIMITS: tuple[Limit, ...] = (
    # In the order they are asked: what lasts longest first.
    Limit(
        Reason.LIMIT_DAILY_LOSS,
        _ACCOUNT,
        _USD,
        Adds.RISE,
        # What the day loses if everything open ends as badly as it can; less than nothing where it
        # wins all the same.
        lambda at, mine: at.at_stake - at.realised_today,
        lambda risk: risk.max_daily_loss_usd,
    ),
    Limit(
        Reason.LIMIT_DRAWDOWN,
        _ACCOUNT,
        _USD,
        Adds.REACHED,
        lambda at, mine: at.drawdown,
        lambda risk: risk.max_drawdown_usd,
    ),
    Limit(
        Reason.LIMIT_DRAWDOWN_PCT,
        _ACCOUNT,
        _PERCENT,
        Adds.REACHED,
        lambda at, mine: at.drawdown_pct,
        lambda risk: risk.max_drawdown_pct,
    ),
    Limit(
        Reason.LIMIT_LOSSES,
        _ASSET,
        "rounds",
        Adds.REACHED,
        lambda at, mine: at.losses_in_a_row,
        lambda risk: risk.max_losses_in_a_row,
    ),
    Limit(
        Reason.LIMIT_TRADES,
        _ACCOUNT,
        "trades",
        Adds.ONE,
        lambda at, mine: at.trades_today,
        lambda risk: risk.max_trades_per_day,
    ),
    Limit(
        Reason.LIMIT_OPEN,
        _ACCOUNT,
        "rounds",
        Adds.ROUND,
        lambda at, mine: at.open_rounds,
        lambda risk: risk.max_open_positions,
    ),
    Limit(
        Reason.LIMIT_OPEN_INTERVAL,
        _INTERVAL,
        "rounds",
        Adds.ROUND,
        lambda at, mine: at.interval_rounds,
        lambda risk: risk.max_interval_positions,
    ),
    Limit(
        Reason.LIMIT_OPEN_ASSET,
        _ASSET,
        "rounds",
        Adds.ROUND,
        lambda at, mine: at.asset_rounds,
        lambda risk: risk.max_asset_positions,
    ),
    Limit(
        Reason.LIMIT_ORDERS,
        _ASSET,
        "orders",
        Adds.ONE,
        lambda at, mine: at.working_orders,
        lambda risk: risk.max_working_orders,
    ),
    Limit(
        Reason.LIMIT_ROUND_ORDERS,
        _OF_ROUND,
        "orders",
        Adds.ONE,
        lambda at, mine: at.round_orders,
        lambda risk: risk.max_orders_per_round,
    ),
    Limit(
        Reason.LIMIT_ROUND_RUNGS,
        _OF_ROUND,
        "orders",
        Adds.ONE,
        lambda at, mine: at.round_rungs,
        lambda risk: risk.max_rungs_per_round,
    ),
    Limit(
        Reason.LIMIT_ORDER,
        _ORDER,
        _USD,
        Adds.COST,
        lambda at, mine: 0,
        lambda risk: risk.max_order_usd,
    ),
    Limit(
        Reason.LIMIT_POSITION,
        _OUTCOME,
        _USD,
        Adds.COST,
        lambda at, mine: mine.gross,
        lambda risk: risk.max_position_usd,
    ),
    Limit(
        Reason.LIMIT_ROUND,
        _OF_ROUND,
        _USD,
        Adds.COST,
        lambda at, mine: at.round_usd,
        lambda risk: risk.max_round_usd,
    ),
    Limit(
        Reason.LIMIT_NET,
        _OUTCOME,
        _USD,
        Adds.COST,
        lambda at, mine: mine.net,
        lambda risk: risk.max_net_usd,
    ),
    Limit(
        Reason.LIMIT_ASSET,
        _ASSET,
        _USD,
        Adds.COST,
        lambda at, mine: at.asset_usd,
        lambda risk: risk.max_asset_usd,
    ),
    Limit(
        Reason.LIMIT_CLOSING,
        _CLOSING,
        _USD,
        Adds.RISE,
        lambda at, mine: at.closing_usd,
        lambda risk: risk.max_closing_usd,
    ),
    Limit(
        Reason.LIMIT_ACCOUNT,
        _ACCOUNT,
        _USD,
        Adds.COST,
        lambda at, mine: at.account_usd,
        lambda risk: risk.max_account_usd,
    ),
    # Of equals the last: no setting, for what is at stake and what is free are all there is.
    Limit(Reason.LIMIT_CASH, _ACCOUNT, _USD, Adds.COST, lambda at, mine: at.account_usd, None),
)


class Limits:
    """The table under some settings: every limit with what it allows, in millionths or a number of
    things; None for all the money there is. Made once, for the way through decimals is slow."""

    def __init__(self, settings: Settings) -> None:
        self.rows = tuple([(limit, _allowed(limit, settings.risk)) for limit in LIMITS])
        self.cooldown_s = settings.gates.cooldown_s
        self.min_depth = settings.gates.min_depth


def _allowed(limit: Limit, risk: RiskSettings) -> int | None:
    if limit.allowed is None:
        return None
    value = limit.allowed(risk)
    return usd_from_float(value) if limit.unit in _IN_MILLIONTHS else int(value)


def limits_used(
    exposure: Exposure, limits: Limits, scopes: tuple[Scope, ...] = tuple(Scope)
) -> tuple[Used, ...]:
    """Every limit of these scopes with what is used of it now, in the order they are asked; of the
    two outcomes of a round the one that uses more."""
    money = exposure.account_usd + exposure.free_cash
    return tuple(
        Used(
            limit.reason.value,
            shown(max(0, *(limit.used(exposure, one) for one in exposure.outcomes)), limit.unit),
            shown(money if allowed is None else allowed, limit.unit),
            limit.unit,
        )
        for limit, allowed in limits.rows
        if limit.scope in scopes
    )


def shown(amount: int, unit: str) -> float:
    return amount / MICRO if unit in _IN_MILLIONTHS else float(amount)
