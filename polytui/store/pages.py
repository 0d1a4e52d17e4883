"""A face's question as the database is asked, and its answer a page at a time.

What has a time is paged by it: the next page begins at the time of the last row, behind as many
rows of that time as were told already, so that rows which come meanwhile move nothing. What is
counted is short, and is paged by how many rows were told.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from attrs import evolve, frozen

from polytui.model.query import (
    EVERY_SESSION,
    MOST_ROWS,
    SORTED_BY,
    SUMMED_BY,
    Answer,
    Query,
    Subject,
)
from polytui.model.trade_words import BadWords, TradeWords, trade_words
from polytui.store import questions
from polytui.store.blotter import blotter, sums
from polytui.store.equity_curve import equity_curve
from polytui.store.questions import Filter, Found
from polytui.store.reliability import reliability
from polytui.store.round_list import round_list

Ask = Callable[[sqlite3.Connection, Filter], Found]

_LATEST_NS = 1 << 62
_LONGEST = 200
"""Characters of a name."""
_MOST_TOLD = 10_000
"""Rows of a counted answer, all pages together; ties of one moment as well."""
_MOST_SKIPPED = 10_000_000
_BEHIND = re.compile(r"(?:([0-9]{1,19}):)?([0-9]{1,5})")


class BadQuery(ValueError):
    """What cannot be asked, in words."""


@frozen
class _Timed:
    """Newest first, unless it says otherwise."""

    ask: Ask
    time: str
    is_oldest_first: bool = False


@frozen
class _Counted:
    ask: Ask


def _why(connection: sqlite3.Connection, wanted: Filter) -> Found:
    ask = questions.why_of_round if wanted.slug else questions.why_of_days
    return ask(connection, wanted)


def _sessions(connection: sqlite3.Connection, wanted: Filter) -> Found:
    return questions.sessions(connection, wanted.limit)


_ASKED: dict[Subject, _Timed | _Counted] = {
    Subject.TRADES: _Timed(questions.trades, "opened_ns"),
    Subject.ORDERS: _Timed(questions.orders, "placed_ns"),
    Subject.FILLS: _Timed(questions.fills, "at_ns"),
    Subject.ROUNDS: _Timed(questions.rounds, "opens_ns"),
    Subject.LATENCY: _Timed(questions.latencies, "at_ns"),
    Subject.EQUITY: _Timed(questions.equity, "minute_ns", is_oldest_first=True),
    Subject.CURVES: _Timed(questions.curves, "since_ns"),
    Subject.WHY: _Counted(_why),
    Subject.RESULTS: _Counted(questions.results),
    Subject.DAYS: _Counted(questions.days),
    Subject.SESSIONS: _Counted(_sessions),
    Subject.BLOTTER: _Counted(blotter),
    Subject.SUMS: _Counted(sums),
    Subject.ROUND_LIST: _Timed(round_list, "opens_ns"),
    Subject.EQUITY_CURVE: _Counted(equity_curve),
    Subject.RELIABILITY: _Counted(reliability),
}
_OF_ONE_SESSION = (Subject.EQUITY, Subject.EQUITY_CURVE)
"""An account each: there is no sum of two."""


@frozen
class QueryPage:
    """One question, checked, and where its page begins."""

    query_id: int
    how: _Timed | _Counted
    wanted: Filter
    """Of the question; its `limit` is that of the page."""
    behind_ns: int | None = None
    """The last row told was of this time,"""
    told: int = 0
    """and so many were told: of that time, or in all where nothing has one."""

    def read(self, connection: sqlite3.Connection) -> Answer:
        """This page."""
        limit = self.wanted.limit
        found = self.how.ask(connection, self._filter())
        rows = found.rows[self.told :]
        page = tuple(rows[:limit])
        more = self._behind(found, page) if len(rows) > limit else ""
        return Answer(self.query_id, found.columns, page, more)

    def _filter(self) -> Filter:
        """One row more than is told says whether there are more."""
        wanted = evolve(self.wanted, limit=self.told + self.wanted.limit + 1)
        if self.behind_ns is None:
            return wanted
        assert isinstance(self.how, _Timed)
        if self.how.is_oldest_first:
            return evolve(wanted, since_ns=max(wanted.since_ns, self.behind_ns))
        until_ns = self.behind_ns + 1
        return evolve(wanted, until_ns=min(wanted.until_ns or until_ns, until_ns))

    def _behind(self, found: Found, page: tuple[tuple[object, ...], ...]) -> str:
        at = found.columns.index(self.how.time) if isinstance(self.how, _Timed) else None
        last_ns = None if at is None else page[-1][at]
        if at is None or last_ns is None:  # without a time come last, behind everything
            return str(self.told + len(page))
        ties = sum(row[at] == last_ns for row in page)
        return f"{last_ns}:{ties + (self.told if last_ns == self.behind_ns else 0)}"


def page_of(query: Query, session: str) -> QueryPage:
    """`session`: the engine's own, which is meant where none is named, with those that it goes on
    from; of what is told oldest first it alone. BadQuery in words."""
    how = _ASKED.get(query.subject)
    if how is None:
        raise BadQuery(f"{query.subject.value} is not in the database")
    _check(query)
    is_of_one = isinstance(how, _Timed) and how.is_oldest_first
    named = "" if query.session == EVERY_SESSION else query.session
    is_own = not query.session and query.subject is not Subject.SESSIONS
    wanted = Filter(
        session if is_own and is_of_one else "" if query.subject is Subject.SESSIONS else named,
        query.asset,
        query.interval,
        query.strategy,
        query.slug,
        query.since_ns,
        query.until_ns,
        query.limit,
        session if is_own and not is_of_one else "",
        words=_words(query.words),
        sort=query.sort,
        skip=query.skip,
        by=query.by,
    )
    return QueryPage(query.query_id, how, wanted, *_behind(query, how))


def _check(query: Query) -> None:
    """BadQuery for what no database could answer."""
    if not 1 <= query.limit <= MOST_ROWS:
        raise BadQuery(f"limit {query.limit}: expected 1 to {MOST_ROWS}; ask page by page")
    for ns in (query.since_ns, query.until_ns):
        if not 0 <= ns < _LATEST_NS:
            raise BadQuery(f"{ns} is no time in nanoseconds")
    for text in (query.session, query.asset, query.interval, query.strategy, query.slug):
        if len(text) > _LONGEST:
            raise BadQuery(f"a name of {len(text)} characters")
    if query.session == EVERY_SESSION and query.subject in _OF_ONE_SESSION:
        raise BadQuery(f"{query.subject.value} are of one session: name it")
    if query.sort and query.sort.removeprefix("-") not in SORTED_BY:
        raise BadQuery(f"nothing is sorted by {query.sort[:20]}: {', '.join(SORTED_BY)}")
    if query.by not in SUMMED_BY:
        raise BadQuery(f"nothing is summed by {query.by[:20]}: {', '.join(SUMMED_BY[1:])}")
    if not 0 <= query.skip <= _MOST_SKIPPED:
        raise BadQuery(f"skip {query.skip}: expected 0 to {_MOST_SKIPPED:,}")


def _words(text: str) -> TradeWords:
    try:
        return trade_words(text)
    except BadWords as error:
        raise BadQuery(str(error)) from error


def _behind(query: Query, how: _Timed | _Counted) -> tuple[int | None, int]:
    if not query.after:
        return None, 0
    found = _BEHIND.fullmatch(query.after[:_LONGEST])
    if found is None or (found[1] is not None and not isinstance(how, _Timed)):
        raise BadQuery("`after` is not of an answer to this question")
    behind_ns, told = None if found[1] is None else int(found[1]), int(found[2])
    if told > _MOST_TOLD or (behind_ns or 0) >= _LATEST_NS:
        raise BadQuery(f"more than {_MOST_TOLD:,} rows: ask for a shorter time")
    return behind_ns, told
