"""All strategies by name, in the order in which they are asked and shown."""

from __future__ import annotations

from polytui.strategy.confluence import Confluence
from polytui.strategy.distance_fade import DistanceFade
from polytui.strategy.momentum_score import MomentumScore
from polytui.strategy.predictor import PredictorStrategy
from polytui.strategy.proposal import QuotingStrategy, Strategy
from polytui.strategy.settlement_sniper import SettlementSniper

STRATEGIES: tuple[Strategy, ...] = (
    Confluence(),
    MomentumScore(),
    DistanceFade(),
    SettlementSniper(),
    PredictorStrategy(),
)
QUOTING: tuple[QuotingStrategy, ...] = ()
"""Those that quote on both sides instead of following a signal."""
_BY_NAME = {strategy.name: strategy for strategy in STRATEGIES}


def strategy_named(name: str) -> Strategy:
    """KeyError, with the names there are, for one that is none."""
    found = _BY_NAME.get(name)
    if found is None:
        raise KeyError(f"no strategy {name!r}: expected one of {', '.join(_BY_NAME)}")
    return found
