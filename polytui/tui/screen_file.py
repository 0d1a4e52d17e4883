"""A picture of the screen as a file of its own."""

from __future__ import annotations

import re
from pathlib import Path

from polytui.tui.panels import figures
from polytui.tui.state import TerminalState

_WEB_FONTS = re.compile(r"@font-face\s*\{[^}]*\}\s*")


def standing_alone(svg: str) -> str:
    """Without fonts from the web, and with the blanks that some viewers would trim."""
    return _WEB_FONTS.sub("", svg).replace("<svg ", '<svg xml:space="preserve" ', 1)


def written(folder: Path, state: TerminalState, svg: str) -> Path:
    """Write it under the session's time of day, and under a number more where that is taken. Raises
    OSError."""
    stem = f"screen-{figures.clock(state.session_ns).replace(':', '')}"
    for number in range(1, 1_000):
        path = folder / (f"{stem}.svg" if number == 1 else f"{stem}-{number}.svg")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(svg)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(17, "a thousand pictures of this second are there")
