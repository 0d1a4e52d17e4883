"""Positions sorted, found and summed by the database: the same money and the same meaning as in
reports."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from gathered_chance import gathered_chance
from msgspec.structs import replace
from told_sessions import HEADER, NAME, put, told_session

from polytui.model.minutes_left import MINUTES_LEFT, slice_of
from polytui.model.query import EVERY_SESSION, MOST_ROWS, SORTED_BY, SUMMED_BY, Query, Subject
from polytui.model.trade_words import BadWords, NumberWord, Word, trade_words
from polytui.model.units import MICRO, NS_PER_S
from polytui.results.report import Report, report_of
from polytui.results.trade_sums import Sums, sums_of
from polytui.store.database import Database, database_of, open_read_only
from polytui.store.fold import Fold
from polytui.store.pages import page_of
from polytui.store.rows import (
    CurveRow,
    EquityRow,
    OrderRow,
    RoundRow,
    SessionRow,
    SignalRow,
    TradeRow,
    WalletRow,
)

Rows = list[dict[str, Any]]
SEED = 3


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of chance as the follower would have it."""
    path = database_of(tmp_path_factory.mktemp("runs"))
    database = Database(path)
    put(database, Fold(HEADER, NAME), told_session(SEED).records, 0)
    database.close()
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_read_only(path)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def report() -> Report:
    """Of the same session, by whoever makes reports."""
    return report_of(gathered_chance(SEED).evidence)


def told(connection: sqlite3.Connection, query: Query) -> Rows:
    answer = page_of(query, NAME).read(connection)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


# --- sums are those of reports --------------------------------------------------------------------


def assert_same(row: dict[str, Any], sums: Sums) -> None:
    assert row["trades"] - row["open"] == sums.trades
    assert (row["wins"], row["losses"]) == (sums.wins, sums.losses)
    assert (row["held"], row["held_wins"]) == (sums.held, sums.held_wins)
    for name, usd in (
        ("stake", sums.staked_usd),
        ("fees", sums.fees_usd),
        ("pnl", sums.pnl_usd),
        ("won", sums.won_usd),
        ("lost", -sums.lost_usd),
    ):
        assert (row[name] or 0) / MICRO == pytest.approx(usd, abs=1e-9), name
    if sums.held_price is not None:
        assert row["held_stake"] / row["held_shares"] == sums.held_price


def test_all_together_is_what_a_report_says(connection: sqlite3.Connection, report: Report) -> None:
    (row,) = told(connection, Query(1, Subject.SUMS))
    assert_same(row, report.total)
    assert row["trades"] > 10
    assert row["held"] > 0
    assert (row["sessions"], row["modes"]) == (1, "demo")


_REPORTED = {"settled": "settlement", "flatten": "sold"}


@pytest.mark.parametrize(
    ("by", "title"),
    [("minutes left", "minutes left at entry"), ("way out", "way out")],
)
def test_slices_are_those_of_a_report(
    connection: sqlite3.Connection, report: Report, by: str, title: str
) -> None:
    (breakdown,) = [one for one in report.breakdowns if one.title == title]
    evidence = gathered_chance(SEED).evidence
    rows = {str(row["label"]): row for row in told(connection, Query(1, Subject.SUMS, by=by))}
    if by == "way out":
        # Reports call what was held to the end a settlement, and what a person sold sold.
        rows = {_REPORTED.get(label, label): row for label, row in rows.items()}
    labels = {one.label for one in breakdown.slices if not one.is_shadow}
    sent = [one for one in evidence.trades if not one.is_shadow]
    named = {label: row for label, row in rows.items() if label in labels}
    assert len(named) == len(labels) > (1 if by == "way out" else 0)
    assert {label for label, row in rows.items() if row["trades"] > row["open"]} == labels
    for label, row in named.items():
        own = [one for one in breakdown.slices if one.label == label and not one.is_shadow]
        assert row["trades"] - row["open"] == sum(one.sums.trades for one in own)
        assert (row["pnl"] or 0) / MICRO == pytest.approx(sum(one.sums.pnl_usd for one in own))
    assert sum(row["trades"] for row in rows.values()) == len(sent)


def test_minutes_left_are_cut_where_reports_cut_them(tmp_path: Path) -> None:
    left = [s * NS_PER_S + more for s in (60, 120, 180, 300, 900, 3_600) for more in (-1, 0)]
    closes_ns = 10_000 * NS_PER_S
    connection = made(
        tmp_path,
        evolve(a_round("r", 0), closes_ns=closes_ns),
        *(
            TradeRow("own", "r", "s", n, session="own", opened_ns=closes_ns - left_ns, pnl=1)
            for n, left_ns in enumerate(left)
        ),
        TradeRow("own", "unknown", "s", 1, session="own", opened_ns=5, pnl=1),
    )
    answer = page_of(Query(1, Subject.SUMS, by="minutes left"), "own").read(connection)
    connection.close()
    expected = Counter(slice_of(left_ns / NS_PER_S) for left_ns in left)
    assert {row[0]: row[1] for row in answer.rows} == {"": 1, **expected}
    assert [row[0] for row in answer.rows] == ["", *MINUTES_LEFT]


def test_strategies_and_intervals_are_told_apart(connection: sqlite3.Connection) -> None:
    evidence = gathered_chance(SEED).evidence
    sent = [one for one in evidence.trades if not one.is_shadow]
    for by in ("strategy", "interval", "asset"):
        rows = told(connection, Query(1, Subject.SUMS, by=by))
        assert {row["label"] for row in rows} == {getattr(one, by) for one in sent}
        for row in rows:
            assert_same(row, sums_of(one for one in sent if getattr(one, by) == row["label"]))


def test_hours_are_those_of_the_entry(connection: sqlite3.Connection) -> None:
    evidence = gathered_chance(SEED).evidence
    hours = {one.opened_ns // (3_600 * 10**9) % 24 for one in evidence.trades if not one.is_shadow}
    rows = told(connection, Query(1, Subject.SUMS, by="hour"))
    assert {row["label"] for row in rows} == hours


def test_the_curve_ends_and_falls_as_a_report_says(
    connection: sqlite3.Connection, report: Report
) -> None:
    account = report.account
    assert account.drawdown is not None
    for limit in (2, 7, MOST_ROWS):
        rows = told(connection, Query(1, Subject.EQUITY_CURVE, session=NAME, limit=limit))
        assert 1 <= len(rows) <= limit
        assert rows[-1]["equity"] / MICRO == account.end_usd
        assert rows[0]["start"] / MICRO == account.start_usd
        assert max(row["fall"] for row in rows) / MICRO == account.drawdown.usd
        deepest = max(rows, key=lambda row: row["fall"])
        assert deepest["fall_ns"] == account.drawdown.trough_ns
        assert deepest["fall_share"] == account.drawdown.share
        assert max(row["exposure"] for row in rows) / MICRO == account.most_at_risk_usd
        assert [row["at_ns"] for row in rows] == sorted(row["at_ns"] for row in rows)
    minutes = len(gathered_chance(SEED).evidence.equity.at_ns)
    assert sum(row["minutes"] for row in rows) == minutes


# --- order ----------------------------------------------------------------------------------------

COLUMNS = {
    "time": "opened_ns", "asset": "asset", "round": "opens_ns", "strategy": "strategy",
    "side": "outcome", "price": "entry_px", "shares": "shares", "fee": "fees",
    "fair": "fair_open", "edge": "edge_bps", "exit": "exit_px", "result": "pnl",
    "session": "session",
}  # fmt: skip


@pytest.mark.parametrize("name", SORTED_BY)
@pytest.mark.parametrize("down", ["", "-"])
def test_every_column_sorts_all_of_them_however_they_are_paged(
    connection: sqlite3.Connection, name: str, down: str
) -> None:
    query = Query(1, Subject.BLOTTER, sort=f"{down}{name}", limit=MOST_ROWS)
    rows = told(connection, query)
    keys = [(row["root"], row["slug"], row["strategy"], row["number"]) for row in rows]
    everything = connection.execute("SELECT count(*) FROM trades").fetchone()[0]
    assert len(set(keys)) == len(rows) == everything
    values = [_way_out(row) if name == "way out" else row[COLUMNS[name]] for row in rows]
    known = [one for one in values if one is not None]
    assert known == sorted(known, reverse=bool(down))
    assert values[: len(known)] == known, "what is not known comes last"
    paged: Rows = []
    for skip in range(0, everything, 7):
        paged += told(connection, replace(query, skip=skip, limit=7))
    assert paged == rows


def _way_out(row: dict[str, Any]) -> str:
    return row["exit_reason"] or row["ended"] or ""


def test_the_newest_come_first_where_nothing_is_said(connection: sqlite3.Connection) -> None:
    rows = told(connection, Query(1, Subject.BLOTTER, limit=MOST_ROWS))
    assert rows == told(connection, Query(1, Subject.BLOTTER, sort="-time", limit=MOST_ROWS))
    assert rows[0]["opened_ns"] >= rows[-1]["opened_ns"]


# --- words ----------------------------------------------------------------------------------------


def test_words_and_numbers_are_read() -> None:
    found = trade_words("BTC -probit >0 edge>=2.5 fee<.1 price< -")
    assert found.words == (Word("btc"), Word("probit", is_unwanted=True))
    assert found.comparisons == (
        NumberWord("result", ">", 0.0),
        NumberWord("edge", ">=", 2.5),
        NumberWord("fee", "<", 0.1),
    )
    for text, words in (("size>3", "no number is called size"), ("a " * 13, "13 words")):
        with pytest.raises(BadWords, match=words):
            trade_words(text)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("btc", lambda row: row["asset"] == "btc"),
        ("up", lambda row: row["outcome"] == "up"),
        ("-up", lambda row: row["outcome"] != "up"),
        ("loss", lambda row: row["result"] == "loss"),
        ("settled", lambda row: row["ended"] == "settled"),
        ("flipped", lambda row: "flipped" in (row["exit_reason"] or "")),
        (">0", lambda row: (row["pnl"] or 0) > 0),
        ("<=-0.5", lambda row: row["pnl"] is not None and row["pnl"] <= -500_000),
        ("edge>1", lambda row: row["edge_bps"] is not None and row["edge_bps"] > 100),
        ("price<0.5 fee>0", lambda row: row["entry_px"] < 500_000 and row["fees"] > 0),
        ("btc up >0", lambda row: row["asset"] == "btc" and row["outcome"] == "up"
         and (row["pnl"] or 0) > 0),
        ("chance", lambda row: True),
        ("nobody-trades-this", lambda row: False),
    ],
)  # fmt: skip
def test_words_find_what_they_say_on_every_way(
    connection: sqlite3.Connection, text: str, fits: Any
) -> None:
    everything = told(connection, Query(1, Subject.BLOTTER, limit=MOST_ROWS))
    expected = [row for row in everything if fits(row)]
    query = Query(1, Subject.BLOTTER, words=text, limit=MOST_ROWS)
    assert told(connection, query) == expected
    assert len(told(connection, replace(query, subject=Subject.TRADES))) == len(expected)
    sums = told(connection, replace(query, subject=Subject.SUMS))
    assert sum(row["trades"] for row in sums) == len(expected)
    if text not in ("chance", "nobody-trades-this"):
        assert 0 < len(expected) < len(everything), "who finds all or nothing proves nothing"


def test_a_limit_is_what_is_typed_and_not_what_a_float_makes_of_it(
    tmp_path: Path,
) -> None:
    database = Database(database_of(tmp_path))
    trade = TradeRow(NAME, "r", "s", 1, session=NAME, opened_ns=5, entry_order_id="o")
    order = OrderRow(NAME, "o", session=NAME, edge_bps=7.0)
    database.put(NAME, 0, [trade, order], SessionRow(NAME, NAME))
    database.close()
    connection = open_read_only(database_of(tmp_path))
    try:
        for text, count in (("edge<=.07", 1), ("edge<.07", 0), ("edge>=.07", 1), ("-up", 1)):
            query = Query(1, Subject.BLOTTER, words=text, session=EVERY_SESSION)
            assert len(told(connection, query)) == count, text
    finally:
        connection.close()


# --- rounds, reliability --------------------------------------------------------------------------


def made(tmp_path: Path, *rows: Any) -> sqlite3.Connection:
    database = Database(database_of(tmp_path))
    ends = SessionRow("own", "own", mode="paper", started_ns=1)
    database.put("own", 0, rows, ends)
    database.close()
    return open_read_only(database_of(tmp_path))


def a_round(slug: str, opens_ns: int, winner: str | None = None) -> RoundRow:
    return RoundRow(
        "own", slug, "own", "btc", "5m", opens_ns=opens_ns, closes_ns=opens_ns + 300,
        winner=winner, settled_ns=None if winner is None else opens_ns + 301,
    )  # fmt: skip


def a_signal(slug: str, seq: int, reason: str, *, is_shadow: bool = False) -> SignalRow:
    return SignalRow(
        "own", seq, 0, seq, "btc", "5m", slug, "confluence", is_shadow, reason, 1.0, 2.0, "bps"
    )


def test_rounds_say_what_kept_us_out_most_often(tmp_path: Path) -> None:
    connection = made(
        tmp_path,
        a_round("quiet", 1_000, "up"), a_round("traded", 2_000, "down"), a_round("watched", 3_000),
        a_round("next", 4_000),
        *(a_signal("quiet", seq, "edge small") for seq in range(10, 13)),
        *(a_signal("quiet", seq, "book late") for seq in range(20, 22)),
        *(a_signal("quiet", seq, "shadow", is_shadow=True) for seq in range(30, 39)),
        *(a_signal("quiet", seq, "none") for seq in range(40, 49)),
        a_signal("traded", 50, "edge small"),
        a_signal("watched", 60, "shadow", is_shadow=True),
        TradeRow("own", "traded", "confluence", 1, session="own", opened_ns=2_001),
    )  # fmt: skip
    answer = page_of(Query(1, Subject.ROUND_LIST), "own").read(connection)
    connection.close()
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert [(row["slug"], row["positions"], row["why"]) for row in rows] == [
        ("next", 0, None), ("watched", 0, "shadow"), ("traded", 1, ""), ("quiet", 0, "edge small"),
    ]  # fmt: skip


def a_curve(slug: str, since_ns: int, fair: float | None, mid: float = 0.5) -> CurveRow:
    said = "null" if fair is None else str(fair)
    first = f"[0,1.0,1.0,{said},{mid - 0.01},{mid + 0.01},null]"
    points = f"[{first},[2000,1.0,1.0,0.99,0.9,0.91,null]]"
    return CurveRow("own", slug, since_ns, "own", "btc", 1_000, 60, points)


def test_reliability_is_of_the_first_point_of_each_line_of_settled_rounds(tmp_path: Path) -> None:
    connection = made(
        tmp_path,
        a_round("a", 1_000, "up"), a_round("b", 2_000, "down"), a_round("c", 3_000),
        a_round("d", 4_000, "nobody"),
        a_curve("a", 1, 0.62, 0.6), a_curve("a", 2, 0.68, 0.6), a_curve("b", 1, 0.61, 0.6),
        a_curve("b", 2, None), a_curve("b", 3, 1.0), a_curve("c", 1, 0.65), a_curve("d", 1, 0.65),
    )  # fmt: skip
    answer = page_of(Query(1, Subject.RELIABILITY), "own").read(connection)
    connection.close()
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert [(row["tenth"], row["moments"], row["rounds"]) for row in rows] == [(6, 3, 2), (9, 1, 1)]
    assert rows[0]["said"] == pytest.approx((0.62 + 0.68 + 0.61) / 3)
    assert rows[0]["came"] == pytest.approx(2 / 3)
    assert rows[0]["errors"] == pytest.approx(0.38**2 + 0.32**2 + 0.61**2)
    assert rows[0]["market_errors"] == pytest.approx(0.4**2 + 0.4**2 + 0.6**2)


# --- equity of a part -----------------------------------------------------------------------------


def test_a_fall_of_today_is_from_the_highest_of_all_days(tmp_path: Path) -> None:
    def minute(at_ns: int, equity: int) -> EquityRow:
        return EquityRow("own", at_ns, equity, 0, 0, 0, 0, 0, 0, 0)

    connection = made(
        tmp_path,
        WalletRow("own", 1, 0, 1, "opening", "", "", 1_000),
        *(minute(at, equity) for at, equity in ((60, 1_100), (120, 900), (180, 1_050))),
    )
    query = Query(1, Subject.EQUITY_CURVE, session="own", since_ns=150, limit=50)
    (row,) = [
        dict(zip(page.columns, one, strict=True))
        for page in [page_of(query, "own").read(connection)]
        for one in page.rows
    ]
    connection.close()
    assert (row["equity"], row["fall"], row["start"], row["minutes"]) == (1_050, 50, 1_000, 1)


def test_sums_say_whose_money_is_added_up(tmp_path: Path) -> None:
    database = Database(database_of(tmp_path))
    for name, mode in (("one", "demo"), ("two", "live")):
        trade = TradeRow(name, "r", "s", 1, session=name, opened_ns=5, pnl=7, stake=9, fees=1)
        order = OrderRow(name, "o", session=name)
        row = SessionRow(name, name, mode=mode, started_ns=1)
        database.put(name, 0, [trade, order], row)
    database.close()
    connection = open_read_only(database_of(tmp_path))
    (row,) = told(connection, Query(1, Subject.SUMS, session=EVERY_SESSION))
    connection.close()
    assert (row["trades"], row["sessions"]) == (2, 2)
    assert set(row["modes"].split(",")) == {"demo", "live"}


def test_what_is_open_comes_last_and_is_in_no_sum_but_its_own(tmp_path: Path) -> None:
    def trade(number: int, pnl: int | None) -> TradeRow:
        return TradeRow(
            "own", "r", "s", number, session="own", opened_ns=number, pnl=pnl, stake=50, fees=3
        )

    connection = made(tmp_path, trade(1, 7), trade(2, None), trade(3, -7))
    for sort, numbers in (("result", [3, 1, 2]), ("-result", [1, 3, 2]), ("edge", [3, 2, 1])):
        answer = page_of(Query(1, Subject.BLOTTER, sort=sort), "own").read(connection)
        assert [row[3] for row in answer.rows] == numbers, sort
    answer = page_of(Query(1, Subject.SUMS, by="strategy"), "own").read(connection)
    (row,) = [dict(zip(answer.columns, one, strict=True)) for one in answer.rows]
    connection.close()
    assert (row["trades"], row["open"], row["stake"], row["fees"]) == (3, 1, 100, 6)
    assert (row["fees_so_far"], row["pnl"], row["won"], row["lost"]) == (9, 0, 7, -7)


@pytest.mark.parametrize("by", SUMMED_BY)
def test_where_nothing_was_traded_there_is_no_row(tmp_path: Path, by: str) -> None:
    connection = made(tmp_path)
    assert told(connection, Query(1, Subject.SUMS, session="own", by=by)) == []
    connection.close()
