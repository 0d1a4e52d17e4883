"""Bybit v5's public REST: its clock, the latest trades, candles.

Venue rules: errors come with HTTP 200 and a `retCode`; candles are newest first; at most sixty
trades are given again, so a long gap cannot be closed.
"""

from __future__ import annotations

from functools import partial
from typing import TypeVar

import msgspec

from polytui.model.candle import Candle
from polytui.model.errors import Rejected, Retry
from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S
from polytui.net.http import Http
from polytui.net.http_request import Params
from polytui.venues.bybit import symbol_of, trade_number
from polytui.venues.feed import WIRE_FAULTS, believed, not_negative, ns_of_ms, positive
from polytui.venues.quota import Complain, Quotas

MOST_TRADES = 60
_TOO_MANY, _REGION = 10006, 10009
_INTERVALS = {60: "1", 300: "5", 900: "15", 3600: "60"}
_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
_BANS_S = {403: 600.0}
"""Too many requests in five seconds: none for ten minutes (venue rule)."""
_T = TypeVar("_T")


class _BybitAnswer(msgspec.Struct, gc=False):
    retCode: int  # noqa: N815  the wire's name
    retMsg: str = ""  # noqa: N815
    result: msgspec.Raw = msgspec.Raw()


class _BybitTime(msgspec.Struct, gc=False):
    timeNano: str  # noqa: N815


class _BybitRow(msgspec.Struct, gc=False):
    execId: str  # noqa: N815
    price: str
    size: str
    side: str
    time: str
    isBlockTrade: bool = False  # noqa: N815


class _Rows(msgspec.Struct, gc=False):
    rows: msgspec.Raw = msgspec.field(name="list")


_Kline = tuple[str, str, str, str, str, str, str]
_decode_trades = msgspec.json.Decoder(list[_BybitRow]).decode
_decode_trade = msgspec.json.Decoder(_BybitRow).decode
_decode_klines = msgspec.json.Decoder(list[_Kline]).decode
_decode_kline = msgspec.json.Decoder(_Kline).decode
_decode_answer = msgspec.json.Decoder(_BybitAnswer).decode


class Bybit:
    """Errors as in `net/http.py` and `quota.py`."""

    def __init__(
        self, http: Http, quotas: Quotas | None = None, complain: Complain = lambda _: None
    ) -> None:
        self._http = http
        self._quotas = quotas or Quotas()
        self._complain = complain

    async def server_time_ns(self) -> int:
        found = await self._ask("/v5/market/time", {}, _BybitTime)
        return trade_number(found.timeNano)

    async def recent_trades(
        self, asset: Asset, limit: int, received_ns: int
    ) -> tuple[ExchangeTraded, ...]:
        """The latest trades, oldest first, at most `MOST_TRADES`."""
        params: Params = {
            "category": "spot",
            "symbol": symbol_of(asset),
            "limit": min(limit, MOST_TRADES),
        }
        found = await self._ask("/v5/market/recent-trade", params, _Rows)
        try:
            make = partial(_traded, asset, received_ns)
            given, _ = believed(found.rows, _decode_trades, _decode_trade, make)
            trades = [trade for trade in given if trade is not None]
        except WIRE_FAULTS as fault:
            raise Retry(f"Bybit trades are unreadable: {fault}; try again") from None
        return tuple(sorted(trades, key=lambda trade: trade.trade_id))

    async def candles(
        self, asset: Asset, length_s: int, limit: int, closed_by_ns: int
    ) -> tuple[Candle, ...]:
        """The latest closed candles, oldest first; none for a length that is not offered."""
        if length_s not in _INTERVALS:
            return ()
        params: Params = {
            "category": "spot",
            "symbol": symbol_of(asset),
            "interval": _INTERVALS[length_s],
            "limit": min(limit, 1000),
        }
        found = await self._ask("/v5/market/kline", params, _Rows)
        try:
            candles = believed(found.rows, _decode_klines, _decode_kline, _candle)[0][::-1]
        except WIRE_FAULTS as fault:
            raise Retry(f"Bybit klines are unreadable: {fault}; try again") from None
        span_ns = length_s * NS_PER_S
        return tuple(one for one in candles if one.opens_ns + span_ns <= closed_by_ns)

    async def _ask(self, path: str, params: Params, kind: type[_T]) -> _T:
        body = await self._quotas.get(
            self._http, path, params, bans_s=_BANS_S, complain=self._complain
        )
        try:
            answer = _decode_answer(body)
            if answer.retCode == 0:
                return msgspec.json.decode(answer.result, type=kind)
        except WIRE_FAULTS as fault:
            raise Retry(f"Bybit's answer is unreadable: {fault}; try again") from None
        words = f"Bybit says {answer.retCode}: {ascii(answer.retMsg)[1:-1][:120]}"
        if answer.retCode == _TOO_MANY:
            raise Retry(f"{words}; ask less often")
        if answer.retCode == _REGION:
            raise Rejected(
                f"{words}; it does not serve this place: leave bybit out of the exchanges"
            )
        raise Rejected(f"{words}; ask for something else")


def _traded(asset: Asset, received_ns: int, row: _BybitRow) -> ExchangeTraded | None:
    if row.isBlockTrade:
        return None
    if row.side not in _SIDES:
        raise ValueError(f"side {row.side[:20]!r}")
    return ExchangeTraded(
        asset,
        "bybit",
        trade_number(row.execId),
        positive(row.price),
        positive(row.size),
        _SIDES[row.side],
        ns_of_ms(row.time),
        received_ns,
        is_history=True,
    )


def _candle(row: _Kline) -> Candle:
    opens, opening, high, low, closing, volume, _ = row
    return Candle(
        ns_of_ms(opens),
        positive(opening),
        positive(high),
        positive(low),
        positive(closing),
        not_negative(volume),
        0,
    )
