"""What desks are told of strategies that are not ours."""

from __future__ import annotations

from attrs import frozen


@frozen
class LoadedStrategy:
    """Which version of whose strategy."""

    name: str
    digest: str
    """Twelve hex digits of the SHA-256 of its source."""
    origin: str
    """Where it came from, as the settings have it."""


@frozen
class StrategiesLoaded:
    """These play beside ours from here on, and no others. Comes before the settings, and only where
    there are any, or were."""

    strategies: tuple[LoadedStrategy, ...]
    session: str = ""
    """In another session than the one that halted it a strategy is asked again."""


@frozen
class StrategyDawdled:
    """A strategy answered too slowly too often, which only who has a clock can say. Real time."""

    strategy: str
    slow: int
    """Answers of the last minute that took longer than `limit_ms`."""
    worst_ms: float
    limit_ms: float
