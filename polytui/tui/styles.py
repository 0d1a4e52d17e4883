"""A theme's colours as ready styles, and lines of text written with them.

A line is a list of segments that is exactly as wide as it says: panels are functions that
return such lines, so they can be read in a test without an app.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from attrs import frozen
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from polytui.model import plain_text
from polytui.tui.theme import Palette

_MOST_CHARACTERS = 4_000
"""More than any screen is wide."""

_HAS_DIGIT = re.compile("[0-9]").search

Span = tuple[str, Style]
Line = list[Segment]


@frozen
class Styles:
    """One style per meaning, all on the same ground."""

    text: Style
    strong: Style
    dim: Style
    accent: Style
    border: Style
    up: Style
    down: Style
    good: Style
    warn: Style
    error: Style
    stale: Style
    ask_bar: Style
    bid_bar: Style

    def sign(self, value: float) -> Style:
        """Up's style for gains, down's for losses; the text must carry the sign as well."""
        if value > 0:
            return self.up
        return self.down if value < 0 else self.dim


@lru_cache(maxsize=64)
def styles_of(palette: Palette, ground: str = "") -> Styles:
    """The palette's styles on `ground` ("#rrggbb"; the background when empty)."""
    c = palette.colours
    on = ground or c.background

    def style(colour: str, *, bold: bool = False) -> Style:
        return Style(color=colour, bgcolor=on, bold=bold)

    return Styles(
        text=style(c.text),
        strong=style(c.text, bold=True),
        dim=style(c.dim),
        accent=style(c.accent),
        border=style(c.border),
        up=style(c.up),
        down=style(c.down),
        good=style(c.good),
        warn=style(c.warn),
        error=style(c.error, bold=True),
        stale=style(c.stale),
        ask_bar=style(_mixed(c.down, on)),
        bid_bar=style(_mixed(c.up, on)),
    )


@lru_cache(maxsize=64)
def faded(palette: Palette) -> Styles:
    """Styles for what is too old to be trusted: one quiet colour, only faults stay loud."""
    fresh = styles_of(palette)
    old = fresh.stale
    return Styles(
        text=old,
        strong=old,
        dim=old,
        accent=old,
        border=fresh.border,
        up=old,
        down=old,
        good=old,
        warn=fresh.warn,
        error=fresh.error,
        stale=fresh.warn,
        ask_bar=fresh.border,
        bid_bar=fresh.border,
    )


@lru_cache(maxsize=64)
def badge(palette: Palette, colour: str) -> Style:
    """Text on a coloured ground; reversed too, so that it stands out without colours."""
    return Style(color=colour, bgcolor=palette.colours.on_badge, bold=True, reverse=True)


def _mixed(colour: str, ground: str, share: float = 0.36) -> str:
    pairs = ((int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)


# --- lines ----------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Text from outside without what could move the cursor or hide: one line, printable only."""
    return plain_text.plain(text, _MOST_CHARACTERS)


def width_of(spans: Iterable[Span]) -> int:
    return sum(cell_len(text) for text, _ in spans)


def line(spans: Iterable[Span], width: int, ground: Style) -> Line:
    """The spans, cut with an ellipsis or padded to exactly `width` cells. A number is there whole
    or not at all: what is left of 1,345 could be read as another one."""
    segments: Line = []
    left = width
    for text, style in spans:
        if not text or left <= 0:
            continue
        size = cell_len(text)
        if size > left:
            text, size = _cut(text, left), left
        segments.append(Segment(text, style))
        left -= size
    if left > 0:
        segments.append(Segment(" " * left, ground))
    return segments


def _cut(text: str, width: int) -> str:
    """As much of it as fits before an ellipsis, without the beginning of a number."""
    kept = set_cell_size(text, width - 1)
    *_, word = kept.rpartition(" ")
    if word and text[len(kept) : len(kept) + 1] not in ("", " ") and _HAS_DIGIT(word):
        kept = kept[: -len(word)]
    return set_cell_size(f"{kept}…", width)


def spread(left: list[Span], right: list[Span], width: int, ground: Style) -> Line:
    """`left` and `right` at their edges; the left gives way where both do not fit."""
    room = max(0, width - width_of(right) - (1 if right else 0))
    if not right or room < 1:
        return line(left, width, ground)
    return line(left, room, ground) + line([(" ", ground), *right], width - room, ground)


def fitting(ways: Iterable[tuple[list[Span], list[Span]]], width: int, ground: Style) -> Line:
    """The first way, (left, right), in which nothing is cut; else the last one."""
    left: list[Span] = []
    right: list[Span] = []
    for left, right in ways:
        if width_of(left) + width_of(right) + (1 if right else 0) <= width:
            break
    return spread(left, right, width, ground)


def beside(left: list[Line], right: list[Line], gap: Segment) -> list[Line]:
    """Two columns of equal height."""
    return [[*one, gap, *other] for one, other in zip(left, right, strict=True)]


def filled(lines: list[Line], height: int, width: int, ground: Style) -> list[Line]:
    """Exactly `height` lines: cut below, or blank lines added."""
    blank, height = line([], width, ground), max(0, height)
    return lines[:height] + [blank] * (height - len(lines))


def plain(lines: Iterable[Line]) -> str:
    """What is written, without styles."""
    return "\n".join("".join(segment.text for segment in one).rstrip() for one in lines)
