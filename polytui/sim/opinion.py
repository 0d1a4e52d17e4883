"""What the simulated crowd believes: a fair value seen late, and an error that wanders.

The fair value is the probability that Up wins under the settlement rule, for a price without
drift. With w the look-back, tau the time left and sigma the price's deviation per root second:
for tau >= w the settlement price has mean X and variance sigma^2 (tau - w + w/3); inside the
last look-back, with A the part of the integral that is already known, mean (A + tau X) / w and
variance sigma^2 tau^3 / (3 w^2). An hourly candle closes on a spot price: variance sigma^2 tau.

The crowd sees prices some seconds late, and errs by an Ornstein-Uhlenbeck process in log odds.
Both are choices of this simulation, made so that a good estimator finds an edge now and then.
They say nothing about the real venue, and a profit earned against this crowd proves nothing.
"""

from __future__ import annotations

import math
from random import Random

from attrs import field, frozen
from attrs.validators import ge, gt

from polytui.model.instrument import Outcome, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.sim.settlement import Settlement

_SQRT2 = math.sqrt(2.0)
_CLIP = 0.0005
"""Nobody is surer than this before the end."""


@frozen
class OpinionSettings:
    """How well the crowd judges."""

    delay_s: tuple[float, float] = (2.0, 4.0)
    """How late it sees the oracle's price; drawn once per round."""
    error: float = field(default=0.25, validator=ge(0.0))
    """Standard deviation of its error in log odds."""
    half_life_s: float = field(default=40.0, validator=gt(0.0))
    """How fast an error is forgotten."""


class Opinion:
    """The crowd's probability of Up for one round, asked in the order of time."""

    def __init__(
        self, round_: Round, settlement: Settlement, settings: OpinionSettings, rng: Random
    ) -> None:
        self._round = round_
        self._settlement = settlement
        self._settings = settings
        self._rng = rng
        self._delay_ns = int(rng.uniform(*settings.delay_s) * NS_PER_S)
        self._error = rng.gauss(0.0, settings.error)
        self._at_ns: int | None = None
        self._strike: float | None = None
        self._winner: Outcome | None = None

    def probability(self, at_ns: int) -> float:
        """Exactly 0 or 1 once the crowd has seen the end."""
        seen_ns = at_ns - self._delay_ns
        if seen_ns >= self._round.closes_ns and self._winner is None:
            self._winner = self._settlement.winner(self._round)
        if self._winner is not None:
            return 1.0 if self._winner is Outcome.UP else 0.0
        fair = min(max(self.fair(seen_ns), _CLIP), 1.0 - _CLIP)
        odds = math.log(fair / (1.0 - fair)) + self._wander(at_ns)
        return 1.0 / (1.0 + math.exp(-odds))

    def fair(self, seen_ns: int) -> float:
        """P(Up) of somebody who saw everything up to `seen_ns` and nothing later."""
        settlement, round_ = self._settlement, self._round
        ahead = settlement.expected(round_, round_.closes_ns, seen_ns)
        strike = self._strike
        if strike is None:
            strike = settlement.expected(round_, round_.opens_ns, seen_ns)
            if seen_ns >= round_.opens_ns:
                self._strike = strike
        sigma = settlement.sigma * strike
        starts_ns = max(seen_ns, round_.opens_ns)
        spread = sigma * _root_time(round_, (round_.closes_ns - starts_ns) / NS_PER_S)
        if spread <= 0.0:
            return 1.0 if ahead >= strike else 0.0
        return 0.5 * (1.0 + math.erf((ahead - strike) / spread / _SQRT2))

    def _wander(self, at_ns: int) -> float:
        before_ns, self._at_ns = self._at_ns, at_ns
        if before_ns is not None:
            settings = self._settings
            kept = 0.5 ** ((at_ns - before_ns) / NS_PER_S / settings.half_life_s)
            fresh = settings.error * math.sqrt(1.0 - kept * kept)
            self._error = self._error * kept + self._rng.gauss(0.0, fresh)
        return self._error


def _root_time(round_: Round, left_s: float) -> float:
    """Standard deviation of the settlement price per unit of sigma."""
    if left_s <= 0.0:
        return 0.0
    if round_.settlement is not SettlementRule.TWAP:
        return math.sqrt(left_s)
    window_s = float(round_.window_s)
    if left_s >= window_s:
        return math.sqrt(left_s - window_s * 2.0 / 3.0)
    return left_s * math.sqrt(left_s / 3.0) / window_s
