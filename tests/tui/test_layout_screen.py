"""The board in its layouts, in a running terminal: keys, sizes, and screens that are too small."""

from __future__ import annotations

from pathlib import Path

from stage import Stage, perform

from polytui.tui.panels.arrangement import Layout
from polytui.tui.screens.pages import PAGES

SIZES = ((10, 2), (120, 36), (40, 10), (1, 1), (80, 24))


async def resized(stage: Stage, size: tuple[int, int]) -> list[str]:
    await stage.resize(*size)
    return stage.rows


def test_v_goes_round_the_layouts_and_enter_opens_the_chosen_round(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        def slot() -> tuple[str, str]:
            return stage.app.board.cards.chosen.asset, stage.app.board.cards.chosen.interval

        assert sum("15m" in row for row in stage.rows) == 4, "eight cards, two beside each other"
        await stage.press("3", "3")
        assert slot() == ("sol", "15m")
        await stage.press("j")
        assert slot() == ("xrp", "5m")
        await stage.press("k", "v", "v")
        assert stage.app.board.cards.plan.layout is Layout.TABLE
        assert any(row.startswith("│ ▸3 SOL 15m ") for row in stage.rows)
        await stage.press("enter")
        assert "3 SOL" in stage.text
        assert "15m 13:15-13:30" in stage.text
        await stage.press("tab")
        assert "4 XRP" in stage.text
        assert "5m 13:15-13:20" in stage.text
        await stage.press("escape", "v")
        assert stage.app.board.cards.plan.layout is Layout.ROUNDS

    perform(tmp_path, play, size=(120, 36), layout=Layout.AUTO)


def test_ten_cells_by_two_say_what_matters(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        rows = await resized(stage, (10, 2))
        assert rows[0].startswith("+10.31")
        assert rows[1].startswith("BTC ")
        await stage.press("K")
        rows = stage.rows
        assert rows[0].startswith("KILL? K")
        assert rows[1].startswith("+10.31")
        await stage.press("K")
        await stage.until(lambda: stage.engine.is_killed)
        stage.engine.show(1)
        await stage.until(lambda: stage.app.state.account and stage.app.state.account.is_killed)
        assert stage.rows[0].startswith("KILLED")
        rows = await resized(stage, (24, 5))
        assert rows[1].startswith("DEMO +10.3")
        assert "engine" not in stage.text
        stage.engine.die()
        await stage.until(lambda: "ENGINE LOST" in stage.rows[0])

    perform(tmp_path, play)


def test_every_page_and_dialog_lives_through_every_size(tmp_path: Path) -> None:
    """And the board is there again when the screen is."""

    async def play(stage: Stage) -> None:
        opened: list[tuple[str, ...]] = [(), ("enter",), ("o",), ("question_mark",), ("q",)]
        openers = [stage.app.keymap.keys[area.value][0] for area in PAGES]
        for keys in [*opened, *((one,) for one in openers)]:
            await stage.press(*keys)
            for size in SIZES:
                rows = await resized(stage, size)
                assert len(rows) == size[1], (keys, size)
                assert {len(row) for row in rows} == {size[0]}, (keys, size)
            await stage.press("escape", "escape", "escape")
            stage.engine.show(1)  # or it would be taken for dead in the end
        assert stage.app.is_running
        assert "1-4 asset" in stage.text

    perform(tmp_path, play, layout=Layout.AUTO)
