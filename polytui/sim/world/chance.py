"""Chance of the simulated world: every generator begins with a name, so a world happens the same
way as often as it is asked for."""

from __future__ import annotations

from random import Random


class Chance(Random):
    """A generator of its own for whoever has this name; the seed of the world is part of it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
