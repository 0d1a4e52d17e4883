"""What Binance answers to a read, whether it is asked over HTTP or over its WebSocket API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from attrs import frozen

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.spot.binance_rows import (
    NAMES,
    SECONDS,
    SYMBOLS,
    UNITS_S,
    agg_row,
    bests,
    closes_ns,
    decimal,
    depth_document,
    info_document,
    kline_row,
    ticker_document,
    trade_row,
)
from polytui.sim.wire.spot.binance_streams import BinanceFrames
from polytui.sim.wire.spot.calendar_bars import MONTHLY, WEEKLY, joined
from polytui.sim.wire.spot.day_figures import DAY_S, DayFigures, DayFiguresOf
from polytui.sim.world.world import World

Params = Mapping[str, str]
_HOUR_S = 3_600
_PART_S = 900
"""Zones differ by whole quarters of an hour."""
_EVERY_BAR = 10**6
_MOST, _USUAL = 1_000, 500
_MOST_DEPTH, _USUAL_DEPTH = 5_000, 100
_AVERAGE_S = 300
_MANDATORY = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
_NOT_READ = "Not all sent parameters were read; read '{}' parameter(s) but was sent '{}'."
_ZONE = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?")
_FARTHEST_ZONE_S = 14 * _HOUR_S


@frozen
class _Read:
    made_by: Callable[[BinanceReads, Params, int], Any]
    names: tuple[str, ...] = ()
    """Parameters it understands; any other is refused."""


class BinanceReads:
    """Answers by endpoint, `ticker/24hr`; what is wrong is a RefusedError with the venue's code."""

    def __init__(self, world: World, frames: BinanceFrames) -> None:
        self._world = world
        self._frames = frames
        self._days = DayFiguresOf(world, Exchange.BINANCE)

    def read(self, endpoint: str, params: Params, unit_ns: int = NS_PER_MS) -> Any:
        """The document; times in `unit_ns`."""
        known = READS[endpoint]
        read = [name for name in params if name in known.names]
        if len(read) < len(params):
            raise refused(-1104, _NOT_READ.format(len(read), len(params)))
        return known.made_by(self, params, unit_ns)

    def ping(self, _params: Params, _unit_ns: int) -> Any:
        return {}

    def time(self, _params: Params, unit_ns: int) -> Any:
        return {"serverTime": self._world.now_ns // unit_ns}

    def exchange_info(self, params: Params, unit_ns: int) -> Any:
        symbols = [NAMES[asset] for asset in self._asked(params)]
        if params.get("symbolStatus", "TRADING") != "TRADING":
            symbols = []
        return info_document(symbols, self._world.now_ns, unit_ns)

    def depth(self, params: Params, _unit_ns: int) -> Any:
        asset = self._asset(params)
        count = max(1, min(number(params, "limit", _USUAL_DEPTH), _MOST_DEPTH))
        book = self._frames.book(asset)
        return depth_document(book, count, self._frames.update_id(asset))

    def trades(self, params: Params, unit_ns: int) -> Any:
        """The newest, oldest of them first; from an id on where one is given."""
        kept, limit = self._frames.trades(self._asset(params)), _limit(params)
        first_id = number(params, "fromId", -1)
        found = [one for one in kept if one[1] >= first_id]
        page = found[-limit:] if first_id < 0 else found[:limit]
        return [trade_row(trade_id, trade, unit_ns) for _, trade_id, trade in page]

    def agg_trades(self, params: Params, unit_ns: int) -> Any:
        """From an id on, or within a time, oldest first; without either the newest."""
        trades, limit = self._frames.trades(self._asset(params)), _limit(params)
        first_id = number(params, "fromId", 0)
        start_ms, end_ms = number(params, "startTime", 0), number(params, "endTime", 10**14)
        found = [
            one
            for one in trades
            if one[0] >= first_id and start_ms <= one[2].at_ns // NS_PER_MS <= end_ms
        ]
        page = found[:limit] if first_id or start_ms else found[-limit:]
        return [agg_row(*one, unit_ns) for one in page]

    def klines(self, params: Params, unit_ns: int) -> Any:
        """Rows of twelve columns, oldest first; the last may still be open."""
        asset, interval, limit = self._asset(params), params.get("interval", ""), _limit(params)
        zone_s = _zone_s(params.get("timeZone", "0"))
        if interval in (WEEKLY, MONTHLY):
            return self._joined(asset, params, interval, zone_s, unit_ns)
        seconds = SECONDS.get(interval)
        if seconds is None:
            raise refused(-1120, "Invalid interval.")
        if zone_s % seconds:
            return self._joined(asset, params, seconds, zone_s, unit_ns)
        start_ns, end_ns = self._span(params, seconds, limit)
        bars = self._world.candles(asset, seconds, start_ns, end_ns, limit)
        return [kline_row(bar, closes_ns(bar, seconds), unit_ns) for bar in bars]

    def average(self, params: Params, unit_ns: int) -> Any:
        asset = self._asset(params)
        last = self._frames.trades(asset)
        return {
            "mins": _AVERAGE_S // 60,
            "price": decimal(self._days.of(asset, _AVERAGE_S).average),
            "closeTime": (last[-1][2].at_ns if last else self._world.now_ns) // unit_ns,
        }

    def day_ticker(self, params: Params, unit_ns: int) -> Any:
        return self._each(params, lambda asset: self._day(asset, params, unit_ns))

    def window_ticker(self, params: Params, unit_ns: int) -> Any:
        """Of the last minutes, hours or days, as many as `windowSize` says."""
        _one_of(params)
        window_s = _window_s(params.get("windowSize", "1d"))
        is_full = params.get("type", "FULL") != "MINI"
        return self._each(
            params, lambda asset: self.figures(asset, window_s, unit_ns, is_full=is_full)
        )

    def trading_day(self, params: Params, unit_ns: int) -> Any:
        _one_of(params)
        zone_s = _zone_s(params.get("timeZone", "0"))
        since_s = (self._world.now_ns // NS_PER_S + zone_s) % DAY_S
        window_s = max(_AVERAGE_S, since_s - since_s % _AVERAGE_S)
        is_full = params.get("type", "FULL") != "MINI"
        return self._each(
            params, lambda asset: self.figures(asset, window_s, unit_ns, is_full=is_full)
        )

    def price(self, params: Params, _unit_ns: int) -> Any:
        return self._each(
            params, lambda asset: {"symbol": NAMES[asset], "price": decimal(self.last(asset))}
        )

    def book_ticker(self, params: Params, _unit_ns: int) -> Any:
        return self._each(
            params, lambda asset: {"symbol": NAMES[asset], **bests(self._frames.book(asset))}
        )

    def last(self, asset: Asset) -> float:
        """The price of the last trade, in dollars."""
        trades = self._frames.trades(asset)
        return trades[-1][2].price if trades else self._days.by_the_way(asset).last

    def day(self, asset: Asset, window_s: int = DAY_S) -> DayFigures:
        return self._days.of(asset, window_s)

    def figures(
        self, asset: Asset, window_s: int, unit_ns: int, *, is_full: bool
    ) -> dict[str, Any]:
        day, now_ns = self._days.of(asset, window_s), self._world.now_ns
        last_id = self._frames.trade_id(asset)
        return ticker_document(NAMES[asset], day, last_id, now_ns, unit_ns, is_full=is_full)

    def _day(self, asset: Asset, params: Params, unit_ns: int) -> dict[str, Any]:
        is_full = params.get("type", "FULL") != "MINI"
        figures = self.figures(asset, DAY_S, unit_ns, is_full=is_full)
        if not is_full:
            return figures
        trades = self._frames.trades(asset)
        last_size = trades[-1][2].size if trades else 0.0
        previous = {"prevClosePrice": figures["openPrice"], "lastQty": decimal(last_size)}
        return {**figures, **previous, **bests(self._frames.book(asset))}

    def _joined(
        self, asset: Asset, params: Params, length: int | str, zone_s: int, unit_ns: int
    ) -> Any:
        """Bars by the calendar of a zone, of all there is."""
        end_ns = min(_end_ns(params, self._world.now_ns), self._world.now_ns)
        start_ns = number(params, "startTime", 0) * NS_PER_MS
        parts = self._world.candles(asset, _PART_S, 0, end_ns, _EVERY_BAR)
        rows = [
            kline_row(bar, end_ns, unit_ns)
            for bar, end_ns in joined(parts, length, zone_s)
            if bar.open_ns >= start_ns
        ]
        limit = _limit(params)
        return rows[:limit] if start_ns else rows[-limit:]

    def _span(self, params: Params, seconds: int, limit: int) -> tuple[int, int]:
        """First and last opening time asked for; without a start, the latest `limit` bars."""
        end_ns = min(_end_ns(params, self._world.now_ns), self._world.now_ns)
        length_ns = seconds * NS_PER_S
        if "startTime" in params:
            return number(params, "startTime", 0) * NS_PER_MS, end_ns
        return end_ns - end_ns % length_ns - (limit - 1) * length_ns, end_ns

    def _each(self, params: Params, one: Callable[[Asset], dict[str, Any]]) -> Any:
        """One document for `symbol`, a list of them otherwise."""
        documents = [one(asset) for asset in self._asked(params)]
        return documents[0] if "symbol" in params else documents

    def _asked(self, params: Params) -> list[Asset]:
        if "symbol" in params and "symbols" in params:
            raise refused(-1128, "Combination of optional parameters invalid.")
        if "symbols" in params:
            return [self._named(name) for name in _names(params["symbols"])]
        return [self._asset(params)] if "symbol" in params else list(self._world.assets)

    def _asset(self, params: Params) -> Asset:
        symbol = params.get("symbol", "")
        if not symbol:
            raise refused(-1102, _MANDATORY.format("symbol"))
        return self._named(symbol)

    def _named(self, symbol: str) -> Asset:
        asset = SYMBOLS.get(symbol)
        if asset is None or asset not in self._world.assets:
            raise refused(-1121, "Invalid symbol.")
        return asset


_SPAN = ("startTime", "endTime", "limit")
_MANY = ("symbol", "symbols")
READS = {
    "ping": _Read(BinanceReads.ping),
    "time": _Read(BinanceReads.time),
    "exchangeInfo": _Read(
        BinanceReads.exchange_info, (*_MANY, "permissions", "showPermissionSets", "symbolStatus")
    ),
    "depth": _Read(BinanceReads.depth, ("symbol", "limit", "symbolStatus")),
    "trades": _Read(BinanceReads.trades, ("symbol", "limit")),
    "historicalTrades": _Read(BinanceReads.trades, ("symbol", "limit", "fromId")),
    "aggTrades": _Read(BinanceReads.agg_trades, ("symbol", "fromId", *_SPAN)),
    "klines": _Read(BinanceReads.klines, ("symbol", "interval", "timeZone", *_SPAN)),
    "uiKlines": _Read(BinanceReads.klines, ("symbol", "interval", "timeZone", *_SPAN)),
    "avgPrice": _Read(BinanceReads.average, ("symbol",)),
    "ticker": _Read(BinanceReads.window_ticker, (*_MANY, "windowSize", "type", "symbolStatus")),
    "ticker/24hr": _Read(BinanceReads.day_ticker, (*_MANY, "type", "symbolStatus")),
    "ticker/tradingDay": _Read(
        BinanceReads.trading_day, (*_MANY, "timeZone", "type", "symbolStatus")
    ),
    "ticker/price": _Read(BinanceReads.price, (*_MANY, "symbolStatus")),
    "ticker/bookTicker": _Read(BinanceReads.book_ticker, (*_MANY, "symbolStatus")),
}
"""By the path under `/api/v3`."""


def number(params: Params, name: str, usual: int) -> int:
    text = params.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise refused(-1100, f"Illegal characters found in parameter '{name}'.")
    return int(text)


def refused(code: int, message: str) -> RefusedError:
    return RefusedError(400, {"code": code, "msg": message})


def _limit(params: Params) -> int:
    return max(1, min(number(params, "limit", _USUAL), _MOST))


def _end_ns(params: Params, now_ns: int) -> int:
    return number(params, "endTime", now_ns // NS_PER_MS) * NS_PER_MS


def _one_of(params: Params) -> None:
    if not params.keys() & set(_MANY):
        raise refused(-1102, _MANDATORY.format("symbol"))


def _names(text: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str])
    except (msgspec.MsgspecError, RecursionError):
        message = "Illegal characters found in parameter 'symbols'."
        raise refused(-1100, message) from None


def _window_s(text: str) -> int:
    """`59m`, `23h` and `7d` are the longest of each."""
    most = {"m": 59, "h": 23, "d": 7}
    count, unit = text[:-1], text[-1:]
    if unit not in most or not (count.isascii() and count.isdigit() and len(count) < 3):
        raise refused(-1100, "Illegal characters found in parameter 'windowSize'.")
    if not 1 <= int(count) <= most[unit]:
        raise refused(-1130, "Data sent for parameter 'windowSize' is not valid.")
    return max(int(count) * UNITS_S[unit], _AVERAGE_S)


def _zone_s(text: str) -> int:
    found = _ZONE.fullmatch(text)
    if found is None:
        raise refused(-1100, "Illegal characters found in parameter 'timeZone'.")
    sign, hours, minutes = found.groups()
    seconds = (int(hours) * _HOUR_S + int(minutes or 0) * 60) * (-1 if sign == "-" else 1)
    if abs(seconds) > _FARTHEST_ZONE_S:
        raise refused(-1130, "Data sent for parameter 'timeZone' is not valid.")
    return seconds
