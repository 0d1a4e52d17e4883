"""Thirty days of one-minute candles of four assets: the moves of minutes against predictions."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
from attrs import evolve

from benchmarks.recorded_day import Seen
from polytui.config.schema import MarketSettings
from polytui.market.volatility import Volatility
from polytui.model.units import NS_PER_S

FILE = "binance_klines_1m_BTC_ETH_SOL_XRP_2026-03-23_04-22.parquet"
HORIZONS_S = (60, 120, 180, 300)
_MINUTE_S = 60


def by_the_minute(market: MarketSettings) -> MarketSettings:
    """The same half-lives for prices that come once a minute: a close is a sample, its own span."""
    return evolve(
        market,
        volatility_sample_s=float(_MINUTE_S),
        volatility_span_s=float(_MINUTE_S),
        volatility_gap_s=3.0 * _MINUTE_S,
        volatility_warmup_s=60.0 * _MINUTE_S,
    )


def read_closes(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """By symbol: (the second after the minute, its close), oldest first."""
    frame = pl.read_parquet(folder / FILE).sort("symbol", "open_time")
    return {
        str(name[0]): [
            (int(opened) // NS_PER_S + _MINUTE_S, float(close))
            for opened, close in zip(part["open_time"].cast(pl.Int64), part["close"], strict=True)
        ]
        for name, part in frame.group_by("symbol", maintain_order=True)
    }


def predicted(closes: list[tuple[int, float]], market: MarketSettings) -> list[Seen]:
    minutely, volatility, seen = by_the_minute(market), Volatility(), list[Seen]()
    for second, close in closes:
        volatility.sample(close, second * NS_PER_S, minutely)
        if volatility.seen_s >= minutely.volatility_warmup_s:
            sigma = volatility.sigma_per_sqrt_s(minutely)
            seen.append(Seen(second, math.log(close), sigma))
    return seen
