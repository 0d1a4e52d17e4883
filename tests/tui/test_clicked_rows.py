"""Rows and headings of pages are clicked: a first click chooses, a second opens."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve
from fake_engine import FakeEngine, account_at, notice_at
from kept import trades_told, with_id
from stage import Stage, perform
from test_mouse import click, where
from test_rounds_page import COLUMNS, a_round
from textual.command import CommandPalette

from polytui.model.link import AccountFrame
from polytui.model.query import Answer, Query, Subject
from polytui.tui.actions import Area
from polytui.tui.known_sessions import known_sessions
from polytui.tui.screens.jump import lettered
from polytui.tui.targets import ROW

SIZE = (120, 36)


def test_a_trade_is_chosen_and_clicked_again_its_round_opens(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", answer=trades_told(1_000))

    async def play(stage: Stage) -> None:
        board = stage.app.board
        await stage.press("b")
        await stage.until(lambda: "trade 1 of 1,000" in "\n".join(stage.rows))
        x, y = where(stage, "▸")
        await stage.pilot.click(offset=(x + 30, y + 4))
        await stage.until(lambda: "trade 5 of 1,000" in "\n".join(stage.rows))
        assert Area.BLOTTER in board.areas
        await stage.pilot.click(offset=(x + 30, y + 4))
        await stage.until(lambda: Area.ZOOM in board.areas)
        await stage.press("escape")
        await stage.until(lambda: Area.BLOTTER in board.areas)
        assert stage.sent == []

    perform(tmp_path, play, engine=engine, size=SIZE)


def test_a_heading_sorts_and_turns_round(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", answer=trades_told(1_000))

    async def play(stage: Stage) -> None:
        told = stage.app.state.blotter
        await stage.press("b")
        await stage.until(lambda: "trade 1 of 1,000" in "\n".join(stage.rows))
        await click(stage, "edge c")
        assert told.sort == "-edge"
        await stage.until(lambda: "edge c▼" in "\n".join(stage.rows))
        await click(stage, "edge c▼")
        assert told.sort == "edge"
        await click(stage, "strategy ")
        assert told.sort == "strategy", "names from the first letter on"
        assert engine.questions[-1].sort == told.sort or told.asking is not None

    perform(tmp_path, play, engine=engine, size=SIZE)


def test_a_round_opens_by_a_second_click(tmp_path: Path) -> None:
    rounds = Answer(0, COLUMNS, tuple(a_round(back) for back in range(-1, 20)))

    def answer(query: Query) -> Answer | None:
        return with_id(rounds, query) if query.subject is Subject.ROUND_LIST else None

    engine = FakeEngine(tmp_path / "s", answer=answer)

    async def play(stage: Stage) -> None:
        told = stage.app.state.round_list
        await stage.press("O")
        await stage.until(lambda: told.rows)
        await stage.until(lambda: "▸" in "\n".join(stage.rows))
        x, y = where(stage, "▸")
        before = told.at
        await stage.pilot.click(offset=(x + 10, y + 3))
        assert told.at == before + 3
        await stage.pilot.click(offset=(x + 10, y + 3))
        await stage.until(lambda: Area.ZOOM in stage.app.board.areas)

    perform(tmp_path, play, engine=engine, size=SIZE)


def test_a_line_of_the_log_stays_and_then_shows_its_asset(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        board, told = stage.app.board, stage.app.state.log_lines
        for at in range(8):
            stage.engine.say(notice_at(at, text=f"line {at} of it", asset="sol"))
        await stage.press("L")
        await stage.until(lambda: "line 7 of it" in "\n".join(stage.rows))
        await click(stage, "line 5 of it")
        assert told.found is not None
        assert (told.found.text, told.end) == ("line 5 of it", len(told.shown))
        stage.engine.say(notice_at(9, text="a newer one", asset="sol"))
        await stage.until(lambda: "1 below" in "\n".join(stage.rows))
        await click(stage, "line 5 of it")
        await stage.until(lambda: Area.ZOOM in board.areas)
        assert board.asset == "sol"
        await stage.press("escape")
        assert Area.LOG in board.areas

    perform(tmp_path, play, size=SIZE)


def test_keys_of_the_footer_have_their_letters_before_rows(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", answer=trades_told(1_000))

    async def play(stage: Stage) -> None:
        await stage.press("b")
        await stage.until(lambda: "trade 1 of 1,000" in "\n".join(stage.rows))
        reached = [one.action_id for one in lettered(stage.app.board.targets()).values()]
        assert {"back", "kill"} <= set(reached)
        assert reached[-1].startswith(ROW)

    perform(tmp_path, play, engine=engine, size=SIZE)


# --- recorded sessions ----------------------------------------------------------------------------


def sessions(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / "runs" / name / "journal").mkdir(parents=True)
    (tmp_path / "runs" / "no-session").mkdir()
    return tmp_path / "runs"


def test_sessions_beside_this_one_are_known_the_newest_first(tmp_path: Path) -> None:
    runs = sessions(tmp_path, "20261119-a", "20261120-b", "20261121-c")
    found = known_sessions(str(runs / "20261120-b" / "journal"), "20261120-b")
    assert [one.folder.name for one in found] == ["20261121-c", "20261120-b", "20261119-a"]
    assert found[0].command[-2:] == ["watch", str(runs / "20261121-c")]
    assert known_sessions("/elsewhere/20261120-b/journal", "20261120-b") == []
    assert known_sessions(str(runs / "20261120-b" / "journal"), "") == []


def test_the_palette_finds_a_session_and_says_how_where_it_cannot_show_it(tmp_path: Path) -> None:
    runs = sessions(tmp_path, "20261119-a", "demo-7")
    journal = str(runs / "demo-7" / "journal")

    async def play(stage: Stage) -> None:
        stage.engine.say(AccountFrame(evolve(account_at(400), journal=journal)))
        await stage.until(lambda: stage.app.state.account.journal == journal)
        await stage.press("ctrl+p")
        await stage.until(lambda: isinstance(stage.app.screen, CommandPalette))
        await stage.press(*"session 20261119")
        await stage.until(lambda: "session 20261119-a" in "\n".join(stage.rows))
        await stage.press("enter", "enter")
        await stage.until(lambda: not isinstance(stage.app.screen, CommandPalette))
        said = "watch it in another terminal: "
        await stage.until(lambda: any(said in one.text for one in stage.app.state.notices))
        assert stage.sent == []

    perform(tmp_path, play, size=SIZE)
