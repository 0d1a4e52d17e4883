"""Draws docs/terminal.svg, docs/round.svg, docs/screens.md and docs/screens/: a real demo, its real
frames, drawn by the terminal itself at the sizes that people have."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

from benchmarks.engine_runs import engine
from polytui.model.link import (
    AccountFrame,
    AssetFrame,
    Detach,
    FrameReader,
    FromEngine,
    Hello,
    NoticeFrame,
    encode,
    schema_hash,
)
from polytui.tui.app import TerminalApp
from polytui.tui.picture import SIZES, every_screen, picture, screen_text
from polytui.tui.screen_file import standing_alone
from polytui.tui.theme import Palette, first_of, load_themes

_WATCH_S = 27.0
_CHARTS_S, _ANSWERS_S = 75.0, 1.2
"""Until charts have something to show, and until the database has answered a page."""
_DRAWN = (Hello, AccountFrame, AssetFrame, NoticeFrame)
_HERE = Path(__file__).resolve().parent
SCREENS = ((80, 24), (100, 30), (120, 36), (200, 60))
_ABOUT = """\
# The screen at four sizes

One moment of a demo (`make picture` draws them anew). What a size has no room for is left out
whole; no number is cut.
"""


def main() -> None:
    with engine("--speed", "20", "--rounds", "0") as run:
        frames = _watch(run.socket)
    draw_every_screen()
    palette = load_themes()["night"]
    svg = asyncio.run(picture(frames, palette=palette, size=(128, 38)))
    (_HERE / "terminal.svg").write_text(svg, encoding="utf-8")
    page = asyncio.run(picture(frames, palette=palette, size=(120, 36), keys=("enter",)))
    (_HERE / "round.svg").write_text(page, encoding="utf-8")
    parts = [_ABOUT]
    for columns, rows in SCREENS:
        text = asyncio.run(screen_text(frames, palette=palette, size=(columns, rows)))
        parts.append(f"\n## {columns} x {rows}\n\n```\n{text}\n```\n")
    for columns, rows in SIZES:
        drawn = screen_text(frames, palette=palette, size=(columns, rows), keys=("enter",))
        text = asyncio.run(drawn)
        parts.append(f"\n## A round, {columns} x {rows}\n\n```\n{text}\n```\n")
    (_HERE / "screens.md").write_text("".join(parts), encoding="utf-8")


def draw_every_screen() -> None:
    """docs/screens/ alone. Slower than the rest: between two screens a demo goes on."""
    palettes = first_of(list(load_themes().values()), "night")
    with engine("--speed", "1.5", "--rounds", "0", "--start", "2026-11-20T14:59:30Z") as run:
        asyncio.run(_every_screen(run.socket, palettes))


async def _every_screen(path: Path, palettes: list[Palette]) -> None:
    """Of a terminal that is attached to the engine: pages of the database have their rows."""
    folder = _HERE / "screens"
    folder.mkdir(exist_ok=True)
    app = TerminalApp(palettes, socket_path=path)
    async with app.run_test(size=SIZES[0]) as pilot:
        await asyncio.sleep(_CHARTS_S)
        for columns, rows in SIZES:
            await pilot.resize_terminal(columns, rows)
            for name, actions in every_screen().items():
                for action in actions:
                    app.board.perform(action)
                await asyncio.sleep(_ANSWERS_S)
                svg = standing_alone(app.export_screenshot(title="polytui"))
                (folder / f"{name}-{columns}x{rows}.svg").write_text(svg, encoding="utf-8")
                await pilot.press("escape", "escape", "escape")


def _watch(path: Path) -> list[FromEngine]:
    """Everything an engine shows for a while: charts are made of all of it."""
    frames: list[FromEngine] = []
    reader = FrameReader(FromEngine)
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(path))
        link.sendall(encode(Hello(schema_hash())))
        until = time.monotonic() + _WATCH_S
        while time.monotonic() < until:
            heard = reader.feed(link.recv(65536))
            frames += [message for message in heard if isinstance(message, _DRAWN)]
        link.sendall(encode(Detach()))
    return frames


if __name__ == "__main__":
    main()
