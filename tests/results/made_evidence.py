"""Evidence that nobody played: rounds and trades of chance with an edge of one's choice."""

from __future__ import annotations

import numpy as np

from polytui.model.instrument import Asset, Interval
from polytui.model.units import MICRO, NS_PER_S
from polytui.results.evidence import (
    BlockedEntry,
    Coverage,
    EquityCurve,
    Evidence,
    Forecasts,
    OpenPosition,
    OrderCount,
    PlayedFill,
    PlayedRound,
    PlayedTrade,
)

START_NS = 1_795_204_800 * NS_PER_S
"""2026-11-20 20:00:00 UTC."""
_ROUND_NS = 300 * NS_PER_S
_STAKE_USD = 10.0
STRATEGIES = ("confluence", "distance_fade", "settlement_sniper")


def round_at(number: int, winner: str) -> PlayedRound:
    opens_ns = START_NS + number * _ROUND_NS
    slug = f"btc-updown-5m-{opens_ns // NS_PER_S}"
    return PlayedRound(slug, "btc", "5m", opens_ns, opens_ns + _ROUND_NS, 65_000.0, winner)


def trade_in(
    listed: PlayedRound, price: float, *, strategy: str = "confluence", is_shadow: bool = False
) -> PlayedTrade:
    """Ten dollars on Up at this price, without a fee, held to settlement."""
    px = round(price * MICRO)
    shares = round(_STAKE_USD / price * MICRO)
    stake = px * shares // MICRO
    pnl = (shares if listed.winner == "up" else 0) - stake
    return PlayedTrade(
        strategy,
        is_shadow,
        listed.asset,
        listed.interval,
        listed.slug,
        "up",
        listed.opens_ns + 60 * NS_PER_S,
        listed.closes_ns,
        240.0,
        shares,
        px,
        MICRO if listed.winner == "up" else 0,
        stake,
        0,
        pnl,
        "settlement",
    )


def fill_of(trade: PlayedTrade, mid: float | None = None) -> PlayedFill:
    px = trade.entry_px or 0
    at = px if mid is None else round(mid * MICRO)
    return PlayedFill(
        *(trade.strategy, trade.is_shadow, trade.asset, trade.interval, trade.slug),
        *("up", "buy", px, trade.shares, 0, True, False, trade.opened_ns),
        *(at, at, (at, at, None)),
    )


def made_evidence(rounds: int, points: int = 0, seed: int = 1, edge: float = 0.0) -> Evidence:
    """A trade of each strategy in each round, at prices of chance; Up wins as often as the price
    says, and by `edge` more often."""
    rng = np.random.default_rng(seed)
    prices = rng.uniform(0.1, 0.9, rounds)
    came = rng.random(rounds) < np.clip(prices + edge, 0.0, 1.0)
    listed = tuple(round_at(n, "up" if up else "down") for n, up in enumerate(came))
    trades = tuple(
        trade_in(one, float(price), strategy=name, is_shadow=name == "settlement_sniper")
        for one, price in zip(listed, prices, strict=True)
        for name in STRATEGIES
    )
    steps = rng.normal(0.0, 0.5, points or rounds).cumsum() * MICRO
    at_ns = START_NS + np.arange(points or rounds, dtype=np.int64) * 60 * NS_PER_S
    numbers = np.repeat(np.arange(rounds, dtype=np.int64), 4)
    mids = np.repeat(prices, 4)
    return Evidence(
        coverage=Coverage(
            data="rounds that nobody played",
            assets=(Asset.BTC,),
            intervals=(Interval.M5,),
            from_ns=START_NS,
            until_ns=START_NS + rounds * _ROUND_NS,
            fills="none",
            seen=rounds + 2,
            used=rounds,
            skipped=(("without a winner", 2),),
        ),
        settings_json="{}",
        start_usd=5_000 * MICRO,
        rounds=listed,
        trades=trades,
        fills=tuple(fill_of(one) for one in trades),
        equity=EquityCurve(
            at_ns, 5_000 * MICRO + steps.astype(np.int64), np.abs(steps).astype("q")
        ),
        forecasts=Forecasts(
            numbers,
            np.tile([280.0, 120.0, 40.0, 10.0], rounds),
            np.clip(mids + rng.normal(0.0, 0.05, len(mids)), 0.01, 0.99),
            mids,
            3,
        ),
        blocks=(
            BlockedEntry("confluence", False, "btc", "5m", "edge small", 40, 5_000.0),
            BlockedEntry("predictor", True, "btc", "5m", "no model", 1, 9_000.0),
        ),
        left_open=(
            OpenPosition(
                "confluence", False, "btc", "5m", "next", "up", 5 * MICRO, 2 * MICRO, 450_000
            ),
        ),
        orders=(OrderCount("confluence", rounds + 3, rounds, 3),),
        moves=(("rebate", 1_250_000),),
    )
