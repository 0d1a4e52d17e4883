"""One asset over the whole board: full-height ladder, all rounds, all signals, all feeds."""

from __future__ import annotations

from rich.segment import Segment

from polytui.model.snapshot import AssetView, RoundView
from polytui.tui.panels.asset import Look, asset_panel, box_edges, news_lines
from polytui.tui.panels.facts import (
    count_line,
    current_round,
    order_lines,
    position_line,
    price_lines,
    round_line,
    session_line,
    time_bar,
)
from polytui.tui.panels.feeds import feed_table
from polytui.tui.panels.frame import framed, rule
from polytui.tui.panels.ladder import ladder
from polytui.tui.panels.signals import legend
from polytui.tui.styles import Line, Span, Styles, beside, filled, line

_LEAST_WIDTH = 64
_COLUMNS = 56
"""Wider, the eye loses the line between a word and its number."""
_SIGNALS_WIDE, _SIGNALS_MOST = 84, 110
"""Where signals have all their columns, and where more room is of no use to them."""


def zoom_panel(
    name: str, view: AssetView | None, look: Look, chosen: str, width: int, height: int
) -> list[Line]:
    """The asset with the round of slug `chosen` (the current one when it is gone)."""
    shown = None if view is None else chosen_round(view, chosen)
    if view is None or shown is None or width < _LEAST_WIDTH:
        return asset_panel(name, view, look, width, height)
    styles = look.styles
    inner, rows = width - 4, height - 3
    book_width = max(30, inner * 2 // 5)
    facts_width = inner - book_width - 3
    book = ladder(shown, styles, book_width, rows)
    facts = filled(_facts(view, shown, styles, facts_width, rows), rows, facts_width, styles.text)
    body = [time_bar(view, shown, styles, inner), *beside(book, facts, Segment("   ", styles.text))]
    top, bottom = box_edges(view, shown, look, width)
    return framed(body, top, bottom, (width, height), look.edge, styles.text)


def chosen_round(view: AssetView, slug: str, interval: str = "") -> RoundView | None:
    """The round of that name; else the current one, of an interval or of all."""
    named = [one for one in view.rounds if one.slug == slug]
    return named[0] if named else current_round(view, interval)


def _facts(view: AssetView, shown: RoundView, styles: Styles, width: int, rows: int) -> list[Line]:
    """Sections in order of weight; whole sections are dropped when rows run out."""
    columns = min(width, _COLUMNS)
    prices = price_lines(view, shown, styles, columns)
    holding = [
        position_line(shown, styles, columns),
        session_line(view, styles, columns),
        count_line(view, shown, styles, columns),
    ]
    orders = order_lines(shown, styles, columns) or [
        line([("none", styles.dim)], columns, styles.text)
    ]
    others = [
        ("position", holding),
        ("rounds", _rounds(view, shown, styles, columns)),
        ("orders", orders),
        ("feeds", feed_table(view.feeds, styles, columns)),
    ]
    # Signals in their long form only where it takes no other section's place.
    wanted = len(prices) + 2 + sum(len(section) + 1 for _, section in others)
    signals = _signals(view, shown, styles, width, rows - wanted)
    lines = [rule([("price", styles.dim)], [], columns, styles.border), *prices]
    head = rule([("signals", styles.dim)], legend(styles), columns, styles.border)
    lines = _widened([*lines, head], width, styles) + signals
    for title, section in others:
        if len(lines) + len(section) + 1 <= rows:
            made = [rule([(title, styles.dim)], [], columns, styles.border), *section]
            lines += _widened(made, width, styles)
    return lines


def _signals(
    view: AssetView, shown: RoundView, styles: Styles, width: int, rows: int
) -> list[Line]:
    """A line each at least."""
    columns = width if width >= _SIGNALS_WIDE else min(width, _COLUMNS)
    least = len(shown.signals) + (1 if view.detail else 0)
    made = news_lines(view, shown, styles, min(columns, _SIGNALS_MOST), max(2, least, rows))
    return _widened(made, width, styles)


def _widened(lines: list[Line], width: int, styles: Styles) -> list[Line]:
    """Lines that end earlier, filled up to `width`."""
    return [
        line([(part.text, part.style or styles.text) for part in one], width, styles.text)
        for one in lines
    ]


def _rounds(view: AssetView, shown: RoundView, styles: Styles, width: int) -> list[Line]:
    lines = []
    for one in view.rounds:
        mark: Span = ("▸ ", styles.accent) if one.slug == shown.slug else ("  ", styles.dim)
        lines.append([Segment(*mark), *round_line(view, one, styles, width - 2)])
    return lines
