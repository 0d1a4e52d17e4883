"""Every screen at every size, letter by letter, of one fixed moment: what changes is looked at.

`POLYTUI_DRAW=1 pytest tests/tui/test_every_screen.py` draws them anew.
"""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_engine import story
from stage import Stage, perform
from textual.screen import ModalScreen

from polytui.model.link import NoticeFrame
from polytui.tui.panels.arrangement import Layout
from polytui.tui.picture import SIZES, every_screen

HERE = Path(__file__).parent / "screens"
DIALOGS = ("help", "first-steps", "themes")
HAS_TO_DRAW = bool(os.environ.get("POLYTUI_DRAW"))


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Else the header would have the time of wherever this runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def kept(name: str, size: tuple[int, int]) -> Path:
    return HERE / f"{name}-{size[0]}x{size[1]}.txt"


@pytest.mark.parametrize("size", SIZES)
def test_every_screen_is_as_it_was(tmp_path: Path, size: tuple[int, int]) -> None:
    different: list[str] = []

    async def play(stage: Stage) -> None:
        stage.engine.say(*(one for one in story() if isinstance(one, NoticeFrame)))
        await stage.until(lambda: len(stage.app.state.told) == 7)
        for name, actions in every_screen().items():
            for action in actions:
                stage.app.board.perform(action)
            await stage.until(lambda name=name: is_open(stage, name) and stage.text.strip())
            await stage.pilot.pause()
            different.extend(compared(kept(name, size), stage.rows))
            await stage.press("escape", "escape", "escape")
            await stage.until(lambda: is_open(stage, "board"))
            stage.engine.show(0)  # or it would be taken for dead on a busy machine

    perform(tmp_path, play, size=size, layout=Layout.AUTO)
    assert not different, "\n".join(different)


def is_open(stage: Stage, name: str) -> bool:
    """Whether a dialog lies over the board for those screens that are dialogs."""
    return isinstance(stage.app.screen, ModalScreen) is (name in DIALOGS)


def compared(path: Path, rows: list[str]) -> list[str]:
    """What differs from the kept screen, or nothing; drawn anew where that is wanted."""
    now = [row.rstrip() for row in rows]
    if HAS_TO_DRAW:
        path.write_text("\n".join(now) + "\n", encoding="utf-8")
    before = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return list(difflib.unified_diff(before, now, path.name, "now", lineterm="", n=0))


def test_no_screen_is_kept_that_nobody_draws_and_each_is_whole() -> None:
    """No number ends in an ellipsis, no row is wider than its screen."""
    wanted = {kept(name, size) for name in every_screen() for size in SIZES}
    assert set(HERE.glob("*.txt")) == wanted
    for path in wanted:
        columns, rows = map(int, path.stem.rpartition("-")[2].split("x"))
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        assert len(lines) == rows
        assert max(map(len, lines)) <= columns
