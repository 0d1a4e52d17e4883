"""The newest notices at the bottom, or the last words of an engine that died."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from polytui.model.snapshot import Notice
from polytui.tui.panels import figures
from polytui.tui.panels.reasons import wrapped
from polytui.tui.panels.round_names import rounds_named
from polytui.tui.styles import Line, Span, Styles, clean, filled, line, width_of

_MARKS = {"info": "·", "good": "✓", "warn": "!", "error": "✗"}


def log_lines(
    notices: Sequence[Notice], dropped: int, styles: Styles, width: int, height: int
) -> list[Line]:
    """`height` lines. A count of what was missed takes the first one when there is any."""
    rows = max(0, height - (1 if dropped else 0))
    head: list[Line] = []
    if dropped:
        words = f" {dropped:,} earlier lines were missed: this terminal read too slowly"
        head = [line([(words, styles.warn)], width, styles.text)]
    made: list[Line] = []
    for notice in reversed(list(notices)[-rows:] if rows else []):
        lines = notice_lines(notice, styles, width, rows - len(made))
        made = [*lines, *made]
        if len(made) >= rows:
            break
    return filled(head + made, height, width, styles.text)


def notice_lines(notice: Notice, styles: Styles, width: int, rows: int) -> list[Line]:
    """In as many rows as it needs; in fewer its words are shortened, not its number."""
    style = _style(notice.level, styles)
    head: list[Span] = [
        (f" {figures.clock(notice.at_ns)} ", styles.dim),
        (_MARKS.get(notice.level, "·"), style),
        (f" {clean(notice.asset).upper():<4} ", styles.dim),
    ]
    indent = width_of(head)
    words = wrapped(rounds_named(notice.text), width - indent - 1, rows)
    return [
        line(
            [
                *(head if not at else [(" " * indent, styles.dim)]),
                (one, styles.text if notice.level == "info" else style),
            ],
            width,
            styles.text,
        )
        for at, one in enumerate(words)
    ]


def _style(level: str, styles: Styles) -> Style:
    by_level = {"good": styles.good, "warn": styles.warn, "error": styles.error}
    return by_level.get(level, styles.dim)


def last_words(words: Sequence[str], styles: Styles, width: int, height: int) -> list[Line]:
    """The end of the engine's own log file."""
    if not words:
        silence = line([(" the engine left no log", styles.dim)], width, styles.text)
        return filled([silence], height, width, styles.text)
    lines = [line([(" " + clean(one), styles.warn)], width, styles.text) for one in words[-height:]]
    return filled(lines, height, width, styles.text)
