"""What a face may ask of what is kept, and what it is told: a table, a page at a time.

The engine answers from its database, beside its loop. Columns and rows are as they are kept: whole
millionths of a dollar or a share, UTC nanoseconds of the session's clock, microseconds.
"""

from __future__ import annotations

from enum import Enum

import msgspec

MOST_ROWS = 200
"""Of one answer; `more` has the rest."""
EVERY_SESSION = "*"


class Subject(str, Enum):
    """What is asked about."""

    TRADES = "trades"
    """Positions, the newest first."""
    ORDERS = "orders"
    FILLS = "fills"
    ROUNDS = "rounds"
    WHY = "why"
    """What kept strategies from trading, counted, of one round or of whole days."""
    RESULTS = "results"
    """What came of each strategy on each asset."""
    EQUITY = "equity"
    """The account minute by minute, the oldest first."""
    DAYS = "days"
    """Counters of days."""
    SESSIONS = "sessions"
    LATENCY = "latency"
    """Each order's way."""
    CURVES = "curves"
    """How a round went, point by point."""
    BLOTTER = "blotter"
    """Positions in any order, from any row on: `sort`, `skip`."""
    SUMS = "sums"
    """What positions come to, `by` what they are told apart."""
    ROUND_LIST = "round list"
    """Rounds with what we did in each, and what kept us out; the newest first."""
    EQUITY_CURVE = "equity curve"
    """The account's equity in at most MOST_ROWS points, the oldest first, with every fall."""
    RELIABILITY = "reliability"
    """How often Up won, by the tenth that our fair value of it lay in."""
    LOG = "log"
    """What people were told, the newest first: of the engine's memory, not of its database."""


SORTED_BY = (
    *("time", "asset", "round", "strategy", "side", "price", "shares", "fee", "fair", "edge"),
    *("exit", "way out", "result", "session"),
)
"""Columns of BLOTTER that can be sorted by."""
SUMMED_BY = ("", "strategy", "interval", "asset", "hour", "minutes left", "way out")
"""What SUMS can tell apart; empty for all together. Hours and minutes are those of the entry."""


class Query(msgspec.Struct, frozen=True, tag="query"):
    """A question. Fields that are empty or 0 ask for all there is; those that make no sense for its
    subject are not looked at. Times are [since_ns, until_ns)."""

    query_id: int
    subject: Subject
    session: str = ""
    """Its name; empty for the engine's own and those that it goes on from (EQUITY is of it alone),
    EVERY_SESSION for all that its database has."""
    asset: str = ""
    interval: str = ""
    strategy: str = ""
    slug: str = ""
    since_ns: int = 0
    until_ns: int = 0
    limit: int = 50
    after: str = ""
    """`more` of an answer to the same question: go on behind it."""
    words: str = ""
    """Of TRADES, BLOTTER and SUMS: only those that `model/trade_words.py` finds."""
    sort: str = ""
    """Of BLOTTER, one of SORTED_BY; a - before it for the largest first. Empty: newest first."""
    skip: int = 0
    """Of BLOTTER: rows before the first one that is told."""
    by: str = ""
    """Of SUMS, one of SUMMED_BY."""


Cell = str | int | float | None


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """What is known, or why nothing is said."""

    query_id: int
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    more: str = ""
    """Where the next page begins; empty where this is the last."""
    as_of_ns: int = 0
    """Session time up to which the engine's own journal is in it; 0 before any of it is."""
    error: str = ""
