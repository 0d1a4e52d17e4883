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
from sessions import START_NS
from told_sessions import HEADER, NAME, put, told_session

from polytui.model.query import Query, Subject
from polytui.model.units import NS_PER_S
from polytui.store.as_of import look_as_of
from polytui.store.curve_rows import CurveRow
from polytui.store.database import Database, open_read_only
from polytui.store.fold import Fold
from polytui.store.pages import page_of

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
