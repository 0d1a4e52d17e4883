"""The account's equity in few enough points to draw, and every fall from a peak: of a session and
those that it goes on from.

What a stretch of minutes fell at most is in its point, so that none is lost between two of them.
A peak is what the account had at most before, the money of its start included
(`results/equity_figures.py`).
"""

from __future__ import annotations

import sqlite3

from polytui.store.questions import Filter, Found, found_by, parts_of, where_of


def equity_curve(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """The oldest first, `limit` points at most. Each: its last minute and the equity then, the
    least and the most in between, the deepest fall with its share of the peak and its minute, the
    most at risk, how many minutes it is of; and what the account began with."""
    parts, values = parts_of(wanted, "", ("session",))
    opening = where_of(["kind = 'opening'", *parts])
    said = f"SELECT coalesce(sum(amount), 0) FROM wallet{opening}"
    began = found_by(connection, said, values).rows[0][0]
    since = wanted.since_ns, wanted.until_ns or (1 << 62)
    said = (
        "WITH minutes AS (SELECT minute_ns, cash + carried - moved AS equity, exposure"
        f" FROM equity{where_of(parts)} ORDER BY minute_ns, session),"
        " fallen AS (SELECT *, max(max(equity) OVER (ORDER BY minute_ns ROWS UNBOUNDED PRECEDING),"
        " ?) AS peak FROM minutes),"
        " kept AS (SELECT *, row_number() OVER (ORDER BY minute_ns) - 1 AS n, count(*) OVER () AS"
        " whole FROM fallen WHERE minute_ns >= ? AND minute_ns < ?),"
        " sliced AS (SELECT *, n * ? / whole AS slice FROM kept),"
        " told AS (SELECT *, last_value(equity) OVER slices AS final, last_value(minute_ns) OVER"
        " slices AS ends_ns, max(peak - equity) OVER slices AS deepest FROM sliced"
        " WINDOW slices AS (PARTITION BY slice ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND"
        " UNBOUNDED FOLLOWING))"
        " SELECT ends_ns AS at_ns, final AS equity, min(equity) AS low, max(equity) AS high,"
        " deepest AS fall,"
        " max(iif(peak - equity = deepest AND peak > 0, deepest * 1.0 / peak, 0.0)) AS fall_share,"
        " min(iif(peak - equity = deepest, minute_ns, NULL)) AS fall_ns,"
        " max(exposure) AS exposure, count(*) AS minutes, ? AS start"
        " FROM told GROUP BY slice ORDER BY slice"
    )
    points = max(1, wanted.limit - 1)
    return found_by(connection, said, (*values, began, *since, points, began))
