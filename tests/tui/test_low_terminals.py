"""Terminals of a few rows that are wide: everything is drawn as far as it goes, and nothing ends
the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import asset_at
from stage import PALETTES, Stage, perform

from polytui.model.snapshot import BookView
from polytui.model.units import MICRO
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.ladder import ladder
from polytui.tui.screens.pages import PAGES
from polytui.tui.styles import styles_of

HEIGHTS = (2, 5, 7, 9, 11)


@pytest.mark.parametrize("width", [70, 200])
def test_every_page_at_every_height(tmp_path: Path, width: int) -> None:
    async def play(stage: Stage) -> None:
        board = stage.app.board
        for height in HEIGHTS:
            await stage.resize(width, height)
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


@pytest.mark.parametrize("height", [-2, -1, 0, 1, 2, 5])
def test_a_ladder_has_as_many_rows_as_there_are(height: int) -> None:
    levels = tuple((500_000 - 10_000 * at, 5 * MICRO) for at in range(6))
    shown = current_round(asset_at("btc", 0))
    assert shown is not None
    view = evolve(shown, book=BookView(levels, levels, 10_000, True, 40))
    assert len(ladder(view, styles_of(PALETTES[0]), 40, height)) == max(0, height)
