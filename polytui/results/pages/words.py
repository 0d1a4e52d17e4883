"""The report for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from polytui.results.pages.fitted import side_by_side, widths
from polytui.results.pages.grids import Grid, grids_of, opening_lines, shown
from polytui.results.report import Report


def print_report(report: Report, console: Console) -> None:
    """What was named by others, a strategy or a file, is text and no markup. As wide as the console
    is, and no wider."""
    first, *others = opening_lines(report)
    console.print(Text(first, style="bold"))
    for line in others:
        console.print(Text(line))
    for grid in shown(grids_of(report)):
        for part in side_by_side(grid, console.width):
            console.print()
            console.print(_table(part, console.width))
            if part.note:
                console.print(Text(part.note, style="dim"))


def _table(grid: Grid, room: int) -> Table:
    table = Table(title=Text(grid.title), title_justify="left")
    for at, (name, width) in enumerate(zip(grid.columns, widths(grid, room), strict=True)):
        side: Literal["left", "right"] = "left" if at < grid.words else "right"
        table.add_column(Text(name), justify=side, width=width, overflow="fold")
    for row in grid.rows:
        table.add_row(*[Text(cell) for cell in row])
    return table


def markdown(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    first, *others = opening_lines(report)
    yield f"# {_plain(first)}"
    for line in others:
        yield ""
        yield _plain(line)
    for grid in shown(grids_of(report)):
        yield ""
        yield f"## {_plain(grid.title)}"
        yield ""
        yield _row(grid.columns)
        yield _row([":--" if at < grid.words else "--:" for at in range(len(grid.columns))])
        for row in grid.rows:
            yield _row([_plain(cell) for cell in row])
        if grid.note:
            yield ""
            yield _plain(grid.note)


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """One line in which nothing has a meaning to Markdown or to HTML inside it."""
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
