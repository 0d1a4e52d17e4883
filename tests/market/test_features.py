"""The set of features: what each is made of, when it is stale, and the vector's schema."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import FeatureSettings, Settings
from polytui.desk.prices import DeskPrices
from polytui.market.consensus import Estimate, Part
from polytui.market.features import (
    INDICATORS,
    MICROSTRUCTURE,
    MOMENTUM,
    NAMES,
    NO_FEATURES,
    SCHEMA_VERSION,
    Feature,
    Features,
    FeatureSet,
)
from polytui.model.candle import Candle
from polytui.model.events import CandlesLoaded, ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Asset, Exchange
from polytui.model.orders import Side
from polytui.model.units import NS_PER_MS, NS_PER_S

START_NS = 1_795_219_200 * NS_PER_S
"""00:00 UTC: the session VWAP begins here."""
SETTINGS = FeatureSettings()
STALE_S = SETTINGS.stale_ms / 1000.0
OF_QUOTES = ("imbalance", "spread_bps", "micro_gap_bps", "order_flow")
OF_TRADES = ("trade_intensity", "trade_flow", "volume_momentum_bps")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "features.md"

SCHEMAS = {
    1: (
        "rsi_14 macd_bps macd_signal_bps macd_histogram_bps vwap_gap_bps bollinger_b"
        " bollinger_width_bps atr_14_bps heikin_ashi_bps imbalance depth_imbalance spread_bps"
        " micro_gap_bps order_flow trade_intensity trade_flow volume_momentum_bps velocity_bps_s"
        " acceleration_bps_s2 divergence_bps dollar_gap_bps lead_lag"
    ),
}
"""What every version of the vector was, for ever: add a line, never change one."""


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS_PER_S)


def quote(seconds: float, venue: str = "binance", bid: float = 100.0) -> ExchangeQuoted:
    """Three bid and one offered; of depth 40 and 10, which Binance does not carry."""
    depth = (40.0, 10.0) if venue != "binance" else (0.0, 0.0)
    return ExchangeQuoted(Asset.BTC, venue, bid, 3.0, bid + 1.0, 1.0, 0, at(seconds), *depth)


def trade(
    seconds: float, price: float = 100.0, venue: str = "binance", is_history: bool = False
) -> ExchangeTraded:
    when = at(seconds)
    number = round(seconds * 1000) + 1
    return ExchangeTraded(
        Asset.BTC, venue, number, price, 2.0, Side.BUY, when, when, is_history=is_history
    )


def part(venue: str, adjusted: float | None, weight: float = 0.5) -> Part:
    return Part(venue, adjusted or 1.0, adjusted, 0.0, 0, 1.0, weight, is_outlier=False)


def estimate(price: float, seconds: float) -> Estimate:
    return Estimate(price, 1.0, 0.0, 0.0, at(seconds))


def history(length_s: int, count: int, until_s: int = 0) -> CandlesLoaded:
    """Closed candles that end where the session begins, of a price that goes up and down."""
    first_s = START_NS // NS_PER_S + until_s - count * length_s
    closes = [100.0 + 3.0 * math.sin(n / 5.0) for n in range(count + 1)]
    candles = [
        Candle((first_s + n * length_s) * NS_PER_S, open, open + 2, open - 2, close, 5.0, 9)
        for n, (open, close) in enumerate(pairwise(closes))
    ]
    return CandlesLoaded(Asset.BTC, "binance", length_s, tuple(candles), at(0))


def refreshed(
    features: Features, seconds: float, *parts: Part, price: float | None = None
) -> FeatureSet:
    made = None if price is None else estimate(price, seconds)
    features.refresh(at(seconds), SETTINGS, made, parts)
    return features.latest


def lively(until_s: int = 30) -> Features:
    """Half a minute of everything: all three exchanges, trades, the consensus, history."""
    features = Features()
    features.configure(SETTINGS)
    features.loaded(history(60, 120))
    features.loaded(history(300, 300))
    for second in range(until_s + 1):
        bid = 100.0 + math.sin(second)
        features.quoted(quote(second, "binance", bid))
        features.quoted(quote(second, "bybit", bid))
        features.traded(trade(second, bid))
        parts = (part("binance", bid), part("bybit", bid + 0.1), part("coinbase", bid + 0.2))
        refreshed(features, second, *parts, price=bid)
    return features


def stale_names(found: FeatureSet) -> set[str]:
    return {feature.name for feature in found.values if feature.is_stale}


# --- the schema ---------------------------------------------------------------------------------


def test_names_cannot_change_without_the_version() -> None:
    """A model that was trained on another vector must be able to see that it was another."""
    assert tuple(SCHEMAS[SCHEMA_VERSION].split()) == NAMES
    assert max(SCHEMAS) == SCHEMA_VERSION


def test_names_are_said_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert NAMES == INDICATORS + MICROSTRUCTURE + MOMENTUM


def test_every_feature_is_documented_at_its_place() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)
    assert found == [(str(index), name) for index, name in enumerate(NAMES)]
    assert f"Schema version: {SCHEMA_VERSION}." in text


def test_every_setting_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for field in FeatureSettings.__attrs_attrs__:  # type: ignore[attr-defined]
        default = getattr(SETTINGS, field.name)
        shown = default.value if isinstance(default, Exchange) else f"{default}"
        assert f"| `{field.name}` | {shown} |" in text


# --- the set and its vector ---------------------------------------------------------------------


def test_the_vector_is_the_set_in_the_order_of_names() -> None:
    found = lively().latest
    assert tuple(feature.name for feature in found.values) == NAMES
    assert found.vector() == tuple(found.get(name) for name in NAMES)
    assert len(set(found.vector())) > 15, "values that differ, so that an order shows"


def test_missing_and_stale_values_are_nan_in_the_vector_and_none_by_name() -> None:
    known, stale, missing = NAMES[0], NAMES[1], NAMES[2]
    values = (
        Feature(known, 4.0, 1, False),
        Feature(stale, 5.0, 1, True),
        Feature(missing, None, 1, False),
        *(Feature(name, 6.0, 1, False) for name in NAMES[3:]),
    )
    found = FeatureSet(1, values)
    assert (found.get(known), found.get(stale), found.get(missing)) == (4.0, None, None)
    vector = found.vector()
    assert vector[0] == 4.0
    assert math.isnan(vector[1])
    assert math.isnan(vector[2])
    assert vector[3:] == (6.0,) * (len(NAMES) - 3)


def test_an_unknown_name_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        NO_FEATURES.get("rsi_15")


def test_before_the_first_set_everything_is_missing() -> None:
    assert Features().latest is NO_FEATURES
    assert all(math.isnan(value) for value in NO_FEATURES.vector())
    assert len(NO_FEATURES.vector()) == len(NAMES)


def test_a_set_of_nothing_is_all_missing() -> None:
    found = refreshed(Features(), 0)
    assert [found.get(name) for name in NAMES] == [None] * len(NAMES)


def test_after_half_a_minute_of_everything_nothing_is_missing() -> None:
    found = lively().latest
    assert [name for name in NAMES if found.get(name) is None] == []
    assert {feature.at_ns for feature in found.values if feature.name in INDICATORS} == {at(0)}
    younger = [feature for feature in found.values if feature.name not in INDICATORS]
    assert {feature.at_ns for feature in younger} == {at(30)}


# --- who is asked for what ----------------------------------------------------------------------


def test_flow_is_that_of_binance_and_depth_that_of_bybit() -> None:
    features = Features()
    features.configure(SETTINGS)
    features.quoted(quote(0, "binance", 100.0))
    features.quoted(quote(0, "bybit", 200.0))
    features.quoted(quote(0, "coinbase", 300.0))
    for venue in ("binance", "bybit", "coinbase"):
        features.traded(trade(0, 100.0, venue))
    found = refreshed(features, 0)
    assert found.get("spread_bps") == pytest.approx(1.0 / 100.5 * 1e4)
    assert found.get("imbalance") == pytest.approx(0.5)
    assert found.get("depth_imbalance") == pytest.approx(0.6)
    assert found.get("trade_flow") == 1.0
    assert found.get("trade_intensity") == pytest.approx(math.log(2.0) / 10.0), "one trade of three"


def test_depth_of_another_exchange_does_not_count() -> None:
    features = Features()
    features.quoted(quote(0, "coinbase"))
    assert refreshed(features, 0).get("depth_imbalance") is None


def test_the_half_life_of_flows_is_a_setting() -> None:
    features = Features()
    features.configure(evolve(SETTINGS, flow_half_life_s=2.0))
    features.traded(trade(0))
    found = refreshed(features, 2)
    assert found.get("trade_intensity") == pytest.approx(0.5 * math.log(2.0) / 2.0)


def test_history_is_for_candles_and_no_flow() -> None:
    """What is read after a gap traded long ago: nobody presses on the price with it now."""
    features = Features()
    features.configure(SETTINGS)
    for second in range(60):
        features.traded(trade(second, is_history=True))
    found = refreshed(features, 60)
    assert [found.get(name) for name in OF_TRADES] == [None] * 3
    bar = features.candles.bar(60, at(0))
    assert bar is not None
    assert bar.trades == 60


def test_candles_are_those_of_the_chosen_exchange() -> None:
    features = Features()
    features.configure(evolve(SETTINGS, candle_exchange=Exchange.BYBIT))
    features.traded(trade(0, 100.0, "binance"))
    features.loaded(history(60, 10))
    assert features.candles.current(60) is None
    features.traded(trade(1, 90.0, "bybit"))
    bar = features.candles.current(60)
    assert bar is not None
    assert bar.close == 90.0


def test_another_exchange_begins_its_candles_anew_and_the_same_keeps_them() -> None:
    features = lively()
    kept = features.candles
    features.configure(evolve(SETTINGS, flow_half_life_s=5.0))
    assert features.candles is kept
    features.configure(evolve(SETTINGS, candle_exchange=Exchange.COINBASE))
    assert features.candles.current(60) is None
    assert refreshed(features, 31).get("rsi_14") is None


def test_divergence_and_the_dollar_gap_by_hand() -> None:
    voting = (part("binance", 100.0), part("bybit", 99.5), part("coinbase", 100.2))
    found = refreshed(Features(), 0, *voting)
    assert found.get("divergence_bps") == pytest.approx((100.2 / 99.5 - 1.0) * 1e4)
    assert found.get("dollar_gap_bps") == pytest.approx(20.0)


def test_a_venue_without_a_vote_has_no_part_in_divergence() -> None:
    outlier = part("bybit", 50.0, weight=0.0)
    new = part("bybit", None, weight=0.0)
    for third in (outlier, new):
        found = refreshed(Features(), 0, part("binance", 100.0), third, part("coinbase", 101.0))
        assert found.get("divergence_bps") == pytest.approx(100.0)
    alone = refreshed(Features(), 0, part("binance", 100.0), outlier)
    assert (alone.get("divergence_bps"), alone.get("dollar_gap_bps")) == (None, None)


def test_velocity_is_that_of_the_consensus() -> None:
    features = Features()
    for step in range(60):
        price = 100.0 * math.exp(step / 4.0 * 2e-4)
        refreshed(features, step / 4.0, part("binance", 77.0), price=price)
    assert features.latest.get("velocity_bps_s") == pytest.approx(2.0)
    assert features.latest.get("acceleration_bps_s2") == pytest.approx(0.0, abs=1e-6)


def test_chainlink_alone_is_no_price_to_measure_velocity_by() -> None:
    """Without an exchange Chainlink's last word stands still, and is late."""
    features = Features()
    for step in range(60):
        found = refreshed(features, step / 4.0, price=100.0 + step)
        assert found.get("velocity_bps_s") is None
    assert set(MOMENTUM) <= stale_names(found)
    found = refreshed(features, 15, part("binance", 160.0), price=160.0)
    assert found.get("velocity_bps_s") is None, "nor later"


def followed(lag_s: int) -> float | None:
    """Coinbase says what Binance said so many seconds before."""
    path = [100.0 + math.sin(n * n) for n in range(70)]
    features = Features()
    for second in range(10, 60):
        parts = (part("binance", path[second]), part("coinbase", path[second - lag_s]))
        refreshed(features, second, *parts)
    return features.latest.get("lead_lag")


def test_lead_lag_is_above_zero_where_binance_leads_coinbase() -> None:
    ahead, behind = followed(1), followed(-1)
    assert ahead is not None
    assert behind is not None
    assert ahead > 0.5
    assert behind < -0.5


def test_lead_lag_needs_both_votes_without_a_break() -> None:
    features = lively()
    assert features.latest.get("lead_lag") is not None
    refreshed(features, 31, part("binance", 100.0), part("bybit", 100.0), price=100.0)
    assert features.latest.get("lead_lag") is None


# --- staleness ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("over_ns", "is_stale"), [(-1, False), (0, False), (1, True)])
def test_flow_is_stale_beyond_the_limit(over_ns: int, is_stale: bool) -> None:
    features = lively()
    now_ns = at(30) + SETTINGS.stale_ms * NS_PER_MS + over_ns
    features.refresh(now_ns, SETTINGS, None, ())
    for name in MICROSTRUCTURE:
        assert (features.latest.get(name) is None) is is_stale, name
    assert (set(MICROSTRUCTURE) <= stale_names(features.latest)) is is_stale


def test_quotes_trades_and_depth_grow_old_apart() -> None:
    features = lively()
    late = 30 + STALE_S + 1
    features.quoted(quote(late))
    of_flow = stale_names(refreshed(features, late)) & set(MICROSTRUCTURE)
    assert of_flow == {"depth_imbalance", *OF_TRADES}
    features.traded(trade(late))
    of_flow = stale_names(refreshed(features, late)) & set(MICROSTRUCTURE)
    assert of_flow == {"depth_imbalance"}
    features.quoted(quote(late, "bybit"))
    assert not stale_names(refreshed(features, late)) & set(MICROSTRUCTURE)


@pytest.mark.parametrize(
    ("name", "limit_s"), [("rsi_14", 120), ("atr_14_bps", 120), ("macd_bps", 600)]
)
def test_an_indicator_is_stale_two_bars_after_the_last_that_was_seen(
    name: str, limit_s: int
) -> None:
    """Bars go on, flat, while the feed is away: they must not look like news."""
    features = lively()
    assert features.latest.get(name) is not None
    features.lost("binance", at(30))
    lost_ns = at(30)
    for over_ns, is_stale in ((-1, False), (0, False), (1, True)):
        features.refresh(lost_ns + limit_s * NS_PER_S + over_ns, SETTINGS, None, ())
        assert (features.latest.get(name) is None) is is_stale
    features.traded(trade(30 + limit_s + 1))
    assert refreshed(features, 30 + limit_s + 1).get(name) is not None


def test_an_indicator_of_a_quiet_market_is_not_stale() -> None:
    """A feed that is up and says nothing has seen that nothing was traded."""
    features = lively()
    found = refreshed(features, 1_000)
    assert found.get("rsi_14") is not None
    assert found.values[0].at_ns == at(960)


def test_history_alone_makes_indicators_and_grows_old() -> None:
    features = Features()
    features.configure(SETTINGS)
    features.loaded(history(60, 120))
    assert refreshed(features, 120).get("rsi_14") is not None
    assert refreshed(features, 120.001).get("rsi_14") is None
    features.loaded(history(60, 3, until_s=120))
    assert refreshed(features, 121).get("rsi_14") is not None


def test_momentum_is_stale_while_nobody_votes() -> None:
    features = lively()
    found = refreshed(features, 30.25, price=100.0)
    assert set(MOMENTUM) <= stale_names(found)
    assert all(found.get(name) is None for name in MOMENTUM)


# --- a feed that was lost -----------------------------------------------------------------------


def test_a_lost_feed_leaves_no_quote_of_its_own_behind() -> None:
    features = lively()
    features.lost("binance", at(30))
    found = refreshed(features, 30)
    assert [found.get(name) for name in OF_QUOTES] == [None] * 4
    assert found.get("depth_imbalance") is not None
    features.lost("bybit", at(30))
    assert refreshed(features, 30).get("depth_imbalance") is None


def test_an_exchange_that_makes_no_flow_may_go() -> None:
    features = lively()
    before = features.latest
    features.lost("coinbase", at(30))
    found = refreshed(features, 30)
    assert [found.get(name) for name in MICROSTRUCTURE] == [
        before.get(name) for name in MICROSTRUCTURE
    ]


def test_no_value_comes_from_across_the_hole() -> None:
    """The price doubled while nobody looked: neither order flow nor momentum knows of it."""
    calm = Features()
    calm.configure(SETTINGS)
    calm.quoted(quote(0))
    calm.quoted(quote(1))
    calm.traded(trade(0))
    calm.traded(trade(1))
    calm.lost("binance", at(1))
    calm.quoted(quote(2, bid=200.0))
    calm.traded(trade(2, 200.0))
    found = refreshed(calm, 2)
    assert found.get("order_flow") == 0.0
    assert found.get("volume_momentum_bps") == 0.0
    assert found.get("spread_bps") == pytest.approx(1.0 / 200.5 * 1e4), "of the new quote"


def test_a_mend_makes_candles_whole_again() -> None:
    """What was missed came as history: the candle exchange's mend counts, no other's."""
    features = Features()
    features.configure(SETTINGS)
    features.loaded(history(60, 120, until_s=60))
    for second in range(59, 300):
        features.traded(trade(second, is_history=100 <= second < 130))
        if second == 99:
            features.lost("binance", at(100))
    for feed, is_whole in (("bybit", False), ("binance", True)):
        features.mended(feed, at(99), at(131))
        arrays = features.candles.arrays(60, at(301))
        assert arrays is not None
        assert arrays.is_complete is is_whole


# --- when they are made -------------------------------------------------------------------------


def test_a_set_is_due_when_the_last_is_old_enough() -> None:
    features = Features()
    assert features.is_due(at(0), SETTINGS)
    refreshed(features, 0)
    every_ns = SETTINGS.every_ms * NS_PER_MS
    assert not features.is_due(at(0) + every_ns - 1, SETTINGS)
    assert features.is_due(at(0) + every_ns, SETTINGS)
    assert not features.is_due(at(0) + every_ns, evolve(SETTINGS, every_ms=251))
    assert features.is_due(at(0) - 1, SETTINGS), "by a clock that was set back"


def test_a_set_that_is_read_late_is_of_its_own_moment() -> None:
    """What comes after it changes nothing in it, whoever reads it first."""
    early, late = lively(), lively()
    at_once, read_later = early.latest, late.latest
    said = at_once.values
    for features in (early, late):
        features.quoted(quote(31, "binance", 90.0))
        features.quoted(quote(31, "bybit", 90.0))
        features.traded(trade(31, 80.0))
        features.loaded(history(60, 60))
        features.lost("binance", at(31))
        refreshed(features, 400, part("binance", 90.0), price=90.0)
    assert read_later.values == said
    assert {one.name for one in said if one.value is None} <= {"acceleration_bps_s2", "lead_lag"}
    assert late.latest.values == early.latest.values != said


def test_two_who_read_a_set_at_once_read_the_same() -> None:
    """One reads while the other is in the middle of making it: a thread that nobody waits for."""
    values = (Feature("rsi_14", 50.0, 1, False),)
    said: list[float | None] = []

    def made() -> tuple[Feature, ...]:
        if not said:
            said.append(None)
            said.append(found.get("rsi_14"))
        return values

    found = FeatureSet.read_later(1, made)
    assert found.get("rsi_14") == 50.0
    assert said == [None, 50.0]
    assert found.values == values


def test_decisions_in_between_see_the_last_set() -> None:
    """A hundred decisions in a second are four sets, whatever happens between."""
    prices, settings = DeskPrices(), Settings()
    sets = []
    for step in range(101):
        prices.exchange_quoted(quote(step / 100.0, bid=100.0 + step))
        prices.refresh(at(step / 100.0), settings)
        if not sets or prices.features.latest is not sets[-1]:
            sets.append(prices.features.latest)
    assert [one.at_ns for one in sets] == [at(0), at(0.25), at(0.5), at(0.75), at(1)]


# --- whatever comes -----------------------------------------------------------------------------

wire_prices = st.floats(1e-18, 1e15)
wire_sizes = st.one_of(st.just(0.0), st.floats(0.0, 1e15))
venues = st.sampled_from([exchange.value for exchange in Exchange])
steps = st.lists(
    st.tuples(
        st.sampled_from(["quote", "trade", "lost", "mended", "refresh", "refresh"]),
        venues,
        wire_prices,
        wire_prices,
        wire_sizes,
        wire_sizes,
        st.sampled_from([0.0, 0.001, 0.3, 1.0, 7.0, 61.0, 3_700.0]),
    ),
    max_size=40,
)


@given(steps)
def test_no_nan_ever_comes_out_by_name(
    steps: list[tuple[str, str, float, float, float, float, float]],
) -> None:
    features, seconds = Features(), 0.0
    features.configure(evolve(SETTINGS, candles=100))
    features.loaded(history(60, 60))
    for kind, venue, one, other, bid_size, ask_size, span in steps:
        seconds += span
        bid, ask = sorted((one, other))
        if kind == "quote" and bid < ask:
            sizes = (bid, bid_size, ask, ask_size)
            features.quoted(
                ExchangeQuoted(Asset.BTC, venue, *sizes, 0, at(seconds), ask_size, bid_size)
            )
        elif kind == "trade":
            features.traded(trade(seconds, one, venue))
        elif kind == "lost":
            features.lost(venue, at(seconds))
        elif kind == "mended":
            features.mended(venue, at(seconds - 5), at(seconds))
        else:
            voting = (part("binance", one), part(venue, other))
            _check_set(refreshed(features, seconds, *voting, price=one))


def _check_set(found: FeatureSet) -> None:
    for name, in_vector in zip(NAMES, found.vector(), strict=True):
        value = found.get(name)
        assert value is None or math.isfinite(value), name
        assert math.isnan(in_vector) if value is None else in_vector == value, name
