"""What faces may see: frozen values, ready to be drawn, with no secret in them.

Prices and money stay in millionths, times in UTC nanoseconds of the session's clock; faces
format. Levels are best first here, the way a ladder is read.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.model.events import Level


class FeedState(str, Enum):
    CONNECTING = "connecting"
    UP = "up"
    STALE = "stale"
    DOWN = "down"


class AssetState(str, Enum):
    STARTING = "starting"
    TRADING = "trading"
    PAUSED = "paused"
    KILLED = "killed"
    FLATTENING = "flattening"
    STOPPING = "stopping"
    STOPPED = "stopped"
    RESTARTING = "restarting"
    HALTED = "halted"


@frozen
class FeedView:
    """One feed of one asset."""

    name: str
    state: FeedState
    age_ms: int
    """Since the last data, session time; -1 before the first."""
    messages: int
    reconnects: int
    rejected: int
    ignored: int


@frozen
class BookView:
    """The Up token's ladder, best first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    tick: int
    is_settled: bool
    age_ms: int


@frozen
class SignalView:
    """What one strategy wants, or the first reason why it wants nothing."""

    strategy: str
    direction: str
    """"up", "down" or "" for none."""
    edge_bps: float | None
    reason: str
    """Empty when there is nothing in the way."""


@frozen
class OrderView:
    order_id: str
    outcome: str
    side: str
    price: int
    shares: int
    filled: int
    state: str


@frozen
class RoundView:
    slug: str
    interval: str
    phase: str
    opens_ns: int
    closes_ns: int
    strike: float | None
    fair_up: float | None
    sigma: float | None
    """Standard deviation of what is still open in the settlement price, in dollars."""
    book: BookView | None
    signals: tuple[SignalView, ...]
    up_shares: int
    down_shares: int
    cost: int
    marked_pnl: int
    """Cash flow of the round plus its holdings at what the book would pay for them now."""
    orders: tuple[OrderView, ...]


@frozen
class AssetView:
    asset: str
    at_ns: int
    state: AssetState
    detail: str
    """Why it is halted, paused or restarting; empty otherwise."""
    life: int
    oracle_price: float | None
    settlement_price: float | None
    settlement_age_ms: int
    rounds: tuple[RoundView, ...]
    feeds: tuple[FeedView, ...]
    rounds_settled: int
    signals: int
    orders: int
    fills: int
    realised_pnl: int
    marked_pnl: int


@frozen
class AccountView:
    at_ns: int
    mode: str
    speed: float
    started_ns: int
    is_killed: bool
    is_stopping: bool
    cash: int
    exposure: int
    realised_pnl: int
    marked_pnl: int
    working_orders: int
    fees: int
    journal: str
    assets: tuple[str, ...]
    lag_us: int
    """Frame received to effect enqueued, median of the last second; real time."""


@frozen
class Notice:
    """A line of the log panel: fills, settlements, feed changes, commands, faults."""

    at_ns: int
    level: str
    """"info", "good", "warn" or "error"."""
    asset: str
    text: str
