"""Long curves made short enough to draw, so that nothing is smoothed away: of each even stretch the
first, the lowest, the highest and the last point stay."""

from __future__ import annotations

import numpy as np

from polytui.results.evidence import Integers

MOST_POINTS = 4_000


def kept_points(values: Integers, most: int = MOST_POINTS) -> Integers:
    """Which of them to draw, in their order; all where they are few."""
    count = len(values)
    if count <= most:
        return np.arange(count, dtype=np.int64)
    borders = np.linspace(0, count, most // 4 + 1).astype(np.int64)
    kept = set[int]()
    for begin, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        part = values[begin:end]
        kept |= {begin, end - 1, begin + int(part.argmin()), begin + int(part.argmax())}
    return np.array(sorted(kept), dtype=np.int64)
