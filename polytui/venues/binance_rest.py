"""Binance spot's public REST: candles, aggregate trades by id, its clock.

Venue rules: 6000 units of weight a minute and address, told in a header; 429 asks to wait, 418
is a ban; 451 and 403 refuse a place for good, where another host of theirs may serve it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
import trio

from polytui.model.candle import Candle
from polytui.model.errors import Rejected, Retry
from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.model.units import NS_PER_MS
from polytui.net.http import Http, Params
from polytui.venues.binance import symbol_of
from polytui.venues.feed import WIRE_FAULTS, not_negative, ns_of_ms, ns_of_stamp, positive

PAGE = 1_000
"""The most candles or trades of one answer."""
_MOST_WEIGHT = 5_000
_WEIGHT_PAUSE_S = 20.0
_INTERVALS = {1: "1s", 60: "1m", 300: "5m", 900: "15m", 3600: "1h"}
_REFUSED_HERE = (403, 451)
_BANNED = 418

_Row = tuple[int, str, str, str, str, str, int, str, int, str, str, str]


class _Time(msgspec.Struct, gc=False):
    serverTime: int  # noqa: N815  the wire's name


class _Trade(msgspec.Struct, gc=False):
    a: int
    p: str
    q: str
    T: int
    m: bool


_decode_rows = msgspec.json.Decoder(list[_Row]).decode
_decode_trades = msgspec.json.Decoder(list[_Trade]).decode
_decode_time = msgspec.json.Decoder(_Time).decode


class Binance:
    """State: which host serves us, and until when it has banned us. Retry and Rejected as in
    `net/http.py`."""

    def __init__(self, http: Http, spare: Http | None = None) -> None:
        self._http = http
        self._spare = spare
        self._banned_until = -math.inf

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
            rows = _decode_rows(body)
            return tuple(_candles(rows, closed_by_ns))
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
            trades = [_traded(asset, row, received_ns) for row in _decode_trades(body)]
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
        """One answer, slowed down before the venue has to ask for it."""
        left_s = self._banned_until - trio.current_time()
        if left_s > 0.0:
            # Asking on makes a ban longer (venue rule).
            raise Rejected(f"Binance has banned us for {left_s:.0f} s more", _BANNED, left_s)
        try:
            body = await self._http.get(path, params)
        except Rejected as refusal:
            if refusal.status == _BANNED:
                self._banned_until = trio.current_time() + (refusal.after_s or _WEIGHT_PAUSE_S)
            if refusal.status not in _REFUSED_HERE or self._spare is None:
                raise
            self._http, self._spare = self._spare, None
            body = await self._http.get(path, params)
        used = self._http.header("x-mbx-used-weight-1m")
        if used.isdecimal() and int(used[:6]) > _MOST_WEIGHT:
            raise Retry(f"Binance has counted {used[:6]} of 6000 this minute", _WEIGHT_PAUSE_S)
        return body


def _unreadable(what: str, fault: Exception) -> Exception:
    if isinstance(fault, msgspec.ValidationError):
        return Rejected(f"Binance {what} have changed: {fault}; update polytui")
    return Retry(f"Binance {what} are unreadable: {fault}; try again")


def _candles(rows: Iterable[_Row], closed_by_ns: int | None) -> Iterable[Candle]:
    for row in rows:
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
        if closed_by_ns is None or ns_of_stamp(closes_ms) < closed_by_ns:
            yield candle


def _traded(asset: Asset, row: _Trade, received_ns: int) -> ExchangeTraded:
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
