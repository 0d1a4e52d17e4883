"""Chance of the simulated world: every generator begins with a name, so a world happens the same
way as often as it is asked for."""

from __future__ import annotations

from random import Random


class Chance(Random):
    """A generator of its own for whoever has this name; the seed of the world is part of it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)

    def times(self, expected: float) -> int:
        """How often something happens that happens `expected` times in the mean (Poisson)."""
        found, until = 0, self.expovariate(1.0)
        while until < expected:
            found, until = found + 1, until + self.expovariate(1.0)
        return found
