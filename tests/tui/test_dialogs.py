"""Dialogs under quick fingers: what takes one away takes nothing else away."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import Stage, perform
from textual.command import CommandList, CommandPalette
from textual.events import Key
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from polytui.tui.actions import ACTIONS
from polytui.tui.screens.dialog import Dialog
from polytui.tui.screens.help import Help

OPENING = {"help", "palette", "jump", "picture", "theme", "first_steps"}


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("theme", ("enter", "q")),
        ("theme", ("escape", "escape")),
        ("help", ("escape", "escape")),
        ("first_steps", ("escape", "escape")),
        ("picture", ("escape", "escape")),
        ("jump", ("escape", "escape")),
        ("leave", ("escape", "escape", "enter")),
    ],
)
def test_keys_that_were_typed_before_it_went_take_nothing_else_away(
    tmp_path: Path, action: str, keys: tuple[str, ...]
) -> None:
    async def play(stage: Stage) -> None:
        app = stage.app
        app.board.perform(action)
        await stage.until(lambda: isinstance(app.screen, Dialog))
        for key in keys:
            app.post_message(Key(key, None))
        await stage.until(lambda: not isinstance(app.screen, Dialog))
        for _ in range(3):
            await stage.pilot.pause()
        assert app.screen is app.board
        assert app.board.is_running
        assert not stage.sent

    perform(tmp_path, play)


def test_keys_that_come_in_one_burst_open_one_dialog(tmp_path: Path) -> None:
    """Forty of them would lie over each other deeper than can be drawn."""

    async def play(stage: Stage) -> None:
        app = stage.app
        opening = [one.id for one in ACTIONS if one.id in OPENING]
        assert len(opening) == len(OPENING)
        for action in opening * 6:
            app.board.perform(action)
        await stage.until(lambda: isinstance(app.screen, ModalScreen))
        for _ in range(5):
            await stage.pilot.pause()
        dialogs = [one for one in app.screen_stack if isinstance(one, ModalScreen)]
        assert len(dialogs) <= 2, "one, and whether to leave"
        assert app.board.is_running

    perform(tmp_path, play)


def test_the_palette_goes_once_however_often_it_is_clicked_away(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        app = stage.app
        app.board.perform("palette")
        await stage.until(lambda: isinstance(app.screen, CommandPalette))
        palette = app.screen
        assert isinstance(palette, CommandPalette)
        palette.dismiss()
        palette.dismiss()
        await stage.until(lambda: app.screen is app.board)
        assert app.board.is_running

    perform(tmp_path, play)


def test_who_still_looks_when_the_palette_is_gone_ends_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        app = stage.app
        app.board.perform("palette")
        await stage.until(lambda: isinstance(app.screen, CommandPalette))
        palette = app.screen
        await palette.query(CommandList).remove()
        palette.query_one(Input).value = "kill"
        await stage.press("pagedown", "down", "end")
        for _ in range(4):
            await stage.pilot.pause()
        await app.run_action("anywhere('kill')")
        assert app.screen is app.board
        assert app.is_running
        assert not stage.sent

    perform(tmp_path, play)


def test_a_kill_before_the_palette_is_there_leaves_a_terminal_that_answers(tmp_path: Path) -> None:
    """It begins to look for its entries all the same, and has no list any more to show them in."""

    async def play(stage: Stage) -> None:
        app, killed = stage.app, list[Screen[object]]()

        def kill(screen: Screen[object]) -> None:
            if isinstance(screen, CommandPalette) and not killed:
                killed.append(screen)
                app.action_anywhere("kill")

        app.screen_change_signal.subscribe(app.board, kill, immediate=True)
        app.board.perform("palette")
        await stage.until(lambda: killed)
        await stage.press("escape", "question_mark")
        await stage.until(lambda: isinstance(app.screen, Help))
        assert not stage.sent

    perform(tmp_path, play)
