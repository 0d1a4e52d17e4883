"""The one widget: lines from a painter, drawn with Textual's line API, changed rows only."""

from __future__ import annotations

from collections.abc import Callable

from rich.style import Style
from textual.events import Click, MouseMove, MouseScrollDown, MouseScrollUp
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from polytui.tui.redaction import hidden
from polytui.tui.styles import Line
from polytui.tui.targets import Target, action_of, note_of, targets_of

Painter = Callable[[int, int], list[Line]]
"""(width, height) in cells to exactly `height` lines of `width` cells."""


def _width_until_equal(before: Line, now: Line, width: int) -> int:
    """Cells up to the last that differ. Those to the left of the first are sent with them: Textual
    cuts on the right alone."""
    for one, other in zip(reversed(before), reversed(now), strict=False):
        if one != other:
            break
        width -= one.cell_length
    return max(1, width)


class Canvas(Widget):
    """State: the rows as they were last painted."""

    can_focus = False

    class Clicked(Message):
        """Somebody clicked: on what does `action_id`, or on nothing that does anything."""

        def __init__(self, canvas: Canvas, action_id: str, x: int, y: int) -> None:
            super().__init__()
            self.canvas, self.action_id, self.x, self.y = canvas, action_id, x, y

    class Rolled(Message):
        """The wheel was turned over it; `by` is 1 downward, -1 upward."""

        def __init__(self, canvas: Canvas, by: int) -> None:
            super().__init__()
            self.canvas, self.by = canvas, by

    def __init__(
        self,
        painter: Painter,
        *,
        id: str | None = None,
        classes: str | None = None,
        explain: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._painter = painter
        self._explain = explain
        """What a note on cells says in words."""
        self.is_veiled = False
        """Whether what is somebody's own is hidden."""
        self._rows: list[Line] = []
        self._strips: list[Strip] = []

    @property
    def painted_area(self) -> int:
        """Cells that show what was painted for the size that they have now."""
        is_whole = self.display and len(self._rows) == self.size.height
        return self.size.area if is_whole else 0

    def on_resize(self) -> None:
        self.repaint()

    def repaint(self) -> None:
        """Ask the painter, and redraw the rows that differ."""
        width, height = self.size
        if not (width and height and self.display):
            return
        rows = self._painter(width, height)
        if self.is_veiled:
            rows = hidden(rows)
        old, self._rows = self._rows, rows
        if len(old) != len(rows):
            self._strips = [Strip(row, width) for row in rows]
            self.refresh()
            return
        changed = [
            Region(0, y, _width_until_equal(before, now, width), 1)
            for y, (before, now) in enumerate(zip(old, rows, strict=True))
            if before != now
        ]
        for region in changed:
            self._strips[region.y] = Strip(rows[region.y], width)
        if changed:
            self.refresh(*changed)

    def targets(self) -> list[Target]:
        """What can be clicked in it, in cells of the screen; nothing while it is not shown."""
        if not self.display:
            return []
        return list(targets_of(self._rows, self.region.x, self.region.y))

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self, action_of(event.style), event.x, event.y))

    def on_mouse_move(self, event: MouseMove) -> None:
        note = note_of(event.style)
        self.tooltip = (self._explain(note) if note and self._explain else "") or None

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Rolled(self, 1))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Rolled(self, -1))

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            return self._strips[y]
        # Textual's colour filters need a style on every segment.
        return Strip.blank(self.size.width, Style())
