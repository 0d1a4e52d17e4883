"""A page over the whole board: a box, lines that stay on top, and blocks that scroll below."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen
from rich.segment import Segment
from rich.style import Style

from polytui.tui.keymap import SHIPPED, Keymap
from polytui.tui.panels import figures
from polytui.tui.panels.asset import STALE_AFTER_S
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.frame import Edge, framed
from polytui.tui.styles import Line, Span, Styles, faded, filled, styles_of
from polytui.tui.theme import Palette


@frozen
class Block:
    """Lines that belong together; `name` is the asset's, or empty."""

    name: str
    lines: list[Line]


@define
class Scroll:
    """State: how far down a person has gone, which asset is looked for, and how much there is."""

    top: int = 0
    total: int = 0
    rows: int = 0
    _sought: str = ""

    def move(self, by: int) -> None:
        self.top, self._sought = max(0, self.top + by), ""

    def seek(self, name: str) -> None:
        """Bring the block of this asset into view."""
        self._sought = name

    def window(self, blocks: Sequence[Block], rows: int) -> list[Line]:
        """`rows` lines at most, as far down as there is something to see."""
        lines = [one for block in blocks for one in block.lines]
        self.total, self.rows = len(lines), rows
        if self._sought:
            self._show(blocks, rows)
        self.top = min(self.top, max(0, len(lines) - rows))
        return lines[self.top : self.top + rows]

    def _show(self, blocks: Sequence[Block], rows: int) -> None:
        """Move no further than it takes to see the whole block."""
        begins = 0
        for block in blocks:
            if block.name == self._sought:
                ends = begins + len(block.lines)
                self.top = min(begins, max(self.top, ends - rows))
            begins += len(block.lines)
        self._sought = ""

    @property
    def words(self) -> str:
        """What part is seen; empty where it is all."""
        if self.total <= self.rows:
            return ""
        last = min(self.total, self.top + self.rows)
        return f"lines {self.top + 1}-{last} of {self.total}"


@frozen
class PageLook:
    """How a page is shown, apart from what it shows."""

    palette: Palette
    chosen: str
    """The asset; empty before there is one."""
    age_s: float = 0.0
    """Real seconds since the account's view arrived."""
    ages: dict[str, float] = field(factory=dict)
    """The same of every asset's view."""
    is_live: bool = False
    """Real money."""
    kill: str = ""
    """A kill command on its way."""
    keymap: Keymap = SHIPPED
    """What keys are called in its words."""
    ink: Ink = Ink.BRAILLE

    @property
    def styles(self) -> Styles:
        return self._aged(self.age_s)

    def styles_of(self, asset: str) -> Styles:
        return self._aged(self.ages.get(asset, 0.0))

    def _aged(self, age_s: float) -> Styles:
        return faded(self.palette) if age_s > STALE_AFTER_S else styles_of(self.palette)

    def age_words(self, age_s: float) -> list[Span]:
        """Empty while it is young enough."""
        styles = self._aged(age_s)
        return [(f"◐ {figures.age(age_s)} old", styles.stale)] if age_s > STALE_AFTER_S else []

    @property
    def edge(self) -> Style:
        fresh = styles_of(self.palette)
        return fresh.error if self.is_live else fresh.accent


def marked(one: Line, is_chosen: bool, look: PageLook) -> Line:
    """The line behind two cells for a sign; the chosen one on a ground of its own."""
    styles = look.styles
    if not is_chosen:
        return [Segment("  ", styles.dim), *one]
    ground = Style(bgcolor=look.palette.colours.panel)
    parts = [Segment("▸ ", styles.accent), *one]
    return [Segment(part.text, (part.style or styles.text) + ground) for part in parts]


def boxed(
    body: list[Line], top: Edge, words: str, look: PageLook, width: int, height: int
) -> list[Line]:
    """The page in its box: what part of it is seen below on the left, its age on the right."""
    styles = look.styles
    below: list[Span] = [(words, styles.dim)] if words else []
    oldest = max((look.age_s, *look.ages.values()))
    bottom = Edge(below, look.age_words(oldest))
    rows = filled(body, height - 2, width - 4, styles.text)
    return framed(rows, top, bottom, (width, height), look.edge, styles.text)
