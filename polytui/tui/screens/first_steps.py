"""The first steps over the board: four pages, forth and back, skipped by Esc."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key

from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.first_steps import STEPS, first_steps_lines
from polytui.tui.screens.dialog import Dialog
from polytui.tui.styles import Line
from polytui.tui.theme import Palette

_FORTH = ("enter", "right", "space", "n", "j", "down", "pagedown")
_BACK = ("left", "backspace", "k", "up", "pageup")


class FirstSteps(Dialog[None]):
    """State: which step is shown. Any other key closes it and does what it always does, so that
    nobody who knows the keys is held up."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._at = 0

    def compose(self) -> ComposeResult:
        yield Canvas(self._paint, id="first-steps")

    def _paint(self, width: int, height: int) -> list[Line]:
        return first_steps_lines(self._at, self._palette, width, height)

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key in _FORTH and self._at + 1 < len(STEPS):
            self._turn(1)
        elif event.key in _BACK:
            self._turn(-1 if self._at else 0)
        else:
            self.dismiss(None)
            if event.key not in ("escape", *_FORTH):
                self.app.simulate_key(event.key)

    def _turn(self, by: int) -> None:
        self._at += by
        self.query_one(Canvas).repaint()
