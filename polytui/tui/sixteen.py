"""Themes on terminals of sixteen colours: what would become a grey there keeps a colour.

Rich takes the nearest of the sixteen, and for a pale blue that is silver: what is chosen looked
like a label, fair value like the market. Where the nearest one has no hue the one that people call
by the same name is taken; a theme's greys stay greys.
"""

from __future__ import annotations

import colorsys
from bisect import bisect

from attrs import evolve
from rich.color import Color, ColorSystem
from rich.console import Console

from polytui.tui.theme import Palette

_MEANINGS = ("accent", "up", "down", "good", "warn", "error", "live", "paper", "demo", "replay")
"""That are told apart by their colours."""
_GREYS = frozenset({0, 7, 8, 15})
_PALE = 0.15
"""Saturation below which a colour is meant to be a grey."""
_ENDS = (20, 75, 165, 230, 265, 330)
"""Degrees at which red, yellow, green, cyan, blue and magenta end. Much of what is a blue is a cyan
here, for blue letters on black are hard to read."""
_HUES = {
    True: ("#ff5555", "#ffff55", "#55ff55", "#55ffff", "#5555ff", "#ff55ff"),
    False: ("#aa0000", "#aa5500", "#00aa00", "#00aaaa", "#0000aa", "#aa00aa"),
}
"""Of the sixteen those with a hue, for dark and for light themes, as Rich knows them."""


def has_sixteen_colours() -> bool:
    """Of the terminal that is drawn on."""
    return Console(stderr=True).color_system == "standard"


def in_sixteen(palette: Palette) -> Palette:
    """The same theme with colours of which none that means something is lost."""
    changed = {
        name: _kept(getattr(palette.colours, name), is_dark=palette.is_dark) for name in _MEANINGS
    }
    return evolve(palette, colours=evolve(palette.colours, **changed))


def _kept(colour: str, *, is_dark: bool) -> str:
    nearest = Color.parse(colour).downgrade(ColorSystem.STANDARD).number
    hue, saturation, _ = _hsv(colour)
    if nearest not in _GREYS or saturation < _PALE:
        return colour
    return _HUES[is_dark][bisect(_ENDS, hue * 360) % len(_ENDS)]


def _hsv(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return colorsys.rgb_to_hsv(red, green, blue)
