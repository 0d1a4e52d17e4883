"""A table where there is little room: as many columns as fit stand side by side, the others below,
behind the same names. Words wrap, and no figure is ever cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve

from polytui.results.pages.grids import Grid

_FRAME = 3
"""A column's blanks and the line beside it; one line more closes the table."""
_LONGEST_WORD = 26
"""A name of others may be longer: it is folded."""


def side_by_side(grid: Grid, room: int) -> Iterator[Grid]:
    """Its columns in parts that fit into so many characters, each behind the columns of words."""
    least, words = _least(grid), grid.words
    named = sum(one + _FRAME for one in least[:words]) + 1
    parts, taken = list[list[int]](), room
    for at in range(words, len(least)):
        if taken + least[at] + _FRAME > room:
            parts.append(list(range(words)))
            taken = named
        parts[-1].append(at)
        taken += least[at] + _FRAME
    for number, part in enumerate(parts, start=1):
        title = grid.title if len(parts) == 1 else f"{grid.title} ({number} of {len(parts)})"
        yield evolve(
            grid,
            title=title,
            columns=tuple(grid.columns[at] for at in part),
            rows=tuple(tuple(row[at] for at in part) for row in grid.rows),
            note=grid.note if number == len(parts) else "",
        )


def widths(grid: Grid, room: int) -> list[int]:
    """Of each column: its longest word, and of what is left what its longest line wants most."""
    found, most = _least(grid), [max(map(len, cells)) for cells in _by_column(grid)]
    spare = room - 1 - sum(one + _FRAME for one in found)
    for _ in range(spare):
        wants = [whole - one for whole, one in zip(most, found, strict=True)]
        if max(wants) <= 0:
            break
        found[wants.index(max(wants))] += 1
    return found


def _least(grid: Grid) -> list[int]:
    return [
        max((min(len(word), _LONGEST_WORD) for cell in cells for word in cell.split()), default=1)
        for cells in _by_column(grid)
    ]


def _by_column(grid: Grid) -> Sequence[tuple[str, ...]]:
    return list(zip(grid.columns, *grid.rows, strict=True))
