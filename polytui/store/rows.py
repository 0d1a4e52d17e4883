"""What is kept of a journal, a class a table. `docs/operations.md` is made of these docstrings.

Prices, shares and dollars are whole millionths, moments UTC nanoseconds of the session's clock.
A field is a part of the row's KEY, or stays as it was said first (`first`), or is what was said
last; None says nothing and overwrites nothing. So a row that is put twice changes nothing.

`session` is the session that told of something first; `root` the first of the sessions that went on
from each other, which is `session` itself for most.
"""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import frozen

from polytui.store.curve_rows import CurveRow
from polytui.store.latency_rows import LatencyRow, StageRow
from polytui.store.row_fields import first, last
from polytui.store.traded_rows import FillRow, OrderRow, RoundRow, TradeRow


@frozen
class SessionRow:
    """Every session whose journal was read."""

    TABLE: ClassVar[str] = "sessions"
    KEY: ClassVar[tuple[str, ...]] = ("session",)
    session: str
    """Its name, which is its folder's."""
    root: str | None = first()
    """The first session of those that this one goes on from; its own name for most."""
    continues: str | None = first()
    """The session that it goes on from; empty for one that began anew."""
    mode: str | None = first()
    version: str | None = first()
    """Of the program that wrote its journal."""
    started_ns: int | None = first()
    seed: int | None = first()
    """Of the simulated world; nothing for a real one."""
    speed: float | None = first()
    """Session seconds a real second, as it began."""
    is_stopped: bool | None = last()
    """Whether it was asked to stop."""
    seq: int | None = last()
    """The last event of its journal that is in this database."""
    last_ns: int | None = last()
    """When that was."""
    place: str | None = last()
    """How far its journal was read, for whoever goes on."""
    fault: str | None = last()
    """Why its journal is read no further; empty where nothing is wrong with it."""
    rounds: int | None = last()
    """Settled ones of those that opened before its eyes."""
    orders: int | None = last()
    fills: int | None = last()
    fees: int | None = last()
    pnl: int | None = last()
    """Realised in this session."""


@frozen
class SignalRow:
    """Every time that a strategy does not trade a round for another reason than before."""

    TABLE: ClassVar[str] = "signals"
    KEY: ClassVar[tuple[str, ...]] = ("session", "seq", "n")
    session: str
    seq: int
    """The event after which it was said."""
    n: int
    """Which of the rows of that event, from 0."""
    at_ns: int
    asset: str
    interval: str
    slug: str
    strategy: str
    is_shadow: bool
    """Whether the strategy may not trade there."""
    reason: str
    """none where nothing stood in the way any more."""
    value: float
    """What was measured,"""
    limit_value: float
    """and what it was held against,"""
    unit: str
    """in this unit; empty where the reason has no number."""


@frozen
class SettlementRow:
    """Every change of the realised result. Their `pnl` add up to it."""

    TABLE: ClassVar[str] = "settlements"
    KEY: ClassVar[tuple[str, ...]] = ("session", "seq", "n")
    session: str
    seq: int
    n: int
    root: str
    at_ns: int
    asset: str
    slug: str
    """Empty where several rounds may be meant."""
    kind: str
    """credit (a round was settled), correction (a fill of a settled round came late or was taken
    back), unseen (settled while no desk lived)."""
    winner: str
    payout: int
    pnl: int


@frozen
class WalletRow:
    """Cash that came or went by itself, not by a trade."""

    TABLE: ClassVar[str] = "wallet"
    KEY: ClassVar[tuple[str, ...]] = ("session", "seq", "n")
    session: str
    seq: int
    n: int
    at_ns: int
    kind: str
    """opening (what the account began with), payout (a round paid), merge (pairs became dollars);
    and money that no trade explains: deposit, withdrawal, gas, rebate, reward, redemption,
    elsewhere, rounding, unexplained."""
    asset: str
    """Empty for the account's."""
    slug: str
    amount: int
    detail: str | None = last()
    """In words, where there are any."""


@frozen
class OperationRow:
    """What the wallet did on the chain besides trading: pairs merged, winners redeemed."""

    TABLE: ClassVar[str] = "operations"
    KEY: ClassVar[tuple[str, ...]] = ("session", "seq", "n")
    session: str
    seq: int
    n: int
    at_ns: int
    """When we heard that it was done."""
    kind: str
    """merge or redeem."""
    slug: str
    shares: int | None
    """Of each outcome, of a merge."""
    amount: int
    """Dollars that came."""
    key: str
    """Of this operation alone."""
    detail: str | None = last()
    """The transaction, where it is known."""


@frozen
class ReconcileRow:
    """The account held against the venue's own books: each minute, and whenever it was cut off."""

    TABLE: ClassVar[str] = "reconciles"
    KEY: ClassVar[tuple[str, ...]] = ("session", "seq")
    session: str
    seq: int
    at_ns: int
    differences: int
    """What was wrong, or had been left out, and was corrected; 0 where everybody agreed."""
    slugs: str
    """Rounds whose end these balances count, with a space between."""


@frozen
class SettingsRow:
    """Settings over time: whenever those of an asset became others."""

    TABLE: ClassVar[str] = "settings"
    KEY: ClassVar[tuple[str, ...]] = ("session", "seq")
    session: str
    seq: int
    at_ns: int
    asset: str
    digest: str
    """Their short name."""
    settings_json: str
    """All of them, as canonical JSON."""


@frozen
class RiskRow:
    """What stopped or warned by itself, and what people commanded."""

    TABLE: ClassVar[str] = "risk"
    KEY: ClassVar[tuple[str, ...]] = ("session", "seq", "n")
    session: str
    seq: int
    n: int
    at_ns: int
    asset: str
    kind: str
    """trip, release, warn, cancel_all, halted, command, ticket, ticket declined or withdrawn."""
    reason: str
    """Of a command, what was commanded."""
    value: float
    limit_value: float
    unit: str
    until_ns: int
    """Of a trip: until when; 0 until a person resumes."""
    origin: str
    """Of a command: through which face it came."""


@frozen
class EquityRow:
    """The account at the end of every minute of session time."""

    TABLE: ClassVar[str] = "equity"
    KEY: ClassVar[tuple[str, ...]] = ("session", "minute_ns")
    session: str
    minute_ns: int
    """When the minute began."""
    cash: int
    realised: int
    carried: int
    """What is held, at its cost, pairs at their dollar."""
    exposure: int
    """Held at cost, and what working orders may still spend."""
    fees: int
    working_orders: int
    open_rounds: int
    moved: int
    """Of the cash: what came or went since the account began that no trade explains."""

    @property
    def equity(self) -> int:
        """What trading made of the money of the start: a deposit is none of it."""
        return self.cash + self.carried - self.moved


@frozen
class DailyRow:
    """Counters of each day of UTC, by session and asset; made of the tables above."""

    TABLE: ClassVar[str] = "daily"
    KEY: ClassVar[tuple[str, ...]] = ("session", "day", "asset")
    session: str
    day: str
    """2026-11-26."""
    asset: str
    orders: int
    entries: int
    """Orders that bought into a position, rungs of quote sets not counted."""
    fills: int
    fees: int
    rounds: int
    """Settled ones of those that opened before the session's eyes."""
    traded: int
    """Settled ones in which money was made or lost."""
    wins: int
    losses: int
    pnl: int


@frozen
class ReasonRow:
    """How often each strategy was stopped by what on each day of UTC; counted of signals."""

    TABLE: ClassVar[str] = "reasons"
    KEY: ClassVar[tuple[str, ...]] = (
        "session",
        "day_ns",
        "asset",
        "interval",
        "strategy",
        "is_shadow",
        "reason",
        "unit",
    )
    session: str
    day_ns: int
    """When the day began."""
    asset: str
    interval: str
    strategy: str
    is_shadow: bool
    reason: str
    unit: str
    times: int
    least: float
    most: float
    total: float
    """Of all values."""
    limit_value: float
    """What the last one was held against."""


@frozen
class DifferenceRow:
    """Where this database reckoned another figure than the journal says. There should be none."""

    TABLE: ClassVar[str] = "differences"
    KEY: ClassVar[tuple[str, ...]] = ("session", "seq", "n")
    session: str
    seq: int
    n: int
    text: str


@frozen
class StreamRow:
    """How far the streams of JSON lines of a session are written: of their writer for himself, in
    the transaction of the rows. It tells nothing of a journal, so it is none of the tables."""

    TABLE: ClassVar[str] = "streams"
    KEY: ClassVar[tuple[str, ...]] = ("session",)
    session: str
    state: str | None = last()


Row = (
    SessionRow
    | RoundRow
    | SignalRow
    | OrderRow
    | FillRow
    | TradeRow
    | SettlementRow
    | WalletRow
    | OperationRow
    | ReconcileRow
    | SettingsRow
    | RiskRow
    | EquityRow
    | LatencyRow
    | StageRow
    | CurveRow
    | DifferenceRow
    | StreamRow
)
"""What a journal tells. Counters of days are made of these."""
TABLES: tuple[type[Any], ...] = (
    SessionRow,
    RoundRow,
    SignalRow,
    OrderRow,
    FillRow,
    TradeRow,
    SettlementRow,
    WalletRow,
    OperationRow,
    ReconcileRow,
    SettingsRow,
    RiskRow,
    EquityRow,
    LatencyRow,
    StageRow,
    CurveRow,
    DailyRow,
    ReasonRow,
    DifferenceRow,
)
EVERY_TABLE: tuple[type[Any], ...] = (*TABLES, StreamRow)

__all__ = [
    "EVERY_TABLE",
    "TABLES",
    "CurveRow",
    "DailyRow",
    "DifferenceRow",
    "EquityRow",
    "FillRow",
    "LatencyRow",
    "OperationRow",
    "OrderRow",
    "ReasonRow",
    "ReconcileRow",
    "RiskRow",
    "RoundRow",
    "Row",
    "SessionRow",
    "SettingsRow",
    "SettlementRow",
    "SignalRow",
    "StageRow",
    "TradeRow",
    "WalletRow",
]
"""Every class of rows is found here, wherever it is written down."""
