"""One asset over the whole board with its round as a chart: alone, or beside ladder and facts."""

from __future__ import annotations

from enum import Enum

from attrs import frozen
from rich.segment import Segment

from polytui.model.snapshot import AssetView, RoundView
from polytui.tui.panels import figures
from polytui.tui.panels.asset import Look, asset_panel, box_edges, news_lines
from polytui.tui.panels.chart import ChartLook, round_chart
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.facts import (
    fair_line,
    position_line,
    price_line,
    price_lines,
    session_line,
    time_bar,
)
from polytui.tui.panels.frame import framed, rule
from polytui.tui.panels.holding import ends_line, even_line
from polytui.tui.panels.ladder import ladder
from polytui.tui.panels.signals import legend
from polytui.tui.panels.zoom import chosen_round, zoom_panel
from polytui.tui.styles import Line, Styles, beside, filled, line
from polytui.tui.traces import Trace

_LEAST_WIDTH, _LEAST_HEIGHT = 34, 9
"""Of the page with a chart; below, the card of the asset says more."""
_BESIDE_FROM = 68
_SIGNALS_FROM = 18
"""Rows from which what the strategies want has a block of its own."""
_TALL = 12
_LEAST_LEFT, _MOST_LEFT = 34, 46


class PageShape(Enum):
    """What the page is made of; one key goes from each to the next."""

    BOTH = "both"
    CHART = "chart"
    LADDER = "ladder"

    @property
    def following(self) -> PageShape:
        shapes = list(PageShape)
        return shapes[(shapes.index(self) + 1) % len(shapes)]


@frozen
class Sheet:
    """What is drawn besides the view."""

    shape: PageShape
    trace: Trace | None
    ink: Ink
    words: str = ""
    """What is to be said of a key that led nowhere."""


def round_panel(
    name: str, view: AssetView | None, look: Look, chosen: str, sheet: Sheet, size: tuple[int, int]
) -> list[Line]:
    """The asset with the round of slug `chosen` (the current one when it is gone), in `size`
    (width, height) cells."""
    width, height = size
    if sheet.shape is PageShape.LADDER:
        return zoom_panel(name, view, look, chosen, width, height)
    shown = None if view is None else chosen_round(view, chosen)
    if view is None or shown is None or width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
        return asset_panel(name, view, look, width, height)
    inner, rows = width - 4, height - 3
    is_beside = sheet.shape is PageShape.BOTH and inner >= _BESIDE_FROM
    body = (_beside if is_beside else _alone)(view, shown, look.styles, sheet, (inner, rows))
    span = figures.span_here(shown.opens_ns, shown.closes_ns, width)
    top, bottom = box_edges(view, shown, look, width, span)
    first = time_bar(view, shown, look.styles, inner)
    if sheet.words:
        first = line([(sheet.words, look.styles.warn)], inner, look.styles.text)
    body = [first, *body]
    return framed(body, top, bottom, (width, height), look.edge, look.styles.text)


def _alone(
    view: AssetView, shown: RoundView, styles: Styles, sheet: Sheet, size: tuple[int, int]
) -> list[Line]:
    """The chart from edge to edge, what it is about above, what we hold and want below."""
    width, rows = size
    head = [price_line(view, shown, styles, width), fair_line(shown, styles, width)]
    tail = [position_line(shown, styles, width)]
    if rows >= _TALL:
        tail += ends_line(shown, styles, width)
    tail += _news(view, shown, styles, width, rows)
    chart = _chart(view, sheet, styles, width, rows - len(head) - len(tail))
    return [*head, *chart, *tail]


def _beside(
    view: AssetView, shown: RoundView, styles: Styles, sheet: Sheet, size: tuple[int, int]
) -> list[Line]:
    """Prices, ladder and holding on the left, the chart on the right, signals below both."""
    width, rows = size
    left = min(_MOST_LEFT, max(_LEAST_LEFT, width * 3 // 10))
    news = _news(view, shown, styles, width, rows)
    upper = rows - len(news)
    facts = _facts(view, shown, styles, left, upper)
    chart = _chart(view, sheet, styles, width - left - 2, upper)
    return [*beside(facts, chart, Segment("  ", styles.text)), *news]


def _facts(view: AssetView, shown: RoundView, styles: Styles, width: int, rows: int) -> list[Line]:
    is_tall = rows >= _TALL + 4
    prices = (
        price_lines(view, shown, styles, width)
        if is_tall
        else [price_line(view, shown, styles, width), fair_line(shown, styles, width)]
    )
    ends = ends_line(shown, styles, width, has_even=not is_tall)
    holding = [position_line(shown, styles, width), *ends]
    if is_tall:
        holding += [*even_line(shown, styles, width), session_line(view, styles, width)]
        blank = line([], width, styles.text)
        prices, holding = [*prices, blank], [blank, *holding]
    book = ladder(shown, styles, width, max(0, rows - len(prices) - len(holding)))
    return filled([*prices, *book, *holding], rows, width, styles.text)


def _news(view: AssetView, shown: RoundView, styles: Styles, width: int, rows: int) -> list[Line]:
    """One line, or a block of its own where there is room."""
    if rows < _SIGNALS_FROM:
        return news_lines(view, shown, styles, width, 1)
    wanted = len(shown.signals) + 1 + (2 if view.detail else 0)
    made = news_lines(view, shown, styles, width, max(2, min(wanted, rows // 4)))
    return [rule([("strategies", styles.dim)], legend(styles), width, styles.border), *made]


def _chart(view: AssetView, sheet: Sheet, styles: Styles, width: int, rows: int) -> list[Line]:
    look = ChartLook(styles, sheet.ink, view.at_ns)
    return filled(round_chart(sheet.trace, look, width, rows), max(0, rows), width, styles.text)
