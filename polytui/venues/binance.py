"""Binance spot: trades and best quotes by WebSocket.

Venue rules: `m` is "buyer is maker", so true means that the taker sold; bookTicker carries no
time and no event name, but an update number that only rises; acknowledgements are never
wrapped in the combined envelope. Aggregate trades are numbered without a gap.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.venues.continuity import DUPLICATE, RisingNumber, TradeLine
from polytui.venues.feed import (
    IGNORED,
    NOTHING,
    PRICES,
    WIRE_FAULTS,
    Parsed,
    ns_of_stamp,
    quoted,
    refused,
    rejected,
)

_VENUE = "binance"


def symbol_of(asset: Asset) -> str:
    """The spot pair against USDT, upper case as in payloads and REST."""
    return f"{asset.value.upper()}USDT"


class _BinanceHead(msgspec.Struct, gc=False):
    """What tells the frames apart: an envelope, a raw event, an answer or an error."""

    stream: str = ""
    e: str = ""
    u: int | None = None
    id: int | str | None = None
    code: int | None = None
    msg: str = ""
    error: msgspec.Raw = msgspec.Raw()


class _BinanceFrame(_BinanceHead, gc=False):
    data: msgspec.Raw = msgspec.Raw()


class _BinanceKind(msgspec.Struct, gc=False):
    e: str = ""
    u: int | None = None


class _BinanceTrade(msgspec.Struct, gc=False):
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
    u: int


class _WholeTrade(_BinanceHead, kw_only=True, gc=False):
    """A trade with its envelope, read in one pass."""

    data: _BinanceTrade


class _WholeQuote(_BinanceHead, kw_only=True, gc=False):
    data: _Quote


_decode_frame = msgspec.json.Decoder(_BinanceFrame).decode
_decode_kind = msgspec.json.Decoder(_BinanceKind).decode
_decode_whole_trade = msgspec.json.Decoder(_WholeTrade).decode
_decode_whole_quote = msgspec.json.Decoder(_WholeQuote).decode
_decode_trade = msgspec.json.Decoder(_BinanceTrade).decode
_decode_quote = msgspec.json.Decoder(_Quote).decode
_encode = msgspec.json.Encoder().encode
_TRADES = ("aggTrade", "trade")
TRADES, QUOTES = "trades", "quotes"
_OLD = Parsed(duplicates=1)
"""No sign of life: a stream that only repeats itself is as good as silent."""
_LARGEST_ID = 1 << 62


class BinanceStreams:
    """Codec of one connection for one asset. Works on `/ws`, `/stream` and URLs naming streams."""

    feed = _VENUE
    streams = (TRADES, QUOTES)

    def __init__(
        self,
        asset: Asset,
        streams: Sequence[str] = ("aggTrade", "bookTicker"),
        *,
        is_in_url: bool = False,
    ) -> None:
        """`is_in_url`: the socket's URL ends with `path`, so that `hello` need not subscribe."""
        self.line = TradeLine()
        """Outlives connections; who fills gaps shares it."""
        self._asset = asset
        self._symbol = symbol_of(asset)
        self._streams = tuple(f"{self._symbol.lower()}@{stream}" for stream in streams)
        self._is_in_url = is_in_url
        self._trades = f"{self._symbol.lower()}@aggTrade"
        self._quotes = f"{self._symbol.lower()}@bookTicker"
        self._trade_begins = f'{{"stream":"{self._trades}"'
        self._quote_begins = f'{{"stream":"{self._quotes}"'
        self._update = RisingNumber()
        self._request = 1

    @property
    def path(self) -> str:
        """The combined-stream resource, to be appended to the base URL."""
        return "/stream?streams=" + "/".join(self._streams)

    def hello(self) -> tuple[str, ...]:
        self._update.begin()
        return () if self._is_in_url else (self._ask("SUBSCRIBE", self._streams),)

    def revive(self, stream: str) -> tuple[str, ...]:
        """Leave and join again: a subscription that is only repeated changes nothing."""
        is_quotes = stream == QUOTES
        names = [name for name in self._streams if name.endswith("@bookTicker") == is_quotes]
        return (self._ask("UNSUBSCRIBE", names), self._ask("SUBSCRIBE", names))

    def _ask(self, method: str, names: Sequence[str]) -> str:
        self._request += 1
        frame = {"method": method, "params": list(names), "id": self._request}
        return _encode(frame).decode()

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        try:
            return self._parse(frame if isinstance(frame, str) else frame.decode(), received_ns)
        except WIRE_FAULTS as fault:
            return rejected(fault)

    def _parse(self, text: str, received_ns: int) -> Parsed:
        try:
            if text.startswith(self._quote_begins):
                quote = _decode_whole_quote(text)
                if quote.stream == self._quotes:
                    return self._quoted(quote.data, received_ns)
            elif text.startswith(self._trade_begins):
                trade = _decode_whole_trade(text)
                if trade.stream == self._trades:
                    return self._traded(trade.data, received_ns)
        except msgspec.DecodeError:
            pass  # of another shape than almost all: what follows finds out which
        return self._parse_any(text, received_ns)

    def _parse_any(self, text: str, received_ns: int) -> Parsed:
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
            return self._traded(_decode_trade(data), received_ns)
        if name == "bookTicker":
            return self._quoted(_decode_quote(data), received_ns)
        return _unused(_decode_kind(data).e)

    def _raw(self, name: str, data: bytes, received_ns: int) -> Parsed:
        if name in _TRADES:
            return self._traded(_decode_trade(data), received_ns)
        return _unused(name) if name else self._quoted(_decode_quote(data), received_ns)

    def _traded(self, trade: _BinanceTrade, received_ns: int) -> Parsed:
        if trade.s != self._symbol:
            return IGNORED
        trade_id = max(trade.a, trade.t)
        if not 0 < trade_id < _LARGEST_ID:
            raise ValueError(f"trade id {trade_id}")
        event = ExchangeTraded(
            self._asset,
            _VENUE,
            trade_id,
            PRICES[trade.p],
            PRICES[trade.q],
            Side.SELL if trade.m else Side.BUY,
            ns_of_stamp(trade.T),
            received_ns,
        )
        missed = self.line.take(trade_id, min(event.venue_ns, received_ns))
        if missed == DUPLICATE:
            return _OLD
        gap = self.line.gap_before(trade_id, missed) if missed else None
        return Parsed((event,), is_data=True, stream=TRADES, gap=gap)

    def _quoted(self, quote: _Quote, received_ns: int) -> Parsed:
        if quote.s != self._symbol:
            return IGNORED
        event = quoted(self._asset, _VENUE, (quote.b, quote.B), (quote.a, quote.A), 0, received_ns)
        if not 0 < quote.u < _LARGEST_ID:
            raise ValueError(f"update number {quote.u}")
        if self._update.take(quote.u) == DUPLICATE:
            return _OLD
        return Parsed((event,), is_data=True, stream=QUOTES)


def _unused(name: str) -> Parsed:
    return Parsed(ignored=1, is_closing=True) if name == "serverShutdown" else IGNORED


def _answer(frame: _BinanceFrame) -> Parsed:
    """An acknowledgement, or an error in either of the two shapes seen."""
    if frame.code is not None:
        return refused(f"{frame.code} {frame.msg}")
    if bytes(frame.error):
        return refused(f"{bytes(frame.error).decode()}")
    return IGNORED if frame.id is None else NOTHING
