"""Files that people open: the same money as everywhere, whoever is killed while they are made."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from played import PlayedSession, played_session
from told_sessions import asked

from polytui.model.latency import COLUMNS, JUDGED, OrderLatency
from polytui.model.units import MICRO
from polytui.store.database import Database, database_of, open_read_only
from polytui.store.files import written
from polytui.store.files.keeper import Keeper
from polytui.store.files.stale import stale_files
from polytui.store.following import Following, read_to_its_end
from polytui.store.latency_rows import latency_rows
from polytui.store.rows import SessionRow


@pytest.fixture(scope="module")
def played() -> PlayedSession:
    return played_session()


@pytest.fixture
def folder(tmp_path: Path, played: PlayedSession) -> Path:
    return played.copied(tmp_path)


def made(folder: Path) -> list[str]:
    """Everything read and made; what was said."""
    said: list[str] = []
    with closing(Database(database_of(folder.parent))) as database:
        read_to_its_end(database, folder)
        Keeper(database, folder.parent, said.append).make()
    return said


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def trades_of(folder: Path) -> list[dict[str, str]]:
    paths = sorted((folder / "data" / "trades").rglob("trades_*.csv"))
    return [line for path in paths for line in lines(path)]


def summaries_of(folder: Path) -> list[dict[str, str]]:
    paths = sorted((folder / "data" / "summary").rglob("summary_*.csv"))
    return [line for path in paths for line in lines(path)]


def micro(text: str) -> int:
    """Exactly."""
    scaled = Decimal(text) * MICRO
    assert scaled == int(scaled)
    return int(scaled)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in ("data", "logs")
        for path in (folder / part).rglob("*")
        if path.is_file()
    }


def stale(folder: Path) -> list[Any]:
    with closing(open_read_only(database_of(folder.parent))) as connection:
        return stale_files(connection)


# --- money ----------------------------------------------------------------------------------------


def test_money_is_the_same_from_the_journal_to_the_summary_file(
    played: PlayedSession, folder: Path
) -> None:
    """The ledger that traded, its summary.json, the database, the trades and their summary."""
    assert made(folder) == []
    account, totals = played.mind.account, played.summary["totals"]
    trades, days = trades_of(folder), summaries_of(folder)
    by_trades = sum(micro(one["pnl_usdc"]) for one in trades)
    by_days = sum(micro(one["total_pnl"]) for one in days)
    ((by_sessions,),) = asked(database_of(folder.parent), "SELECT sum(pnl) FROM sessions")
    assert [by_trades, by_days, by_sessions] == [account.realised] * 3
    assert account.realised != 0
    assert by_trades == micro(f"{totals['pnl_usd']:.6f}")
    fees = sum(micro(one["fee_paid"]) for one in trades)
    assert fees == account.fees == micro(f"{totals['fees_usd']:.6f}")
    live = [kinds["live"] for kinds in played.summary["strategies"].values() if "live" in kinds]
    assert len(trades) == sum(one["entries"] for one in live) > 1
    for key, result in (("wins", "win"), ("losses", "loss")):
        counted = sum(int(one[key]) for one in days)
        assert counted == sum(one["result"] == result for one in trades)
    assert sum(int(one["total_trades"]) for one in days) == len(trades)


def test_a_line_of_a_trade_is_its_row(folder: Path) -> None:
    made(folder)
    told = asked(
        database_of(folder.parent),
        "SELECT opened_ns, slug, strategy, outcome, entry_px, exit_px, shares, fees, pnl, stake,"
        " entry_order_id FROM trades_told ORDER BY settled_ns, closed_ns, root, slug, strategy,"
        " number",
    )
    trades = trades_of(folder)
    assert len(trades) == len(told)
    for line, row in zip(trades, told, strict=True):
        opened_ns, slug, strategy, side, *money, stake, order_id = row
        opened = datetime.fromisoformat(line["ts_open"])
        assert round(opened.timestamp() * 1e6) == opened_ns // 1000
        assert (line["market_slug"], line["strategy_id"], line["side"]) == (slug, strategy, side)
        names = ("entry_px", "exit_px", "size", "fee_paid", "pnl_usdc")
        assert [micro(line[name]) for name in names] == money
        assert float(line["pnl_bps"]) == pytest.approx(money[-1] / stake * 10_000, abs=0.006)
        assert json.loads(line["notes_json"])["entry_order_id"] == order_id
        assert float(line["latency_fill_ms"]) >= float(line["latency_submit_ms"] or 0)
        assert float(line["oracle_mid_open"]) > 0
        assert 0 < float(line["polymarket_mid_open"]) < 1


def test_a_round_has_what_was_decided_and_done_in_it(folder: Path) -> None:
    made(folder)
    path = database_of(folder.parent)
    for name, table in (("signals", "signals"), ("orders", "orders"), ("fills", "fills")):
        found = {
            where.parent.name: len(lines(where))
            for where in (folder / "logs").rglob(f"{name}.csv")
            if lines(where)
        }
        counted = asked(path, f"SELECT slug, count(*) FROM {table} WHERE slug <> '' GROUP BY slug")
        listed = {slug for (slug,) in asked(path, "SELECT slug FROM rounds")}
        assert found == {slug: count for slug, count in counted if slug in listed} != {}
    (info, *_) = (folder / "logs" / "5m").rglob("market_info.txt")
    assert f"market_slug: {info.parent.name}\n" in info.read_text()
    assert "\nwinner: " in info.read_text()


def test_an_orders_way_is_in_its_rounds_latencies(folder: Path) -> None:
    """Under the names and in the milliseconds of the one place that defines them."""
    path = database_of(folder.parent)
    made(folder)
    ((slug, root, order_id, seq),) = asked(
        path, "SELECT o.slug, o.root, order_id, s.seq FROM orders o, sessions s LIMIT 1"
    )
    way = OrderLatency(
        *(order_id, "btc", slug, "distance_fade", 5, ""),
        *(None, 0, 120, 40, 7, 15_300, 15_900, None, -3),
        ended="filled",
    )
    with closing(Database(path)) as database:
        rows = latency_rows(root, folder.name, way)
        database.put(folder.name, seq, rows, SessionRow(folder.name))
        Keeper(database, folder.parent, pytest.fail).make()
    (line,) = lines(folder / "logs" / "5m" / slug / "latency.csv")
    for name in (*COLUMNS, *JUDGED):
        told = getattr(way, name)
        assert line[name] == ("" if told is None else f"{told:.3f}"), name
    assert (line["receive_ms"], line["ack_ms"], line["is_taker"]) == ("", "15.300", "false")
    trades = [one for one in trades_of(folder) if order_id in one["notes_json"]]
    assert trades[0]["latency_submit_ms"] == "15.307"


# --- whoever is killed ----------------------------------------------------------------------------


class Killed(BaseException):
    pass


class Death:
    """State: how many files are put in their place until it comes."""

    def __init__(self, left: int, *, is_before: bool) -> None:
        self._left = left
        self._is_before = is_before

    def replace(self, source: Path, target: Path) -> None:
        self._left -= 1
        if not self._left and self._is_before:
            Path(source).write_bytes(b"torn")
            raise Killed
        os.rename(source, target)
        if not self._left:
            raise Killed


def test_killed_at_any_place_the_files_become_those_of_an_undisturbed_run(
    tmp_path: Path, folder: Path, played: PlayedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each follower is killed at a place of chance: before a file is whole, before it is in its
    place, or before the database knows that it is."""
    undisturbed = played.copied(tmp_path / "undisturbed")
    made(undisturbed)
    expected, chance, deaths, is_over = contents(undisturbed), Random(7), 0, False
    while not is_over:
        death = Death(chance.randint(1, 4), is_before=chance.random() < 0.5)
        monkeypatch.setattr(written.os, "replace", death.replace)
        try:
            with closing(Database(database_of(folder.parent))) as database:
                following = Following(database, folder, most=2_003)
                is_over = not following.read()
                following.close()
                Keeper(database, folder.parent, pytest.fail).make()
        except Killed:
            deaths += 1
            is_over = False
    assert deaths >= 20
    assert stale(folder) == []
    found = {name: one for name, one in contents(folder).items() if not name.endswith(".new")}
    assert found == expected


def test_made_anew_they_are_equal(folder: Path) -> None:
    made(folder)
    before = contents(folder)
    for name in before:
        (folder / name).unlink()
    database_of(folder.parent).unlink()
    made(folder)
    assert contents(folder) == before
    assert len(before) > 10


# --- a disk that refuses, and folders of others ---------------------------------------------------


def test_a_disk_that_refuses_is_said_once_and_made_good(folder: Path) -> None:
    with closing(Database(database_of(folder.parent))) as database:
        read_to_its_end(database, folder)
        said: list[str] = []
        keeper = Keeper(database, folder.parent, said.append)
        (folder / "data").write_text("where a folder should be")
        keeper.make()
        keeper.make()
        assert len(said) == 1
        assert "cannot write" in said[0]
        assert "data" in said[0]
        assert stale(folder) != []
        (folder / "data").unlink()
        keeper.make()
    assert stale(folder) == []
    assert trades_of(folder)


def test_files_are_their_owners_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        made(folder)
    finally:
        os.umask(before)
    for part in ("data", "logs"):
        for path in [folder / part, *(folder / part).rglob("*")]:
            assert not path.stat().st_mode & 0o077, path


def test_two_who_make_files_do_not_meet(folder: Path) -> None:
    with closing(Database(database_of(folder.parent))) as database:
        read_to_its_end(database, folder)
        lock = os.open(folder.parent, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        Keeper(database, folder.parent, pytest.fail).make()
        assert not (folder / "data").exists()
        os.close(lock)
        Keeper(database, folder.parent, pytest.fail).make()
    assert (folder / "data").exists()
