"""Coinbase Advanced Trade's public REST: its clock, the latest trades, candles.

Venue rules: candles are newest first and leave out stretches without trades; at most 300 at a time.
A trade's `side` is the maker's, as on the stream.
"""

from __future__ import annotations

from functools import partial
from typing import TypeVar

import msgspec

from polytui.model.candle import Candle
from polytui.model.errors import Retry
from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S
from polytui.net.http import Http
from polytui.net.http_request import Params
from polytui.venues.coinbase import product_of, trade_number
from polytui.venues.feed import (
    WIRE_FAULTS,
    believed,
    not_negative,
    ns_of_ms,
    ns_of_rfc3339,
    positive,
)
from polytui.venues.quota import Complain, Quotas

MOST_TRADES = 300
_MOST_CANDLES = 300
_GRANULARITY = {60: "ONE_MINUTE", 300: "FIVE_MINUTE", 900: "FIFTEEN_MINUTE", 3600: "ONE_HOUR"}
_TAKER_OF = {"BUY": Side.SELL, "SELL": Side.BUY}
_T = TypeVar("_T")


class _CoinbaseTime(msgspec.Struct, gc=False):
    epochMillis: str | int  # noqa: N815  the wire's name


class _CoinbaseRow(msgspec.Struct, gc=False):
    trade_id: str
    price: str
    size: str
    time: str
    side: str


class _Trades(msgspec.Struct, gc=False):
    trades: msgspec.Raw


class _Candle(msgspec.Struct, gc=False):
    start: str
    low: str
    high: str
    open: str
    close: str
    volume: str


class _Candles(msgspec.Struct, gc=False):
    candles: msgspec.Raw


_decode_trades = msgspec.json.Decoder(list[_CoinbaseRow]).decode
_decode_trade = msgspec.json.Decoder(_CoinbaseRow).decode
_decode_candles = msgspec.json.Decoder(list[_Candle]).decode
_decode_candle = msgspec.json.Decoder(_Candle).decode


class Coinbase:
    """Errors as in `net/http.py` and `quota.py`."""

    def __init__(
        self, http: Http, quotas: Quotas | None = None, complain: Complain = lambda _: None
    ) -> None:
        self._http = http
        self._quotas = quotas or Quotas()
        self._complain = complain

    async def server_time_ns(self) -> int:
        found = await self._ask("/time", {}, _CoinbaseTime)
        return ns_of_ms(found.epochMillis)

    async def recent_trades(
        self, asset: Asset, limit: int, received_ns: int
    ) -> tuple[ExchangeTraded, ...]:
        """The latest trades, oldest first, at most `MOST_TRADES`."""
        path = f"/market/products/{product_of(asset)}/ticker"
        found = await self._ask(path, {"limit": min(limit, MOST_TRADES)}, _Trades)
        try:
            make = partial(_traded, asset, received_ns)
            trades, _ = believed(found.trades, _decode_trades, _decode_trade, make)
        except WIRE_FAULTS as fault:
            raise Retry(f"Coinbase trades are unreadable: {fault}; try again") from None
        return tuple(sorted(trades, key=lambda trade: trade.trade_id))

    async def candles(
        self, asset: Asset, length_s: int, limit: int, closed_by_ns: int
    ) -> tuple[Candle, ...]:
        """The latest closed candles, oldest first; none for a length that is not offered."""
        if length_s not in _GRANULARITY:
            return ()
        end_s = closed_by_ns // NS_PER_S
        path = f"/market/products/{product_of(asset)}/candles"
        params: Params = {
            "start": end_s - min(limit, _MOST_CANDLES) * length_s,
            "end": end_s,
            "granularity": _GRANULARITY[length_s],
        }
        found = await self._ask(path, params, _Candles)
        try:
            candles, _ = believed(found.candles, _decode_candles, _decode_candle, _candle)
            candles.sort(key=lambda candle: candle.opens_ns)
        except WIRE_FAULTS as fault:
            raise Retry(f"Coinbase candles are unreadable: {fault}; try again") from None
        span_ns = length_s * NS_PER_S
        return tuple(one for one in candles if one.opens_ns + span_ns <= closed_by_ns)

    async def _ask(self, path: str, params: Params, kind: type[_T]) -> _T:
        body = await self._quotas.get(self._http, path, params, bans_s={}, complain=self._complain)
        try:
            return msgspec.json.decode(body, type=kind)
        except WIRE_FAULTS as fault:
            raise Retry(f"Coinbase's answer is unreadable: {fault}; try again") from None


def _traded(asset: Asset, received_ns: int, row: _CoinbaseRow) -> ExchangeTraded:
    if row.side not in _TAKER_OF:
        raise ValueError(f"side {row.side[:20]!r}")
    return ExchangeTraded(
        asset,
        "coinbase",
        trade_number(row.trade_id),
        positive(row.price),
        positive(row.size),
        _TAKER_OF[row.side],
        ns_of_rfc3339(row.time),
        received_ns,
        is_history=True,
    )


def _candle(row: _Candle) -> Candle:
    return Candle(
        ns_of_ms(row.start + "000"),
        positive(row.open),
        positive(row.high),
        positive(row.low),
        positive(row.close),
        not_negative(row.volume),
        0,
    )
