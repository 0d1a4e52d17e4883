"""Settings of strategies that are not ours: where their files are, and a table of each.

A strategy's table is a class of its own file, which this program knows once it has loaded that
file (`kinds_known`). Where it has not, as in a terminal or in the process of the database, what
the table says is kept as it is, and what every strategy has is read of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen

from polytui.config.checks import ABOVE_ZERO, Check, between, setting
from polytui.config.deciding import StrategySettings

OWN = "own"
"""The table of config.toml that holds a table of each: [own.NAME]."""

_NONE_TWICE = Check("no entry twice", lambda entries: len(set(entries)) == len(entries))


@frozen
class OwnStrategiesSettings:
    """Strategies of your own, beside ours: docs/your-strategy.md. Each has a table [own.NAME]."""

    paths: tuple[str, ...] = setting((), _NONE_TWICE)
    """Python files, or folders of them; of a folder every file whose name begins with neither _ nor
    test_. One that does not load, or fails a check, stops the start and says why."""
    packages: tuple[str, ...] = setting((), _NONE_TWICE)
    """Names of strategies that installed packages have, as entry points of `polytui.strategies`."""
    slow_ms: float = setting(5.0, ABOVE_ZERO)
    """An answer that takes more of the processor is slow; the desk waits for it. Real time."""
    max_slow: int = setting(20, between(1, 1_000_000))
    """So many slow answers within a minute halt the strategy."""
    max_answer_ms: float = setting(250.0, between(1.0, 60_000.0))
    """No answer is waited for longer; the strategy is halted at once. Real time."""

    @property
    def is_any(self) -> bool:
        """Whether it names a strategy."""
        return bool(self.paths or self.packages)


@frozen
class UnknownStrategySettings(StrategySettings):
    """Of a strategy that is not loaded here: its own values as they were written."""

    values: tuple[tuple[str, Any], ...] = ()
    """By name, what is no setting that every strategy has; lists are tuples."""


@frozen
class OwnTables:
    """By name, in the order of loading."""

    tables: tuple[tuple[str, StrategySettings], ...] = ()
    """The name of each strategy and its table, of the class that its file has."""

    def __iter__(self) -> Iterator[tuple[str, StrategySettings]]:
        return iter(self.tables)

    def get(self, name: str) -> StrategySettings | None:
        for known, table in self.tables:
            if known == name:
                return table
        return None

    def with_tables(self, tables: Mapping[str, StrategySettings]) -> OwnTables:
        """These in the place of those that are called so; others are added."""
        return OwnTables(tuple((dict(self.tables) | dict(tables)).items()))


class _Known:
    """State: which class the table of which strategy is of, in this process."""

    kinds: Mapping[str, type[StrategySettings]] = {}


def know_kinds(kinds: Mapping[str, type[StrategySettings]]) -> None:
    """These strategies are loaded, and no others. Of whoever loads them: `strategy/registry.py`."""
    _Known.kinds = dict(kinds)


def kinds_known() -> Mapping[str, type[StrategySettings]]:
    """By strategy, the class of its table."""
    return _Known.kinds


_COMMON = frozenset(attrs.fields_dict(StrategySettings))


def common_part(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What every strategy has, of a table as it is written."""
    return {name: value for name, value in raw.items() if name in _COMMON}


def other_part(raw: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The rest of it, in the order of names."""
    return tuple(sorted((n, _frozen(v)) for n, v in raw.items() if n not in _COMMON))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
