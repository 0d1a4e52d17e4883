"""Rounds as a person goes through them: what was listed, what ran, what came of each, and what kept
us out of it."""

from __future__ import annotations

import sqlite3

from polytui.store.questions import Filter, Found, found_by, parts_of, where_of

_TOLD = (
    *("root", "slug", "session", "asset", "interval", "opens_ns", "closes_ns", "opened_ns"),
    *("strike", "winner", "winner_source", "settled_ns", "fills", "fees", "payout", "pnl"),
)
_OF_ROUND = (
    "FROM signals AS s WHERE s.slug = r.slug AND s.session IN"
    " (SELECT session FROM sessions AS own WHERE own.root = r.root) AND s.reason <> 'none'"
)
_POSITIONS = "(SELECT count(*) FROM trades AS t WHERE t.root = r.root AND t.slug = r.slug)"


def round_list(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """The newest first, those that are only listed before them. `why` is what kept strategies that
    may trade out most often, where no position was taken; what kept shadows out where none may."""
    parts, values = parts_of(wanted, "opens_ns", ("session", "asset", "interval", "slug"))
    said = (
        f"SELECT *, iif(positions > 0, '', (SELECT reason {_OF_ROUND} GROUP BY reason"
        " ORDER BY min(is_shadow), count(*) DESC, reason LIMIT 1)) AS why"
        f" FROM (SELECT {', '.join(_TOLD)}, {_POSITIONS} AS positions FROM rounds AS r"
        f"{where_of(parts)} ORDER BY opens_ns DESC LIMIT ?) AS r ORDER BY opens_ns DESC"
    )
    return found_by(connection, said, (*values, wanted.limit or -1))
