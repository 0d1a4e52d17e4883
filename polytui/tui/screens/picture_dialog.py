"""A picture of the screen: as it is, without what is one's own, or none after all."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.frame import Edge, framed
from polytui.tui.screens.dialog import Dialog
from polytui.tui.styles import Line, line, styles_of
from polytui.tui.theme import Palette


class Showing(Enum):
    """What a picture is to show."""

    ALL = "all"
    HIDDEN = "hidden"
    """Prices and times, and no number that is somebody's own."""
    NOTHING = "nothing"


_CHOICES = (
    (Showing.ALL, "Enter", "as it is"),
    (Showing.HIDDEN, "h", "money hidden: prices and times stay, no other number"),
    (Showing.NOTHING, "Esc", "no picture"),
)


class PictureDialog(Dialog[Showing]):
    """Its result is what the picture shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding({"Esc": "escape"}.get(key, key.lower()), f"choose('{showing.value}')")
        for showing, key, _ in _CHOICES
    ]

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette

    def compose(self) -> ComposeResult:
        yield Canvas(self._paint, id="picture")

    def _paint(self, width: int, height: int) -> list[Line]:
        styles = styles_of(self._palette, self._palette.colours.panel)
        rows = [
            line([(f"{key:<7}", styles.accent), (words, styles.text)], width - 4, styles.text)
            for _, key, words in _CHOICES
        ]
        top = Edge([("a picture of the screen, as SVG", styles.strong)], [])
        return framed(rows, top, Edge([], []), (width, height), styles.border, styles.text)

    def action_choose(self, name: str) -> None:
        self.dismiss(Showing(name))
