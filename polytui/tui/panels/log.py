"""The newest notices at the bottom, or the last words of an engine that died."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from polytui.model.snapshot import Notice
from polytui.tui.ink import Ink, Line, Span, clean, filled, line
from polytui.tui.panels import figures

_MARKS = {"info": "·", "good": "✓", "warn": "!", "error": "✗"}


def log_lines(
    notices: Sequence[Notice], dropped: int, ink: Ink, width: int, height: int
) -> list[Line]:
    """`height` lines. A count of what was missed takes the first one when there is any."""
    rows = height - (1 if dropped else 0)
    head: list[Line] = []
    if dropped:
        words = f" {dropped:,} earlier lines were missed: this terminal read too slowly"
        head = [line([(words, ink.warn)], width, ink.text)]
    newest = list(notices)[-rows:] if rows > 0 else []
    return filled(head + [_notice(one, ink, width) for one in newest], height, width, ink.text)


def _notice(notice: Notice, ink: Ink, width: int) -> Line:
    style = _style(notice.level, ink)
    spans: list[Span] = [
        (f" {figures.clock(notice.at_ns)} ", ink.dim),
        (_MARKS.get(notice.level, "·"), style),
        (f" {clean(notice.asset).upper():<4} ", ink.dim),
        (clean(notice.text), ink.text if notice.level == "info" else style),
    ]
    return line(spans, width, ink.text)


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
