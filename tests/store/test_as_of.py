"""The whole database, asked as of a moment, answers as one that was filled until there and no
further: what came later is nowhere in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from attrs import evolve
from sessions import START_NS
from told_sessions import HEADER, NAME, put, told_session

from polytui.model.query import Query, Subject
from polytui.model.units import MICRO, NS_PER_S
from polytui.store.as_of import look_as_of
from polytui.store.curve_rows import CurveRow
from polytui.store.database import Database, open_read_only
from polytui.store.fold import Fold
from polytui.store.pages import page_of
from polytui.store.rows import FillRow, OperationRow, Row, TradeRow

MOMENTS = [START_NS + second * NS_PER_S for second in (45, 130, 333, 402, 471, 640, 700)]
ELSEWHERE = (Subject.CURVES, Subject.LATENCY, Subject.LOG)
SUBJECTS = [one for one in Subject if one not in ELSEWHERE]
NOT_ALIKE = {
    Subject.ORDERS: {"state", "detail"},
    Subject.SESSIONS: {"seq", "place", "last_ns", "is_stopped"},
    Subject.WHY: {"limit_value"},
}
"""Columns that say how far somebody has read; or of an order that works, which words came last."""


def filled(path: Path, until_ns: int | None) -> Path:
    """With everything of the session up to a moment."""
    records = told_session(3).records
    wanted = [one for one in records if until_ns is None or one.at <= until_ns]
    with closing(Database(path)) as database:
        put(database, Fold(HEADER, NAME), wanted, 0)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("whole") / "polytui.sqlite", None)


def answers(connection: sqlite3.Connection) -> Iterator[tuple[Subject, list[dict[str, Any]]]]:
    for subject in SUBJECTS:
        answer = page_of(Query(1, subject, limit=200), NAME).read(connection)
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        for row in rows:
            for name in NOT_ALIKE.get(subject, set()):
                row.pop(name, None)
        yield subject, rows


@pytest.mark.parametrize("at_ns", MOMENTS)
def test_every_question_is_answered_as_it_was_then(whole: Path, tmp_path: Path, at_ns: int) -> None:
    then = filled(tmp_path / "then.sqlite", at_ns)
    with closing(open_read_only(whole)) as now, closing(open_read_only(then)) as before:
        look_as_of(now, at_ns, NAME)
        for (subject, told), (_, expected) in zip(answers(now), answers(before), strict=True):
            if subject is Subject.EQUITY:  # the minute that runs is told when it is over
                expected = [row for row in expected if row["minute_ns"] + 60 * NS_PER_S <= at_ns]
            if subject is Subject.EQUITY_CURVE:
                expected = [row for row in expected if row["at_ns"] + 60 * NS_PER_S <= at_ns]
            if subject in (Subject.ROUNDS, Subject.ROUND_LIST):  # no row says when it was listed
                expected = [row for row in expected if row["opens_ns"] <= at_ns]
            assert told == expected, subject


def bought(at_s: int, trade_id: str, outcome: str, side: str, px: int, shares: int) -> FillRow:
    """Of the round `r`, without a fee."""
    what = {"outcome": outcome, "side": side, "price": px, "shares": shares, "fee": 0}
    whose: dict[str, Any] = {"session": NAME, "seq": at_s, "at_ns": at_s * NS_PER_S}
    whose |= {"asset": "btc", "slug": "r", "strategy": "s"}
    return FillRow(
        NAME, f"o{trade_id}", trade_id, **whose, **what, is_taker=True, is_reversed=False
    )


def as_of(path: Path, rows: list[Row], at_s: int, *columns: str) -> list[Any]:
    with closing(Database(path)) as database:
        database.put(NAME, 0, [Fold(HEADER, NAME).began(), *rows], Fold(HEADER, NAME).began())
    with closing(open_read_only(path)) as connection:
        look_as_of(connection, at_s * NS_PER_S, NAME)
        return connection.execute(f"SELECT {', '.join(columns)} FROM trades").fetchall()


@pytest.mark.parametrize(("at_s", "flow"), [(1, -8), (2, -13), (3, -3)])
def test_pairs_that_became_dollars_are_money_from_then_on(
    tmp_path: Path, at_s: int, flow: int
) -> None:
    """Half of a position is paired, and the pairs are merged, before the round is settled."""
    ends: dict[str, Any] = {"shares": 20 * MICRO, "flow": -3 * MICRO, "pnl": 7 * MICRO}
    rows: list[Row] = [
        bought(1, "1", "up", "buy", 400_000, 20 * MICRO),
        bought(2, "2", "down", "buy", 500_000, 10 * MICRO),
        OperationRow(NAME, 3, 0, 3 * NS_PER_S, "merge", "r", 10 * MICRO, 10 * MICRO, "m", None),
        TradeRow(NAME, "r", "s", 1, session=NAME, outcome="up", opened_ns=NS_PER_S,
                 closed_ns=9 * NS_PER_S, settled_ns=9 * NS_PER_S, exit_px=750_000, **ends),
    ]  # fmt: skip
    left = 500_000 if at_s > 1 else None
    told = as_of(tmp_path / "merged.sqlite", rows, at_s, "shares", "flow", "exit_px", "pnl")
    assert told == [(20 * MICRO, flow * MICRO, left, None)]


def test_what_was_out_has_the_result_it_had_until_its_rest_is_paid(tmp_path: Path) -> None:
    """Less than a lot stays behind when a position is left: the settlement pays it, later. A
    trade that failed counts for nothing."""
    rows: list[Row] = [
        bought(1, "1", "up", "buy", 400_000, 10 * MICRO),
        evolve(bought(1, "3", "up", "buy", 100_000, MICRO), is_reversed=True),
        bought(2, "2", "up", "sell", 500_000, 10 * MICRO - 4_000),
        TradeRow(NAME, "r", "s", 1, session=NAME, outcome="up", opened_ns=NS_PER_S,
                 closed_ns=2 * NS_PER_S, settled_ns=9 * NS_PER_S, exit_px=500_200, ended="sold",
                 pnl=1_002_000),
    ]  # fmt: skip
    path = tmp_path / "rest.sqlite"
    assert as_of(path, rows, 5, "ended", "exit_px", "pnl") == [("sold", 500_000, 998_000)]


def test_a_trade_that_no_fill_tells_of_has_no_exit_before_its_end(tmp_path: Path) -> None:
    """Shares that were found at the venue after a crash."""
    rows: list[Row] = [
        TradeRow(NAME, "r", "", 1, session=NAME, outcome="up", opened_ns=NS_PER_S,
                 closed_ns=9 * NS_PER_S, exit_order_id="x", shares=MICRO, exit_px=MICRO,
                 ended="settled", pnl=MICRO),
    ]  # fmt: skip
    told = as_of(tmp_path / "found.sqlite", rows, 5, "shares", "exit_order_id", "exit_px", "pnl")
    assert told == [(MICRO, "", None, None)]


def test_points_of_a_curve_end_where_one_looks(tmp_path: Path) -> None:
    opens_ns = 1_000 * NS_PER_S
    points = [[ms, 1.0, None, 0.5, 0.4, 0.6, None] for ms in range(0, 30_000, 2_000)]
    text = msgspec.json.encode(points).decode()
    path = tmp_path / "curves.sqlite"
    with closing(Database(path)) as database:
        row = CurveRow("s", "round", opens_ns, "s", "btc", opens_ns, 60, text)
        database.put("s", 0, [Fold(HEADER, NAME).began(), row], Fold(HEADER, NAME).began())
    with closing(open_read_only(path)) as connection:
        look_as_of(connection, opens_ns + 9 * NS_PER_S, NAME)
        said = "SELECT points FROM curves"
        ((told,),) = connection.execute(said).fetchall()
        assert msgspec.json.decode(told) == points[:5]
