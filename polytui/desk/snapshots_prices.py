"""What faces may see of prices: the consensus and its parts, averages, features."""

from __future__ import annotations

from collections.abc import Mapping

from polytui.config.schema import Settings, WatchSettings
from polytui.desk.prices import DeskPrices
from polytui.market.consensus import Part
from polytui.market.forecast_watch import ForecastWatch
from polytui.model.instrument import Round
from polytui.model.score_views import ForecastView, SaidView
from polytui.model.snapshot import (
    AverageView,
    ConsensusView,
    FeatureView,
    FeedState,
    VenuePriceView,
)
from polytui.model.units import NS_PER_MS, NS_PER_S, age_ms

RELAYS = ("polybolt", "rtds")
"""Feeds that carry Chainlink, the preferred one first."""


def show_consensus(
    prices: DeskPrices, feeds: Mapping[str, FeedState], now_ns: int, settings: Settings
) -> ConsensusView:
    estimate = prices.estimate(now_ns, settings.market)
    settlement = prices.settlement
    relays = [relay for relay in RELAYS if feeds.get(relay) is FeedState.UP]
    return ConsensusView(
        price=estimate.price if estimate else None,
        trust=estimate.trust if estimate else 0.0,
        disagreement_bps=estimate.disagreement_bps if estimate else None,
        lead_bps=estimate.lead_bps if estimate else None,
        settlement=settlement.last_spot,
        settlement_age_ms=age_ms(now_ns, settlement.last_observed_ns),
        settlement_feed=relays[0] if relays else "",
        venues=tuple(_show_part(part) for part in prices.consensus.parts(now_ns, settings.market)),
    )


def _show_part(part: Part) -> VenuePriceView:
    return VenuePriceView(
        venue=part.venue,
        price=part.mid,
        adjusted=part.adjusted,
        basis_bps=part.basis_bps,
        age_ms=part.age_ns // NS_PER_MS,
        latency_ms=part.latency_ms,
        weight=part.weight,
        is_outlier=part.is_outlier,
    )


def show_forecasts(watch: ForecastWatch, settings: WatchSettings) -> tuple[ForecastView, ...]:
    return tuple(
        ForecastView(fit.horizon_s, fit.samples, fit.sd, fit.is_off(settings))
        for fit in watch.fits()
    )


def show_said(watch: ForecastWatch) -> tuple[SaidView, ...]:
    return tuple(
        SaidView(one.left_s, one.rounds, one.brier, *one.sure) for one in watch.reliabilities()
    )


def show_average(prices: DeskPrices, listed: Round) -> AverageView | None:
    """How far the closing average of a round is known; None for a rule without one."""
    if not listed.window_s:
        return None
    part = prices.settlement.observed_part(listed.closes_ns, listed.window_s)
    if part is None:
        return AverageView(listed.window_s, 0.0, None)
    observed_s = listed.window_s - (listed.closes_ns - part.until_ns) / NS_PER_S
    return AverageView(
        listed.window_s, observed_s, part.area / observed_s if observed_s > 0 else None
    )


def show_features(prices: DeskPrices, now_ns: int) -> tuple[FeatureView, ...]:
    return tuple(
        FeatureView(feature.name, feature.value, age_ms(now_ns, feature.at_ns), feature.is_stale)
        for feature in prices.features.latest.values
    )
