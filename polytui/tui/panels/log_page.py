"""The log over the whole screen: scrolled, found in, by level and asset."""

from __future__ import annotations

from polytui.tui.panels.frame import Edge
from polytui.tui.panels.log import notice_lines
from polytui.tui.panels.looked_for import looked_for
from polytui.tui.panels.page import PageLook, boxed, marked
from polytui.tui.styles import Line, Span, Styles, clean, filled, line
from polytui.tui.targets import ROW, line_doing
from polytui.tui.told_log import LogLevel, ToldLog

_MARK = 2


def log_panel(told: ToldLog, look: PageLook, width: int, height: int) -> list[Line]:
    """The newest at the bottom, or as far up as somebody went."""
    styles, inner, rows = look.styles, width - 4, height - 2
    shown = told.shown if told.end is None else told.shown[: told.end]
    made: list[Line] = []
    for at in reversed(range(max(0, len(shown) - rows), len(shown))):
        made = [*_notice(told, at, look, inner, rows - len(made)), *made]
        if len(made) >= rows:
            break
    if not made:
        words = "no such line" if told.total else "nothing was said yet"
        made = [line([(words, styles.dim)], inner, styles.text)]
    top = Edge(_title(told, styles), _filters(told, styles))
    body = filled(made, max(0, rows), inner, styles.text)
    return boxed(body, top, _place(told), look, width, height)


def _notice(told: ToldLog, at: int, look: PageLook, width: int, rows: int) -> list[Line]:
    notice = told.shown[at]
    lines = notice_lines(notice, look.styles, width - _MARK, rows)
    is_found = told.found is notice
    made = [marked(one, is_found and not number, look) for number, one in enumerate(lines)]
    return [line_doing(one, f"{ROW}{at}") for one in made]


def _title(told: ToldLog, styles: Styles) -> list[Span]:
    spans: list[Span] = [("log", styles.strong), *looked_for(told.typed, styles)]
    if told.typed.text and not told.typed.is_open:
        count = told.matches
        found = f"  {count:,} line{'' if count == 1 else 's'}" if count else "  is in no line"
        spans.append((found, styles.dim if count else styles.warn))
    return spans


def _filters(told: ToldLog, styles: Styles) -> list[Span]:
    """What is left out, so that nobody takes a part for all."""
    said = []
    if told.level is not LogLevel.ALL:
        said.append(f"only {told.level.value}")
    if told.asset is not None:
        said.append(told.asset.upper() if told.asset else "the account alone")
    return [(", ".join(said), styles.warn)] if said else []


def _place(told: ToldLog) -> str:
    count, total = len(told.shown), told.total
    parts = [f"{count:,} lines" if count == total else f"{count:,} of {total:,} lines"]
    parts.append(f"{told.behind:,} below" if told.behind else "following")
    if told.missing and not told.error:
        parts.append("older ones are on their way")
    if told.error:
        parts.append(clean(told.error))
    return ", ".join(parts)
