"""What faces may see: frozen values, ready to be drawn, with no secret in them.

Prices and money stay in millionths, times in UTC nanoseconds of the session's clock; faces
format. Levels are best first here, the way a ladder is read.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.model.events import Level
from polytui.model.score_views import ForecastView, SaidView, ScoreView


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
    missed: int = 0
    """Trades or messages that never came and were not given again."""
    duplicates: int = 0
    misdated: int = 0
    """Events whose stamp was not believed: ahead of our clock, or in another unit."""
    offset_ms: float | None = None
    """Least of received minus stamped over minutes; below 0 its clock is ahead of ours. None where
    it stamps nothing."""


@frozen
class VenuePriceView:
    """One exchange's part in the consensus."""

    venue: str
    price: float
    """Its mid, in its own currency."""
    adjusted: float | None
    """Less its basis: what it says Chainlink will say. None before a basis is known."""
    basis_bps: float | None
    age_ms: int
    latency_ms: float | None
    """Venue stamp to our reading, averaged; None where the venue stamps nothing."""
    weight: float
    """Its share of the consensus, 0 to 1."""
    is_outlier: bool


@frozen
class ConsensusView:
    """The consensus, what it is made of, and Chainlink beside it."""

    price: float | None
    trust: float
    """In the price, 0 to 1."""
    disagreement_bps: float | None
    lead_bps: float | None
    """The consensus over Chainlink's last word."""
    settlement: float | None
    settlement_age_ms: int
    """Since the second it speaks of; -1 before the first."""
    settlement_feed: str
    """The relay that serves now: "polybolt", "rtds" or "" for none."""
    venues: tuple[VenuePriceView, ...]


NO_CONSENSUS = ConsensusView(None, 0.0, None, None, None, -1, "", ())
"""Before anything was heard."""


@frozen
class AverageView:
    """The part of a round's closing average that is already observed."""

    window_s: int
    observed_s: float
    average: float | None
    """Of the observed part, dollars; None while nothing is."""


@frozen
class FeatureView:
    name: str
    value: float | None
    age_ms: int
    """Since the data it was made of; -1 without any."""
    is_stale: bool


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
    confidence: float | None = None
    """0 to 1."""
    size_usd: float = 0.0
    """What it would pay, or pays, for what it wants; 0 for nothing."""
    is_live: bool = True
    """Whether it may trade here; in shadow otherwise."""
    worth: float | None = None
    """Dollars a share of its direction is worth to it; None where it did not come to that."""

    @property
    def worth_up(self) -> float | None:
        """Up's price by it."""
        if self.worth is None or not self.direction:
            return None
        return self.worth if self.direction == "up" else 1.0 - self.worth


@frozen
class LimitView:
    """One limit: how much of it is used."""

    name: str
    used: float
    allowed: float
    unit: str


@frozen
class BreakerView:
    """A breaker that is open."""

    reason: str
    until_ns: int
    """0: until a person resumes."""


@frozen
class SettingView:
    """A setting that may be changed while the engine runs."""

    path: str
    """ "gates.after_open_s"."""
    value: str
    """As JSON."""
    doc: str


@frozen
class OrderView:
    order_id: str
    outcome: str
    side: str
    price: int
    shares: int
    filled: int
    state: str
    is_by_hand: bool = False
    """A person sent it."""


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
    average: AverageView | None = None
    """None where the rule has no average."""
    is_strike_estimated: bool = False
    """Our own reckoning of it, until somebody says it."""
    fair_age_ms: int = -1
    """Of `fair_up`: 0 while each look makes it anew, else since the last; -1 before the first."""
    block: str = ""
    """Why nobody may enter now, with its number; empty where nothing is in the way of all."""
    up_awaited: int = 0
    """Of the shares, those that cannot be sold yet: no block has taken their trade."""
    down_awaited: int = 0
    flow: int = 0
    """Received less paid in this round so far, fees included: with the shares that are held it says
    what either end of the round comes to."""


@frozen
class OddWordsView:
    """What the venue said of our orders that did not fit what we know; all 0 on a good day."""

    contradictions: int = 0
    """Answers that the table of an order's life has no row for."""
    stray_fills: int = 0
    """Fills of orders nobody knew."""
    reversals: int = 0
    """Trades that were matched and failed in the end."""
    unplaced: int = 0
    """Words of fills that belong to no round: the ledger may differ from the venue."""
    unsent: int = 0
    """Orders that we saw ourselves the venue would not take."""


@frozen
class AssetView:
    asset: str
    at_ns: int
    state: AssetState
    detail: str
    """Why it is halted, paused or restarting; empty otherwise."""
    life: int
    consensus: ConsensusView
    features: tuple[FeatureView, ...]
    rounds: tuple[RoundView, ...]
    feeds: tuple[FeedView, ...]
    rounds_settled: int
    signals: int
    orders: int
    fills: int
    realised_pnl: int
    marked_pnl: int
    scores: tuple[ScoreView, ...] = ()
    limits: tuple[LimitView, ...] = ()
    breakers: tuple[BreakerView, ...] = ()
    forecasts: tuple[ForecastView, ...] = ()
    said: tuple[SaidView, ...] = ()
    resets: tuple[str, ...] = ()
    """What would be measured anew if a person resumed it, each with its numbers."""
    is_flattened: bool = False
    """It was sold on purpose, and nobody has resumed it since."""
    odd: OddWordsView = OddWordsView()


@frozen
class LatencyView:
    """One figure of `model/latency.py` over all orders of the session; real milliseconds."""

    name: str
    count: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    level: str
    """"good", "warn", "critical" or "stale": the worst of all assets now."""


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
    limits: tuple[LimitView, ...] = ()
    kill_why: str = ""
    settings_digest: str = ""
    behind_ms: int = 0
    """How old the newest book was when it was read: how far this machine is behind; real time."""
    crowd_delay_s: float = 0.0
    """By how much the simulated crowd is behind; 0 where nothing is simulated."""
    latencies: tuple[LatencyView, ...] = ()
    wallet: str = ""
    """The address whose money it is; empty on paper."""
    moved: int = 0
    """Of the cash: what came or went in this session and no trade explains."""
    halted_strategies: tuple[str, ...] = ()
    """Those that are asked no more."""
    ramp_proven: int = 0
    ramp_rounds: int = 0
    """Rounds at the smallest size: proven so far, and wanted; 0 of 0 without a ramp."""
    winnings: str = ""
    """Words of `model/winnings.py`; empty where nobody brings winnings home."""


@frozen
class Notice:
    """A line of the log. `level`: info, good, warn or error; `seqs`: of the command that it speaks
    of, as its Ack says them; `number`: of this engine's lines, from 1, 0 of a face's own."""

    at_ns: int
    level: str
    asset: str
    text: str
    seqs: tuple[int, ...] = ()
    """Of the command that it speaks of, as its Ack says them; empty for everything else."""
    kind: str = ""
    """One of `model/notice_kinds.py`, of what somebody who looks away wants to hear; else empty."""
    number: int = 0
