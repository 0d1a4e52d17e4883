"""Candles of a simulated exchange, made of the trades it printed.

Before the world's first second there are no trades, only the price path: that history is
printed from the path minute by minute, from a seed of its own, so that a client that asks for
yesterday's candles gets the same ones at every ask, and of every world with that path.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen

from polytui.model.units import NS_PER_S
from polytui.sim.world.chance import Chance
from polytui.sim.world.paths import ExchangePath

_MINUTE_S = 60
_KEPT_SECONDS = 1_200
"""Bars of one second are kept this long; the venue answers at most a thousand."""
_KEPT_MINUTES = 2 * 1_440
"""Of history: two days of it, a day more than a world looks back."""
_HISTORY_TRADES = 2
"""Trades a second in the last history before the world began."""
_RECENT_S = 1_200
_OLD_EVERY_S = 5
"""Older history has one trade in so many seconds: a day of it must not take seconds to make."""


@frozen
class TapeBar:
    """One bar, [open_ns, open_ns + its length); prices in dollars, volume in coins."""

    open_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: int


class _Bar:
    """What was traded in a stretch of time, as it is being traded."""

    __slots__ = ("close", "high", "low", "open", "trades", "volume")

    def __init__(self, price: float, volume: float, trades: int = 1) -> None:
        self.open = self.high = self.low = self.close = price
        self.volume = volume
        self.trades = trades

    def add(self, price: float, size: float) -> None:
        self.close = price
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.volume += size
        self.trades += 1

    def extend(self, later: _Bar) -> None:
        self.close = later.close
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.volume += later.volume
        self.trades += later.trades

    def candle(self, open_s: int) -> TapeBar:
        return TapeBar(
            open_s * NS_PER_S,
            self.open,
            self.high,
            self.low,
            self.close,
            round(self.volume, 8),
            self.trades,
        )


def _joined(bars: Iterable[_Bar]) -> _Bar | None:
    """One bar of several that follow each other; None of none. The parts stay as they are."""
    whole: _Bar | None = None
    for bar in bars:
        if whole is None:
            whole = _Bar(bar.open, 0.0, 0)
        whole.extend(bar)
    return whole


class TapeHistory:
    """What one exchange trades in one asset while nobody plays it: a function of its path and a
    name, so worlds that have those in common share it, whenever each of them begins.

    `size` is the median of a trade in coins, and `per_s` of them are printed in a second; history
    has fewer trades, and as much is traded in them. State: what was asked for last, which is never
    changed.
    """

    def __init__(
        self, name: str, path: ExchangePath, size: float, per_s: float = _HISTORY_TRADES
    ) -> None:
        self._name = name
        self._path = path
        self._volume_per_s = size * per_s
        self._minutes: dict[tuple[int, bool], _Bar | None] = {}
        self._seconds: dict[tuple[int, bool], dict[int, _Bar]] = {}

    def minute(self, minute_s: int, *, is_old: bool) -> _Bar | None:
        """All of it that was traded in a minute."""
        key = minute_s, is_old
        if key not in self._minutes:
            _make_room(self._minutes, _KEPT_MINUTES)
            self._minutes[key] = _joined(self._printed(minute_s, is_old).values())
        return self._minutes[key]

    def seconds(self, minute_s: int, *, is_old: bool) -> dict[int, _Bar]:
        """The same by seconds; one without a trade has no bar."""
        key = minute_s, is_old
        bars = self._seconds.get(key)
        if bars is None:
            _make_room(self._seconds, _KEPT_SECONDS // _MINUTE_S)
            bars = self._seconds[key] = self._printed(minute_s, is_old)
        return bars

    def _printed(self, minute_s: int, is_old: bool) -> dict[int, _Bar]:
        rng = Chance(f"{self._name}:{minute_s}")
        bars: dict[int, _Bar] = {}
        step, count = (_OLD_EVERY_S, 1) if is_old else (1, _HISTORY_TRADES)
        scale = math.log(self._volume_per_s * step / count)
        mid = self._path.rough_mid if is_old else self._path.mid
        for second in range(minute_s, minute_s + _MINUTE_S, step):
            for trade in range(count):
                part = (trade + rng.random()) / count
                price = mid(int((second + part) * NS_PER_S))
                size = math.exp(rng.gauss(scale, 1.0))
                if trade:
                    bars[second].add(price, size)
                else:
                    bars[second] = _Bar(price, size)
        return bars


def _make_room(kept: dict[Any, Any], most: int) -> None:
    """The first asked for is the first forgotten."""
    while len(kept) >= most:
        del kept[next(iter(kept))]


class TapePast:
    """What one exchange traded in one asset before a world began at `start_s`: its history, back
    to `first_s`. State: bars of the minutes that it has a part of."""

    def __init__(self, history: TapeHistory, first_s: int, start_s: int) -> None:
        self.first_s = first_s
        self.start_s = start_s
        self._history = history
        self._cut: dict[int, _Bar | None] = {}

    def minute(self, minute_s: int) -> _Bar | None:
        """All of it that was traded in a minute."""
        if self.first_s <= minute_s <= self.start_s - _MINUTE_S:
            return self._history.minute(minute_s, is_old=self._is_old(minute_s))
        if minute_s not in self._cut:
            bars = self._history.seconds(minute_s, is_old=self._is_old(minute_s))
            known = [bar for second, bar in bars.items() if self._is_known(second)]
            self._cut[minute_s] = _joined(known)
        return self._cut[minute_s]

    def second(self, second: int) -> _Bar | None:
        if not self._is_known(second):
            return None
        minute_s = second - second % _MINUTE_S
        return self._history.seconds(minute_s, is_old=self._is_old(minute_s)).get(second)

    def _is_known(self, second: int) -> bool:
        return self.first_s <= second < self.start_s

    def _is_old(self, minute_s: int) -> bool:
        return minute_s < self.start_s - _RECENT_S


class Tape:
    """Everything one exchange traded in one asset, its past included."""

    def __init__(self, past: TapePast) -> None:
        self._past = past
        self._first_s = past.first_s
        self._start_s = past.start_s
        self._now_s = past.start_s
        self._minutes: dict[int, _Bar] = {}
        self._seconds: dict[int, _Bar] = {}
        self._join_past()

    def note(self, at_ns: int, price: float, size: float) -> None:
        """A trade was printed; in the order of time."""
        second = at_ns // NS_PER_S
        self._now_s = second
        bar = self._seconds.get(second)
        if bar is None:
            self._seconds[second] = _Bar(price, size)
            self._forget_until(second - _KEPT_SECONDS)
        else:
            bar.add(price, size)
        minute = second - second % _MINUTE_S
        whole = self._minutes.get(minute)
        if whole is None:
            self._minutes[minute] = _Bar(price, size)
        else:
            whole.add(price, size)

    def _forget_until(self, last_s: int) -> None:
        """Many a second has no trade: what is too old goes whenever a newer one comes."""
        seconds = self._seconds
        while (first := next(iter(seconds))) <= last_s:
            del seconds[first]

    def first_price(self, open_s: int) -> float | None:
        """The open of the candle that starts at `open_s` (a whole minute)."""
        bar = self._minute(open_s)
        return bar.open if bar else None

    def last_price(self, open_s: int, until_s: int) -> float | None:
        """The close of the candle [open_s, until_s), both whole minutes."""
        for minute in range(until_s - _MINUTE_S, open_s - 1, -_MINUTE_S):
            bar = self._minute(minute)
            if bar:
                return bar.close
        return None

    def candles(self, seconds: int, start_ns: int, end_ns: int, limit: int) -> list[TapeBar]:
        """Bars of `seconds` that open in [start_ns, end_ns], oldest first, at most `limit`.

        The last may still be open. A bar without trades repeats the close before it.
        """
        open_s = max(-(-start_ns // NS_PER_S), self._first_s)
        open_s += -open_s % seconds
        last_s = min(end_ns // NS_PER_S, self._now_s)
        last_s = min(last_s, open_s + (limit - 1) * seconds)
        candles: list[TapeBar] = []
        for start_s in range(open_s, last_s + 1, seconds):
            bar = _joined(self._bars(start_s, seconds))
            if bar is None and candles:
                bar = _Bar(candles[-1].close, 0.0, 0)
            if bar is not None:
                candles.append(bar.candle(start_s))
        return candles

    def _bars(self, start_s: int, seconds: int) -> Iterator[_Bar]:
        if seconds % _MINUTE_S:
            for second in range(start_s, start_s + seconds):
                bar = self._second(second)
                if bar:
                    yield bar
            return
        for minute in range(start_s, min(start_s + seconds, self._now_s + 1), _MINUTE_S):
            bar = self._minute(minute)
            if bar:
                yield bar

    def _minute(self, minute_s: int) -> _Bar | None:
        bar = self._minutes.get(minute_s)
        if bar is None and self._first_s <= minute_s < self._start_s:
            return self._past.minute(minute_s)
        return bar

    def _second(self, second: int) -> _Bar | None:
        bar = self._seconds.get(second)
        if bar is None and self._first_s <= second < self._start_s:
            return self._past.second(second)
        return bar

    def _join_past(self) -> None:
        """The minute in which the world begins has a past, and later trades are added to it: a
        bar of its own."""
        minute_s = self._start_s - self._start_s % _MINUTE_S
        past = self._past.minute(minute_s)
        if past is not None:
            own = self._minutes[minute_s] = _Bar(past.open, 0.0, 0)
            own.extend(past)
