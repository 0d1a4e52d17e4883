"""Back through the rounds that are over, and forth to the one that runs."""

from __future__ import annotations

from attrs import define, evolve

from polytui.tui.past import Row, Send
from polytui.tui.told_rounds import Key, ToldRounds, trace_of
from polytui.tui.traces import Trace, Traces

_MOST_PENDING = 50
"""Steps that wait for an answer: a key that is held down is not told for minutes after."""


@define
class PastWalk:
    """State: the round that is looked at, how far back it is, and steps that wait for an answer."""

    told: ToldRounds
    traces: Traces
    row: Row | None = None
    """None: the current one."""
    back: int = 0
    is_first: bool = False
    """Whether there is none before it."""
    moment_ns: int = 0
    """What somebody came to see in it; 0 for nothing but itself."""
    is_visit: bool = False
    """Whether somebody came to see this very round."""
    is_from_visit: bool = False
    """Whether `back` counts from the round that was visited, and not from the current one."""
    _trace: Trace | None = None
    _key: Key = ("", "")
    _until_ns: int = 0
    _pending: int = 0

    @property
    def is_away(self) -> bool:
        """Whether somebody has gone back, or is about to."""
        return self.row is not None or self._pending != 0

    @property
    def visited(self) -> tuple[Key, int] | None:
        """(asset and interval, opening) of the round that somebody came to see."""
        if not self.is_visit or self.row is None:
            return None
        trace = trace_of(self.row)
        return (trace.asset, trace.interval), trace.opens_ns

    @property
    def trace(self) -> Trace | None:
        return self._trace

    def home(self) -> None:
        """To the current round."""
        self.row, self._trace, self.back, self._pending, self.is_first = None, None, 0, 0, False
        self.moment_ns, self.is_visit, self.is_from_visit = 0, False, False

    def visit(self, row: Row, session: str, moment_ns: int) -> None:
        """One round that is over, wherever it is; `session` as in a question."""
        self.home()
        self.row, self.moment_ns, self.is_visit = row, moment_ns, True
        seen = self._seen() if not session else None
        self._trace = seen or evolve(trace_of(row), session=session)

    def step(self, by: int, key: Key, opens_ns: int, send: Send) -> None:
        """`by` rounds older; below 0 newer. `opens_ns` is when the current round opened."""
        if self.is_visit:
            self.home()
            self.is_from_visit = by > 0
        if not self.is_away:
            if by < 0:
                return
            self._key, self._until_ns = key, opens_ns
            self.told.ask_rounds(key, opens_ns, send)
        self._pending = max(-_MOST_PENDING, min(_MOST_PENDING, self._pending + by))
        self.settle(send)

    def settle(self, send: Send) -> None:
        """Take the steps that the known list has room for."""
        rows = self.told.listed(self._key)
        if not self._pending or rows is None:
            return
        wanted = self.back + self._pending
        if wanted > len(rows) and self.told.has_more(self._key):
            self.told.ask_more(self._key, self._until_ns, send)
            return
        self._pending, self.back = 0, max(0, min(wanted, len(rows)))
        self.is_first = wanted >= len(rows) and not self.told.has_more(self._key)
        if not self.back:
            is_empty = not rows and wanted > 0
            self.home()
            self.is_first = is_empty
            return
        self.row = rows[self.back - 1]
        self._trace = self._seen() or trace_of(self.row)

    def _seen(self) -> Trace | None:
        """What this terminal saw itself is finer than what was kept."""
        assert self.row is not None
        found = self.traces.named(str(self.row.get("slug")))
        if found is not None and found.strike is None:
            found.strike = trace_of(self.row).strike
        return found

    def ask(self, now_s: float, send: Send) -> None:
        """What is to be known of the round that is looked at."""
        self.settle(send)
        if self._trace is not None and self.row is not None:
            self.row = self.told.newest(self.row, self._trace)
            if self._trace.strike is None:
                self._trace.strike = trace_of(self.row).strike
            is_settled = self.row.get("settled_ns") is not None
            self.told.ask_past(self._trace, now_s, send, is_settled=is_settled)
