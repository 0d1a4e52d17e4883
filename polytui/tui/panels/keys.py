"""The bottom line: which keys do what. And the red banner that replaces it when it matters."""

from __future__ import annotations

from attrs import frozen

from polytui.tui.styles import Line, Span, badge, line, spread, styles_of, width_of
from polytui.tui.theme import Palette

BOARD_KEYS = (
    ("1-4", "asset"),
    ("Enter", "zoom"),
    ("K", "KILL"),
    ("s", "strategy"),
    ("r", "risk"),
    ("e", "settings"),
    ("q", "quit"),
    ("?", "help"),
    ("p", "pause"),
    ("o", "consensus"),
    ("T", "trades"),
    ("g", "chart"),
    ("F", "flatten"),
    ("P", "pause all"),
    ("- +", "speed"),
    ("l", "log"),
    ("t", "theme"),
    ("R", "rearm"),
    ("Tab", "next"),
)
ZOOM_KEYS = (
    ("Esc", "back"),
    ("g", "chart"),
    ("[ ]", "past rounds"),
    ("o", "consensus"),
    ("j k", "round"),
    ("1-4", "asset"),
    ("p", "pause"),
    ("K", "KILL"),
    ("q", "quit"),
    ("?", "help"),
    ("F", "flatten"),
    ("l", "log"),
    ("t", "theme"),
)
PAGE_KEYS = (
    ("Esc", "back"),
    ("j k", "scroll"),
    ("1-4", "asset"),
    ("p", "pause"),
    ("K", "KILL"),
    ("q", "quit"),
    ("?", "help"),
    ("s", "strategy"),
    ("r", "risk"),
    ("e", "settings"),
    ("T", "trades"),
    ("F", "flatten"),
    ("R", "rearm"),
    ("l", "log"),
    ("t", "theme"),
)
EDIT_KEYS = {
    "list": (
        ("Esc", "back"),
        ("j k", "choose"),
        ("Enter", "edit"),
        ("/", "filter"),
        ("K", "KILL"),
        ("q", "quit"),
        ("?", "help"),
        ("s", "strategy"),
        ("r", "risk"),
    ),
    "filter": (("Enter", "keep the filter"), ("Esc", "show all"), ("up down", "choose")),
    "edit": (("Enter", "show the change"), ("Esc", "leave it"), ("Ctrl-U", "clear")),
    "confirm": (("Enter", "SEND it"), ("Esc", "back to editing")),
}
"""By the editor's step. While something is typed, letters are text and nothing else."""
_GAP = "  "


def key_line(keys: tuple[tuple[str, str], ...], palette: Palette, width: int) -> Line:
    """As many keys as fit, the ones a stranger needs first."""
    styles = styles_of(palette, palette.colours.panel)
    spans: list[Span] = [(" ", styles.dim)]
    for key, word in keys:
        danger = styles.error if word in ("KILL", "SEND it") else styles.accent
        gap = _GAP if len(spans) > 1 else ""
        more: list[Span] = [(gap, styles.dim), (key, danger), (f" {word}", styles.dim)]
        if width_of(spans) + width_of(more) > width:
            break
        spans += more
    return line(spans, width, styles.text)


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
