"""What somebody hears who looks away: few things, once, never at night but what stops trading."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import START_NS, FakeEngine, account_at, asset_at
from hypothesis import given
from hypothesis import strategies as st
from stage import Stage, perform
from textual.widgets._toast import Toast

from polytui.config.load import BadSettings, structure_settings
from polytui.config.schema import TerminalSettings
from polytui.model.link import NoticeFrame
from polytui.model.notice_kinds import BREAKER, FEED, FILL, HAND, KILL, KINDS, SETTLEMENT
from polytui.model.snapshot import Notice
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.telling import CELLS, LASTS_S, MOST_AT_ONCE, NO_ALERT, Alert, Telling, _in_one_row
from polytui.tui.window_title import WindowTitle, has_title, title_of

ROOMY = (120, 36)
ACCOUNT = account_at(0)
NOON, NIGHT = 12 * 60, 23 * 60


def notice(kind: str, level: str = "info", ago_s: float = 0.0, asset: str = "btc") -> Notice:
    return Notice(START_NS - round(ago_s * NS_PER_S), level, asset, f"a {kind}", kind=kind)


def hear(
    telling: Telling,
    told: Notice,
    now_s: float = 0.0,
    minute: int = NOON,
    size: tuple[int, int] = ROOMY,
) -> Alert:
    return telling.hear(told, ACCOUNT, minute, now_s, size)


def ringing(**more: object) -> Telling:
    return Telling(TerminalSettings(bell=True, **more))


# --- lines that come up ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FILL, SETTLEMENT, BREAKER, KILL, FEED])
def test_what_matters_comes_up_and_rings(kind: str) -> None:
    alert = hear(ringing(), notice(kind))
    assert alert.news is not None
    assert (alert.news.text, alert.rings) == (f"BTC  a {kind}", True)


def test_other_lines_stay_in_the_log() -> None:
    assert hear(ringing(), notice("")) == NO_ALERT
    assert hear(ringing(), notice("of another version")) == NO_ALERT


def test_of_ones_own_orders_only_what_went_wrong() -> None:
    assert hear(ringing(), notice(HAND)) == NO_ALERT
    assert hear(ringing(), notice(HAND, "warn")).news is not None


def test_what_was_before_this_terminal_is_no_news() -> None:
    """A demo at 20 times its speed: three real seconds are a minute."""
    assert hear(ringing(), notice(FILL, ago_s=61.0)) == NO_ALERT
    assert hear(ringing(), notice(FILL, ago_s=59.0)).news is not None
    assert ringing().hear(notice(FILL), None, NOON, 0.0, ROOMY) == NO_ALERT


def test_three_at_once_and_the_rest_is_counted() -> None:
    telling = Telling(TerminalSettings())
    shown = [hear(telling, notice(FILL), at / 10) for at in range(10)]
    assert [one.news is not None for one in shown] == [True] * 3 + [False] * 7
    later = hear(telling, notice(FILL), LASTS_S)
    assert later.news is not None
    assert later.news.text == "BTC  a fill  (+7 in the log)"


@pytest.mark.parametrize(
    ("text", "rest", "shown"),
    [
        ("sold up 25.87 at 0.81", 5, "sold up 25.87 at 0.81  (+5 in the log)"),
        ("BTC  sold up 25.87 at 0.81, fee 0.27869", 5,
         "BTC  sold up 25.87 at 0.81, fee 0.27869  +5 more"),
        ("w" * 53, 0, "w" * 53),
        ("w" * 60, 0, "w" * 52 + "…"),
        ("w" * 60, 12, "w" * 42 + "…  +12 more"),
    ],
)  # fmt: skip
def test_a_line_that_comes_up_is_one_row_and_its_count_is_whole(
    text: str, rest: int, shown: str
) -> None:
    assert _in_one_row(text, rest) == shown
    assert len(shown) <= CELLS


def test_a_kill_comes_up_whatever_stands_there_and_once_for_all_assets() -> None:
    telling = Telling(TerminalSettings())
    for at in range(MOST_AT_ONCE):
        hear(telling, notice(FILL), at / 10)
    kills = [hear(telling, notice(KILL, "error", asset=one), 1.0) for one in ("btc", "eth", "sol")]
    assert [one.news is not None for one in kills] == [True, False, False]


@pytest.mark.parametrize(
    ("size", "is_shown"), [((80, 24), False), ((99, 40), False), ((100, 30), True)]
)
def test_nothing_lies_over_a_small_screen(size: tuple[int, int], is_shown: bool) -> None:
    alert = hear(ringing(), notice(FILL), size=size)
    assert (alert.news is not None, alert.rings) == (is_shown, True)


def test_switched_off_nothing_comes_up() -> None:
    assert hear(Telling(TerminalSettings(toasts="off")), notice(KILL)) == NO_ALERT


def test_it_does_not_ring_without_end() -> None:
    telling = ringing()
    rang = [hear(telling, notice(FILL), at * 0.5).rings for at in range(9)]
    assert rang == [True, False, False, False] * 2 + [True]
    assert not hear(Telling(TerminalSettings()), notice(FILL)).rings


# --- quiet hours ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_at_night_only_what_stops_trading_is_heard(kind: str) -> None:
    alert = hear(ringing(quiet_hours="22:00-07:00"), notice(kind, "error"), minute=NIGHT)
    assert (alert != NO_ALERT) is (kind in (KILL, BREAKER))


@given(st.integers(0, 1_439), st.integers(0, 1_439), st.integers(0, 1_439))
def test_quiet_hours_are_from_the_first_time_to_the_second(
    begins: int, ends: int, minute: int
) -> None:
    clock = "-".join(f"{one // 60:02}:{one % 60:02}" for one in (begins, ends))
    alert = hear(ringing(quiet_hours=clock), notice(FILL), minute=minute)
    since, lasts = (minute - begins) % 1_440, (ends - begins) % 1_440
    assert (alert == NO_ALERT) is (since < lasts)


@pytest.mark.parametrize(
    "text", ["22-7", "24:00-07:00", "22:60-07:00", "22:00", " ", "22:00-07:00x"]
)
def test_times_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(BadSettings, match="two times of the day"):
        structure_settings({"terminal": {"quiet_hours": text}})


# --- the title ------------------------------------------------------------------------------------


def test_the_title_says_the_mode_and_the_result() -> None:
    account = evolve(ACCOUNT, marked_pnl=24_980_000)
    assert title_of(account, "demo", "") == "polytui DEMO +24.98"
    assert title_of(evolve(account, marked_pnl=-MICRO), "live", "") == "polytui LIVE -1.00"
    assert title_of(evolve(account, marked_pnl=-4), "paper", "") == "polytui PAPER 0.00"
    assert title_of(evolve(account, is_killed=True), "demo", "") == "polytui DEMO KILLED +24.98"
    assert title_of(account, "demo", "ENGINE LOST") == "polytui DEMO ENGINE LOST"
    assert title_of(None, "", "") == "polytui"


def test_it_is_set_once_a_second_and_given_back() -> None:
    written = list[str]()
    title = WindowTitle(written.append)
    assert title.farewell == ""
    for at, text in enumerate(("a", "a", "b", "c")):
        title.show(text, at * 0.5)
    assert written == ["\x1b[22;2t\x1b]2;a\x07", "\x1b]2;b\x07"]
    assert title.farewell == "\x1b[23;2t"
    title.give_back()
    title.give_back()
    assert (written.pop(), title.farewell) == ("\x1b[23;2t", "")
    title.show("d", 9.0)
    assert written[2:] == ["\x1b[22;2t\x1b]2;d\x07"]


@given(st.text(max_size=40))
def test_no_word_of_a_session_ends_the_title_early(text: str) -> None:
    written = list[str]()
    WindowTitle(written.append).show(f"x{text}", 0.0)
    body = written[0].removeprefix("\x1b[22;2t\x1b]2;").removesuffix("\x07")
    assert all(one.isprintable() for one in body)


def test_terminals_without_a_title_are_left_alone() -> None:
    for term in ("", "dumb", "linux", "unknown"):
        assert not has_title({"TERM": term})
    assert not has_title({})
    for term in ("xterm-256color", "tmux-256color", "screen", "alacritty"):
        assert has_title({"TERM": term})


# --- on the board ---------------------------------------------------------------------------------


def toasts(stage: Stage) -> list[Toast]:
    """What has come up and stands there."""
    return list(stage.app.screen.query(Toast))


@pytest.mark.parametrize("size", [(100, 30), (120, 36), (200, 60)])
def test_lines_that_come_up_cover_the_log_and_nothing_else(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("1", "enter")
        for number in range(MOST_AT_ONCE):
            told = Notice(START_NS, "warn", "btc", f"bought up {number} at 0.5", kind=FILL)
            stage.engine.say(NoticeFrame(told))
        await stage.until(lambda: sum(one.region.height for one in toasts(stage)) >= MOST_AT_ONCE)
        log = stage.app.board.query_one("#log").region
        for one in toasts(stage):
            assert one.region.height == 1
            assert log.y <= one.region.y < log.bottom

    perform(tmp_path, play, size=size)


def test_at_80_by_24_nothing_comes_up(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        told = Notice(START_NS, "warn", "btc", "bought up 1 at 0.5", kind=FILL)
        stage.engine.say(NoticeFrame(told))
        await stage.until(lambda: "bought up 1 at 0.5" in stage.text)
        assert toasts(stage) == []

    perform(tmp_path, play)


def test_a_lost_engine_comes_up(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.show(asset_at("btc", 1))
        stage.engine.die()
        await stage.until(lambda: any("ENGINE LOST" in str(one.render()) for one in toasts(stage)))

    perform(tmp_path, play, engine=FakeEngine(tmp_path / "s"), size=ROOMY)
