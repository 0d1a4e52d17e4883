"""The terminal on a real Unix socket: keys, two-step commands, and every way to end.

Sync functions with asyncio.run, so that no other plugin is involved.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from fake_engine import NAMES, FakeEngine, account_at, notice_at, story
from stage import LIMIT_S, PALETTES, Stage, perform

from polytui.model.events import Action
from polytui.model.link import Ack, Command, Goodbye
from polytui.tui.app import TerminalApp
from polytui.tui.log_tail import tail_of
from polytui.tui.panels.account import AccountLook, account_lines
from polytui.tui.picture import picture
from polytui.tui.state import LinkState, TerminalState
from polytui.tui.styles import plain

# --- what is shown --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60), (60, 40), (40, 12)])
def test_four_assets_are_shown(tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(stage: Stage) -> None:
        await stage.until(lambda: "XRP" in stage.text)
        for number, name in enumerate(NAMES, 1):
            assert f"{number} {name.upper()}" in stage.text
        assert "DEMO x20" in stage.text
        assert "K KILL" in stage.text or size[0] < 60

    perform(tmp_path, play, size=size)


def test_news_are_drawn_and_a_resize_is_followed(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.engine.say(notice_at(5, text="bought Up 25.00 @ 0.57"))
        await stage.until(lambda: "bought Up 25.00" in stage.text)
        await stage.resize(140, 44)
        await stage.until(lambda: "Chainlink" in stage.text)
        assert len(stage.text.split("\n")) == 44

    perform(tmp_path, play)


def test_a_simulated_session_is_made_slower_and_faster(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.until(lambda: "DEMO x20" in stage.text)
        await stage.press("minus", "plus")
        await stage.until(lambda: len(stage.engine.wishes) == 2)
        asked = [(wish.path, wish.value) for wish in stage.engine.wishes]
        assert asked == [("demo.speed", "10"), ("demo.speed", "40")]

    perform(tmp_path, play)


def test_an_asset_is_chosen_and_zoomed(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("3", "enter")
        await stage.until(lambda: "Chainlink ▲ above ▼ below" in stage.text)
        assert "3 SOL  5m 13:15-13:20" in stage.text
        assert "1 BTC" not in stage.text
        assert "ask  0." in stage.text
        await stage.press("g")
        await stage.until(lambda: "ask  0." not in stage.text)
        assert "Chainlink ▲ above ▼ below" in stage.text
        await stage.press("g")
        await stage.until(lambda: "feeds ──" in stage.text)
        assert "▲ above" not in stage.text
        await stage.press("j")
        await stage.until(lambda: "▸ 15m" in stage.text)
        await stage.press("tab")
        await stage.until(lambda: "4 XRP" in stage.text)
        await stage.press("escape")
        await stage.until(lambda: "1 BTC" in stage.text)
        assert stage.sent == []

    perform(tmp_path, play, size=(120, 40))


def test_help_theme_and_log(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("question_mark")
        await stage.until(lambda: "keys and marks" in stage.text)
        await stage.press("K")
        await stage.until(lambda: "keys and marks" not in stage.text)
        await stage.press("t", "enter")
        assert stage.app.board.palette == PALETTES[1]
        assert stage.app.theme == PALETTES[1].name
        log = stage.app.board.query_one("#log")
        before = log.size.height
        await stage.press("l")
        await stage.until(lambda: log.size.height > before)
        await stage.press("l")
        await stage.until(lambda: log.size.height == before)
        assert stage.sent == []

    perform(tmp_path, play)


def test_views_grow_old_and_say_so(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.pass_time(4.0)
        assert "4.0 s old" in stage.text
        stage.engine.show(9)
        await stage.until(lambda: "4.0 s old" not in stage.text)

    perform(tmp_path, play)


# --- what is sent ---------------------------------------------------------------------------


@pytest.mark.parametrize("second", ["K", "enter"])
def test_kill_takes_two_steps_and_is_sent_once(tmp_path: Path, second: str) -> None:
    async def play(stage: Stage) -> None:
        stage.engine.acks = False
        await stage.press("K")
        await stage.until(lambda: "press K again or Enter" in stage.text)
        assert stage.sent == []
        await stage.press(second)
        await stage.until(lambda: stage.sent)
        await stage.until(lambda: "KILL sent" in stage.text)
        assert "KILL acked" not in stage.text
        await stage.press("enter", "escape")
        assert stage.sent == [(Action.KILL, "")]

    perform(tmp_path, play)


def test_sent_and_acked_are_told_apart(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("K", "K")
        await stage.until(lambda: "KILL sent > #4101 kept" in stage.text)
        stage.engine.show(1)
        await stage.until(lambda: "■ KILLED" in stage.text)

    perform(tmp_path, play)


@pytest.mark.parametrize(
    ("ack", "words"),
    [
        (Ack(1, (7, 8)), "KILL sent > #7 #8 kept"),
        (Ack(1, (7,), left_out="eth: it broke"), "KILL sent > #7 kept, but eth: it broke"),
        (Ack(1, (7,), unkept="disk full"), "KILL sent > #7 done, NOT on disk: disk full"),
        (Ack(1, (), "no asset could"), "KILL NOT carried out: no asset could"),
    ],
)
def test_how_far_a_kill_has_come_is_said_in_its_words(tmp_path: Path, ack: Ack, words: str) -> None:
    async def play(stage: Stage) -> None:
        stage.engine.acks = False
        await stage.press("K", "K")
        await stage.until(lambda: "KILL sent" in stage.text)
        stage.engine.say(ack)
        await stage.until(lambda: words in stage.text)
        assert (" kept" in stage.text) is (not ack.error and not ack.unkept)

    perform(tmp_path, play)


def test_a_kill_that_a_restart_would_forget_is_marked_for_as_long_as_it_is_on() -> None:
    state = TerminalState(account=account_at(1, is_killed=True))
    state.asked(Command(1, Action.KILL))
    assert not state.is_kill_unkept
    state.hear(Ack(1, (7,), unkept="disk full"), 0.0)
    assert state.is_kill_unkept
    look = AccountLook(PALETTES[0], "paper", is_kill_unkept=state.is_kill_unkept)
    assert "■ KILLED NOT on disk" in plain(account_lines(state.account, look, 100))
    state.asked(Command(2, Action.KILL))
    state.hear(Ack(2, (9,)), 0.0)
    assert not state.is_kill_unkept, "given again, and kept"


def test_an_armed_kill_lets_go_by_escape_and_by_time(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("K", "escape", "K")
        await stage.until(lambda: "5 s" in stage.text)
        await stage.pass_time(3.0)
        assert "2 s" in stage.text
        await stage.pass_time(2.1)
        assert "press K again" not in stage.text
        await stage.press("enter", "escape")
        assert stage.sent == []

    perform(tmp_path, play)


def test_flatten_and_rearm_take_two_steps(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("2", "F", "3", "F")
        assert stage.sent == []
        await stage.press("F", "R", "enter")
        await stage.until(lambda: len(stage.sent) == 2)
        assert stage.sent == [(Action.FLATTEN, "sol"), (Action.REARM, "")]

    perform(tmp_path, play)


def test_pause_and_resume_one_and_all(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("2", "p")
        await stage.until(lambda: stage.sent)
        stage.engine.show(1)
        await stage.until(lambda: "‖ paused" in stage.text)
        await stage.press("p", "P")
        await stage.until(lambda: len(stage.sent) == 3)
        stage.engine.show(2)
        await stage.until(lambda: stage.text.count("‖ paused") == 4)
        await stage.press("P")
        await stage.until(lambda: len(stage.sent) == 4)
        assert stage.sent == [
            (Action.PAUSE, "eth"),
            (Action.RESUME, "eth"),
            (Action.PAUSE, ""),
            (Action.RESUME, ""),
        ]

    perform(tmp_path, play)


def test_no_lower_case_letter_sends_what_touches_orders(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        for letter in "abcdefghijklmnorstuvwxyz":
            await stage.press(letter)
        assert stage.sent == []
        await stage.press("q", *"abcdefghijklmnopqrstuvwxyz", "escape")
        assert stage.sent == []

    perform(tmp_path, play)


# --- how it ends ----------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [("q", "enter"), ("q", "S"), ("ctrl+c", "ctrl+c")])
def test_quit_stops_the_engine_and_waits_for_its_goodbye(
    tmp_path: Path, keys: tuple[str, ...]
) -> None:
    async def play(stage: Stage) -> None:
        await stage.press(*keys)
        await stage.until(lambda: stage.app.return_value is not None)
        assert stage.sent == [(Action.STOP, "")]

    assert perform(tmp_path, play).return_value == 0


def test_leaving_detaches_and_sends_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("q", "L")
        await stage.engine.left.wait()
        assert stage.engine.is_detached
        assert stage.sent == []

    app = perform(tmp_path, play)
    assert app.return_value == 0
    assert "polytui attach" in app.parting_words


def test_a_terminal_that_only_attached_proposes_to_leave(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("q", "enter")
        await stage.engine.left.wait()
        assert (stage.engine.is_detached, stage.sent) == (True, [])

    assert perform(tmp_path, play, owns_engine=False).return_value == 0


def test_staying_stays(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("q", "escape", "q", "down", "down", "enter")
        await stage.until(lambda: "leave the terminal" not in stage.text)
        assert stage.app.return_value is None
        assert stage.sent == []

    perform(tmp_path, play)


def test_an_engine_that_dies_leaves_everything_on_the_screen(tmp_path: Path) -> None:
    (tmp_path / "engine.log").write_text("one\nValueError: boom\n")

    async def play(stage: Stage) -> None:
        stage.engine.die()
        await stage.until(lambda: "ENGINE LOST" in stage.text)
        await stage.pass_time(12.0)
        assert "without a goodbye" in stage.text
        assert "ValueError: boom" in stage.text
        assert "1 BTC" in stage.text
        assert "12 s old" in stage.text
        await stage.press("p")
        assert "pause was NOT sent" in stage.app.state.notices[-1].text
        await stage.press("q")

    assert perform(tmp_path, play).return_value == 1


@pytest.mark.parametrize("code", [0, 1])
def test_an_engine_that_ends_says_why(tmp_path: Path, code: int) -> None:
    async def play(stage: Stage) -> None:
        stage.engine.say(Goodbye(code, "three rounds settled on each asset"))
        await stage.until(lambda: "ENGINE ENDED: three rounds" in stage.text)
        assert stage.app.state.link is LinkState.ENDED
        await stage.press("q")

    assert perform(tmp_path, play).return_value == code


def test_another_version_is_refused_in_words(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.until(lambda: "different version" in stage.text)
        assert stage.app.state.account is None
        await stage.press("q")

    engine = FakeEngine(tmp_path / "s", schema="0123456789abcdef")
    assert perform(tmp_path, play, engine=engine).return_value == 1


def test_garbage_from_the_engine_ends_the_link_not_the_terminal(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        for writer in stage.engine._writers:
            writer.write(b"\x00\x00\x00\x02\xc1\xc1")
        await stage.until(lambda: "ENGINE LOST" in stage.text)
        await stage.press("q")

    assert perform(tmp_path, play).return_value == 1


def test_no_engine_at_all(tmp_path: Path) -> None:
    async def run() -> TerminalApp:
        app = TerminalApp(PALETTES, socket_path=tmp_path / "nobody")
        assert app._link is not None
        app._link.connect_within_s = 0.05
        async with app.run_test(size=(80, 24)) as pilot, asyncio.timeout(LIMIT_S):
            while app.state.link is not LinkState.LOST:
                await pilot.pause()
            assert "no engine answers" in app.state.link_words
            await pilot.press("q")
        return app

    assert asyncio.run(run()).return_value == 1


@pytest.mark.parametrize("owns_engine", [True, False])
def test_a_signal_stops_an_engine_of_our_own_only(tmp_path: Path, owns_engine: bool) -> None:
    async def play(stage: Stage) -> None:
        stage.app.end_by_signal()
        await stage.until(lambda: stage.app.return_value is not None)
        assert stage.sent == ([(Action.STOP, "")] if owns_engine else [])
        assert not stage.engine.is_detached

    assert perform(tmp_path, play, owns_engine=owns_engine).return_value == 0


def test_an_engine_that_does_not_say_goodbye_is_not_waited_for_ever(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.engine.obeys = False
        stage.app.stop_engine(0.05)
        await stage.until(lambda: stage.app.return_value is not None)

    app = perform(tmp_path, play)
    assert app.return_value == 1
    assert "did not say goodbye" in app.parting_words


def test_the_crash_screen_shows_no_locals(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> None:
        app = TerminalApp(PALETTES)
        with suppress(ZeroDivisionError):
            async with app.run_test() as pilot:
                app.call_later(_crash)
                await pilot.pause()

    asyncio.run(run())
    text = capsys.readouterr().err
    assert "ZeroDivisionError" in text
    assert "0xdeadbeef" not in text


def _crash() -> None:
    looks_secret = "0x" + "deadbeef"
    assert looks_secret
    _ = 1 / 0


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 99_999 + b"\n" + b"\n".join(b"line %d \xff" % at for at in range(99)))
    assert tail_of(path)[-1] == "line 98 \ufffd"
    assert len(tail_of(path)) == 40
    assert tail_of(tmp_path / "nothing") == tail_of(None) == ()


# --- pictures -------------------------------------------------------------------------------


def test_a_picture_is_a_whole_svg_that_loads_nothing() -> None:
    svg = asyncio.run(picture(story(), palette=PALETTES[0], size=(100, 30)))
    assert svg.startswith("<svg")
    assert "@font-face" not in svg
    assert "url(http" not in svg
    for words in ("DEMO", "trading", "settled", "distance_fade"):
        assert words in svg
    assert svg == asyncio.run(picture(story(), palette=PALETTES[0], size=(100, 30)))


def test_a_picture_without_colours_still_says_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    svg = asyncio.run(picture(story(mode="live"), palette=PALETTES[0], size=(100, 30)))
    for words in ("LIVE", "▲", "trading", "kill"):
        assert words in svg
