"""The tables of all strategies by name: ours are fields of the settings, others are in `own`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from polytui.config.deciding import StrategySettings
from polytui.config.own import OWN
from polytui.config.schema import Settings

_OURS = tuple(
    field.name
    for field in attrs.fields(Settings)
    if isinstance(getattr(Settings(), field.name), StrategySettings)
)


def strategy_tables(settings: Settings) -> dict[str, StrategySettings]:
    """Of every strategy that the settings know, ours first."""
    return {name: getattr(settings, name) for name in _OURS} | dict(settings.own)


def table_of(settings: Settings, strategy: str) -> StrategySettings | None:
    """Its own; None for a strategy that has none."""
    if strategy in _OURS:
        ours: StrategySettings = getattr(settings, strategy)
        return ours
    return settings.own.get(strategy)


def with_tables(settings: Settings, tables: Mapping[str, StrategySettings]) -> Settings:
    """The same settings with these tables of strategies."""
    ours: dict[str, Any] = {name: table for name, table in tables.items() if name in _OURS}
    others = {name: table for name, table in tables.items() if name not in _OURS}
    own = settings.own.with_tables(others) if others else settings.own
    return attrs.evolve(settings, own=own, **ours)


def path_of(strategy: str) -> str:
    """Where its table is in config.toml."""
    return strategy if strategy in _OURS else f"{OWN}.{strategy}"
