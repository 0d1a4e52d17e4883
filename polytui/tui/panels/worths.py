"""What Up is worth to single strategies, where that is not the fair value of all: a letter each,
for those who see no colour, and a colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen
from rich.style import Style

from polytui.tui.styles import Span, Styles, clean
from polytui.tui.traces import TracePoint

LEAST_GAP = 0.02
"""From fair value; nearer they are the same line to whoever looks."""
_UNNAMED = "?"


@frozen
class WorthSign:
    """One strategy's sign in a chart."""

    strategy: str
    letter: str
    style: Style

    def span(self, *, has_name: bool) -> Span:
        return (f"{self.letter} {clean(self.strategy)} " if has_name else self.letter, self.style)


def worth_signs(points: Iterable[TracePoint], styles: Styles) -> list[WorthSign]:
    """Of those that say something else at one of these points, in the order of their names, so that
    a letter stays whose it was."""
    names = {name for point in points for name, _ in apart(point)}
    colours = (styles.warn, styles.strong, styles.good, styles.down, styles.stale)
    made, taken = list[WorthSign](), set[str]()
    for at, name in enumerate(sorted(names)):
        letter = next((one for one in _letters(name) if one not in taken), _UNNAMED)
        taken.add(letter)
        made.append(WorthSign(name, letter, colours[at % len(colours)]))
    return made


def _letters(name: str) -> str:
    return "".join(one for one in name.upper() if one.isascii() and one.isalnum())


def apart(point: TracePoint) -> list[tuple[str, float]]:
    """Who differs from fair value at this point, and what Up is worth to whom."""
    if point.fair is None:
        return list(point.worths)
    return [one for one in point.worths if abs(one[1] - point.fair) >= LEAST_GAP]


def last_of_each(points: Sequence[TracePoint], every_ns: int) -> list[TracePoint]:
    """The last point of each stretch of so many nanoseconds, and the newest of all."""
    return list({point.at_ns // every_ns: point for point in points}.values())
