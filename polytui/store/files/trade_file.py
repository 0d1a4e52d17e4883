"""trades_YYYY-MM-DD.csv: one line a trade whose money became final on that day of UTC."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain

from polytui.store.files.cells import (
    Column,
    Row,
    column,
    csv_bytes,
    micro,
    ms,
    notes,
    number,
    ratio,
    text,
    time,
)
from polytui.store.sums import DAY_NS

UNSEEN = "unseen"
"""Result of a line that is no trade: money of rounds that were settled while no desk lived. It is
there so that the lines of all days add up to what was realised."""

_SETTLED = "settled_ns >= :since AND settled_ns < :until"
_GONE = "settled_ns IS NULL AND ended = 'unseen' AND closed_ns >= :since AND closed_ns < :until"
_MISSED = """
SELECT at_ns AS opened_ns, at_ns AS closed_ns, asset, slug, pnl, session, root
FROM settlements WHERE kind = 'unseen' AND at_ns >= :since AND at_ns < :until AND session IN
"""


def _notes(row: Row) -> str:
    return notes(
        {
            "session": row["session"],
            "root": row["root"],
            "number": row.get("number"),
            "ended": row.get("ended"),
            "exit_reason": row.get("exit_reason"),
            "entry_order_id": row.get("entry_order_id"),
            "exit_order_id": row.get("exit_order_id"),
            "stake": micro(row.get("stake")),
            "payout": micro(row.get("payout")),
            "winner": row.get("winner"),
            "strike": row.get("strike"),
            "fair_open": row.get("fair_open"),
            "edge_bps": row.get("edge_bps"),
            "rung": row.get("rung"),
        }
    )


def _bps(row: Row) -> str:
    pnl, stake = row.get("pnl"), row.get("stake")
    return "" if pnl is None or not stake else ratio(pnl * 10_000, stake, 2)


COLUMNS = (
    column("ts_open", time, "opened_ns"),
    column("ts_close", time, "closed_ns"),
    column("asset", text),
    column("timeframe", text, "interval"),
    column("market_slug", text, "slug"),
    column("strategy_id", text, "strategy"),
    column("side", text, "outcome"),
    column("entry_px", micro),
    column("exit_px", micro),
    column("size", micro, "shares"),
    column("fee_paid", micro, "fees"),
    column("result", text),
    column("pnl_usdc", micro, "pnl"),
    Column("pnl_bps", _bps),
    column("latency_submit_ms", ms),
    column("latency_fill_ms", ms),
    column("oracle_mid_open", number),
    column("polymarket_mid_open", micro),
    column("confidence", number),
    Column("notes_json", _notes),
)
_EMPTY: Row = {
    "interval": None,
    "strategy": None,
    "outcome": None,
    "entry_px": None,
    "exit_px": None,
    "shares": None,
    "fees": None,
    "result": UNSEEN,
    "latency_submit_ms": None,
    "latency_fill_ms": None,
    "oracle_mid_open": None,
    "polymarket_mid_open": None,
    "confidence": None,
}


def trades_of_day(connection: sqlite3.Connection, sessions: Sequence[str], day: int) -> list[Row]:
    """In the order in which their money became final. `day`: number of days since 1970."""
    since = day * DAY_NS
    span = {"since": since, "until": since + DAY_NS}
    named = {f"s{at}": session for at, session in enumerate(sessions)}
    among = f"({', '.join(f':{name}' for name in named)})"
    given = {**span, **named}
    told = [
        _rows(connection, f"SELECT * FROM trades_told WHERE {when} AND session IN {among}", given)
        for when in (_SETTLED, _GONE)
    ]
    missed = [{**_EMPTY, **row} for row in _rows(connection, _MISSED + among, given)]
    return sorted(chain(*told, missed), key=_order)


def _rows(connection: sqlite3.Connection, said: str, given: dict[str, object]) -> list[Row]:
    cursor = connection.execute(said, given)
    names = [one[0] for one in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _order(row: Row) -> tuple[object, ...]:
    final_ns = row.get("settled_ns") or row["closed_ns"]
    who = (row["root"], row["slug"], row["strategy"] or "", row.get("number", 0))
    return final_ns, row["closed_ns"], *who


def trades_csv(rows: Sequence[Row]) -> bytes:
    return csv_bytes(COLUMNS, rows)
