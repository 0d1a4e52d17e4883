"""Themes to choose from: each is shown on the whole screen while one goes through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key

from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.themes import themes_lines
from polytui.tui.screens.dialog import Dialog
from polytui.tui.styles import Line
from polytui.tui.theme import Palette

_NEXT = ("t", "j", "down", "right", "tab", "space")
_BEFORE = ("k", "up", "left", "shift+tab")


class Themes(Dialog[Palette | None]):
    """State: which one is shown. Enter keeps it, anything else brings the former back."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self, palettes: Sequence[Palette], shown: Palette, show: Callable[[Palette], None]
    ) -> None:
        super().__init__()
        self._palettes, self._former, self._show = tuple(palettes), shown, show
        self._at = self._palettes.index(shown)

    def compose(self) -> ComposeResult:
        yield Canvas(self._paint, id="themes")

    def _paint(self, width: int, height: int) -> list[Line]:
        return themes_lines(self._palettes, self._at, width, height)

    def on_mount(self) -> None:
        self._turn(1)

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key in _NEXT:
            self._turn(1)
        elif event.key in _BEFORE:
            self._turn(-1)
        elif event.key == "enter":
            self.dismiss(self._palettes[self._at])
        else:
            self._show(self._former)
            self.dismiss(None)

    def _turn(self, by: int) -> None:
        """Another one, and at once on everything behind this box."""
        self._at = (self._at + by) % len(self._palettes)
        self._show(self._palettes[self._at])
        self.query_one(Canvas).repaint()
