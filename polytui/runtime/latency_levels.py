"""Whether something takes too long, said once when it begins, once more where it gets worse, and
once when it is over."""

from __future__ import annotations

from enum import IntEnum

from attrs import define

from polytui.config.execution import LatencySettings


class Level(IntEnum):
    GOOD = 0
    WARN = 1
    CRITICAL = 2
    STALE = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    def limit_ms(self, settings: LatencySettings) -> float:
        """Above which it is this one; GOOD is below that of WARN."""
        limits = (settings.warn_ms, settings.warn_ms, settings.critical_ms, settings.stale_ms)
        return limits[self]


Said = tuple[str, str]
"""(level of a notice, its text)."""


@define
class Episode:
    """State of one figure: the worst level since it was good, and what would end that."""

    words: str
    """What it is that takes long."""
    level: Level = Level.GOOD
    worst_ms: float = 0.0
    _above_s: float = 0.0
    """When it was last above its first limit."""
    _is_below: bool = True
    """Whether anything was seen below since: no news is no good news."""

    def see(self, took_ms: float, now_s: float, settings: LatencySettings) -> Said | None:
        """One measured time; what is to be said of it. Limits are passed, not met."""
        level = _level_of(took_ms, settings)
        if level is Level.GOOD:
            self._is_below = True
            return self._end(now_s, settings)
        self._above_s, self._is_below = now_s, False
        self.worst_ms = max(self.worst_ms, took_ms)
        if level <= self.level:
            return None
        self.level = level
        told = f"latency {level.word}: {self.words} took {took_ms:.0f} ms"
        kind = "warn" if level is Level.WARN else "error"
        return kind, f"{told}, more than {level.limit_ms(settings):g} ms"

    def look(self, now_s: float, settings: LatencySettings) -> Said | None:
        """Time passed."""
        return self._end(now_s, settings)

    def _end(self, now_s: float, settings: LatencySettings) -> Said | None:
        is_over = self._is_below and now_s - self._above_s >= settings.calm_s
        if self.level is Level.GOOD or not is_over:
            return None
        worst_ms, self.level, self.worst_ms = self.worst_ms, Level.GOOD, 0.0
        calm = f"{self.words} within {settings.warn_ms:g} ms for {settings.calm_s:g} s"
        return "info", f"latency good again: {calm}; the worst was {worst_ms:.0f} ms"


def _level_of(took_ms: float, settings: LatencySettings) -> Level:
    found = Level.GOOD
    for level in (Level.WARN, Level.CRITICAL, Level.STALE):
        if took_ms > level.limit_ms(settings):
            found = level
    return found
