"""From values and times to dots, and the words beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from polytui.model.units import NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.traces import TracePoint

_STEPS_S = (10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200)
_TICK_CELLS = 12
"""Between the beginnings of two times on an axis."""
_HOLE_NS = 10 * NS_PER_S
"""Without a point a curve is broken, and not drawn as if nothing had happened."""


@frozen
class TimeScale:
    """A round's life over so many columns of dots."""

    opens_ns: int
    closes_ns: int
    columns: int

    def x(self, at_ns: int) -> int:
        length = max(1, self.closes_ns - self.opens_ns)
        return (at_ns - self.opens_ns) * (self.columns - 1) // length

    def heights(
        self,
        points: Sequence[TracePoint],
        value: Callable[[TracePoint], float | None],
        y: Callable[[float], float],
    ) -> list[float | None]:
        """One height a column: of several points the last, between two of them a straight line,
        and nothing where a hole is longer than points are apart."""
        made: list[float | None] = [None] * self.columns
        known = [(one.at_ns, found) for one in points if (found := value(one)) is not None]
        hole_ns = max(_HOLE_NS, 4 * (self.closes_ns - self.opens_ns) // max(1, self.columns))
        before_ns, before_x, before_y = 0, -1, 0.0
        for at_ns, found in known:
            x, height = self.x(at_ns), y(found)
            if before_x >= 0 and at_ns - before_ns <= hole_ns:
                for between in range(before_x + 1, x):
                    share = (between - before_x) / (x - before_x)
                    made[between] = before_y + (height - before_y) * share
            made[x] = height
            before_ns, before_x, before_y = at_ns, x, height
        return made

    def ticks(self, cells: int) -> list[tuple[int, str]]:
        """(cell, UTC time of day) for an axis of `cells`, the opening first and the close last."""
        length_s = (self.closes_ns - self.opens_ns) // NS_PER_S
        most = max(1, cells // _TICK_CELLS)
        step_s = next((one for one in _STEPS_S if length_s <= one * most), max(1, length_s))
        made, until = list[tuple[int, str]](), cells - 5
        for after_s in range(0, length_s, step_s):
            at = after_s * (cells - 1) // max(1, length_s)
            word = figures.clock(self.opens_ns + after_s * NS_PER_S)
            word = word[:5] if step_s % 60 == 0 else word
            if at + len(word) < until:
                made.append((at, word))
        if cells >= 5:
            made.append((cells - 5, figures.clock(self.closes_ns)[:5]))
        return made


@frozen
class ValueScale:
    """Values from `low` to `high` over so many rows of dots, the highest above."""

    low: float
    high: float
    rows: int

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return (1 - share) * (self.rows - 1)


def price_scale(values: Sequence[float], rows: int, least_bps: float = 2.0) -> ValueScale:
    """All of them with a margin; no narrower than `least_bps`, or noise would look like news."""
    low, high = min(values), max(values)
    least = abs(high) * least_bps / 10_000 or 1.0
    spare = max(high - low, least) * 0.06 + max(0.0, least - (high - low)) / 2
    return ValueScale(low - spare, high + spare, rows)
