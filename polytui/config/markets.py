"""Settings of what is known: rounds, prices, the forecast and how it is checked, features."""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import (
    ABOVE_ZERO,
    NOT_NEGATIVE,
    SERIES_IDS,
    between,
    setting,
)
from polytui.model.instrument import Asset, Exchange, Interval

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
