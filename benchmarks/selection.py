"""Which settings serve best, by the odd hours of the recorded day, and how sure that is.

A variance is scored by what a normal model pays for it, (ln v + z^2) / 2, over moves of 10 to
300 s. The simplest one whose loss is within a standard error of the best (both drawn by the same
blocks) is chosen, for the best of many is the best by luck as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from attrs import evolve, field, frozen

from benchmarks.moves import HORIZONS_S, Figure, pairs
from benchmarks.recorded_day import Forecast, Point, Seen
from benchmarks.volatilities import Bartlett, FlatTop, TwoScales, predicted
from polytui.config.schema import MarketSettings
from polytui.market.volatility import Volatility
from polytui.results.bootstrap import BLOCK_S, errors_of, resampled

Floats = npt.NDArray[np.float64]
_SPANS_S = (6.0, 10.0, 12.0, 14.0, 16.0, 20.0, 30.0)
_SHARES = (0.3, 0.5, 0.7)
_FAST_S = (60.0, 120.0, 300.0)
_SLOW_S = (1800.0, 3600.0, 7200.0)
_DEGREES = (3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 30.0)
TAIL_HORIZONS_S = (30, 60, 120, 300)


@frozen
class Choice:
    """One candidate: what it pays on odd hours, and how much more than the best."""

    label: str
    market: MarketSettings
    seen: Sequence[Seen]
    loss: float = math.nan
    over_best: Figure = field(factory=lambda: Figure(0.0, 0.0))


def kernels(points: Sequence[Point], market: MarketSettings) -> list[Choice]:
    """Weights and spans: the shorter the simpler."""
    others: tuple[tuple[str, type[Volatility], float], ...] = (
        ("Bartlett, 10 s grids", Bartlett, 10.0),
        ("two scales, 1 and 9 s", TwoScales, 9.0),
        ("flat top, 14 s", FlatTop, 14.0),
    )
    rows = [_tried(f"Parzen, {span:g} s", points, market, span_s=span) for span in _SPANS_S]
    for label, kind, span in others:
        rows.append(_tried(label, points, market, span_s=span, kind=kind))
    return _ranked(rows)


def half_lives(points: Sequence[Point], market: MarketSettings) -> list[Choice]:
    """One average alone, and a fast with a slow one; by odd hours."""
    return _ranked(_half_lives(points, market))


def chosen_by_each(points: Sequence[Point], market: MarketSettings) -> dict[bool, Choice]:
    """The half-lives that odd hours choose, and those that even hours do: each half of the day
    can then be judged by what the other half chose."""
    rows = _half_lives(points, market)
    return {is_odd: _ranked(rows, is_odd)[0] for is_odd in (True, False)}


def _half_lives(points: Sequence[Point], market: MarketSettings) -> list[Choice]:
    singles = [
        _tried(f"{fast:g} s alone", points, market, fast_s=fast, share=1.0)
        for fast in (*_FAST_S, *_SLOW_S)
    ]
    pairs_ = [
        _tried(f"{fast:g} s and {slow:g} s", points, market, fast_s=fast, slow_s=slow, share=share)
        for fast in _FAST_S
        for slow in _SLOW_S
        for share in _SHARES
    ]
    return singles + pairs_


def _tried(
    label: str,
    points: Sequence[Point],
    market: MarketSettings,
    *,
    span_s: float | None = None,
    fast_s: float | None = None,
    slow_s: float | None = None,
    share: float | None = None,
    kind: type[Volatility] = Volatility,
) -> Choice:
    tried = evolve(
        market,
        volatility_span_s=span_s or market.volatility_span_s,
        volatility_half_life_s=fast_s or market.volatility_half_life_s,
        volatility_slow_half_life_s=slow_s or market.volatility_slow_half_life_s,
        volatility_fast_share=market.volatility_fast_share if share is None else share,
    )
    name = label if share in (None, 1.0) else f"{label}, {share:.0%} fast"
    return Choice(name, tried, predicted(points, tried, kind()))


def _ranked(rows: Sequence[Choice], is_odd: bool = True) -> list[Choice]:
    """Best first, by odd or even hours, with the error of each one's distance from it."""
    sums = [_loss_sums(row.seen, is_odd) for row in rows]
    drawn = [resampled(columns, blocks) for columns, blocks in sums]
    losses = [float(whole[0] / whole[1]) for whole, _ in drawn]
    best = int(np.argmin(losses))
    least = drawn[best][1][0] / drawn[best][1][1]
    ranked = [
        evolve(row, loss=loss, over_best=Figure(loss - losses[best], float(errors_of(gap))))
        for row, loss, gap in zip(
            rows, losses, [one[1][0] / one[1][1] - least for one in drawn], strict=True
        )
    ]
    return sorted(ranked, key=lambda row: row.loss)


def _loss_sums(seen: Sequence[Seen], is_odd: bool) -> tuple[Floats, npt.NDArray[np.int64]]:
    """(loss, count) and the block of every move of odd or even hours, of all horizons."""
    parts = [pairs(seen, horizon_s).of_hours(is_odd) for horizon_s in HORIZONS_S]
    loss = np.concatenate([np.log(one.variances) + one.scores**2 for one in parts]) / 2.0
    blocks = np.concatenate([one.seconds for one in parts]) // BLOCK_S
    return np.stack([loss, np.ones_like(loss)]), blocks


def simplest_parzen(ranked: Sequence[Choice]) -> Choice:
    """The shortest span within a standard error of the best of its kind."""
    own = [row for row in ranked if row.label.startswith("Parzen")]
    near = [row for row in own if row.over_best.value <= row.over_best.error]
    return min(near or own[:1], key=lambda row: row.market.volatility_span_s)


# --- scale, tails, calibration ------------------------------------------------------------------


def best_scale(seen: Sequence[Seen]) -> Figure:
    """By how much sigmas should be wider: root of the mean z^2 of odd hours, all horizons."""
    parts = [pairs(seen, horizon_s).of_hours(is_odd=True) for horizon_s in HORIZONS_S]
    squares = np.concatenate([one.scores**2 for one in parts])
    blocks = np.concatenate([one.seconds for one in parts]) // BLOCK_S
    whole, drawn = resampled(np.stack([squares, np.ones_like(squares)]), blocks)
    return Figure(
        float(np.sqrt(whole[0] / whole[1])), float(errors_of(np.sqrt(drawn[0] / drawn[1])))
    )


def tails(seen: Sequence[Seen]) -> Mapping[float, Figure]:
    """By degrees of freedom (0 for normal tails): how much less likely odd hours' z are, a move,
    than under the best, and the error of that, drawn by blocks."""
    parts = [pairs(seen, horizon_s).of_hours(is_odd=True) for horizon_s in TAIL_HORIZONS_S]
    blocks = np.concatenate([one.seconds for one in parts]) // BLOCK_S
    squares = np.concatenate([one.scores**2 for one in parts])
    every = (0.0, *_DEGREES)
    rows = np.stack([_log_likelihoods(squares, one) for one in every])
    best = rows[int(np.argmax(rows.mean(axis=1)))]
    found = {}
    for degrees, row in zip(every, rows, strict=True):
        whole, drawn = resampled(np.stack([best - row, np.ones_like(row)]), blocks)
        error = float(errors_of(drawn[0] / drawn[1]))
        found[degrees] = Figure(float(whole[0] / whole[1]), error)
    return found


def fattest(found: Mapping[float, Figure]) -> float:
    """Of all within a standard error of the best, the one that is least sure far out."""
    return min(one for one, gap in found.items() if one and gap.value <= gap.error)


def _log_likelihoods(squares: Floats, degrees: float) -> Floats:
    """Of a Student-t with variance 1; 0 degrees for a normal."""
    if not degrees:
        return np.asarray(-squares / 2.0 - math.log(2.0 * math.pi) / 2.0)
    front = math.lgamma((degrees + 1.0) / 2.0) - math.lgamma(degrees / 2.0)
    front -= math.log(math.pi * (degrees - 2.0)) / 2.0
    return np.asarray(front - (degrees + 1.0) / 2.0 * np.log1p(squares / (degrees - 2.0)))


@frozen
class Line:
    """logit(q') = alpha + beta logit(q), fitted."""

    alpha: Figure
    beta: Figure


def calibration_line(found: Sequence[Forecast], market: MarketSettings) -> Line:
    """By maximum likelihood over all horizons of the forecasts given; errors drawn by rounds."""
    said = np.clip([one.probability(market) for one in found], 1e-6, 1.0 - 1e-6)
    logits = np.log(said / (1.0 - said))
    came = np.array([one.is_up for one in found], dtype=np.float64)
    numbers = np.array([one.round.opens_ns // 10**9 for one in found]) // BLOCK_S
    fitted = _fit(logits, came, np.ones_like(came))
    _, index = np.unique(numbers, return_inverse=True)
    rng = np.random.default_rng(1)
    count = int(index.max()) + 1
    draws = [
        _fit(logits, came, rng.multinomial(count, np.full(count, 1.0 / count))[index])
        for _ in range(200)
    ]
    errors = np.std(np.array(draws), axis=0, ddof=1)
    return Line(Figure(fitted[0], float(errors[0])), Figure(fitted[1], float(errors[1])))


def _fit(logits: Floats, came: Floats, weights: npt.ArrayLike) -> tuple[float, float]:
    """Newton's method for a weighted logistic line."""
    line, given = np.array([0.0, 1.0]), np.asarray(weights, dtype=np.float64)
    design = np.stack([np.ones_like(logits), logits], axis=1)
    for _ in range(30):
        chance = 1.0 / (1.0 + np.exp(-design @ line))
        slope = design.T @ (given * (came - chance))
        curve = (design * (given * chance * (1.0 - chance))[:, None]).T @ design
        step = np.linalg.solve(curve + 1e-9 * np.eye(2), slope)
        line = line + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(line[0]), float(line[1])
