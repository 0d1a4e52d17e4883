"""Everything a strategy or a learned model may ask of the market, by name, with its age.

`NAMES` and their order are the vector's schema: `SCHEMA_VERSION` grows when they change, and a
model that was trained on another refuses to speak. See `docs/features.md` for formulas and units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property, partial

from attrs import define
from msgspec import Struct

from polytui.config.schema import FeatureSettings
from polytui.market.candles import Candles
from polytui.market.consensus import Estimate, Part
from polytui.market.indicators import LENGTHS_READ_S, NO_READING, Indicators, Readings
from polytui.market.microstructure import Microstructure, depth_imbalance
from polytui.market.momentum import LeadLag, Momentum
from polytui.model.events import CandlesLoaded, ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S

SCHEMA_VERSION = 1
INDICATORS = (
    "rsi_14",
    "macd_bps",
    "macd_signal_bps",
    "macd_histogram_bps",
    "vwap_gap_bps",
    "bollinger_b",
    "bollinger_width_bps",
    "atr_14_bps",
    "heikin_ashi_bps",
)
MICROSTRUCTURE = (
    "imbalance",
    "depth_imbalance",
    "spread_bps",
    "micro_gap_bps",
    "order_flow",
    "trade_intensity",
    "trade_flow",
    "volume_momentum_bps",
)
MOMENTUM = (
    "velocity_bps_s",
    "acceleration_bps_s2",
    "divergence_bps",
    "dollar_gap_bps",
    "lead_lag",
)
NAMES = INDICATORS + MICROSTRUCTURE + MOMENTUM
"""The vector's schema."""
_MAIN, _DEEP, _DOLLAR = Exchange.BINANCE.value, Exchange.BYBIT.value, Exchange.COINBASE.value
_BPS = 10_000.0


class Feature(Struct, frozen=True, gc=False):
    """One value, made of data that is as old as `at_ns`; None where it cannot be made."""

    name: str
    value: float | None
    at_ns: int
    is_stale: bool


@define(frozen=True, slots=False, eq=False)
class FeatureSet:
    """All features of one moment, in the order of `NAMES`. One equals itself alone, so that what is
    made of it can be kept by it."""

    at_ns: int
    values: tuple[Feature, ...]

    @classmethod
    def read_later(cls, at_ns: int, values: Callable[[], tuple[Feature, ...]]) -> FeatureSet:
        """Of a moment that is over, told when it is asked for the first time. `values` must hang on
        nothing that changes: a set is made four times a second, and most are never read."""
        made = cls.__new__(cls)
        vars(made).update(at_ns=at_ns, _later=values)
        return made

    def __getattr__(self, name: str) -> tuple[Feature, ...]:
        """Python asks here for what it does not find: values that nobody has read yet. A strategy
        of others that is not waited for any more may read beside us: then both make them."""
        told = vars(self)
        later = told.get("_later") if name == "values" else None
        if later is not None:
            told["values"] = later()
            told.pop("_later", None)
        if name != "values" or "values" not in told:
            raise AttributeError(name)
        values: tuple[Feature, ...] = told["values"]
        return values

    @cached_property
    def _by_name(self) -> dict[str, Feature]:
        return {feature.name: feature for feature in self.values}

    @cached_property
    def readable(self) -> dict[str, float]:
        """By name, every value that is there, fresh and finite: for those who read many."""
        return {
            feature.name: feature.value
            for feature in self.values
            if feature.value is not None and not feature.is_stale and math.isfinite(feature.value)
        }

    def get(self, name: str) -> float | None:
        """The value; None where it is missing or stale. KeyError for a name that is none."""
        feature = self._by_name[name]
        return None if feature.is_stale else feature.value

    def vector(self) -> tuple[float, ...]:
        """For learning: NaN where a value is missing or stale."""
        return tuple(
            math.nan if feature.value is None or feature.is_stale else feature.value
            for feature in self.values
        )


NO_FEATURES = FeatureSet(0, tuple(Feature(name, None, 0, True) for name in NAMES))


class Features:
    """State: candles, order and trade flow, momentum, and the last set made of them."""

    def __init__(self) -> None:
        self.candles = Candles()
        self.latest = NO_FEATURES
        self._indicators = Indicators()
        self._flow = Microstructure()
        self._deep = Microstructure()
        self._momentum = Momentum()
        self._lead_lag = LeadLag()
        self._candle_exchange = _MAIN

    def configure(self, settings: FeatureSettings) -> None:
        """Settings in force; another exchange's candles begin anew."""
        self._flow.half_life_ns = settings.flow_half_life_s * NS_PER_S
        if self.latest is NO_FEATURES or settings.candle_exchange.value != self._candle_exchange:
            self.candles = Candles(settings.candles)
            self._candle_exchange = settings.candle_exchange.value

    # --- what happens ---------------------------------------------------------------------------

    def quoted(self, event: ExchangeQuoted) -> None:
        if event.venue == _MAIN:
            self._flow.quoted(event)
        elif event.venue == _DEEP:
            self._deep.quote = event

    def traded(self, event: ExchangeTraded) -> None:
        if event.venue == self._candle_exchange:
            self.candles.take(event)
        if event.venue == _MAIN and not event.is_history:
            self._flow.traded(event)

    def loaded(self, event: CandlesLoaded) -> None:
        if event.venue == self._candle_exchange:
            self.candles.load(event)

    def lost(self, feed: str, at_ns: int) -> None:
        """The feed went away or missed something."""
        if feed == self._candle_exchange:
            self.candles.lose(at_ns)
        if feed == _MAIN:
            self._flow.forget_quote()
        if feed == _DEEP:
            self._deep.forget_quote()

    def mended(self, feed: str, from_ns: int, until_ns: int) -> None:
        """Every trade of this stretch has been given again."""
        if feed == self._candle_exchange:
            self.candles.mend(from_ns, until_ns)

    # --- what follows ---------------------------------------------------------------------------

    def is_due(self, now_ns: int, settings: FeatureSettings) -> bool:
        """Whether the last set is older than `every_ms`, or of a clock that was set back since."""
        return not 0 <= now_ns - self.latest.at_ns < settings.every_ms * NS_PER_MS

    def refresh(
        self,
        now_ns: int,
        settings: FeatureSettings,
        estimate: Estimate | None,
        parts: Sequence[Part],
    ) -> None:
        """Make a new set of what is known now."""
        adjusted = _adjusted(parts)
        if estimate is not None and adjusted:
            self._momentum.take(estimate.price, now_ns, settings.velocity_s)
        self._lead_lag.take(adjusted.get(_MAIN), adjusted.get(_DOLLAR), now_ns, settings.lead_lag_s)
        self.latest = FeatureSet.read_later(now_ns, self._as_of(now_ns, settings, adjusted))

    def _as_of(
        self, now_ns: int, settings: FeatureSettings, adjusted: dict[str, float]
    ) -> Callable[[], tuple[Feature, ...]]:
        """What a set is made of, as it is now."""
        candles, momentum = self.candles, self._momentum
        known = _FeatureSources(
            now_ns=now_ns,
            stale_ns=settings.stale_ms * NS_PER_MS,
            readings=self._indicators.read(candles, now_ns),
            seen_ns={one: candles.seen_until_ns(one, now_ns) for one in LENGTHS_READ_S},
            flow=self._flow.standing(),
            deep=self._deep.quote,
            moves=momentum.velocity_and_acceleration(settings.velocity_s),
            adjusted=adjusted,
            lead_lag=self._lead_lag.value(),
        )
        return partial(_features_of, known)

    def state(self) -> tuple[object, ...]:
        return (
            self.candles.state(),
            self._flow.state(),
            self._momentum.state(),
            self._lead_lag.state(),
            self.latest.at_ns,
        )


class _FeatureSources(Struct, frozen=True, gc=False):
    """What was known at one moment: nothing in it changes any more."""

    now_ns: int
    stale_ns: int
    """What flows is stale when it is older than so long."""
    readings: Readings
    seen_ns: dict[int, int]
    """By length, up to where bars were seen."""
    flow: Microstructure
    """A copy."""
    deep: ExchangeQuoted | None
    moves: tuple[float | None, float | None]
    adjusted: dict[str, float]
    lead_lag: float | None


def _features_of(known: _FeatureSources) -> tuple[Feature, ...]:
    """In the order of `NAMES`."""
    return (*_read_indicators(known), *_read_flow(known), *_read_momentum(known))


def _read_indicators(known: _FeatureSources) -> list[Feature]:
    now_ns, features = known.now_ns, []
    for name in INDICATORS:
        reading = known.readings.get(name, NO_READING)
        # Bars go on, flat, while nothing is seen: what was seen last says how old they are.
        at_ns = min(reading.at_ns, known.seen_ns[reading.length_s])
        is_stale = now_ns - at_ns > 2 * reading.length_s * NS_PER_S
        features.append(Feature(name, reading.value, at_ns, is_stale))
    return features


def _read_flow(known: _FeatureSources) -> list[Feature]:
    flow, deep, now_ns = known.flow, known.deep, known.now_ns
    quoted_ns = flow.quote.received_ns if flow.quote else 0
    deep_ns = deep.received_ns if deep else 0
    values = (
        (flow.imbalance(), quoted_ns),
        (depth_imbalance(deep), deep_ns),
        (flow.spread_bps(), quoted_ns),
        (flow.micro_gap_bps(), quoted_ns),
        (flow.order_flow(now_ns), quoted_ns),
        (flow.trade_intensity(now_ns), flow.traded_ns),
        (flow.trade_flow(), flow.traded_ns),
        (flow.volume_momentum_bps(), flow.traded_ns),
    )
    return [
        Feature(name, value, at_ns, now_ns - at_ns > known.stale_ns)
        for name, (value, at_ns) in zip(MICROSTRUCTURE, values, strict=True)
    ]


def _read_momentum(known: _FeatureSources) -> list[Feature]:
    adjusted, prices = known.adjusted, known.adjusted.values()
    apart = (max(prices) / min(prices) - 1.0) * _BPS if len(prices) > 1 else None
    gap_bps = _gap_bps(adjusted.get(_DOLLAR), adjusted.get(_MAIN))
    values = (*known.moves, apart, gap_bps, known.lead_lag)
    return [
        Feature(name, value, known.now_ns, not adjusted)
        for name, value in zip(MOMENTUM, values, strict=True)
    ]


def _adjusted(parts: Sequence[Part]) -> dict[str, float]:
    """Prices less basis of the venues that have a vote."""
    return {
        part.venue: part.adjusted
        for part in parts
        if part.adjusted is not None and part.weight > 0.0
    }


def _gap_bps(price: float | None, other: float | None) -> float | None:
    return None if price is None or other is None else (price / other - 1.0) * _BPS
