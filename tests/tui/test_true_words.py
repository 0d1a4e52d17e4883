"""What is said is true and whole: reasons keep their numbers, states are words, old values are
old, and what stops the account stands over it once."""

from __future__ import annotations

import re

import pytest
from attrs import evolve
from fake_engine import NAMES, START_NS, account_at, asset_at, feeds_of
from hypothesis import example, given
from hypothesis import strategies as st

from polytui.model.effects import Reason, Why
from polytui.model.snapshot import (
    AccountView,
    AssetState,
    AssetView,
    BreakerView,
    FeedState,
    LimitView,
    RoundView,
    SignalView,
)
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.panels.account import AccountLook, account_lines
from polytui.tui.panels.arrangement import Layout, laid_out
from polytui.tui.panels.asset import Look, asset_panel
from polytui.tui.panels.feeds import feed_bar
from polytui.tui.panels.page import PageLook, Scroll
from polytui.tui.panels.reasons import fitted, said, wrapped
from polytui.tui.panels.risk import risk_panel
from polytui.tui.panels.signals import signal_rows
from polytui.tui.panels.state import stop_words
from polytui.tui.panels.zoom import zoom_panel
from polytui.tui.styles import plain, styles_of
from polytui.tui.theme import load_themes

NIGHT = load_themes()["night"]
STYLES = styles_of(NIGHT)
SCREENS = ((80, 24), (100, 30), (120, 36), (200, 60), (60, 20), (128, 38))
UNITS = ("", "bps", "bps on average", "USD", "ms", "s", "s seen", "% of the peak", "rounds")
NAMES_OF_STRATEGIES = ("settlement_sniper", "momentum_score", "predictor")
NUMBERS = st.floats(-2_000_000, 2_000_000, allow_nan=False).map(lambda value: round(value, 5))
WHYS = st.builds(Why, st.sampled_from(Reason), NUMBERS, NUMBERS, st.sampled_from(UNITS))


def number_of(reason: str) -> str:
    """Its value, sign and limit as the screen says them; empty where it has none."""
    found = re.search(r": (-?[\d,.e+-]+ (?:<|>|>=) -?[\d,.e+-]+)", said(reason))
    return found[1] if found else ""


def of_interval(view: AssetView, at: int) -> AssetView:
    """With its round of 5 or of 15 minutes alone."""
    return evolve(view, rounds=(view.rounds[at],))


def with_round(view: AssetView, **changes: object) -> AssetView:
    first, *others = view.rounds
    return evolve(view, rounds=(evolve(first, **changes), *others))


def panel_size(width: int, height: int) -> tuple[int, int]:
    """Of one asset of four on a screen of this size, its header's third line there."""
    plan = laid_out(Layout.ASSETS, [(name, ("5m",)) for name in NAMES], width, height, head_rows=3)
    high = (height - 3 - 2 - plan.log_rows) // plan.rows
    return width // plan.columns, high


def board(view: AssetView, width: int, height: int) -> str:
    return plain(asset_panel("btc", view, Look(NIGHT, 1), *panel_size(width, height)))


# --- reasons ----------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [0, 1])
@pytest.mark.parametrize("size", SCREENS)
@given(why=WHYS, is_live=st.booleans(), direction=st.sampled_from(["up", "down", ""]))
@example(why=Why(Reason.FORECAST_OFF, 1.312, 1.3, "sigmas"), is_live=True, direction="up")
@example(why=Why(Reason.POSITION_HELD, -6.24, 1.52, "USD left of it"), is_live=True, direction="up")
def test_the_number_is_never_what_is_cut(
    why: Why, is_live: bool, direction: str, size: tuple[int, int], interval: int
) -> None:
    signals = tuple(
        SignalView(name, direction, 214.0, why.text(), 0.82, 1_234.5, is_live)
        for name in NAMES_OF_STRATEGIES
    )
    view = of_interval(asset_at("btc", 40), interval)
    view = with_round(view, signals=signals, block=why.text())
    number = number_of(why.text())
    for text in (
        board(view, *size),
        plain(zoom_panel("btc", view, Look(NIGHT, 1), "", size[0], size[1] - 8)),
    ):
        reasons = [row for row in text.split("\n") if number in row]
        assert reasons, (number, text)


@given(why=WHYS, width=st.integers(12, 90))
def test_a_reason_takes_its_cells_and_keeps_its_number(why: Why, width: int) -> None:
    text, number = fitted(why.text(), width), number_of(why.text())
    assert len(text) <= max(width, len(number.split(" ")[0]))
    assert number in text or len(number) > width
    for rows in (1, 2, 3):
        lines = wrapped(why.text(), width, rows)
        assert len(lines) <= rows
        assert any(number in line for line in lines) or len(number) > width


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("width", [26, 36])
def test_a_reason_without_a_number_is_words_that_fit(reason: Reason, width: int) -> None:
    assert len(fitted(Why(reason).text(), width)) <= width


def test_edges_are_cents_and_other_bps_are_not() -> None:
    assert said("edge small: 41 < 60 bps") == "edge small: 0.41 < 0.6 c"
    assert said("edge small: 1,041 < 6,000 bps on average") == (
        "edge small: 10.41 < 60 c on average"
    )
    assert said("claim shrunk by its record: 90 < 150 bps of 214 claimed") == (
        "claim shrunk by its record: 0.9 < 1.5 c of 2.14 claimed"
    )
    assert said("consensus unsure: 41 > 10 bps") == "consensus unsure: 41 > 10 bps"
    assert said("edge small: 59.98 < 60.00 bps") == "edge small: 0.5998 < 0.60 c"


@given(NUMBERS, NUMBERS)
def test_two_numbers_that_differ_in_bps_differ_in_cents(value: float, limit: float) -> None:
    text = said(Why(Reason.EDGE_SMALL, value, limit, "bps").text())
    first, second = re.findall(r"-?\d+(?:\.\d+)?", text)
    assert (float(first) == float(second)) is (value == limit)


def test_breakers_keep_their_numbers_beside_the_time() -> None:
    why = Why(Reason.DIVERGENCE, 0.3123, 0.25, "USD").text()
    view = evolve(asset_at("btc", 0), breakers=(BreakerView(why, START_NS + 4_000 * NS_PER_S),))
    for width, height in SCREENS:
        text = plain(risk_panel(None, [view], PageLook(NIGHT, "btc"), Scroll(), width, height))
        assert "0.312 > 0.25" in text
        assert "1:06:40" in text


# --- states -----------------------------------------------------------------------------------


def upper_edge(view: AssetView, width: int, **look: object) -> str:
    lines = asset_panel("btc", view, Look(NIGHT, 1, **look), width, 9)  # type: ignore[arg-type]
    return plain(lines).split("\n")[0]


SPREAD = "spread spike: 14.4 > 10 x average"
BREAKER = BreakerView(SPREAD, START_NS + 42 * NS_PER_S)


@pytest.mark.parametrize(
    ("changes", "block", "words"),
    [
        ({}, "", "● trading"),
        ({}, "book late: 6,200 > 5,000 ms", "◌ blocked: book late"),
        ({"breakers": (BREAKER,)}, SPREAD, "◌ blocked: spread, 42 s"),
        ({"state": AssetState.PAUSED, "detail": "by command"}, "paused", "‖ paused by you"),
        (
            {"state": AssetState.PAUSED, "detail": "by command", "is_flattened": True},
            "paused",
            "‖ flattened by you",
        ),
        (
            {"state": AssetState.PAUSED, "detail": "drawdown limit: 61.2 > 60 USD"},
            "drawdown limit: 61.2 > 60 USD",
            "■ drawdown FULL",
        ),
        (
            {"state": AssetState.PAUSED, "detail": "losses in a row: 3 >= 3 rounds"},
            "losses in a row: 3 >= 3 rounds",
            "■ losses in a row FULL",
        ),
        ({"state": AssetState.PAUSED, "detail": "halted: 3 >= 3 crashes"}, "", "‖ paused: halted"),
    ],
)
def test_a_card_has_one_word_for_what_it_is_about(
    changes: dict[str, object], block: str, words: str
) -> None:
    view = with_round(evolve(asset_at("btc", 0), **changes), block=block)
    assert words in upper_edge(view, 60)


@pytest.mark.parametrize("width", [36, 40, 44, 50, 60])
@pytest.mark.parametrize("left_s", [1, 9, 42, 99, 100, 899, 4_000])
def test_the_seconds_of_a_breaker_and_of_the_round_are_whole(width: int, left_s: int) -> None:
    breaker = BreakerView(SPREAD, START_NS + left_s * NS_PER_S)
    view = with_round(evolve(asset_at("btc", 0), breakers=(breaker,)), block=SPREAD)
    edge = upper_edge(view, width)
    time = f"{left_s} s" if left_s < 100 else figures.left(left_s * NS_PER_S)
    assert f"spread, {time} " in edge
    assert "05:00" in edge
    assert "…" not in edge


def test_a_breaker_of_another_kind_does_not_lend_its_seconds() -> None:
    view = evolve(asset_at("btc", 0), breakers=(BREAKER,))
    late = with_round(view, block="book late: 6,200 > 5,000 ms")
    assert "blocked: book late ─" in upper_edge(late, 60)


def stopped(name: str, used: float, allowed: float, unit: str = "USD") -> AccountView:
    limit = LimitView(name, used, allowed, unit)
    return evolve(account_at(0), limits=(limit,))


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (stopped("drawdown limit", 61.2, 60.0), "drawdown FULL: 61.20 of 60 USD"),
        (stopped("drawdown of the peak", 10.0, 10.0, "%"), "drawdown FULL: 10 of 10 %"),
        (stopped("daily loss limit", 100.0, 100.0), "daily loss FULL: 100 of 100 USD"),
        (stopped("trades of the day", 500.0, 500.0, "trades"), "trades of the day FULL: 500 of"),
        (account_at(0, is_killed=True), "KILLED: daily loss limit: 100 of 100 USD"),
    ],
)
@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_what_stops_the_account_stands_over_it_once(
    account: AccountView, words: str, width: int
) -> None:
    views = [asset_at(name, 0) for name in NAMES]
    stop = stop_words(account, views)
    lines = account_lines(account, AccountLook(NIGHT, "demo", stop=stop), width)
    assert len(lines) == 3
    assert f"■ {words}" in plain(lines[2:])
    why = "drawdown limit: 61.2 > 60 USD"
    view = evolve(views[0], state=AssetState.PAUSED, detail=why)
    assert "61.2" not in plain(asset_panel("btc", view, Look(NIGHT, 1), 40, 9)).split("\n", 1)[0]
    assert "! drawdown" not in plain(asset_panel("btc", view, Look(NIGHT, 1), 40, 9))


@pytest.mark.parametrize("name", ["account limit", "cash", "open positions limit"])
def test_a_limit_that_one_settlement_frees_stops_no_account(name: str) -> None:
    assert stop_words(stopped(name, 300.0, 300.0), []) == ("", "")
    assert stop_words(stopped("drawdown limit", 59.99, 60.0), []) == ("", "")
    assert len(account_lines(account_at(0), AccountLook(NIGHT, "demo"), 80)) == 2


def test_a_card_of_a_full_account_says_so() -> None:
    assert "■ drawdown FULL" in upper_edge(asset_at("btc", 0), 40, full="drawdown")


# --- ages -------------------------------------------------------------------------------------


def styles_of(view: AssetView, value: str, size: tuple[int, int]) -> set[str]:
    return {
        part.style.color.name
        for one in asset_panel("btc", view, Look(NIGHT, 1), *size)
        for part in one
        if value in part.text and part.style is not None and part.style.color is not None
    }


@pytest.mark.parametrize("size", [(40, 9), (60, 14), (100, 25)])
def test_a_fair_value_that_stands_says_since_when(size: tuple[int, int]) -> None:
    view = with_round(asset_at("btc", 0), fair_up=0.6327, fair_age_ms=0)
    assert "◐" not in plain(asset_panel("btc", view, Look(NIGHT, 1), *size))
    assert styles_of(view, "0.633", size) == {NIGHT.colours.text}
    old = with_round(view, fair_age_ms=180_000)
    assert "◐ 3 min" in plain(asset_panel("btc", old, Look(NIGHT, 1), *size))
    assert styles_of(old, "0.633", size) == {NIGHT.colours.stale}


@pytest.mark.parametrize("size", [(40, 9), (100, 25)])
def test_a_book_that_nobody_touches_says_since_when(size: tuple[int, int]) -> None:
    view = asset_at("btc", 0)
    book = view.rounds[0].book
    assert book is not None
    still = with_round(view, book=evolve(book, age_ms=42_000), fair_up=0.6327)
    assert "42 s old" in plain(asset_panel("btc", still, Look(NIGHT, 1), *size))
    assert styles_of(still, "0.633", size) == {NIGHT.colours.text}


@pytest.mark.parametrize("seconds", [-1.0, -498_798.6 * 3600, 498_798.6 * 3600, float("nan")])
def test_what_no_age_can_be_is_a_dash(seconds: float) -> None:
    assert figures.age(seconds) == "–"


# --- money ------------------------------------------------------------------------------------

MONEY = st.integers(-9_999_999 * MICRO, 9_999_999 * MICRO)


@given(up=st.integers(0, 10**12), down=st.integers(0, 10**12), cost=MONEY, pnl=MONEY)
def test_no_number_of_a_holding_is_cut(up: int, down: int, cost: int, pnl: int) -> None:
    view = with_round(
        evolve(asset_at("btc", 0), realised_pnl=pnl, marked_pnl=-pnl),
        up_shares=up,
        down_shares=down,
        cost=cost,
        marked_pnl=pnl,
        strike=1_234_567.89,
    )
    for width, height in SCREENS:
        rows = board(view, width, height).split("\n")
        mine = [row for row in rows if re.search(r"Up \d|Down \d|flat|realised|strike|fair", row)]
        assert mine
        assert not [row for row in mine if "…" in row]


def test_one_line_for_one_signal_at_every_width_down_to_a_cell() -> None:
    shown: RoundView = asset_at("btc", 0).rounds[0]
    for width in range(20, 120):
        for signal in shown.signals:
            (line,) = signal_rows((signal,), STYLES, width, 1)
            assert sum(len(part.text) for part in line) == width


# --- feeds ------------------------------------------------------------------------------------


def feed_bar_of(count_down: int, width: int) -> str:
    """Of four assets of three feeds each, so many of which are down for 12 s."""
    views, left = [], count_down
    for name in NAMES:
        feeds = []
        for feed in feeds_of(name):
            state = FeedState.DOWN if left > 0 else FeedState.UP
            feeds.append(evolve(feed, state=state, age_ms=12_300 if left > 0 else 10))
            left -= 1
        views.append(evolve(asset_at(name, 0), feeds=tuple(feeds)))
    return plain([feed_bar(tuple(views), STYLES, width)])


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_no_network_is_words_and_what_to_do(width: int) -> None:
    text = feed_bar_of(12, width)
    assert "0 of 12 up" in text
    assert "try: " in text
    assert text.rstrip().endswith("doctor")
    assert not re.search(r"-\d| h", text)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("down", range(12))
def test_feeds_that_are_down_are_named_whole_or_counted(down: int, width: int) -> None:
    text = feed_bar_of(down, width)
    assert f"{12 - down} of 12 up" in text
    assert "…" not in text
    named = len(re.findall(r"○ \w+ down 12 s", text))
    more = re.search(r"\+(\d+)", text)
    assert named + (int(more[1]) if more else 0) == down


@pytest.mark.parametrize("width", [36, 40, 50, 60, 100])
def test_a_card_counts_its_feeds_where_it_cannot_name_them(width: int) -> None:
    many = tuple(evolve(feeds_of("btc")[0], name=f"feed{at}") for at in range(6))
    for state, count in ((FeedState.UP, 6), (FeedState.STALE, 5)):
        feeds = (*many[:5], evolve(many[5], state=state))
        view = evolve(asset_at("btc", 0), feeds=feeds)
        edge = plain(asset_panel("btc", view, Look(NIGHT, 1), width, 9)).split("\n")[-1]
        assert f"{count} of 6 feeds up" in edge or all(one.name in edge for one in feeds)
        assert "…" not in edge


@pytest.mark.parametrize("width", range(60, 201))
def test_no_number_of_the_header_is_cut_at_any_width(width: int) -> None:
    for mode in ("demo", "paper", "live"):
        for age_s in (0.0, 725.0):
            look = AccountLook(NIGHT, mode, age_s, session="20261126-102953-demo-27500")
            assert "…" not in plain(account_lines(account_at(0, mode), look, width))
