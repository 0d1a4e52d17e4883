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
from polytui.tui.panels.signals import legend

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
    ink = look.ink
    inner, rows = width - 4, height - 3
    book_width = max(30, inner * 2 // 5)
    facts_width = inner - book_width - 3
    book = ladder(shown, ink, book_width, rows)
    facts = filled(_facts(view, shown, ink, facts_width, rows), rows, facts_width, ink.text)
    body = [time_bar(view, shown, ink, inner), *beside(book, facts, Segment("   ", ink.text))]
    top, bottom = box_edges(view, shown, look, width)
    return framed(body, top, bottom, (width, height), look.edge, ink.text)


def chosen_round(view: AssetView, slug: str) -> RoundView | None:
    named = [one for one in view.rounds if one.slug == slug]
    return named[0] if named else current_round(view)


def _facts(view: AssetView, shown: RoundView, ink: Ink, width: int, rows: int) -> list[Line]:
    """Sections in order of weight; whole sections are dropped when rows run out."""
    columns = min(width, _COLUMNS)
    prices = price_lines(view, shown, ink, columns)
    holding = [
        position_line(shown, ink, columns),
        session_line(view, ink, columns),
        count_line(view, shown, ink, columns),
    ]
    orders = order_lines(shown, ink, columns) or [line([("none", ink.dim)], columns, ink.text)]
    others = [
        ("position", holding),
        ("rounds", _rounds(view, shown, ink, columns)),
        ("orders", orders),
        ("feeds", feed_table(view.feeds, ink, columns)),
    ]
    # Signals in their long form only where it takes no other section's place.
    wanted = len(prices) + 2 + sum(len(section) + 1 for _, section in others)
    signals = _signals(view, shown, ink, width, rows - wanted)
    lines = [rule([("price", ink.dim)], [], columns, ink.border), *prices]
    head = rule([("signals", ink.dim)], legend(ink), columns, ink.border)
    lines = _widened([*lines, head], width, ink) + signals
    for title, section in others:
        if len(lines) + len(section) + 1 <= rows:
            made = [rule([(title, ink.dim)], [], columns, ink.border), *section]
            lines += _widened(made, width, ink)
    return lines


def _signals(view: AssetView, shown: RoundView, ink: Ink, width: int, rows: int) -> list[Line]:
    """A line each at least."""
    columns = width if width >= _SIGNALS_WIDE else min(width, _COLUMNS)
    least = len(shown.signals) + (1 if view.detail else 0)
    made = news_lines(view, shown, ink, min(columns, _SIGNALS_MOST), max(2, least, rows))
    return _widened(made, width, ink)


def _widened(lines: list[Line], width: int, ink: Ink) -> list[Line]:
    """Lines that end earlier, filled up to `width`."""
    return [
        line([(part.text, part.style or ink.text) for part in one], width, ink.text)
        for one in lines
    ]


def _rounds(view: AssetView, shown: RoundView, ink: Ink, width: int) -> list[Line]:
    lines = []
    for one in view.rounds:
        mark: Span = ("▸ ", ink.accent) if one.slug == shown.slug else ("  ", ink.dim)
        lines.append([Segment(*mark), *round_line(view, one, ink, width - 2)])
    return lines
