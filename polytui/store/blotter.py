"""Positions as a person looks through them: in any order, from any row on, those that some words
find, and what they come to.

The order is made of keys and of the one column that is sorted by; only the rows that are told are
put together in full. Sums mean what those of reports mean (`results/trade_sums.py`).
"""

from __future__ import annotations

import sqlite3

from polytui.model.minutes_left import BORDERS, MINUTES_LEFT
from polytui.model.units import NS_PER_S
from polytui.store.questions import Filter, Found, found_by, parts_of, where_of
from polytui.store.trades import SETTLED
from polytui.store.word_search import WAY_OUT, Values, conditions

_KEY = ("root", "slug", "strategy", "number")
_TOLD = (
    *("session", "asset", "interval", "outcome", "opened_ns", "closed_ns", "shares", "entry_px"),
    *("exit_px", "stake", "fees", "fair_open", "edge_bps", "ended", "exit_reason", "result"),
    *("pnl", "opens_ns", "closes_ns"),
)
_ASKED = ("session", "asset", "interval", "strategy", "slug")
_HELD = f"(ended = '{SETTLED}' AND pnl IS NOT NULL)"
_SORTS = {
    "time": "opened_ns",
    "asset": "asset",
    "round": "opens_ns",
    "strategy": "strategy",
    "side": "outcome",
    "price": "entry_px",
    "shares": "shares",
    "fee": "fees",
    "fair": "fair_open",
    "edge": "edge_bps",
    "exit": "exit_px",
    "way out": WAY_OUT,
    "result": "pnl",
    "session": "session",
}
_HOUR_NS, _MINUTE_NS = 3_600 * NS_PER_S, 60 * NS_PER_S
_SORTED = "k IS NULL, k{down}, at_ns DESC, a, b, c, d"
_NEWEST = "at_ns DESC, a, b, c, d"
"""There is an index for it: rows come as they are, and the first two hundred end the search."""


def blotter(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """Rows from `skip` on, in the order that is asked for; of equals the newest first."""
    where, values = _where(wanted)
    name = wanted.sort.removeprefix("-")
    down = " DESC" if name != wanted.sort else ""
    order = _NEWEST if wanted.sort in ("", "-time") else _SORTED.format(down=down)
    told = ", ".join((*_KEY, *_TOLD))
    said = (
        f"SELECT {told} FROM (SELECT root AS a, slug AS b, strategy AS c, number AS d,"
        f" {_SORTS[name or 'time']} AS k, opened_ns AS at_ns FROM trades_told{where}"
        f" ORDER BY {order} LIMIT ? OFFSET ?)"
        " CROSS JOIN trades_told ON root = a AND slug = b AND strategy = c AND number = d"
        f" ORDER BY {order}"
    )
    return found_by(connection, said, (*values, wanted.limit or -1, wanted.skip))


# --- sums -----------------------------------------------------------------------------------------


def _minutes_left() -> str:
    left = " ".join(
        f"WHEN closes_ns - opened_ns < {border * _MINUTE_NS} THEN {number}"
        for number, border in enumerate(BORDERS)
    )
    return f"CASE WHEN closes_ns IS NULL THEN NULL {left} ELSE {len(BORDERS)} END"


_LABELS = {
    "": "''",
    "strategy": "strategy",
    "interval": "interval",
    "asset": "asset",
    "hour": f"opened_ns / {_HOUR_NS} % 24",
    "minutes left": _minutes_left(),
    "way out": WAY_OUT,
}
_SUMMED = (
    "count(*) AS trades, sum(pnl IS NULL) AS open, sum(pnl > 0) AS wins, sum(pnl < 0) AS losses,"
    " sum(iif(pnl IS NULL, 0, stake)) AS stake, sum(iif(pnl IS NULL, 0, fees)) AS fees,"
    " sum(fees) AS fees_so_far, sum(pnl) AS pnl,"
    " sum(iif(pnl > 0, pnl, 0)) AS won, sum(iif(pnl < 0, pnl, 0)) AS lost,"
    f" sum({_HELD}) AS held, sum({_HELD} AND pnl > 0) AS held_wins,"
    f" sum(iif({_HELD}, stake, 0)) AS held_stake, sum(iif({_HELD}, shares, 0)) AS held_shares"
)
_WHOSE = (
    ", count(DISTINCT session) AS sessions, group_concat(DISTINCT (SELECT mode FROM sessions AS s"
    " WHERE s.session = trades_told.session)) AS modes"
)


def sums(connection: sqlite3.Connection, wanted: Filter) -> Found:
    """A row for each label, the labels in order; money is of positions that have a result, but for
    `fees_so_far`. Of all together also how many sessions they are of, and the modes of those."""
    where, values = _where(wanted)
    whose = "" if wanted.by else _WHOSE
    said = (
        f"SELECT {_LABELS[wanted.by]} AS label, {_SUMMED}{whose} FROM trades_told{where}"
        " GROUP BY label ORDER BY label LIMIT ?"
    )
    answer = found_by(connection, said, (*values, wanted.limit or -1))
    return _named(answer) if wanted.by == "minutes left" else answer


def _named(answer: Found) -> Found:
    """Slices by their names; what has none knows no close of its round."""
    rows = [(MINUTES_LEFT[row[0]] if row[0] is not None else "", *row[1:]) for row in answer.rows]
    return Found(answer.columns, rows)


# --- which ----------------------------------------------------------------------------------------


def _where(wanted: Filter) -> tuple[str, Values]:
    parts, values = parts_of(wanted, "opened_ns", _ASKED)
    more, more_values = conditions(wanted.words)
    return where_of([*parts, *more]), (*values, *more_values)
