"""The tables as SQLite has them, made of the row classes, and how an older file becomes this one.

`PRAGMA user_version` says which schema a file has, `PRAGMA application_id` that it is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from polytui.store.files import stale
from polytui.store.rows import EVERY_TABLE
from polytui.store.views import VIEWS

APPLICATION_ID = 0x70747569
"""The letters ptui."""
VERSION = 7

_TYPES = {"int": "INTEGER", "bool": "INTEGER", "str": "TEXT", "float": "REAL"}
_BY_VENUE_ID = "CREATE INDEX orders_by_venue_id ON orders (venue_id) WHERE venue_id IS NOT NULL"
_CURVES_BY_ROUND = "CREATE INDEX curves_by_round ON curves (slug, since_ns)"
_INDICES = (
    "CREATE INDEX trades_by_time ON trades (opened_ns)",
    "CREATE INDEX trades_by_session ON trades (session, opened_ns)",
    "CREATE INDEX trades_by_asset ON trades (asset, opened_ns)",
    "CREATE INDEX trades_by_strategy ON trades (strategy, opened_ns)",
    "CREATE INDEX trades_open ON trades (session, opened_ns) WHERE closed_ns IS NULL",
    "CREATE INDEX trades_closed ON trades (closed_ns, strategy, asset, pnl, stake, fees)",
    "CREATE INDEX orders_by_time ON orders (placed_ns)",
    "CREATE INDEX orders_by_session ON orders (session, placed_ns)",
    "CREATE INDEX orders_by_asset ON orders (asset, placed_ns)",
    "CREATE INDEX orders_by_strategy ON orders (strategy, placed_ns)",
    "CREATE INDEX orders_by_round ON orders (slug, placed_ns)",
    _BY_VENUE_ID,
    "CREATE INDEX fills_by_time ON fills (at_ns)",
    "CREATE INDEX fills_by_session ON fills (session, at_ns)",
    "CREATE INDEX fills_by_round ON fills (slug, at_ns)",
    "CREATE INDEX rounds_by_time ON rounds (opens_ns)",
    "CREATE INDEX rounds_by_session ON rounds (session, opens_ns)",
    "CREATE INDEX rounds_by_asset ON rounds (asset, opens_ns)",
    "CREATE INDEX signals_by_round ON signals (slug, strategy, at_ns)",
    "CREATE INDEX settlements_by_session ON settlements (session, at_ns)",
    "CREATE INDEX operations_by_session ON operations (session, at_ns)",
    "CREATE INDEX latency_by_session ON latency (session, at_ns)",
    "CREATE INDEX latency_by_round ON latency (slug, at_ns)",
    _CURVES_BY_ROUND,
    "CREATE INDEX daily_by_day ON daily (day)",
    "CREATE INDEX reasons_by_day ON reasons (day_ns)",
    "CREATE INDEX sessions_by_time ON sessions (started_ns)",
)


_COUNTED = {
    "reasons": {
        "times": "times + excluded.times",
        "least": "min(least, excluded.least)",
        "most": "max(most, excluded.most)",
        "total": "total + excluded.total",
    }
}
"""Columns that a row which is put is added to: it must be put once."""


def columns(table: type[Any]) -> list[tuple[str, str]]:
    """(name, type of SQLite), in order."""
    return [
        (one.name, _TYPES[str(one.type).removesuffix(" | None")]) for one in attrs.fields(table)
    ]


def create() -> Iterator[str]:
    """Statements that make an empty database into one of this version."""
    for table in EVERY_TABLE:
        cells = [
            f"{name} {kind}{' NOT NULL' if name in table.KEY else ''}"
            for name, kind in columns(table)
        ]
        key = ", ".join(table.KEY)
        yield f"CREATE TABLE {table.TABLE} ({', '.join(cells)}, PRIMARY KEY ({key})) WITHOUT ROWID"
    yield "CREATE INDEX trades_settled ON trades (settled_ns)"
    yield from _INDICES
    yield from VIEWS
    yield stale.CREATE


MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE orders ADD COLUMN venue_id TEXT",
        "ALTER TABLE wallet ADD COLUMN detail TEXT",
        "ALTER TABLE equity ADD COLUMN moved INTEGER DEFAULT 0",
        _BY_VENUE_ID,
    ),
    2: (
        "CREATE TABLE operations (session TEXT NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL,"
        " at_ns INTEGER, kind TEXT, slug TEXT, shares INTEGER, amount INTEGER, key TEXT,"
        " detail TEXT, PRIMARY KEY (session, seq, n)) WITHOUT ROWID",
        "CREATE INDEX operations_by_session ON operations (session, at_ns)",
    ),
    3: (
        "CREATE TABLE reconciles (session TEXT NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER,"
        " differences INTEGER, slugs TEXT, PRIMARY KEY (session, seq)) WITHOUT ROWID",
    ),
    4: (
        "CREATE TABLE curves (root TEXT NOT NULL, slug TEXT NOT NULL, since_ns INTEGER NOT NULL,"
        " session TEXT, asset TEXT, opens_ns INTEGER, window_s INTEGER, points TEXT,"
        " PRIMARY KEY (root, slug, since_ns)) WITHOUT ROWID",
        _CURVES_BY_ROUND,
    ),
    # What was said last before an exit may have been said of an entry.
    5: ("DROP VIEW trades_told", *VIEWS),
    # What is left in part is not left: it has no way out yet.
    6: ("DROP VIEW trades_told", *VIEWS),
}
"""By the version that a file has: the statements that make the next one of it."""


def upsert(table: type[Any]) -> str:
    """Puts a row: once or twice, alone or upon what was known of it before."""
    names = [name for name, _ in columns(table)]
    said = {one.name: one for one in attrs.fields(table)}
    changes = []
    for name in names:
        if name in table.KEY:
            continue
        if said[name].metadata.get("is_first"):
            changes.append(f"{name} = coalesce({name}, excluded.{name})")
        elif name in _COUNTED.get(table.TABLE, {}):
            changes.append(f"{name} = {_COUNTED[table.TABLE][name]}")
        elif said[name].default is None:
            changes.append(f"{name} = coalesce(excluded.{name}, {name})")
        else:
            changes.append(f"{name} = excluded.{name}")
    marks = ", ".join("?" * len(names))
    return (
        f"INSERT INTO {table.TABLE} ({', '.join(names)}) VALUES ({marks})"
        f" ON CONFLICT ({', '.join(table.KEY)}) DO UPDATE SET {', '.join(changes)}"
    )
