"""A quiet box round a panel: title and time in its upper edge, feeds and age in its lower one."""

from __future__ import annotations

from attrs import frozen
from rich.segment import Segment
from rich.style import Style

from polytui.tui.styles import Line, Span, filled, line, spread, width_of

_LEAST_WIDTH = 6


@frozen
class Edge:
    """What is written into an edge of the box."""

    left: list[Span]
    right: list[Span]


def framed(
    body: list[Line], top: Edge, bottom: Edge, size: tuple[int, int], edge: Style, ground: Style
) -> list[Line]:
    """`body` (each line size[0] - 4 cells wide) in a box of `size` (width, height) cells.

    Below five rows the lower edge is left out: the space belongs to the numbers. Where a box has no
    inside at all there is nothing.
    """
    width, height = size
    if width < _LEAST_WIDTH:
        return filled([], height, width, ground)
    is_open = height < 5
    inner = filled(body, height - (1 if is_open else 2), width - 4, ground)
    side, end = Segment("│ ", edge), Segment(" │", edge)
    rows = [_edge("╭", "╮", top, width, edge)]
    rows += [[side, *one, end] for one in inner]
    if not is_open:
        rows.append(_edge("╰", "╯", bottom, width, edge))
    return rows


def _edge(start: str, end: str, words: Edge, width: int, edge: Style) -> Line:
    """The words in a rule; the left ones are cut where both do not fit, and the right ones left out
    where they alone do not."""
    right: list[Span] = [(" ", edge), *words.right, (" ", edge)] if words.right else []
    if width_of(right) > width - 4:
        right = []
    room = width - 4 - width_of(right)
    left: list[Span] = [(" ", edge), *words.left, (" ", edge)] if words.left else []
    if width_of(left) > room:
        rule: Line = line(left, max(0, room), edge)
    else:
        rule = [*line(left, width_of(left), edge), Segment("─" * (room - width_of(left)), edge)]
    return [
        Segment(start + "─", edge),
        *rule,
        *line(right, width_of(right), edge),
        Segment("─" + end, edge),
    ]


def rule(left: list[Span], right: list[Span], width: int, edge: Style) -> Line:
    """A heading inside a panel: words, a thin line, words."""
    room = width - width_of(left) - width_of(right) - 2
    if room < 1:
        return spread(left, right, width, edge)
    middle: Span = (" " + "─" * room + " ", edge)
    return line([*left, middle, *right], width, edge)
