"""What screens, reports and commands ask of the database, each one question with an index to it.

Answers are columns and rows, newest first, as they are kept: whole millionths, nanoseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from polytui.model.trade_words import TradeWords
from polytui.model.units import NS_PER_S
from polytui.store.word_search import conditions

_DAY_NS = 86_400 * NS_PER_S


@frozen
class Filter:
    """What is asked for; empty and 0 for all of it. Times are [since_ns, until_ns)."""

    session: str = ""
    asset: str = ""
    interval: str = ""
    strategy: str = ""
    slug: str = ""
    since_ns: int = 0
    until_ns: int = 0
    limit: int = 100
    """Rows at most; 0 for all there are."""
    chain: str = ""
    """A session's name, for it and all that went on from the same first one."""
    venue_id: str = ""
    """Of an order, as the venue calls it."""
    words: TradeWords = TradeWords()
    """Of positions."""
    sort: str = ""
    skip: int = 0
    by: str = ""
    """As in a face's question."""


@frozen
class Found:
    """An answer."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def plain(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def trades(connection: sqlite3.Connection, wanted: Filter) -> Found:
    return _listed(connection, "trades_told", "opened_ns", wanted)


def orders(connection: sqlite3.Connection, wanted: Filter) -> Found:
    return _listed(connection, "orders", "placed_ns", wanted)


def fills(connection: sqlite3.Connection, wanted: Filter) -> Found:
    return _listed(connection, "fills", "at_ns", wanted)


def rounds(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """Rounds of one strategy are those in which it was in a position."""
    return _listed(connection, "rounds", "opens_ns", wanted)


def latencies(connection: sqlite3.Connection, wanted: Filter) -> Found:
    return _listed(connection, "latency", "at_ns", wanted)


def curves(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """How rounds went, the newest points first."""
    return _listed(connection, "curves", "since_ns", wanted)


def open_trades(connection: sqlite3.Connection, session: str) -> Found:
    """Positions of a session that nobody has left yet."""
    said = "SELECT * FROM trades WHERE session = ? AND closed_ns IS NULL ORDER BY opened_ns DESC"
    return found_by(connection, said, (session,))


def sessions(connection: sqlite3.Connection, limit: int = 0) -> Found:
    said = "SELECT * FROM sessions ORDER BY started_ns DESC LIMIT ?"
    return found_by(connection, said, (limit or -1,))


def equity(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """Minute by minute, oldest first."""
    where, values = _where(wanted, "minute_ns", ("session",))
    said = (
        f"SELECT *, cash + carried - moved AS equity FROM equity{where} ORDER BY session, minute_ns"
    )
    return found_by(connection, f"{said} LIMIT ?", (*values, wanted.limit or -1))


def days(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """Counters of days, newest first."""
    where, values = _where(wanted, "", ("session", "asset"))
    said = f"SELECT * FROM daily{where} ORDER BY day DESC, session DESC, asset LIMIT ?"
    return found_by(connection, said, (*values, wanted.limit or -1))


def results(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """What came of each strategy on each asset: positions that are closed, by when they were."""
    where, values = _where(wanted, "closed_ns", ("session", "asset", "interval", "strategy"))
    also = "closed_ns IS NOT NULL"
    said = (
        "SELECT strategy, asset, count(*) AS trades, sum(pnl > 0) AS wins, sum(pnl < 0) AS losses,"
        " sum(stake) AS stake, sum(fees) AS fees, sum(pnl) AS pnl FROM trades"
        f"{where}{' AND ' if where else ' WHERE '}{also} GROUP BY strategy, asset ORDER BY pnl DESC"
    )
    return found_by(connection, said, values)


def why_of_round(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """How often each strategy was stopped by what in one round, with the numbers."""
    where, values = _where(wanted, "at_ns", ("session", "asset", "strategy", "slug"))
    said = (
        "SELECT strategy, is_shadow, reason, count(*) AS times, min(value) AS least,"
        " avg(value) AS mean, max(value) AS most, max(limit_value) AS limit_value, unit"
        f" FROM signals{where} GROUP BY strategy, is_shadow, reason, unit"
        " ORDER BY strategy, is_shadow, times DESC, reason LIMIT ?"
    )
    return found_by(connection, said, (*values, wanted.limit or -1))


def why_of_days(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """The same over whole days of UTC."""
    parts, values = parts_of(wanted, "", ("session", "asset", "interval", "strategy"))
    if wanted.since_ns:
        parts, values = [*parts, "day_ns >= ?"], (*values, wanted.since_ns // _DAY_NS * _DAY_NS)
    if wanted.until_ns:
        parts, values = [*parts, "day_ns < ?"], (*values, wanted.until_ns)
    said = (
        "SELECT strategy, is_shadow, reason, sum(times) AS times, min(least) AS least,"
        " sum(total) / sum(times) AS mean, max(most) AS most, max(limit_value) AS limit_value, unit"
        f" FROM reasons{where_of(parts)} GROUP BY strategy, is_shadow, reason, unit"
        " ORDER BY strategy, is_shadow, times DESC, reason LIMIT ?"
    )
    return found_by(connection, said, (*values, wanted.limit or -1))


_ASKED: dict[str, tuple[str, ...]] = {
    "trades_told": ("session", "asset", "interval", "strategy", "slug"),
    "orders": ("session", "asset", "interval", "strategy", "slug", "venue_id"),
    "fills": ("session", "asset", "interval", "strategy", "slug"),
    "rounds": ("session", "asset", "interval", "slug"),
    "latency": ("session", "asset", "strategy", "slug"),
    "curves": ("session", "asset", "slug"),
}
"""By table, what a filter may ask of it."""

# The + keeps its index out of it: rows come by their time, and the first hundred are soon found.
_IN_CHAIN = (
    "+session IN (SELECT session FROM sessions WHERE root ="
    " (SELECT root FROM sessions WHERE session = ?))"
)

# --- how ------------------------------------------------------------------------------------------


def _listed(connection: sqlite3.Connection, table: str, time_column: str, wanted: Filter) -> Found:
    parts, values = parts_of(wanted, time_column, _ASKED[table])
    if table == "rounds" and wanted.strategy:
        parts.append(
            "EXISTS (SELECT 1 FROM trades t WHERE t.root = rounds.root AND t.slug = rounds.slug"
            " AND t.strategy = ?)"
        )
        values = (*values, wanted.strategy)
    if table == "trades_told":
        more, more_values = conditions(wanted.words)
        parts, values = [*parts, *more], (*values, *more_values)
    said = f"SELECT * FROM {table}{where_of(parts)} ORDER BY {time_column} DESC LIMIT ?"
    return found_by(connection, said, (*values, wanted.limit or -1))


def _where(wanted: Filter, time_column: str, names: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    parts, values = parts_of(wanted, time_column, names)
    return where_of(parts), values


def where_of(parts: Sequence[str]) -> str:
    """All of which must hold; empty where nothing must."""
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def parts_of(
    wanted: Filter, time_column: str, names: Sequence[str]
) -> tuple[list[str], tuple[Any, ...]]:
    given = [(name, getattr(wanted, name)) for name in names]
    asked = [(f"{name} = ?", value) for name, value in given if value]
    if wanted.chain and "session" in names:
        asked.append((_IN_CHAIN, wanted.chain))
    if time_column and wanted.since_ns:
        asked.append((f"{time_column} >= ?", wanted.since_ns))
    if time_column and wanted.until_ns:
        asked.append((f"{time_column} < ?", wanted.until_ns))
    return [part for part, _ in asked], tuple(value for _, value in asked)


def found_by(connection: sqlite3.Connection, said: str, values: Sequence[Any]) -> Found:
    cursor = connection.execute(said, values)
    return Found(tuple(one[0] for one in cursor.description), cursor.fetchall())
