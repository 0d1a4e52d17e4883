"""One asset's panel: a function of its view, at any size from 30x3 upward."""

from __future__ import annotations

from attrs import frozen
from rich.segment import Segment
from rich.style import Style

from polytui.model.snapshot import AssetView, RoundView
from polytui.tui.panels import figures
from polytui.tui.panels.chart import ChartLook, round_chart, spark
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.facts import (
    count_line,
    current_round,
    detail_lines,
    fair_line,
    order_lines,
    other_rounds,
    position_line,
    price_line,
    price_lines,
    session_line,
    time_bar,
    times_left,
)
from polytui.tui.panels.feeds import feed_dots
from polytui.tui.panels.frame import Edge, framed, rule
from polytui.tui.panels.ladder import ladder, touch
from polytui.tui.panels.signals import signal_rows
from polytui.tui.panels.state import state_words, trouble_of
from polytui.tui.styles import (
    Line,
    Span,
    Styles,
    beside,
    faded,
    filled,
    fitting,
    line,
    styles_of,
    width_of,
)
from polytui.tui.theme import Palette
from polytui.tui.traces import Traces, source_of

STALE_AFTER_S = 1.0
"""Real seconds without a frame after which what is shown is called old."""
_SPARK_ROWS, _SPARK_FROM = 2, 14
"""Of a ladder's rows."""
_WIDE = 54
"""Inner cells from which ladder and facts stand side by side."""
_CHART_FROM, _CHART_ROWS = 114, 8
"""Inner cells and rows from which the round is a chart beside both."""
_BESIDE_CHART = 30
"""Cells of the ladder then."""


@frozen
class Look:
    """How a panel is shown, apart from its view."""

    palette: Palette
    number: int
    """The digit that chooses it."""
    is_focused: bool = False
    is_live: bool = False
    """Real money: the box is drawn in the live colour."""
    age_s: float = 0.0
    """Real seconds since its view arrived."""
    note: str = ""
    """A command on its way: "pause sent"."""
    full: str = ""
    """A limit of the whole account that is full: "drawdown"."""
    traces: Traces | None = None
    """How its rounds went; None where nobody looks."""
    ink: Ink = Ink.BRAILLE

    @property
    def is_stale(self) -> bool:
        return self.age_s > STALE_AFTER_S

    @property
    def styles(self) -> Styles:
        return faded(self.palette) if self.is_stale else styles_of(self.palette)

    @property
    def edge(self) -> Style:
        fresh = styles_of(self.palette)
        if self.is_focused:
            return fresh.accent
        return fresh.error if self.is_live else fresh.border


def asset_panel(
    name: str, view: AssetView | None, look: Look, width: int, height: int, interval: str = ""
) -> list[Line]:
    """The whole panel, box included: `height` lines of `width` cells. Its round is the one of
    `interval`, or the one that closes first."""
    styles = look.styles
    if view is None:
        top = Edge([(f"{look.number} ", styles.dim), (name.upper(), styles.strong)], [])
        waiting = [line([("waiting for the engine", styles.dim)], width - 4, styles.text)]
        return framed(waiting, top, Edge([], []), (width, height), look.edge, styles.text)
    view_round = current_round(view, interval)
    inner, rows = width - 4, height - (1 if height < 5 else 2)
    body = _body(view, view_round, look, inner, rows)
    top, bottom = box_edges(view, view_round, look, width)
    return framed(body, top, bottom, (width, height), look.edge, styles.text)


# --- edges ----------------------------------------------------------------------------------


def box_edges(
    view: AssetView, shown: RoundView | None, look: Look, width: int, span: str = ""
) -> tuple[Edge, Edge]:
    """Upper edge: who, how and how long, and `span`, from when to when. Lower edge: feeds, and the
    age when it is too high."""
    styles, corner = look.styles, _corner(look, look.styles)
    feeds = feed_dots(view.feeds, styles, width - 6 - (width_of(corner) + 2 if corner else 0))
    return _upper(view, shown, look, width, span), Edge(feeds, corner)


def _upper(view: AssetView, shown: RoundView | None, look: Look, width: int, span: str) -> Edge:
    """The fullest words for which there is room: a number, as of a breaker's seconds, is whole."""
    styles = look.styles
    states, times = state_words(view, shown, look.full, styles), times_left(view, shown, styles)
    when: list[Span] = []
    if span and shown is not None:
        # The interval stands before its time of day, and not once more before what is left of it.
        when = [(f"{shown.interval} ", styles.dim), (f"{span}  ", styles.text)]
        times = [one[1:] if one[0][0].strip() == shown.interval else one for one in times]
    note: list[Span] = [(f"  {look.note}", styles.warn)] if look.note else []
    who: list[Span] = [
        (f"{look.number} ", styles.dim),
        (view.asset.upper(), styles.accent if look.is_focused else styles.strong),
        ("  ", styles.dim),
    ]
    made = [
        Edge([*who, *named, state, *more], time)
        for named in ((when, []) if when else ([],))
        for state in states
        for more in ((note, []) if state is states[-1] else (note,))
        for time in times
    ]
    room = width - 8
    fits = (one for one in made if width_of(one.left) + width_of(one.right) <= room)
    return next(fits, made[-1])


def _corner(look: Look, styles: Styles) -> list[Span]:
    return [(f"{figures.age(look.age_s)} old", styles.stale)] if look.is_stale else []


# --- the body -------------------------------------------------------------------------------


def _body(
    view: AssetView, shown: RoundView | None, look: Look, width: int, height: int
) -> list[Line]:
    styles = look.styles
    if shown is None:
        trouble = detail_lines(trouble_of(view), styles, width, max(1, height - 1))
        news = trouble or signal_rows((), styles, width, 1)
        return [*news, session_line(view, styles, width)]
    if width < _WIDE or height < 8:
        return _narrow(view, shown, styles, width, height)
    return _wide(view, shown, look, width, height)


def _narrow(
    view: AssetView, shown: RoundView, styles: Styles, width: int, height: int
) -> list[Line]:
    """One column; what matters most survives the loss of rows."""
    price, fair = price_line(view, shown, styles, width), fair_line(shown, styles, width)
    signal = news_lines(view, shown, styles, width, 1)[0]
    position = position_line(shown, styles, width)
    if height < 5:
        return [price, signal, position, fair][:height]
    book_rows = height - 5
    tail: list[Line] = []
    if book_rows > 8:
        tail, book_rows = [session_line(view, styles, width)], book_rows - 1
    book = (
        [touch(shown, styles, width)] if book_rows == 1 else ladder(shown, styles, width, book_rows)
    )
    return [time_bar(view, shown, styles, width), price, fair, *book, signal, position, *tail]


def _wide(view: AssetView, shown: RoundView, look: Look, width: int, height: int) -> list[Line]:
    """Facts on the left, the ladder on the right, the time bar over both."""
    styles = look.styles
    facts_width = min(44, max(31, width // 2 - 1))
    gap = Segment("  ", styles.text)
    rows = height - 1
    facts = filled(facts_of(view, shown, styles, facts_width, rows), rows, facts_width, styles.text)
    room = width - facts_width - 2
    if width >= _CHART_FROM and rows >= _CHART_ROWS and look.traces is not None:
        book = ladder(shown, styles, _BESIDE_CHART, rows)
        drawn = _chart(view, shown, look, room - _BESIDE_CHART - 2, rows)
        return [
            time_bar(view, shown, styles, width),
            *beside(beside(facts, book, gap), drawn, gap),
        ]
    book = _book(view, shown, look, room, rows)
    return [time_bar(view, shown, styles, width), *beside(facts, book, gap)]


def _chart(view: AssetView, shown: RoundView, look: Look, width: int, rows: int) -> list[Line]:
    """Drawn again when there is something to see at this distance."""
    trace = None if look.traces is None else look.traces.named(shown.slug)
    of = (None if trace is None else trace.outline, look.styles, look.ink, width, rows)
    drawn = {} if look.traces is None else look.traces.drawn
    if shown.slug not in drawn or drawn[shown.slug][0] != of:
        chart = round_chart(trace, ChartLook(look.styles, look.ink, view.at_ns), width, rows)
        drawn[shown.slug] = (of, filled(chart, rows, width, look.styles.text))
    return drawn[shown.slug][1]


def _book(view: AssetView, shown: RoundView, look: Look, width: int, rows: int) -> list[Line]:
    """The ladder; a deep one gives the levels that are farthest away to a spark of the price."""
    trace = None if look.traces is None else look.traces.named(shown.slug)
    drawn: list[Line] = []
    if rows >= _SPARK_FROM:
        chart = ChartLook(look.styles, look.ink, view.at_ns)
        drawn = spark(trace, chart, width, _SPARK_ROWS)
    if not drawn:
        return ladder(shown, look.styles, width, rows)
    source, since = source_of(shown.interval), f"since {figures.clock(shown.opens_ns)}"
    words = (f"{source} against its strike {since}", f"{source} {since}", since)
    ways: list[tuple[list[Span], list[Span]]] = [([(one, look.styles.dim)], []) for one in words]
    head = fitting(ways, width, look.styles.text)
    book = ladder(shown, look.styles, width, rows - len(drawn) - 1)
    return [*book, head, *drawn]


def facts_of(
    view: AssetView, shown: RoundView, styles: Styles, width: int, rows: int
) -> list[Line]:
    """Everything but the ladder, most important first, in groups where there is room."""
    prices = price_lines(view, shown, styles, width)
    holding = [
        position_line(shown, styles, width),
        session_line(view, styles, width),
        count_line(view, shown, styles, width),
    ]
    orders = order_lines(shown, styles, width)
    room = max(1, rows - len(prices) - len(holding))
    spared = _spared(len(orders), len(shown.signals), room)
    signals = news_lines(view, shown, styles, width, room - spared)
    blank = line([], width, styles.text)
    gap = [blank] if room - len(signals) - spared >= 2 else []
    lines = [*prices, *gap, *signals, *gap, *holding]
    others = other_rounds(view, shown, styles, width)
    if others and rows - len(lines) - spared >= len(others) + 2:
        lines += [blank, rule([("rounds", styles.dim)], [], width, styles.border), *others]
    if orders and rows - len(lines) >= len(orders) + 2:
        lines += [blank, rule([("orders", styles.dim)], [], width, styles.border), *orders]
    return lines


def _spared(orders: int, signals: int, room: int) -> int:
    """Rows kept for orders: none where signals can have their long form, which must not come and
    go with the orders."""
    wanted = orders + 2
    return wanted if orders and signals <= room - wanted and room < 2 * signals else 0


def news_lines(
    view: AssetView, shown: RoundView, styles: Styles, width: int, rows: int
) -> list[Line]:
    """Trouble first, then what the strategies want; at least one line."""
    trouble = detail_lines(trouble_of(view), styles, width, 2 if rows > 2 else 1)
    left = max(0, rows - len(trouble))
    return [*trouble, *(signal_rows(shown.signals, styles, width, left) if left else [])]
