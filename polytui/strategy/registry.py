"""All strategies by name, in the order in which they are asked and shown.

Ours are these. Those of others are code of this process once it has loaded them, as its version is;
which of them play is said by a journal's `StrategiesLoaded`, so a replay asks nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from attrs import frozen

from polytui.config.load import from_canonical_json
from polytui.config.own import know_kinds
from polytui.model.strategy_events import LoadedStrategy, StrategiesLoaded
from polytui.strategy.confluence import Confluence
from polytui.strategy.distance_fade import DistanceFade
from polytui.strategy.momentum_score import MomentumScore
from polytui.strategy.own import PlayedStrategy
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
"""Ours."""
QUOTING: tuple[QuotingStrategy, ...] = ()
"""Those that quote on both sides instead of following a signal."""


@frozen
class OfOthers:
    """A strategy that is not ours, and which version of it."""

    strategy: PlayedStrategy
    loaded: LoadedStrategy


class _Others:
    """State: those that this process has loaded, by name."""

    by_name: Mapping[str, OfOthers] = {}


def have_own(others: Iterable[OfOthers]) -> None:
    """These strategies are here, and no others that are not ours: once, when a process starts."""
    _Others.by_name = {one.strategy.name: one for one in others}
    know_kinds({name: one.strategy.kind for name, one in _Others.by_name.items()})
    from_canonical_json.cache_clear()  # what they say was kept as it is, without a class


@contextmanager
def having_own(others: Iterable[OfOthers]) -> Iterator[None]:
    """The same for as long as it lasts."""
    before = tuple(_Others.by_name.values())
    have_own(others)
    try:
        yield
    finally:
        have_own(before)


def own_strategy(name: str) -> Strategy | None:
    """One of others; None where it is not here."""
    found = _Others.by_name.get(name)
    return None if found is None else found.strategy


def own_loaded() -> tuple[LoadedStrategy, ...]:
    """Which versions of which strategies of others are here."""
    return tuple(one.loaded for one in _Others.by_name.values())


def other_versions(loaded: Iterable[LoadedStrategy]) -> list[str]:
    """In words, where what a journal was written with is not what is here."""
    said = []
    for one in loaded:
        here = _Others.by_name.get(one.name)
        if here is None:
            said.append(
                f"the strategy {one.name} ({one.digest}, {one.origin}) is not here: name it in"
                " strategies.paths or strategies.packages, or nothing of what it said is said again"
            )
        elif here.loaded.digest != one.digest:
            said.append(
                f"the strategy {one.name} is another version here: {here.loaded.digest} of"
                f" {here.loaded.origin}, {one.digest} when this was written; where it thinks"
                " otherwise what follows differs"
            )
    return said


def loaded_words(session: str = "", *, had_others: bool = False) -> tuple[StrategiesLoaded, ...]:
    """What a desk hears before its settings: nothing where only ours play, and did before."""
    loaded = own_loaded()
    return (StrategiesLoaded(loaded, session),) if loaded or had_others else ()


def every_strategy() -> tuple[Strategy, ...]:
    """Ours, and those of others that are here."""
    return (*STRATEGIES, *[one.strategy for one in _Others.by_name.values()])
