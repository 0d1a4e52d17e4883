"""Recorded ticks of Chainlink, as `--prices FILE` gives them.

The file is a CSV, gzipped if its name ends in .gz, with at least the columns `feed_ts_ms` (the
observed second), `full_accuracy_value` (dollars x 10^18) and `server_ts_ms` (when the relay
sent it), rows in the order of time. Its gaps stay gaps.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from polytui.model.errors import Fatal
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.world.paths import E18
from polytui.sim.world.spans import Seconds, Span

_COLUMNS = ("feed_ts_ms", "full_accuracy_value", "server_ts_ms")
_STRIDE_S = 10
"""Volatility is measured over ten seconds: over one, repeated values would flatter it."""
_LEAD_S = 1.4
"""The quickest exchange is so far ahead of the recorded feed; nobody recorded how far it was."""


_Row = tuple[int, int, int]
"""(observed second, dollars x 10^18, published in ms)."""


class RecordedPath:
    """Observations out of a file, exact at their seconds."""

    def __init__(self, rows: list[_Row]) -> None:
        first_s, last_s = rows[0][0], rows[-1][0]
        observed: list[int | None] = [None] * (last_s - first_s + 1)
        for second, value_e18, _ in rows:
            observed[second - first_s] = value_e18
        self.first_s: int | None = first_s
        self.last_s: int | None = last_s
        self._span = Span(first_s, observed)
        self._seconds = Seconds([row[0] for row in rows])
        self._published_ms = {second: published_ms for second, _, published_ms in rows}
        self.sigma = self._measure()
        self.lag_s = 0.0
        self.lead_s = _LEAD_S

    @property
    def first_ns(self) -> int:
        return self._span.first_s * NS_PER_S

    @property
    def last_ns(self) -> int:
        return self._span.last_s * NS_PER_S

    def value_e18(self, second: int) -> int | None:
        span = self._span
        if not span.first_s <= second <= span.last_s:
            return None
        return span.observed[second - span.first_s]

    def next_observed(self, second: int) -> int | None:
        return self._seconds.first_from(second)

    def published_ns(self, second: int) -> int:
        return self._published_ms[second] * NS_PER_MS

    def twap_e18(self, end_ns: int, window_s: int) -> int | None:
        """None where part of the window lies outside the file."""
        end_s = end_ns // NS_PER_S
        after_s = end_s - window_s
        if after_s < self._span.first_s or end_s > self._span.last_s:
            return None
        return self._span.total(after_s, end_s) // window_s

    def mean(self, after_s: int, until_s: int) -> float:
        first_s, last_s = self._span.first_s, self._span.last_s
        until_s = min(max(until_s, first_s), last_s)
        after_s = min(max(after_s, first_s - 1), until_s - 1)
        return self._span.total(after_s, until_s) / (until_s - after_s) / E18

    def price(self, at_s: float) -> float:
        """Outside the file, the price of its nearer end."""
        second = math.floor(at_s)
        before = self._at(second)
        return before + (self._at(second + 1) - before) * (at_s - second)

    def rough_price(self, at_s: float) -> float:
        return self.price(at_s)

    def observed(self, second: int) -> float:
        return self._at(second)

    def variance(self, at_s: float, ahead_s: float) -> float:
        """The whole file's, whenever one asks."""
        return self.sigma**2

    def _at(self, second: int) -> float:
        span = self._span
        second = min(max(second, span.first_s), span.last_s)
        return span.covering[second - span.first_s] / E18

    def _measure(self) -> float:
        prices = self._span.covering[::_STRIDE_S]
        steps = [math.log(after / before) for before, after in pairwise(prices)]
        if not steps:
            return 0.0
        return math.sqrt(sum(step * step for step in steps) / len(steps) / _STRIDE_S)


def read_prices(path: Path) -> RecordedPath:
    """The ticks of a file; Fatal, with one line that says what to do, where it cannot be used."""
    try:
        text = _read_text(path)
    except FileNotFoundError:
        raise Fatal(f"no price file at {path}; give the path of a recorded CSV or CSV.gz") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise Fatal(f"cannot read prices from {path}: {error}; is it a CSV or CSV.gz?") from error
    try:
        rows = _rows(csv.reader(io.StringIO(text)))
    except (ValueError, csv.Error) as error:
        raise Fatal(f"{path}: {error}; expected the columns {', '.join(_COLUMNS)}") from error
    return RecordedPath(rows)


def span_text(recorded: RecordedPath) -> str:
    """ "2026-06-08T00:00:00Z to 2026-06-08T23:59:59Z"."""
    first, last = (
        datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for at_ns in (recorded.first_ns, recorded.last_ns)
    )
    return f"{first} to {last}"


def _read_text(path: Path) -> str:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")


def _rows(table: Iterator[list[str]]) -> list[_Row]:
    """Rows one after the other in time; publication never goes back."""
    names = next(table, [])
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise ValueError(f"no column {', '.join(missing)}")
    columns = [names.index(name) for name in _COLUMNS]
    rows: list[_Row] = []
    second, published_ms = 0, 0
    for number, cells in enumerate(table, 1):
        after_s, value_e18, server_ms = _row(cells, columns, number)
        if after_s <= second:
            raise ValueError(f"row {number} is not later than the one before")
        second, published_ms = after_s, max(server_ms, published_ms)
        rows.append((second, value_e18, published_ms))
    if len(rows) < 2:
        raise ValueError("fewer than two observations")
    return rows


def _row(cells: list[str], columns: list[int], number: int) -> _Row:
    try:
        observed_ms, value_e18, server_ms = (int(cells[column]) for column in columns)
    except (IndexError, ValueError):
        raise ValueError(f"row {number} holds something other than whole numbers") from None
    if observed_ms % 1_000 or value_e18 <= 0 or server_ms < observed_ms:
        raise ValueError(f"row {number} is not an observation of a whole second")
    return observed_ms // 1_000, value_e18, server_ms
