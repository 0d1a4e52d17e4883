"""Equity and its falls as curves, over the time that they are of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.panels.columns import whole
from polytui.tui.panels.curve_labels import placed
from polytui.tui.panels.dots import Dots, Ink
from polytui.tui.panels.scale import ValueScale
from polytui.tui.past import Row
from polytui.tui.styles import Line, Span, Styles, line, spread

_LABEL = 14
_START_EVERY = 3
_DAY_NS = 86_400 * NS_PER_S
_LEAST_USD = 0.5
"""A curve that hardly moves is no mountain range."""


def equity_curves(
    points: Sequence[Row], styles: Styles, ink: Ink, width: int, rows: tuple[int, int]
) -> list[Line]:
    """`rows`: of the equity, and of the falls below it; one more for the times. Nothing where
    there are no two points."""
    if len(points) < 2 or width < 2 * _LABEL:
        return [line([("no minute of this account yet", styles.dim)], width, styles.text)]
    drawing = _EquityDrawing(points, styles, ink, width)
    return [*drawing.equity(rows[0]), *drawing.falls(rows[1]), drawing.axis()]


class _EquityDrawing:
    """State: the points of one curve, at one width."""

    def __init__(self, points: Sequence[Row], styles: Styles, ink: Ink, width: int) -> None:
        self._points, self._styles, self._ink = points, styles, ink
        self._width, self._cells = width, width - _LABEL
        self._times = [whole(one, "at_ns") for one in points]
        self._start = whole(points[0], "start") / MICRO

    def equity(self, height: int) -> list[Line]:
        """Above what it began with in one colour, below in the other, and a dotted line between."""
        styles = self._styles
        dots = Dots(self._cells, height, self._ink)
        values = [whole(one, "equity") / MICRO for one in self._points]
        scale = _scale([*values, self._start], dots.rows)
        start = round(scale.y(self._start))
        dots.level(start, styles.dim, _START_EVERY)
        heights = [None if at is None else scale.y(values[at]) for at in self._places(dots.columns)]
        dots.curve(heights, lambda row: styles.up if row <= start else styles.down)
        gain = values[-1] - self._start
        wanted: list[tuple[float, Span]] = [
            (values[-1], (f"{figures.arrow(gain)} {_money(values[-1])}", styles.sign(gain)))
        ]
        others = dict.fromkeys(map(_money, (self._start, scale.high, scale.low)))
        others.pop(_money(values[-1]), None)
        places = {_money(one): one for one in (self._start, scale.high, scale.low)}
        wanted += [(places[one], (f"  {one}", styles.dim)) for one in others]
        return self._labelled(dots, placed(wanted, dots, scale))

    def falls(self, height: int) -> list[Line]:
        """How far it was below its highest, hanging from above."""
        styles = self._styles
        dots = Dots(self._cells, height, self._ink)
        falls = [whole(one, "fall") / MICRO for one in self._points]
        deepest = max(falls)
        scale = ValueScale(-max(deepest, _LEAST_USD), 0.0, dots.rows)
        places = self._places(dots.columns, lambda some: max(some, key=lambda at: falls[at]))
        for x, at in enumerate(places):
            if at is not None and falls[at] > 0:
                for y in range(round(scale.y(-falls[at])) + 1):
                    dots.dot(x, y, styles.down)
        words = f"▼ -{_money(deepest)}" if deepest > 0 else "never fell"
        label: Span = (words, styles.down if deepest > 0 else styles.dim)
        return self._labelled(dots, placed([(-deepest, label)], dots, scale))

    def axis(self) -> Line:
        """When it begins and ends, UTC."""
        begins, ends = self._times[0], self._times[-1]
        has_days = begins // _DAY_NS != ends // _DAY_NS
        left, right = (_moment(one, has_days) for one in (begins, ends))
        styles = self._styles
        return [
            *spread([(left, styles.dim)], [(right, styles.dim)], self._cells, styles.text),
            *line([], _LABEL, styles.text),
        ]

    def _places(
        self, columns: int, chosen: Callable[[range], int] = lambda some: some[-1]
    ) -> list[int | None]:
        """Of each column of dots one of the points that lie in it, by number; the last one before
        it where there is none: equity stays as it is until it changes."""
        begins, span = self._times[0], max(1, self._times[-1] - self._times[0])
        made: list[int | None] = []
        before = 0
        for x in range(columns):
            until_ns = begins + (x + 1) * span // columns
            after = bisect_right(self._times, until_ns)
            inside = range(before, after)
            made.append(chosen(inside) if inside else (after - 1 if after else None))
            before = after
        return made

    def _labelled(self, dots: Dots, labels: dict[int, Span]) -> list[Line]:
        styles, made = self._styles, dots.lines(self._styles.text)
        for row, one in enumerate(made):
            spans: list[Span] = [(" ", styles.text), labels.get(row, ("", styles.dim))]
            one.extend(line(spans, _LABEL, styles.text))
        return made


def _scale(values: Sequence[float], rows: int) -> ValueScale:
    low, high = min(values), max(values)
    spare = max(0.0, _LEAST_USD - (high - low)) / 2
    return ValueScale(low - spare, high + spare, rows)


def _money(usd: float) -> str:
    """At most eleven cells."""
    return f"{usd:,.2f}" if abs(usd) < 1e7 else f"{usd / 1e6:,.1f}M"


def _moment(at_ns: int, has_days: bool) -> str:
    clock = figures.clock(at_ns)[:5]
    return f"{figures.day(at_ns)[5:]} {clock}" if has_days else clock
