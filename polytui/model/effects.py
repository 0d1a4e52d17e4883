"""Every output of a desk: orders to send or cancel, books to read anew, reasons to record."""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import field, frozen
from msgspec import Struct

from polytui.model.orders import Order, Quote
from polytui.model.units import Price, Usd


class Reason(str, Enum):
    """Why nothing was traded, or why something was refused. Each comes with a number."""

    NONE = "none"
    # What a view lacks.
    FEED_DOWN = "feed down"
    CHAINLINK_STALE = "Chainlink stale"
    NO_STRIKE = "no strike"
    STRIKE_UNSURE = "strike not confirmed"
    NO_PRICE = "no price"
    NO_BOOK = "no book"
    BOOK_UNSETTLED = "book unsettled"
    BOOK_LATE = "book late"
    NO_ORDERS = "venue takes no orders"
    USER_DOWN = "user channel down"
    HEARTBEAT_LOST = "heartbeat lost"
    VENUE_SHUT = "venue takes no orders now"
    VENUE_ONLY_RESTS = "venue takes only orders that rest"
    TWO_BOOKS = "Up and Down have a book each"
    NO_VOLATILITY = "no volatility yet"
    NO_FEATURES = "features missing"
    NO_MODEL = "no model"
    # What a strategy finds wanting.
    NO_DIRECTION = "no direction"
    VOTES_FEW = "too few votes"
    VOTES_DISAGREE = "votes disagree"
    CONFIDENCE_LOW = "confidence low"
    SCORE_SMALL = "score small"
    FAIR_UNSURE = "outcome unsure"
    AVERAGE_OPEN = "closing average open"
    EDGE_SMALL = "edge small"
    FORECAST_OFF = "forecast does not fit"
    CLAIM_SHRUNK = "claim shrunk by its record"
    STAKE_SMALL = "stake below minimum"
    KELLY_SPENT = "half Kelly of this close is spent"
    LEAVES_AT_ONCE = "would leave at once"
    PRICE_FAR = "price far out"
    POSITION_HELD = "stake is in"
    # Gates.
    TOO_EARLY = "too early"
    TOO_LATE = "too late"
    SPREAD_WIDE = "spread wide"
    SPREAD_NARROW = "spread narrow"
    DEPTH_THIN = "depth thin"
    MARKET_CALM = "market calm"
    MARKET_WILD = "market wild"
    CONSENSUS_UNSURE = "consensus unsure"
    BOOK_STALE = "book stale"
    SIGNAL_YOUNG = "signal young"
    SIGNAL_SPENT = "side was traded"
    OTHER_SIDE_HELD = "other side held"
    OUTBID = "better signal elsewhere"
    SHADOW = "in shadow: not enabled"
    # Strategies that are not ours.
    OWN = "its own reason"
    OWN_RAISED = "strategy halted, it raised"
    OWN_WRONG = "strategy halted, no opinion"
    OWN_SLOW = "strategy halted, too slow"
    # People, and what stops by itself.
    PAUSED = "paused"
    HALTED = "halted"
    STOPPING = "stopping"
    KILL_SWITCH = "kill switch"
    SESSION_DONE = "session rounds done"
    ROUND_VOID = "round cancelled: every share pays half"
    # Limits.
    OFF_TICK = "off tick"
    EXPIRY = "expires as no venue takes it"
    NOT_HELD = "not held"
    LIMIT_ORDER = "order limit"
    LIMIT_POSITION = "position limit"
    LIMIT_ROUND = "round limit"
    LIMIT_NET = "net inventory"
    LIMIT_ASSET = "asset limit"
    LIMIT_CLOSING = "closing time limit"
    LIMIT_ACCOUNT = "account limit"
    LIMIT_CASH = "cash"
    LIMIT_ORDERS = "working orders limit"
    LIMIT_ROUND_ORDERS = "orders of the round"
    LIMIT_ROUND_RUNGS = "rungs of the round"
    LIMIT_OPEN = "open positions limit"
    LIMIT_OPEN_INTERVAL = "open of the interval"
    LIMIT_OPEN_ASSET = "open of the asset"
    LIMIT_TRADES = "trades of the day"
    LIMIT_DAILY_LOSS = "daily loss limit"
    LIMIT_DRAWDOWN = "drawdown limit"
    LIMIT_DRAWDOWN_PCT = "drawdown of the peak"
    LIMIT_LOSSES = "losses in a row"
    COOLDOWN = "cooldown"
    RAMP = "first rounds at the smallest size"
    OWN_ORDER = "would trade with our own order"
    # Tickets of people.
    TICKETS_OFF = "tickets are off"
    VIEW_OLD = "what you saw is old"
    ROUND_OVER = "round is not open"
    SENT_ALREADY = "sent already"
    WOULD_TAKE = "would take, not rest"
    NOT_YOURS = "not bought by hand"
    # Exits.
    TAKE_PROFIT = "take profit"
    STOP_LOSS = "stop loss"
    TIME_EXIT = "time exit"
    SIGNAL_FLIP = "signal flipped"
    FORCED_EXIT = "forced exit"
    HELD_TO_SETTLEMENT = "held to settlement"
    DUST = "too little to sell"
    NOT_HERE = "shares on their way"
    # What breakers look at.
    DIVERGENCE = "fair value against market"
    RECONNECTS = "reconnects a minute"
    SPREAD_SPIKE = "spread spike"
    FEE_SPIKE = "fee spike"
    REJECTS = "orders refused"
    LATENCY = "latency"
    QUEUE_FULL = "queue filling"
    CLOCK_BEHIND = "this machine's clock is behind"
    CONTRADICTED = "venue contradicts itself"
    STRAY_FILL = "fill of an order nobody knows"
    FILL_REVERSED = "trade failed in the end"
    DISK_REFUSES = "this machine's disk refuses"


OF_A_SHARE = frozenset(
    {
        *(Reason.EDGE_SMALL, Reason.CLAIM_SHRUNK, Reason.OUTBID, Reason.SIGNAL_FLIP),
        *(Reason.SPREAD_WIDE, Reason.SPREAD_NARROW, Reason.STRIKE_UNSURE),
    }
)
"""Their bps are of the one dollar that a share can pay, which people read in cents; a bp of others
is one of a price."""

EXITS = frozenset(
    {
        *(Reason.TAKE_PROFIT, Reason.STOP_LOSS, Reason.TIME_EXIT, Reason.SIGNAL_FLIP),
        *(Reason.FORCED_EXIT, Reason.HELD_TO_SETTLEMENT, Reason.DUST, Reason.NOT_HERE),
    }
)
"""Said of what is held, and of no entry."""


class Why(Struct, frozen=True, gc=False):
    """A reason with its number: value against limit in unit; unit empty where none applies."""

    reason: Reason
    value: float = 0.0
    limit: float = 0.0
    unit: str = ""

    def text(self) -> str:
        """One short line: "edge small: 41 < 60 bps"."""
        if not self.unit:
            return self.reason.value
        value, limit = _told_apart(self.value, self.limit)
        sign = "<" if self.value < self.limit else ">" if self.value > self.limit else ">="
        return f"{self.reason.value}: {value} {sign} {limit} {self.unit}"


def _told_apart(value: float, limit: float) -> tuple[str, str]:
    """Both as short as they are still two numbers: 59.98 < 60.00, never 60 < 60."""
    value, limit = value + 0.0, limit + 0.0  # no negative zero: it would look like another number
    texts = _short(value), _short(limit)
    for decimals in range(10):
        if texts[0] != texts[1] or value == limit:
            break
        texts = f"{value:,.{decimals}f}", f"{limit:,.{decimals}f}"
    return texts


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


_GRANT = object()


@frozen
class Stamp:
    """Proof that risk allowed this very quote. Only `risk/pretrade.py` may call `grant`."""

    quote: Quote
    exposure: Usd
    """Dollars at risk in the account with this order counted in full."""
    _proof: Any = field(default=None, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if self._proof is not _GRANT:
            raise TypeError("a Stamp comes only from risk/pretrade.py")

    @classmethod
    def grant(cls, quote: Quote, exposure: Usd) -> Stamp:
        return cls(quote, exposure, _GRANT)


@frozen
class Grounds:
    """What was known when an order was sent, for whoever asks later: no part of what is asked of
    the venue. None for what was not known."""

    is_exit: bool = False
    price: float | None = None
    """The consensus, in dollars."""
    strike: float | None = None
    fair: float | None = None
    """Our probability that its outcome wins."""
    mid: Price | None = None
    """Of its outcome's book."""
    confidence: float | None = None
    edge_bps: float | None = None
    """Of its strategy's signal; None for what is no signal."""


NO_GROUNDS = Grounds()


@frozen
class Place:
    """Send this order. It cannot be made without a stamp."""

    order: Order
    stamp: Stamp
    grounds: Grounds = NO_GROUNDS

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.stamp, Stamp):
            raise TypeError("Place needs a Stamp")
        if self.order.quote != self.stamp.quote:
            raise ValueError("this Stamp was given to another order")


@frozen
class RecordedPlace:
    """That an order was sent, as a journal has it: to be read, counted and compared. It is no
    `Place`, has no stamp, and nothing makes one of it: what a file says was never allowed here."""

    order: Order
    exposure: Usd
    """What its stamp said."""
    grounds: Grounds = NO_GROUNDS


@frozen
class Cancel:
    order_id: str


STOP = "stop"
"""Why everything is cancelled at the end of a session: nothing that anybody need be told."""


@frozen
class CancelAll:
    """Cancel everything of this asset, known to us or not."""

    why: str


@frozen
class LookUp:
    """Ask the venue for this order by its id, and report what it says."""

    order_id: str


@frozen
class Resync:
    """Read the books of this round anew by REST: the stream's do not add up."""

    slug: str


@frozen
class Explain:
    """Why a strategy does not trade, or no longer for the same reason."""

    slug: str
    strategy: str
    why: Why


@frozen
class Trip:
    """A breaker opened: no entries of this asset until `until_ns`; 0: until a person resumes."""

    why: Why
    until_ns: int


@frozen
class Release:
    """A breaker closed again by itself."""

    reason: Reason


@frozen
class Warn:
    """Not yet a reason to stop, but people should know."""

    why: Why


VOID = "nobody"
"""The winner of a round that was cancelled."""


@frozen
class Credit:
    """A round was settled: what it cost, what it paid, and what is left of it."""

    slug: str
    winner: str
    payout: Usd
    pnl: Usd


@frozen
class Decline:
    """A person's order is not sent, or no longer works, and why."""

    slug: str
    order_id: str
    why: Why


@frozen
class HaltStrategy:
    """A strategy that is not ours is asked no more, in no asset, until the next session or another
    version of it."""

    strategy: str
    words: str


_AsItIs = (
    Cancel
    | CancelAll
    | LookUp
    | Resync
    | Explain
    | Trip
    | Release
    | Warn
    | Credit
    | Decline
    | HaltStrategy
)
"""Effects that a journal has as they are."""
Effect = Place | _AsItIs
RecordedEffect = RecordedPlace | _AsItIs
"""What is read of a journal."""


def recorded(effect: Effect) -> RecordedEffect:
    """An effect as a journal has it."""
    if isinstance(effect, Place):
        return RecordedPlace(effect.order, effect.stamp.exposure, effect.grounds)
    return effect
