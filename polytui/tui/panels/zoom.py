"""One asset over the whole board: full-height ladder, all rounds, all signals, all feeds."""

from __future__ import annotations

from rich.segment import Segment

from polytui.model.snapshot import AssetView, RoundView
from polytui.tui.ink import Ink, Line, Span, beside, filled, line
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

_LEAST_WIDTH = 64


def zoom_panel(
    name: str, view: AssetView | None, look: Look, chosen: str, width: int, height: int
) -> list[Line]:
    """The asset with the round of slug `chosen` (the current one when it is gone)."""
    shown = None if view is None else chosen_round(view, chosen)
    if view is None or shown is None or width < _LEAST_WIDTH:
        return asset_panel(name, view, look, width, height)
    ink = look.ink
    inner, rows = width - 4, height - 3
    book_width = max(30, inner * 2 // 5)
    facts_width = inner - book_width - 3
    book = ladder(shown, ink, book_width, rows)
    facts = filled(_facts(view, shown, ink, facts_width, rows), rows, facts_width, ink.text)
    body = [time_bar(view, shown, ink, inner), *beside(book, facts, Segment("   ", ink.text))]
    top, bottom = box_edges(view, shown, look)
    return framed(body, top, bottom, (width, height), look.edge, ink.text)


def chosen_round(view: AssetView, slug: str) -> RoundView | None:
    named = [one for one in view.rounds if one.slug == slug]
    return named[0] if named else current_round(view)


def _facts(view: AssetView, shown: RoundView, ink: Ink, width: int, rows: int) -> list[Line]:
    """Sections in order of weight; whole sections are dropped when rows run out."""
    columns = min(width, 56)
    prices = price_lines(view, shown, ink, columns)
    holding = [
        position_line(shown, ink, columns),
        session_line(view, ink, columns),
        count_line(view, shown, ink, columns),
    ]
    orders = order_lines(shown, ink, columns) or [line([("none", ink.dim)], columns, ink.text)]
    sections = [
        ("price", prices),
        ("signals", news_lines(view, shown, ink, columns)),
        ("position", holding),
        ("rounds", _rounds(view, shown, ink, columns)),
        ("orders", orders),
        ("feeds", feed_table(view.feeds, ink, columns)),
    ]
    lines: list[Line] = []
    for title, section in sections:
        if len(lines) + len(section) + 1 <= rows:
            lines += [rule([(title, ink.dim)], [], columns, ink.border), *section]
    return [[*one, Segment(" " * (width - columns), ink.text)] for one in lines]


def _rounds(view: AssetView, shown: RoundView, ink: Ink, width: int) -> list[Line]:
    lines = []
    for one in view.rounds:
        mark: Span = ("▸ ", ink.accent) if one.slug == shown.slug else ("  ", ink.dim)
        lines.append([Segment(*mark), *round_line(view, one, ink, width - 2)])
    return lines
