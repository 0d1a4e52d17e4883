"""How volatile a simulated price is just now: swings of hours, and of minutes within them.

The logarithm of the volatility is the sum of two parts. One is drawn for each full hour and goes
in a straight line from one to the next; the other wanders by slots of five seconds and is
forgotten within minutes. Both are centred so that the mean of the variance is the same at any
moment: swings make tails and clusters of returns, not their size.
"""

from __future__ import annotations

import math

from attrs import field, frozen
from attrs.validators import ge, gt, le

from polytui.sim.world.chance import Chance
from polytui.sim.world.wandering import Wandering

HOUR_S = 3_600
SLOT_S = 5
SLOTS = HOUR_S // SLOT_S
_KEPT_HOURS = 8


@frozen
class SwingSettings:
    """Standard deviations of the logarithm of the volatility, and how fast it forgets. As on a
    recorded day of the settlement feed (2026-06-08), see `make world`."""

    hours: float = field(default=0.30, validator=[ge(0.0), le(1.0)])
    minutes: float = field(default=0.22, validator=[ge(0.0), le(1.0)])
    half_life_s: float = field(default=120.0, validator=[gt(0.0), le(600.0)])
    """Of the part of minutes; short beside an hour, see `Wandering`."""


class Swings:
    """The variance of one asset's price as a multiple of its mean, a function of time alone."""

    def __init__(self, name: str, settings: SwingSettings) -> None:
        kept = 0.5 ** (SLOT_S / settings.half_life_s)
        self._name = name
        self._hours = settings.hours
        self._minutes = settings.minutes
        self._half_life_s = settings.half_life_s
        self._wandering = Wandering(f"{name}:minutes", settings.minutes, kept, SLOTS)
        self._kept: dict[int, tuple[list[float], list[float]]] = {}

    def variances(self, hour: int) -> list[float]:
        """One for each slot of an hour; their expectation is one."""
        slow, quick = self._parts(hour)
        centre = self._minutes**2
        return [math.exp(2.0 * (h + m - centre)) for h, m in zip(slow, quick, strict=True)]

    def expected(self, at_s: float, ahead_s: float) -> float:
        """The mean variance of the next `ahead_s`, of somebody who knows how it is now.

        With m the part of minutes now and r = 2^(-u / half-life), E exp(2 m_u) is
        exp(2 m r + 2 s^2 (1 - r^2)); the part of hours is taken as it is. The mean over the time
        ahead is that of two moments in it (Gauss).
        """
        hour, rest_s = divmod(at_s, HOUR_S)
        slot = int(rest_s // SLOT_S)
        slow, quick = self._parts(int(hour))
        minutes, square = quick[slot], self._minutes**2
        total = 0.0
        for part in (0.2113, 0.7887):
            r = 0.5 ** (ahead_s * part / self._half_life_s)
            total += math.exp(2.0 * (minutes * r - square * r * r))
        return 0.5 * total * math.exp(2.0 * slow[slot])

    def _parts(self, hour: int) -> tuple[list[float], list[float]]:
        """Logarithms by slots: the hours' part, centred, and the minutes' part, not centred."""
        found = self._kept.get(hour)
        if found is None:
            while len(self._kept) >= _KEPT_HOURS:
                del self._kept[next(iter(self._kept))]
            found = self._kept[hour] = (self._line(hour), self._wandering.block(hour))
        return found

    def _line(self, hour: int) -> list[float]:
        """From this hour's draw to the next one's; in between, the variance of a mean of two."""
        begin, end, square = self._at(hour), self._at(hour + 1), self._hours**2
        values: list[float] = []
        for slot in range(SLOTS):
            part = (slot + 0.5) / SLOTS
            level = begin + (end - begin) * part
            values.append(level - square * (part**2 + (1.0 - part) ** 2))
        return values

    def _at(self, hour: int) -> float:
        return Chance(f"{self._name}:hour:{hour}").gauss(0.0, self._hours)
