"""What a terminal has asked of single rounds: which there were, how they went, what we did."""

from __future__ import annotations

from typing import Any

import msgspec
from attrs import define, field, frozen

from polytui.model.curve import CurvePoint
from polytui.model.query import Answer, Query, Subject
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S
from polytui.tui.past import Row, Send, next_number, rows_of
from polytui.tui.traces import Mark, Trace, TracePoint

_PAGE = 100
_AGAIN_S = 2.0
"""What an open round still gets is asked for so often, and what nobody answered."""
_CURVES_AGAIN_S = 15.0
"""A line of the journal has half a minute of it."""
_KEPT = 64
"""Rounds whose trades are remembered."""
_curve = msgspec.json.Decoder(tuple[CurvePoint, ...])
Key = tuple[str, str]
"""(asset, interval)."""
Whose = tuple[str, str]
"""(session, slug): two sessions may have followed one round."""


@frozen
class _Awaited:
    """One question on its way."""

    subject: Subject
    key: Key = ("", "")
    trace: Trace | None = None
    is_first_page: bool = True


@define
class ToldRounds:
    """State: lists of rounds, the trades of some, questions on their way, and what went wrong."""

    error: str = ""
    """Of the last answer, or that nobody was there to be asked."""
    _lists: dict[Key, list[Row]] = field(factory=dict)
    """The newest first."""
    _more: dict[Key, str] = field(factory=dict)
    _trades: dict[Whose, tuple[Row, ...]] = field(factory=dict)
    _rows: dict[Whose, Row] = field(factory=dict)
    """Of rounds that were not settled when they were listed."""
    _waiting: dict[int, _Awaited] = field(factory=dict)
    _asked_s: dict[tuple[Subject, Whose], float] = field(factory=dict)

    def forget(self) -> None:
        """What was told is of another moment; answers that are on their way are."""
        for known in (self._lists, self._more, self._trades, self._rows):
            known.clear()
        self._waiting.clear()
        self._asked_s.clear()

    # --- what is known ------------------------------------------------------------------------

    def listed(self, key: Key) -> list[Row] | None:
        """Rounds before the current one, the newest first; None before they are known."""
        return self._lists.get(key)

    def has_more(self, key: Key) -> bool:
        return bool(self._more.get(key))

    def newest(self, row: Row, trace: Trace) -> Row:
        """The same round as it was told last."""
        return self._rows.get(_whose(trace), row)

    def trades(self, trace: Trace) -> tuple[Row, ...] | None:
        return self._trades.get(_whose(trace))

    def is_asking(self, key: Key) -> bool:
        """Whether a list is on its way."""
        asked = self._waiting.values()
        return any(one.subject is Subject.ROUNDS and one.key == key for one in asked)

    # --- questions ----------------------------------------------------------------------------

    def ask_rounds(self, key: Key, until_ns: int, send: Send) -> None:
        """Those that opened before `until_ns`, anew: what is known of them is let go."""
        self._lists.pop(key, None)
        self._more.pop(key, None)
        self._ask_page(key, until_ns, "", send)

    def ask_more(self, key: Key, until_ns: int, send: Send) -> None:
        """The next page of the same question."""
        if self.has_more(key) and not self.is_asking(key):
            self._ask_page(key, until_ns, self._more[key], send)

    def _ask_page(self, key: Key, until_ns: int, after: str, send: Send) -> None:
        asset, interval = key
        query = Query(
            next_number(), Subject.ROUNDS, asset=asset, interval=interval, until_ns=until_ns,
            limit=_PAGE, after=after,
        )  # fmt: skip
        self._send(query, _Awaited(Subject.ROUNDS, key, is_first_page=not after), send)

    def ask_open(self, trace: Trace, now_s: float, send: Send) -> None:
        """Of a round that is open: its fills, and what was before this terminal came."""
        wanted = [(Subject.FILLS, _AGAIN_S)]
        if not trace.is_whole:
            wanted.append((Subject.CURVES, _CURVES_AGAIN_S))
        self._ask(trace, wanted, now_s, send)

    def ask_past(self, trace: Trace, now_s: float, send: Send, *, is_settled: bool) -> None:
        """Of a round that is over: everything, once it is settled for the last time."""
        again_s = float("inf") if is_settled else _AGAIN_S
        wanted = [(one, again_s) for one in (Subject.FILLS, Subject.CURVES, Subject.TRADES)]
        if not is_settled:
            wanted.append((Subject.ROUNDS, again_s))
        self._ask(trace, wanted, now_s, send)

    def _ask(
        self, trace: Trace, wanted: list[tuple[Subject, float]], now_s: float, send: Send
    ) -> None:
        for subject, again_s in wanted:
            before_s = self._asked_s.get((subject, _whose(trace)))
            if before_s is None or now_s - before_s >= again_s:
                self._asked_s[subject, _whose(trace)] = now_s
                query = Query(next_number(), subject, trace.session, slug=trace.slug, limit=_PAGE)
                self._send(query, _Awaited(subject, trace=trace), send)
        while len(self._asked_s) > 3 * _KEPT:
            del self._asked_s[next(iter(self._asked_s))]

    def _send(self, query: Query, asked: _Awaited, send: Send) -> None:
        if send(query):
            self._waiting[query.query_id] = asked
        elif asked.subject is Subject.ROUNDS:
            self.error = "no engine to ask"

    # --- answers ------------------------------------------------------------------------------

    def hear(self, answer: Answer) -> None:
        """Take an answer to one of these questions; others are let go."""
        asked = self._waiting.pop(answer.query_id, None)
        if asked is None:
            return
        rows = rows_of(answer)
        if answer.error:
            self._failed(asked, answer.error)
        elif asked.subject is Subject.ROUNDS and asked.trace is None:
            self.error = ""
            known = [] if asked.is_first_page else self._lists.get(asked.key, [])
            self._lists[asked.key] = [*known, *rows]
            self._more[asked.key] = answer.more
        elif (trace := asked.trace) is not None:
            self._told(asked.subject, trace, rows, answer.as_of_ns)

    def _failed(self, asked: _Awaited, error: str) -> None:
        self.error = error
        if asked.subject is Subject.ROUNDS and asked.trace is None:
            self._lists.setdefault(asked.key, [])
            self._more.pop(asked.key, None)
        elif asked.trace is not None:
            # It may be there the next time that somebody looks.
            self._asked_s.pop((asked.subject, _whose(asked.trace)), None)

    def _told(self, subject: Subject, trace: Trace, rows: list[Row], as_of_ns: int) -> None:
        if subject is Subject.FILLS:
            fills = [row for row in rows if not row.get("is_reversed")]
            trace.tell(tuple(mark_of(row) for row in reversed(fills)), as_of_ns)
        elif subject is Subject.ROUNDS:
            self._rows.update((_whose(trace), row) for row in rows)
            _forget(self._rows)
        elif subject is Subject.TRADES:
            self._trades[_whose(trace)] = tuple(reversed(rows))
            _forget(self._trades)
        else:
            for row in reversed(rows):
                _draw(trace, row)


def _whose(trace: Trace) -> Whose:
    return trace.session, trace.slug


def _forget(known: dict[Whose, Any]) -> None:
    """The oldest of too many."""
    while len(known) > _KEPT:
        del known[next(iter(known))]


def trace_of(row: Row) -> Trace:
    """An empty one for a round of the database."""
    strike = row.get("strike")
    return Trace(
        str(row.get("slug") or ""), str(row.get("asset") or ""), str(row.get("interval") or ""),
        _whole(row.get("opens_ns")), _whole(row.get("closes_ns")),
        strike=float(strike) if isinstance(strike, int | float) else None,
    )  # fmt: skip


def mark_of(row: Row) -> Mark:
    return Mark(
        _whole(row.get("at_ns")), str(row.get("outcome") or ""), str(row.get("side") or ""),
        _whole(row.get("price")) / MICRO, _whole(row.get("shares")) / MICRO,
    )  # fmt: skip


def _draw(trace: Trace, row: Row) -> None:
    """Points of a row of curves; one that cannot be read draws nothing."""
    try:
        points = _curve.decode(str(row.get("points")))
    except (msgspec.MsgspecError, ValueError):
        return
    opens_ns = _whole(row.get("opens_ns"))
    trace.fill_in(
        TracePoint(opens_ns + one[0] * NS_PER_MS, one[1], one[2], one[3], one[4], one[5])
        for one in points
    )
    if points and trace.average is None:
        _average(trace, _whole(row.get("window_s")), points[-1])


def _average(trace: Trace, window_s: int, last: CurvePoint) -> None:
    """How far the closing average was known at a round's last point."""
    trace.window_s = window_s
    begins_ns = trace.closes_ns - window_s * NS_PER_S
    at_ns = trace.opens_ns + last[0] * NS_PER_MS
    if last[-1] is not None and at_ns > begins_ns:
        trace.average, trace.observed_s = last[-1], (at_ns - begins_ns) / NS_PER_S


def _whole(cell: object) -> int:
    return cell if isinstance(cell, int) else 0
