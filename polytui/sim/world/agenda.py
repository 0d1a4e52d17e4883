"""What is to come, in the order of time; at one instant, in the order of arrival."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Protocol

from polytui.sim.world.world_events import WorldEvent

NEVER = 2**63 - 1


class Process(Protocol):
    """Something that acts now and then."""

    @property
    def next_ns(self) -> int:
        """When it acts next; NEVER when it is over."""

    def fire(self) -> Iterable[WorldEvent]:
        """Acts, and moves `next_ns`. A generator acts only as far as it is read."""


class Agenda:
    """The processes of a world."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Process]] = []
        self._serial = 0

    def add(self, process: Process) -> None:
        at_ns = process.next_ns
        if at_ns < NEVER:
            self._serial += 1
            heappush(self._heap, (at_ns, self._serial, process))

    def next_ns(self) -> int:
        return self._heap[0][0] if self._heap else NEVER

    def pop(self) -> Process:
        """The next process; it comes back by `add` once it has acted."""
        return heappop(self._heap)[2]
