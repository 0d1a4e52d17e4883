"""Which files are not what the database says any more.

They are noted in the transaction that changes the rows and struck out when the file is in its
place, so whoever is killed between the two makes the same file once more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen

from polytui.store.rows import (
    FillRow,
    LatencyRow,
    OrderRow,
    RoundRow,
    Row,
    SettlementRow,
    SignalRow,
    TradeRow,
)
from polytui.store.sums import DAY_NS

DAY, ROUND = "day", "round"
CREATE = (
    "CREATE TABLE stale_files (kind TEXT NOT NULL, session TEXT NOT NULL, name TEXT NOT NULL,"
    " changes INTEGER NOT NULL, PRIMARY KEY (kind, session, name)) WITHOUT ROWID"
)
_NOTE = (
    "INSERT INTO stale_files VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET changes = changes + 1"
)
_TOLD_BY = (
    "SELECT session FROM rounds WHERE root = :root AND slug = :slug"
    " UNION SELECT session FROM orders WHERE slug = :slug AND root = :root"
)
_DAYS = (
    "SELECT DISTINCT session, coalesce(settled_ns, closed_ns) FROM trades"
    " WHERE root = ? AND slug = ? AND (settled_ns IS NOT NULL OR ended = 'unseen')"
)


@frozen
class StaleFile:
    """A day's or a round's files of one session's shelf."""

    kind: str
    session: str
    name: str
    """Days since 1970, or the round's slug."""
    changes: int
    """Since it was made last: struck out only if there were no more meanwhile."""


def note_stale(connection: sqlite3.Connection, session: str, rows: Iterable[Row]) -> None:
    """What these rows of a session, which were just put, change."""
    found = set[tuple[str, str, str]]()
    for root, slug, is_money in _touched(rows):
        found |= {(ROUND, one, slug) for one in _told_by(connection, session, root, slug)}
        if is_money:
            for one, at_ns in connection.execute(_DAYS, (root, slug)):
                found.add((DAY, one, str(at_ns // DAY_NS)))
    for row in rows:
        if isinstance(row, SettlementRow):
            found.add((DAY, session, str(row.at_ns // DAY_NS)))
    connection.executemany(_NOTE, sorted(found))


def _touched(rows: Iterable[Row]) -> Iterator[tuple[str, str, bool]]:
    """(root, slug, whether a trade may have changed), each once."""
    money, signals = set[tuple[str, str]](), set[tuple[str, str]]()
    for row in rows:
        match row:
            case TradeRow() | RoundRow() | FillRow() | OrderRow() | LatencyRow():
                money.add((row.root, _slug(row)))
            case SignalRow():
                signals.add(("", row.slug))
    named = {slug for _, slug in money}
    yield from ((root, slug, True) for root, slug in sorted(money) if slug)
    yield from ((root, slug, False) for root, slug in sorted(signals) if slug not in named)


def _slug(row: Any) -> str:
    return row.slug or ""


def _told_by(connection: sqlite3.Connection, session: str, root: str, slug: str) -> set[str]:
    """Sessions that have rows of a round: this one, and those that it goes on from."""
    if not root or root == session:
        return {session}
    told = connection.execute(_TOLD_BY, {"root": root, "slug": slug})
    return {session, *(one for (one,) in told if one)}


def stale_files(connection: sqlite3.Connection) -> list[StaleFile]:
    said = "SELECT kind, session, name, changes FROM stale_files ORDER BY kind, name, session"
    return [StaleFile(*row) for row in connection.execute(said)]


def strike_out(connection: sqlite3.Connection, made: Iterable[StaleFile]) -> None:
    connection.executemany(
        "DELETE FROM stale_files WHERE kind = ? AND session = ? AND name = ? AND changes = ?",
        [(one.kind, one.session, one.name, one.changes) for one in made],
    )
