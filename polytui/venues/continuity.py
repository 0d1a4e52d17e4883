"""Messages that follow each other: what is new, what was seen, what never came.

Binance's aggregate trades and Coinbase's trades rise by one per symbol (venue rules), so a jump
is a loss and a lower number was seen before. A line outlives the connections of its feed: the
first trade after a reconnect shows what was missed meanwhile.

Venues restart, and their numbers with them, on connections that stay up. So numbers below the
last are looked at: a few of them that rise, later in time than what came last, are a new
numbering and flow again. What is repeated is older than the last, and stays dropped.
"""

from __future__ import annotations

from collections.abc import Hashable

from polytui.venues.feed import Gap

DUPLICATE = -1
_FAR = 1_000_000
"""A number this far off is no gap: the venue has begun to number anew."""
_RESTARTED_AFTER = 3
_MOST_GAPS = 64


class _Run:
    """State: numbers below the last that rise, one after another: where they began, how many."""

    __slots__ = ("_last", "count", "first")

    def __init__(self) -> None:
        self.end()

    def end(self) -> None:
        self.first = self._last = self.count = 0

    def is_restart(self, number: int) -> bool:
        """Whether this one makes it long enough to be believed."""
        if self.count and number > self._last:
            self.count += 1
        else:
            self.first, self.count = number, 1
        self._last = number
        return self.count >= _RESTARTED_AFTER


class RisingNumber:
    """State: the last number of one connection, which counts messages or updates upwards."""

    __slots__ = ("_newest_ns", "_run", "last")

    def __init__(self) -> None:
        self.last = DUPLICATE
        self._newest_ns = 0
        self._run = _Run()

    def begin(self) -> None:
        """A new connection: it counts for itself."""
        self.last = DUPLICATE
        self._newest_ns = 0
        self._run.end()

    def take(self, number: int, at_ns: int = 0) -> int:
        """How many numbers were left out before this one; DUPLICATE for one that is no news.

        `at_ns` is the venue's time of the message, 0 where it tells none. Three rising numbers
        below the last, later than it, are a restart: the third is new, two were left out.
        """
        last = self.last
        if number > last:
            self._follow(number, at_ns)
            return number - last - 1 if last >= 0 else 0
        if at_ns and at_ns < self._newest_ns:
            self._run.end()
            return DUPLICATE
        if not self._run.is_restart(number):
            return DUPLICATE
        missed = number - self._run.first
        self._follow(number, at_ns)
        return missed

    def _follow(self, number: int, at_ns: int) -> None:
        self.last = number
        if at_ns > self._newest_ns:
            self._newest_ns = at_ns
        if self._run.count:
            self._run.end()


class TradeLine:
    """State: the highest number seen, and the stretches below it that are still missing."""

    __slots__ = ("_jumped_at_ns", "_open", "_run", "last_id", "last_ns")

    def __init__(self) -> None:
        self.last_id = 0
        self.last_ns = 0
        """The venue's time of the newest trade; 0 where nobody says."""
        self._open: list[Gap] = []
        self._run = _Run()
        self._jumped_at_ns = 0

    def take(self, trade_id: int, at_ns: int = 0) -> int:
        """How many trades are missing before this one; DUPLICATE if it was seen.

        A number inside an open gap is late, not seen: it counts as new, once. Three rising
        numbers below the last mean that the venue has restarted its numbering, if they traded
        later than it (`at_ns`, UTC ns, 0 where no time is told) or if they are far below.
        """
        last = self.last_id
        if trade_id == last + 1 or not last:
            self._follow(trade_id, at_ns)
            return 0
        if trade_id > last:
            return self._jump(trade_id, trade_id - last - 1, at_ns)
        if self.mend(trade_id):
            return 0
        return self._restart(trade_id, at_ns)

    def gap_before(self, trade_id: int, missed: int) -> Gap:
        """The gap that `take` has just told of."""
        return Gap(trade_id - missed, trade_id - 1, self._jumped_at_ns, self.last_ns)

    def _follow(self, trade_id: int, at_ns: int) -> None:
        self.last_id = trade_id
        if at_ns > self.last_ns:
            self.last_ns = at_ns
        if self._run.count:
            self._run.end()

    def _jump(self, trade_id: int, missed: int, at_ns: int) -> int:
        before, self._jumped_at_ns = self.last_id, self.last_ns
        self._follow(trade_id, at_ns)
        if missed >= _FAR:
            self._open.clear()
            return 0
        self._open.append(Gap(before + 1, trade_id - 1))
        del self._open[:-_MOST_GAPS]
        return missed

    def _restart(self, trade_id: int, at_ns: int) -> int:
        is_new = at_ns > self.last_ns or self.last_id - trade_id >= _FAR
        if not is_new:
            self._run.end()
            return DUPLICATE
        if not self._run.is_restart(trade_id):
            return DUPLICATE
        self._open.clear()
        # What was dropped until it was believed is a gap like any other.
        self.last_id = self._run.first - 1
        missed = trade_id - self._run.first
        return self._jump(trade_id, missed, at_ns) if missed < _FAR else 0

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


class Remembered:
    """State: the last messages of a stream that numbers nothing, by what makes each of them one."""

    __slots__ = ("_most", "_seen")

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: dict[Hashable, None] = {}

    def has_seen(self, key: Hashable) -> bool:
        """Whether it came before, as far as that is remembered; from now on it has."""
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > self._most:
            del self._seen[next(iter(self._seen))]
        return False
