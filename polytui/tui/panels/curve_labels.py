"""Words beside curves, each on the row of its value."""

from __future__ import annotations

from polytui.tui.panels.dots import Dots
from polytui.tui.panels.scale import ValueScale
from polytui.tui.styles import Span


def placed(wanted: list[tuple[float, Span]], dots: Dots, scale: ValueScale) -> dict[int, Span]:
    """A row each, in order of weight. Where it is taken the next one does on the side where the
    value is; what finds none is left out."""
    labels: dict[int, Span] = {}
    taken: dict[int, float] = {}
    for value, span in wanted:
        row = dots.row_of(scale.y(value))
        if row in labels:
            row += 1 if value <= taken[row] else -1
        if 0 <= row < dots.height and row not in labels:
            labels[row], taken[row] = span, value
    return labels
