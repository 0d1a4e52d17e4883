"""Who waits at which price: the queues of one side of Up's book, in the order of their coming."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator

from polytui.model.instrument import Outcome
from polytui.model.orders import Side

_MOST_EMPTY = 16


class Queued:
    """Shares in a queue. The crowd's have no order id."""

    __slots__ = ("key", "order_id", "outcome", "owner", "shares", "side")

    def __init__(
        self, order_id: str, owner: str, outcome: Outcome, side: Side, shares: int, key: int
    ) -> None:
        self.order_id = order_id
        self.owner = owner
        self.outcome = outcome
        self.side = side
        self.shares = shares
        self.key = key


class QueuedLevel:
    """One price: who queues there, how much in all, and how much of it is the crowd's.

    Whoever goes away out of turn leaves an empty place, so that he need not be looked for; the last
    place is never empty, and no more than half of a long queue is.
    """

    __slots__ = ("crowd", "empty", "queue", "shares")

    def __init__(self) -> None:
        self.shares = 0
        self.crowd = 0
        self.empty = 0
        self.queue: deque[Queued] = deque()

    def drop(self, resting: Queued) -> None:
        """He goes away, wherever he stands."""
        self.shares -= resting.shares
        resting.shares = 0
        self.empty += 1
        queue = self.queue
        while queue and not queue[-1].shares:
            queue.pop()
            self.empty -= 1
        if self.empty > _MOST_EMPTY and self.empty * 2 > len(queue):
            self.close_up()

    def close_up(self) -> None:
        """Whoever has shares keeps his turn."""
        self.queue = deque(resting for resting in self.queue if resting.shares)
        self.empty = 0


class BookSide:
    """One side of Up's book. A key is the price, negated for asks: the best is the largest."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, QueuedLevel] = {}

    def level(self, key: int) -> QueuedLevel:
        """The level at `key`, made if it is not there."""
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = QueuedLevel()
            insort(self.keys, key)
        return level

    def prune(self, key: int, level: QueuedLevel) -> None:
        """Forgets the level if nothing is left of it."""
        if level.shares:
            return
        del self.levels[key]
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]

    def crosses(self, limit_key: int) -> bool:
        return bool(self.keys) and self.keys[-1] >= limit_key

    def within(self, limit_key: int) -> Iterator[tuple[int, int]]:
        """(price of Up, shares) at `limit_key` or better, best first."""
        for key in reversed(self.keys):
            if key < limit_key:
                break
            yield key * self.sign, self.levels[key].shares

    def waiting(self, limit_key: int) -> Iterator[tuple[int, int]]:
        """(price of Up, shares) of everybody at `limit_key` or better, whoever is first first."""
        for key in reversed(self.keys):
            if key < limit_key:
                break
            for queued in self.levels[key].queue:
                if queued.shares:
                    yield key * self.sign, queued.shares


def join(level: QueuedLevel, side: Side, key: int, shares: int) -> None:
    """The crowd queues up behind everybody."""
    level.shares += shares
    level.crowd += shares
    if level.queue and not level.queue[-1].order_id:
        level.queue[-1].shares += shares
    else:
        level.queue.append(Queued("", "", Outcome.UP, side, shares, key))


def leave(level: QueuedLevel, shares: int) -> None:
    """`shares` of the crowd go away, the last ones first; named orders keep their order."""
    level.shares -= shares
    level.crowd -= shares
    last = level.queue[-1] if level.queue else None
    if last is not None and not last.order_id and last.shares > shares:
        last.shares -= shares
        return
    for resting in reversed(level.queue):
        if not shares:
            break
        if not resting.order_id:
            gone = min(shares, resting.shares)
            resting.shares -= gone
            shares -= gone
    if any(not resting.shares for resting in level.queue):
        level.close_up()
