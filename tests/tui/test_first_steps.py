"""The first start: four steps once, in nobody's way; what a terminal remembers of its user."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.model.events import Action
from polytui.tui.memory import TerminalMemory
from polytui.tui.panels.arrangement import Layout, layout_of
from polytui.tui.panels.first_steps import SIZE, STEPS, first_steps_lines
from polytui.tui.panels.themes import themes_lines
from polytui.tui.styles import plain
from polytui.tui.theme import first_of, load_themes

NIGHT = load_themes()["night"]


@pytest.mark.parametrize("at", range(len(STEPS)))
def test_every_step_fits_its_box_whole(at: int) -> None:
    """At 80 columns, and every row of it in the height that the style sheet gives it."""
    lines = first_steps_lines(at, NIGHT, SIZE[0], SIZE[1])
    assert {sum(cell_len(part.text) for part in one) for one in lines} == {SIZE[0]}
    text = plain(lines)
    assert "…" not in text
    for sign, words in STEPS[at].rows:
        assert sign in text
        assert words in text
    assert STEPS[at].last in text


def test_the_first_start_shows_four_steps_and_the_second_none(tmp_path: Path) -> None:
    path = tmp_path / "terminal.json"

    async def first(stage: Stage) -> None:
        for at in range(4):
            assert f"{at + 1} of 4" in stage.text
            await stage.press("enter")
        assert "first steps" not in stage.text.split("feeds")[0]
        await stage.press("H", "j", "left", "left")
        assert "1 of 4" in stage.text
        await stage.press("escape")
        assert "1 of 4" not in stage.text

    async def second(stage: Stage) -> None:
        assert "1 of 4" not in stage.text

    perform(tmp_path, first, memory=TerminalMemory(path))
    assert json.loads(path.read_text()) == {"has_seen_first_steps": True}
    perform(tmp_path, second, memory=TerminalMemory(path))


def test_who_knows_the_keys_is_not_held_up(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        assert "1 of 4" in stage.text
        await stage.press("3")
        assert "1 of 4" not in stage.text
        assert stage.app.board.cards.chosen.asset == "sol"
        await stage.press("H", "K")
        assert "KILL: cancel every order" in stage.text, "from a dialog as from everywhere"
        assert stage.sent == []
        await stage.press("K")
        await stage.until(lambda: stage.engine.is_killed)
        assert stage.sent == [(Action.KILL, "")]

    perform(tmp_path, play, memory=TerminalMemory(tmp_path / "t.json"))


def test_themes_are_seen_before_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "terminal.json"
    first, second, third = (one.name for one in PALETTES[:3])

    async def play(stage: Stage) -> None:
        def shown() -> tuple[str, str]:
            return stage.app.board.palette.name, stage.app.theme

        await stage.press("escape", "t")
        assert shown() == (second, second)
        assert f"▸ {second}" in stage.text
        await stage.press("escape")
        assert shown() == (first, first)
        assert "theme" not in json.loads(path.read_text())
        await stage.press("t", "t", "enter", "v")
        assert shown() == (third, third)

    perform(tmp_path, play, memory=TerminalMemory(path))
    kept = TerminalMemory(path)
    assert kept.theme_over(first) == third
    assert kept.theme_over("another") == "another", "what the settings name anew stands"
    assert first_of(PALETTES, third)[0].name == third
    assert first_of(PALETTES, "gone")[0].name == first
    assert layout_of(kept.layout) is Layout.TABLE
    assert layout_of("nonsense") is Layout.AUTO


def test_every_theme_is_in_the_list() -> None:
    for height in (2, 4, len(PALETTES) + 2, 30):
        for at in range(len(PALETTES)):
            lines = themes_lines(PALETTES, at, 72, height)
            assert {sum(cell_len(part.text) for part in one) for one in lines} == {72}
            assert len(lines) == height
            assert height == 2 or f"▸ {PALETTES[at].name}" in plain(lines)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"theme": 7, "layout": []}', "\x00" * 40_000])
def test_a_broken_memory_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "terminal.json"
    path.write_text(text)
    memory = TerminalMemory(path)
    assert not memory.has_seen_first_steps
    assert memory.theme_over("night") == "night"
    assert memory.layout == ""
    memory.saw_first_steps()
    assert TerminalMemory(path).has_seen_first_steps


def test_where_nothing_can_be_kept_nobody_is_held_up(tmp_path: Path) -> None:
    assert TerminalMemory(None).has_seen_first_steps
    memory = TerminalMemory(tmp_path / "not" / "there" / "terminal.json")
    memory.chose_theme("day", "night")
    assert memory.theme_over("night") == "day", "for this start"
    one, other = (TerminalMemory(tmp_path / "two.json") for _ in range(2))
    one.chose_theme("day", "night")
    other.chose_layout("table")
    both = TerminalMemory(tmp_path / "two.json")
    assert (both.theme_over("night"), both.layout) == ("day", "table")
