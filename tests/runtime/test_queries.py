"""Faces' questions: every row once however it is paged, and whatever is wrong in words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from trio.testing import MockClock

from polytui.model.query import (
    EVERY_SESSION,
    MOST_ROWS,
    SORTED_BY,
    SUMMED_BY,
    Answer,
    Query,
    Subject,
)
from polytui.runtime import queries as module
from polytui.runtime.queries import Queries
from polytui.store import pages, reading
from polytui.store.database import Database, database_of, open_read_only
from polytui.store.pages import BadQuery, page_of
from polytui.store.questions import Filter, Found
from polytui.store.reading import MOST_BYTES
from polytui.store.rows import EquityRow, FillRow, OrderRow, SessionRow, SignalRow, TradeRow

OWN, OTHER = "20261126-own", "20261125-other"
COUNT = 300


def session_row(name: str, last_ns: int) -> SessionRow:
    return SessionRow(name, name, "", "demo", "0", 1, 7, 1.0, seq=1, last_ns=last_ns)


def rows_of(session: str, *, begin: int = 0, count: int = COUNT) -> Iterator[Any]:
    """Some of each kind. Five of a moment, so that no page ends where a moment does."""
    for n in range(begin, begin + count):
        at_ns = 1_000 + n // 5
        order, slug = f"{session}-{n}", f"round-{n % 7}"
        yield OrderRow(session, order, session, "btc", "5m", slug, "confluence", placed_ns=at_ns)
        yield FillRow(session, order, "t", session, n, at_ns, "btc", "5m", slug, "confluence")
        yield TradeRow(
            session, slug, "confluence", n, session=session, asset="btc", opened_ns=at_ns
        )
        yield EquityRow(session, n * 60, 1, 2, 3, 4, 5, 6, 7, 8)
        why = ("edge small", "book late", "no strike")[n % 3]
        yield SignalRow(
            session, n, 0, at_ns, "btc", "5m", slug, "confluence", False, why, 1.0, 2.0, "bps"
        )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = database_of(tmp_path_factory.mktemp("runs"))
    database = Database(path)
    for name, last_ns in ((OTHER, 55), (OWN, 77)):
        database.put(name, 0, rows_of(name), session_row(name, last_ns))
    database.close()
    return path


def asked(path: Path, query: Query) -> Answer:
    """In this thread."""
    connection = open_read_only(path)
    try:
        return page_of(query, OWN).read(connection)
    finally:
        connection.close()


def every_page(path: Path, query: Query) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    while True:
        answer = asked(path, query)
        assert len(answer.rows) <= query.limit
        rows += answer.rows
        if not answer.more:
            return rows
        assert len(answer.rows) == query.limit
        query = replace(query, after=answer.more)


# --- pages ----------------------------------------------------------------------------------------

TIMED = (Subject.TRADES, Subject.ORDERS, Subject.FILLS)


@pytest.mark.parametrize("subject", [*TIMED, Subject.EQUITY])
@pytest.mark.parametrize("limit", [1, 3, 7, 50, 199, MOST_ROWS])
def test_every_row_is_told_once_however_it_is_paged(
    filled: Path, subject: Subject, limit: int
) -> None:
    rows = every_page(filled, Query(1, subject, limit=limit))
    assert len(rows) == len(set(rows)) == COUNT
    columns = asked(filled, Query(1, subject, limit=1)).columns
    names = {"trades": "opened_ns", "orders": "placed_ns", "fills": "at_ns", "equity": "minute_ns"}
    times = [row[columns.index(names[subject.value])] for row in rows]
    assert times == sorted(times, reverse=subject is not Subject.EQUITY)


@pytest.mark.parametrize("subject", TIMED)
def test_rows_that_come_meanwhile_move_nothing(tmp_path: Path, subject: Subject) -> None:
    path = database_of(tmp_path)
    database = Database(path)
    database.put(OWN, 0, rows_of(OWN, count=40), session_row(OWN, 1))
    first = asked(path, Query(1, subject, limit=13))
    database.put(OWN, 1, rows_of(OWN, begin=40, count=40), session_row(OWN, 2))
    rest = every_page(path, Query(1, subject, limit=13, after=first.more))
    database.close()
    assert len({*first.rows, *rest}) == len(first.rows) + len(rest) == 40


def test_what_is_counted_is_paged_too(filled: Path) -> None:
    whole = asked(filled, Query(1, Subject.WHY, limit=MOST_ROWS)).rows
    assert [row[3] for row in whole] == [COUNT // 3] * 3
    assert every_page(filled, Query(1, Subject.WHY, limit=1)) == list(whole)
    assert len(asked(filled, Query(1, Subject.WHY, slug="round-1")).rows) == 3


def test_its_own_session_is_meant_where_none_is_named(filled: Path) -> None:
    for subject in TIMED:
        own = every_page(filled, Query(1, subject, limit=100))
        named = every_page(filled, Query(1, subject, limit=100, session=OTHER))
        all_of_it = every_page(filled, Query(1, subject, limit=100, session=EVERY_SESSION))
        assert sorted(own + named, key=str) == sorted(all_of_it, key=str)
        assert not {*own} & {*named}
    assert len(asked(filled, Query(1, Subject.SESSIONS)).rows) == 2


def test_a_session_that_goes_on_from_another_has_its_day_with_it(tmp_path: Path) -> None:
    path = database_of(tmp_path)
    database = Database(path)
    for name, root in ((OTHER, OTHER), ("alone", "alone"), (OWN, OTHER)):
        row = attrs.evolve(session_row(name, 1), root=root)
        database.put(name, 0, rows_of(name, count=20), row)
    database.close()
    for subject in TIMED:
        assert len(every_page(path, Query(1, subject, limit=9))) == 40
        assert len(every_page(path, Query(1, subject, limit=9, session=OWN))) == 20
    counted = asked(path, Query(1, Subject.WHY, limit=MOST_ROWS)).rows
    assert sum(row[3] for row in counted) == 40
    assert len(every_page(path, Query(1, Subject.EQUITY))) == 20


@pytest.mark.parametrize("subject", [one for one in Subject if one is not Subject.LOG])
def test_every_subject_has_an_answer_that_fits_a_frame(filled: Path, subject: Subject) -> None:
    answer = asked(filled, Query(1, subject, limit=MOST_ROWS))
    assert answer.columns
    assert len(msgspec.msgpack.encode(answer)) < MOST_BYTES


# --- what cannot be asked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (Query(1, Subject.TRADES, limit=0), "limit 0: expected 1 to 200"),
        (Query(1, Subject.TRADES, limit=MOST_ROWS + 1), "limit 201: expected"),
        (Query(1, Subject.TRADES, since_ns=-1), "-1 is no time"),
        (Query(1, Subject.TRADES, until_ns=1 << 63), "is no time"),
        (Query(1, Subject.TRADES, slug="x" * 201), "a name of 201 characters"),
        (Query(1, Subject.TRADES, after="soon"), "`after` is not of an answer"),
        (Query(1, Subject.TRADES, after="7:1; DROP TABLE trades"), "`after` is not"),
        (Query(1, Subject.WHY, after="7:1"), "`after` is not of an answer to this question"),
        (Query(1, Subject.ORDERS, after="7:99999"), "more than 10,000 rows"),
        (Query(1, Subject.ORDERS, after=f"{10**19 - 1}:1"), "more than 10,000 rows"),
        (Query(1, Subject.EQUITY, session=EVERY_SESSION), "equity are of one session"),
    ],
)
def test_what_cannot_be_asked_is_said(query: Query, words: str) -> None:
    with pytest.raises(BadQuery, match=words.replace("(", r"\(")):
        page_of(query, OWN)


TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(("btc", OWN, "*", "'; --", "7:1", "3", "")))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 2_000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.builds(
        Query, st.integers(0, 9), st.sampled_from(Subject), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS,
        NUMBERS, NUMBERS, NUMBERS, TEXTS, TEXTS,
        TEXTS | st.sampled_from(SORTED_BY), NUMBERS, TEXTS | st.sampled_from(SUMMED_BY),
    )
)  # fmt: skip
def test_whatever_is_asked_is_answered_or_refused_in_words(filled: Path, query: Query) -> None:
    with suppress(BadQuery):
        assert len(asked(filled, query).rows) <= MOST_ROWS


# --- the way to it --------------------------------------------------------------------------------


@pytest.mark.trio
async def test_an_answer_says_how_far_the_database_is(filled: Path) -> None:
    answer = await Queries(filled, OWN, is_kept=True).answer(Query(5, Subject.TRADES, limit=3))
    assert (answer.query_id, len(answer.rows), answer.as_of_ns, answer.error) == (5, 3, 77, "")
    unknown = await Queries(filled, "new", is_kept=True).answer(Query(6, Subject.TRADES))
    assert (unknown.rows, unknown.as_of_ns, unknown.error) == ((), 0, "")


@pytest.mark.trio
async def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    async def error_of(path: Path, *, is_kept: bool = True, limit: int = 5) -> str:
        query = Query(8, Subject.TRADES, limit=limit)
        answer = await Queries(path, OWN, is_kept=is_kept).answer(query)
        assert (answer.query_id, answer.rows) == (8, ())
        return answer.error

    path = database_of(tmp_path)
    assert "no database" in await error_of(path)
    assert "switched off (store.is_enabled)" in await error_of(path, is_kept=False)
    path.write_bytes(b"this is no database, it is a poem" * 200)
    assert "damaged or no database of polytui" in await error_of(path)
    path.unlink()
    Database(path).close()
    assert "limit 0" in await error_of(path, limit=0)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    assert "a newer version of polytui made" in await error_of(path)


@pytest.mark.trio
async def test_who_waits_too_long_for_a_turn_is_told_so(
    autojump_clock: MockClock, filled: Path
) -> None:
    asking = Queries(filled, OWN, is_kept=True)
    asking._turn.acquire_on_behalf_of_nowait(somebody := object())
    began = trio.current_time()
    answer = await asking.answer(Query(3, Subject.TRADES))
    assert trio.current_time() - began == pytest.approx(module._WAIT_S)
    asking._turn.release_on_behalf_of(somebody)
    assert answer.error.startswith("busy: this question waited 10 s for its turn")


ENDED = threading.Event()


def _endless(connection: sqlite3.Connection, _: Filter) -> Found:
    try:
        return _forever(connection)
    finally:
        ENDED.set()


def _forever(connection: sqlite3.Connection) -> Found:
    said = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    return Found(("n",), connection.execute(said).fetchall())


@pytest.mark.trio
async def test_a_question_without_an_end_is_ended_and_the_next_one_answered(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_READ_S", 0.2)
    monkeypatch.setattr(module, "_WAIT_S", 0.1)  # which is over once it is read
    ENDED.clear()
    monkeypatch.setitem(pages._ASKED, Subject.RESULTS, pages._Counted(_endless))
    asking = Queries(filled, OWN, is_kept=True)
    with trio.fail_after(20.0):
        slow = await asking.answer(Query(3, Subject.RESULTS))
        assert slow.error == "no answer within 0.2 s: ask for less"
        assert await trio.to_thread.run_sync(ENDED.wait, 10.0), "its thread is free again"
        quick = await Queries(filled, OWN, is_kept=True).answer(Query(4, Subject.DAYS))
        assert quick.error == ""


@pytest.mark.trio
async def test_an_engine_that_ends_waits_for_no_answer(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pages._ASKED, Subject.RESULTS, pages._Counted(_endless))
    asking = Queries(filled, OWN, is_kept=True)
    with trio.fail_after(2.0), trio.move_on_after(0.1):
        await asking.answer(Query(3, Subject.RESULTS))


@pytest.mark.trio
async def test_faces_have_their_turns_one_after_the_other(filled: Path) -> None:
    asking, answers = Queries(filled, OWN, is_kept=True), list[Answer]()

    async def ask(number: int) -> None:
        answers.append(await asking.answer(Query(number, Subject.TRADES, limit=20)))

    async with trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(ask, number)
    assert {answer.query_id for answer in answers} == set(range(30))
    assert all(len(answer.rows) == 20 for answer in answers)


@pytest.mark.trio
async def test_a_database_that_somebody_locks_is_said_and_read_once_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LOCK_S", 0.05)
    path = database_of(tmp_path)
    database = Database(path)
    database.put(OWN, 0, rows_of(OWN, count=10), session_row(OWN, 1))
    database.close()
    asking = Queries(path, OWN, is_kept=True)
    somebody = sqlite3.connect(path, isolation_level=None)
    somebody.execute("PRAGMA locking_mode = EXCLUSIVE")
    somebody.execute("BEGIN EXCLUSIVE")
    answer = await asking.answer(Query(3, Subject.BLOTTER))
    assert answer.error == f"the database {path} is locked by another program"
    somebody.execute("COMMIT")
    somebody.close()
    assert len((await asking.answer(Query(4, Subject.BLOTTER))).rows) == 10


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (Query(1, Subject.BLOTTER, sort="luck"), "nothing is sorted by luck"),
        (Query(1, Subject.SUMS, by="moon"), "nothing is summed by moon"),
        (Query(1, Subject.BLOTTER, skip=-1), "skip -1"),
        (Query(1, Subject.TRADES, words="size>3"), "no number is called size"),
        (Query(1, Subject.LOG), "log is not in the database"),
        (Query(1, Subject.EQUITY_CURVE, session=EVERY_SESSION), "equity curve are of one session"),
    ],
)
def test_what_the_pages_cannot_ask_is_said(query: Query, words: str) -> None:
    with pytest.raises(BadQuery, match=words):
        page_of(query, OWN)
