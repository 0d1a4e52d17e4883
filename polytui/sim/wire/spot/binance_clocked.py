"""Binance's streams that speak by the clock: books, tickers and candles.

Each is of one client, since what it says of a book is what has changed since it last spoke to
that client; a text that several of them need is written once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec
from attrs import define, field

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.spot.binance_reads import BinanceReads
from polytui.sim.wire.spot.binance_rows import (
    NAMES,
    SECONDS,
    SYMBOLS,
    depth_document,
    levels,
)
from polytui.sim.wire.spot.binance_streams import UPDATES, BinanceFrames, ClockedStream
from polytui.sim.wire.spot.calendar_bars import MONTHLY, WEEKLY
from polytui.sim.world.world import World

_DEPTH = re.compile(r"depth(5|10|20)?(@100ms|@1000ms)?")
_SLOW_NS, _FAST_NS = NS_PER_S, 100 * NS_PER_MS
_KLINE_NS, _SECOND_KLINE_NS = 2 * NS_PER_S, NS_PER_S
_LATEST = 3
"""Candles are read back so far: the one in progress, and what is over since it was told."""
_ZONE = "+08:00"
"""The one zone besides UTC."""
_WINDOWS = {"1h": 3_600, "4h": 14_400, "1d": 86_400}
_ALL_MINI = "!miniTicker@arr"


class BinanceClocked:
    """Opens streams by their names. State: the texts that were written last."""

    def __init__(self, world: World, frames: BinanceFrames, reads: BinanceReads) -> None:
        self._world = world
        self._frames = frames
        self._reads = reads
        self._written: dict[tuple[Any, ...], tuple[Any, str]] = {}

    def open(self, name: str, unit_ns: int) -> ClockedStream | None:
        """None for a stream of other kind, or of nothing that is traded here."""
        if name == _ALL_MINI:
            return _Told(_SLOW_NS, lambda at_ns: [self._all_mini(at_ns, unit_ns)])
        symbol, _, kind = name.partition("@")
        asset = SYMBOLS.get(symbol.upper())
        if asset is None or symbol != symbol.lower() or asset not in self._world.assets:
            return None
        if kind.startswith("kline_"):
            return self._klines(asset, kind.removeprefix("kline_"), unit_ns)
        return self._depth(asset, kind, unit_ns) or self._ticker(asset, kind, unit_ns)

    def _klines(self, asset: Asset, interval: str, unit_ns: int) -> ClockedStream | None:
        length, _, zone = interval.partition("@")
        if zone not in ("", _ZONE) or length not in (*SECONDS, WEEKLY, MONTHLY):
            return None
        every_ns = _SECOND_KLINE_NS if length == "1s" else _KLINE_NS
        stream = _Klines(self._frames, self._reads, asset, length, zone or "0", unit_ns)
        return _Told(every_ns, stream.tell)

    def _depth(self, asset: Asset, kind: str, unit_ns: int) -> ClockedStream | None:
        found = _DEPTH.fullmatch(kind)
        if found is None:
            return None
        count, speed = found.groups()
        every_ns = _FAST_NS if speed == "@100ms" else _SLOW_NS
        if count is None:
            return _Told(every_ns, _DepthChanges(self, self._frames, asset, unit_ns).tell)
        return _Told(every_ns, _DepthBest(self, self._frames, asset, int(count)).tell)

    def _ticker(self, asset: Asset, kind: str, unit_ns: int) -> ClockedStream | None:
        writers: dict[str, Callable[[Asset, int, int], dict[str, Any]]] = {
            "ticker": self._day,
            "miniTicker": self._mini,
            "avgPrice": self._average,
            **{f"ticker_{window}": partial(self._window, window) for window in _WINDOWS},
        }
        write = writers.get(kind)
        if write is None:
            return None

        def tell(at_ns: int) -> list[str]:
            key = (kind, asset, unit_ns)
            return [self.written(key, at_ns, lambda: write(asset, at_ns, unit_ns))]

        return _Told(_SLOW_NS, tell)

    def written(self, key: tuple[Any, ...], state: object, write: Callable[[], Any]) -> str:
        """A document as text; as long as the state is the same it is written once."""
        known = self._written.get(key)
        if known is None or known[0] != state:
            known = self._written[key] = (state, msgspec.json.encode(write()).decode())
        return known[1]

    def _day(self, asset: Asset, at_ns: int, unit_ns: int) -> dict[str, Any]:
        day = self._reads.read("ticker/24hr", {"symbol": NAMES[asset]}, unit_ns)
        return {
            "e": "24hrTicker",
            "E": at_ns // unit_ns,
            "s": NAMES[asset],
            "p": day["priceChange"],
            "P": day["priceChangePercent"],
            "w": day["weightedAvgPrice"],
            "x": day["prevClosePrice"],
            "c": day["lastPrice"],
            "Q": day["lastQty"],
            "b": day["bidPrice"],
            "B": day["bidQty"],
            "a": day["askPrice"],
            "A": day["askQty"],
            **_range(day),
            **_times(day),
        }

    def _mini(self, asset: Asset, at_ns: int, unit_ns: int) -> dict[str, Any]:
        day = self._reads.figures(asset, _WINDOWS["1d"], unit_ns, is_full=False)
        head = {"e": "24hrMiniTicker", "E": at_ns // unit_ns, "s": NAMES[asset]}
        return {**head, "c": day["lastPrice"], **_range(day)}

    def _all_mini(self, at_ns: int, unit_ns: int) -> str:
        def write() -> list[dict[str, Any]]:
            return [self._mini(asset, at_ns, unit_ns) for asset in self._world.assets]

        return self.written((_ALL_MINI, unit_ns), at_ns, write)

    def _average(self, asset: Asset, at_ns: int, unit_ns: int) -> dict[str, Any]:
        read = self._reads.read("avgPrice", {"symbol": NAMES[asset]}, unit_ns)
        head = {"e": "avgPrice", "E": at_ns // unit_ns, "s": NAMES[asset]}
        return {**head, "i": "5m", "w": read["price"], "T": read["closeTime"]}

    def _window(self, window: str, asset: Asset, at_ns: int, unit_ns: int) -> dict[str, Any]:
        day = self._reads.figures(asset, _WINDOWS[window], unit_ns, is_full=True)
        return {
            "e": f"{window}Ticker",
            "E": at_ns // unit_ns,
            "s": NAMES[asset],
            "p": day["priceChange"],
            "P": day["priceChangePercent"],
            "w": day["weightedAvgPrice"],
            "c": day["lastPrice"],
            **_range(day),
            **_times(day),
        }


def _range(day: dict[str, Any]) -> dict[str, Any]:
    names = {"o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume"}
    return {short: day[name] for short, name in names.items()}


def _times(day: dict[str, Any]) -> dict[str, Any]:
    names = {"O": "openTime", "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count"}
    return {short: day[name] for short, name in names.items()}


@define
class _Told:
    """Speaks at the first world event after each whole `every_ns`: all clients at the same."""

    every_ns: int
    tell: Callable[[int], Iterable[str]]
    turn: int | None = None

    def due(self, at_ns: int) -> list[str]:
        turn = at_ns // self.every_ns
        if turn == self.turn:
            return []
        is_first, self.turn = self.turn is None, turn
        return [] if is_first else list(self.tell(at_ns))


@define
class _DepthChanges:
    """`@depth`: every level that was touched, with ids that join: each `U` is the `u` before and
    1, so a book that was read in between falls into one of them."""

    owner: BinanceClocked
    frames: BinanceFrames
    asset: Asset
    unit_ns: int
    told: int = field(init=False)
    """The number of the quote that was told last."""

    def __attrs_post_init__(self) -> None:
        self.told = self.frames.book(self.asset).update

    def tell(self, at_ns: int) -> Iterable[str]:
        book, told = self.frames.book(self.asset), self.told
        if book.update == told:
            return
        self.told = book.update

        def write() -> dict[str, Any]:
            bids, asks = book.touched_since(told)
            last = self.frames.update_id(self.asset)
            return {
                "e": "depthUpdate",
                "E": at_ns // self.unit_ns,
                "s": NAMES[self.asset],
                "U": last - UPDATES * (book.update - told) + 1,
                "u": last,
                "b": levels(bids),
                "a": levels(asks),
            }

        state = (told, book.update, at_ns)
        yield self.owner.written(("depth", self.asset, self.unit_ns), state, write)


@define
class _DepthBest:
    """`@depth5`, `@depth10`, `@depth20`: the best levels, whole each time."""

    owner: BinanceClocked
    frames: BinanceFrames
    asset: Asset
    count: int

    def tell(self, _at_ns: int) -> Iterable[str]:
        book, update = self.frames.book(self.asset), self.frames.update_id(self.asset)
        if book.quote is not None:
            yield self.owner.written(
                ("best", self.asset, self.count),
                update,
                lambda: depth_document(book, self.count, update),
            )


@define
class _Klines:
    """`@kline_1m`: the candle in progress; one that is over once more, as closed."""

    frames: BinanceFrames
    reads: BinanceReads
    asset: Asset
    interval: str
    zone: str
    unit_ns: int
    opens: int = 0

    def tell(self, at_ns: int) -> Iterable[str]:
        asked = {"symbol": NAMES[self.asset], "interval": self.interval, "timeZone": self.zone}
        rows = self.reads.read("klines", {**asked, "limit": str(_LATEST)}, self.unit_ns)
        for row in [row for row in rows if row[0] >= (self.opens or rows[-1][0])]:
            is_closed = row[6] < at_ns // self.unit_ns
            yield self._text(row, at_ns, is_closed=is_closed)
            self.opens = row[6] + 1 if is_closed else row[0]

    def _text(self, row: list[Any], at_ns: int, *, is_closed: bool) -> str:
        """Ids of its trades count back from the last one there is."""
        opens, o, h, low, c, volume, closes, turnover, trades, bought, spent, unused = row
        last = self.frames.trade_id(self.asset)
        candle = {"t": opens, "T": closes, "s": NAMES[self.asset], "i": self.interval}
        candle |= {"f": last - trades + 1, "L": last, "o": o, "c": c, "h": h, "l": low}
        candle |= {"v": volume, "n": trades, "x": is_closed, "q": turnover}
        candle |= {"V": bought, "Q": spent, "B": unused}
        event = {"e": "kline", "E": at_ns // self.unit_ns, "s": NAMES[self.asset], "k": candle}
        return msgspec.json.encode(event).decode()
