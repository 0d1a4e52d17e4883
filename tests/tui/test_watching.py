"""A recording in the terminal: it cannot be mistaken for an engine, its keys ask its player, and
nothing in it is ever commanded."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import START_NS, FakeEngine, account_at, notice_at
from stage import PALETTES, Stage, perform

from polytui.config.terminal import TerminalSettings
from polytui.model.link import Forget, NoticeFrame, PlayFrame, WhatIfFrame
from polytui.model.notice_kinds import BREAKER
from polytui.model.playing import (
    AS_FAST_AS_IT_GOES,
    RECORDING,
    PlayMove,
    PlayView,
    WhatIfView,
)
from polytui.model.query import Answer, Query
from polytui.model.snapshot import Notice
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.alerts import Alerts, Outlets
from polytui.tui.panels.playing import place_line, watched_words
from polytui.tui.screens.prompt import Prompt
from polytui.tui.state import TerminalState
from polytui.tui.styles import plain, width_of

HOUR_NS = 3_600 * NS_PER_S
PLACE = PlayView(
    at_ns=START_NS, first_ns=START_NS - HOUR_NS, last_ns=START_NS + 3 * HOUR_NS, seq=12_345,
    speed=4.0, is_running=True, mode="live",
)  # fmt: skip
NIGHT = PALETTES[0]


def watched(tmp_path: Path) -> FakeEngine:
    return FakeEngine(tmp_path / "s", mode="watch")


async def begun(stage: Stage, place: PlayView = PLACE) -> None:
    stage.engine.say(PlayFrame(place))
    await stage.until(lambda: stage.app.state.playing.view == place)
    stage.app.board.lay_out()
    await stage.pilot.pause()


def asked(stage: Stage) -> list[tuple[PlayMove, int, str]]:
    return [(one.move, one.by, one.text) for one in stage.engine.plays]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_it_says_from_across_the_room_that_it_is_a_recording(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def play(stage: Stage) -> None:
        await begun(stage)
        first, *_, place, _, keys = stage.rows
        assert first.startswith("  WATCH 13:15:00 x4")
        assert "REAL MONEY" not in stage.text
        assert "KILL" not in keys
        assert "25.0%" in place
        assert "decision" in keys

    perform(tmp_path, play, engine=watched(tmp_path), size=size)


def test_every_key_asks_the_player_and_nobody_else(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await begun(stage)
        await stage.press("space", "left", "right", "minus", "plus", "n", "N", "home", "end")
        await stage.press("pageup", "pagedown")
        await stage.until(lambda: len(stage.engine.plays) == 11)
        assert asked(stage) == [
            (PlayMove.PAUSE, 1, ""), (PlayMove.STEP, -1, ""), (PlayMove.STEP, 1, ""),
            (PlayMove.PACE, -1, ""), (PlayMove.PACE, 1, ""), (PlayMove.TRADE, 1, ""),
            (PlayMove.TRADE, -1, ""), (PlayMove.HOME, 1, ""), (PlayMove.END, 1, ""),
            (PlayMove.GO, 1, "-1m"), (PlayMove.GO, 1, "+1m"),
        ]  # fmt: skip
        assert stage.sent == []
        assert stage.engine.wishes == []

    perform(tmp_path, play, engine=watched(tmp_path))


def test_a_click_on_the_bar_goes_there(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await begun(stage)
        y = next(at for at, row in enumerate(stage.rows) if "25.0%" in row)
        bar = stage.rows[y].index("·")
        while stage.rows[y][bar] == "·":
            bar += 1
        await stage.pilot.click(offset=(bar - 1, y))
        await stage.until(lambda: stage.engine.plays)
        assert asked(stage) == [(PlayMove.GO, 1, "1.0000")]

    perform(tmp_path, play, engine=watched(tmp_path))


def test_nothing_of_it_is_commanded_and_that_is_said(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await begun(stage)
        for key in ("K", "p", "P", "F", "R", "e"):
            await stage.press(key, key, "enter", "escape")
        lines = [one.text for one in stage.app.state.notices]
        assert sum("this is a recording" in one for one in lines) >= 5
        assert not stage.app.board.wishes.is_armed
        assert (stage.sent, stage.engine.wishes) == ([], [])

    perform(tmp_path, play, engine=watched(tmp_path))


def test_a_moment_is_typed_and_letters_are_text_meanwhile(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await begun(stage)
        await stage.press("colon", "1", "5", "colon", "0", "3", "n", "backspace", "enter")
        await stage.until(lambda: stage.engine.plays)
        assert asked(stage) == [(PlayMove.GO, 1, "15:03")]
        await stage.press("colon", "9", "escape", "n")
        await stage.until(lambda: len(stage.engine.plays) == 2)
        assert asked(stage)[1] == (PlayMove.TRADE, 1, "")

    perform(tmp_path, play, engine=watched(tmp_path))


def test_what_cannot_be_is_said_in_the_log(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.engine.unplayable[PlayMove.TRADE] = "there is no fill of ours behind this one"
        await begun(stage)
        await stage.press("n")
        await stage.until(lambda: "no fill of ours behind" in stage.text)

    perform(tmp_path, play, engine=watched(tmp_path))


def test_elsewhere_nothing_is_left_of_what_was_seen_before(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await begun(stage)
        stage.engine.say(notice_at(5, text="bought Up 25.00 @ 0.57"))
        await stage.until(lambda: stage.app.state.notices)
        state = stage.app.state
        slug = state.assets["btc"].rounds[0].slug
        assert state.traces.named(slug) is not None
        stage.engine.say(Forget())
        stage.engine.say(notice_at(2, text="what was known by then"))
        known = ["what was known by then"]
        await stage.until(lambda: [one.text for one in state.notices] == known)
        assert state.traces.named(slug) is None

    perform(tmp_path, play, engine=watched(tmp_path))


def test_an_answer_on_its_way_to_what_was_asked_before_is_nobodys() -> None:
    """It is of a moment that may be ahead of this one."""
    state, asked = TerminalState(mode=RECORDING), list[Query]()

    def answer(query: Query) -> Answer:
        return Answer(query.query_id, ("root", "slug"), (("own", "btc-updown-5m-1"),))

    state.round_list.ask(START_NS, 0.0, lambda query: asked.append(query) is None)
    state.hear(Forget(), 0.1)
    state.round_list.ask(START_NS, 0.2, lambda query: asked.append(query) is None)
    assert len(asked) == 2
    state.hear(answer(asked[0]), 0.3)
    assert state.round_list.rows == ()
    state.hear(answer(asked[1]), 0.4)
    assert len(state.round_list.rows) == 1


def test_what_if_is_typed_asked_and_answered_with_money_and_the_first_difference(
    tmp_path: Path,
) -> None:
    answer = WhatIfView(
        "risk.max_order_usd=6", is_ready=True, events=49_034, differences=28, orders_was=9,
        orders_now=7, first="event 4133 eth: buy 13.41 up @ 0.56 > order limit: 7.74 > 6 USD",
        pnl_recorded=25 * MICRO, pnl_was=17 * MICRO, pnl_now=9 * MICRO,
    )  # fmt: skip

    async def play(stage: Stage) -> None:
        await begun(stage)
        await stage.press("w", *"max_order_usd", "tab", "6", "enter")
        await stage.until(lambda: stage.engine.plays)
        assert asked(stage) == [(PlayMove.WHAT_IF, 1, "risk.max_order_usd=6")]
        stage.engine.say(WhatIfFrame(WhatIfView("risk.max_order_usd=6")))
        await stage.until(lambda: "decided again" in "\n".join(stage.rows))
        stage.engine.say(WhatIfFrame(answer))
        await stage.until(lambda: "+25.00" in "\n".join(stage.rows))
        text = "\n".join(stage.rows)
        for word in ("+17.00", "+9.00", "-8.00", "28 of 49,034", "9 orders became 7", "event 4133"):
            assert word in text
        await stage.press("escape")
        await stage.until(lambda: "1 BTC" in stage.text)

    perform(tmp_path, play, engine=watched(tmp_path), size=(100, 30))


def test_who_goes_back_before_the_answer_does_not_want_it(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await begun(stage)
        await stage.press("w", *"a=1", "enter")
        await stage.until(lambda: stage.engine.plays)
        stage.engine.say(WhatIfFrame(WhatIfView("a=1")))
        await stage.until(lambda: stage.app.state.playing.what_if)
        await stage.press("escape")
        await stage.until(lambda: len(stage.engine.plays) == 2)
        assert asked(stage)[1][0] is PlayMove.NEVER_MIND

    perform(tmp_path, play, engine=watched(tmp_path))


def test_it_is_left_without_a_question(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await begun(stage)
        await stage.press("q")
        await stage.until(lambda: stage.engine.is_detached)

    app = perform(tmp_path, play, engine=watched(tmp_path), owns_engine=False)
    assert app.return_value == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "13:15:00 x4"),
        ({"speed": AS_FAST_AS_IT_GOES}, "13:15:00 as fast as it goes"),
        ({"is_running": False}, "13:15:00 paused"),
        ({"goes_to_ns": START_NS + HOUR_NS}, "13:15:00 to 14:15:00"),
        ({"at_ns": PLACE.last_ns, "is_running": False}, "16:15:00 at its end"),
        ({"at_ns": PLACE.last_ns, "is_written": True}, "16:15:00 as it is written"),
    ],
)
def test_the_header_says_how_it_plays(changes: dict[str, object], words: str) -> None:
    assert watched_words(evolve(PLACE, **changes)) == words


@pytest.mark.parametrize("width", [30, 50, 80, 120, 250])
@pytest.mark.parametrize(
    "words", ["", "goes no further: 000003.jsonl, line 7: its checksum is wrong"]
)
def test_the_place_is_as_wide_as_it_is_asked_to_be(width: int, words: str) -> None:
    line = place_line(evolve(PLACE, words=words), NIGHT, width)
    text = plain([line])
    assert width_of([(one.text, one.style) for one in line]) == width
    assert "13:15:00" in text
    if words and width >= 120:
        assert words in text
    elif not words and width >= 80:
        assert "of 12:15:00 to 16:15:00" in text


def test_a_megabyte_that_is_pasted_is_one_short_line() -> None:
    prompt = Prompt()
    prompt.open()
    prompt.paste("15:03\n" + "x" * 1_000_000)
    assert prompt.text == "15:03"
    prompt.paste("9" * 1_000_000)
    assert len(prompt.text) == 40
    assert prompt.type("enter", None) == prompt.text


@pytest.mark.parametrize(("mode", "is_told"), [("demo", True), (RECORDING, False)])
def test_nobody_who_looks_away_is_called_for_what_was_recorded(mode: str, is_told: bool) -> None:
    heard: list[object] = []
    outlets = Outlets(heard.append, lambda: heard.append("bell"), lambda _: None, lambda: (80, 24))
    state = TerminalState(mode=mode, account=account_at(0, mode))
    alerts = Alerts(state, TerminalSettings(bell=True), outlets, lambda: 0.0, {}, lambda: 720)
    alerts.hear(NoticeFrame(Notice(START_NS, "error", "btc", "no entries", kind=BREAKER)))
    assert bool(heard) is is_told
