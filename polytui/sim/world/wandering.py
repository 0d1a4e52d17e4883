"""An AR(1) process in blocks, each of which can be made without its neighbours.

The values at the blocks' ends are drawn apart: a block must be long beside the time in which the
process forgets. In between goes a bridge.
"""

from __future__ import annotations

import math

from attrs import frozen

from polytui.sim.world.chance import Chance


@frozen
class Wandering:
    """An AR(1) process of `steps` values a block, of which `kept` remains with each step."""

    name: str
    sigma: float
    """Standard deviation, always."""
    kept: float
    steps: int

    def block(self, index: int) -> list[float]:
        """The values after the block's start, the last of them at its end.

        A free path x from the first end a becomes a path to the other end b over T steps by
        adding (b - x_T) k^(T-t) (1 - k^2t) / (1 - k^2T): the covariance of x_t and x_T over the
        variance of x_T, both given a.
        """
        kept, count = self.kept, self.steps
        fresh = self.sigma * math.sqrt(1.0 - kept**2)
        rng = Chance(f"{self.name}:{index}")
        level, free = self.at(index), list[float]()
        for _ in range(count):
            level = level * kept + rng.gauss(0.0, fresh)
            free.append(level)
        miss = (self.at(index + 1) - level) / (1.0 - kept ** (2 * count))
        return [
            value + miss * kept ** (count - step) * (1.0 - kept ** (2 * step))
            for step, value in enumerate(free, 1)
        ]

    def at(self, index: int) -> float:
        """The value at the start of a block."""
        return Chance(f"{self.name}-at:{index}").gauss(0.0, self.sigma)
