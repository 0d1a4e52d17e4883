"""Candles of five lengths from one exchange's trades, with the exchange's own history before them.

A trade belongs to the bar of its own time, however late it comes; open and close go by (time, id),
so the order of arrival does not matter. A stretch without trades is a flat bar at the close before
it, volume 0: indicators expect equal spacing. What we did not see is a hole; a bar that touches one
is incomplete until the exchange's history replaces it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
from attrs import define, frozen

from polytui.model.candle import Candle
from polytui.model.events import CandlesLoaded, ExchangeTraded
from polytui.model.units import NS_PER_S

LENGTHS_S = (10, 60, 300, 900, 3600)
_GRACE_NS = NS_PER_S // 2
"""A bar is closed so long after its end: its last trades are still on their way."""
_MOST_HOLES = 256
_SHORTEST_S = LENGTHS_S[0]
_LASTING = 1 << 62
"""The end of a hole that has none yet."""

_Hole = tuple[int, int]
"""[from, until) in UTC seconds."""

Array = npt.NDArray[np.float64]


@define
class Bar:
    """One bar as it is being traded. `first` and `last` are (venue_ns, trade id)."""

    opens_s: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: int
    first: tuple[int, int]
    last: tuple[int, int]

    def take(self, price: float, size: float, key: tuple[int, int]) -> None:
        if key >= self.last:
            self.close, self.last = price, key
        if key < self.first:
            self.open, self.first = price, key
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.volume += size
        self.trades += 1


@frozen
class Arrays:
    """Closed bars as columns, oldest first, equally spaced."""

    opens_s: int
    """Where the first bar begins."""
    length_s: int
    open: Array
    high: Array
    low: Array
    close: Array
    volume: Array
    is_complete: bool
    """Whether no bar of them touches a hole."""

    @property
    def ends_ns(self) -> int:
        return (self.opens_s + len(self.close) * self.length_s) * NS_PER_S


class _Columns:
    """Closed bars as five lists, gaps filled; grows by the bars that close."""

    __slots__ = ("close", "high", "low", "open", "until_s", "volume")

    def __init__(self) -> None:
        self.open: list[float] = []
        self.high: list[float] = []
        self.low: list[float] = []
        self.close: list[float] = []
        self.volume: list[float] = []
        self.until_s = 0

    def add(self, bar: Bar | None) -> None:
        """A bar, or a flat one at the close before it; nothing before the first bar."""
        if bar is None and not self.close:
            return
        before = self.close[-1] if self.close else 0.0
        self.open.append(bar.open if bar else before)
        self.high.append(bar.high if bar else before)
        self.low.append(bar.low if bar else before)
        self.close.append(bar.close if bar else before)
        self.volume.append(bar.volume if bar else 0.0)

    def keep(self, most: int) -> None:
        for column in self._all():
            del column[:-most]

    def cut(self, opens_s: int, length_s: int) -> None:
        """Forget the bar that begins there and all after it; all, where it is none of ours."""
        kept = (opens_s - self.until_s) // length_s + len(self.close)
        for column in self._all():
            del column[max(0, kept) :]
        self.until_s = opens_s if kept >= 0 else 0

    def _all(self) -> tuple[list[float], ...]:
        return (self.open, self.high, self.low, self.close, self.volume)


class _BarSeries:
    """Bars of one length by their start; `kept` of them and the one in progress."""

    __slots__ = ("arrays", "arrays_key", "bars", "columns", "kept", "length_s", "newest_s",
                 "revision")  # fmt: skip

    def __init__(self, length_s: int, kept: int) -> None:
        self.length_s = length_s
        self.kept = kept
        self.bars: dict[int, Bar] = {}
        self.newest_s = 0
        self.revision = 0
        """Grows when a bar that was closed changes, or what is known of holes."""
        self.columns = _Columns()
        self.arrays: Arrays | None = None
        self.arrays_key: tuple[int, int] = (-1, -1)

    def take(self, opens_s: int, price: float, size: float, key: tuple[int, int]) -> None:
        """Into the bar that begins there, whether there is one, or it was closed already."""
        bar = self.bars.get(opens_s)
        if bar is None:
            self.put(Bar(opens_s, price, price, price, price, size, 1, key, key))
            return
        bar.take(price, size, key)
        if opens_s < self.columns.until_s:
            self.correct(opens_s)

    def correct(self, opens_s: int) -> None:
        """What the columns hold is no longer true from this bar on. Late trades are mostly just
        late, and a machine that is behind has many of them: bars before them stay."""
        self.columns.cut(opens_s, self.length_s)
        self.revision += 1

    def put(self, bar: Bar) -> None:
        """A bar in its place; one that is too old to be kept is dropped."""
        if bar.opens_s <= self.newest_s - (self.kept + 1) * self.length_s:
            return
        self.bars[bar.opens_s] = bar
        if bar.opens_s < self.columns.until_s:
            self.correct(bar.opens_s)
        if bar.opens_s > self.newest_s:
            self.newest_s = bar.opens_s
            self._forget(self.newest_s - (self.kept + 1) * self.length_s)

    def _forget(self, oldest_s: int) -> None:
        if len(self.bars) > self.kept:
            for opens_s in [start for start in self.bars if start <= oldest_s]:
                del self.bars[opens_s]

    def closed_until(self, now_ns: int) -> int:
        """Where the bar in progress begins, UTC seconds."""
        now_s = (now_ns - _GRACE_NS) // NS_PER_S
        return now_s - now_s % self.length_s

    def closed(self, until_s: int) -> _Columns:
        """Closed bars of the last `kept`, gaps filled; oldest first."""
        columns = self.columns
        if until_s < columns.until_s:
            columns = self.columns = _Columns()
        start_s = columns.until_s
        if not start_s:
            oldest = min(self.bars, default=until_s)
            start_s = max(oldest, until_s - 2 * self.kept * self.length_s)
        start_s = max(start_s, until_s - 2 * self.kept * self.length_s)
        for opens_s in range(start_s, until_s, self.length_s):
            columns.add(self.bars.get(opens_s))
        columns.until_s = max(start_s, until_s)
        columns.keep(self.kept)
        return columns


class Candles:
    """State: five series, and for each the stretches of time that were not seen."""

    def __init__(self, kept: int = 500) -> None:
        self._series = {length_s: _BarSeries(length_s, kept) for length_s in LENGTHS_S}
        self._holes: dict[int, list[_Hole]] = {length_s: [(0, _LASTING)] for length_s in LENGTHS_S}
        self._is_blind = True
        self._seen_s = 0
        """The second of the newest trade that came live."""

    def take(self, event: ExchangeTraded) -> None:
        second = event.venue_ns // NS_PER_S
        if not event.is_history and second > self._seen_s:
            self._seen_s = second
        if self._is_blind and not event.is_history:
            self._see_again(second)
        key = (event.venue_ns, event.trade_id)
        price, size = event.price, event.size
        for series in self._series.values():
            opens_s = second - second % series.length_s
            bar = series.bars.get(opens_s)
            if bar is None or opens_s < series.columns.until_s:
                series.take(opens_s, price, size, key)
            else:
                bar.take(price, size, key)

    def lose(self, at_ns: int) -> None:
        """Something was missed by now, until trades come again: since the last that was seen."""
        if self._is_blind:
            return
        self._is_blind = True
        since_s = min(self._seen_s, at_ns // NS_PER_S) if self._seen_s else at_ns // NS_PER_S
        for holes in self._holes.values():
            holes.append((since_s, _LASTING))
            del holes[:-_MOST_HOLES]
        self._touch()

    def mend(self, from_ns: int, until_ns: int) -> None:
        """Every trade of [from, until) was given again: that much of any hole is none any more."""
        for length_s in self._holes:
            self._fill_holes(length_s, from_ns // NS_PER_S, until_ns // NS_PER_S)
        self._touch()

    def _see_again(self, second: int) -> None:
        """The second in which trades come again is itself not seen whole."""
        self._is_blind = False
        for holes in self._holes.values():
            if holes and holes[-1][1] == _LASTING:
                start, _ = holes.pop()
                if start <= second:
                    holes.append((start, second + 1))
        self._touch()

    def _touch(self) -> None:
        for series in self._series.values():
            series.revision += 1

    def load(self, event: CandlesLoaded) -> None:
        """History takes the place of bars that are missing or incomplete, never of whole ones."""
        if event.length_s == 1:
            length_s, bars = _SHORTEST_S, list(_folded(event.candles))
        else:
            length_s = event.length_s
            bars = [_bar(candle, length_s) for candle in event.candles]
        if length_s not in self._series or not bars:
            return
        series = self._series[length_s]
        for bar in bars:
            if bar.opens_s not in series.bars or not self._is_whole(
                bar.opens_s, length_s, length_s
            ):
                series.put(bar)
        self._fill_holes(length_s, bars[0].opens_s, bars[-1].opens_s + length_s)
        series.revision += 1

    def _fill_holes(self, length_s: int, from_s: int, until_s: int) -> None:
        """What history has covered was not missed: holes of this length lose that part."""
        rest: list[_Hole] = []
        for start, end in self._holes[length_s]:
            rest += [(start, min(end, from_s)), (max(start, until_s), end)]
        self._holes[length_s] = [hole for hole in rest if hole[0] < hole[1]]

    def _is_whole(self, opens_s: int, span_s: int, length_s: int) -> bool:
        """Whether bars of `length_s` know all of [opens, opens + span)."""
        ends_s = opens_s + span_s
        return not any(start < ends_s and until > opens_s for start, until in self._holes[length_s])

    # --- reading --------------------------------------------------------------------------------

    def current(self, length_s: int) -> Bar | None:
        """The newest bar, which may still be open."""
        series = self._series[length_s]
        return series.bars.get(series.newest_s)

    def bar(self, length_s: int, opens_ns: int) -> Bar | None:
        """A bar that was traded in or loaded; None for a flat or unknown one."""
        return self._series[length_s].bars.get(opens_ns // NS_PER_S)

    def whole_bars(self, length_s: int) -> int:
        """How many bars are known without a hole, the one in progress included."""
        bars = self._series[length_s].bars
        return sum(self._is_whole(opens_s, length_s, length_s) for opens_s in bars)

    def seen_until_ns(self, length_s: int, now_ns: int) -> int:
        """Up to where bars were traded or loaded: `now_ns`, unless trades are being missed."""
        holes = self._holes[length_s]
        if not holes or holes[-1][1] != _LASTING:
            return now_ns
        return min(now_ns, holes[-1][0] * NS_PER_S)

    def arrays(self, length_s: int, now_ns: int) -> Arrays | None:
        """Bars that are closed by `now_ns`; None before the first. Made anew only on a change."""
        series = self._series[length_s]
        until_s = series.closed_until(now_ns)
        key = (series.revision, until_s)
        if key != series.arrays_key:
            series.arrays_key = key
            series.arrays = self._made(series, until_s)
        return series.arrays

    def _made(self, series: _BarSeries, until_s: int) -> Arrays | None:
        columns = series.closed(until_s)
        if not columns.close:
            return None
        opens_s = until_s - len(columns.close) * series.length_s
        o, h, low, c, v = (
            np.array(column, dtype=np.float64)
            for column in (
                columns.open,
                columns.high,
                columns.low,
                columns.close,
                columns.volume,
            )
        )
        is_complete = self._is_whole(opens_s, until_s - opens_s, series.length_s)
        return Arrays(opens_s, series.length_s, o, h, low, c, v, is_complete)

    def state(self) -> tuple[object, ...]:
        series = [
            (one.length_s, one.newest_s, one.revision, len(one.bars))
            for one in self._series.values()
        ]
        last = self.current(60)
        bar = (last.open, last.high, last.low, last.close, last.volume) if last else None
        return (series, bar, self._holes[_SHORTEST_S][-3:], self._is_blind, self._seen_s)


def _bar(candle: Candle, length_s: int) -> Bar:
    first = (candle.opens_ns, 0)
    last = (candle.opens_ns + length_s * NS_PER_S - 1, 0)
    return Bar(
        candle.opens_ns // NS_PER_S,
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
        candle.trades,
        first,
        last,
    )


def _folded(seconds: Sequence[Candle]) -> Iterator[Bar]:
    """Ten bars of a second are one of ten; a stretch that does not begin whole is left out."""
    span_ns = _SHORTEST_S * NS_PER_S
    for start, rows in groupby(seconds, key=lambda candle: candle.opens_ns // span_ns):
        parts = list(rows)
        if parts[0].opens_ns != start * span_ns or len(parts) < _SHORTEST_S:
            continue
        bar = _bar(parts[0], _SHORTEST_S)
        bar.high = max(part.high for part in parts)
        bar.low = min(part.low for part in parts)
        bar.close = parts[-1].close
        bar.volume = sum(part.volume for part in parts)
        bar.trades = sum(part.trades for part in parts)
        yield bar
