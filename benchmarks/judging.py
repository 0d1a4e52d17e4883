"""How good probabilities are, against others and against what came; errors drawn by rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen

from benchmarks.moves import Figure
from benchmarks.recorded_day import Forecast, brier, log_loss
from polytui.config.schema import MarketSettings
from polytui.model.units import NS_PER_S
from polytui.results.bootstrap import BLOCK_S, Floats, errors_of, interval_of, resampled

Scored = Sequence[tuple[float, bool]]
Score = Callable[[Scored], float]
SURE = 0.9


def scored(found: Sequence[Forecast], market: MarketSettings) -> list[tuple[float, bool]]:
    return [(one.probability(market), one.is_up) for one in found]


def signed(found: Sequence[Forecast], fitted: Sequence[Forecast]) -> list[tuple[float, bool]]:
    """Up when the last price is at the strike or above, as surely as that was right in `fitted`."""
    right = sum((one.last_price >= one.strike) == one.is_up for one in fitted) / len(fitted)
    sure = min(1.0 - 1e-6, max(0.5, right))
    return [(sure if one.last_price >= one.strike else 1.0 - sure, one.is_up) for one in found]


def difference(ours: Scored, theirs: Scored, score: Score) -> Figure:
    """Mean of what we lose more than they, of the same rounds in the same order (one each)."""
    gaps = np.array(
        [score([one]) - score([other]) for one, other in zip(ours, theirs, strict=True)]
    )
    whole, drawn = resampled(
        np.stack([gaps, np.ones_like(gaps)]), np.arange(len(gaps), dtype=np.int64)
    )
    return Figure(float(whole[0] / whole[1]), float(errors_of(drawn[0] / drawn[1])))


def interval(found: Scored, score: Score) -> tuple[float, float]:
    """Of a score, in 95 of 100 draws of rounds."""
    losses = np.array([score([one]) for one in found])
    _, drawn = resampled(
        np.stack([losses, np.ones_like(losses)]), np.arange(len(losses), dtype=np.int64)
    )
    return interval_of(drawn[0] / drawn[1])


@frozen
class Sure:
    """Of all forecasts that called a side as likely as `SURE` or more."""

    said: float
    seen: float
    low: float
    high: float
    """What was seen, in 95 of 100 draws of rounds."""
    count: int

    @property
    def is_inside(self) -> bool:
        return self.low <= self.said <= self.high


def sure(found: Sequence[Forecast], market: MarketSettings, least: float = SURE) -> Sure:
    rows = []
    for one in found:
        up = one.probability(market)
        said, came = (up, one.is_up) if up >= 0.5 else (1.0 - up, not one.is_up)
        if said >= least:
            rows.append((said, float(came), 1.0, one.round.opens_ns // NS_PER_S // BLOCK_S))
    table = np.array(rows).T
    whole, drawn = resampled(table[:3], table[3].astype(np.int64))
    seen: Floats = drawn[1] / drawn[2]
    low, high = interval_of(seen)
    return Sure(float(whole[0] / whole[2]), float(whole[1] / whole[2]), low, high, int(whole[2]))


SCORES: tuple[tuple[str, Score], ...] = (("brier", brier), ("log_loss", log_loss))
