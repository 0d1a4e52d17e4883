"""Errors of figures whose parts are not independent: whole blocks are drawn again, not samples.

(Kuensch 1989; blocks of fixed borders.) Seeded, so that a figure has one error. Rounds of several
assets that close together move together, and so do rounds of several intervals that overlap: they
belong to one block of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polytui.model.units import NS_PER_S

BLOCK_S = 300
"""A five-minute round."""
WIDE_BLOCK_S = 900
"""A quarter of an hour: a round of fifteen minutes with those of five inside it."""
LEAST_BLOCKS = 5
_DRAWS = 1_000
_MOST_BLOCKS = 1_000
_SEED = 20_260_608

Floats = npt.NDArray[np.float64]


@frozen
class Measured:
    """A figure with its error: in 95 of 100 draws it was between `low` and `high`."""

    mean: float
    low: float
    high: float
    blocks: int
    """So many were drawn from."""

    @property
    def has_interval(self) -> bool:
        """Drawn from a few blocks it would say that there is nothing to doubt."""
        return self.blocks >= LEAST_BLOCKS


def resampled(
    columns: Floats, blocks: npt.NDArray[np.int64], draws: int = _DRAWS
) -> tuple[Floats, Floats]:
    """Sums of `columns` (columns x samples): as they are, and drawn by blocks (columns x draws).

    By no library of linear algebra: for matrices this small its threads wait for each other many
    times as long as they reckon, and what it sums first depends on the processor, where workers of
    a sweep must agree to the last bit.
    """
    _, numbers = np.unique(blocks, return_inverse=True)
    count = int(numbers.max()) + 1
    sums = np.stack([np.bincount(numbers, column, count) for column in columns])
    return sums.sum(axis=1), np.einsum("cb,db->cd", sums, _times_drawn(count, draws))


@lru_cache(maxsize=2)
def _times_drawn(count: int, draws: int) -> Floats:
    """How often each of `count` blocks is in each of the draws. Seeded, it is the same for every
    figure of so many blocks; drawing it is nearly all that an interval costs."""
    rng = np.random.default_rng(_SEED)
    times = rng.multinomial(count, np.full(count, 1.0 / count), draws).astype(np.float64)
    times.flags.writeable = False
    return times


def errors_of(drawn: Floats) -> Floats:
    """Standard errors of figures made of drawn sums, along the last axis."""
    return np.asarray(drawn.std(axis=-1, ddof=1))


def interval_of(drawn: Floats, share: float = 0.95) -> tuple[float, float]:
    """The middle `share` of what was drawn."""
    out = (1.0 - share) / 2.0
    low, high = np.quantile(drawn, [out, 1.0 - out])
    return float(low), float(high)


def blocks_of(
    at_ns: Sequence[int] | npt.NDArray[np.int64], block_s: int = WIDE_BLOCK_S
) -> npt.NDArray[np.int64]:
    """Which block of UTC time each moment is in. A round that closes on a border belongs to the
    block that ends there."""
    return (np.asarray(at_ns, dtype=np.int64) - 1) // (block_s * NS_PER_S)


def _few(blocks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Neighbours put together where there are more than it takes: longer blocks are as right."""
    _, numbers = np.unique(blocks, return_inverse=True)
    many = int(numbers.max()) + 1
    return np.asarray(numbers // -(-many // _MOST_BLOCKS), dtype=np.int64)


def mean_interval(
    values: Sequence[float],
    at_ns: Sequence[int],
    block_s: int = WIDE_BLOCK_S,
    draws: int = _DRAWS,
) -> Measured:
    """Of a mean over rounds: a value and the closing time of each. ValueError without any."""
    return ratio_interval(values, [1.0] * len(values), at_ns, block_s, draws)


def ratio_interval(
    tops: Sequence[float],
    bottoms: Sequence[float],
    at_ns: Sequence[int],
    block_s: int = WIDE_BLOCK_S,
    draws: int = _DRAWS,
) -> Measured:
    """Of a sum over a sum, both drawn together: dollars earned per dollar staked. ValueError where
    nothing was given, or the sum below is not above zero."""
    if not len(tops) == len(bottoms) == len(at_ns) or not len(tops):
        raise ValueError("as many values as moments, and one at least")
    columns = np.array([tops, bottoms], dtype=np.float64)
    blocks = _few(blocks_of(at_ns, block_s))
    whole, drawn = resampled(columns, blocks, draws)
    if not whole[1] > 0.0:
        raise ValueError("nothing stands below the line")
    kept = drawn[:, drawn[1] > 0.0]
    low, high = interval_of(kept[0] / kept[1])
    return Measured(float(whole[0] / whole[1]), low, high, len(np.unique(blocks)))
