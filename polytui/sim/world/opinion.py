"""What the simulated crowd believes: a fair value of a moment ago, and an error that wanders.

The fair value is the probability that Up wins under the settlement rule, for a price without
drift and as volatile as it is: `Settlement.expected` and `Settlement.sigma` of what the
quickest exchange showed some tenths of a second ago. So its mid is a calibrated probability, late
by as much as its makers are, and there is little to find in it but that delay (`make world`,
`make edge`).

Errors are an Ornstein-Uhlenbeck process in log odds. Delay and errors are choices of this
simulation. They say nothing about the real venue, and a profit earned against this crowd proves
nothing.
"""

from __future__ import annotations

import math

from attrs import field, frozen
from attrs.validators import ge, gt

from polytui.model.instrument import Outcome, Round
from polytui.model.units import NS_PER_S
from polytui.sim.world.chance import Chance
from polytui.sim.world.settlement import Settlement

_SQRT2 = math.sqrt(2.0)
_CLIP = 0.0005
"""Nobody is surer than this before the end."""
_OLDEST, _NEWEST = 1.0, 1.0 / 3.0


@frozen
class OpinionSettings:
    """How well the crowd judges."""

    delay_s: float = field(default=0.3, validator=gt(0.0))
    """From an exchange's price to the crowd's answer in the book, on average. A third of it goes
    by until a maker looks again; what he sees is a third of it to all of it old."""
    error: float = field(default=0.05, validator=ge(0.0))
    """Standard deviation of its error in log odds."""
    half_life_s: float = field(default=20.0, validator=gt(0.0))
    """How fast an error is forgotten."""

    @property
    def looks_per_s(self) -> float:
        """How often some maker of an open round looks up."""
        return 3.0 / self.delay_s


class CrowdOpinion:
    """The crowd's probability of Up for one round, asked in the order of time."""

    def __init__(
        self, round_: Round, settlement: Settlement, settings: OpinionSettings, rng: Chance
    ) -> None:
        self._round = round_
        self._settlement = settlement
        self._settings = settings
        self._rng = rng
        self._seen_ns = 0
        self._error = rng.gauss(0.0, settings.error)
        self._at_ns: int | None = None
        self._strike: float | None = None
        self._known_ns = settlement.known_ns(round_, round_.closes_ns)
        self._winner: Outcome | None = None

    def probability(self, at_ns: int) -> float:
        """Exactly 0 or 1 once the crowd has seen the end."""
        seen_ns = self._look(at_ns)
        if self._winner is None and self._known_ns is not None and seen_ns >= self._known_ns:
            self._winner = self._settlement.winner(self._round)
        if self._winner is not None:
            return 1.0 if self._winner is Outcome.UP else 0.0
        fair = min(max(self.fair(seen_ns), _CLIP), 1.0 - _CLIP)
        odds = math.log(fair / (1.0 - fair)) + self._wander(at_ns)
        return 1.0 / (1.0 + math.exp(-odds))

    def fair(self, seen_ns: int) -> float:
        """P(Up) of somebody who saw the exchanges up to `seen_ns`; a tie is Up."""
        settlement, round_ = self._settlement, self._round
        ahead = settlement.expected(round_, round_.closes_ns, seen_ns)
        strike = self._strike
        if strike is None:
            strike = settlement.expected(round_, round_.opens_ns, seen_ns)
            if seen_ns >= round_.opens_ns:
                self._strike = strike
        spread = settlement.sigma(round_, seen_ns) * strike
        if spread <= 0.0:
            return 1.0 if ahead >= strike else 0.0
        return 0.5 * (1.0 + math.erf((ahead - strike) / spread / _SQRT2))

    def _look(self, at_ns: int) -> int:
        """How much of the past is seen at `at_ns`; nobody unsees anything."""
        old_s = self._settings.delay_s * self._rng.uniform(_NEWEST, _OLDEST)
        self._seen_ns = max(self._seen_ns, at_ns - int(old_s * NS_PER_S))
        return self._seen_ns

    def _wander(self, at_ns: int) -> float:
        before_ns, self._at_ns = self._at_ns, at_ns
        if before_ns is not None:
            settings = self._settings
            kept = 0.5 ** ((at_ns - before_ns) / NS_PER_S / settings.half_life_s)
            fresh = settings.error * math.sqrt(1.0 - kept * kept)
            self._error = self._error * kept + self._rng.gauss(0.0, fresh)
        return self._error
