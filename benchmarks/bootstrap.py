"""Errors of figures whose parts are not independent: whole blocks are drawn again, not samples.

(Kuensch 1989; blocks of fixed borders.) Seeded, so that a figure has one error.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BLOCK_S = 300
"""A five-minute round."""
_DRAWS = 1_000
_SEED = 20_260_608

Floats = npt.NDArray[np.float64]


def resampled(
    columns: Floats, blocks: npt.NDArray[np.int64], draws: int = _DRAWS
) -> tuple[Floats, Floats]:
    """Sums of `columns` (columns x samples): as they are, and drawn by blocks (columns x draws)."""
    _, numbers = np.unique(blocks, return_inverse=True)
    count = int(numbers.max()) + 1
    sums = np.stack([np.bincount(numbers, column, count) for column in columns])
    rng = np.random.default_rng(_SEED)
    times = rng.multinomial(count, np.full(count, 1.0 / count), draws).astype(np.float64)
    return sums.sum(axis=1), sums @ times.T


def errors_of(drawn: Floats) -> Floats:
    """Standard errors of figures made of drawn sums, along the last axis."""
    return np.asarray(drawn.std(axis=-1, ddof=1))


def interval_of(drawn: Floats, share: float = 0.95) -> tuple[float, float]:
    """The middle `share` of what was drawn."""
    out = (1.0 - share) / 2.0
    low, high = np.quantile(drawn, [out, 1.0 - out])
    return float(low), float(high)
