"""Past and future: rounds cut by time, with a gap, so that nothing of the future is in the past.

A round belongs to the future of a cut where it opens at the cut or later, and to the past where it
closed so long before the cut that neither its end nor what led to it is seen again (López de
Prado, Advances in Financial Machine Learning, 2018, ch. 7: purging and embargo):

    past:      closes + embargo <= cut           future:    opens >= cut
    purged:    opens < cut < closes              its end is decided in the future's own time
    embargoed: closed less than the embargo before the cut
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from polytui.learning.samples import SampledRound


@frozen(eq=False)
class TimeCut:
    """Rounds by index, rising."""

    cut_ns: int
    past: NDArray[np.int64]
    future: NDArray[np.int64]
    purged: int
    embargoed: int


def cut_at(rounds: Sequence[SampledRound], cut_ns: int, embargo_ns: int) -> TimeCut:
    """`rounds` in any order; nothing is said of their number on either side."""
    opens = np.array([one.opens_ns for one in rounds], dtype=np.int64)
    closes = np.array([one.closes_ns for one in rounds], dtype=np.int64)
    is_future = opens >= cut_ns
    is_past = closes + embargo_ns <= cut_ns
    is_purged = ~is_future & (closes > cut_ns)
    is_embargoed = ~is_future & ~is_past & ~is_purged
    return TimeCut(
        cut_ns,
        np.flatnonzero(is_past),
        np.flatnonzero(is_future),
        int(is_purged.sum()),
        int(is_embargoed.sum()),
    )


def cut_off_last(rounds: Sequence[SampledRound], share: float, embargo_ns: int) -> TimeCut:
    """The last `share` of the rounds is the future."""
    opens = sorted(one.opens_ns for one in rounds)
    first = min(len(opens) - 1, round(len(opens) * (1.0 - share)))
    return cut_at(rounds, opens[first], embargo_ns)


def walk_forward(rounds: Sequence[SampledRound], folds: int, embargo_ns: int) -> Iterator[TimeCut]:
    """Cuts one after another: the future of each is the next part of the rounds alone, its past
    everything before. The first part is only ever past."""
    opens = sorted(one.opens_ns for one in rounds)
    starts = [opens[len(opens) * part // (folds + 1)] for part in range(1, folds + 1)]
    for start_ns, end_ns in zip(starts, [*starts[1:], None], strict=True):
        cut = cut_at(rounds, start_ns, embargo_ns)
        is_next = [end_ns is None or rounds[index].opens_ns < end_ns for index in cut.future]
        yield TimeCut(cut.cut_ns, cut.past, cut.future[is_next], cut.purged, cut.embargoed)


def longest_ns(rounds: Sequence[SampledRound]) -> int:
    return max(one.closes_ns - one.opens_ns for one in rounds)
