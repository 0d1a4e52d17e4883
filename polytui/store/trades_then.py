"""Trades as they stood at a moment: those that something happened to later, reckoned once more from
the fills and merges there were until then.

A row of a trade says what it came to in the end. What was bought first, left in part, or came of a
fill that turned a position round is in no column of it, but its fills say all of that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from polytui.ledger.bookings import MERGE, Booking, Line, Merged
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Side
from polytui.model.units import Price, Shares, Usd
from polytui.store.trades import Trade, TradeBook

TABLE = "trades_then"
STOOD = {
    "outcome": "outcome",
    "entry_order_id": "entry_order_id",
    "exit_order_id": "exit_order_id",
    "shares": "entered",
    "entry_px": "entry_px",
    "exit_px": "exit_px",
    "stake": "stake",
    "fees": "fees",
    "flow": "flow",
    "pnl": "pnl",
}
"""Columns that a later fill or the settlement changes: what a `Trade` calls them."""
_KEY = ("root", "slug", "strategy", "number")
_GONE_ON = """
SELECT DISTINCT t.root, t.slug FROM main.trades t
WHERE t.opened_ns <= :at AND (t.closed_ns > :at OR t.settled_ns > :at OR (t.closed_ns IS NULL AND (
  EXISTS (SELECT 1 FROM main.fills f
          WHERE f.slug = t.slug AND f.at_ns > :at AND f.root = t.root)
  OR EXISTS (SELECT 1 FROM main.operations o WHERE o.slug = t.slug AND o.at_ns > :at))))
"""
"""Rounds with a trade that was begun then and that something happened to later."""
_FILLS = """
SELECT at_ns, seq, order_id, outcome, side, strategy, trade_id, price, shares, fee, is_taker
FROM main.fills WHERE slug = ? AND root = ? AND at_ns <= ? AND NOT is_reversed
"""
_MERGES = f"""
SELECT o.at_ns, o.seq, o.shares, o.key FROM main.operations o
JOIN main.sessions s ON s.session = o.session
WHERE o.slug = ? AND s.root = ? AND o.at_ns <= ? AND o.kind = '{MERGE}'
"""


def reckon_then(connection: sqlite3.Connection, at_ns: int) -> None:
    """Makes the temporary table `trades_then`: of those rounds every trade, as of `at_ns`."""
    cells = ", ".join((*_KEY, *STOOD))
    connection.execute(f"CREATE TEMP TABLE {TABLE} ({cells}, PRIMARY KEY ({', '.join(_KEY)}))")
    for root, slug in connection.execute(_GONE_ON, {"at": at_ns}).fetchall():
        book = TradeBook(slug)
        book.apply(_lines(connection, slug, root, at_ns))
        marks = ", ".join("?" * (len(_KEY) + len(STOOD)))
        connection.executemany(
            f"INSERT INTO {TABLE} VALUES ({marks})", _cells(root, slug, book.trades)
        )


def _lines(connection: sqlite3.Connection, slug: str, root: str, at_ns: int) -> list[Line]:
    """In the order in which they were heard of."""
    asked = (slug, root, at_ns)
    found: list[tuple[int, int, Line]] = []
    for heard_ns, seq, order_id, outcome, side, strategy, *filled in connection.execute(
        _FILLS, asked
    ):
        fill = _fill(*filled)
        whose = (slug, order_id, Outcome(outcome), Side(side), strategy)
        found.append((heard_ns, seq, Booking(*whose, fill, heard_ns)))
    for heard_ns, seq, shares, name in connection.execute(_MERGES, asked):
        found.append((heard_ns, seq, Merged(slug, Shares(shares), name, heard_ns)))
    return [line for *_, line in sorted(found, key=lambda one: one[:2])]


def _fill(trade_id: str, price: int, shares: int, fee: int, is_taker: int) -> Fill:
    return Fill(trade_id, Price(price), Shares(shares), Usd(fee), bool(is_taker))


def _cells(root: str, slug: str, trades: Iterable[Trade]) -> Iterator[tuple[object, ...]]:
    for one in trades:
        stood = (getattr(one, name) for name in STOOD.values())
        yield root, slug, one.strategy, one.number, *stood
