"""A strategy as users write them: once a turn it wants what is not dear, whatever that is worth.
The settings sell it again."""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import ABOVE_ZERO, setting
from polytui.config.deciding import StrategySettings
from polytui.model.effects import Why
from polytui.model.instrument import Outcome
from polytui.model.units import NS_PER_S
from polytui.strategy.entry import Valuation
from polytui.strategy.own import OwnStrategy, no_opinion
from polytui.strategy.proposal import View

_DEAR = 900_000
"""Millionths of a dollar."""


@frozen
class BackAndForthSettings(StrategySettings):
    """Of a clock and nothing else."""

    turn_s: float = setting(5.0, ABOVE_ZERO)
    """Seconds from one purchase to the next."""
    wanted_s: float = setting(0.5, ABOVE_ZERO)
    """Seconds of each turn in which it wants something: a desk decides more often than that."""


class BackAndForth(OwnStrategy[BackAndForthSettings]):
    """Stateless: for some moments of each turn a share is worth a dollar, for sure."""

    name = "back_and_forth"
    settings = BackAndForthSettings
    reads_features = False

    def opinion(self, view: View, own: BackAndForthSettings) -> Valuation | Why:
        since_s = view.now_ns % int(own.turn_s * NS_PER_S) / NS_PER_S
        if since_s >= own.wanted_s:
            return no_opinion("s of its turn", since_s, own.wanted_s)
        return Valuation(Outcome.DOWN if view.up.best_ask > _DEAR else Outcome.UP, 1.0, 1.0)


STRATEGY = BackAndForth()
