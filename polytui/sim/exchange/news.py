"""Tells accounts what happened to them, in no order that may be relied upon.

The real user channel promises none: the answer to an order may come before it is told of, and a
trade before the change of the order that it belongs to. Half of what is told is told at once, the
rest a little later.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from attrs import evolve

from polytui.model.units import NS_PER_MS
from polytui.sim.exchange.deeds import Deed
from polytui.sim.world.chance import Chance
from polytui.sim.world.world import World
from polytui.sim.world.world_events import AccountEvent, WorldEvent


class News:
    def __init__(self, world: World, most_ms: int) -> None:
        self._world = world
        self._most_ns = most_ms * NS_PER_MS
        self._chance = Chance(f"{world.seed}:news")

    def tell(self, told: AccountEvent) -> None:
        at_ns = self._world.now_ns
        if self._most_ns and self._chance.random() < 0.5:
            at_ns += int(self._chance.random() * self._most_ns)
        self._world.add(Deed(at_ns, partial(_said, evolve(told, at_ns=at_ns))))


def _said(told: AccountEvent) -> Iterable[WorldEvent]:
    return (told,)
