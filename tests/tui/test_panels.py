"""Panels as text: what they say, at every width, without an app."""

from __future__ import annotations

import pytest
from attrs import evolve
from fake_engine import NAMES, START_NS, WALLET, account_at, asset_at, consensus_at, feeds_of
from rich.cells import cell_len

from polytui.model.events import Action
from polytui.model.snapshot import (
    NO_CONSENSUS,
    AssetState,
    AssetView,
    FeedState,
    FeedView,
    Notice,
    OrderView,
    RoundView,
    SignalView,
)
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.actions import ACTIONS, Area
from polytui.tui.keymap import Hint, Keymap
from polytui.tui.panels import figures
from polytui.tui.panels.account import AccountLook, account_lines, live_name
from polytui.tui.panels.arrangement import Layout, laid_out
from polytui.tui.panels.asset import Look, asset_panel
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.feeds import feed_bar
from polytui.tui.panels.keys import Alarm, alarm_lines, key_line
from polytui.tui.panels.ladder import ladder
from polytui.tui.panels.log import last_words, log_lines
from polytui.tui.panels.page import Scroll
from polytui.tui.panels.signals import signal_rows
from polytui.tui.panels.zoom import zoom_panel
from polytui.tui.screens.bottom import bottom_lines
from polytui.tui.screens.help import help_lines
from polytui.tui.screens.quit import Parting, quit_lines
from polytui.tui.state import TerminalState
from polytui.tui.styles import Line, faded, plain, styles_of
from polytui.tui.theme import load_themes
from polytui.tui.two_step import Danger, Trigger

THEMES = load_themes()
NIGHT = THEMES["night"]
STYLES = styles_of(NIGHT)
BOARD = frozenset((Area.ALWAYS, Area.ENGINE, Area.BOARD))
BOARD_HINTS = Keymap().hints(BOARD)
SIZES = [(30, 3), (36, 4), (38, 6), (40, 8), (40, 9), (60, 13), (80, 17), (100, 25), (160, 50)]


def text_of(lines: list[Line]) -> str:
    return plain(lines)


def panel(view: AssetView | None, width: int = 40, height: int = 9, **look: object) -> str:
    return text_of(asset_panel("btc", view, Look(NIGHT, 1, **look), width, height))  # type: ignore[arg-type]


def with_round(view: AssetView, **changes: object) -> AssetView:
    first, *others = view.rounds
    return evolve(view, rounds=(evolve(first, **changes), *others))


def test_a_panel_at_80_by_24_says_all_that_matters() -> None:
    view = with_round(
        evolve(asset_at("btc", 0), consensus=consensus_at(92_013.4)),
        strike=91_990.3,
        fair_up=0.613,
        up_shares=25 * MICRO,
        cost=14_250_000,
        marked_pnl=1_020_000,
    )
    text = panel(view)
    for words in (
        "1 BTC  ● trading", "5m 05:00 left", "92,013.40", "▲ +23.10",
        "strike 91,990.30", "fair 0.613", "market ", "Up 25.00",
        "cost 14.25", "round +1.02", "● consensus", "● binance",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", ["btc", "xrp"])
def test_every_size_gives_exactly_that_many_cells(name: str, width: int, height: int) -> None:
    view = asset_at(name, 137)
    bare = evolve(view, rounds=(), feeds=(), consensus=NO_CONSENSUS)
    no_book = with_round(view, book=None, strike=None, fair_up=None, signals=())
    for shown in (view, bare, no_book, None):
        for age_s in (0.0, 5.0):
            look = Look(NIGHT, 1, age_s=age_s)
            for lines in (
                asset_panel(name, shown, look, width, height),
                zoom_panel(name, shown, look, "", width, height),
            ):
                assert len(lines) == height
                widths = {sum(cell_len(segment.text) for segment in one) for one in lines}
                assert widths == {width}


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_lines_across_the_screen_fit_it(width: int) -> None:
    views = tuple(asset_at(name, 9) for name in ("btc", "eth"))
    for mode in ("demo", "paper", "live", "replay"):
        lines = account_lines(account_at(3, mode), AccountLook(NIGHT, mode), width)
        lines += alarm_lines(Alarm("title " * 30, "hint", "5 s"), NIGHT, width)
        lines += [key_line(BOARD_HINTS, NIGHT, width), feed_bar(views, STYLES, width)]
        assert {sum(cell_len(segment.text) for segment in one) for one in lines} == {width}


def test_unknown_things_are_said_not_guessed() -> None:
    view = evolve(asset_at("btc", 0), consensus=NO_CONSENSUS)
    text = panel(with_round(view, strike=None, fair_up=None, book=None, signals=()), height=10)
    assert "strike unknown" in text
    assert "fair –  market –" in text
    assert "no book yet" in text
    assert "no signal yet" in text
    assert "waiting for the engine" in panel(None)
    assert "no round yet" in panel(evolve(view, rounds=()))


def test_a_reason_is_shown_when_nothing_is_wanted() -> None:
    view = with_round(
        asset_at("btc", 0),
        signals=(SignalView("distance_fade", "", 41.0, "edge small: 41 < 60 bps"),),
    )
    assert "– edge small: 0.41 < 0.6 c" in panel(view)


def test_up_and_down_are_words_as_well_as_colours() -> None:
    def says(direction: str) -> str:
        signal = SignalView("distance_fade", direction, 86.0, "")
        return panel(with_round(asset_at("btc", 0), signals=(signal,)))

    assert "▲ UP edge +0.9 c" in says("up")
    assert "▼ DOWN edge +0.9 c" in says("down")


# --- signals --------------------------------------------------------------------------------

LEANS = SignalView("distance_fade", "up", 214.0, "", 0.82, 20.0)
LATE = SignalView("settlement_sniper", "down", 133.0, "too early: 214 > 75 s left", 0.97, 12.5)
THIN = SignalView("confluence", "up", 41.0, "edge small: 41 < 150 bps", 0.66, 0.0)
SHADOW = SignalView("momentum_score", "down", 88.0, "in shadow: not enabled", 0.7, 9.0, False)
IDLE = SignalView("predictor", "", None, "no model", None, 0.0, False)
ALL = (IDLE, SHADOW, LATE, LEANS, THIN)


def signal_text(signals: tuple[SignalView, ...], width: int, rows: int) -> list[str]:
    return text_of(signal_rows(signals, STYLES, width, rows)).split("\n")


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (LEANS, "◆ trades ▲ UP edge +2.1 c $20.00"),
        (LATE, "◆ ▼ too early: 214 > 75 s left"),
        (THIN, "◆ trades ▲ edge small: 0.41 < 1.5 c"),
        (SHADOW, "◇ watches ▼ DOWN edge +0.9 c $9.00"),
        (IDLE, "◇ watches – no model       predictor"),
    ],
)
def test_one_line_of_a_signal_at_80_by_24(signal: SignalView, words: str) -> None:
    assert signal_text((signal,), 36, 1) == [words]


def test_where_one_line_is_all_the_one_that_matters_most_has_it() -> None:
    assert signal_text(ALL, 36, 1) == ["◆ trades ▲ UP edge +2.1 c $20.00"]
    assert "too early" in signal_text((IDLE, SHADOW, LATE), 36, 1)[0]
    assert "DOWN" in signal_text((IDLE, SHADOW), 36, 1)[0]


def test_signals_keep_their_places_and_their_names() -> None:
    assert signal_text(ALL, 56, 5) == [
        "◇ predictor         – no model",
        "◇ momentum_score    ▼ DOWN edge +0.9 c 70% sure $9.00",
        "◆ settlement_sniper ▼ too early: 214 > 75 s left",
        "◆ distance_fade     ▲ UP edge +2.1 c 82% sure $20.00",
        "◆ confluence        ▲ UP edge small: 0.41 < 1.5 c",
    ]
    assert [row[:4] for row in signal_text(ALL, 56, 3)] == ["◆ se", "◆ di", "◆ co"]


def test_two_lines_a_signal_hold_every_figure() -> None:
    assert signal_text((LEANS, LATE, SHADOW), 44, 6) == [
        "◆ trades distance_fade  ▲ UP 82% sure $20.00",
        "  edge +2.1 c",
        "◆ settlement_sniper   ▼ DOWN 97% sure $12.50",
        "  edge +1.3 c  too early: 214 > 75 s left",
        "◇ momentum_score       ▼ DOWN 70% sure $9.00",
        "  edge +0.9 c",
    ]


def test_numbers_of_gates_are_not_cut_for_more_signals() -> None:
    assert signal_text(ALL, 30, 2) == [
        "◆ distance_fade    ▲ UP $20.00", "  edge +2.1 c",
    ]  # fmt: skip


def test_wide_tables_have_every_column() -> None:
    rows = signal_text(ALL, 100, 6)
    assert rows[0].split() == ["wants", "sure", "edge", "c", "size", "USD", "in", "the", "way"]
    assert rows[3] == (
        "◆ trades  settlement_sniper ▼ DOWN    97%      +1.3     12.50  too early: 214 > 75 s left"
    )
    assert rows[4].endswith("+2.1     20.00  nothing")
    assert rows[1].startswith(
        "◇ watches predictor         –           –         –         –  no learned model"
    )
    assert len(signal_text(ALL, 100, 5)) == 5


@pytest.mark.parametrize("width", [26, 30, 36, 43, 56, 84, 110])
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 10, 12])
def test_signals_never_take_more_than_their_rows(width: int, rows: int) -> None:
    for signals in (ALL, ALL[:1], (), tuple(evolve(one, strategy="x" * 99) for one in ALL)):
        lines = signal_rows(signals, STYLES, width, rows)
        assert 1 <= len(lines) <= rows
        assert {sum(cell_len(part.text) for part in one) for one in lines} == {width}


def test_the_zoom_tells_live_from_shadow_in_words() -> None:
    view = asset_at("btc", 40)
    for width, height in ((80, 17), (120, 40), (200, 50)):
        text = text_of(zoom_panel("btc", view, Look(NIGHT, 1), "", width, height))
        assert "◆ trades  ◇ watches" in text
        for signal in view.rounds[0].signals:
            assert signal.strategy[:9] in text


@pytest.mark.parametrize("state", list(AssetState))
def test_every_state_is_a_word(state: AssetState) -> None:
    text = panel(evolve(asset_at("btc", 0), state=state, detail="three crashes in ten minutes"))
    assert state.value in text.lower()
    assert ("! three crashes" in text) is (state is not AssetState.KILLED)


def test_old_views_say_their_age_and_lose_their_colours() -> None:
    view = asset_at("btc", 0)
    assert "old" not in panel(view, age_s=0.9)
    assert "3.2 s old" in panel(view, age_s=3.2)
    colours = {
        segment.style.color.name
        for one in asset_panel("btc", view, Look(NIGHT, 1, age_s=3.2), 40, 9)
        for segment in one
        if segment.style is not None and segment.style.color is not None
    }
    assert NIGHT.colours.up not in colours
    assert NIGHT.colours.stale in colours


def test_a_command_on_its_way_is_shown() -> None:
    assert "pause sent" in panel(asset_at("btc", 0), width=60, note="pause sent")


def test_feeds_that_are_not_up_say_so_in_words() -> None:
    stale = FeedView("binance", FeedState.STALE, 12_300, 5, 2, 1, 0)
    view = evolve(asset_at("btc", 0), feeds=(*feeds_of("btc")[:2], stale))
    assert "◐ binance stale" in panel(view, width=60)
    bar = text_of([feed_bar((view, asset_at("eth", 0)), STYLES, 100)])
    assert "5 of 6 up" in bar
    assert "BTC ◐ binance stale 12 s" in bar
    assert "reconnects 2" in bar
    assert "rejected frames 1" in bar


def test_the_ladder_has_asks_above_bids_and_marks_our_orders() -> None:
    shown = current_round(asset_at("btc", 0))
    assert shown is not None
    assert shown.book is not None
    best_bid, best_ask = shown.book.bids[0][0], shown.book.asks[0][0]
    orders = (
        OrderView("1", "up", "buy", best_bid, 25 * MICRO, 5 * MICRO, "live"),
        OrderView("2", "down", "buy", MICRO - best_ask, 7 * MICRO, 0, "unknown"),
        OrderView("3", "up", "buy", best_bid, 99 * MICRO, 0, "dead"),
    )
    rows = text_of(ladder(evolve(shown, orders=orders), STYLES, 46, 9)).split("\n")
    prices = [float(row[4:9]) for row in rows if "mid" not in row]
    assert prices == sorted(prices, reverse=True)
    assert "spread 0.01" in rows[4]
    assert rows[3].startswith("ask")
    assert rows[3].endswith("◂7.00")
    assert rows[5].startswith("bid")
    assert rows[5].endswith("◂20.00")


def test_a_one_sided_book_is_named() -> None:
    shown = current_round(asset_at("btc", 0))
    assert shown is not None
    assert shown.book is not None
    lonely = evolve(shown, book=evolve(shown.book, bids=()))
    assert "no bids" in text_of(ladder(lonely, STYLES, 40, 5))


def test_the_keys_a_stranger_needs_fit_80_cells_whole() -> None:
    assert text_of([key_line(BOARD_HINTS, NIGHT, 80)]) == (
        " 1-4 asset  Enter zoom  K KILL  s strategy  r risk  e settings  q quit  ? help"
    )
    two = (Hint("strategy", ("s",)), Hint("risk", ("r",)))
    assert text_of([key_line(two, NIGHT, 19)]) == " s strategy  r risk"
    assert text_of([key_line(two, NIGHT, 18)]) == " s strategy"


def test_the_help_names_every_key_that_there_is_and_cuts_none() -> None:
    keymap, rows = Keymap(), 100
    text = text_of(help_lines(NIGHT, keymap, BOARD, Scroll(), (68, rows)))
    for action in ACTIONS:
        assert keymap.shown(action.id) in text.replace("1-4", "1 2 3 4")
    for key in ("s  ", "r  ", "e  ", "K, twice  ", "◆ trades ◇ watches", "!  ■", "pnl, realised"):
        assert f"│ {key}" in text, key
    assert "…" not in text


def test_the_help_scrolls_where_it_has_no_room() -> None:
    scroll, size = Scroll(), (68, 24)
    first = help_lines(NIGHT, Keymap(), BOARD, scroll, size)
    scroll.move(10_000)
    last = help_lines(NIGHT, Keymap(), BOARD, scroll, size)
    assert "lines 1-22 of" in text_of(first)
    assert "pause, halt, stop" not in text_of(first)
    assert "pause, halt, stop" in text_of(last)


def test_thousandth_ticks_get_their_decimal() -> None:
    assert figures.price(967_000, 1_000) == "0.967"
    assert figures.price(530_000) == "0.53"


def test_rounds_are_chosen_by_time() -> None:
    view = asset_at("btc", 0)

    def at(shift_s: int) -> RoundView | None:
        return current_round(evolve(view, at_ns=START_NS + shift_s * NS_PER_S))

    short, long = view.rounds
    assert at(0) is short
    assert at(301) is long
    assert at(901) is long
    assert at(-1) is short
    assert "opens in 00:05" in panel(evolve(view, at_ns=START_NS - 5 * NS_PER_S))
    assert "settling" in panel(evolve(view, rounds=(short,), at_ns=START_NS + 301 * NS_PER_S))


def test_the_zoom_shows_all_rounds_signals_and_feeds() -> None:
    view = asset_at("btc", 40)
    text = text_of(zoom_panel("btc", view, Look(NIGHT, 1), view.rounds[1].slug, 120, 40))
    for words in ("▸ 15m", "  5m", "distance_fade", "momentum_score", "1,200 msgs", "orders"):
        assert words in text, words


def test_the_account_says_mode_money_and_kill_switch() -> None:
    text = text_of(account_lines(account_at(0), AccountLook(NIGHT, "demo"), 160))
    for words in (
        "DEMO x20",
        "cash 1,002.31",
        "realised ▲ +10.31",
        "pnl ",
        "exposure 57.00",
        "engine on time",
        "85 µs",
    ):
        assert words in text, words
    assert "kill switch ready" in text
    late = account_lines(evolve(account_at(0), behind_ms=1_240), AccountLook(NIGHT, "demo"), 80)
    assert "engine behind 1.2 s" in text_of(late)
    sent = text_of(account_lines(account_at(0), AccountLook(NIGHT, "demo", kill="KILL sent"), 160))
    assert "KILL sent" in sent
    killed = account_at(0, is_killed=True)
    assert "■ KILLED" in text_of(account_lines(killed, AccountLook(NIGHT, "demo"), 160))


@pytest.mark.parametrize("theme", sorted(THEMES))
@pytest.mark.parametrize("width", [40, 80, 100, 160])
@pytest.mark.parametrize("age_s", [0.0, 65.0])
def test_real_money_paints_the_whole_header_and_names_the_wallet(
    theme: str, width: int, age_s: float
) -> None:
    palette = THEMES[theme]
    look = AccountLook(palette, "live", age_s=age_s)
    lines = account_lines(account_at(0, "live"), look, width)
    assert text_of(lines[:1]).strip().startswith("LIVE 0x1d2f..3a4b")
    assert WALLET not in text_of(lines)
    for segment in (one for line in lines for one in line):
        assert segment.style is not None
        assert segment.style.reverse
        assert segment.style.color is not None
        assert segment.style.color.name == palette.colours.live


def test_the_header_says_how_far_the_ramp_is_and_what_moved() -> None:
    text = text_of(account_lines(account_at(0, "live"), AccountLook(NIGHT, "live"), 160))
    assert "ramp 1 of 3 rounds proven" in text
    assert "moved +20.00" in text
    done = evolve(account_at(0, "live"), ramp_rounds=0, moved=0)
    text = text_of(account_lines(done, AccountLook(NIGHT, "live"), 160))
    assert "ramp" not in text
    assert "moved" not in text


def test_the_header_says_what_is_won_and_why_it_waits() -> None:
    said = "12.50 dollars to come, 0 of 90 batches left today"
    view = evolve(account_at(0), winnings=said, working_orders=3)
    text = text_of(account_lines(view, AccountLook(NIGHT, "demo"), 200))
    assert f"winnings {said}" in text
    assert "winnings" not in text_of(account_lines(view, AccountLook(NIGHT, "demo"), 60))
    waits = evolve(
        view, winnings=f"{said}; waits: quota exceeded: 0 units remaining, resets in 9 s"
    )
    lines = account_lines(waits, AccountLook(NIGHT, "demo"), 130)
    assert "winnings wait: quota exceeded: 0 units remaining" in text_of(lines)
    (words,) = [one for line in lines for one in line if "quota" in one.text]
    assert words.style is not None
    assert words.style.color is not None
    assert words.style.color.name == NIGHT.colours.warn


def test_what_no_wallet_is_named_of_is_live_all_the_same() -> None:
    view = evolve(account_at(0, "live"), wallet="")
    assert text_of(account_lines(view, AccountLook(NIGHT, "live"), 100)).startswith("  LIVE  REAL")


def test_whoever_confirms_or_leaves_is_told_whose_money_it_is() -> None:
    for mode, named in (("live", True), ("demo", False)):
        state, trigger = TerminalState(), Trigger()
        state.account = account_at(0, mode)
        trigger.press(Danger(Action.FLATTEN, "btc", "F"), 0.0)
        text = text_of(bottom_lines(state, trigger, "", BOARD_HINTS, NIGHT, 1.0, 100))
        assert ("LIVE 0x1d2f..3a4b  FLATTEN BTC" in text) is named
        asked = text_of(quit_lines(Parting.STOP, NIGHT, 64, 9, live_name(state.account)))
        assert ("LIVE 0x1d2f..3a4b" in asked) is named


def test_a_feed_of_the_account_is_among_the_others_and_in_the_word_of_the_card() -> None:
    view = asset_at("btc", 0)
    down = FeedView("user", FeedState.DOWN, 12_000, 0, 0, 0, 0)
    view = evolve(with_round(view, block="user channel down: 12 > 0 s"), feeds=(*view.feeds, down))
    text = panel(view, 60)
    assert "blocked: user channel down" in text
    assert "BTC ○ user down 12 s" in text_of([feed_bar((view,), STYLES, 100)])


def test_the_account_says_how_old_it_is() -> None:
    old = AccountLook(NIGHT, "demo", age_s=65.0, link="ENGINE LOST")
    assert "ENGINE LOST 65 s old" in text_of(account_lines(account_at(0), old, 120))


def test_the_log_shows_the_newest_and_counts_what_was_missed() -> None:
    notices = [Notice(START_NS, "info", "btc", f"line {at}") for at in range(9)]
    assert text_of(log_lines(notices, 0, STYLES, 60, 2)).count("line") == 2
    assert "line 8" in text_of(log_lines(notices, 0, STYLES, 60, 2))
    missed = text_of(log_lines(notices, 1_234, STYLES, 80, 3))
    assert "1,234 earlier lines were missed" in missed
    assert "line 8" in missed


def test_text_from_outside_cannot_move_the_cursor() -> None:
    evil = Notice(0, "info", "btc", "a\x1b[2Jb\nc\u202ed")
    assert "\x1b" not in text_of(log_lines([evil], 0, STYLES, 60, 1))
    assert "a\\x1b[2Jb\\nc\\u202ed" in text_of(log_lines([evil], 0, STYLES, 60, 1))
    assert "\x1b" not in text_of(last_words(["\x1b[31mred"], STYLES, 60, 2))


@pytest.mark.parametrize("name", sorted(THEMES))
def test_panels_use_only_the_colours_of_their_theme(name: str) -> None:
    palette = THEMES[name]
    grounds = {palette.colours.background}
    lines = asset_panel("btc", asset_at("btc", 9), Look(palette, 1), 100, 25)
    assert {s.style.bgcolor.name for one in lines for s in one if s.style and s.style.bgcolor} == (
        grounds
    )
    assert faded(palette).up == faded(palette).down


@pytest.mark.parametrize(
    ("size", "count", "columns", "rows"),
    [((80, 24), 4, 2, 2), ((200, 60), 4, 2, 2), ((80, 24), 1, 1, 1),
     ((80, 24), 2, 2, 1), ((120, 36), 3, 1, 3)],
)  # fmt: skip
def test_the_board_divides_the_screen(
    size: tuple[int, int], count: int, columns: int, rows: int
) -> None:
    followed = [(name, ("5m",)) for name in NAMES[:count]]
    plan = laid_out(Layout.AUTO, followed, *size)
    assert (plan.columns, plan.rows) == (columns, rows)
    large = laid_out(Layout.AUTO, followed, *size, is_log_large=True)
    assert large.log_rows == size[1] // 2


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (figures.signed_money(12_310_000), "+12.31"),
        (figures.signed_money(-400_000), "-0.40"),
        (figures.signed_money(1), "0.00"),
        (figures.dollars(0), "–"),
        (figures.dollars(999_990_000), "999.99"),
        (figures.dollars(1_204_400_000), "1,204"),
        (figures.dollars(125_000 * MICRO), "125k"),
        (figures.dollars(12_345_678 * MICRO), "12.3M"),
        (figures.signed_dollars(-9_999_990_000), "-9,999.99"),
        (figures.signed_dollars(-12_045 * MICRO), "-12,045"),
        (figures.signed_dollars(12_045 * MICRO), "+12,045"),
        (figures.signed_dollars(1), "0.00"),
        (figures.shares(1_234_500_000), "1,234.5"),
        (figures.shares(35_000 * MICRO), "35,000"),
        (figures.shares(1_250_000 * MICRO), "1.25M"),
        (figures.coin(2.2034), "2.20340"),
        (figures.coin(139.874), "139.874"),
        (figures.coin(92_013.4), "92,013.40"),
        (figures.coin(None), "–"),
        (figures.left(151 * NS_PER_S), "02:31"),
        (figures.left(3_751 * NS_PER_S), "1:02:31"),
        (figures.left(-5), "00:00"),
        (figures.clock(START_NS), "13:15:00"),
        (figures.age(0.44), "0.4 s"),
        (figures.age(600), "10 min"),
        (figures.bar(0.5, 4), "██"),
        (figures.bar(2.0, 3), "███"),
    ],
)
def test_figures(written: str, words: str) -> None:
    assert written == words
