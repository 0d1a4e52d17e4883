"""How a price really moved against how fast it was said to move, by horizon.

    ratio      root of (sum of squared moves / sum of predicted variances)
    sd(z)      root of the mean of z^2, z = move / predicted sigma
    beyond k   share of |z| > k; 4.6 and 0.27 % of normal ones lie beyond 2 and 3

Moves overlap, so errors are those of a bootstrap of whole blocks of five minutes, a round each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from benchmarks.recorded_day import HOUR_S, Seen
from polytui.results.bootstrap import BLOCK_S, errors_of, resampled

HORIZONS_S = (10, 30, 60, 120, 300)

Floats = npt.NDArray[np.float64]


@frozen
class Figure:
    """A value and its standard error."""

    value: float
    error: float


@frozen
class Moves:
    """Of one horizon."""

    horizon_s: int
    count: int
    ratio: Figure
    sd_z: Figure
    beyond_2: Figure
    beyond_3: Figure
    loss: float
    """Mean of (ln v + z^2) / 2: what a normal model pays; the least is the best variance."""


@frozen
class Pairs:
    """Moves of one horizon with their predicted variances, and the second each began."""

    seconds: npt.NDArray[np.int64]
    moves: Floats
    variances: Floats

    @property
    def scores(self) -> Floats:
        return np.asarray(self.moves / np.sqrt(self.variances))

    def of_hours(self, is_odd: bool) -> Pairs:
        keep = (self.seconds // HOUR_S % 2 == 1) == is_odd
        return Pairs(self.seconds[keep], self.moves[keep], self.variances[keep])


def joined(parts: Sequence[Pairs]) -> Pairs:
    return Pairs(
        np.concatenate([one.seconds for one in parts]),
        np.concatenate([one.moves for one in parts]),
        np.concatenate([one.variances for one in parts]),
    )


def pairs(seen: Sequence[Seen], horizon_s: int) -> Pairs:
    """From every second that was heard to the one a horizon later, where that was heard too."""
    seconds = np.array([one.second for one in seen], dtype=np.int64)
    order = np.argsort(seconds, kind="stable")
    seconds = seconds[order]
    logs = np.array([one.log for one in seen])[order]
    sigmas = np.array([one.sigma for one in seen])[order]
    later = np.minimum(np.searchsorted(seconds, seconds + horizon_s), len(seconds) - 1)
    is_met = seconds[later] == seconds + horizon_s
    moves = logs[later] - logs
    return Pairs(seconds[is_met], moves[is_met], (sigmas**2 * horizon_s)[is_met])


def measured(found: Pairs, horizon_s: int, block_s: int = BLOCK_S) -> Moves:
    squares, z_squares = found.moves**2, found.scores**2
    columns = np.stack(
        [
            squares,
            found.variances,
            z_squares,
            z_squares > 4.0,
            z_squares > 9.0,
            np.ones_like(squares),
        ]
    )
    whole, drawn = resampled(columns, found.seconds // block_s)
    ratio, sd_z, beyond_2, beyond_3 = [
        Figure(float(value), float(error))
        for value, error in zip(_figures(whole), errors_of(_figures(drawn)), strict=True)
    ]
    loss = float(np.mean(np.log(found.variances) + z_squares) / 2.0)
    return Moves(horizon_s, len(squares), ratio, sd_z, beyond_2, beyond_3, loss)


def _figures(sums: Floats) -> Floats:
    """Ratio, sd(z), beyond 2 and 3 of column sums; further axes stay."""
    real, said, z_squares, over_2, over_3, count = sums
    return np.stack(
        [np.sqrt(real / said), np.sqrt(z_squares / count), over_2 / count, over_3 / count]
    )
