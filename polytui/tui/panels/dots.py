"""A grid of dots finer than the cells of a terminal: Braille, eight to a cell, or two in plain
ASCII. Whoever draws later gives a cell its colour; dots of all stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from rich.segment import Segment
from rich.style import Style

from polytui.tui.styles import Line

_BRAILLE = 0x2800
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of a Braille letter, by row and column of its dots (Unicode, block 2800)."""
_PLAIN = " '.:"


class Ink(Enum):
    """What letters a terminal has for dots."""

    BRAILLE = "braille"
    ASCII = "ascii"


class Dots:
    """State: the dots of every cell, who coloured it last, and letters that lie over them."""

    def __init__(self, width: int, height: int, ink: Ink) -> None:
        """`width` by `height` cells, all empty."""
        self.width, self.height = width, height
        is_fine = ink is Ink.BRAILLE
        self._across, self._down = (2, 4) if is_fine else (1, 2)
        self.columns, self.rows = width * self._across, height * self._down
        """Dots, from the left and from above."""
        self._bits = _BITS if is_fine else ((1,), (2,))
        self._letters = (
            [chr(_BRAILLE + bits) if bits else " " for bits in range(256)]
            if is_fine
            else list(_PLAIN)
        )
        self._cells = bytearray(width * height)
        self._styles: list[Style | None] = [None] * (width * height)
        self._over: dict[int, tuple[str, Style]] = {}

    def dot(self, x: int, y: int, style: Style) -> None:
        """One dot; outside the grid nothing happens."""
        if 0 <= x < self.columns and 0 <= y < self.rows:
            cell = y // self._down * self.width + x // self._across
            self._cells[cell] |= self._bits[y % self._down][x % self._across]
            self._styles[cell] = style

    def curve(self, heights: Sequence[float | None], style_at: Callable[[int], Style]) -> None:
        """A line through one height (rows from above) a column; None is a hole in it. `style_at`
        gives the colour of a row."""
        before: int | None = None
        for x, height in enumerate(heights):
            if height is None:
                before = None
                continue
            y = round(height)
            if before is None or abs(y - before) <= 1:
                self.dot(x, y, style_at(y))
            else:
                step = 1 if y > before else -1
                for between in range(before + step, y + step, step):
                    self.dot(x, between, style_at(between))
            before = y

    def level(self, y: int, style: Style, every: int = 1, since: int = 0, until: int = -1) -> None:
        """A horizontal line of dots, `every` so many columns, over columns [since, until)."""
        for x in range(since, self.columns if until < 0 else until, every):
            self.dot(x, y, style)

    def upright(self, x: int, style: Style, every: int = 2) -> None:
        for y in range(0, self.rows, every):
            self.dot(x, y, style)

    def letter(self, x: int, y: int, letter: str, style: Style) -> None:
        """One letter over the cell of a dot."""
        if 0 <= x < self.columns and 0 <= y < self.rows:
            self._over[y // self._down * self.width + x // self._across] = (letter, style)

    def lines(self, ground: Style) -> list[Line]:
        """`height` lines of `width` cells."""
        return [self._line(row, ground) for row in range(self.height)]

    def row_of(self, y: float) -> int:
        """The line that a height is in."""
        return min(self.height - 1, max(0, round(y) // self._down))

    def _line(self, row: int, ground: Style) -> Line:
        made: Line = []
        text, style = "", ground
        letters, cells, styles, over = self._letters, self._cells, self._styles, self._over
        for cell in range(row * self.width, (row + 1) * self.width):
            if cell in over:
                letter, own = over[cell]
            else:
                letter, own = letters[cells[cell]], styles[cell] or ground
            if own is not style and letter != " ":
                if text:
                    made.append(Segment(text, style))
                text, style = letter, own
            else:
                text += letter
        if text:
            made.append(Segment(text, style))
        return made
