"""What the public reads tell of a market's past: a midpoint a minute, its last trades, its volume.

Kept as cheaply as the world is fast: a world event costs a comparison and a set or a queue, and the
books are looked at once a world minute, only those that moved. A round's midpoints are at most as
many as the minutes of its life, and everything of a round is forgotten with it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.world.world import World
from polytui.sim.world.world_events import (
    BookMoved,
    BookSwept,
    WorldEvent,
)

MINUTE_S = 60
_MOST_TRADES = 100


class _Midpoints:
    """Up's middle in millionths as it was at whole minutes, where it had moved."""

    def __init__(self) -> None:
        self.at_s = array("q")
        self.middles = array("q")

    def add(self, at_s: int, middle: int) -> None:
        self.at_s.append(at_s)
        self.middles.append(middle)


class PublicRecord:
    """Must see every world event, in order, with the world standing at it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._due_ns = _next_minute_ns(world.now_ns)
        self._moved: set[str] = set()
        self._midpoints: dict[str, _Midpoints] = {}
        self._sweeps: dict[str, deque[BookSwept]] = {}
        self._volumes: dict[str, int] = {}

    def note(self, world_event: WorldEvent) -> None:
        # One class after the other, the most frequent first: half the cost of a union of them.
        if isinstance(world_event, BookMoved):
            self._moved.add(world_event.slug)
        elif isinstance(world_event, BookSwept):
            self._moved.add(world_event.slug)
            self._print(world_event)
        if world_event.at_ns >= self._due_ns:
            self._sample(world_event.at_ns)

    def sweeps(self, slug: str) -> list[BookSwept]:
        """The last takers of a round, newest first."""
        return list(reversed(self._sweeps.get(slug, ())))

    def volume(self, slug: str) -> int:
        """Dollars paid in the round's trades so far, in millionths."""
        return self._volumes.get(slug, 0)

    def midpoints(
        self, slug: str, outcome: Outcome, from_s: int, until_s: int, step_s: int
    ) -> list[tuple[int, int]]:
        """(second, middle in millionths) at the multiples of `step_s` in [from_s, until_s].

        A minute in which nothing moved has the middle of the one before; where none is known yet
        there is no point. The world's present and a round's resolution end the list.
        """
        kept = self._midpoints.get(slug)
        if kept is None:
            return []
        last_s = min(until_s, self._ends_s(slug))
        first_s = max(from_s, kept.at_s[0])
        points = []
        for at_s in range(-(-first_s // step_s) * step_s, last_s + 1, step_s):
            up = kept.middles[bisect_right(kept.at_s, at_s) - 1]
            points.append((at_s, up if outcome is Outcome.UP else MICRO - up))
        return points

    def middle(self, slug: str, outcome: Outcome) -> int | None:
        """The present middle, an empty side counting as 0 or 1 dollar; None for an empty book."""
        book = self._world.book(slug)
        bid, ask = book.best(outcome, Side.BUY), book.best(outcome, Side.SELL)
        if bid is None and ask is None:
            return None
        return ((bid or 0) + (MICRO if ask is None else ask)) // 2

    def _ends_s(self, slug: str) -> int:
        resolved_ns = self._world.status(slug).resolved_ns
        return (self._world.now_ns if resolved_ns is None else resolved_ns) // NS_PER_S

    def _print(self, swept: BookSwept) -> None:
        sweeps = self._sweeps.get(swept.slug)
        if sweeps is None:
            sweeps = self._sweeps[swept.slug] = deque(maxlen=_MOST_TRADES)
        sweeps.append(swept)
        paid = sum(leg.price * leg.shares for leg in swept.legs) // MICRO
        self._volumes[swept.slug] = self._volumes.get(swept.slug, 0) + paid

    def _sample(self, at_ns: int) -> None:
        """The middles of what moved, as of the whole minute that `at_ns` is the first to pass. An
        empty book, as of a round that is resolved, says nothing of what it was worth."""
        at_s = at_ns // NS_PER_S // MINUTE_S * MINUTE_S
        self._due_ns = _next_minute_ns(at_ns)
        rounds = self._world.rounds
        for slug in self._moved:
            up = self.middle(slug, Outcome.UP) if slug in rounds else None
            if up is not None:
                self._midpoints.setdefault(slug, _Midpoints()).add(at_s, up)
        self._moved.clear()
        for kept in (self._midpoints, self._sweeps, self._volumes):
            for slug in [one for one in kept if one not in rounds]:
                del kept[slug]


def _next_minute_ns(at_ns: int) -> int:
    minute_ns = MINUTE_S * NS_PER_S
    return (at_ns // minute_ns + 1) * minute_ns
