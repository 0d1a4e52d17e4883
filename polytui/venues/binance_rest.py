"""Binance spot's public REST: candles, aggregate trades by id, its clock.

Venue rules: 6000 units of weight a minute and address, told in a header; 429 asks to wait, 418
is a ban; 451 and 403 refuse a place for good, where another host of theirs may serve it.
"""

from __future__ import annotations

from functools import partial

import msgspec

from polytui.model.candle import Candle
from polytui.model.errors import Rejected, Retry
from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.model.units import NS_PER_MS
from polytui.net.http import Http
from polytui.net.http_request import Params
from polytui.venues.binance import symbol_of
from polytui.venues.feed import (
    WIRE_FAULTS,
    believed,
    not_negative,
    ns_of_ms,
    ns_of_stamp,
    positive,
)
from polytui.venues.quota import Complain, Quotas

PAGE = 1_000
"""The most candles or trades of one answer."""
_MOST_WEIGHT = 5_000
_WEIGHT_PAUSE_S = 20.0
_INTERVALS = {1: "1s", 60: "1m", 300: "5m", 900: "15m", 3600: "1h"}
_REFUSED_HERE = (403, 451)
_BANS_S = {418: 120.0}

_Row = tuple[int, str, str, str, str, str, int, str, int, str, str, str]


class _BinanceTime(msgspec.Struct, gc=False):
    serverTime: int  # noqa: N815  the wire's name


class _BinanceRow(msgspec.Struct, gc=False):
    a: int
    p: str
    q: str
    T: int
    m: bool


_decode_rows = msgspec.json.Decoder(list[_Row]).decode
_decode_row = msgspec.json.Decoder(_Row).decode
_decode_trade = msgspec.json.Decoder(_BinanceRow).decode
_decode_trades = msgspec.json.Decoder(list[_BinanceRow]).decode
_decode_time = msgspec.json.Decoder(_BinanceTime).decode


class Binance:
    """State: which host serves us. Retry and Rejected as in `net/http.py` and `quota.py`."""

    def __init__(
        self,
        http: Http,
        spare: Http | None = None,
        quotas: Quotas | None = None,
        complain: Complain = lambda _: None,
    ) -> None:
        """`quotas` are shared by all clients of a process; `complain` is told of bans."""
        self._http = http
        self._spare = spare
        self._quotas = quotas or Quotas()
        self._complain = complain

    async def klines(
        self,
        asset: Asset,
        interval_text: str,
        limit: int,
        *,
        start_ns: int | None = None,
        closed_by_ns: int | None = None,
    ) -> tuple[Candle, ...]:
        """At most `limit` (1000) candles of "1s", "1m", "1h"..., oldest first.

        The latest ones, or those that open from `start_ns` on. The last may still be open,
        unless `closed_by_ns` asks for those that were closed by then.
        """
        params: dict[str, str | int] = {
            "symbol": symbol_of(asset),
            "interval": interval_text,
            "limit": limit,
        }
        if start_ns is not None:
            params["startTime"] = start_ns // NS_PER_MS
        body = await self._get("/api/v3/klines", params)
        try:
            candles, _ = believed(body, _decode_rows, _decode_row, partial(_candle, closed_by_ns))
            return tuple([candle for candle in candles if candle is not None])
        except WIRE_FAULTS as fault:
            raise _unreadable("klines", fault) from None

    async def candles(
        self, asset: Asset, length_s: int, limit: int, closed_by_ns: int
    ) -> tuple[Candle, ...]:
        """The latest closed candles, oldest first; none for a length that is not offered."""
        text = _INTERVALS.get(length_s)
        if text is None:
            return ()
        return await self.klines(asset, text, min(limit, PAGE), closed_by_ns=closed_by_ns)

    async def agg_trades(
        self, asset: Asset, first_id: int, last_id: int, received_ns: int
    ) -> tuple[ExchangeTraded, ...]:
        """Aggregate trades by id, both ends included, oldest first; at most one page of them."""
        params: Params = {
            "symbol": symbol_of(asset),
            "fromId": first_id,
            "limit": min(last_id - first_id + 1, PAGE),
        }
        body = await self._get("/api/v3/aggTrades", params)
        try:
            make = partial(_traded, asset, received_ns)
            trades, _ = believed(body, _decode_trades, _decode_trade, make)
        except WIRE_FAULTS as fault:
            raise _unreadable("trades", fault) from None
        return tuple(trade for trade in trades if first_id <= trade.trade_id <= last_id)

    async def server_time_ns(self) -> int:
        body = await self._get("/api/v3/time", {})
        try:
            return ns_of_ms(_decode_time(body).serverTime)
        except WIRE_FAULTS as fault:
            raise _unreadable("time", fault) from None

    async def _get(self, path: str, params: Params) -> bytes:
        """One answer; after it nobody asks for a while where we have asked for much."""
        try:
            body = await self._ask(path, params)
        except Rejected as refusal:
            if refusal.status not in _REFUSED_HERE or self._spare is None:
                raise
            self._http, self._spare = self._spare, None
            body = await self._ask(path, params)
        used = self._http.header("x-mbx-used-weight-1m")
        if used.isdecimal() and int(used[:6]) > _MOST_WEIGHT:
            self._quotas.rest(self._http.base_url, _WEIGHT_PAUSE_S)
        return body

    async def _ask(self, path: str, params: Params) -> bytes:
        return await self._quotas.get(
            self._http, path, params, bans_s=_BANS_S, complain=self._complain
        )


def _unreadable(what: str, fault: Exception) -> Exception:
    if isinstance(fault, msgspec.ValidationError):
        return Rejected(f"Binance {what} have changed: {fault}; update polytui")
    return Retry(f"Binance {what} are unreadable: {fault}; try again")


def _candle(closed_by_ns: int | None, row: _Row) -> Candle | None:
    opens_ms, opening, high, low, closing, volume, closes_ms, _, trades, *_ = row
    candle = Candle(
        ns_of_stamp(opens_ms),
        positive(opening),
        positive(high),
        positive(low),
        positive(closing),
        not_negative(volume),
        trades,
    )
    is_closed = closed_by_ns is None or ns_of_stamp(closes_ms) < closed_by_ns
    return candle if is_closed else None


def _traded(asset: Asset, received_ns: int, row: _BinanceRow) -> ExchangeTraded:
    return ExchangeTraded(
        asset,
        "binance",
        row.a,
        positive(row.p),
        positive(row.q),
        Side.SELL if row.m else Side.BUY,
        ns_of_stamp(row.T),
        received_ns,
        is_history=True,
    )
