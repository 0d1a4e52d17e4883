"""What a click, or a jump, means: painters mark the cells that do something with its action.

A mark is data beside the colours of a cell and changes nothing that is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from attrs import frozen
from rich.segment import Segment
from rich.style import Style

from polytui.tui.styles import Line

SLOT = "slot."
"""Before the place of a card or line of the board, from 0: what is no action goes there."""
ROW, COLUMN = "row@", "column@"
"""Before the place of a row of the page that is open, from 0, and before the name of a column."""
MOMENT = "moment@"
"""Before a moment of a recording, as somebody would type it."""
_ACTION, _NOTE = "action", "note"


@frozen
class Target:
    """Where an action can be seen; `x` and `y` are cells of the screen."""

    x: int
    y: int
    action_id: str


@lru_cache(maxsize=4_096)
def doing(style: Style, action_id: str) -> Style:
    """`style`, of cells that do this when they are clicked."""
    return style + Style(meta={_ACTION: action_id})


@lru_cache(maxsize=512)
def noted(style: Style, words: str) -> Style:
    """`style`, of cells that say more when the mouse rests on them."""
    return style + Style(meta={_NOTE: words})


def action_of(style: Style) -> str:
    """What cells of this style do; empty for nothing."""
    return str(style.meta.get(_ACTION, "")) if style else ""


def note_of(style: Style) -> str:
    """What more they say; empty for nothing."""
    return str(style.meta.get(_NOTE, "")) if style else ""


def line_doing(row: Line, action_id: str) -> Line:
    """A whole line that does this when it is clicked."""
    return [Segment(one.text, doing(one.style or Style(), action_id)) for one in row]


def targets_of(rows: Iterable[Line], left: int, top: int) -> Iterator[Target]:
    """Every marked run of cells in lines that are drawn from (left, top), once each."""
    for y, row in enumerate(rows):
        x, before = 0, ""
        for segment in row:
            action_id = action_of(segment.style) if segment.style is not None else ""
            if action_id and action_id != before:
                yield Target(left + x, top + y, action_id)
            x, before = x + segment.cell_length, action_id
