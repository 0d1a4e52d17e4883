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
    SERIES_IDS,
    UTC_TIME,
    address,
    between,
    one_of,
    setting,
)
from polytui.config.deciding import (
    BreakerSettings,
    ClaimSettings,
    ConfluenceSettings,
    DistanceFadeSettings,
    ExitSettings,
    GateSettings,
    MomentumScoreSettings,
    PredictorSettings,
    SettlementSniperSettings,
)
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.units import NS_PER_MS

_HTTP = address("https", "http")
_WS = address("wss", "ws")


_SERIES_IDS = tuple(
    f"{asset.value}-{interval.value}={series_id}"
    for interval, ids in (
        (Interval.M5, ("10684", "10683", "10686", "10685")),
        (Interval.M15, ("10192", "10191", "10423", "10422")),
        (Interval.H1, ("10114", "10117", "10122", "10123")),
        (Interval.H4, ("10331", "10332", "10333", "10327")),
    )
    for asset, series_id in zip(Asset, ids, strict=True)
)
"""As the venue lists them."""


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
class EndpointSettings:
    gamma: str = setting("https://gamma-api.polymarket.com", _HTTP)
    """Where rounds are listed, and who won them."""
    clob: str = setting("https://clob.polymarket.com", _HTTP)
    """Books by REST, and where orders go."""
    data_api: str = setting("https://data-api.polymarket.com", _HTTP)
    """What was paid for the outcomes of a round; asked for the winner like the two above."""
    market_ws: str = setting("wss://ws-subscriptions-clob.polymarket.com/ws/market", _WS)
    """Books' changes as they happen."""
    rtds_ws: str = setting("wss://ws-live-data.polymarket.com", _WS)
    """Chainlink, without a key."""
    polybolt_ws: str = setting("wss://ws-live-v2.polymarket.com/ws", _WS)
    """Chainlink, faster; wants CLOB API credentials."""
    binance_ws: str = setting("wss://data-stream.binance.vision", _WS)
    """Binance's quotes and trades."""
    binance_ws_spare: str = setting("wss://stream.binance.com:9443", _WS)
    """Taken where the first refuses this place or cannot be reached."""
    binance_rest: str = setting("https://data-api.binance.vision", _HTTP)
    """Binance's candles, and trades that were missed."""
    binance_rest_spare: str = setting("https://api.binance.com", _HTTP)
    """Asked where the first gives none."""
    bybit_ws: str = setting("wss://stream.bybit.com/v5/public/spot", _WS)
    """Bybit's quotes and trades."""
    bybit_rest: str = setting("https://api.bybit.com", _HTTP)
    """Bybit's trades that were missed."""
    coinbase_ws: str = setting("wss://advanced-trade-ws.coinbase.com", _WS)
    """Coinbase's quotes and trades."""
    coinbase_rest: str = setting("https://api.coinbase.com/api/v3/brokerage", _HTTP)
    """Coinbase's trades that were missed."""
    geoblock: str = setting("https://polymarket.com", _HTTP)
    """Asked by `polytui doctor` whether this place may trade; its word is never got around."""


@frozen
class SocketLimits:
    """Every WebSocket; real time."""

    connect_timeout_s: float = setting(5.0, ABOVE_ZERO)
    """From dialling until the WebSocket stands."""
    book_silence_s: float = setting(30.0, ABOVE_ZERO)
    """No book data for so long: the connection is torn down and made again."""
    chainlink_silence_s: float = setting(15.0, ABOVE_ZERO)
    """No price of Chainlink for so long: connected anew."""
    exchange_silence_s: float = setting(10.0, ABOVE_ZERO)
    """The same of an exchange, whatever it sends."""
    backoff_first_s: float = setting(0.25, ABOVE_ZERO)
    """Before the first try to connect again; doubled with each one that fails."""
    backoff_cap_s: float = setting(15.0, ABOVE_ZERO)
    """It never waits longer than this."""
    healthy_after_s: float = setting(60.0, ABOVE_ZERO)
    """A connection that lived so long starts the next backoff from the beginning."""
    quotes_stale_s: float = setting(3.0, ABOVE_ZERO)
    """No quote of an exchange for so long: stale, and subscribed anew; twice that: reconnected."""
    trades_stale_s: float = setting(10.0, ABOVE_ZERO)
    """No trade of an exchange for so long: its trades are stale."""
    ticker_stale_s: float = setting(15.0, ABOVE_ZERO)
    """Coinbase quotes only when it trades."""
    beats_stale_s: float = setting(3.0, ABOVE_ZERO)
    """Coinbase's heartbeats come every second."""
    chainlink_stale_s: float = setting(6.0, ABOVE_ZERO)
    """No price of Chainlink for so long: it is stale."""
    polymarket_ping_s: float = setting(10.0, ABOVE_ZERO)
    """The market channel wants to hear PING so often."""
    rtds_ping_s: float = setting(5.0, ABOVE_ZERO)
    """RTDS wants to hear PING so often."""
    bybit_ping_s: float = setting(20.0, ABOVE_ZERO)
    """Bybit wants to hear a ping so often."""
    thin_factor: float = setting(2.5, between(1.0, 20.0))
    """SOL and XRP trade less: their exchange streams may be silent so many times longer."""
    rotate_after_s: float = setting(82_800.0, ABOVE_ZERO)
    """Binance closes after 24 h; a new connection takes over before."""
    max_frame_bytes: int = setting(16_777_216, between(65_536, 67_108_864))
    """A longer message ends the connection: no venue sends one."""
    send_timeout_s: float = setting(2.0, ABOVE_ZERO)
    """A peer that takes no bytes for so long is gone."""


@frozen
class ClockSettings:
    """What is believed of time; session time. See docs/operations.md."""

    max_ahead_ms: int = setting(2000, between(100, 10_000))
    """A venue's stamp that lies further ahead of this machine's clock is not believed."""
    offset_window_s: float = setting(180.0, between(10.0, 3600.0))
    """A source's offset is the least of received minus stamped over so long."""
    doubt_s: float = setting(10.0, between(5.0, 600.0))
    """Most of what most sources sent for so long stamped ahead: this machine's clock is wrong."""


@frozen
class HttpLimits:
    """Every HTTP client; real time."""

    connect_s: float = setting(3.0, ABOVE_ZERO)
    """Until a connection stands."""
    read_s: float = setting(5.0, ABOVE_ZERO)
    """Between two pieces of an answer."""
    total_s: float = setting(10.0, ABOVE_ZERO)
    """For a whole answer."""
    max_connections: int = setting(8, between(1, 64))
    """At once, to one host."""
    requests_per_s: float = setting(20.0, ABOVE_ZERO)
    """To one host, on average."""
    burst: int = setting(20, between(1, 200))
    """So many at once before the average holds."""
    tries: int = setting(3, between(1, 10))
    """Of a question that may be asked again, the first included."""
    retry_first_s: float = setting(0.25, ABOVE_ZERO)
    """Before the second try; doubled with each one."""


@frozen
class RoundSettings:
    """The round watcher."""

    list_ahead: int = setting(3, between(2, 20))
    """How many rounds of an interval are fetched at a time."""
    warm_s: float = setting(60.0, ABOVE_ZERO)
    """The next round's books are subscribed so long before it opens."""
    settle_first_s: float = setting(20.0, ABOVE_ZERO)
    """Asking for the winner begins so long after the close."""
    settle_every_s: float = setting(5.0, ABOVE_ZERO)
    """How often it is asked who won a round that has closed."""
    settle_answer_s: float = setting(3.0, ABOVE_ZERO)
    """Real seconds that each of those who may know the winner has to answer; all are asked at
    once, and the most trusted that knows has the word: Data API, CLOB, Gamma."""
    strike_every_s: float = setting(15.0, ABOVE_ZERO)
    """How often the venue is asked for a strike that we did not see ourselves."""
    series_ids: tuple[str, ...] = setting(_SERIES_IDS, SERIES_IDS)
    """Gamma's ids of series, asked where it finds no series by its name and no round by its own:
    asset-interval=id."""


@frozen
class MarketSettings:
    """What we know: volatility, basis, ages."""

    volatility_half_life_s: float = setting(120.0, ABOVE_ZERO)
    """Of the part of the variance that follows the market fast."""
    volatility_slow_half_life_s: float = setting(7200.0, ABOVE_ZERO)
    """Of the part that remembers what is usual."""
    volatility_fast_share: float = setting(0.5, between(0.0, 1.0))
    """How much of the variance is the fast part."""
    volatility_sample_s: float = setting(1.0, between(0.1, 600.0))
    """The price is averaged over so long before it counts: a bounce inside it is no movement."""
    volatility_span_s: float = setting(14.0, ABOVE_ZERO)
    """Returns within it are held to be correlated, farther apart not."""
    volatility_gap_s: float = setting(10.0, ABOVE_ZERO)
    """A longer silence is a gap: no return is taken over it, and its time does not count."""
    volatility_forget_s: float = setting(1800.0, ABOVE_ZERO)
    """After a longer silence volatility is unknown again."""
    volatility_warmup_s: float = setting(60.0, ABOVE_ZERO)
    """No fair value before so many seconds of price changes were seen."""
    volatility_youth_s: float = setting(60.0, NOT_NEGATIVE)
    """A variance that has seen n seconds is widened by 1 + this / n."""
    volatility_floor_annual: float = setting(0.10, ABOVE_ZERO)
    """Annualised; a quiet minute must not make us certain."""
    volatility_ceiling_annual: float = setting(5.0, ABOVE_ZERO)
    """Annualised; a jump must not make us know nothing for hours."""
    basis_half_life_s: float = setting(180.0, ABOVE_ZERO)
    """How fast what an exchange quotes above Chainlink is forgotten."""
    exchange_fresh_ms: int = setting(3000, ABOVE_ZERO)
    """An exchange quote older than this no longer counts in the consensus."""
    freshness_half_life_ms: int = setting(700, ABOVE_ZERO)
    """An exchange quote loses half its weight in so long."""
    latency_half_ms: int = setting(250, ABOVE_ZERO)
    """An exchange whose data is so late on average has half the weight."""
    outlier_bps: float = setting(15.0, ABOVE_ZERO)
    """An exchange this far from the others, its basis taken off, is no price."""
    agreement_bps: float = setting(3.0, ABOVE_ZERO)
    """A disagreement among exchanges that halves the trust in it."""
    realised_window_s: int = setting(0, NOT_NEGATIVE)
    """Volatility as the realised one of so many seconds; 0 for the exponentially weighted one."""
    tail_degrees: float = setting(6.0, NOT_NEGATIVE)
    """Student-t degrees of freedom of the closing price (above 2); 0 for normal tails."""
    calibration_alpha: float = setting(0.0, between(-5.0, 5.0))
    """Fair value as reported: logit(q') = alpha + beta x logit(q)."""
    calibration_beta: float = setting(1.0, between(0.05, 5.0))
    """Stretches the forecast: above 1 fair value is surer than the model, below less."""


@frozen
class WatchSettings:
    """The forecast watches itself: how far what came was from what was foreseen."""

    is_enabled: bool = True
    """Off, it is shown and nobody is less sure for it."""
    least_sd: float = setting(0.8, between(0.1, 1.0))
    """Of what came, in sigmas foreseen: under it the forecast is not sure enough."""
    most_sd: float = setting(1.25, between(1.0, 10.0))
    """Above it the forecast is too sure; confidence is divided by how far."""
    least_samples: float = setting(60.0, between(5.0, 10_000.0))
    """Fewer say nothing; a sample every 10 s to 5 min, by how far ahead it looks."""
    half_life_s: float = setting(21_600.0, ABOVE_ZERO)
    """After which a sample counts half."""


@frozen
class FeatureSettings:
    """Indicators and microstructure; session time."""

    every_ms: int = setting(250, between(10, 60_000))
    """Features are computed anew at most this often."""
    candle_exchange: Exchange = Exchange.BINANCE
    """Whose trades make the candles and the classic indicators."""
    candles: int = setting(500, between(100, 5_000))
    """Kept of every length."""
    flow_half_life_s: float = setting(10.0, ABOVE_ZERO)
    """Of order flow, trade intensity and volume-weighted momentum."""
    velocity_s: float = setting(5.0, ABOVE_ZERO)
    """Span over which velocity is measured; acceleration compares two of them."""
    lead_lag_s: float = setting(60.0, ABOVE_ZERO)
    """Span over which exchanges are compared for who leads."""
    stale_ms: int = setting(5_000, ABOVE_ZERO)
    """A microstructure feature made of older data is stale."""


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
    """The client that trades on paper against the live book, and how late it and shadows are."""

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

    @property
    def taker_ns(self) -> int:
        """From sending a marketable order until we could know what it met, at the medians."""
        ways_ms = self.order_latency_ms + self.answer_latency_ms
        return int((ways_ms + self.taker_delay_ms) * NS_PER_MS)


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
    least_free_mb: int = setting(64, between(0, 1_000_000))
    """No session starts on a disk with less room: an asset writes tens of MB an hour."""


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
class TerminalSettings:
    theme: str = "night"
    """Its colours: a file in the themes folder, or one that came with the program."""
    themes_folder: str = "themes"
    """Your own, one TOML file each; one named like a theme that ships comes in its place."""
    snapshot_hz: float = setting(10.0, between(0.5, 30.0))
    """How often the engine tells a terminal what there is to see."""
    stop_when_lost: bool = True
    """A terminal that is killed without detaching stops the engine it was started with."""


@frozen
class DemoSettings:
    """`polytui demo` and `polytui venue`."""

    seed: int = setting(19, NOT_NEGATIVE)
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
    rounds: int = setting(3, NOT_NEGATIVE)
    """What a demo without a terminal plays before it prints its summary; 0 goes on."""
    strategies: tuple[str, ...] = ("confluence", "momentum_score")
    """Those that trade in a demo besides those that are enabled, so that every kind is seen."""


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
    exits: ExitSettings = _hot(ExitSettings)
    risk: RiskSettings = _hot(RiskSettings)
    quoting: QuotingSettings = _hot(QuotingSettings)
    breakers: BreakerSettings = _hot(BreakerSettings)
    claims: ClaimSettings = _hot(ClaimSettings)
    confluence: ConfluenceSettings = _hot(ConfluenceSettings)
    momentum_score: MomentumScoreSettings = _hot(MomentumScoreSettings)
    distance_fade: DistanceFadeSettings = _hot(DistanceFadeSettings)
    settlement_sniper: SettlementSniperSettings = _hot(SettlementSniperSettings)
    predictor: PredictorSettings = _hot(PredictorSettings)
    paper: PaperSettings = Factory(PaperSettings)
    supervision: SupervisionSettings = Factory(SupervisionSettings)
    queues: QueueSettings = Factory(QueueSettings)
    journal: JournalSettings = Factory(JournalSettings)
    record: RecordSettings = Factory(RecordSettings)
    doctor: DoctorSettings = Factory(DoctorSettings)
    terminal: TerminalSettings = Factory(TerminalSettings)
    demo: DemoSettings = Factory(DemoSettings)
