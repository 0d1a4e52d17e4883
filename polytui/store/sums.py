"""What is added up of other tables whenever they change: a session's totals, the counters of days.

Made of rows and not counted along, so that rows which are put twice count once; but for the reasons
of a day, of which there are too many: a signal is counted when it is new.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

from polytui.model.units import NS_PER_S
from polytui.store.rows import FillRow, OrderRow, ReasonRow, Row, SettlementRow, SignalRow

DAY_NS = 86_400 * NS_PER_S

ADDS = """
  SELECT session, placed_ns AS at_ns, asset, 1 AS orders,
         (side = 'buy' AND rung = '' AND NOT coalesce(is_exit, 1)) AS entries,
         0 AS fills, 0 AS fees, 0 AS rounds, 0 AS traded, 0 AS wins, 0 AS losses, 0 AS pnl
  FROM orders WHERE {orders}
  UNION ALL
  SELECT session, at_ns, asset, 0, 0, 1, fee, 0, 0, 0, 0, 0
  FROM fills WHERE {fills} AND NOT is_reversed
  UNION ALL
  SELECT s.session, s.at_ns, s.asset, 0, 0, 0, 0,
         s.kind = 'credit' AND r.opened_ns IS NOT NULL,
         s.kind = 'credit' AND (s.pnl <> 0 OR s.payout <> 0),
         s.kind = 'credit' AND s.pnl > 0, s.kind = 'credit' AND s.pnl < 0, s.pnl
  FROM settlements s LEFT JOIN rounds r ON r.root = s.root AND r.slug = s.slug
  WHERE {settled}
"""
"""What adds to the counters of a day, each with its moment; which rows is whoever asks' to say."""
ADDED = ("orders", "entries", "fills", "fees", "rounds", "traded", "wins", "losses", "pnl")
_OF_DAY = "session = :session AND {0} >= :since AND {0} < :until"
_DAY = (
    "INSERT OR REPLACE INTO daily SELECT :session, :day, asset, {} FROM ({}) GROUP BY asset".format(
        ", ".join(f"sum({name})" for name in ADDED),
        ADDS.format(
            orders=_OF_DAY.format("placed_ns"),
            fills=_OF_DAY.format("at_ns"),
            settled=f"s.{_OF_DAY.format('s.at_ns')}",
        ),
    )
)
_SESSION = """
UPDATE sessions SET (rounds, orders, fills, fees, pnl) = (
  SELECT coalesce(sum(rounds), 0), coalesce(sum(orders), 0), coalesce(sum(fills), 0),
         coalesce(sum(fees), 0), coalesce(sum(pnl), 0)
  FROM daily WHERE session = :session
) WHERE session = :session
"""


def refresh_sums(connection: sqlite3.Connection, session: str, rows: Iterable[Row]) -> None:
    """After these rows of a session were put."""
    days = set[int]()
    for row in rows:
        match row:
            case OrderRow(placed_ns=at_ns) | SettlementRow(at_ns=at_ns) | FillRow(at_ns=at_ns):
                if at_ns is not None:
                    days.add(at_ns // DAY_NS)
                elif isinstance(row, FillRow):
                    days |= _day_of(connection, row)
    for day in sorted(days):
        since = day * DAY_NS
        found = {"session": session, "since": since, "until": since + DAY_NS}
        connection.execute(_DAY, {**found, "day": day_text(since)})
    if days:
        connection.execute(_SESSION, {"session": session})


def _day_of(connection: sqlite3.Connection, row: FillRow) -> set[int]:
    found = connection.execute(
        "SELECT at_ns FROM fills WHERE root = ? AND order_id = ? AND trade_id = ?",
        (row.root, row.order_id, row.trade_id),
    ).fetchone()
    return set() if found is None or found[0] is None else {found[0] // DAY_NS}


def reason_of(row: SignalRow) -> ReasonRow:
    """What one signal adds to the reasons of its day."""
    day_ns = row.at_ns // DAY_NS * DAY_NS
    who = (row.asset, row.interval, row.strategy, row.is_shadow, row.reason, row.unit)
    numbers = (row.value, row.value, row.value, row.limit_value)
    return ReasonRow(row.session, day_ns, *who, 1, *numbers)


def day_text(at_ns: int) -> str:
    """The day of UTC: 2026-11-26."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).date().isoformat()
