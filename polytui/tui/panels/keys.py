"""The bottom line: which keys do what. And the red banner that replaces it when it matters."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen
from rich.style import Style

from polytui.tui.keymap import Hint
from polytui.tui.styles import Line, Span, Styles, badge, line, spread, styles_of, width_of
from polytui.tui.targets import doing
from polytui.tui.theme import Palette

_GAP = "  "


def key_line(hints: Iterable[Hint], palette: Palette, width: int) -> Line:
    """As many as fit, the ones a stranger needs first."""
    styles = styles_of(palette, palette.colours.panel)
    spans: list[Span] = [(" ", styles.dim)]
    for one in hints:
        loud = styles.error if one.is_dangerous else styles.accent
        gap = _GAP if len(spans) > 1 else ""
        more: list[Span] = [(gap, styles.dim), *_item(one, loud, styles)]
        if width_of(spans) + width_of(more) > width:
            break
        spans += more
    return line(spans, width, styles.text)


def _item(hint: Hint, loud: Style, styles: Styles) -> list[Span]:
    """Its keys and its word, which do when they are clicked what the keys do."""
    if not hint.actions:
        return [(hint.key_words, loud), (f" {hint.word}", styles.dim)]
    ids = [action.id for action in hint.actions]
    word = (f" {hint.word}", doing(styles.dim, ids[0]))
    if hint.is_run:
        first, last = hint.key_words[:1], hint.key_words[1:]
        return [(first, doing(loud, ids[0])), (last, doing(loud, ids[-1])), word]
    keys = [
        (key if at == 0 else f" {key}", doing(loud, id_))
        for at, (key, id_) in enumerate(zip(hint.keys, ids, strict=True))
    ]
    return [*keys, word]


@frozen
class Alarm:
    """Two lines that must be read now."""

    title: str
    hint: str
    right: str = ""


def alarm_lines(alarm: Alarm, palette: Palette, width: int) -> list[Line]:
    """A banner in the colour of errors, over the whole width."""
    loud = badge(palette, palette.colours.error)
    first = spread([(f"  {alarm.title}", loud)], [(f"{alarm.right}  ", loud)], width, loud)
    return [first, line([(f"  {alarm.hint}", loud)], width, loud)]


def warning_lines(alarm: Alarm, palette: Palette, width: int) -> list[Line]:
    """The same in the colour of warnings: waiting, not danger."""
    calm = badge(palette, palette.colours.warn)
    first = spread([(f"  {alarm.title}", calm)], [(f"{alarm.right}  ", calm)], width, calm)
    return [first, line([(f"  {alarm.hint}", calm)], width, calm)]
