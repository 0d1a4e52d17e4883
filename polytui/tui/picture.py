"""A picture of the terminal, made by the terminal itself: SVG from a list of frames."""

from __future__ import annotations

import re
from collections.abc import Sequence

from polytui.model.link import FromEngine
from polytui.tui.app import TerminalApp
from polytui.tui.theme import Palette

_WEB_FONTS = re.compile(r"@font-face\s*\{[^}]*\}\s*")


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
    app = TerminalApp([palette], clock=lambda: 0.0)
    async with app.run_test(size=size) as pilot:
        for frame in frames:
            app.hear(frame)
        await pilot.pause()
        app.board.repaint()
        await pilot.press(*keys)
        await pilot.pause()
        return _standing_alone(app.export_screenshot(title=title))


def _standing_alone(svg: str) -> str:
    """Without fonts from the web, and with the blanks that some viewers would trim."""
    return _WEB_FONTS.sub("", svg).replace("<svg ", '<svg xml:space="preserve" ', 1)
