"""The log over the whole screen: everything the engine remembers, found in and filtered."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import NAMES, START_NS, FakeEngine
from msgspec.structs import replace
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.model.link import NoticeFrame
from polytui.model.query import Answer, Query, Subject
from polytui.model.snapshot import Notice
from polytui.model.units import NS_PER_S
from polytui.runtime.notice_memory import KEPT, NoticeMemory
from polytui.tui import told_log
from polytui.tui.panels.log_page import log_panel
from polytui.tui.panels.page import PageLook
from polytui.tui.styles import plain
from polytui.tui.told_log import LogLevel, ToldLog

SIZES = [(80, 24), (120, 36), (200, 60)]
LOOK = PageLook(PALETTES[0], "btc")
LEVELS = ("info", "info", "good", "info", "warn", "info", "error")


def said(at: int) -> Notice:
    asset = ("", *NAMES)[at % 5]
    return Notice(START_NS + at * NS_PER_S, LEVELS[at % 7], asset, f"line {at} of the story")


def remembered(count: int) -> NoticeMemory:
    memory = NoticeMemory()
    for at in range(count):
        memory.keep(said(at))
    return memory


def drawn(told: ToldLog, size: tuple[int, int] = (80, 24)) -> str:
    lines = log_panel(told, LOOK, *size)
    assert len(lines) == size[1]
    assert {sum(cell_len(part.text) for part in one) for one in lines} == {size[0]}
    return plain(lines)


def attached(memory: NoticeMemory, told: ToldLog | None = None, newest: int = 200) -> ToldLog:
    """A terminal that came late: told the newest, and then asking until nothing is missing."""
    told = told or ToldLog()
    for notice in memory.newest(newest):
        told.hear(notice)
    asked: list[Query] = []
    for _ in range(100):
        told.ask(0.0, lambda query: asked.append(query) is None)
        while asked:
            told.hear_answer(memory.answer(asked.pop()))
    assert not told.missing
    return told


# --- what is known --------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1_000, KEPT - 1, KEPT, KEPT + 777])
def test_a_terminal_that_comes_late_has_every_line_that_is_remembered_once(count: int) -> None:
    told = attached(remembered(count))
    first = max(0, count - KEPT)
    assert [one.text for one in told.shown] == [said(at).text for at in range(first, count)]
    assert [one.number for one in told.shown] == list(range(first + 1, count + 1))


def test_what_a_slow_terminal_missed_is_asked_for() -> None:
    memory, told = remembered(100), ToldLog()
    for notice in memory.newest(100):
        if not 30 <= notice.number < 60:
            told.hear(notice)
    assert told.missing == 59
    attached(memory, told, newest=0)
    assert [one.number for one in told.shown] == list(range(1, 101))


def test_lines_that_come_while_one_asks_are_there_once() -> None:
    memory, told, asked = remembered(500), ToldLog(), list[Query]()
    for notice in memory.newest(200):
        told.hear(notice)
    told.ask(0.0, lambda query: asked.append(query) is None)
    told.hear(memory.keep(said(500)))
    told.ask(1.0, lambda query: asked.append(query) is None)
    assert len(asked) == 1, "one is on its way"
    told.hear_answer(memory.answer(asked[0]))
    attached(memory, told)
    assert [one.number for one in told.shown] == list(range(1, 502))


def test_an_answer_that_does_not_come_is_asked_for_again() -> None:
    told, asked = ToldLog(), list[Query]()
    told.hear(remembered(300).newest(1)[0])
    for at_s in (0.0, 5.0, 16.0):
        told.ask(at_s, lambda query: asked.append(query) is None)
    assert len(asked) == 2
    told.hear_answer(Answer(asked[1].query_id, error="this engine keeps no log"))
    assert "this engine keeps no log" in drawn(told)
    told.ask(60.0, lambda query: asked.append(query) is None)
    assert len(asked) == 2, "nobody has them"


def test_a_long_day_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_log, "KEPT", 50)
    told = ToldLog()
    memory = remembered(500)
    for notice in memory.newest(500):
        told.hear(notice)
    assert (told.total, told.missing) == (50, 0)
    assert told.shown[0].number == 451


# --- the engine's memory --------------------------------------------------------------------------


def test_the_memory_is_paged_by_numbers() -> None:
    memory = remembered(450)
    query = Query(9, Subject.LOG, limit=200)
    numbers: list[object] = []
    while True:
        answer = memory.answer(query)
        assert answer.query_id == 9
        numbers += [row[0] for row in answer.rows]
        if not answer.more:
            break
        query = replace(query, after=answer.more)
    assert numbers == list(range(450, 0, -1))
    for odd in ("x", "-1", "9" * 30):
        assert "not the number" in memory.answer(replace(query, after=odd)).error
    assert memory.answer(replace(query, after="1")).rows == ()
    assert "limit 0" in memory.answer(replace(query, limit=0)).error


# --- what is drawn --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_newest_is_at_the_bottom_until_one_goes_up(size: tuple[int, int]) -> None:
    told = attached(remembered(1_000))
    assert "line 999 of the story" in drawn(told, size)
    assert "1,000 lines, following" in drawn(told, size)
    told.move(-30)
    assert "line 999 " not in drawn(told, size)
    assert "line 969 of the story" in drawn(told, size)
    assert "30 below" in drawn(told, size)
    told.hear(Notice(START_NS + 2_000 * NS_PER_S, "info", "", "news", number=1_001))
    assert "line 969 of the story" in drawn(told, size), "what one reads stays where it is"
    told.move(-10_000)
    assert "line 0 of the story" in drawn(told, size)
    told.follow()
    assert "news" in drawn(told, size)


def test_levels_and_assets_are_filtered_and_that_is_said() -> None:
    told = attached(remembered(700))
    told.relevel()
    assert {one.level for one in told.shown} == {"warn", "error"}
    assert "only warnings and errors" in drawn(told)
    told.relevel()
    assert {one.level for one in told.shown} == {"error"}
    told.reasset(NAMES)
    assert {(one.level, one.asset) for one in told.shown} == {("error", "")}
    assert "only errors, the account alone" in drawn(told)
    told.reasset(NAMES)
    assert {one.asset for one in told.shown} == {"btc"}
    assert "20 of 700 lines" in drawn(told)
    for _ in range(4):
        told.reasset(NAMES)
    assert told.asset is None
    assert told.level is LogLevel.ERRORS
    told.relevel()
    assert len(told.shown) == 700


def test_what_is_found_is_marked_and_gone_through_both_ways() -> None:
    told = attached(remembered(1_000))
    told.typed.text = "STORY"
    assert told.matches == 1_000
    told.typed.text = "line 7"
    assert told.find_newest(10)
    assert told.found == told.shown[799]
    assert "▸  13:28:19" in drawn(told)
    assert "/line 7  111 lines" in drawn(told)
    assert told.find(-1, 10)
    assert told.found == told.shown[798]
    assert told.find(1, 10)
    assert told.found == told.shown[799]
    assert not told.find(1, 10), "there is none after it"
    assert told.found == told.shown[799]
    told.typed.text = "nowhere"
    assert not told.find_newest(10)
    assert "is in no line" in drawn(told)
    assert told.forget()
    assert not told.forget()


def test_a_long_line_is_folded_and_none_moves_the_cursor() -> None:
    told = ToldLog()
    told.hear(Notice(START_NS, "error", "btc", "\x1b[2J" + "a word " * 60, number=1))
    text = drawn(told)
    assert "\x1b" not in text
    assert text.count("a word") == 60
    assert "nothing was said yet" in drawn(ToldLog())


# --- in the terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_keys(tmp_path: Path, size: tuple[int, int]) -> None:
    memory = remembered(600)
    engine = FakeEngine(
        tmp_path / "s",
        answer=lambda one: memory.answer(one) if one.subject is Subject.LOG else None,
    )

    async def play(stage: Stage) -> None:
        for notice in memory.newest(200):
            engine.say(NoticeFrame(notice))
        await stage.until(lambda: stage.app.state.log_lines.total == 200)
        assert engine.questions == [], "nothing is asked before somebody looks"
        await stage.press("L")
        await stage.until(lambda: "600 lines, following" in "\n".join(stage.rows))
        await stage.press("slash", *"line", "space", *"12", "enter")
        await stage.until(lambda: "▸  13:17:09" in "\n".join(stage.rows))
        await stage.press("n")
        await stage.press("v", "v", "a")
        await stage.until(lambda: "only errors, the account alone" in "\n".join(stage.rows))
        await stage.press("slash", "K", "escape", "escape", "f")
        assert stage.sent == []
        await stage.press("v", "escape", "escape")
        await stage.until(lambda: "following" not in "\n".join(stage.rows))

    perform(tmp_path, play, engine=engine, size=size)
