"""The newest notices at the bottom, or the last words of an engine that died."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from polytui.model.snapshot import Notice
from polytui.tui.ink import Ink, Line, Span, clean, filled, line, width_of
from polytui.tui.panels import figures
from polytui.tui.panels.reasons import wrapped

_MARKS = {"info": "·", "good": "✓", "warn": "!", "error": "✗"}


def log_lines(
    notices: Sequence[Notice], dropped: int, ink: Ink, width: int, height: int
) -> list[Line]:
    """`height` lines. A count of what was missed takes the first one when there is any."""
    rows = max(0, height - (1 if dropped else 0))
    head: list[Line] = []
    if dropped:
        words = f" {dropped:,} earlier lines were missed: this terminal read too slowly"
        head = [line([(words, ink.warn)], width, ink.text)]
    made: list[Line] = []
    for notice in reversed(list(notices)[-rows:] if rows else []):
        lines = _notice(notice, ink, width, rows - len(made))
        made = [*lines, *made]
        if len(made) >= rows:
            break
    return filled(head + made, height, width, ink.text)


def _notice(notice: Notice, ink: Ink, width: int, rows: int) -> list[Line]:
    """In as many rows as it needs; in fewer its words are shortened, not its number."""
    style = _style(notice.level, ink)
    head: list[Span] = [
        (f" {figures.clock(notice.at_ns)} ", ink.dim),
        (_MARKS.get(notice.level, "·"), style),
        (f" {clean(notice.asset).upper():<4} ", ink.dim),
    ]
    indent = width_of(head)
    words = wrapped(notice.text, width - indent - 1, rows)
    return [
        line(
            [
                *(head if not at else [(" " * indent, ink.dim)]),
                (one, ink.text if notice.level == "info" else style),
            ],
            width,
            ink.text,
        )
        for at, one in enumerate(words)
    ]


def _style(level: str, ink: Ink) -> Style:
    styles = {"good": ink.good, "warn": ink.warn, "error": ink.error}
    return styles.get(level, ink.dim)


def last_words(words: Sequence[str], ink: Ink, width: int, height: int) -> list[Line]:
    """The end of the engine's own log file."""
    if not words:
        silence = line([(" the engine left no log", ink.dim)], width, ink.text)
        return filled([silence], height, width, ink.text)
    lines = [line([(" " + clean(one), ink.warn)], width, ink.text) for one in words[-height:]]
    return filled(lines, height, width, ink.text)
