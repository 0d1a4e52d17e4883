"""Fewer bytes, the same screen: judged by a terminal that is not ours."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.color import ColorSystem
from rich.style import Style

from polytui.tui.lean_output import lean

COLUMNS, ROWS = 40, 8
GROUNDS = ("#101010", "#202830", "red", "color(120)")
COLOURS = ("#d0d0d0", "#708090", "#ff6b6b", "green", "color(200)")
TEXTS = ("a", "kill switch", " ", "   ", "0.57", "⣿⡇", "│", "▲ Up")


def styles(rng: random.Random) -> Style:
    ground = rng.choice((*GROUNDS[:1] * 6, *GROUNDS, None))
    return Style(
        color=rng.choice((*COLOURS, None)), bgcolor=ground, bold=rng.random() < 0.2,
        reverse=rng.random() < 0.1, underline=rng.random() < 0.05, italic=rng.random() < 0.05,
    )  # fmt: skip


def a_frame(rng: random.Random, system: ColorSystem) -> str:
    """As Textual writes it: pieces of lines, each with its style and back."""
    parts = ["\x1b[?2026h"]
    for _ in range(rng.randint(1, ROWS)):
        parts.append(f"\x1b[{rng.randint(1, ROWS)};{rng.randint(1, COLUMNS - 20)}H")
        for _ in range(rng.randint(1, 6)):
            text = rng.choice(TEXTS)
            parts.append(styles(rng).render(text, color_system=system))
        parts.append("\r\n" if rng.random() < 0.3 else "")
    if rng.random() < 0.2:
        parts.append(rng.choice(("\x1b[2J", "\x1b[K", "\x1b[0m", "\x1b]2;title\x07", "x")))
    return "".join([*parts, "\x1b[?2026l"])


def seen(screen: pyte.Screen) -> list[tuple[object, ...]]:
    """What a person sees of each cell: of a blank its ground, unless more of it shows."""
    cells = (screen.buffer[y][x] for y in range(ROWS) for x in range(COLUMNS))
    return [
        (" ", one.bg)
        if one.data == " " and not (one.reverse or one.underscore or one.strikethrough)
        else (one.data, one.fg, one.bg, one.bold, one.reverse, one.underscore)
        for one in cells
    ]


@pytest.mark.parametrize(
    "system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD]
)
def test_the_screen_is_the_same_to_the_cell(system: ColorSystem) -> None:
    rng = random.Random(7)
    plainly, leanly = pyte.Screen(COLUMNS, ROWS), pyte.Screen(COLUMNS, ROWS)
    one, other = pyte.Stream(plainly), pyte.Stream(leanly)
    for _ in range(150):
        frame = a_frame(rng, system)
        one.feed(frame)
        other.feed(lean(frame))
        assert seen(plainly) == seen(leanly), frame
        assert len(lean(frame)) <= len(frame)


def test_a_line_of_one_ground_says_it_once() -> None:
    ground = "#101010"
    styled = [Style(color=one, bgcolor=ground) for one in ("#708090", "#d0d0d0", "#708090")]
    line = "".join(
        one.render(text, color_system=ColorSystem.TRUECOLOR)
        for one, text in zip(styled, ("lag ", "30", "   "), strict=True)
    )
    assert lean(line).count("48;2;16;16;16") == 1
    assert len(lean(line)) < len(line) * 0.55


def test_codes_that_add_to_each_other_still_do() -> None:
    assert lean("\x1b[1m\x1b[31mx\x1b[0m") == "\x1b[1;31mx\x1b[0m"
    assert lean("no codes at all") == "no codes at all"
    assert lean("") == ""
