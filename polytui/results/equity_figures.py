"""Of the account as a whole: its curve, how far it fell and when, and return for risk.

Returns are dollars over the cash of the start, of whole hours, or of whole days where there are
twenty of them; markets never close, so a year has 8,760 hours. Held shares count at their cost: a
position gains or loses when it is left or settled.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from polytui.model.units import MICRO, NS_PER_S
from polytui.results.evidence import EquityCurve, Floats, Integers

_HOUR_NS = 3_600 * NS_PER_S
_DAY_NS = 24 * _HOUR_NS
_YEAR_NS = 365 * _DAY_NS
LEAST_PERIODS = 20
"""Of fewer returns a ratio to their spread is noise."""


@frozen
class Drawdown:
    """The deepest fall from a peak: how much, from when to when, and when it was made good."""

    usd: float
    share: float
    """Of the peak."""
    peak_ns: int
    trough_ns: int
    recovered_ns: int | None
    """None while it lasts."""


@frozen
class EquityFigures:
    start_usd: float
    end_usd: float
    change_usd: float
    drawdown: Drawdown | None
    """None where it never fell."""
    period: str
    """hour or day: of which the returns are."""
    periods: int
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    """A year's return at this pace over the deepest fall. The three are None where there are too
    few returns, or there is no risk to divide by."""
    most_at_risk_usd: float


def equity_figures(curve: EquityCurve, start_usd: int) -> EquityFigures:
    start = start_usd / MICRO
    if not len(curve.at_ns):
        return EquityFigures(start, start, 0.0, None, "hour", 0, None, None, None, 0.0)
    fall = drawdown(curve, start_usd)
    end = int(curve.equity[-1])
    span_ns = int(curve.at_ns[-1] - curve.at_ns[0])
    period_ns = _DAY_NS if span_ns >= LEAST_PERIODS * _DAY_NS else _HOUR_NS
    found = returns_of(curve, start_usd, period_ns)
    sharpe, sortino = _ratios(found, math.sqrt(_YEAR_NS / period_ns))
    calmar = None
    if fall is not None and len(found) >= LEAST_PERIODS:
        calmar = (end - start_usd) / MICRO * (_YEAR_NS / span_ns) / fall.usd
    return EquityFigures(
        start_usd=start,
        end_usd=end / MICRO,
        change_usd=(end - start_usd) / MICRO,
        drawdown=fall,
        period="day" if period_ns == _DAY_NS else "hour",
        periods=len(found),
        sharpe=sharpe,
        sortino=sortino,
        calmar=calmar,
        most_at_risk_usd=int(curve.exposure.max()) / MICRO,
    )


def drawdown(curve: EquityCurve, start_usd: int) -> Drawdown | None:
    """The first of the deepest, where several are as deep."""
    peaks = np.maximum.accumulate(np.concatenate([[start_usd], curve.equity]))[1:]
    falls = peaks - curve.equity
    trough = int(falls.argmax())
    deepest = int(falls[trough])
    if deepest <= 0:
        return None
    peak = int(peaks[trough])
    tops = np.flatnonzero(curve.equity[: trough + 1] == peak)
    again = np.flatnonzero(curve.equity[trough:] >= peak)
    return Drawdown(
        deepest / MICRO,
        deepest / peak if peak else 0.0,
        int(curve.at_ns[int(tops[-1]) if len(tops) else 0]),
        int(curve.at_ns[trough]),
        int(curve.at_ns[trough + int(again[0])]) if len(again) else None,
    )


def returns_of(curve: EquityCurve, start_usd: int, period_ns: int) -> Floats:
    """Of each whole period of UTC that the curve covers from end to end, and the ones of which it
    has the most part at either end."""
    ends = _last_of_each(curve.at_ns // period_ns)
    values = curve.equity[ends].astype(np.float64)
    before = np.concatenate([[float(start_usd)], values[:-1]])
    return (values - before) / float(start_usd) if start_usd else values[:0]


def _last_of_each(numbers: Integers) -> Integers:
    """Where each run of equal numbers ends."""
    return np.flatnonzero(np.append(numbers[1:] != numbers[:-1], True)).astype(np.int64)


def _ratios(found: Floats, root: float) -> tuple[float | None, float | None]:
    """Sharpe (1966, 1994) and Sortino (1994), a year's, over a rate of nothing."""
    if len(found) < LEAST_PERIODS:
        return None, None
    mean, spread = float(found.mean()), float(found.std(ddof=1))
    below = math.sqrt(float(np.square(np.minimum(found, 0.0)).mean()))
    return (
        mean / spread * root if spread > 0.0 else None,
        mean / below * root if below > 0.0 else None,
    )
