"""The log: in order of time, repetitions counted, a command in one line, no number cut."""

from __future__ import annotations

import time

import pytest
from fake_engine import START_NS, account_at
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.events import Action
from polytui.model.link import AccountFrame, Ack, Command, NoticeFrame
from polytui.model.snapshot import Notice
from polytui.model.units import NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.panels.account import AccountLook, account_lines
from polytui.tui.panels.log import log_lines
from polytui.tui.panels.round_names import rounds_named
from polytui.tui.state import TerminalState
from polytui.tui.styles import plain, styles_of
from polytui.tui.theme import load_themes
from polytui.tui.told import ToldLines

STYLES = styles_of(load_themes()["night"])


def notice(at_s: float, text: str, level: str = "info", asset: str = "btc") -> Notice:
    return Notice(START_NS + round(at_s * NS_PER_S), level, asset, text)


def told(*notices: Notice) -> list[Notice]:
    lines = ToldLines()
    for one in notices:
        lines.hear(one)
    return list(lines)


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from("abcdef")), max_size=30))
def test_lines_stand_in_order_of_time_and_none_is_lost(said: list[tuple[int, str]]) -> None:
    lines = told(*(notice(at_s, text) for at_s, text in said))
    assert [one.at_ns for one in lines] == sorted(one.at_ns for one in lines)
    counts = {one.text.rpartition(" ")[2]: one.text for one in lines}
    for text in {text for _, text in said}:
        many = sum(1 for _, other in said if other == text)
        assert counts[text] == (text if many == 1 else f"x{many} {text}")


def test_a_trouble_is_the_same_whatever_its_number_and_the_last_number_is_shown() -> None:
    lines = told(
        notice(1, "binance is stale: 3.2 s without data", "warn"),
        notice(2, "binance is up"),
        notice(3, "binance is stale: 12 s without data", "warn"),
        notice(4, "binance is up"),
        notice(5, "binance is stale: 3.4 s without data", "warn", "eth"),
    )
    assert [one.text for one in lines] == [
        "x2 binance is stale: 12 s without data",
        "x2 binance is up",
        "binance is stale: 3.4 s without data",
    ]
    assert lines[0].at_ns == START_NS + 3 * NS_PER_S


def test_two_fills_are_two_lines_and_long_ago_is_news_again() -> None:
    fills = told(notice(1, "bought up 25 at 0.57"), notice(2, "bought up 25 at 0.58"))
    assert len(fills) == 2
    # Letters, as numbers would make them all one trouble.
    others = [notice(2 + at, chr(97 + at % 26) * (1 + at // 26), "warn") for at in range(60)]
    lines = told(notice(1, "binance is up"), *others, notice(99, "binance is up"))
    assert [one.text for one in lines].count("binance is up") == 2


def ours(engine_first: bool) -> TerminalState:
    """A pause of ours, acknowledged, with what the engine says of it to every face."""
    state = TerminalState()
    state.hear(AccountFrame(account_at(0)), 0.0)
    state.asked(Command(1, Action.PAUSE, "btc"))
    words = "pause from terminal is in force and on disk, #41"
    said = NoticeFrame(Notice(START_NS + NS_PER_S, "info", "btc", words, (41,)))
    answers = [said, Ack(1, (41,))] if engine_first else [Ack(1, (41,)), said]
    for answer in answers:
        state.hear(answer, 1.0)
    return state


def test_a_command_is_one_line_that_changes_its_state() -> None:
    for engine_first in (True, False):
        state = ours(engine_first)
        assert [one.text for one in state.notices] == ["pause BTC sent > #41 kept"]
    state.asked(Command(2, Action.PAUSE, "btc"))
    assert [one.text for one in state.notices][1:] == ["pause BTC sent"]


def test_a_command_of_another_face_has_its_line() -> None:
    state = ours(engine_first=True)
    words = "resume from terminal 2 is in force and on disk, #50"
    state.hear(NoticeFrame(Notice(START_NS, "info", "btc", words, (50,))), 2.0)
    assert words in [one.text for one in state.notices]


def test_a_long_line_goes_on_below_and_in_one_row_keeps_its_number() -> None:
    words = "no entries until it has cooled down: spread spike: 14.4 > 10 x average"
    line = notice(1, words, "error")
    assert "14.4 > 10" in plain(log_lines([line], 0, STYLES, 80, 1))
    two = plain(log_lines([line], 0, STYLES, 80, 3)).split("\n")
    assert two[0].endswith("spread spike: 14.4 > 10 x")
    assert two[1].strip() == "average"
    counted = ToldLines()
    for _ in range(12):
        counted.hear(line)
    assert "x12 no entries" in plain(log_lines(list(counted), 0, STYLES, 80, 1))
    for height in range(1, 6):
        assert len(log_lines([line] * 9, 3, STYLES, 80, height)) == height


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("btc-updown-5m-1795187100 settled up", "BTC 5m 15:05-15:10 settled up"),
        ("who won sol-updown-15m-1795187700 was", "who won SOL 15m 15:15-15:30 was"),
        ("eth-updown-4h-1795176000: late", "ETH 4h 12:00-16:00: late"),
        ("type `polytui redeem btc-updown-5m-1795187100` now",
         "type `polytui redeem btc-updown-5m-1795187100` now"),
        ("bitcoin-up-or-down-10am-et settled", "bitcoin-up-or-down-10am-et settled"),
    ],
)  # fmt: skip
def test_rounds_are_called_by_their_time(told: str, shown: str) -> None:
    assert rounds_named(told) == shown


@pytest.mark.parametrize(("zone", "words"), [("UTC", ""), ("Asia/Kolkata", "18:45")])
def test_the_time_where_the_terminal_stands(
    zone: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert figures.local_clock(START_NS) == words
        span = figures.span_here(START_NS, START_NS + 300 * NS_PER_S, 100)
        assert span.startswith("13:15-13:20")
        assert span.endswith(" here") is bool(words)
        assert words in span
        assert figures.span_here(START_NS, START_NS + 300 * NS_PER_S, 99) == "13:15-13:20"
        lines = account_lines(account_at(0), AccountLook(load_themes()["night"], "demo"), 200)
        assert ("here" in plain(lines)) is bool(words)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("bitcoin-up-or-down-november-27-2026-3pm-et opened", "BTC 1h 20:00-21:00 opened"),
        ("solana-up-or-down-july-4-2026-12am-et: won", "SOL 1h 04:00-05:00: won"),
        ("xrp-up-or-down-january-1-2027-12pm-et", "XRP 1h 17:00-18:00"),
        ("xrp-up-or-down-nevember-1-2027-12pm-et", "xrp-up-or-down-nevember-1-2027-12pm-et"),
        ("ethereum-up-or-down-may-32-2026-1am-et", "ethereum-up-or-down-may-32-2026-1am-et"),
        ("`polytui why bitcoin-up-or-down-may-2-2026-1am-et`",
         "`polytui why bitcoin-up-or-down-may-2-2026-1am-et`"),
        ("btc-updown-4h-1795219200 and eth-updown-5m-1795180500",
         "BTC 4h 00:00-04:00 and ETH 5m 13:15-13:20"),
    ],
)  # fmt: skip
def test_rounds_are_called_by_their_time_in_utc(text: str, named: str) -> None:
    assert rounds_named(text) == named
