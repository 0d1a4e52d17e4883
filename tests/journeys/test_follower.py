"""The database of a living session: its follower is killed in the middle, trading does not notice,
and at the end the rows are those that are made anew of the journal."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio
from program import QUICK, Program, run, started, with_database

from polytui.model.units import format_micro

pytestmark = pytest.mark.trio
_MICRO = 1_000_000


def rows(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        said = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        tables = [name for (name,) in connection.execute(said)]
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for name in tables
        }


def files_of(folder: Path) -> dict[str, bytes]:
    """What is made of the rows."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in ("data", "logs", "streams")
        for path in (folder / part).rglob("*")
        if path.is_file()
    }


def followers_of(engine: Program) -> list[int]:
    """Processes that read this session into the database."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = one.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"polytui.store" in words and any(str(engine.folder).encode() in w for w in words):
            found.append(int(one.parent.name))
    return found


async def until_something_is_read(path: Path) -> None:
    while True:
        try:
            if rows(path)["sessions"]:
                return
        except (sqlite3.Error, KeyError):
            pass
        await trio.sleep(0.1)


_ENDLESS = (
    "demo", "--headless", "--paper", "--rounds", "0", "--assets", "btc", "--speed", "10", *QUICK,
)  # fmt: skip
"""Ended by a signal: a journal is there from the first moment."""


async def test_a_follower_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    database = tmp_path / "runs" / "polytui.sqlite"
    summary = tmp_path / "summary.json"
    played = ("--rounds", "1", "--assets", "btc", "--speed", "30", *QUICK)
    async with started(
        tmp_path, "demo", "--headless", "--paper", *played, "--config", with_database(tmp_path),
        "--folder", tmp_path / "runs" / "one",
        "--json", summary,
    ) as engine:  # fmt: skip
        await until_something_is_read(database)
        (first,) = followers_of(engine)
        os.kill(first, signal.SIGKILL)
        await engine.line("the database is not kept for now")
        assert await engine.end() == 0
    assert followers_of(engine) == [], "it is done before the engine says that it is"
    found = json.loads(summary.read_text())
    (session,) = rows(database)["sessions"]
    totals = found["totals"]
    assert session[-5:-2] == (totals["rounds"], totals["orders"], totals["fills"])
    assert session[-1] == round(totals["pnl_usd"] * _MICRO)
    before = rows(database)
    assert before["orders"]
    assert before["differences"] == []
    files = files_of(tmp_path / "runs" / "one")
    (summary_csv,) = (text for name, text in files.items() if "summary_" in name)
    assert f",{format_micro(session[-1])}," in summary_csv.decode()
    assert {Path(name).parts[0] for name in files} == {"data", "logs", "streams"}
    again = await trio.to_thread.run_sync(run, tmp_path, "rebuild")
    assert again.returncode == 0, again.stderr
    assert rows(database) == before
    assert files_of(tmp_path / "runs" / "one") == files, "made anew, they are equal to the byte"


async def test_a_database_that_cannot_be_used_is_said_and_hurts_nobody(tmp_path: Path) -> None:
    database = tmp_path / "runs" / "polytui.sqlite"
    database.parent.mkdir()
    database.write_text("somebody's letter" * 100)
    async with started(tmp_path, *_ENDLESS) as engine:
        await engine.line("the database is not kept for now .*polytui rebuild")
        await engine.line("BTC .*trading")
        engine.process.terminate()
        assert await engine.end() == 0
    assert database.read_text().startswith("somebody's letter")
    again = await trio.to_thread.run_sync(run, tmp_path, "rebuild")
    assert again.returncode == 0
    assert "kept as" in again.stdout
    assert len(rows(database)["sessions"]) == 1
