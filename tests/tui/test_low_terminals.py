"""Terminals of a few rows that are wide: everything is drawn as far as it goes, and nothing ends
the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import Stage, perform

from polytui.tui.screens.pages import PAGES

HEIGHTS = range(2, 14)


@pytest.mark.parametrize("width", [36, 70, 200])
def test_every_page_at_every_height(tmp_path: Path, width: int) -> None:
    async def play(stage: Stage) -> None:
        board = stage.app.board
        for height in HEIGHTS:
            await stage.pilot.resize_terminal(width, height)
            for action in (*(area.value for area in PAGES), "zoom", "chart", "chart", "consensus"):
                board.perform(action)
                board.perform("maximise")
                board.lay_out()
                board.perform("maximise")
            board.perform("past.older")
            for _ in range(4):
                board.perform("back")
            await stage.pilot.pause()
            assert board.is_running
        assert not stage.sent

    perform(tmp_path, play, size=(width, HEIGHTS[-1]))
