"""The database as it was at a moment of the past: views in front of its tables that know nothing of
what came later.

They are temporary and of one connection, and have the tables' names, so every question is asked as
ever. Rows begin with what began them; what ended later is not ended in them, and what is added up
is added up anew. What a position was so far is reckoned from its fills (`trades_then.py`).
"""

from __future__ import annotations

import sqlite3

from polytui.model.units import NS_PER_S
from polytui.store.schema import columns
from polytui.store.sums import ADDED, ADDS, DAY_NS
from polytui.store.traded_rows import OrderRow, RoundRow, TradeRow
from polytui.store.trades_then import STOOD, reckon_then
from polytui.store.trades_then import TABLE as THEN
from polytui.store.views import TRADES_TOLD

_SESSION_SUMS = ("rounds", "orders", "fills", "fees", "pnl")
_ENDS = {
    "orders": (
        OrderRow,
        "placed_ns",
        {
            "accepted_ns": "accepted_ns",
            "first_fill_ns": "first_fill_ns",
            "cancel_asked_ns": "cancel_asked_ns",
            "ended_ns": "ended_ns",
            "state": "ended_ns",
            "detail": "ended_ns",
        },
    ),
    "rounds": (
        RoundRow,
        "opens_ns",
        {
            "winner": "settled_ns",
            "winner_source": "settled_ns",
            "settled_ns": "settled_ns",
            "payout": "settled_ns",
            "pnl": "settled_ns",
        },
    ),
    "trades": (
        TradeRow,
        "opened_ns",
        {
            "closed_ns": "closed_ns",
            "ended": "closed_ns",
            "settled_ns": "settled_ns",
            "payout": "settled_ns",
        },
    ),
}
"""By table its class, when a row of it begins, and its columns that are known from a later moment
on, which is in another column."""
_MEANWHILE = {
    ("trades", "ended"): "''",
    ("orders", "state"): "CASE WHEN t.accepted_ns <= {at} THEN 'live' ELSE 'placing' END",
}
"""What such a column says before; nothing where it is not named."""
_FILLED = "(SELECT {what} FROM main.fills f WHERE f.root = t.root AND f.at_ns <= {at} AND {whose})"
_OF_ORDER = "f.order_id = t.order_id"
_OF_ROUND = "f.slug = t.slug"
_SO_FAR = {
    "orders": {"filled": ("coalesce(sum(f.shares), 0)", _OF_ORDER, "ended_ns")},
    "rounds": {
        "fills": ("count(*)", _OF_ROUND, "settled_ns"),
        "fees": ("coalesce(sum(f.fee), 0)", _OF_ROUND, "settled_ns"),
    },
}
"""Of rows that end later: columns that are summed from the fills there were."""
_UNRECKONED = {"exit_order_id": "''", "exit_px": "NULL", "pnl": "NULL"}
"""Of a trade that ended later and that no fill tells of (shares that were found at the venue after
a crash): what is not known yet."""
_TRADES = (
    f"main.trades t LEFT JOIN temp.{THEN} n ON n.root = t.root AND n.slug = t.slug"
    " AND n.strategy = t.strategy AND n.number = t.number"
)


def look_as_of(connection: sqlite3.Connection, at_ns: int, session: str) -> None:
    """From here on this connection knows nothing of what came after `at_ns`. Reasons are counted of
    `session` and those that it goes on from alone: there are too many to count all of them."""
    reckon_then(connection, at_ns)
    for table in _ENDS:
        _view(connection, table, _rows(table, at_ns))
    for table in ("fills", "signals", "latency", "settlements"):
        _view(connection, table, f"SELECT * FROM main.{table} WHERE at_ns <= {at_ns}")
    whole_minutes = f"minute_ns + {60 * NS_PER_S} <= {at_ns}"
    _view(connection, "equity", f"SELECT * FROM main.equity WHERE {whole_minutes}")
    _view(connection, "curves", _curves(at_ns))
    _view(connection, "reasons", _reasons(session))
    _view(connection, "daily", _daily())
    _view(connection, "sessions", _sessions(at_ns))
    connection.execute(TRADES_TOLD.replace("CREATE VIEW", "CREATE TEMP VIEW", 1))


def _view(connection: sqlite3.Connection, table: str, rows: str) -> None:
    connection.execute(f"CREATE TEMP VIEW {table} AS {rows}")


def _rows(table: str, at_ns: int) -> str:
    kind, begins, ends = _ENDS[table]
    so_far = _SO_FAR.get(table, {})
    cells = []
    for name, _ in columns(kind):
        if name in ends:
            rest = _MEANWHILE.get((table, name), "NULL").format(at=at_ns)
            known = f"t.{ends[name]} <= {at_ns}"
            cells.append(f"CASE WHEN {known} THEN t.{name} ELSE {rest} END AS {name}")
        elif name in so_far:
            what, whose, end = so_far[name]
            filled = _FILLED.format(what=what, whose=whose, at=at_ns)
            cells.append(f"CASE WHEN t.{end} <= {at_ns} THEN t.{name} ELSE {filled} END AS {name}")
        elif table == "trades" and name in STOOD:
            cells.append(_stood(name, at_ns))
        else:
            cells.append(f"t.{name}")
    whole = _TRADES if table == "trades" else f"main.{table} t"
    return f"SELECT {', '.join(cells)} FROM {whole} WHERE t.{begins} <= {at_ns}"


def _stood(name: str, at_ns: int) -> str:
    """As it was reckoned; what nothing happened to later is as it is."""
    unknown = _UNRECKONED.get(name)
    rest = "" if unknown is None else f" WHEN t.closed_ns > {at_ns} THEN {unknown}"
    return f"CASE WHEN n.number IS NOT NULL THEN n.{name}{rest} ELSE t.{name} END AS {name}"


def _curves(at_ns: int) -> str:
    """Points of later are not there yet."""
    known = (
        "(SELECT json_group_array(json(p.value)) FROM json_each(c.points) p"
        f" WHERE c.opens_ns + json_extract(p.value, '$[0]') * 1000000 <= {at_ns})"
    )
    own = ", ".join(f"c.{name}" for name in ("root", "slug", "since_ns", "session", "asset"))
    rest = f"c.opens_ns, c.window_s, {known} AS points"
    return f"SELECT {own}, {rest} FROM main.curves c WHERE c.since_ns <= {at_ns}"


def _reasons(session: str) -> str:
    """Counted of the signals there were."""
    name = session.replace("'", "''")
    root = f"(SELECT root FROM main.sessions WHERE session = '{name}')"
    chain = f"session IN (SELECT session FROM main.sessions WHERE root = {root})"
    day = f"at_ns - at_ns % {DAY_NS}"
    who = "asset, interval, strategy, is_shadow, reason, unit"
    return (
        f"SELECT session, {day} AS day_ns, {who}, count(*) AS times, min(value) AS least,"
        " max(value) AS most, sum(value) AS total, max(limit_value) AS limit_value"
        f" FROM signals WHERE {chain} GROUP BY session, {day}, {who}"
    )


def _daily() -> str:
    """As the sums of a day are made, of all days."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in ADDED)
    day = "date(at_ns / 1000000000, 'unixepoch')"
    adds = ADDS.format(orders="placed_ns IS NOT NULL", fills="at_ns IS NOT NULL", settled="1")
    return f"SELECT session, {day} AS day, asset, {sums} FROM ({adds}) GROUP BY 1, 2, 3"


def _sessions(at_ns: int) -> str:
    sums = ", ".join(
        f"coalesce((SELECT sum(d.{name}) FROM daily d WHERE d.session = s.session), 0) AS {name}"
        for name in _SESSION_SUMS
    )
    own = (
        "session, root, continues, mode, version, started_ns, seed, speed,"
        f" CASE WHEN last_ns <= {at_ns} THEN is_stopped END AS is_stopped, seq,"
        f" min(last_ns, {at_ns}) AS last_ns, place, fault"
    )
    return f"SELECT {own}, {sums} FROM main.sessions s WHERE started_ns <= {at_ns}"
