"""Sessions of chance as records of a journal, with the mind that wrote them: made once."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from attrs import frozen
from sessions import START_NS, Chance

from polytui.desk.mind import Mind
from polytui.journal.codec import FORMAT, Header, JournalRecord, decode_event, encode_event
from polytui.model.instrument import Asset
from polytui.store.database import Database, open_read_only
from polytui.store.fold import Fold
from polytui.store.rows import TABLES, SessionRow

NAME = "chance"
HEADER = Header(FORMAT, "0", "demo", NAME, START_NS, 1)


@frozen
class ToldSession:
    records: list[JournalRecord]
    mind: Mind


@cache
def told_session(seed: int, rounds: int = 2) -> ToldSession:
    chance = Chance(seed)
    records = [
        JournalRecord(
            seq=seq,
            at=told.at_ns,
            asset=told.asset.value,
            last=told.is_last,
            event=msgspec.Raw(encode_event(told.event)),
            effects=msgspec.Raw(told.effects),
            raised=told.raised,
        )
        for seq, told in enumerate(chance.play(rounds), start=1)
    ]
    return ToldSession(records, chance.mind)


def put(database: Database, fold: Fold, records: list[JournalRecord], before: int) -> None:
    """One batch."""
    rows = [] if before else [fold.began()]
    for record in records:
        rows += fold.take(record)
    last, session = records[-1], fold.header.session
    ends = SessionRow(session, seq=last.seq, last_ns=last.at)
    database.put(session, before, [*rows, *fold.stands()], ends)


def mind_after(records: list[JournalRecord]) -> Mind:
    mind = Mind()
    for record in records:
        try:
            asset = Asset(record.asset)
            mind.take(asset, record.at, decode_event(record.event), is_last=record.last)
        except Exception:
            assert record.raised
    return mind


def dump(path: Path) -> dict[str, list[Any]]:
    """Every row of every table, in the order of their keys."""
    connection = open_read_only(path)
    try:
        return {
            table.TABLE: connection.execute(
                f"SELECT * FROM {table.TABLE} ORDER BY {', '.join(table.KEY)}"
            ).fetchall()
            for table in TABLES
        }
    finally:
        connection.close()


def asked(path: Path, question: str, *values: object) -> list[Any]:
    connection: sqlite3.Connection = open_read_only(path)
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()
