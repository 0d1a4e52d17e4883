"""What an account tells by itself, and the venue's own name of an order, as rows; and files of the
schema before they were."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner
from msgspec import Raw, structs
from told_sessions import HEADER, NAME, asked, dump, put, told_session

from polytui.cli.main import cli
from polytui.journal.codec import JournalRecord, decode_event, encode_event
from polytui.model import events as ev
from polytui.model.units import Usd
from polytui.store.database import Database, database_of, open_read_only
from polytui.store.fold import Fold
from polytui.store.questions import Filter, equity, orders
from polytui.store.schema import MIGRATIONS, VERSION

EVERY = 150
AMOUNT = 7_000_001


def venue_id(number: int) -> str:
    return f"0x{number:064x}"


def live_records() -> list[JournalRecord]:
    """A session in which the venue names every order, and money comes again and again, each time
    told twice."""
    found = list[JournalRecord]()
    accepted = 0
    for record in told_session(3).records:
        event = decode_event(record.event)
        if isinstance(event, ev.Accepted):
            accepted += 1
            event = evolve(event, venue_id=venue_id(accepted))
            record = structs.replace(record, event=Raw(encode_event(event)))
        found.append(record)
        if len(found) % EVERY < 2:
            number = len(found) // EVERY
            moved = ev.CashMoved(
                ev.CashKind.DEPOSIT, Usd(AMOUNT), f"0x{number}", record.at, "from the bridge"
            )
            held = ev.Reconciled(record.at, number % 2, (f"a-{number}", f"b-{number}"))
            found += [
                JournalRecord(at=record.at, asset=record.asset, event=Raw(encode_event(event)))
                for event in (moved, held)
            ]
    return [structs.replace(one, seq=seq) for seq, one in enumerate(found, start=1)]


def whole(path: Path, records: list[JournalRecord]) -> Path:
    database = Database(path)
    put(database, Fold(HEADER, NAME), records, 0)
    database.close()
    return path


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole(database_of(tmp_path_factory.mktemp("live")), live_records())


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole(database_of(tmp_path_factory.mktemp("paper")), told_session(3).records)


def test_money_that_moved_is_a_row_of_its_own_and_once(live: Path) -> None:
    rows = asked(live, "SELECT amount, asset, slug, detail FROM wallet WHERE kind = 'deposit'")
    assert len(rows) > 3
    assert set(rows) == {(AMOUNT, "", "", "from the bridge")}
    assert asked(live, "SELECT * FROM differences") == []


def test_each_comparison_with_the_venue_is_a_row(live: Path) -> None:
    told = [decode_event(record.event) for record in live_records()]
    expected = [
        (one.differences, " ".join(one.slugs)) for one in told if isinstance(one, ev.Reconciled)
    ]
    assert len(expected) > 6
    assert asked(live, "SELECT differences, slugs FROM reconciles ORDER BY seq") == expected


def minutes(path: Path) -> dict[int, tuple[int, ...]]:
    with closing(open_read_only(path)) as connection:
        rows = equity(connection, Filter(limit=0)).plain()
    told = ("equity", "realised", "carried", "fees", "exposure")
    return {row["minute_ns"]: tuple(row[name] for name in told) for row in rows}


def test_no_minute_jumps_because_money_came(live: Path, paper: Path) -> None:
    assert minutes(live) == minutes(paper)
    (moved,) = asked(live, "SELECT max(moved) FROM equity")[0]
    assert moved > 3 * AMOUNT
    ((cash,), (without,)) = (
        asked(path, "SELECT cash FROM equity ORDER BY minute_ns DESC LIMIT 1")[0]
        for path in (live, paper)
    )
    assert cash == without + moved


def test_no_result_is_another_one(live: Path, paper: Path) -> None:
    said = "SELECT pnl, fees, orders, fills FROM sessions"
    assert asked(live, said) == asked(paper, said)


def test_an_order_is_found_by_what_the_venue_calls_it(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_read_only(live)) as connection:
        (found,) = orders(connection, Filter(venue_id=venue_id(2))).plain()
    assert found["venue_id"] == venue_id(2)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    shutil.copy(live, database_of(tmp_path / "runs"))
    shown = CliRunner().invoke(cli, ["orders", "--venue-id", venue_id(2), "--json", "-"])
    assert shown.exit_code == 0, shown.output
    (told,) = json.loads(shown.output)
    assert (told["order_id"], told["venue_id"]) == (found["order_id"], venue_id(2))


# --- files of before ------------------------------------------------------------------------------


def as_it_was(path: Path) -> None:
    """Back to the first schema."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP INDEX orders_by_venue_id")
        for table, column in (("orders", "venue_id"), ("wallet", "detail"), ("equity", "moved")):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DROP TABLE operations")
        connection.execute("DROP TABLE reconciles")
        connection.execute("DROP TABLE curves")
        connection.execute("PRAGMA user_version = 1")


def shape(path: Path) -> list[tuple[str, ...]]:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute(names)]
        return [
            (table, *(str(row[1:3]) for row in connection.execute(f"PRAGMA table_info({table})")))
            for table in tables
        ]


@pytest.mark.parametrize("opened", [Database, open_read_only])
def test_a_file_of_before_becomes_one_of_now(
    opened: type[Database], paper: Path, tmp_path: Path
) -> None:
    path = whole(database_of(tmp_path), told_session(3).records)
    as_it_was(path)
    opened(path).close()
    assert dump(path) == dump(paper), "row for row as if it had been made anew"
    assert shape(path) == shape(paper)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        indices = "SELECT count(*) FROM sqlite_master WHERE name = 'operations_by_session'"
        assert connection.execute(indices).fetchone() == (1,)
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT * FROM orders WHERE venue_id = 'a'")
        assert "orders_by_venue_id" in str(plan.fetchall())


def test_every_version_has_its_way_to_the_next() -> None:
    assert sorted(MIGRATIONS) == list(range(1, VERSION))


def test_where_nobody_may_write_it_is_read_as_it_is(tmp_path: Path) -> None:
    path = whole(database_of(tmp_path), told_session(3).records)
    as_it_was(path)
    path.chmod(0o400)
    if os.access(path, os.W_OK):
        pytest.skip("whoever runs this may write everything")
    with closing(open_read_only(path)) as connection:
        assert orders(connection, Filter()).rows
