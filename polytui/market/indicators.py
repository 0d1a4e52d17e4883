"""The classic indicators on closed bars, through TA-Lib; computed when a bar closes, not between.

Conventions are TA-Lib's: Wilder smoothing seeded by a plain mean (RSI, ATR), exponential averages
seeded by a simple one (MACD), population deviation (Bollinger). With 500 bars kept the seed's share
in the last value is below 1e-10. VWAP and Heikin Ashi are ours: TA-Lib's VWAP knows no session.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from polytui.lean_imports import without
from polytui.market.candles import Array, Arrays, Candles

with without("polars"):
    import talib

_MINUTE_S, _FIVE_S, _DAY_S = 60, 300, 86_400
_BPS = 10_000.0
_HA_BARS = 64
"""A start so far back has a share of 2^-64 in the last bar."""


class IndicatorValue(Struct, frozen=True, gc=False):
    """A value and the end of the last bar it was made of; None while there are too few bars."""

    value: float | None
    at_ns: int
    length_s: int
    """Of its bars: what is two lengths old is stale."""


NO_READING = IndicatorValue(None, 0, _MINUTE_S)
LENGTHS_READ_S = (_MINUTE_S, _FIVE_S)
"""Of the bars that readings are made of."""

Readings = dict[str, IndicatorValue]


class Indicators:
    """State: what was computed last, by the arrays it was computed from."""

    def __init__(self) -> None:
        self._minutes: Arrays | None = None
        self._fives: Arrays | None = None
        self._of_minutes: Readings = {}
        self._of_fives: Readings = {}

    def read(self, candles: Candles, now_ns: int) -> Readings:
        """All readings by name; see `docs/features.md`."""
        minutes = candles.arrays(_MINUTE_S, now_ns)
        if minutes is not self._minutes:
            self._minutes = minutes
            self._of_minutes = {} if minutes is None else _read_minutes(minutes)
        fives = candles.arrays(_FIVE_S, now_ns)
        if fives is not self._fives:
            self._fives = fives
            self._of_fives = {} if fives is None else _read_fives(fives)
        return {**self._of_minutes, **self._of_fives}


def _read_minutes(bars: Arrays) -> Readings:
    close = bars.close
    last = float(close[-1])
    upper, middle, lower = talib.BBANDS(close, timeperiod=20, nbdevup=2.0, nbdevdn=2.0)
    width = _last(upper - lower)
    values = {
        "rsi_14": _last(talib.RSI(close, timeperiod=14)),
        "atr_14_bps": _in_bps(_last(talib.ATR(bars.high, bars.low, close, timeperiod=14)), last),
        "bollinger_b": _ratio(_less(last, _last(lower)), width),
        "bollinger_width_bps": _in_bps(width, _last(middle)),
        "heikin_ashi_bps": heikin_ashi_body_bps(bars),
    }
    return {name: IndicatorValue(value, bars.ends_ns, _MINUTE_S) for name, value in values.items()}


def _read_fives(bars: Arrays) -> Readings:
    close = bars.close
    last = float(close[-1])
    line, signal, histogram = talib.MACD(close, fastperiod=12, slowperiod=26, signalperiod=9)
    values = {
        "macd_bps": _in_bps(_last(line), last),
        "macd_signal_bps": _in_bps(_last(signal), last),
        "macd_histogram_bps": _in_bps(_last(histogram), last),
        "vwap_gap_bps": _vwap_gap_bps(bars),
    }
    return {name: IndicatorValue(value, bars.ends_ns, _FIVE_S) for name, value in values.items()}


def session_vwap(bars: Arrays) -> float | None:
    """Sum of typical price x volume over volume since 00:00 UTC of the last bar's day.

    None when the bars do not reach back to midnight, or nothing was traded since.
    """
    end_s = bars.opens_s + len(bars.close) * bars.length_s
    midnight_s = (end_s - 1) - (end_s - 1) % _DAY_S
    first = (midnight_s - bars.opens_s) // bars.length_s
    if first < 0:
        return None
    volume = bars.volume[first:]
    total = float(volume.sum())
    if total <= 0.0:
        return None
    typical = (bars.high[first:] + bars.low[first:] + bars.close[first:]) / 3.0
    return float((typical * volume).sum() / total)


def _vwap_gap_bps(bars: Arrays) -> float | None:
    vwap, last = session_vwap(bars), float(bars.close[-1])
    return None if vwap is None else math.log(last / vwap) * _BPS


def heikin_ashi(bars: Arrays) -> tuple[Array, Array]:
    """Opens and closes: close is the bar's mean price, open the middle of the bar before.

    The first open is the middle of its own bar's open and close (Valcu 2004).
    """
    closes = (bars.open + bars.high + bars.low + bars.close) / 4.0
    opens = np.empty_like(closes)
    value = (float(bars.open[0]) + float(bars.close[0])) / 2.0
    for index, close in enumerate(closes.tolist()):
        opens[index] = value
        value = (value + close) / 2.0
    return opens, closes


def heikin_ashi_body_bps(bars: Arrays) -> float:
    """The last bar's close over its open."""
    opens, closes = heikin_ashi(_last_bars(bars, _HA_BARS))
    return math.log(float(closes[-1]) / float(opens[-1])) * _BPS


def _last_bars(bars: Arrays, count: int) -> Arrays:
    if len(bars.close) <= count:
        return bars
    opens_s = bars.opens_s + (len(bars.close) - count) * bars.length_s
    return Arrays(
        opens_s,
        bars.length_s,
        bars.open[-count:],
        bars.high[-count:],
        bars.low[-count:],
        bars.close[-count:],
        bars.volume[-count:],
        bars.is_complete,
    )


def _last(values: Array) -> float | None:
    value = float(values[-1])
    return value if math.isfinite(value) else None


def _less(value: float, other: float | None) -> float | None:
    return None if other is None else value - other


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _in_bps(part: float | None, whole: float | None) -> float | None:
    ratio = _ratio(part, whole)
    return None if ratio is None else ratio * _BPS
