"""A table whose columns give way one after the other where there is no room: nothing is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from polytui.tui.past import Row
from polytui.tui.styles import Line, Span, Styles, clean, line, width_of
from polytui.tui.targets import COLUMN, doing

TableCell = Callable[[Row, Styles], Span]
_GAP = " "
_MOST_WORDS = 24
"""Cells of words; a number has as many as it needs."""


@frozen
class TableColumn:
    """One column: what it is called, and the cell of a row."""

    name: str
    """By which it is sorted; empty where it cannot be."""
    head: str
    cell: TableCell
    gives_way: int = 0
    """Those with the least go first; 0 never goes."""
    is_number: bool = False


@frozen
class TableShape:
    """Which columns there is room for, and how wide they are."""

    columns: tuple[TableColumn, ...]
    widths: tuple[int, ...]

    @property
    def sortable(self) -> list[str]:
        """Names of those by which it can be sorted."""
        return [one.name for one in self.columns if one.name]

    def heading(self, sort: str, styles: Styles, width: int) -> Line:
        """`sort` as it is asked for: the column's name, after a - for the largest first."""
        spans: list[Span] = []
        for column, wide in zip(self.columns, self.widths, strict=True):
            is_sorted = bool(column.name) and column.name == sort.removeprefix("-")
            mark = ("▼" if sort.startswith("-") else "▲") if is_sorted else ""
            words = f"{column.head}{mark}"
            text = f"{words:>{wide}}" if column.is_number else f"{words:<{wide}}"
            style = styles.accent if is_sorted else styles.dim
            if column.name:
                style = doing(style, f"{COLUMN}{column.name}")
            spans += [(text, style), (_GAP, styles.dim)]
        return line(spans[:-1], width, styles.text)

    def row(self, row: Row, styles: Styles, width: int) -> Line:
        spans: list[Span] = []
        for column, wide in zip(self.columns, self.widths, strict=True):
            words, style = column.cell(row, styles)
            kept = words if column.is_number or len(words) <= wide else f"{words[: wide - 1]}…"
            text = f"{kept:>{wide}}" if column.is_number else f"{kept:<{wide}}"
            spans += [(text, style), (_GAP, style)]
        return line(spans[:-1], width, styles.text)


def shaped(
    columns: Sequence[TableColumn], rows: Sequence[Row], styles: Styles, width: int
) -> TableShape:
    """All columns at the width of their longest cell, less those that give way."""
    kept = list(columns)
    widths = {one.head: _width(one, rows, styles) for one in kept}
    while len(kept) > 1 and sum(widths[one.head] + 1 for one in kept) - 1 > width:
        going = [one for one in kept if one.gives_way]
        if not going:
            break
        kept.remove(min(going, key=lambda one: one.gives_way))
    return TableShape(tuple(kept), tuple(widths[one.head] for one in kept))


def _width(column: TableColumn, rows: Sequence[Row], styles: Styles) -> int:
    """A cell more than the heading, for the mark of what it is sorted by."""
    cells = max((width_of([column.cell(row, styles)]) for row in rows), default=0)
    most = cells if column.is_number else min(cells, _MOST_WORDS)
    return max(most, len(column.head) + (1 if column.name else 0))


# --- cells ----------------------------------------------------------------------------------------


def words(row: Row, name: str) -> str:
    """Printable; empty for what is not known."""
    cell = row.get(name)
    return "" if cell is None else clean(str(cell))


def whole(row: Row, name: str) -> int:
    """0 for what is not known, or no number."""
    cell = row.get(name)
    return cell if isinstance(cell, int) else 0


def real(row: Row, name: str) -> float | None:
    cell = row.get(name)
    return float(cell) if isinstance(cell, int | float) else None


def micro(row: Row, name: str, shown: Callable[[int], str]) -> str:
    """A dash for what is not known."""
    cell = row.get(name)
    return shown(cell) if isinstance(cell, int) else "–"
