"""The news about one asset: the logarithm of a price that knows everything at once.

A jump diffusion on a grid of a quarter of a second, whose variance swings (`sim/world/swings.py`).
It is made in blocks of an hour, each from random generators of its own: first the hour's net change
and its jumps, then a bridge between the hour's ends by slots of five seconds, then one through
each slot. So any moment is the same whoever asks first, the past of yesterday costs no more than
today's, and whoever needs no more than slots gets them twenty times as cheaply.

An asset may have a trend: a drift that is an AR(1) process by seconds, forgotten within minutes.
It has a generator of its own, so an asset without one moves exactly as if there were none.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from itertools import accumulate

from attrs import field, frozen
from attrs.validators import ge, gt, le, lt

from polytui.sim.world.chance import Chance
from polytui.sim.world.swings import HOUR_S, SLOT_S, Swings, SwingSettings
from polytui.sim.world.wandering import Wandering

YEAR_S = 365.25 * 86_400
PER_S = 4
"""Steps of the grid in a second."""
STEPS = HOUR_S * PER_S
_PER_SLOT = SLOT_S * PER_S
_MINUTE_S = 60
_KEPT_BLOCKS = 4
_KEPT_SLOTS = 32
"""Hours: three exchanges look back a day, one after the other. Some kilobytes each."""


@frozen
class WalkSettings:
    """How the news about one asset comes."""

    start: float = field(validator=gt(0.0))
    """Dollars, near the world's start."""
    volatility: float = field(validator=gt(0.0))
    """Annualised standard deviation of the diffusion's log returns."""
    jumps_per_day: float = field(default=1_500.0, validator=ge(0.0))
    """On average; they come as often as it is volatile."""
    jump_bps: float = field(default=3.7, validator=ge(0.0))
    """Standard deviation of a jump, which is of either sign and exponential in size."""
    quiet: float = field(default=0.72, validator=[ge(0.0), lt(1.0)])
    """Share of the steps without any news."""
    stays_quiet: float = field(default=0.82, validator=[ge(0.0), lt(1.0)])
    """Chance that a quiet step is followed by another: news come together."""
    trend: float = field(default=0.0, validator=ge(0.0))
    """Standard deviation of the drift over a minute, in those of the diffusion over a minute."""
    trend_half_life_s: float = field(default=240.0, validator=[gt(0.0), le(600.0)])
    """A drift is half forgotten after so long; short beside an hour, see `Wandering`."""
    swings: SwingSettings = SwingSettings()


@frozen
class _Outline:
    """An hour seen from afar: log price at its start, net change, and its jumps by step."""

    start: float
    net: float
    jumps: tuple[tuple[int, float], ...]

    @property
    def end(self) -> float:
        return self.start + self.net + sum(size for _, size in self.jumps)


def anchor_of(start_s: int) -> int:
    """The hour at whose start a walk is as in its settings: the one that holds `start_s`. The
    walks of all its seconds are the same."""
    return (start_s - 1) // HOUR_S


class Walk:
    """One asset's log price, out of a name. Near `start_s` it is as in the settings."""

    def __init__(self, name: str, settings: WalkSettings, start_s: int) -> None:
        variance = settings.volatility**2 / YEAR_S
        jumps = settings.jumps_per_day / 86_400 * (settings.jump_bps / 10_000) ** 2
        drift = settings.trend * math.sqrt(variance / _MINUTE_S)
        self.sigma = math.sqrt(variance + jumps)
        """Per root second, of everything that is over within a second: a drift is not."""
        self.swings = Swings(f"{name}:swings", settings.swings)
        self._diffusion = math.sqrt(variance)
        kept = 0.5 ** (1.0 / settings.trend_half_life_s)
        self._trend = Wandering(f"{name}:drift", drift, kept, HOUR_S) if drift else None
        self._settings = settings
        self._name = name
        self._anchor = anchor_of(start_s)
        self._outlines: dict[int, _Outline] = {}
        self._slots: dict[int, array[float]] = {}
        self._blocks: dict[int, array[float]] = {}

    def block(self, index: int) -> array[float]:
        """The log price at each step after an hour's start, the last of them at its end."""
        return _remembered(self._blocks, index, self._draw_block, _KEPT_BLOCKS)

    def slots(self, index: int) -> array[float]:
        """The log price at the end of each slot of an hour."""
        return _remembered(self._slots, index, self._draw_slots, _KEPT_SLOTS)

    def _draw_slots(self, index: int) -> array[float]:
        """Free steps, moved so that they come to the net change, each as far as it is volatile."""
        rng = Chance(f"{self._name}:slots:{index}")
        outline, variances = self._outline(index), self.swings.variances(index)
        drifts = self._drifts(index)
        sigma = self._diffusion * math.sqrt(SLOT_S)
        steps = [rng.gauss(0.0, sigma * math.sqrt(variance)) for variance in variances]
        if drifts:
            steps = [
                step + sum(drifts[at * SLOT_S : (at + 1) * SLOT_S]) for at, step in enumerate(steps)
            ]
        short = (outline.net - sum(steps)) / sum(variances)
        steps = [step + short * variance for step, variance in zip(steps, variances, strict=True)]
        for at, size in outline.jumps:
            steps[at // _PER_SLOT] += size
        return array("d", accumulate(steps, initial=outline.start))[1:]

    def _draw_block(self, index: int) -> array[float]:
        """Through each slot a bridge of its own; its jumps at their steps."""
        rng = Chance(f"{self._name}:steps:{index}")
        outline, slots = self._outline(index), self.slots(index)
        jumps = dict(outline.jumps)
        prices, before = array("d"), outline.start
        for slot, variance in enumerate(self.swings.variances(index)):
            first, end = slot * _PER_SLOT, slots[slot]
            leaps = [jumps.get(step, 0.0) for step in range(first, first + _PER_SLOT)]
            steps = self._steps(rng, end - before - sum(leaps), variance)
            for step, leap in zip(steps, leaps, strict=True):
                before += step + leap
                prices.append(before)
            prices[-1] = before = end
        return prices

    def _steps(self, rng: Chance, change: float, variance: float) -> list[float]:
        """A slot's free steps with a sum: news at some of them, nothing at the others."""
        at = self._news_at(rng) or [int(rng.random() * _PER_SLOT)]
        sigma = self._diffusion * math.sqrt(variance * SLOT_S / len(at))
        news = [rng.gauss(0.0, sigma) for _ in at]
        short = (change - sum(news)) / len(at)
        steps = [0.0] * _PER_SLOT
        for step, value in zip(at, news, strict=True):
            steps[step] = value + short
        return steps

    def _news_at(self, rng: Chance) -> list[int]:
        """The steps of a slot with news, a Markov chain of two states that begins anywhere."""
        quiet, stays = self._settings.quiet, self._settings.stays_quiet
        goes_quiet = min(1.0, quiet * (1.0 - stays) / (1.0 - quiet))
        at: list[int] = []
        chance = quiet
        for step in range(_PER_SLOT):
            if rng.random() < chance:
                chance = stays
            else:
                chance = goes_quiet
                at.append(step)
        return at

    def _outline(self, index: int) -> _Outline:
        """Walks from the nearest known hour: each begins where its neighbour ends."""
        found = self._outlines.get(index)
        if found is None:
            step = 1 if index > self._anchor else -1
            for hour in range(self._anchor, index + step, step):
                if hour not in self._outlines:
                    self._outlines[hour] = self._draw_outline(hour, step)
            found = self._outlines[index]
        return found

    def _draw_outline(self, index: int, step: int) -> _Outline:
        rng = Chance(f"{self._name}:hour:{index}")
        variances = self.swings.variances(index)
        net = rng.gauss(0.0, self._diffusion * math.sqrt(sum(variances) * SLOT_S))
        net += sum(self._drifts(index))
        jumps = self._jumps(rng, variances)
        if index == self._anchor:
            return _Outline(math.log(self._settings.start), net, jumps)
        neighbour = self._outlines[index - step]
        if step > 0:
            return _Outline(neighbour.end, net, jumps)
        change = _Outline(0.0, net, jumps).end
        return _Outline(neighbour.start - change, net, jumps)

    def _drifts(self, index: int) -> list[float]:
        """By seconds; none for an asset without a trend."""
        return [] if self._trend is None else self._trend.block(index)

    def _jumps(self, rng: Chance, variances: list[float]) -> tuple[tuple[int, float], ...]:
        """Laplace sizes at Poisson times, a slot as likely as it is volatile."""
        rate = self._settings.jumps_per_day / 86_400 * SLOT_S
        scale = self._settings.jump_bps / 10_000 / math.sqrt(2.0)
        jumps: dict[int, float] = {}
        wait = rng.expovariate(1.0)
        for slot, variance in enumerate(variances):
            left = rate * variance
            while wait < left:
                left -= wait
                wait = rng.expovariate(1.0)
                size = rng.expovariate(1.0) * (scale if rng.random() < 0.5 else -scale)
                step = slot * _PER_SLOT + int(rng.random() * _PER_SLOT)
                jumps[step] = jumps.get(step, 0.0) + size
            wait -= left
        return tuple(sorted(jumps.items()))


def _remembered(
    kept: dict[int, array[float]], index: int, draw: Callable[[int], array[float]], most: int
) -> array[float]:
    """The newest are kept, so many of them."""
    found = kept.get(index)
    if found is None:
        while len(kept) >= most:
            del kept[next(iter(kept))]
        found = kept[index] = draw(index)
    return found
