"""logs/<interval>/<round>/: what was decided and done in one round."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from polytui.model.latency import COLUMNS as LATENCIES
from polytui.model.latency import JUDGED, OrderLatency
from polytui.store.files.cells import (
    Column,
    Row,
    column,
    csv_bytes,
    flag,
    micro,
    ms,
    number,
    text,
    time,
)
from polytui.store.latency_rows import LatencyRow

SIGNALS = (
    column("ts", time, "at_ns"),
    column("session", text),
    column("event", str, "seq"),
    column("strategy_id", text, "strategy"),
    column("is_shadow", flag),
    column("reason", text),
    column("value", number),
    column("limit", number, "limit_value"),
    column("unit", text),
)
ORDERS = (
    column("ts", time, "placed_ns"),
    column("session", text),
    column("order_id", text),
    column("strategy_id", text, "strategy"),
    column("outcome", text),
    column("side", text),
    column("price", micro),
    column("size", micro, "shares"),
    column("tif", text),
    column("is_post_only", flag),
    column("is_exit", flag),
    column("rung", text),
    column("state", text),
    column("filled", micro),
    column("ts_accepted", time, "accepted_ns"),
    column("ts_first_fill", time, "first_fill_ns"),
    column("ts_cancel_asked", time, "cancel_asked_ns"),
    column("ts_ended", time, "ended_ns"),
    column("exposure", micro),
    column("worth", number),
    column("consensus", number),
    column("strike", number),
    column("fair", number),
    column("mid", micro),
    column("confidence", number),
    column("edge_bps", number),
    column("detail", text),
)
FILLS = (
    column("ts", time, "at_ns"),
    column("session", text),
    column("order_id", text),
    column("trade_id", text),
    column("strategy_id", text, "strategy"),
    column("outcome", text),
    column("side", text),
    column("price", micro),
    column("size", micro, "shares"),
    column("fee", micro),
    column("is_taker", flag),
    column("mark", micro),
    column("is_reversed", flag),
)
_STAGES = ("receive", "decode", "feature", "decision", "send", "ack", "fill")
_NAMED = (*LATENCIES, *JUDGED)


def _stage_ms(name: str) -> Column:
    def told(row: Row) -> str:
        us = row[f"{name}_us"]
        return "" if us is None else f"{us // 1000}.{us % 1000:03d}"

    return Column(f"{name}_ms", told)


LATENCY = (
    column("ts", time, "at_ns"),
    column("session", text),
    column("order_id", text),
    column("strategy_id", text, "strategy"),
    column("source", text),
    *(column(name, ms) for name in _NAMED),
    *(_stage_ms(name) for name in _STAGES),
    column("ended", text),
    column("is_taker", flag),
)
_TABLES: dict[str, tuple[Sequence[Column], str, str]] = {
    "signals.csv": (SIGNALS, "signals", "at_ns, session, seq, n"),
    "orders.csv": (ORDERS, "orders", "placed_ns, root, order_id"),
    "fills.csv": (FILLS, "fills", "at_ns, root, order_id, trade_id"),
    "latency.csv": (LATENCY, "latency", "at_ns, root, order_id"),
}
INFO = "market_info.txt"
_LATENCY_FIELDS = frozenset(one.name for one in msgspec.structs.fields(OrderLatency))


def round_files(
    connection: sqlite3.Connection, sessions: Sequence[str], slug: str
) -> Iterator[tuple[str, bytes]]:
    """Each file's name and content."""
    for name, (columns, table, order) in _TABLES.items():
        rows = _rows(connection, table, order, sessions, slug)
        if table == LatencyRow.TABLE:
            rows = (_with_names(row) for row in rows)
        yield name, csv_bytes(columns, rows)
    listed = _rows(connection, "rounds", "opens_ns, session", sessions, slug)
    yield INFO, "\n".join(_info(row) for row in listed).encode()


def interval_of(connection: sqlite3.Connection, sessions: Sequence[str], slug: str) -> str | None:
    """None for a round that nobody listed."""
    for row in _rows(connection, "rounds", "opens_ns, session", sessions, slug):
        if row["interval"]:
            return str(row["interval"])
    return None


def _rows(
    connection: sqlite3.Connection, table: str, order: str, sessions: Sequence[str], slug: str
) -> Iterator[Row]:
    among = ", ".join("?" * len(sessions))
    said = f"SELECT * FROM {table} WHERE slug = ? AND session IN ({among}) ORDER BY {order}"
    cursor = connection.execute(said, (slug, *sessions))
    names = [one[0] for one in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def _with_names(row: Row) -> Row:
    """The names under which latencies are told, of the one place that defines them."""
    known = {
        name: value
        for name, value in row.items()
        if name in _LATENCY_FIELDS and (value is not None or name.endswith("_us"))
    }
    way = msgspec.convert(known, OrderLatency, strict=False)
    return {**row, **{name: getattr(way, name) for name in _NAMED}}


def _info(row: Row) -> str:
    """A line a fact."""
    facts: list[tuple[str, Any]] = [
        ("market_slug", text(row["slug"])),
        ("session", text(row["session"])),
        ("asset", text(row["asset"])),
        ("timeframe", text(row["interval"])),
        ("condition_id", text(row["condition_id"])),
        ("up_token", text(row["up_token"])),
        ("down_token", text(row["down_token"])),
        ("opens", time(row["opens_ns"])),
        ("closes", time(row["closes_ns"])),
        ("seen_opening", time(row["opened_ns"])),
        ("rule", text(row["rule"])),
        ("tick", micro(row["tick"])),
        ("fee_rate", micro(row["fee_ppm"])),
        ("strike", number(row["strike"])),
        ("strike_source", text(row["strike_source"])),
        ("winner", text(row["winner"])),
        ("winner_source", text(row["winner_source"])),
        ("settled", time(row["settled_ns"])),
        ("fills", "" if row["fills"] is None else str(row["fills"])),
        ("fees", micro(row["fees"])),
        ("payout", micro(row["payout"])),
        ("pnl", micro(row["pnl"])),
    ]
    return "".join(f"{name}: {value}\n" for name, value in facts)
