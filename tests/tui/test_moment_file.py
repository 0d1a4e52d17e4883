"""What is on the screen as a CSV: by key, palette and click, of the board and of a round, and every
figure of the views in it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import START_NS, FakeEngine, account_at, asset_at
from stage import Stage, perform
from test_every_action import SIZE, by_click, by_key, by_palette
from test_past_rounds import curve_of, listed

from polytui.model.query import Query, Subject
from polytui.model.snapshot import AverageView
from polytui.model.table_cells import time_text
from polytui.model.units import MICRO, format_micro
from polytui.tui.actions import ACTION_OF
from polytui.tui.moment_rows import HEAD, account_rows, asset_rows
from polytui.tui.panels.reasons import sentence

MOMENT = ACTION_OF["moment"]
Table = list[dict[str, str]]


def read(path: Path) -> Table:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def of_part(table: Table, part: str, asset: str = "btc") -> Table:
    return [row for row in table if (row["part"], row["asset"]) == (part, asset)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one stands; the socket is elsewhere."""
    stands = tmp_path / "here"
    stands.mkdir()
    monkeypatch.chdir(stands)
    return stands


async def written(stage: Stage, folder: Path, count: int = 1) -> Table:
    """The last of so many, once the log names it."""
    told = stage.app.state.told
    await stage.until(lambda: sum("this moment as" in one.text for one in told) == count)
    newest = [one.text for one in told if "this moment as" in one.text][-1].rpartition(": ")[2]
    return read(folder / newest)


@pytest.mark.parametrize("hand", [by_key, by_palette, by_click])
def test_the_board_is_written_by_every_hand(tmp_path: Path, folder: Path, hand: object) -> None:
    async def play(stage: Stage) -> None:
        assert callable(hand)
        await hand(stage, MOMENT)
        table = await written(stage, folder)
        assert {row["asset"] for row in table} == {"", "btc", "eth", "sol", "xrp"}
        assert len({row["round"] for row in table}) == 9, "two rounds an asset, and none"
        assert stage.sent == []

    perform(tmp_path, play, size=SIZE)
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_zoomed_round_is_written_with_its_chart_and_nothing_else(
    tmp_path: Path, folder: Path
) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("2", "enter", "x")
        table = await written(stage, folder)
        assert {row["asset"] for row in table} == {"", "eth"}
        slugs = {row["round"] for row in table} - {""}
        assert len(slugs) == 1
        trace = stage.app.state.traces.named(slugs.pop())
        assert trace is not None
        drawn = [row for row in of_part(table, "curve", "eth") if row["name"] == "fair Up"]
        assert [row["value"] for row in drawn] == [f"{one.fair:.10g}" for one in trace.points]

    perform(tmp_path, play, size=(120, 36))


def test_a_round_that_is_over_is_written_as_the_database_has_it(
    tmp_path: Path, folder: Path
) -> None:
    engine = FakeEngine(tmp_path / "s")
    engine.answers = {Subject.ROUNDS: listed(1), Subject.CURVES: curve_of(1)}

    async def play(stage: Stage) -> None:
        await stage.press("enter", "left_square_bracket")
        await stage.until(lambda: "Down won" in "\n".join(stage.rows))
        drawn = stage.app.board.zoomed.drawn(None)
        assert drawn is not None
        await stage.until(lambda: len(drawn.points) == 150)
        await stage.press("x")
        table = await written(stage, folder)
        row = {one["name"]: one["value"] for one in of_part(table, "round")}
        assert (row["winner"], row["pnl"], row["strike"]) == ("down", "-1.72", "92001")
        assert {one["round"] for one in of_part(table, "curve")} == {"btc-1"}
        assert len(of_part(table, "curve")) == 150 * 5
        assert of_part(table, "book") == [], "no round that runs is on the screen"

    perform(tmp_path, play, engine=engine, size=(120, 36))


def test_a_key_that_is_held_down_writes_one_and_a_page_none(tmp_path: Path, folder: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("r", "x", "escape", *"xxxxx")
        await written(stage, folder)
        await stage.pass_time(0.7)
        await stage.press("x")
        await written(stage, folder, 2)

    perform(tmp_path, play)
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path, folder: Path) -> None:
    folder.rmdir()

    async def play(stage: Stage) -> None:
        await stage.press("x")
        await stage.until(lambda: "NO moment was written" in "\n".join(stage.rows))

    perform(tmp_path, play, size=(120, 36))


# --- what stands in it ------------------------------------------------------------------------


def test_every_figure_of_a_view_is_in_its_rows() -> None:
    view = asset_at("btc", 7)
    (shown, _), known = view.rounds, view.consensus
    book = shown.book
    assert book is not None
    rows = [dict(zip(HEAD, one.cells, strict=True)) for one in asset_rows(view, [shown])]
    assert {row["at"] for row in rows} == {time_text(view.at_ns)}
    levels = [(row["name"], row["price"], row["shares"]) for row in rows if row["part"] == "book"]
    wanted = [
        (f"{side} {at}", format_micro(price), format_micro(shares))
        for side, told in (("ask", book.asks), ("bid", book.bids))
        for at, (price, shares) in enumerate(told, 1)
    ]
    assert levels == [("age", "", ""), *wanted]
    value = {(row["part"], row["name"]): row["value"] for row in rows}
    figures = {
        ("price", "consensus"): known.price, ("price", "Chainlink"): known.settlement,
        ("price", "binance"): known.venues[0].price, ("round", "strike"): shown.strike,
        ("round", "fair Up"): shown.fair_up, ("round", "sigma"): shown.sigma,
        ("position", "cost"): shown.cost / MICRO, ("position", "pnl"): shown.marked_pnl / MICRO,
        ("position", "if Up wins"): (shown.flow + shown.up_shares) / MICRO,
        ("position", "if Down wins"): (shown.flow + shown.down_shares) / MICRO,
        ("asset", "pnl"): view.marked_pnl / MICRO, ("strategy", "distance_fade"): 2.14,
        ("strategy", "settlement_sniper"): 1.33, ("strategy", "settlement_sniper sure"): 0.97,
        ("strategy", "distance_fade stake"): 20.0,
    }  # fmt: skip
    for name, figure in figures.items():
        assert float(value[name]) == pytest.approx(figure, rel=1e-9), name


def test_gates_are_said_as_on_the_screen() -> None:
    view = asset_at("xrp", 0)
    rows = [one for one in asset_rows(view, view.rounds[:1]) if one.part == "strategy"]
    words = {one.name: one.words for one in rows}
    assert words["settlement_sniper"] == f"trades: {sentence('too early: 214 > 75 s left')}"
    assert words["predictor"] == f"watches: {sentence('no model')}"
    assert {one.side for one in rows} == {"up", "down", ""}


def test_what_nobody_knows_is_empty_and_a_formula_is_text() -> None:
    view = asset_at("btc", 0)
    average = AverageView(60, 0.0, None)
    shown = evolve(view.rounds[0], strike=None, fair_up=None, book=None, average=average,
                   block="=HYPERLINK(1)")  # fmt: skip
    rows = {(one.part, one.name): one for one in asset_rows(view, [shown])}
    for name in ("strike", "fair Up", "market Up", "average"):
        assert rows["round", name].value == "", name
    assert rows["round", "entries"].cells[-1].startswith("'=")
    assert rows["round", "average"].words == "of 0 of 60 s"


def test_the_account_is_in_front() -> None:
    view = account_at(0, is_killed=True)
    rows = {one.name: one for one in account_rows(view)}
    assert rows["cash"].value == format_micro(view.cash)
    assert rows["kill switch"].words == "KILLED: daily loss limit: 100 of 100 USD"
    assert {one.at_ns for one in rows.values()} == {START_NS}


def test_questions_are_not_asked_for_it(tmp_path: Path, folder: Path) -> None:
    """It is what is seen already: an engine is not asked."""
    engine = FakeEngine(tmp_path / "s")
    asked: list[Query] = engine.questions

    async def play(stage: Stage) -> None:
        before = len(asked)
        await stage.press("x")
        await written(stage, folder)
        assert len(asked) == before

    perform(tmp_path, play, engine=engine)
