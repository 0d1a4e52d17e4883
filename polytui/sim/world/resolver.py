"""Publishes what decides a round, as late as the venue does, and forgets it in the end."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from attrs import field, frozen
from attrs.validators import ge

from polytui.model.instrument import Outcome, Round
from polytui.model.units import NS_PER_S
from polytui.sim.world.agenda import NEVER
from polytui.sim.world.chance import Chance
from polytui.sim.world.registry import Registry
from polytui.sim.world.settlement import Settlement
from polytui.sim.world.world_events import RoundResolved, StrikeKnown, WorldEvent


@frozen
class ResolverSettings:
    """How late the venue publishes. Defaults as seen of a hundred 15m rounds."""

    strike_s: tuple[float, float] = (20.0, 60.0)
    """From the open to the venue's record of the price to beat."""
    result_s: tuple[float, float] = (53.0, 152.0)
    """From the close to the result: the least, and the most."""
    result_spread_s: float = field(default=2.9, validator=ge(0.0))
    """Mean of what comes on top of the least; the median is then two seconds above it."""
    forget_s: float = field(default=172_800.0, validator=ge(0.0))
    """A resolved round stays listed this long: a bot that was away for a day asks who won."""


class _Stage(Enum):
    STRIKE = "strike"
    RESULT = "result"
    MEMORY = "memory"
    OVER = "over"


class Resolver:
    """One round's resolver: strike, result, oblivion. A round nobody can settle stays open."""

    def __init__(
        self,
        seed: int,
        round_: Round,
        registry: Registry,
        settlement: Settlement,
        settings: ResolverSettings,
    ) -> None:
        rng = Chance(f"{seed}:{round_.slug}:referee")
        low, high = settings.result_s
        late_s = rng.expovariate(1.0 / settings.result_spread_s) if settings.result_spread_s else 0
        self._strike_ns = round_.opens_ns + int(rng.uniform(*settings.strike_s) * NS_PER_S)
        self._result_ns = round_.closes_ns + int(min(low + late_s, high) * NS_PER_S)
        self._forget_ns = int(settings.forget_s * NS_PER_S)
        self._round = round_
        self._registry = registry
        self._settlement = settlement
        self._stage = _Stage.STRIKE
        self.next_ns = self._strike_ns

    def catch_up(self, now_ns: int) -> None:
        """A round in progress when the world begins: its strike may be published already."""
        while self.next_ns <= now_ns:
            self.fire()

    def fire(self) -> Iterable[WorldEvent]:
        match self._stage:
            case _Stage.STRIKE:
                return self._publish_strike()
            case _Stage.RESULT:
                return self._publish_result()
            case _Stage.MEMORY:
                self._registry.forget(self._round.slug)
        self._go(_Stage.OVER, NEVER)
        return ()

    def _publish_strike(self) -> Iterable[WorldEvent]:
        at_ns, round_ = self.next_ns, self._round
        known_ns = self._settlement.known_ns(round_, round_.opens_ns)
        if known_ns is not None and known_ns > at_ns:
            self.next_ns = known_ns
            return ()
        strike = self._settlement.strike_e18(round_)
        self._go(_Stage.RESULT, self._result_ns)
        if strike is None:
            return ()
        known = StrikeKnown(at_ns, round_.slug, strike)
        self._registry.publish_strike(known)
        return (known,)

    def _publish_result(self) -> Iterable[WorldEvent]:
        at_ns, round_ = self.next_ns, self._round
        verdict = self._registry.verdict(round_.slug)
        if self._result_ns + verdict.late_ns > at_ns:
            self.next_ns = self._result_ns + verdict.late_ns
            return ()
        known_ns = self._settlement.known_ns(round_, round_.closes_ns)
        if known_ns is not None and known_ns > at_ns:
            self.next_ns = known_ns
            return ()
        strike = self._settlement.strike_e18(round_)
        final = self._settlement.final_e18(round_)
        if strike is None or final is None:
            self._go(_Stage.OVER, NEVER)
            return ()
        winner: Outcome | None = None
        if not verdict.is_void:
            winner = verdict.winner or (Outcome.UP if final >= strike else Outcome.DOWN)
        resolved = RoundResolved(at_ns, round_.slug, winner, strike, final)
        self._registry.publish_result(resolved)
        self._go(_Stage.MEMORY, at_ns + self._forget_ns)
        return (resolved,)

    def _go(self, stage: _Stage, next_ns: int) -> None:
        self._stage = stage
        self.next_ns = next_ns
