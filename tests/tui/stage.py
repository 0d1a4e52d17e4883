"""A stage for the terminal: a real Unix socket, keys by pilot, a clock that tests move."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fake_engine import FakeEngine
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from polytui.model.events import Action
from polytui.model.link import AssetFrame
from polytui.model.snapshot import AssetView
from polytui.tui.app import TerminalApp
from polytui.tui.keymap import Keymap
from polytui.tui.memory import TerminalMemory
from polytui.tui.panels.arrangement import Layout
from polytui.tui.panels.dots import Ink
from polytui.tui.theme import load_themes

PALETTES = list(load_themes().values())
LIMIT_S = 60
_LOOKS_EVERY_S = 0.01
Play = Callable[["Stage"], Awaitable[None]]
_parse_rules = Stylesheet._parse_rules
_known_rules = dict[tuple[object, ...], list[RuleSet]]()


def _rules_once(sheet: Stylesheet, *given: Any, **named: Any) -> list[RuleSet]:
    """Each test has an app of its own, and all apps have the same sheets: read once for each theme,
    as Textual itself does within an app. They were a tenth of what tests of the terminal cost."""
    key = (*given, *sorted(named.items()), *sorted(sheet._variables.items()))
    if key not in _known_rules:
        _known_rules[key] = _parse_rules(sheet, *given, **named)
    return _known_rules[key]


Stylesheet._parse_rules = _rules_once  # type: ignore[method-assign]  # on purpose


class Stage:
    """A terminal, its engine, and a clock that moves only when the test says so."""

    def __init__(self, engine: FakeEngine, app: TerminalApp, pilot: Pilot[int], now: list[float]):
        self.engine, self.app, self.pilot = engine, app, pilot
        self._now = now

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                await self.pilot.pause()
                await asyncio.sleep(_LOOKS_EVERY_S)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.until(lambda: self.app._resize_event is None)
        await self.pilot.pause()

    async def pass_time(self, seconds: float) -> None:
        self._now[0] += seconds
        self.app.board.repaint()
        await self.pilot.pause()

    @property
    def text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)

    @property
    def rows(self) -> list[str]:
        """The screen, row by row; drawn again first."""
        self.app.board.repaint()
        return self.text.split("\n")

    def show(self, view: AssetView) -> None:
        self.engine.say(AssetFrame(view))

    @property
    def sent(self) -> list[tuple[Action, str]]:
        return [(command.action, command.asset) for command in self.engine.commands]


def perform(
    folder: Path,
    play: Play,
    *,
    engine: FakeEngine | None = None,
    size: tuple[int, int] = (80, 24),
    owns_engine: bool = True,
    keymap: Keymap | None = None,
    layout: Layout = Layout.ASSETS,
    memory: TerminalMemory | None = None,
    has_signs: bool = True,
) -> TerminalApp:
    """Run `play` on a stage whose terminal is attached; returns the app when it has ended. The fake
    engine follows eight rounds: where nothing else is asked for, each asset has one card."""

    async def run() -> TerminalApp:
        now = [100.0]
        played = engine or FakeEngine(folder / "s")
        async with played, asyncio.timeout(LIMIT_S):
            app = TerminalApp(
                PALETTES,
                socket_path=played.path,
                owns_engine=owns_engine,
                engine_log=folder / "engine.log",
                clock=lambda: now[0],
                keymap=keymap,
                layout=layout,
                memory=memory,
                has_signs=has_signs,
                ink=Ink.BRAILLE if has_signs else Ink.ASCII,
            )
            async with app.run_test(size=size, notifications=True) as pilot:
                stage = Stage(played, app, pilot, now)
                await stage.until(lambda: len(app.state.assets) == 4 or app.state.link_words)
                app.board.repaint()
                await play(stage)
        return app

    return asyncio.run(run())
