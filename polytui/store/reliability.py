"""How often Up won when our fair value of it was so or so, beside the market's own price then.

Made of the curves of rounds: a point every half minute of a round of five minutes, ten of each
round; reports look twenty times (`results/forecast_figures.py`). Brier (1950) is the mean squared
error of a probability: of both less is better.
"""

from __future__ import annotations

import sqlite3

from polytui.store.questions import Filter, Found, found_by, parts_of, where_of

ROUNDS = 2_000
"""The newest settled ones that are looked at: a day of four assets and four intervals is 1,660."""
_POINT = "json_extract(points, '$[0][{at}]')"


def reliability(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """A row for each tenth in which something was said: moments, rounds, the mean that we said, how
    often Up won, and the sums of the squared errors of our fair value and of the market's mid."""
    parts, values = parts_of(wanted, "opens_ns", ("session", "asset", "interval"))
    where = where_of(["winner IN ('up', 'down')", *parts])
    fair, bid, ask = (_POINT.format(at=at) for at in (3, 4, 5))
    said = (
        "WITH played AS (SELECT root, slug, winner = 'up' AS came FROM rounds"
        f"{where} ORDER BY opens_ns DESC LIMIT {ROUNDS}),"
        f" seen AS (SELECT root, slug, came, {fair} AS fair, ({bid} + {ask}) / 2 AS mid"
        " FROM played CROSS JOIN curves USING (root, slug))"
        " SELECT min(9, CAST(fair * 10 AS INTEGER)) AS tenth, count(*) AS moments,"
        " count(DISTINCT root || ' ' || slug) AS rounds, avg(fair) AS said, avg(came) AS came,"
        " sum((fair - came) * (fair - came)) AS errors,"
        " sum((mid - came) * (mid - came)) AS market_errors"
        " FROM seen WHERE fair IS NOT NULL AND mid IS NOT NULL GROUP BY tenth ORDER BY tenth"
    )
    return found_by(connection, said, values)
