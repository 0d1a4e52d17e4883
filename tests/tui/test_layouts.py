"""What stands on the board: by what is followed and by the size, every fact there, every number
whole."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from fake_engine import NAMES, asset_at
from rich.cells import cell_len

from polytui.model.snapshot import AssetState, AssetView, RoundView
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.panels.arrangement import (
    CARD_HEIGHT,
    CARD_WIDTH,
    Followed,
    Layout,
    followed_of,
    following,
    laid_out,
    slots_of,
)
from polytui.tui.panels.asset import Look, asset_panel
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.round_table import GIVES_WAY, TableRow, round_table
from polytui.tui.screens.cards import Cards
from polytui.tui.screens.zoom import Zoom
from polytui.tui.state import TerminalState
from polytui.tui.styles import plain
from polytui.tui.theme import load_themes
from polytui.tui.traces import Traces

NIGHT = load_themes()["night"]
ALL = ("5m", "15m", "1h", "4h")
_MINUTES = {"5m": 5, "15m": 15, "1h": 60, "4h": 240}


def of(assets: int, intervals: int) -> Followed:
    return tuple((name, ALL[:intervals]) for name in NAMES[:assets])


def interval_of(view: AssetView, interval: str) -> RoundView:
    """A round of any length, with numbers of its own."""
    first = view.rounds[0]
    at = ALL.index(interval)
    return evolve(
        first,
        slug=f"{view.asset}-{interval}",
        interval=interval,
        closes_ns=first.opens_ns + _MINUTES[interval] * 60 * NS_PER_S,
        fair_up=0.611 + at / 100,
        up_shares=(25 + at) * MICRO,
        marked_pnl=(7 + at) * MICRO,
    )


def view_of(name: str, intervals: tuple[str, ...] = ALL) -> AssetView:
    view = asset_at(name, 137)
    return evolve(view, rounds=tuple(interval_of(view, one) for one in intervals))


def rows_of(assets: int, intervals: int, chosen: int = 0, **look: Any) -> list[TableRow]:
    views = {name: view_of(name, ALL[:intervals]) for name in NAMES[:assets]}
    slots = slots_of(followed_of(tuple(views), views), Layout.TABLE)
    return [
        TableRow(
            views[one.asset], one.interval, one.asset,
            Look(NIGHT, NAMES.index(one.asset) + 1, is_focused=at == chosen, **look),
        )
        for at, one in enumerate(slots)
    ]  # fmt: skip


# --- which ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assets", "intervals", "size", "layout", "columns"),
    [
        (4, 1, (80, 24), Layout.ASSETS, 2), (4, 1, (250, 60), Layout.ASSETS, 2),
        (2, 2, (80, 24), Layout.ROUNDS, 2), (1, 4, (80, 24), Layout.ROUNDS, 2),
        (1, 2, (80, 24), Layout.ROUNDS, 2), (4, 2, (80, 24), Layout.TABLE, 1),
        (4, 4, (80, 24), Layout.TABLE, 1), (4, 2, (120, 36), Layout.ROUNDS, 2),
        (4, 2, (250, 60), Layout.ROUNDS, 4), (4, 4, (250, 60), Layout.ROUNDS, 4),
        (4, 4, (120, 36), Layout.TABLE, 1), (4, 1, (60, 20), Layout.TABLE, 1),
        (4, 1, (40, 10), Layout.TABLE, 1), (1, 1, (80, 24), Layout.ASSETS, 1),
    ],
)  # fmt: skip
def test_the_layout_follows_from_what_is_followed_and_the_size(
    assets: int, intervals: int, size: tuple[int, int], layout: Layout, columns: int
) -> None:
    plan = laid_out(Layout.AUTO, of(assets, intervals), *size)
    assert (plan.layout, plan.columns) == (layout, columns)
    assert len(plan.slots) == (assets if layout is Layout.ASSETS else assets * intervals)


@pytest.mark.parametrize("wanted", list(Layout))
@pytest.mark.parametrize("size", [(10, 2), (30, 6), (80, 24), (120, 36), (200, 60), (250, 60)])
def test_cards_are_never_smaller_than_their_facts(wanted: Layout, size: tuple[int, int]) -> None:
    for assets in range(5):
        for intervals in range(5):
            plan = laid_out(wanted, of(assets, intervals), *size)
            if plan.layout is not Layout.TABLE:
                high = (size[1] - 4 - plan.log_rows) // plan.rows
                assert size[0] // plan.columns >= CARD_WIDTH
                assert high >= CARD_HEIGHT
                assert plan.columns * plan.rows >= len(plan.slots)


def test_a_key_goes_round_all_layouts_that_fit() -> None:
    followed, seen = of(4, 2), []
    now = Layout.AUTO
    for _ in range(4):
        plan = laid_out(now, followed, 120, 36)
        seen.append(plan.layout)
        now = following(plan, followed, 120, 36)
    assert seen == [Layout.ROUNDS, Layout.ASSETS, Layout.TABLE, Layout.ROUNDS]
    only = laid_out(Layout.AUTO, of(4, 1), 60, 20)
    assert following(only, of(4, 1), 60, 20) is Layout.TABLE


def test_an_interval_between_two_rounds_keeps_its_place() -> None:
    known = followed_of(("btc",), {"btc": view_of("btc", ("15m", "5m"))})
    assert known == (("btc", ("5m", "15m")),)
    assert followed_of(("btc",), {"btc": view_of("btc", ("15m",))}, known) == known


# --- the table ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 19), (116, 30), (250, 46), (40, 16), (30, 5), (60, 17)])
def test_the_table_takes_exactly_its_cells(size: tuple[int, int]) -> None:
    for made in (rows_of(4, 4), rows_of(1, 1), rows_of(2, 2, age_s=9.0)):
        lines = round_table(made, size)
        assert len(lines) == size[1]
        assert {sum(cell_len(part.text) for part in one) for one in lines} == {size[0]}


def test_sixteen_rounds_are_whole_at_80_by_24() -> None:
    plan = laid_out(Layout.AUTO, of(4, 4), 80, 24)
    text = plain(round_table(rows_of(4, 4), (80, 24 - 4 - plan.log_rows)))
    for at, interval in enumerate(ALL):
        for name in NAMES:
            row = next(one for one in text.split("\n") if f"{name.upper()} {interval} " in one)
            for fact in (f"0.{611 + at * 10}", f"▲ {25 + at}.00", f"+{7 + at}.00", "◆ "):
                assert fact in row, (fact, row)


def test_columns_go_in_the_stated_order_and_no_number_is_cut() -> None:
    """One after the other, the wider screen always with all columns of the narrower."""
    names = {"why": "in the way"}
    before: set[str] = set()
    for width in range(20, 260):
        text = plain(round_table(rows_of(4, 4), (width, 17)))
        heading = text.split("\n")[0]
        shown = {one for one in GIVES_WAY if f" {names.get(one, one)} " in f"{heading}  "}
        assert before <= shown, width
        gone = [one not in shown for one in GIVES_WAY]
        assert gone == sorted(gone, reverse=True), (width, heading)
        assert "…" not in text.replace("…: ", ""), "words of a reason alone are shortened"
        before = shown
    assert before == set(GIVES_WAY)


def test_rounds_of_one_length_do_without_it_first() -> None:
    text = plain(round_table(rows_of(4, 1), (38, 5)))
    assert "5m" not in text
    assert "0.611" in text
    assert text.count("+7.00") == 4


def test_of_more_rounds_than_rows_the_chosen_one_is_there() -> None:
    for chosen in range(16):
        text = plain(round_table(rows_of(4, 4, chosen), (60, 5)))
        assert text.count("▸") == 1
        assert len(text.split("\n")) == 5


def test_what_has_no_column_is_said_of_the_chosen_round_below() -> None:
    text = plain(round_table(rows_of(4, 4, 13), (80, 19)))
    assert text.split("\n")[-1].startswith("╰─ XRP 15m: too early: 214 > 75 s left ")


def test_rows_that_are_left_show_the_chosen_round_as_a_card() -> None:
    text = plain(round_table(rows_of(4, 2, 3), (80, 30)))
    assert "╭─ 2 ETH  ● trading ─" in text
    assert "15m " in text.split("╭─ 2 ETH")[1].split("\n")[0]


def test_an_asset_that_does_not_trade_says_so_in_every_line() -> None:
    row = rows_of(1, 1)[0]
    assert row.view is not None
    paused = TableRow(evolve(row.view, state=AssetState.PAUSED), "5m", "btc", row.look)
    assert "‖ paused by you" in plain(round_table([paused], (120, 4)))
    for view, words in ((None, "waiting for the engine"), (view_of("btc", ()), "no round yet")):
        assert words in plain(round_table([TableRow(view, "", "btc", row.look)], (120, 4)))


# --- cards --------------------------------------------------------------------------------------


def test_a_card_of_an_interval_shows_that_round() -> None:
    view = view_of("btc")
    for at, interval in enumerate(ALL):
        text = plain(asset_panel("btc", view, Look(NIGHT, 1), 60, 12, interval))
        assert f"{interval} " in text.split("\n")[0]
        assert f"0.{611 + at * 10}" in text


def test_a_wide_card_has_a_chart_that_is_drawn_once_a_step() -> None:
    traces, views = Traces(), [asset_at("btc", step) for step in range(0, 400, 2)]
    for view in views:
        traces.see(view)

    def card(view: AssetView, theme: str = "night") -> str:
        look = Look(load_themes()[theme], 1, traces=traces)
        return plain(asset_panel("btc", view, look, 125, 23, "5m"))

    last = views[-1]
    text, (_, lines) = card(last), traces.drawn[last.rounds[0].slug]
    assert "▲ above ▼ below" in text
    assert "ask " in text
    assert "realised " in text
    card(last)
    assert traces.drawn[last.rounds[0].slug][1] is lines
    later = asset_at("btc", 406)
    traces.see(later)
    card(later)
    assert traces.drawn[last.rounds[0].slug][1] is not lines, "half a second on"
    lines = traces.drawn[last.rounds[0].slug][1]
    card(later, "day")
    assert traces.drawn[last.rounds[0].slug][1] is not lines


def test_a_round_of_an_hour_stands_against_the_price_that_settles_it() -> None:
    """Binance's, and the consensus in the same terms: eight bps above Chainlink here."""
    view = view_of("btc")
    binance = next(one for one in view.consensus.venues if one.venue == "binance")
    hour = plain(asset_panel("btc", view, Look(NIGHT, 1), 100, 20, "1h"))
    assert f"Binance    {figures.coin(binance.price)}" in hour
    assert "Chainlink" not in hour
    strike = view.rounds[0].strike
    assert strike is not None
    assert f"▲ {binance.price - strike:+,.2f}" in hour
    minutes = plain(asset_panel("btc", view, Look(NIGHT, 1), 100, 20, "5m"))
    assert view.consensus.settlement is not None
    assert f"Chainlink  {figures.coin(view.consensus.settlement)}" in minutes
    narrow = plain(asset_panel("btc", view, Look(NIGHT, 1), 40, 9, "1h"))
    assert figures.coin(binance.price) in narrow


# --- what is chosen -----------------------------------------------------------------------------


def cards(layout: Layout = Layout.ROUNDS, size: tuple[int, int] = (120, 36)) -> Cards:
    state = TerminalState()
    state.assets = {name: view_of(name, ("5m", "15m")) for name in NAMES}
    made = Cards(state, layout)
    made.lay_out(size, 2, is_log_large=False)
    return made


def test_digits_tab_and_layouts_keep_hold_of_a_round() -> None:
    board = cards()
    assert (board.chosen.asset, board.chosen.interval) == ("btc", "5m")
    assert board.choose(3)
    assert (board.at, board.chosen.asset, board.chosen.interval) == (4, "sol", "5m")
    assert board.choose(3)
    assert board.chosen.interval == "15m", "the digit again: the asset's next round"
    assert board.step(1)
    assert (board.chosen.asset, board.chosen.interval) == ("xrp", "5m")
    assert board.step(1)
    assert board.step(1)
    assert board.at == 0, "round and round"
    assert not board.choose(5)
    board.choose(2)
    board.step(1)
    for layout in (Layout.ASSETS, Layout.TABLE, Layout.ROUNDS):
        board.wanted = layout
        board.lay_out((120, 36), 2, is_log_large=False)
        assert board.chosen.asset == "eth"
    assert board.chosen.interval == "15m", "where it is told apart again"


def test_before_the_engine_says_anything_one_card_waits() -> None:
    board = Cards(TerminalState(), Layout.AUTO)
    assert len(board.plan.slots) == 1
    board.lay_out((80, 24), 2, is_log_large=False)
    assert board.chosen.asset == ""
    assert not board.choose(1)
    assert not board.step(1)


def test_the_zoom_follows_an_interval_from_round_to_round() -> None:
    """Of the round that closes first it moves on to the next of any length, as it always did."""
    zoom = Zoom(TerminalState(), Ink.BRAILLE, lambda: 0.0, lambda _: False)
    now, later, next_15m = (asset_at("btc", step) for step in (0, 3_100, 9_100))
    zoom.turn(True, "15m")
    assert zoom.slug_in(now) == now.rounds[1].slug
    assert zoom.slug_in(next_15m) == next_15m.rounds[1].slug
    zoom.walk(now, 1)
    assert zoom.slug_in(now) == now.rounds[0].slug
    assert zoom.slug_in(later) == later.rounds[0].slug
    zoom.walk(now, 1)
    assert zoom.slug_in(later) == later.rounds[1].slug
    assert zoom.slug_in(next_15m) == next_15m.rounds[1].slug
