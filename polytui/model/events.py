"""Every input of a desk: what the wires saw, what the execution client reports, what people
command.

Past participles, frozen, journaled in the order the desks took them. Two times where they
exist: `venue_ns` (what the venue wrote) and `received_ns` (when we read it), both UTC
nanoseconds on the session's clock. Levels are (price, shares) pairs in millionths.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.model.candle import Candle
from polytui.model.effects import Why
from polytui.model.instrument import Asset, PriceKind, Round
from polytui.model.orders import Holding, Side
from polytui.model.units import Price, Shares, Usd

BOOK_FEED = "book"
"""The feed that carries the books; without it nothing may be decided."""

EXCHANGE_FEED = "binance"
"""The feed whose trades open and close an hourly round's candle."""

Level = tuple[int, int]
"""(price, shares), both in millionths."""


# --- the life of a desk ---------------------------------------------------------------------


@frozen
class HeldRound:
    """A round in which something is held, with what has been realised in it so far."""

    round: Round
    holdings: tuple[Holding, ...]
    cash_flow: Usd
    """Everything received minus everything paid in this round, fees included."""


@frozen
class DeskOpened:
    """A desk begins (life 1) or begins again after a crash, with what the venue says it has."""

    asset: Asset
    life: int
    realised: Usd = Usd(0)
    """PnL of every round of this asset that was settled in the session."""
    held: tuple[HeldRound, ...] = ()


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
class Stopped:
    """Why one asset took no entries when a session ended, other than by the kill switch."""

    asset: str
    is_paused: bool = False
    is_flattening: bool = False
    whys: tuple[Why, ...] = ()
    """What paused it by itself, a halt included; empty where a person did."""
    breakers: tuple[tuple[Why, int], ...] = ()
    """Open breakers: (why, until_ns)."""
    is_flattened: bool = False
    """It was sold on purpose, and nobody had resumed it."""


@frozen
class AssetHalted:
    """The asset crashed too often: it has no more lives in this session, and enters nothing in the
    next one until a person resumes it."""

    crashes: int
    most: int


@frozen
class ClaimsLeft:
    """What came of one strategy's claims on one asset in one third of prices (`ledger/claims.py`):
    faded sums over them, per share in dollars."""

    asset: str
    strategy: str
    third: str
    count: float
    claimed: float
    realised: float
    cross: float
    """Of claimed x realised / variance."""
    square: float
    """Of claimed^2 / variance."""


@frozen
class ForecastLeft:
    """How well one asset's forecasts fitted what came (`market/forecast_watch.py`): faded sums."""

    asset: str
    horizons: tuple[tuple[int, float, float], ...] = ()
    """(seconds ahead, samples, sum of z^2)."""
    marks: tuple[
        tuple[int, float, tuple[float, ...], tuple[float, ...], tuple[float, ...]], ...
    ] = ()
    """(seconds before the close, sum of (said - came)^2, and by tenths of what was said of Up:
    rounds, sum of what was said, how often it came)."""
    at_ns: int = 0
    """When these sums stood so: they fade between sessions as well. 0 where that was not kept."""


@frozen
class RiskStateRestored:
    """What earlier sessions left behind: counters of the day, the kill switch, and what else was
    stopped. A field that is added has a default: older risk states are read without it."""

    day: int
    """Days since 1970 UTC to which the daily counters belong."""
    realised_today: Usd
    trades_today: int
    realised_peak: Usd
    """The highest that the realised result stood over all sessions, above where this one starts;
    0 where it starts at its highest."""
    losses_in_a_row: tuple[tuple[str, int], ...]
    """(asset, settled rounds that lost, one after another)."""
    kill_why: str
    """Why the kill switch is on; empty while it is off."""
    kill_since_ns: int
    stopped: tuple[Stopped, ...] = ()
    """Assets that are paused, halted or sold off, and open breakers."""
    breach: tuple[int, float] = (0, 0.0)
    """Day and limit (USD) of the last kill by a day's loss: who re-armed is not killed again."""
    equity_peak: Usd = Usd(0)
    """The money there was at the highest, of which `realised_peak` is a share; 0 where this one
    starts at its highest."""
    claims: tuple[ClaimsLeft, ...] = ()
    """What strategies claimed, and what came of it."""
    forecasts: tuple[ForecastLeft, ...] = ()
    """How well the forecast fitted, by asset."""


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


# --- books ----------------------------------------------------------------------------------


@frozen
class BookSnapshotted:
    """A whole book. Levels worst first, as on the wire: the best is the last element."""

    token_id: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    tick: Price | None
    venue_ns: int
    received_ns: int
    source: str = "stream"
    """"stream" or "rest"."""


@frozen
class LevelChange:
    """One level's new absolute size; 0 removes it. Bests are the venue's, None if not sent."""

    token_id: str
    side: Side
    """BUY is the bid side of this token."""
    price: Price
    shares: Shares
    best_bid: Price | None
    best_ask: Price | None


@frozen
class BookChanged:
    """The changes of one frame: the same order seen from both tokens comes as a pair."""

    changes: tuple[LevelChange, ...]
    venue_ns: int
    received_ns: int


@frozen
class TickSizeChanged:
    token_id: str
    tick: Price
    venue_ns: int
    received_ns: int


@frozen
class TradePrinted:
    """Somebody's trade on a Polymarket book. `taker_side` is the aggressor's."""

    token_id: str
    price: Price
    shares: Shares
    taker_side: Side
    venue_ns: int
    received_ns: int


# --- prices ---------------------------------------------------------------------------------


@frozen
class ChainlinkPriced:
    """A point of Chainlink. `observed_ns` is the second it speaks of."""

    asset: Asset
    feed: str
    kind: PriceKind
    value: float
    window_s: int
    observed_ns: int
    venue_ns: int
    """When the relay sent it; equal to `observed_ns` in a history batch."""
    received_ns: int


@frozen
class ExchangeTraded:
    """A trade on an exchange, in the exchange's own currency."""

    asset: Asset
    venue: str
    trade_id: int
    price: float
    size: float
    taker_side: Side
    venue_ns: int
    received_ns: int
    is_history: bool = False
    """Given again after a gap or at subscription: true, but no news."""


@frozen
class ExchangeQuoted:
    """Best bid and ask of an exchange. `venue_ns` is 0 where the venue does not say."""

    asset: Asset
    venue: str
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    venue_ns: int
    received_ns: int
    bid_depth: float = 0.0
    """Coins in the ten best bids; 0 where the feed does not carry them."""
    ask_depth: float = 0.0


@frozen
class CandlesLoaded:
    """Candles of `length_s` from the exchange's history, oldest first, all of them closed."""

    asset: Asset
    venue: str
    length_s: int
    candles: tuple[Candle, ...]
    received_ns: int


# --- the health of feeds, in order with their data ----------------------------------------------


@frozen
class FeedUp:
    feed: str
    at_ns: int


@frozen
class FeedStale:
    """Connected, but no data for longer than its limit. FeedUp follows when data comes again."""

    feed: str
    age_ms: int
    at_ns: int
    stream: str = ""
    """The one stream of the feed that is silent; empty for all of it."""


@frozen
class FeedDown:
    feed: str
    detail: str
    at_ns: int


@frozen
class FeedGapped:
    """Something of the feed never came: `missed` trades or messages, by their numbers."""

    feed: str
    missed: int
    detail: str
    at_ns: int


@frozen
class FeedMended:
    """What was missed was given again by the venue: `recovered` trades of the last gap."""

    feed: str
    recovered: int
    is_whole: bool
    """Whether nothing of the gap is left."""
    at_ns: int
    from_ns: int = 0
    until_ns: int = 0
    """[from, until) of the venue's time in which every trade is known now; whole seconds."""


@frozen
class FeedRefused:
    """The venue understood us and said no (a subscription, a key); its own words."""

    feed: str
    detail: str
    at_ns: int


@frozen
class FrameRejected:
    """A frame that could not be believed: counted, kept in part, never acted on."""

    feed: str
    reason: str
    length: int
    sample: str
    """At most 200 characters, escaped."""
    received_ns: int


# --- reports of the execution client ---------------------------------------------------------


@frozen
class Accepted:
    order_id: str


@frozen
class Refused:
    """The venue proved that this order never lived."""

    order_id: str
    detail: str


@frozen
class Unanswered:
    """A timeout or 5xx: the order may be live."""

    order_id: str
    detail: str


@frozen
class Filled:
    order_id: str
    trade_id: str
    price: Price
    shares: Shares
    fee: Usd
    is_taker: bool


@frozen
class Cancelled:
    """The rest of the order is gone."""

    order_id: str
    detail: str


@frozen
class CancelRefused:
    order_id: str
    detail: str


@frozen
class NotFound:
    """Reconcile looked for the order and the venue does not know it."""

    order_id: str


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
    | Accepted
    | Refused
    | Unanswered
    | Filled
    | Cancelled
    | CancelRefused
    | NotFound
    | Commanded
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

Report = Accepted | Refused | Unanswered | Filled | Cancelled | CancelRefused | NotFound
"""What an execution client may say of an order."""
