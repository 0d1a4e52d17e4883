"""The file: made, migrated, read by others while it is written, and refused in words."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from told_sessions import asked, dump

from polytui.model.errors import Fatal
from polytui.store.database import (
    BadDatabase,
    Database,
    OtherReader,
    database_of,
    is_sound,
    open_read_only,
)
from polytui.store.rows import FillRow, OrderRow, SessionRow, SettlementRow
from polytui.store.schema import VERSION

ONE = OrderRow(
    "s", "o1", session="s", asset="btc", side="buy", rung="", is_exit=False, placed_ns=1, price=5
)


def put(path: Path, *rows: object, before: int = 0, seq: int = 1) -> None:
    database = Database(path)
    try:
        database.put("s", before, rows, SessionRow("s", root="s", seq=seq))  # type: ignore[arg-type]
    finally:
        database.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return database_of(tmp_path)


def test_it_is_made_for_its_owner_alone(path: Path) -> None:
    put(path)
    assert path.stat().st_mode & 0o077 == 0
    assert is_sound(path)


def test_a_row_says_more_and_never_less(path: Path) -> None:
    put(path, ONE, OrderRow("s", "o1", state="live", accepted_ns=3))
    put(path, OrderRow("s", "o1", state="done", accepted_ns=9, price=7), before=1, seq=2)
    (row,) = dump(path)["orders"]
    found = dict(zip((one[0] for one in columns_of(path, "orders")), row, strict=True))
    assert (found["state"], found["accepted_ns"], found["price"]) == ("done", 3, 5)


def columns_of(path: Path, table: str) -> list[tuple[str]]:
    connection = open_read_only(path)
    try:
        return connection.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchall()
    finally:
        connection.close()


def test_counters_of_a_day_are_those_of_its_rows(path: Path) -> None:
    fill = FillRow("s", "o1", "t1", session="s", at_ns=2, asset="btc", fee=7, is_reversed=False)
    earned = SettlementRow("s", 1, 0, "s", 3, "btc", "slug", "credit", "up", 9, 4)
    put(path, ONE, fill, earned)
    assert dump(path)["daily"] == [("s", "1970-01-01", "btc", 1, 1, 1, 7, 0, 1, 1, 0, 4)]
    put(path, FillRow("s", "o1", "t1", is_reversed=True), before=1, seq=2)
    assert dump(path)["daily"] == [("s", "1970-01-01", "btc", 1, 1, 0, 0, 0, 1, 1, 0, 4)]
    (session,) = dump(path)["sessions"]
    assert session[-5:] == (0, 1, 0, 0, 4)


def test_nothing_of_a_batch_that_fails_is_there(path: Path) -> None:
    put(path)
    broken = SettlementRow("s", 1, 0, "s", 3, object(), "slug", "credit", "up", 9, 4)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.Error, match="type 'object' is not supported"):
        put(path, ONE, broken, before=1, seq=2)
    assert dump(path)["orders"] == []
    assert dump(path)["sessions"][0][9] == 1


def test_two_readers_of_one_session_do_not_meet(path: Path) -> None:
    put(path, seq=8)
    with pytest.raises(OtherReader):
        put(path, ONE, before=5, seq=9)
    assert dump(path)["orders"] == []


def test_who_reads_waits_for_nobody(path: Path) -> None:
    put(path, ONE)
    writer = sqlite3.connect(path, isolation_level=None)
    reader = open_read_only(path)
    try:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM orders")
        assert reader.execute("SELECT count(*) FROM orders").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM orders")
    finally:
        reader.close()
        writer.close()


@pytest.mark.parametrize("is_shared", [True, False])
def test_who_may_not_write_reads_what_a_writer_left_beside_the_file_as_well(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_shared: bool
) -> None:
    """A folder that is only read, of a machine that went down; with the memory that the writer
    shared, or without."""
    put(path)
    writer = Database(path)
    writer.put("s", 1, [ONE], SessionRow("s", root="s", seq=2))
    copy = tmp_path / "copy" / path.name
    copy.parent.mkdir()
    for end in ("", "-wal", "-shm") if is_shared else ("", "-wal"):
        shutil.copy(f"{path}{end}", f"{copy}{end}")
    writer.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert asked(copy, "SELECT seq FROM sessions") == [(2,)]
    assert len(dump(copy)["orders"]) == 1


# --- bad input ------------------------------------------------------------------------------------


def foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.commit()
    connection.close()


def damaged(path: Path) -> None:
    put(path, *(OrderRow("s", f"o{at}", detail="x" * 500) for at in range(200)))
    data = bytearray(path.read_bytes())
    data[8192:40960] = os.urandom(40960 - 8192)
    path.write_bytes(data)


def test_a_damaged_file_is_said(path: Path) -> None:
    damaged(path)
    assert not is_sound(path)
    database = Database(path)
    with pytest.raises(BadDatabase, match=r"damaged or no database of polytui.*rebuild"):
        database.check()


@pytest.mark.parametrize("opened", [Database, open_read_only])
def test_no_database_at_all_is_said(path: Path, opened: type[Database]) -> None:
    path.write_text("this is a letter to my aunt, and no database" * 100)
    with pytest.raises(BadDatabase, match=r"polytui.sqlite is damaged or .*rebuild"):
        opened(path)
    assert path.read_text().startswith("this is a letter"), "it is left as it was"


@pytest.mark.parametrize("opened", [Database, open_read_only])
def test_somebody_elses_is_said(path: Path, opened: type[Database]) -> None:
    foreign(path)
    with pytest.raises(BadDatabase, match="somebody else's"):
        opened(path)


@pytest.mark.parametrize("opened", [Database, open_read_only])
def test_a_newer_one_is_said(path: Path, opened: type[Database]) -> None:
    put(path, ONE)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(BadDatabase, match=f"its schema is {VERSION + 1}, this one knows {VERSION}"):
        opened(path)


def test_none_is_said(path: Path) -> None:
    with pytest.raises(Fatal, match=r"no database .* yet"):
        open_read_only(path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"cannot write the database .*No such file"):
        Database(database_of(tmp_path / "nowhere"))


def test_killed_while_it_is_made_it_is_made_the_next_time(path: Path) -> None:
    """A file without tables, as it is between two of its bytes."""
    sqlite3.connect(path).close()
    path.touch()
    with pytest.raises(BadDatabase, match="empty"):
        open_read_only(path)
    put(path, ONE)
    assert len(dump(path)["orders"]) == 1
