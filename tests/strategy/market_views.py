"""Views made by hand, drawn tame, and drawn wild; and a market seen in a mirror."""

from __future__ import annotations

import math
from typing import Any

import attrs
import msgspec
from hypothesis import strategies as st

from polytui.config.deciding import (
    ConfluenceSettings,
    DistanceFadeSettings,
    GateSettings,
    MomentumScoreSettings,
    PredictorSettings,
    SettlementSniperSettings,
)
from polytui.config.schema import Settings
from polytui.market.features import NAMES, SCHEMA_VERSION, Feature, FeatureSet
from polytui.market.predictor import (
    CONTEXT,
    FORMAT,
    INPUTS,
    Calibration,
    Figures,
    LearnedPredictor,
    Model,
    parse_model,
)
from polytui.market.volatility import SECONDS_PER_YEAR
from polytui.model.instrument import FeeSchedule
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.strategy.proposal import OutcomeView, Proposal, Strategy, View

START_NS = 1_795_204_800 * NS_PER_S
STRIKE = 65_536.0
"""A power of two: sums and differences around it are exact."""
FEE = 0.07
_TURNED = ("vwap_gap_bps", "macd_bps", "macd_signal_bps", "macd_histogram_bps", "heikin_ashi_bps")
_PRESSED = ("imbalance", "depth_imbalance", "micro_gap_bps", "order_flow", "trade_flow")
_MOVED = ("volume_momentum_bps", "velocity_bps_s", "acceleration_bps_s2", "dollar_gap_bps")
_NEGATED = _TURNED + _PRESSED + _MOVED


def evolve(thing: Any, **changes: Any) -> Any:
    """The same but for these fields: views are Structs, settings attrs classes."""
    if isinstance(thing, msgspec.Struct):
        return msgspec.structs.replace(thing, **changes)
    return attrs.evolve(thing, **changes)


def micro(value: float) -> int:
    return round(value * MICRO)


def side_of(bid: float, ask: float, held: float = 0, cost: float = 0) -> OutcomeView:
    """One outcome with a hundred shares at its bests; dollars and shares."""
    many = Shares(100 * MICRO)
    prices = Price(micro(bid)), Price(micro(ask))
    return OutcomeView(*prices, many, many, Shares(micro(held)), Usd(micro(cost)))


def features_of(stale: tuple[str, ...] = (), **values: float | None) -> FeatureSet:
    """What is not named is missing."""
    assert set(values) <= set(NAMES)
    return FeatureSet(
        START_NS,
        tuple(Feature(name, values.get(name), START_NS, name in stale) for name in NAMES),
    )


def a_view(**changes: Any) -> View:
    """Half-way through a round: Up at 0.50/0.51, Down at 0.49/0.50, nothing leans anywhere.

    A second's sigma is 8 dollars of 65,536: 1.22 bps.
    """
    view = View(
        now_ns=START_NS + 150 * NS_PER_S,
        since_open_s=150.0,
        left_s=150.0,
        strike=STRIKE,
        price=STRIKE,
        fair_up=0.5,
        sigma=64.0,
        mean=STRIKE,
        sigma_per_sqrt_s=8.0,
        volatility=8.0 / STRIKE * math.sqrt(SECONDS_PER_YEAR),
        window_s=60,
        known=0.5,
        trust=1.0,
        book_age_ms=0,
        features=features_of(),
        predictor=None,
        up=side_of(0.50, 0.51),
        down=side_of(0.49, 0.50),
        tick=Price(10_000),
        min_shares=Shares(5 * MICRO),
        fees=FeeSchedule(),
        free_cash=Usd(1_000 * MICRO),
    )
    return evolve(view, **changes)


def with_thresholds(strategy: Strategy, settings: Settings, **changes: Any) -> Settings:
    table = evolve(strategy.thresholds(settings), **changes)
    return evolve(settings, **{strategy.name: table})


def edge_of(worth: float, limit: float) -> float:
    """bps, by the fee curve of the venue's page and not by our code."""
    return (worth - limit - FEE * limit * (1.0 - limit)) * 10_000.0


def a_model(up_per_logit: float = 1.0) -> LearnedPredictor:
    """A model that believes the fair value's logit so many times over. It uses the rest as well,
    and makes nothing of it."""
    weights = [up_per_logit if name == "fair_logit" else 1e-12 for name in INPUTS]
    some = tuple(0.0 for _ in INPUTS)
    model = Model(
        format=FORMAT,
        schema_version=SCHEMA_VERSION,
        names=NAMES + CONTEXT,
        weights=tuple(weights),
        means=some,
        scales=tuple(1.0 for _ in INPUTS),
        missing=some,
        intercept=0.0,
        calibration=Calibration(),
        trained_on="nothing: made by hand",
        made_with="nothing",
        test=Figures(rounds=10**9, brier=0.1, log_loss=0.3, calibration_error=0.0),
        against=(),
        sha256="",
    )
    return parse_model(model.sealed().canonical_json())


WIDE = GateSettings(
    after_open_s=0.0,
    before_close_s=0.0,
    max_spread_bps=10_000.0,
    max_volatility=1e9,
    min_consensus_trust=0.0,
    max_book_age_ms=10**9,
)
_EASY: dict[str, Any] = {"min_edge_bps": 1e-6, "min_price": 0.01, "max_price": 0.99}
EAGER = Settings(
    gates=WIDE,
    confluence=ConfluenceSettings(
        **_EASY, min_confidence=0.5, max_against=0.5, min_votes=1, worth=1.0
    ),
    momentum_score=MomentumScoreSettings(**_EASY, min_score=0.0, worth=0.5),
    distance_fade=DistanceFadeSettings(**_EASY),
    settlement_sniper=SettlementSniperSettings(
        **_EASY, from_left_s=1e6, until_left_s=0.0, min_fair=0.5
    ),
    predictor=PredictorSettings(**_EASY, min_confidence=0.5),
)
"""Settings under which nearly every lean is followed: what could go wrong does."""
SIGMOID = evolve(EAGER, distance_fade=DistanceFadeSettings(**_EASY, model="sigmoid"))
LEARNED = evolve(EAGER, predictor=PredictorSettings(**_EASY, min_confidence=0.5, kind="learned"))
KELLY = evolve(
    EAGER,
    settlement_sniper=evolve(EAGER.settlement_sniper, sizing="half_kelly"),
    distance_fade=evolve(EAGER.distance_fade, sizing="half_kelly"),
    confluence=evolve(EAGER.confluence, sizing="half_kelly"),
)


# --- in a mirror ----------------------------------------------------------------------------------


def mirrored(view: View) -> View:
    """The same market with the price's moves turned round at the strike."""
    return evolve(
        view,
        price=2 * view.strike - view.price,
        mean=2 * view.strike - view.mean,
        fair_up=1.0 - view.fair_up,
        features=FeatureSet(view.features.at_ns, tuple(map(_turned, view.features.values))),
        up=view.down,
        down=view.up,
    )


def _turned(feature: Feature) -> Feature:
    value = feature.value
    if value is None:
        return feature
    if feature.name == "rsi_14":
        return evolve(feature, value=100.0 - value)
    if feature.name == "bollinger_b":
        return evolve(feature, value=1.0 - value)
    return evolve(feature, value=-value) if feature.name in _NEGATED else feature


# --- drawn ----------------------------------------------------------------------------------------


def _eighths(low: int, high: int) -> st.SearchStrategy[float]:
    """Exact in binary, so that a mirror is exact."""
    return st.integers(low * 8, high * 8).map(lambda eighths: eighths / 8)


_TAME = {
    "rsi_14": _eighths(0, 100),
    "macd_histogram_bps": _eighths(-20, 20),
    "imbalance": _eighths(-1, 1),
    "depth_imbalance": _eighths(-1, 1),
    "order_flow": _eighths(-80, 80),
    "trade_flow": _eighths(-1, 1),
    "trade_intensity": _eighths(0, 20),
    "volume_momentum_bps": _eighths(-1, 1),
    "velocity_bps_s": _eighths(-2, 2),
    "acceleration_bps_s2": _eighths(-1, 1),
    "dollar_gap_bps": _eighths(-4, 4),
    "lead_lag": _eighths(-1, 1),
}


@st.composite
def _tame_books(draw: st.DrawFn) -> tuple[OutcomeView, OutcomeView]:
    """Both books of a round, each the other's complement."""
    bid = draw(st.integers(1, 97))
    ask = draw(st.integers(bid + 1, 99))
    return side_of(bid / 100, ask / 100), side_of(1 - ask / 100, 1 - bid / 100)


@st.composite
def tame_views(draw: st.DrawFn) -> View:
    """What a healthy feed may show, exact in binary; readings may be missing or stale."""
    up, down = draw(_tame_books())
    values = {name: draw(st.none() | values) for name, values in _TAME.items()}
    stale = draw(st.lists(st.sampled_from(NAMES), max_size=3))
    left_s = draw(_eighths(0, 300))
    return a_view(
        features=features_of(tuple(stale), **values),
        up=up,
        down=down,
        left_s=left_s,
        since_open_s=300.0 - left_s,
        fair_up=draw(st.integers(0, 1024)) / 1024,
        mean=STRIKE + draw(_eighths(-300, 300)),
        sigma=draw(_eighths(0, 100)),
        sigma_per_sqrt_s=draw(_eighths(0, 20)),
        trust=draw(st.integers(0, 8)) / 8,
    )


_WILD = st.floats() | st.floats(-10, 10) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0])
_PRICES = st.integers(0, 100).map(lambda cents: Price(cents * 10_000)) | st.integers(0, MICRO)
_AMOUNTS = st.integers(0, 10**12)


def _wild_sides() -> st.SearchStrategy[OutcomeView]:
    nothing = st.just(0)
    return st.builds(
        OutcomeView, _PRICES, _PRICES, _AMOUNTS, _AMOUNTS, nothing | _AMOUNTS, nothing | _AMOUNTS
    )


@st.composite
def wild_views(draw: st.DrawFn) -> View:
    """Anything the types allow: NaN, endless, crossed, empty, off tick, after the end."""
    values = {name: draw(st.none() | _WILD) for name in NAMES}
    thoughts = ("since_open_s", "left_s", "strike", "price", "fair_up", "sigma", "mean")
    more = ("sigma_per_sqrt_s", "volatility", "trust")
    tame = draw(tame_views())
    changes = {name: draw(_WILD) for name in thoughts + more if draw(st.booleans())}
    return evolve(
        tame,
        **changes,
        features=draw(st.sampled_from([tame.features, features_of(**values)])),
        up=draw(st.just(tame.up) | _wild_sides()),
        down=draw(st.just(tame.down) | _wild_sides()),
        tick=Price(draw(st.sampled_from([10_000, 1_000, 5_000, 100_000]))),
        min_shares=Shares(draw(st.sampled_from([0, 5 * MICRO]))),
        free_cash=Usd(draw(st.integers(-(10**12), 10**12))),
        predictor=draw(st.sampled_from([None, a_model(1.0), a_model(-4.0), a_model(1e9)])),
    )


def quoted(proposal: Proposal) -> tuple[str, int, int]:
    """Outcome, price and shares of the one quote."""
    (quote,) = proposal.quotes
    return quote.outcome.value, quote.price, quote.shares
