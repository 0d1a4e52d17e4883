"""Something to be done once, at a moment of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from polytui.sim.world.agenda import NEVER
from polytui.sim.world.world_events import WorldEvent


class Deed:
    """A process that acts once. What it does may be a generator: it is told step by step."""

    def __init__(self, at_ns: int, do: Callable[[], Iterable[WorldEvent]]) -> None:
        self.next_ns = at_ns
        self._do = do

    def fire(self) -> Iterable[WorldEvent]:
        self.next_ns = NEVER
        return self._do()
