"""Trades that follow each other by number: what is new, what was seen, what never came.

Binance's aggregate trades and Coinbase's trades rise by one per symbol (venue rules), so a jump
is a loss and a lower number was seen before. A line outlives the connections of its feed: the
first trade after a reconnect shows what was missed meanwhile.
"""

from __future__ import annotations

from polytui.venues.feed import Gap

DUPLICATE = -1
_FAR = 1_000_000
"""A number this far off is no gap: the venue has begun to number anew."""
_RESTARTED_AFTER = 3
_MOST_GAPS = 64


class TradeLine:
    """State: the highest number seen, and the stretches below it that are still missing."""

    __slots__ = ("_below", "_lower", "_open", "last_id")

    def __init__(self) -> None:
        self.last_id = 0
        self._open: list[Gap] = []
        self._lower = 0
        self._below = 0

    def take(self, trade_id: int) -> int:
        """How many trades are missing before this one; DUPLICATE if it was seen.

        A number inside an open gap is late, not seen: it counts as new, once. Three rising
        numbers far below the last mean that the venue has restarted its numbering.
        """
        last = self.last_id
        if trade_id == last + 1 or not last:
            self.last_id = trade_id
            self._below = 0
            return 0
        if trade_id > last:
            return self._jump(trade_id, trade_id - last - 1)
        if self.mend(trade_id):
            return 0
        return 0 if self._has_restarted(trade_id) else DUPLICATE

    def _jump(self, trade_id: int, missed: int) -> int:
        before, self.last_id, self._below = self.last_id, trade_id, 0
        if missed >= _FAR:
            self._open.clear()
            return 0
        self._open.append(Gap(before + 1, trade_id - 1))
        del self._open[:-_MOST_GAPS]
        return missed

    def _has_restarted(self, trade_id: int) -> bool:
        if self.last_id - trade_id < _FAR:
            self._below = 0
            return False
        self._below = self._below + 1 if trade_id > self._lower else 1
        self._lower = trade_id
        if self._below < _RESTARTED_AFTER:
            return False
        self.last_id, self._below = trade_id, 0
        self._open.clear()
        return True

    def mend(self, trade_id: int) -> bool:
        """Whether a trade was missing; from now on it is not."""
        for index, gap in enumerate(self._open):
            if gap.first_id <= trade_id <= gap.last_id:
                rest = (Gap(gap.first_id, trade_id - 1), Gap(trade_id + 1, gap.last_id))
                self._open[index : index + 1] = [part for part in rest if part.missed > 0]
                return True
        return False

    @property
    def missing(self) -> int:
        """Trades of the remembered gaps that nobody gave again."""
        return sum(gap.missed for gap in self._open)
