"""A round as a chart: the price that settles it against its strike, and below it what Up is worth
to us and to the market.

What colour says is said by a shape or a place as well: above the strike is above a line that is
drawn, the last price has an arrow, bought is a triangle and sold a ring.
"""

from __future__ import annotations

from attrs import frozen
from rich.style import Style

from polytui.model.units import NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.panels.curve_labels import placed
from polytui.tui.panels.dots import Dots, Ink
from polytui.tui.panels.scale import TimeScale, ValueScale, price_scale
from polytui.tui.panels.worths import apart, last_of_each, worth_signs
from polytui.tui.styles import Line, Span, Styles, fitting, line
from polytui.tui.traces import Mark, Trace, TracePoint, source_of

LEAST_WIDTH, LEAST_HEIGHT = 24, 4
_BOTH_FROM = 12
"""Rows from which fair value has a part of its own."""
_LABEL = 12
_NARROW_LABEL = 0
_LABELS_FROM = 40
_STRIKE_EVERY, _HALF_EVERY = 3, 6
_WORTH_EVERY = 5
"""Cells from one letter of a strategy to its next."""


@frozen
class ChartLook:
    """How a chart is drawn, apart from what it shows."""

    styles: Styles
    ink: Ink
    now_ns: int
    """Session time: the line that moves; at or behind the close there is none."""
    moment_ns: int = 0
    """What somebody came to see: a whole line through it; 0 for nothing."""


@frozen
class _Signs:
    up: str
    down: str
    sold: str
    line: str
    dotted: str
    band: str


_SIGNS = {
    Ink.BRAILLE: _Signs("▲", "▼", "○", "──", "┄┄", "░"),
    Ink.ASCII: _Signs("^", "v", "o", "--", "..", "#"),
}


def round_chart(trace: Trace | None, look: ChartLook, width: int, height: int) -> list[Line]:
    """`height` lines of `width` cells."""
    styles = look.styles
    if height < 1:
        return []
    points = [] if trace is None else trace.points
    if trace is None or not points or width < LEAST_WIDTH or height < LEAST_HEIGHT:
        words = "no room for a chart" if points else "no price of this round yet"
        blank = [line([], width, styles.text)] * (height - 1)
        return [line([(words, styles.dim)], width, styles.text), *blank]
    drawing = _RoundDrawing(trace, points, look, width)
    if height < _BOTH_FROM:
        return [drawing.price_words(), *drawing.prices(height - 2), drawing.axis()]
    lower = max(4, (height - 3) * 2 // 5)
    return [
        drawing.price_words(),
        *drawing.prices(height - 3 - lower),
        drawing.value_words(),
        *drawing.values(lower),
        drawing.axis(),
    ]


def spark(trace: Trace | None, look: ChartLook, width: int, height: int) -> list[Line]:
    """The price against its strike and nothing else, over the whole round; no line at all where
    nothing was seen."""
    points = [] if trace is None else trace.points
    if trace is None or len(points) < 2 or width < 1 or height < 1:
        return []
    return _RoundDrawing(trace, points, look, width).outline(height)


class _RoundDrawing:
    """State: one trace that is being drawn, at one width."""

    def __init__(self, trace: Trace, points: list[TracePoint], look: ChartLook, width: int) -> None:
        self._trace, self._points, self._look = trace, points, look
        self._styles, self._width = look.styles, width
        self._labels = _LABEL if width >= _LABELS_FROM else _NARROW_LABEL
        self._cells = width - self._labels
        self._signs = _SIGNS[look.ink]
        length_ns = max(1, trace.closes_ns - trace.opens_ns)
        every_ns = max(1, length_ns * _WORTH_EVERY // max(1, self._cells))
        self._told = last_of_each(points, every_ns)
        self._worths = worth_signs(self._told, self._styles)

    # --- words ----------------------------------------------------------------------------------

    def price_words(self) -> Line:
        """What the lines of the upper part are."""
        styles, signs = self._styles, self._signs
        source: list[Span] = [
            (f"{source_of(self._trace.interval)} ", styles.dim), (f"{signs.up} above ", styles.up),
            (f"{signs.down} below ", styles.down),
        ]  # fmt: skip
        strike: list[Span] = [(f"{signs.dotted} strike ", styles.warn)]
        consensus: list[Span] = [(f"{signs.line} consensus ", styles.dim)]
        ours = self._fill_words()
        ways = [
            ([*source, *strike, *consensus], ours), ([*source, *strike], ours),
            ([*source, *strike], []), (source, []),
        ]  # fmt: skip
        return fitting(ways, self._width, styles.text)

    def value_words(self) -> Line:
        styles, signs = self._styles, self._signs
        left: list[Span] = [
            ("Up ", styles.dim), (f"{signs.line} fair ", styles.accent),
            (f"{signs.line} market ", styles.text),
        ]  # fmt: skip
        spread: list[Span] = [(f"{signs.band} spread ", styles.dim)]
        window: list[Span] = []
        if self._trace.window_s and self._cells == self._width - _LABEL:
            window = [(f"the last {self._trace.window_s} s are averaged", styles.dim)]
        ours = [[*left, *spread, *self._worth_words(has_name=named)] for named in (True, False)]
        ways = [(ours[0], window), (ours[0], []), (ours[1], []), ([*left, *spread], []), (left, [])]
        return fitting(ways, self._width, styles.text)

    def _worth_words(self, *, has_name: bool) -> list[Span]:
        """Whose the letters are."""
        return [one.span(has_name=has_name) for one in self._worths]

    def _fill_words(self) -> list[Span]:
        """Of our last fill."""
        fills = self._trace.fills
        if not fills:
            return []
        last = fills[-1]
        letter, style = self._sign(last)
        did = "bought" if last.side == "buy" else "sold"
        price = "" if last.price is None else f" {last.price:.2f}"
        return [(f"{letter} {did} {last.outcome.capitalize()}{price}", style)]

    def _sign(self, mark: Mark) -> tuple[str, Style]:
        style = self._styles.up if mark.outcome == "up" else self._styles.down
        if mark.side == "sell":
            return self._signs.sold, style
        return (self._signs.up if mark.outcome == "up" else self._signs.down), style

    def axis(self) -> Line:
        """Times of day in UTC."""
        text = [" "] * self._cells
        for at, word in self._time(self._cells).ticks(self._cells):
            text[at : at + len(word)] = word
        times: list[Span] = [("".join(text)[: self._cells], self._styles.dim)]
        zone: list[Span] = [("UTC", self._styles.dim)] if self._labels else []
        return fitting([(times, zone), (times, [])], self._width, self._styles.text)

    # --- prices ---------------------------------------------------------------------------------

    def prices(self, height: int) -> list[Line]:
        """The price in two colours, its strike, the consensus, the average that is locked in."""
        trace, styles = self._trace, self._styles
        dots = Dots(self._cells, height, self._look.ink)
        known = [one.price for one in self._points if one.price is not None]
        known += [one.consensus for one in self._points if one.consensus is not None]
        known += [one for one in (trace.strike, trace.average) if one is not None]
        if not known:
            return self._labelled(dots, {})
        scale, time = price_scale(known, dots.rows), self._time(dots.columns)
        self._moments(dots, time)
        consensus = time.heights(self._points, lambda one: one.consensus, scale.y)
        for x, y in enumerate(consensus):
            if y is not None:
                dots.dot(x, round(y), styles.dim)
        strike_y = None if trace.strike is None else scale.y(trace.strike)
        if strike_y is not None:
            dots.level(round(strike_y), styles.warn, _STRIKE_EVERY)
        heights = time.heights(self._points, lambda one: one.price, scale.y)
        dots.curve(heights, lambda row: self._side(row, strike_y))
        self._locked(dots, time, scale)
        for mark in trace.fills:
            self._mark(dots, time.x(mark.at_ns), heights, mark)
        return self._labelled(dots, self._price_labels(dots, scale))

    def outline(self, height: int) -> list[Line]:
        """From edge to edge, without words."""
        trace, styles = self._trace, self._styles
        dots = Dots(self._width, height, self._look.ink)
        known = [one.price for one in self._points if one.price is not None]
        known += [] if trace.strike is None else [trace.strike]
        if not known:
            return []
        scale, time = price_scale(known, dots.rows), self._time(dots.columns)
        strike_y = None if trace.strike is None else scale.y(trace.strike)
        if strike_y is not None:
            dots.level(round(strike_y), styles.dim, _STRIKE_EVERY)
        heights = time.heights(self._points, lambda one: one.price, scale.y)
        dots.curve(heights, lambda row: self._side(row, strike_y))
        return dots.lines(styles.text)

    def _side(self, row: int, strike_y: float | None) -> Style:
        if strike_y is None:
            return self._styles.text
        return self._styles.up if row <= strike_y else self._styles.down

    def _locked(self, dots: Dots, time: TimeScale, scale: ValueScale) -> None:
        """The average of the part of the last seconds that is over, as far as it reaches."""
        trace = self._trace
        if trace.average is None or not trace.window_s or trace.observed_s <= 0:
            return
        begins_ns = trace.closes_ns - trace.window_s * NS_PER_S
        ends_ns = min(trace.closes_ns, begins_ns + round(trace.observed_s * NS_PER_S))
        row = round(scale.y(trace.average))
        dots.level(row, self._styles.accent, 1, time.x(begins_ns), time.x(ends_ns) + 1)

    def _mark(self, dots: Dots, x: int, heights: list[float | None], mark: Mark) -> None:
        """On the curve where it happened, or where it was last known before."""
        before = (y for y in heights[x::-1] if y is not None)
        y = next(before, None)
        if y is not None:
            dots.letter(x, round(y), *self._sign(mark))

    def _price_labels(self, dots: Dots, scale: ValueScale) -> dict[int, Span]:
        """The weightiest first: what comes later finds its row taken."""
        trace, styles = self._trace, self._styles
        last = next((one.price for one in reversed(self._points) if one.price is not None), None)
        wanted: list[tuple[float, Span]] = []
        if last is not None:
            gap = 0.0 if trace.strike is None else last - trace.strike
            sign = self._signs.up if gap > 0 else self._signs.down if gap < 0 else "="
            wanted.append((last, (f"{sign} {figures.coin(last)}", styles.sign(gap))))
        if trace.strike is not None:
            wanted.append((trace.strike, (f"K {figures.coin(trace.strike)}", styles.warn)))
        if trace.average is not None and trace.observed_s > 0:
            words = f"{trace.observed_s:.0f}/{trace.window_s} s avg"
            wanted.append((trace.average, (words, styles.accent)))
        ends: list[tuple[float, Span]] = [
            (value, (f"  {figures.coin(value)}", styles.dim)) for value in (scale.high, scale.low)
        ]
        wanted += ends
        return placed(wanted, dots, scale)

    # --- values ---------------------------------------------------------------------------------

    def values(self, height: int) -> list[Line]:
        """Fair value and the middle of the market from 0 to 1, the spread between bid and ask."""
        styles = self._styles
        dots = Dots(self._cells, height, self._look.ink)
        scale, time = ValueScale(0.0, 1.0, dots.rows), self._time(dots.columns)
        dots.level(round(scale.y(0.5)), styles.border, _HALF_EVERY)
        self._moments(dots, time)
        bids = time.heights(self._points, lambda one: one.bid, scale.y)
        asks = time.heights(self._points, lambda one: one.ask, scale.y)
        for x, (bid, ask) in enumerate(zip(bids, asks, strict=True)):
            if bid is not None and ask is not None:
                for y in range(round(ask), round(bid) + 1):
                    if (x + y) % 2 == 0:
                        dots.dot(x, y, styles.border)
        market = time.heights(self._points, _mid, scale.y)
        dots.curve(market, lambda _: styles.dim)
        fair = time.heights(self._points, lambda one: one.fair, scale.y)
        dots.curve(fair, lambda _: styles.accent)
        self._strategies(dots, time, scale)
        for mark in self._trace.fills:
            if (price := mark.up_price) is not None:
                dots.letter(time.x(mark.at_ns), round(scale.y(price)), *self._sign(mark))
            else:
                self._mark(dots, time.x(mark.at_ns), market, mark)
        return self._labelled(dots, self._value_labels(dots, scale))

    def _strategies(self, dots: Dots, time: TimeScale, scale: ValueScale) -> None:
        """What Up is worth to those that think otherwise; of two in one cell the first stays."""
        signs = {one.strategy: one for one in self._worths}
        for point in self._told:
            for name, worth in reversed(apart(point)):
                sign = signs[name]
                dots.letter(time.x(point.at_ns), round(scale.y(worth)), sign.letter, sign.style)

    def _value_labels(self, dots: Dots, scale: ValueScale) -> dict[int, Span]:
        styles, last = self._styles, self._points[-1]
        wanted: list[tuple[float, Span]] = []
        if last.fair is not None:
            wanted.append((last.fair, (f"fair {last.fair:.3f}", styles.accent)))
        mid = _mid(last)
        if mid is not None:
            wanted.append((mid, (f"market {mid:.2f}", styles.text)))
        wanted += [(value, (f"{value:.1f}", styles.dim)) for value in (1.0, 0.0, 0.5)]
        return placed(wanted, dots, scale)

    # --- what both have -------------------------------------------------------------------------

    def _time(self, columns: int) -> TimeScale:
        return TimeScale(self._trace.opens_ns, self._trace.closes_ns, columns)

    def _moments(self, dots: Dots, time: TimeScale) -> None:
        """Where the last seconds begin, and now."""
        trace = self._trace
        if trace.window_s:
            begins_ns = trace.closes_ns - trace.window_s * NS_PER_S
            dots.upright(time.x(begins_ns), self._styles.dim, every=3)
        if trace.opens_ns <= self._look.moment_ns < trace.closes_ns:
            dots.upright(time.x(self._look.moment_ns), self._styles.accent, every=1)
        if trace.opens_ns <= self._look.now_ns < trace.closes_ns:
            dots.upright(time.x(self._look.now_ns), self._styles.border, every=2)

    def _labelled(self, dots: Dots, labels: dict[int, Span]) -> list[Line]:
        styles, made = self._styles, dots.lines(self._styles.text)
        if not self._labels:
            return made
        for row, one in enumerate(made):
            spans: list[Span] = [(" ", styles.text), labels.get(row, ("", styles.dim))]
            one.extend(line(spans, self._labels, styles.text))
        return made


def _mid(point: TracePoint) -> float | None:
    return None if point.bid is None or point.ask is None else (point.bid + point.ask) / 2
