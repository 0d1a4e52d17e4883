"""Quitting asks: stop the engine, leave it running, or stay."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.frame import Edge, framed
from polytui.tui.screens.dialog import Dialog
from polytui.tui.styles import Line, Span, badge, line, styles_of
from polytui.tui.theme import Palette


class Parting(Enum):
    STOP = "stop"
    LEAVE = "leave"
    STAY = "stay"


CHOICES = (
    (Parting.STOP, "S", "stop the engine", "its orders are cancelled first"),
    (Parting.LEAVE, "L", "leave it running", "`attach` comes back to it"),
    (Parting.STAY, "Esc", "stay", ""),
)
SIZE = (64, len(CHOICES) + 6)


def quit_lines(
    chosen: Parting, palette: Palette, width: int, height: int, live: str = ""
) -> list[Line]:
    """`live`: whose money is at stake; empty where nobody's is."""
    styles = styles_of(palette, palette.colours.panel)
    inner = width - 4
    rows = [line([], inner, styles.text)]
    for parting, key, words, why in CHOICES:
        is_chosen = parting is chosen
        mark: Span = (" ▸ " if is_chosen else "   ", styles.accent)
        spans: list[Span] = [
            mark,
            (f"{key:<5}", styles.accent),
            (f"{words:<20}", styles.strong),
            (why, styles.dim),
        ]
        if is_chosen:
            loud = badge(palette, palette.colours.accent)
            spans = [(text, loud) for text, _ in spans]
            rows.append(line(spans, inner, loud))
        else:
            rows.append(line(spans, inner, styles.text))
    rows += [
        line([], inner, styles.text),
        line([("arrows choose, Enter does it", styles.dim)], inner, styles.text),
    ]
    name: list[Span] = [(f" {live} ", badge(palette, palette.colours.live))] if live else []
    top = Edge([("leave the terminal", styles.strong)], name)
    return framed(rows, top, Edge([], []), (width, height), styles.border, styles.text)


class Quit(Dialog[Parting]):
    """Lower-case letters do nothing here: stopping cancels orders."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "choose('stop')"),
        Binding("L", "choose('leave')"),
        Binding("escape", "choose('stay')"),
        Binding("up", "move(-1)"),
        Binding("down", "move(1)"),
        Binding("enter", "take"),
    ]

    def __init__(self, palette: Palette, *, first: Parting, live: str = "") -> None:
        super().__init__()
        self._live = live
        self._palette = palette
        self._chosen = first

    def compose(self) -> ComposeResult:
        yield Canvas(self._paint, id="quit")

    def _paint(self, width: int, height: int) -> list[Line]:
        return quit_lines(self._chosen, self._palette, width, height, self._live)

    def action_choose(self, name: str) -> None:
        self.dismiss(Parting(name))

    def action_take(self) -> None:
        self.dismiss(self._chosen)

    def action_move(self, step: int) -> None:
        order = [parting for parting, *_ in CHOICES]
        self._chosen = order[(order.index(self._chosen) + step) % len(order)]
        self.query_one(Canvas).repaint()
