"""Indicators against TA-Lib over a month of real minutes, and against vectors made by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import talib

from polytui.market.candles import Arrays, Candles
from polytui.market.indicators import Indicators, heikin_ashi, session_vwap
from polytui.model.candle import Candle
from polytui.model.events import CandlesLoaded
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS, NS_PER_S

KEPT = 500
CLOSES = [
    101.5, 101.57, 102.68, 106.48, 106.36, 104.56, 106.07, 105.48, 101.59, 101.05, 101.33, 98.05,
    97.15, 99.64, 99.19, 98.94, 103.01, 105.24, 104.93, 108.1, 110.93, 109.35, 109.44, 111.15,
    108.52, 105.72, 106.5, 104.84, 101.51, 102.61, 103.88, 102.25, 104.01, 107.99, 108.27, 109.32,
    113.55, 114.32, 112.99, 114.94, 115.18, 111.61, 110.88, 111.25, 107.78, 106.04, 107.93, 107.13,
    106.07, 109.57, 111.88, 111.53, 114.66, 118.17, 117.31, 117.72, 120.15, 118.3, 115.58, 116.37,
]  # fmt: skip


def vectors(length_s: int = 60, opens_s: int = 86_400) -> Arrays:
    """Sixty bars whose opens are the closes before them."""
    opens = [101.2, *CLOSES[:-1]]
    pairs = list(enumerate(zip(opens, CLOSES, strict=True)))
    high = [round(max(o, c) + 0.4 + 0.1 * (7 * i % 5), 2) for i, (o, c) in pairs]
    low = [round(min(o, c) - 0.3 - 0.1 * (3 * i % 4), 2) for i, (o, c) in pairs]
    volume = [10.0 + 13 * i % 7 for i, _ in pairs]
    columns = [np.array(column, dtype=np.float64) for column in (opens, high, low, CLOSES, volume)]
    return Arrays(opens_s, length_s, *columns, True)


def test_golden_vectors() -> None:
    bars = vectors()
    opens, closes = heikin_ashi(bars)
    assert (opens[0], closes[0], opens[1], closes[1]) == pytest.approx(
        (101.35, 101.375, 101.3625, 101.535)
    )
    assert (opens[59], closes[59]) == pytest.approx((117.75651621042067, 116.05))
    assert session_vwap(bars) == pytest.approx(107.8048871860366)
    rsi = talib.RSI(bars.close, timeperiod=14)
    assert rsi[[14, 15, 59]].tolist() == pytest.approx(
        [44.45511281805087, 43.88785591891793, 58.20751441047551]
    )


def test_vwap_begins_at_midnight_and_needs_all_of_the_day() -> None:
    late = vectors(length_s=60, opens_s=86_400 - 20 * 60)
    typical = (late.high + late.low + late.close) / 3.0
    expected = (typical[20:] * late.volume[20:]).sum() / late.volume[20:].sum()
    assert session_vwap(late) == pytest.approx(expected)
    assert session_vwap(vectors(opens_s=86_400 + 60)) is None


@pytest.fixture(scope="module")
def minutes(recordings: Path) -> pl.DataFrame:
    (path,) = recordings.glob("binance_klines_1m_*.parquet")
    frame = pl.read_parquet(path)
    symbol = next(name for name in ("symbol", "asset") if name in frame.columns)
    first = sorted(frame[symbol].unique().to_list())[0]
    stamp = next(name for name in ("open_time", "ts", "open_time_ms") if name in frame.columns)
    return frame.filter(pl.col(symbol) == first).sort(stamp).rename({stamp: "opens"})


def opens_ns(frame: pl.DataFrame) -> list[int]:
    column = frame["opens"]
    if column.dtype.is_temporal():
        return column.dt.epoch("ns").to_list()
    return [int(value) * NS_PER_MS for value in column.to_list()]


def test_a_month_of_minutes_bar_by_bar_equals_the_whole(minutes: pl.DataFrame) -> None:
    """A ring of 500 bars against TA-Lib over all of them: the ring is long enough for 1e-9."""
    opens = opens_ns(minutes)
    columns = [minutes[name].cast(pl.Float64).to_list() for name in
               ("open", "high", "low", "close", "volume")]  # fmt: skip
    rows = [Candle(*row, 1) for row in zip(opens, *columns, strict=True)]
    close, high, low = (np.array(columns[n], dtype=np.float64) for n in (3, 1, 2))
    rsi, atr = talib.RSI(close, 14), talib.ATR(high, low, close, 14)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    fives = close[4::5] if opens[0] % (300 * NS_PER_S) == 0 else None
    macd = None if fives is None else talib.MACD(fives, 12, 26, 9)
    candles, indicators, compared = Candles(KEPT), Indicators(), 0
    for at in range(0, len(rows), 60):
        part = rows[at : at + 60]
        candles.load(CandlesLoaded(Asset.BTC, "binance", 60, tuple(part), 0))
        candles.load(CandlesLoaded(Asset.BTC, "binance", 300, _folded(part), 0))
        if at < 30 * 60:
            continue
        last, now_ns = at + len(part) - 1, part[-1].opens_ns + 61 * NS_PER_S
        found = {name: one.value for name, one in indicators.read(candles, now_ns).items()}
        assert found["rsi_14"] == pytest.approx(rsi[last], rel=1e-9)
        assert found["atr_14_bps"] == pytest.approx(atr[last] / close[last] * 1e4, rel=1e-9)
        width = upper[last] - lower[last]
        assert found["bollinger_width_bps"] == pytest.approx(width / middle[last] * 1e4, rel=1e-6)
        assert found["bollinger_b"] == pytest.approx((close[last] - lower[last]) / width, rel=1e-6)
        if macd is not None and at > 48 * 60 and len(part) == 60:
            five = (last + 1) // 5 - 1
            expected = [float(line[five]) / fives[five] * 1e4 for line in macd]
            names = ("macd_bps", "macd_signal_bps", "macd_histogram_bps")
            assert [found[name] for name in names] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        compared += 1
    assert compared > 600


def _folded(part: list[Candle]) -> tuple[Candle, ...]:
    fives = [part[at : at + 5] for at in range(0, len(part) - 4, 5)]
    return tuple(
        Candle(
            five[0].opens_ns,
            five[0].open,
            max(one.high for one in five),
            min(one.low for one in five),
            five[-1].close,
            math.fsum(one.volume for one in five),
            5,
        )
        for five in fives
    )
