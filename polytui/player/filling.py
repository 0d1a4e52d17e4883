"""Reading on beside what is shown: the index first, then minds between the checkpoints, those near
the place that is looked at before the others."""

from __future__ import annotations

import time
from itertools import pairwise

from attrs import define, field

from polytui.player.cursor import Cursor
from polytui.player.player import Player
from polytui.player.states import EVERY, GAP

_AT_ONCE = 4 * EVERY
"""Then it is looked again at which stretch is nearest."""


@define
class Filling:
    """State: the cursor that reads ahead, up to which event, and where it has begun before."""

    player: Player
    _cursor: Cursor | None = None
    _until_seq: int = 0
    _begun: set[int] = field(factory=set)
    """A stretch that did not get shorter cannot be read: nobody begins there again."""

    def look(self, within_s: float) -> bool:
        """Look through the journal for so long; False where nothing is new."""
        until_s = time.perf_counter() + within_s
        while self.player.index.look():
            if time.perf_counter() > until_s:
                return True
        return False

    def work(self, within_s: float) -> bool:
        """Keep minds for so long; False where everything is kept that should be."""
        if self._cursor is None:
            self._cursor = self._next()
        if self._cursor is None:
            return False
        if self._cursor.go_to(self._until_seq, within_s):
            self.close()
        return True

    def close(self) -> None:
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None

    def _next(self) -> Cursor | None:
        """At the beginning of the stretch that is nearest, those that come before those that were;
        None where there is none."""
        index, here = self.player.index, self.player.cursor.seq
        known = sorted({0, *(spot.seq for spot in index.spots), *self.player.states.seqs})
        gaps = [
            (start, end)
            for start, end in pairwise([*known, index.last_seq])
            if end - start > GAP and start not in self._begun
        ]
        if not gaps:
            return None
        start, end = min(gaps, key=lambda gap: (gap[1] <= here, abs(gap[0] - here)))
        self._begun.add(start)
        self._until_seq = min(end, start + _AT_ONCE)
        return self.player.cursor_at(start)
