"""Streams of JSON lines: what the journal told, once, whoever is killed while they are written."""

from __future__ import annotations

import json
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from played import PlayedSession, played_session
from told_sessions import asked, dump

from polytui.journal.codec import BadJournal
from polytui.journal.reader import JournalReader
from polytui.journal.segments import segments_of
from polytui.model.units import MICRO
from polytui.store.database import Database, database_of
from polytui.store.files.stream_lines import STREAMS
from polytui.store.files.streams import FOLDER, Streams
from polytui.store.following import Following


@pytest.fixture(scope="module")
def played() -> PlayedSession:
    return played_session()


@pytest.fixture
def folder(tmp_path: Path, played: PlayedSession) -> Path:
    return played.copied(tmp_path)


def follow(folder: Path, most: int = 20_000, times: int = 10_000) -> list[str]:
    """What was said."""
    said: list[str] = []
    with closing(Database(database_of(folder.parent))) as database:
        following = Following(database, folder, most, said.append)
        try:
            while times and following.read():
                times -= 1
        finally:
            following.close()
    return said


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / FOLDER).iterdir())}


def lines(folder: Path, stream: str) -> list[dict[str, Any]]:
    found = []
    for path in sorted((folder / FOLDER).glob(f"{stream}.*.jsonl")):
        text = path.read_text()
        assert text.endswith("\n")
        found += [json.loads(line, parse_float=Decimal) for line in text.splitlines()]
    return found


def micro(value: Decimal | int) -> int:
    return int(value * MICRO)


def test_each_stream_has_what_the_database_has(folder: Path) -> None:
    assert follow(folder) == []
    path = database_of(folder.parent)
    signals = lines(folder, "signal")
    assert len(signals) == asked(path, "SELECT count(*) FROM signals")[0][0] > 100
    execution = lines(folder, "execution")
    fills = [one for one in execution if one["what"] == "fill"]
    assert [(one["order_id"], micro(one["price"]), micro(one["shares"])) for one in fills] == asked(
        path, "SELECT order_id, price, shares FROM fills ORDER BY seq"
    )
    trades = [one for one in lines(folder, "strategy") if one["what"] == "trade"]
    ((pnl, count),) = asked(path, "SELECT sum(pnl), count(*) FROM trades")
    assert (sum(micro(one["pnl"]) for one in trades), len(trades)) == (pnl, count)
    settled = [one for one in lines(folder, "strategy") if one["what"] == "settlement"]
    assert sum(micro(one["pnl"]) for one in settled) == pnl != 0
    assert not any("settings_json" in one for one in lines(folder, "strategy"))


def test_every_event_is_counted_in_its_minute(folder: Path) -> None:
    follow(folder)
    counted: dict[str, int] = {}
    minutes = [one for one in lines(folder, "ingestion") if one["what"] == "minute"]
    for one in minutes:
        for kind, count in one["counts"].items():
            counted[kind] = counted.get(kind, 0) + count
    found: dict[str, int] = {}
    with JournalReader(folder) as journal:
        records = [record for record in journal if record.is_event]
    last = records[-1].at // (60 * 10**9)
    for record in records:
        if record.at // (60 * 10**9) < last:
            kind = json.loads(bytes(record.event))[0]
            found[kind] = found.get(kind, 0) + 1
    assert counted == found
    assert len(found) > 5


class Killed(BaseException):
    pass


class Death:
    """State: how many writes there are until it comes."""

    def __init__(self, write: Any, left: int, where: str) -> None:
        self._write = write
        self._left = left
        self._where = where

    def on(self) -> Any:
        """In place of the method of Streams."""

        def write(streams: Streams, name: str, number: int, waiting: list[bytes]) -> None:
            self._left -= 1
            whole = b"".join(waiting)
            if not self._left and self._where == "before":
                raise Killed
            if not self._left and self._where == "inside":
                self._write(streams, name, number, [whole[: len(whole) // 2]])
                raise Killed
            self._write(streams, name, number, waiting)
            if not self._left:
                raise Killed

        return write


def test_killed_at_any_place_nothing_is_doubled_or_torn(
    tmp_path: Path, folder: Path, played: PlayedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a write of chance: before it, in the middle of a line, or behind it and before the
    database knows."""
    undisturbed = played.copied(tmp_path / "undisturbed")
    follow(undisturbed)
    chance, deaths, write = Random(11), 0, Streams._write
    while True:
        death = Death(write, chance.randint(1, 20), chance.choice(("before", "inside", "behind")))
        monkeypatch.setattr(Streams, "_write", death.on())
        try:
            follow(folder, 53)
        except Killed:
            deaths += 1
        else:
            monkeypatch.setattr(Streams, "_write", write)
            with closing(Database(database_of(folder.parent))) as database:
                following = Following(database, folder, 53, pytest.fail)
                is_over = not following.read()
                following.close()
            if is_over:
                break
    assert deaths >= 20
    assert contents(folder) == contents(undisturbed)
    rows, others = dump(database_of(folder.parent)), dump(database_of(undisturbed.parent))
    assert rows["signals"] == others["signals"]


@pytest.mark.parametrize("harm", ["gone", "shorter", "longer"])
def test_files_that_are_not_as_they_were_left_are_made_right(folder: Path, harm: str) -> None:
    follow(folder)
    before = contents(folder)
    path = folder / FOLDER / "signal.000001.jsonl"
    if harm == "gone":
        path.unlink()
    elif harm == "shorter":
        path.write_bytes(path.read_bytes()[:-30])
    else:
        path.write_bytes(path.read_bytes() + b'{"torn')
        (folder / FOLDER / "signal.000002.jsonl").write_bytes(b"of nobody")
        (folder / FOLDER / "errors.000001.jsonl").write_bytes(b"of a stream that has not begun")
    assert follow(folder) == []
    assert contents(folder) == before
    assert follow(folder) == []


def test_a_disk_that_refuses_is_said_once_and_made_good(folder: Path) -> None:
    (folder / FOLDER).write_text("where the streams should be")
    (said,) = follow(folder, 1_777)
    assert "cannot write" in said
    assert asked(database_of(folder.parent), "SELECT count(*) FROM signals") != [(0,)]
    (folder / FOLDER).unlink()
    assert follow(folder) == []
    healed = contents(folder)
    assert len(healed) >= len(STREAMS) - 2


def test_they_go_on_in_new_files(
    tmp_path: Path, played: PlayedSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(folder)
    whole = (folder / FOLDER / "signal.000001.jsonl").read_bytes()
    small = played.copied(tmp_path / "small")
    settle = Streams._settle_on
    monkeypatch.setattr(
        Streams,
        "_settle_on",
        lambda self, settings: (
            settle(self, settings),
            setattr(self._state, "rules", (True, 20_000.0, 60e9, 0)),
        ),
    )
    follow(small, 1_777)
    parts = sorted((small / FOLDER).glob("signal.*.jsonl"))
    assert len(parts) > 5
    assert b"".join(path.read_bytes() for path in parts) == whole
    assert all(path.stat().st_size <= 20_000 for path in parts)
    assert all(not path.stat().st_mode & 0o077 for path in parts)


def test_a_damaged_journal_ends_them_and_they_say_so(
    tmp_path: Path, played: PlayedSession, folder: Path
) -> None:
    """What stands before the damage is as if nothing were wrong; one line says where it is."""
    undisturbed = played.copied(tmp_path / "undisturbed")
    follow(undisturbed)
    (segment,) = segments_of(folder)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0x10
    segment.write_bytes(data)
    for _ in range(2):  # found again, it is not said again
        with pytest.raises(BadJournal):
            follow(folder)
    *_, last = lines(folder, "errors")
    assert last["what"] == "damaged"
    assert "000001" in last["error"]
    assert [one["what"] for one in lines(folder, "errors")].count("damaged") == 1
    whole = contents(undisturbed)
    for name, content in contents(folder).items():
        if not name.startswith("errors"):
            assert whole[name].startswith(content)
    assert len(contents(folder)["signal.000001.jsonl"]) < len(whole["signal.000001.jsonl"])
