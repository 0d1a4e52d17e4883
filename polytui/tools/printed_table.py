"""A table for people: whole cells, and columns that are left out where a terminal is too narrow.

Half a number is worse than none, so no cell is cut; what does not go to a terminal has every
column.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from rich.box import SIMPLE
from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table

from polytui.runtime.status import StatusConsole

_BETWEEN = 3
"""Cells from one column to the next."""
_EDGES = 1
_WIDE = 10_000


@frozen
class PrintedColumn:
    head: str
    cells: Sequence[str]
    is_number: bool = False
    spared: int | None = None
    """Which one goes first where there is no room, from 0 on; None for one that stays."""

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.head, *self.cells)))


def print_table(title: str, columns: Sequence[PrintedColumn], *words: str) -> None:
    """With `words` below it, a line each. A reader who has had enough ends nothing."""
    console = StatusConsole()
    if not console.is_terminal:
        console.width = _WIDE
    shown = fitting(columns, console.width)
    table = Table(title=title or None, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in shown:
        justify: JustifyMethod = "right" if column.is_number else "left"
        table.add_column(column.head, justify=justify, no_wrap=True)
    for row in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*row)
    console.width = max(console.width, _width(shown))
    _print(console, table)
    print_words(*words)


def print_words(*words: str) -> None:
    console = StatusConsole()
    for line in words:
        _print(console, line)


def _print(console: StatusConsole, what: Table | str) -> None:
    try:
        console.print(what, soft_wrap=True, highlight=False, markup=False)
    except OSError:
        console.on_broken_pipe()


def fitting(columns: Sequence[PrintedColumn], width: int) -> list[PrintedColumn]:
    """All that have room, in their order; those that may be spared go one by one."""
    left = list(columns)
    while _width(left) > width:
        may_go = [column for column in left if column.spared is not None]
        if not may_go:
            break
        left.remove(min(may_go, key=lambda column: column.spared or 0))
    return left


def _width(columns: Sequence[PrintedColumn]) -> int:
    return sum(column.width + _BETWEEN for column in columns) - _BETWEEN + _EDGES
