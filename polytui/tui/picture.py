"""A picture of the terminal, made by the terminal itself: SVG or text from a list of frames."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from polytui.model.link import FromEngine
from polytui.tui.actions import ACTION_OF, Area
from polytui.tui.app import TerminalApp
from polytui.tui.panels.canvas import Canvas
from polytui.tui.screen_file import standing_alone
from polytui.tui.screens.pages import PAGES
from polytui.tui.theme import Palette

SIZES = ((80, 24), (120, 36), (200, 60))
"""Columns and rows at which every screen is drawn."""
_LOOKS, _LOOK_S, _NEARLY = 120, 1 / 60, 0.9
_OF_AN_ENGINE = frozenset((Area.ALWAYS, Area.ENGINE, Area.BOARD))


def every_screen() -> dict[str, tuple[str, ...]]:
    """Names of all there is to see of an engine, with the actions that lead there from the board: a
    page that is new in the registry is among them."""
    pages = {
        area.value.removeprefix("page."): (area.value,)
        for area in PAGES
        if ACTION_OF[area.value].applies(_OF_AN_ENGINE)
    }
    return {
        "board": (), "round": ("zoom",), "consensus": ("consensus",), **pages,
        "help": ("help",), "first-steps": ("first_steps",), "themes": ("theme",),
    }  # fmt: skip


async def picture(
    frames: Sequence[FromEngine],
    *,
    palette: Palette,
    size: tuple[int, int] = (120, 36),
    title: str = "polytui",
    keys: Sequence[str] = (),
) -> str:
    """SVG text of the board after `frames`, with `keys` pressed, at `size` (columns, rows).

    It loads nothing from elsewhere: the viewer's own monospace font is used.
    """
    async with _drawn(frames, palette, size, keys) as app:
        return standing_alone(app.export_screenshot(title=title))


async def screen_text(
    frames: Sequence[FromEngine],
    *,
    palette: Palette,
    size: tuple[int, int],
    keys: Sequence[str] = (),
) -> str:
    """The same board as its letters: one line a row."""
    async with _drawn(frames, palette, size, keys) as app:
        strips = app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)


@asynccontextmanager
async def _drawn(
    frames: Sequence[FromEngine], palette: Palette, size: tuple[int, int], keys: Sequence[str]
) -> AsyncIterator[TerminalApp]:
    app = TerminalApp([palette], clock=lambda: 0.0)
    async with app.run_test(size=size) as pilot:
        for frame in frames:
            app.hear(frame)
        await pilot.pause()
        app.board.lay_out()
        await _painted(app, pilot)
        await pilot.press(*keys)
        await _painted(app, pilot)
        yield app


async def _painted(app: TerminalApp, pilot: Pilot[int]) -> None:
    """The screen gives widgets their places in its own time, and they paint after that."""
    for _ in range(_LOOKS):
        await pilot.pause(_LOOK_S)
        painted = sum(canvas.painted_area for canvas in app.board.query(Canvas))
        if painted >= _NEARLY * app.size.area:
            return
