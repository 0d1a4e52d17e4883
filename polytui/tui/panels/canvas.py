"""The one widget: lines from a painter, drawn with Textual's line API, changed rows only."""

from __future__ import annotations

from collections.abc import Callable

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from polytui.tui.styles import Line

Painter = Callable[[int, int], list[Line]]
"""(width, height) in cells to exactly `height` lines of `width` cells."""


class Canvas(Widget):
    """State: the rows as they were last painted."""

    can_focus = False

    def __init__(
        self, painter: Painter, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._painter = painter
        self._rows: list[Line] = []
        self._strips: list[Strip] = []

    def on_resize(self) -> None:
        self.repaint()

    def repaint(self) -> None:
        """Ask the painter, and redraw the rows that differ."""
        width, height = self.size
        if not (width and height and self.display):
            return
        rows = self._painter(width, height)
        old, self._rows = self._rows, rows
        if len(old) != len(rows):
            self._strips = [Strip(row, width) for row in rows]
            self.refresh()
            return
        changed = [
            y for y, (before, now) in enumerate(zip(old, rows, strict=True)) if before != now
        ]
        for y in changed:
            self._strips[y] = Strip(rows[y], width)
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            return self._strips[y]
        # Textual's colour filters need a style on every segment.
        return Strip.blank(self.size.width, Style())
