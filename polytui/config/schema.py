"""Every setting: one class per table of config.toml, a docstring under every field.

Units are in the names. Durations of the session (`_s`, `_ms`) are session time, so a demo at
twenty times speed keeps its proportions; durations of sockets and tasks are real time, and
say so.
"""

from __future__ import annotations

from typing import Any

from attrs import Factory, field, frozen

from polytui.config.checks import (
    ABOVE_ZERO,
    NO_REPEATS,
    NOT_NEGATIVE,
    UTC_TIME,
    between,
    one_of,
    setting,
)
from polytui.config.deciding import (
    BreakerSettings,
    ClaimSettings,
    ConfluenceSettings,
    DecidingSettings,
    DistanceFadeSettings,
    ExitSettings,
    GateSettings,
    MomentumScoreSettings,
    PredictorSettings,
    SettlementSniperSettings,
)
from polytui.config.execution import ExecutionSettings, LatencySettings
from polytui.config.files import FileSettings
from polytui.config.keys import KeySettings
from polytui.config.live import LiveSettings
from polytui.config.markets import FeatureSettings, MarketSettings, RoundSettings, WatchSettings
from polytui.config.own import OwnStrategiesSettings, OwnTables
from polytui.config.redeem import RedeemSettings
from polytui.config.terminal import TerminalSettings
from polytui.config.ticket import TicketSettings
from polytui.config.wires import ClockSettings, EndpointSettings, HttpLimits, SocketLimits
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.units import NS_PER_MS, NS_PER_S


@frozen
class SessionSettings:
    assets: tuple[Asset, ...] = setting(tuple(Asset), NO_REPEATS)
    """Which assets trade, each in a nursery of its own."""
    intervals: tuple[Interval, ...] = setting((Interval.M5,), NO_REPEATS)
    """Which rounds are watched and traded: 5m, 15m, 1h, 4h."""
    exchanges: tuple[Exchange, ...] = setting(tuple(Exchange), NO_REPEATS)
    """Whose prices make the consensus."""
    rounds: int = setting(0, NOT_NEGATIVE)
    """Stop by itself after so many settled rounds of each asset; 0 goes on until told."""


@frozen
class RiskSettings:
    """May the order go? Counted with everything that works, or may work, as if filled."""

    max_order_usd: float = setting(25.0, ABOVE_ZERO)
    """One order, at the price it may pay, fee included."""
    max_position_usd: float = setting(50.0, ABOVE_ZERO)
    """On one outcome of one round."""
    max_round_usd: float = setting(50.0, ABOVE_ZERO)
    """Both outcomes of one round, held at cost and still to be bought."""
    max_net_usd: float = setting(50.0, ABOVE_ZERO)
    """What one round can lose if one outcome loses: shares of it that are not paired, at cost, and
    the worse of everything that works. A pair is a dollar whoever wins."""
    max_asset_usd: float = setting(100.0, ABOVE_ZERO)
    """All rounds of one asset together."""
    max_account_usd: float = setting(300.0, ABOVE_ZERO)
    """Exposure: what all positions cost and all working orders may cost."""
    max_closing_usd: float = setting(60.0, ABOVE_ZERO)
    """What all rounds that close at one time can lose together, of all assets and intervals."""
    max_open_positions: int = setting(8, between(1, 1000))
    """Rounds of the account in which something is held or may be; unsettled ones count."""
    max_interval_positions: int = setting(6, between(1, 1000))
    """The same of one interval, of all assets."""
    max_asset_positions: int = setting(3, between(1, 1000))
    """The same of one asset, of all intervals."""
    max_working_orders: int = setting(4, between(1, 100))
    """Of one asset."""
    max_orders_per_round: int = setting(12, between(1, 1000))
    """Sent in one round, whatever became of them."""
    max_rungs_per_round: int = setting(2_000, between(1, 1_000_000))
    """The same of quote sets: a ladder that moves with every tick must end somewhere."""
    max_trades_per_day: int = setting(500, between(1, 1_000_000))
    """Entries of the account since midnight UTC."""
    max_daily_loss_usd: float = setting(100.0, ABOVE_ZERO)
    """No entry by which the day could lose more since midnight UTC, if all that is open ends as
    badly as it can; once so much is realised, the kill switch trips."""
    max_drawdown_usd: float = setting(60.0, ABOVE_ZERO)
    """Realised result below its highest; a breaker for the whole account."""
    max_drawdown_pct: float = setting(10.0, between(0.01, 100.0))
    """The same in percent of the money there was at the highest."""
    max_losses_in_a_row: int = setting(3, between(1, 1000))
    """Settled rounds of one asset; then it is paused until a person resumes it."""


@frozen
class QuotingSettings:
    """Quote sets: when a rung that works is left alone, and when it is placed anew."""

    price_tolerance_ticks: int = setting(0, between(0, 50))
    """A rung may stand so much farther from the market than it is wanted; never nearer."""
    size_tolerance: float = setting(0.2, between(0.0, 0.9))
    """Of the size that is wanted: a rung that is off by more is replaced."""
    retry_s: float = setting(1.0, NOT_NEGATIVE)
    """A rung that the venue refused, or took back unasked, is not tried again sooner."""


@frozen
class PaperSettings:
    """Trading on paper against the live book, and how late it and shadows are."""

    starting_cash_usd: float = setting(1000.0, ABOVE_ZERO)
    """What a session on paper begins with."""
    taker_delay_ms: int = setting(150, between(0, 5000))
    """The venue holds a marketable order so long before it looks at it again and matches it: 150
    since September 2026 by its changelog, 250 by another page of its own."""
    ack_delay_ms: int = setting(40, between(0, 5000))
    """The venue's own work on an order that rests, or on a cancel."""
    order_latency_ms: float = setting(30.0, between(0, 10_000))
    """From us to the venue, for orders and cancels; the median of what is drawn for each."""
    answer_latency_ms: float = setting(30.0, between(0, 10_000))
    """From the venue to us: its answers, and the book that an order met; the median."""
    latency_spread: float = setting(0.25, between(0, 2))
    """Standard deviation of the logarithm of both latencies; 0 makes each the same."""
    latency_seed: int = setting(1, NOT_NEGATIVE)
    """What latencies are drawn from: the same seed and order, the same latency."""
    mined_least_s: float = setting(2.0, between(0, 600))
    """A match is no share yet: from it until a block has the trade, at least. Until then what was
    bought cannot be sold, and what a sale brought cannot be spent."""
    mined_most_s: float = setting(10.0, between(0, 600))
    """The same at most: drawn evenly for each trade. 0: at once, which no chain is."""
    queue: str = setting(
        "pessimistic", one_of("through", "pessimistic", "realistic", "optimistic", "touch")
    )
    """How a resting order moves up. through: only trades and quotes beyond its price fill it;
    pessimistic: who cancels stood behind it, as far as the level allows; realistic: anywhere;
    optimistic: before it; touch: nobody is before it, a trade at its price fills it."""

    @property
    def taker_ns(self) -> int:
        """From sending a marketable order until we could know what it met, at the medians."""
        ways_ms = self.order_latency_ms + self.answer_latency_ms
        return int((ways_ms + self.taker_delay_ms) * NS_PER_MS)

    @property
    def mined_ns(self) -> int:
        """From a match to its block, in the middle."""
        return int((self.mined_least_s + self.mined_most_s) / 2 * NS_PER_S)


@frozen
class SupervisionSettings:
    """Restarts and stops; real time."""

    backoff_first_s: float = setting(0.5, ABOVE_ZERO)
    """Before a crashed asset begins its next life; doubled with each crash."""
    backoff_cap_s: float = setting(10.0, ABOVE_ZERO)
    """It never waits longer than this."""
    max_crashes: int = setting(3, between(1, 100))
    """The one after which the asset is halted."""
    window_s: float = setting(600.0, ABOVE_ZERO)
    """So many crashes within this time halt the asset."""
    stop_grace_s: float = setting(4.0, ABOVE_ZERO)
    """For working orders to end after Stop."""
    owner_wait_s: float = setting(20.0, ABOVE_ZERO)
    """An engine started by a terminal stops if no terminal comes."""


@frozen
class QueueSettings:
    inbox: int = setting(20_000, between(2_000, 1_000_000))
    """Events waiting for one desk; a full inbox is a fault of the asset, never silent loss."""
    effects: int = setting(1_000, between(10, 100_000))
    """Orders and cancels that may wait for their executor."""
    notices: int = setting(500, between(10, 100_000))
    """Per face; the oldest are dropped and counted."""


@frozen
class JournalSettings:
    directory: str = "runs"
    """One folder per session is made here."""
    flush_ms: int = setting(200, between(10, 10_000))
    """The journal goes to the disk so often."""
    digest_every: int = setting(1000, between(10, 1_000_000))
    """Events between two digests of the desks' state."""
    checkpoint_every: int = setting(50_000, between(100, 10_000_000))
    """Events between two checkpoints, from each of which the journal can be read on its own. One
    takes about 2 ms and 50 kB for each asset."""
    waypoint_every: int = setting(4_000, between(100, 10_000_000))
    """Events between two states that `polytui watch` can jump to. One takes about 2 ms and 10 kB
    for each asset."""
    segment_mb: float = setting(64.0, between(0.01, 4_096.0))
    """The journal goes on in a new file at this size; the closed one is compressed to about a
    tenth."""
    segment_s: float = setting(3_600.0, between(1.0, 1_000_000.0))
    """And after so long, in real time."""
    most_waiting_mb: int = setting(64, between(1, 4_096))
    """So much may wait in memory for a disk that refuses: half an hour of four assets. What comes
    on top is counted and lost, and the journal goes on from a checkpoint when the disk takes again.
    """
    keep_days: float = setting(30.0, NOT_NEGATIVE)
    """Closed files older than this are thinned: prices, books and trades of the market that led to
    nothing go; checkpoints, decisions with their reasons, orders, fills, settlements and commands
    stay. A thinned file replays no more. 0 keeps all."""
    keep_mb: int = setting(20_000, NOT_NEGATIVE)
    """Where all closed files of the directory have more, the oldest are thinned. 0 keeps all."""
    keep_thinned_days: float = setting(0.0, NOT_NEGATIVE)
    """Thinned files older than this are removed, with what was traded in them. 0 keeps all."""
    keep_exchange_trades: bool = True
    """false takes the raw trades of exchanges out of each file but the last of a session, when it
    is closed. The cost: such a file does not replay and is not verified, for they move candles and
    flow features; decisions, orders and fills stay."""
    recover_within_s: float = setting(20.0, between(1.0, 3_600.0))
    """A start reads the journal before it for so long at most, real time: some seconds from a
    checkpoint, much more where none can be read. What takes longer refuses the start."""
    least_free_mb: int = setting(64, between(0, 1_000_000))
    """No session starts on a disk with less room: an asset writes tens of MB an hour."""


@frozen
class StoreSettings:
    """The database beside the sessions' folders; real time."""

    is_enabled: bool = True
    """Whether a process beside the engine reads the journal into it as it grows."""
    finish_s: float = setting(10.0, between(0.0, 600.0))
    """At the end of a session it is waited so long for the rest; then it reads on alone."""


@frozen
class RecordSettings:
    """`polytui record`: raw frames and what was understood of them; real time."""

    directory: str = "recordings"
    """Where recordings go, a folder each."""
    flush_s: float = setting(2.0, between(0.1, 60.0))
    """What a crash can lose at most."""
    rotate_mb: int = setting(64, between(1, 4_096))
    """Compressed size at which a new file begins."""
    rotate_s: float = setting(3_600.0, ABOVE_ZERO)
    """A new file after so long."""


@frozen
class DoctorSettings:
    """`polytui doctor`; real time."""

    wait_s: float = setting(8.0, ABOVE_ZERO)
    """For the first data of each stream."""
    max_skew_ms: int = setting(500, ABOVE_ZERO)
    """Between this machine's clock and the venues'."""
    max_age_ms: int = setting(5_000, ABOVE_ZERO)
    """A stream whose newest word is older is a finding."""


@frozen
class DemoSettings:
    """`polytui demo`, and the world of `polytui venue`, whose clock is the machine's."""

    seed: int = setting(13, NOT_NEGATIVE)
    """Of the simulated world: one seed, one story."""
    speed: float = setting(20.0, between(0.1, 200.0))
    """Session seconds a real second. A machine that falls behind lowers it and says so."""
    watched_speed: float = setting(4.0, between(0.1, 200.0))
    """The same with a terminal, where somebody wants to see what happens."""
    start: str = setting("2026-11-20T14:59:00Z", UTC_TIME)
    """Session time at which the simulated world begins."""
    world: str = setting("lifelike", one_of("lifelike", "calm", "trending", "jumpy"))
    """What sort of prices: calm has a third of the volatility, trending a drift that lasts for
    minutes, jumpy about one large jump in each five minutes."""
    messages: float = setting(0.04, between(0.001, 1.0))
    """Share of a real day's messages that the simulated venue sends; 1 is a real day's rate. Prices
    and books move as far and as often at any: what is left out are changes of size, quotes and
    trades."""
    crowd_delay_s: float = setting(0.3, between(0.02, 30.0))
    """From an exchange's price to the crowd's answer in the book, on average. Recorded books answer
    in about 0.3; whoever wants a crowd that is easily beaten makes it slower."""
    wallet_type: str = setting("deposit", one_of("eoa", "proxy", "safe", "deposit"))
    """Of the wallet that is made for a demo: how its winners come home depends on it."""
    rounds: int = setting(3, NOT_NEGATIVE)
    """What a demo without a terminal plays before it prints its summary; 0 goes on."""
    strategies: tuple[str, ...] = ("confluence", "momentum_score")
    """Those that trade in a demo besides those that are enabled, so that every kind is seen."""
    max_losses_in_a_row: int = setting(6, between(1, 1000))
    """In place of the usual limit of `[risk]`. The crowd of a demo is as quick as a real one: three
    losing rounds in a row come often, and a demo that stops itself shows little."""


def _hot(table: type[Any]) -> Any:
    """A table whose fields may be changed while the engine runs; all others need a restart."""
    return field(factory=table, metadata={"is_hot": True})


@frozen
class Settings:
    session: SessionSettings = Factory(SessionSettings)
    endpoints: EndpointSettings = Factory(EndpointSettings)
    sockets: SocketLimits = Factory(SocketLimits)
    clock: ClockSettings = Factory(ClockSettings)
    http: HttpLimits = Factory(HttpLimits)
    rounds: RoundSettings = Factory(RoundSettings)
    market: MarketSettings = _hot(MarketSettings)
    watch: WatchSettings = _hot(WatchSettings)
    features: FeatureSettings = Factory(FeatureSettings)
    gates: GateSettings = _hot(GateSettings)
    deciding: DecidingSettings = _hot(DecidingSettings)
    exits: ExitSettings = _hot(ExitSettings)
    risk: RiskSettings = _hot(RiskSettings)
    ticket: TicketSettings = _hot(TicketSettings)
    quoting: QuotingSettings = _hot(QuotingSettings)
    breakers: BreakerSettings = _hot(BreakerSettings)
    latency: LatencySettings = _hot(LatencySettings)
    claims: ClaimSettings = _hot(ClaimSettings)
    confluence: ConfluenceSettings = _hot(ConfluenceSettings)
    momentum_score: MomentumScoreSettings = _hot(MomentumScoreSettings)
    distance_fade: DistanceFadeSettings = _hot(DistanceFadeSettings)
    settlement_sniper: SettlementSniperSettings = _hot(SettlementSniperSettings)
    predictor: PredictorSettings = _hot(PredictorSettings)
    strategies: OwnStrategiesSettings = Factory(OwnStrategiesSettings)
    own: OwnTables = _hot(OwnTables)
    execution: ExecutionSettings = Factory(ExecutionSettings)
    live: LiveSettings = Factory(LiveSettings)
    redeem: RedeemSettings = Factory(RedeemSettings)
    paper: PaperSettings = Factory(PaperSettings)
    supervision: SupervisionSettings = Factory(SupervisionSettings)
    queues: QueueSettings = Factory(QueueSettings)
    journal: JournalSettings = Factory(JournalSettings)
    store: StoreSettings = Factory(StoreSettings)
    files: FileSettings = Factory(FileSettings)
    record: RecordSettings = Factory(RecordSettings)
    doctor: DoctorSettings = Factory(DoctorSettings)
    terminal: TerminalSettings = Factory(TerminalSettings)
    keys: KeySettings = Factory(KeySettings)
    demo: DemoSettings = Factory(DemoSettings)


__all__ = [
    "BreakerSettings",
    "ClaimSettings",
    "ClockSettings",
    "ConfluenceSettings",
    "DecidingSettings",
    "DemoSettings",
    "DistanceFadeSettings",
    "DoctorSettings",
    "EndpointSettings",
    "ExitSettings",
    "FeatureSettings",
    "GateSettings",
    "HttpLimits",
    "JournalSettings",
    "KeySettings",
    "LatencySettings",
    "LiveSettings",
    "MarketSettings",
    "MomentumScoreSettings",
    "OwnStrategiesSettings",
    "PaperSettings",
    "PredictorSettings",
    "QueueSettings",
    "RecordSettings",
    "RiskSettings",
    "RoundSettings",
    "SessionSettings",
    "Settings",
    "SettlementSniperSettings",
    "SocketLimits",
    "StoreSettings",
    "SupervisionSettings",
    "TerminalSettings",
    "TicketSettings",
    "WatchSettings",
]
"""All tables, wherever they are written down."""
