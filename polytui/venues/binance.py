"""Binance spot: trades and best quotes by WebSocket, candles by REST.

Venue rules: `m` is "buyer is maker", so true means that the taker sold; bookTicker carries no
time and no event name; acknowledgements are never wrapped in the combined envelope.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from attrs import frozen

from polytui.model.errors import Rejected, Retry
from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.net.http import Http, Params
from polytui.venues.feed import (
    IGNORED,
    NOTHING,
    WIRE_FAULTS,
    Parsed,
    guarded,
    not_negative,
    ns_of_ms,
    positive,
    quoted,
    rejected,
)

_VENUE = "binance"


def symbol_of(asset: Asset) -> str:
    """The spot pair against USDT, upper case as in payloads and REST."""
    return f"{asset.value.upper()}USDT"


class _Frame(msgspec.Struct, gc=False):
    """What tells the frames apart: an envelope, a raw event, an answer or an error."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    e: str = ""
    u: int | None = None
    id: int | str | None = None
    code: int | None = None
    msg: str = ""
    error: msgspec.Raw = msgspec.Raw()


class _Kind(msgspec.Struct, gc=False):
    e: str = ""
    u: int | None = None


class _Trade(msgspec.Struct, gc=False):
    s: str
    p: str
    q: str
    T: int
    m: bool
    a: int = -1
    t: int = -1


class _Quote(msgspec.Struct, gc=False):
    s: str
    b: str
    B: str
    a: str
    A: str


_decode_frame = msgspec.json.Decoder(_Frame).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode
_decode_trade = msgspec.json.Decoder(_Trade).decode
_decode_quote = msgspec.json.Decoder(_Quote).decode
_encode = msgspec.json.Encoder().encode
_TRADES = ("aggTrade", "trade")


class BinanceStreams:
    """Codec of one connection for one asset. Works on `/ws`, `/stream` and URLs naming streams."""

    feed = _VENUE

    def __init__(
        self,
        asset: Asset,
        streams: Sequence[str] = ("aggTrade", "bookTicker"),
        *,
        is_in_url: bool = False,
    ) -> None:
        """`is_in_url`: the socket's URL ends with `path`, so that `hello` need not subscribe."""
        self.shutdowns = 0
        """Announcements that the venue is about to close the connection."""
        self._asset = asset
        self._symbol = symbol_of(asset)
        self._streams = tuple(f"{self._symbol.lower()}@{stream}" for stream in streams)
        self._is_in_url = is_in_url

    @property
    def path(self) -> str:
        """The combined-stream resource, to be appended to the base URL."""
        return "/stream?streams=" + "/".join(self._streams)

    def hello(self) -> tuple[str, ...]:
        if self._is_in_url:
            return ()
        frame = {"method": "SUBSCRIBE", "params": list(self._streams), "id": 1}
        return (_encode(frame).decode(),)

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        return guarded(self._parse, frame, received_ns)

    def _parse(self, text: str, received_ns: int) -> Parsed:
        if not text.strip():
            return NOTHING
        frame = _decode_frame(text)
        if frame.stream:
            return self._event(frame.stream, frame.data, received_ns)
        if frame.e or frame.u is not None:
            return self._raw(frame.e, text.encode(), received_ns)
        return _answer(frame)

    def _event(self, stream: str, data: msgspec.Raw, received_ns: int) -> Parsed:
        name = stream.partition("@")[2]
        if name in _TRADES:
            return self._trade(data, received_ns)
        if name == "bookTicker":
            return self._quote(data, received_ns)
        return self._unused(_decode_kind(data).e)

    def _raw(self, name: str, data: bytes, received_ns: int) -> Parsed:
        if name in _TRADES:
            return self._trade(data, received_ns)
        return self._unused(name) if name else self._quote(data, received_ns)

    def _unused(self, name: str) -> Parsed:
        if name == "serverShutdown":
            self.shutdowns += 1
        return IGNORED

    def _trade(self, data: msgspec.Raw | bytes, received_ns: int) -> Parsed:
        trade = _decode_trade(data)
        if trade.s != self._symbol:
            return IGNORED
        trade_id = max(trade.a, trade.t)
        if trade_id < 0:
            raise ValueError("a trade without id")
        event = ExchangeTraded(
            self._asset,
            _VENUE,
            trade_id,
            positive(trade.p),
            positive(trade.q),
            Side.SELL if trade.m else Side.BUY,
            ns_of_ms(trade.T),
            received_ns,
        )
        return Parsed((event,), is_data=True)

    def _quote(self, data: msgspec.Raw | bytes, received_ns: int) -> Parsed:
        quote = _decode_quote(data)
        if quote.s != self._symbol:
            return IGNORED
        event = quoted(self._asset, _VENUE, (quote.b, quote.B), (quote.a, quote.A), 0, received_ns)
        return Parsed((event,), is_data=True)


def _answer(frame: _Frame) -> Parsed:
    """An acknowledgement, or an error in either of the two shapes seen."""
    if frame.code is not None:
        return rejected(f"Binance refuses us: {frame.code} {frame.msg}")
    if bytes(frame.error):
        return rejected(f"Binance refuses us: {bytes(frame.error).decode()}")
    return IGNORED if frame.id is None else NOTHING


# --- REST -----------------------------------------------------------------------------------


@frozen
class Kline:
    """One candle. Prices and volume in the exchange's units; times UTC ns."""

    opens_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closes_ns: int
    """Exclusive: where the next candle begins. In the future while the candle is open."""
    trades: int


_Row = tuple[int, str, str, str, str, str, int, str, int, str, str, str]
_decode_rows = msgspec.json.Decoder(list[_Row]).decode


class Binance:
    """Public REST of Binance spot."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def klines(self, asset: Asset, interval_text: str, limit: int) -> tuple[Kline, ...]:
        """The latest `limit` (at most 1000) candles of "1m", "1h"..., oldest first.

        The last one may still be open. Retry for an unreadable answer.
        """
        params: Params = {"symbol": symbol_of(asset), "interval": interval_text, "limit": limit}
        body = await self._http.get("/api/v3/klines", params)
        try:
            return tuple([_kline(row) for row in _decode_rows(body)])
        except msgspec.ValidationError as fault:
            raise Rejected(f"Binance klines have changed: {fault}; update polytui") from None
        except WIRE_FAULTS as fault:
            raise Retry(f"Binance klines are unreadable: {fault}; try again") from None


def _kline(row: _Row) -> Kline:
    opens_ms, opening, high, low, closing, volume, closes_ms, _, trades, *_ = row
    return Kline(
        ns_of_ms(opens_ms),
        positive(opening),
        positive(high),
        positive(low),
        positive(closing),
        not_negative(volume),
        ns_of_ms(closes_ms + 1),
        trades,
    )
