"""Every input of a desk: what the wires saw, what the execution client reports, what people
command.

Past participles, frozen, journaled in the order the desks took them. Two times where they
exist: `venue_ns` (what the venue wrote) and `received_ns` (when we read it), both UTC
nanoseconds on the session's clock. Levels are (price, shares) pairs in millionths.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.model.account_events import (
    CashKind,
    CashMoved,
    InTransit,
    PairsMerged,
    Reconciled,
    WinnersRedeemed,
)
from polytui.model.feed_events import (
    ACCOUNT_FEEDS,
    BOOK_FEED,
    HEARTBEAT_FEED,
    USER_FEED,
    VENUE_FEED,
    FeedDown,
    FeedGapped,
    FeedMended,
    FeedRefused,
    FeedStale,
    FeedUp,
    FrameRejected,
)
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.market_events import (
    EXCHANGE_FEED,
    BookChanged,
    BookSnapshotted,
    CandlesLoaded,
    ChainlinkPriced,
    ExchangeQuoted,
    ExchangeTraded,
    Level,
    LevelChange,
    TickSizeChanged,
    TradePrinted,
)
from polytui.model.orders import Holding
from polytui.model.reports import (
    Accepted,
    Cancelled,
    CancelRefused,
    Deferred,
    Filled,
    FoundOrder,
    NotFound,
    OrderFound,
    Refused,
    Report,
    Reversed,
    Trade,
    Unanswered,
)
from polytui.model.risk_state import (
    ClaimsLeft,
    ForecastLeft,
    RiskStateRestored,
    Stopped,
)
from polytui.model.strategy_events import LoadedStrategy, StrategiesLoaded, StrategyDawdled
from polytui.model.ticket import TicketSent, TicketWithdrawn
from polytui.model.units import Usd

# --- the life of a desk ---------------------------------------------------------------------


@frozen
class HeldRound:
    """A round in which something is held or works, with what has been realised in it so far."""

    round: Round
    holdings: tuple[Holding, ...]
    cash_flow: Usd
    """Everything received minus everything paid in this round, fees included."""
    working: tuple[FoundOrder, ...] = ()

    def of(self, outcome: Outcome) -> tuple[int, int]:
        """(shares, cost) of one outcome."""
        for holding in self.holdings:
            if holding.outcome is outcome:
                return holding.shares, holding.cost
        return 0, 0


@frozen
class DeskOpened:
    """A desk begins (life 1) or begins again after a crash, with what the venue says it has."""

    asset: Asset
    life: int
    cash: Usd
    """The collateral of the account when the session began, before everything that is counted here
    and at the other assets: every desk of an account is told the same."""
    realised: Usd = Usd(0)
    """PnL of every round of this asset that was settled in the session."""
    held: tuple[HeldRound, ...] = ()
    counted: tuple[Trade, ...] = ()
    """Fills that are in these figures: whoever reports them once more says nothing new."""
    is_live: bool = False
    """Its orders go to a venue that holds money; on paper nothing is at stake."""
    in_transit: tuple[InTransit, ...] = ()
    """Of rounds in which anything is."""


@frozen
class SettingsChanged:
    """The settings in force from here on, as canonical JSON."""

    settings_json: str


@frozen
class Ticked:
    """Time passed. With it comes how the machine itself does, which only the engine can measure."""

    at_ns: int
    latency_us: int = 0
    """Frame received to decision, the worst since the last tick; real time."""
    queue_share: float = 0.0
    """Of the inbox, the fullest since the last tick."""
    clock_behind_ms: int = 0
    """How far our clock is behind the venues', where most of them stamp ahead of it; else 0."""
    unkept_s: float = 0.0
    """Since when the disk refuses what must be kept; 0 while it takes it. Real time."""


@frozen
class ModelLoaded:
    """A learned model came from a file, as its JSON text; empty where there is none, and why."""

    model_json: str
    detail: str


@frozen
class AssetHalted:
    """The asset crashed too often: it has no more lives in this session, and enters nothing in the
    next one until a person resumes it."""

    crashes: int
    most: int


# --- rounds ---------------------------------------------------------------------------------


@frozen
class RoundFound:
    round: Round


@frozen
class RoundOpened:
    """The boundary passed at `at_ns` by our clock; late when the round was found under way."""

    slug: str
    at_ns: int
    is_late: bool = False


@frozen
class RoundClosed:
    slug: str
    at_ns: int


FINAL = "final price before"
"""Source of a strike: the venue's final price of the round that closed as this one opened. It was
the price to beat in 2,008 of 2,008 rounds that were compared."""


@frozen
class StrikePublished:
    """The venue's own word on the price to beat; arrives late, if at all. `source`: "gamma", FINAL,
    or "binance" for the open of its candle."""

    slug: str
    strike: float
    source: str


@frozen
class AcceptanceChanged:
    """The venue began or ceased to take orders for a listed round, as its listing has it."""

    slug: str
    takes_orders: bool
    at_ns: int


NO_WINNER = ""
"""In place of a token's id, of a round that was cancelled."""


@frozen
class RoundSettled:
    """The venue named the winner (`source`: the stream, Gamma or the CLOB), or cancelled the round:
    then no token wins, and a share of either pays half a dollar."""

    condition_id: str
    winning_token_id: str
    source: str
    received_ns: int
    venue_ns: int = 0
    """When the stream said so; 0 for answers, which do not say."""

    @property
    def is_void(self) -> bool:
        return self.winning_token_id == NO_WINNER

    def settles(self, listed: Round) -> bool:
        """Whether it speaks of this round and names one of its tokens, or none: a stray winner is
        refused by everybody who hears of it."""
        is_known = self.is_void or listed.outcome_of(self.winning_token_id) is not None
        return is_known and self.condition_id == listed.condition_id


# --- commands of people -------------------------------------------------------------------------


class Action(str, Enum):
    """What a person may ask for. KILL, REARM and STOP are for the whole session."""

    PAUSE = "pause"
    RESUME = "resume"
    FLATTEN = "flatten"
    KILL = "kill"
    REARM = "rearm"
    STOP = "stop"


@frozen
class Commanded:
    """A person's command as one desk takes it. `origin` says through which face it came."""

    action: Action
    origin: str


Event = (
    DeskOpened
    | RiskStateRestored
    | AssetHalted
    | SettingsChanged
    | ModelLoaded
    | StrategiesLoaded
    | StrategyDawdled
    | Ticked
    | RoundFound
    | RoundOpened
    | RoundClosed
    | StrikePublished
    | AcceptanceChanged
    | RoundSettled
    | BookSnapshotted
    | BookChanged
    | TickSizeChanged
    | TradePrinted
    | ChainlinkPriced
    | ExchangeTraded
    | ExchangeQuoted
    | CandlesLoaded
    | FeedUp
    | FeedStale
    | FeedDown
    | FeedGapped
    | FeedMended
    | FeedRefused
    | FrameRejected
    | Report
    | CashMoved
    | PairsMerged
    | WinnersRedeemed
    | InTransit
    | Reconciled
    | Commanded
    | TicketSent
    | TicketWithdrawn
)

MarketEvent = (
    BookSnapshotted
    | BookChanged
    | TickSizeChanged
    | TradePrinted
    | RoundSettled
    | ChainlinkPriced
    | ExchangeTraded
    | ExchangeQuoted
)
"""What a codec may make of a frame."""

__all__ = [
    "ACCOUNT_FEEDS",
    "BOOK_FEED",
    "EXCHANGE_FEED",
    "FINAL",
    "HEARTBEAT_FEED",
    "NO_WINNER",
    "USER_FEED",
    "VENUE_FEED",
    "AcceptanceChanged",
    "Accepted",
    "Action",
    "AssetHalted",
    "BookChanged",
    "BookSnapshotted",
    "CancelRefused",
    "Cancelled",
    "CandlesLoaded",
    "CashKind",
    "CashMoved",
    "ChainlinkPriced",
    "ClaimsLeft",
    "Commanded",
    "Deferred",
    "DeskOpened",
    "Event",
    "ExchangeQuoted",
    "ExchangeTraded",
    "FeedDown",
    "FeedGapped",
    "FeedMended",
    "FeedRefused",
    "FeedStale",
    "FeedUp",
    "Filled",
    "ForecastLeft",
    "FoundOrder",
    "FrameRejected",
    "HeldRound",
    "InTransit",
    "Level",
    "LevelChange",
    "LoadedStrategy",
    "MarketEvent",
    "ModelLoaded",
    "NotFound",
    "OrderFound",
    "PairsMerged",
    "Reconciled",
    "Refused",
    "Report",
    "Reversed",
    "RiskStateRestored",
    "RoundClosed",
    "RoundFound",
    "RoundOpened",
    "RoundSettled",
    "SettingsChanged",
    "Stopped",
    "StrategiesLoaded",
    "StrategyDawdled",
    "StrikePublished",
    "TickSizeChanged",
    "Ticked",
    "TicketSent",
    "TicketWithdrawn",
    "Trade",
    "TradePrinted",
    "Unanswered",
    "WinnersRedeemed",
]
"""Whoever takes events finds all of them here, wherever they are written down."""
