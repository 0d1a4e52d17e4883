"""What Coinbase writes: the shapes of its frames, and how they are read.

Most frames are good as a whole and are read in one pass; those that are not, item by item.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from polytui.venues.feed import believed

_Item = TypeVar("_Item")


class CoinbaseTrade(msgspec.Struct, gc=False):
    product_id: str
    trade_id: str
    price: str
    size: str
    time: str
    side: str


class Ticker(msgspec.Struct, gc=False):
    product_id: str
    price: str = ""
    best_bid: str = ""
    best_bid_quantity: str = ""
    best_ask: str = ""
    best_ask_quantity: str = ""


class BookUpdate(msgspec.Struct, gc=False):
    side: str
    price_level: str
    new_quantity: str


class _TradeEvent(msgspec.Struct, gc=False):
    trades: msgspec.Raw
    type: str = ""


class _TickerEvent(msgspec.Struct, gc=False):
    tickers: msgspec.Raw


class _TickersRead(msgspec.Struct, gc=False):
    """One of the `events` with its tickers, read in one pass."""

    tickers: list[Ticker]


class _TradesRead(msgspec.Struct, gc=False):
    trades: list[CoinbaseTrade]
    type: str = ""


class BookEvent(msgspec.Struct, gc=False):
    type: str
    product_id: str
    updates: list[BookUpdate]


class CoinbaseFrame(msgspec.Struct, gc=False):
    type: str = ""
    channel: str = ""
    timestamp: str = ""
    sequence_num: int = -1
    events: msgspec.Raw = msgspec.Raw()
    message: str = ""


class FlatTicker(msgspec.Struct, gc=False):
    product_id: str
    best_bid: str
    best_bid_size: str
    best_ask: str
    best_ask_size: str
    time: str


decode_frame = msgspec.json.Decoder(CoinbaseFrame).decode
_decode_whole_tickers = msgspec.json.Decoder(list[_TickersRead]).decode
_decode_whole_trades = msgspec.json.Decoder(list[_TradesRead]).decode
_decode_trade_events = msgspec.json.Decoder(list[_TradeEvent]).decode
_decode_trades = msgspec.json.Decoder(list[CoinbaseTrade]).decode
_decode_trade = msgspec.json.Decoder(CoinbaseTrade).decode
_decode_ticker_events = msgspec.json.Decoder(list[_TickerEvent]).decode
_decode_tickers = msgspec.json.Decoder(list[Ticker]).decode
_decode_ticker = msgspec.json.Decoder(Ticker).decode
decode_books = msgspec.json.Decoder(list[BookEvent]).decode
decode_flat = msgspec.json.Decoder(FlatTicker).decode


def trades_of(raw: msgspec.Raw) -> list[tuple[bool, list[CoinbaseTrade], str]]:
    """Of each event: whether it is history, its trades, and why some of them are none."""
    try:
        return [(one.type == "snapshot", one.trades, "") for one in _decode_whole_trades(raw)]
    except msgspec.DecodeError:
        found = []
        for one in _decode_trade_events(raw):
            trades, why = believed(one.trades, _decode_trades, _decode_trade, _as_it_is)
            found.append((one.type == "snapshot", trades, why))
        return found


def tickers_of(raw: msgspec.Raw) -> list[tuple[list[Ticker], str]]:
    """Of each event: its tickers, and why some of them are none."""
    try:
        return [(one.tickers, "") for one in _decode_whole_tickers(raw)]
    except msgspec.DecodeError:
        return [
            believed(one.tickers, _decode_tickers, _decode_ticker, _as_it_is)
            for one in _decode_ticker_events(raw)
        ]


def _as_it_is(item: _Item) -> _Item:
    return item
