"""Coinbase: best quotes from the ticker, of Advanced Trade and of the older Exchange socket.

Both fire on each match. Advanced Trade wraps tickers in events and stamps the envelope only;
the Exchange's ticker is flat and carries its own time.
"""

from __future__ import annotations

import msgspec

from polytui.model.events import ExchangeQuoted
from polytui.model.instrument import Asset
from polytui.venues.feed import IGNORED, NOTHING, Parsed, guarded, ns_of_rfc3339, quoted, rejected

_VENUE = "coinbase"


def product_of(asset: Asset) -> str:
    """The spot product against dollars."""
    return f"{asset.value.upper()}-USD"


class _Ticker(msgspec.Struct, gc=False):
    product_id: str
    best_bid: str
    best_bid_quantity: str
    best_ask: str
    best_ask_quantity: str


class _Event(msgspec.Struct, gc=False):
    tickers: list[_Ticker] | None = None


class _Frame(msgspec.Struct, gc=False):
    type: str = ""
    channel: str = ""
    timestamp: str = ""
    events: msgspec.Raw = msgspec.Raw()
    message: str = ""


class _FlatTicker(msgspec.Struct, gc=False):
    product_id: str
    best_bid: str
    best_bid_size: str
    best_ask: str
    best_ask_size: str
    time: str


_decode_frame = msgspec.json.Decoder(_Frame).decode
_decode_events = msgspec.json.Decoder(list[_Event]).decode
_decode_flat = msgspec.json.Decoder(_FlatTicker).decode
_encode = msgspec.json.Encoder().encode


class CoinbaseTicker:
    """Codec of one connection for one asset."""

    feed = _VENUE

    def __init__(self, asset: Asset) -> None:
        self._asset = asset
        self._product = product_of(asset)

    def hello(self) -> tuple[str, ...]:
        """One channel per frame, the first within 5 s (venue rules); heartbeats keep it open."""
        ticker = {"type": "subscribe", "product_ids": [self._product], "channel": "ticker"}
        beats = {"type": "subscribe", "channel": "heartbeats"}
        return (_encode(ticker).decode(), _encode(beats).decode())

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        return guarded(self._parse, frame, received_ns)

    def _parse(self, text: str, received_ns: int) -> Parsed:
        if not text.strip():
            return NOTHING
        frame = _decode_frame(text)
        if frame.type == "error":
            return rejected(f"Coinbase refuses us: {frame.message}")
        if frame.channel == "ticker":
            return self._batch(frame, received_ns)
        if frame.type == "ticker" and not frame.channel:
            return self._flat(text, received_ns)
        if not frame.channel and not frame.type:
            raise ValueError("neither channel nor type")
        return IGNORED

    def _batch(self, frame: _Frame, received_ns: int) -> Parsed:
        venue_ns = ns_of_rfc3339(frame.timestamp)
        events: list[ExchangeQuoted] = []
        for event in _decode_events(frame.events):
            if event.tickers is None:
                raise ValueError("ticker event without tickers")
            events += [
                self._quote(ticker, venue_ns, received_ns)
                for ticker in event.tickers
                if ticker.product_id == self._product
            ]
        return Parsed(tuple(events), is_data=True) if events else IGNORED

    def _quote(self, ticker: _Ticker, venue_ns: int, received_ns: int) -> ExchangeQuoted:
        bid = (ticker.best_bid, ticker.best_bid_quantity)
        ask = (ticker.best_ask, ticker.best_ask_quantity)
        return quoted(self._asset, _VENUE, bid, ask, venue_ns, received_ns)

    def _flat(self, text: str, received_ns: int) -> Parsed:
        ticker = _decode_flat(text)
        if ticker.product_id != self._product:
            return IGNORED
        bid = (ticker.best_bid, ticker.best_bid_size)
        ask = (ticker.best_ask, ticker.best_ask_size)
        event = quoted(self._asset, _VENUE, bid, ask, ns_of_rfc3339(ticker.time), received_ns)
        return Parsed((event,), is_data=True)
