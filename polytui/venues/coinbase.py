"""Coinbase Advanced Trade: trades, best quotes, heartbeats, and the whole book where wanted.

Venue rules: one channel per subscription, the first within five seconds; quiet channels are cut
unless heartbeats keep them; one `sequence_num` counts all messages of a connection; trades come
newest first; `level2` answers as `l2_data`, whose asks are called offers. A trade's `side` is the
maker's by the best evidence (prints at the ask say SELL), so the taker's is the other.

The older Exchange socket's flat ticker, which many recordings hold, is read as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec
from attrs import evolve
from msgspec.structs import replace

from polytui.model.events import ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.venues.coinbase_wire import (
    BookEvent,
    BookUpdate,
    CoinbaseFrame,
    CoinbaseTrade,
    Ticker,
    decode_books,
    decode_flat,
    decode_frame,
    tickers_of,
    trades_of,
)
from polytui.venues.continuity import DUPLICATE, RisingNumber, TradeLine
from polytui.venues.exchange_book import ExchangeBook
from polytui.venues.feed import (
    IGNORED,
    NOTHING,
    PRICES,
    SIZES,
    WIRE_FAULTS,
    Gap,
    Parsed,
    believed_of,
    guarded,
    kept,
    ns_of_rfc3339,
    quoted,
    refused,
    with_rejection,
)

TRADES, QUOTES, BEATS = "trades", "quotes", "beats"
PUBLIC_CHANNELS = ("market_trades", "ticker", "heartbeats")
_STREAM_OF = {
    "market_trades": TRADES,
    "ticker": QUOTES,
    "ticker_batch": QUOTES,
    "level2": QUOTES,
    "heartbeats": BEATS,
}
_VENUE = "coinbase"
_DEPTH_LEVELS = 10
_TAKER_OF = {"BUY": Side.SELL, "SELL": Side.BUY}
_BOOK_SIDES = {"bid": True, "offer": False}
_LARGEST_ID = 1 << 62

NewToken = Callable[[], str]
"""Makes a fresh JWT; each subscription to a private channel needs one of its own."""


def product_of(asset: Asset) -> str:
    """The spot product against dollars."""
    return f"{asset.value.upper()}-USD"


_encode = msgspec.json.Encoder().encode


class CoinbaseStreams:
    """Codec of one connection for one asset. State: what came last by each numbering, the book."""

    feed = _VENUE

    def __init__(
        self,
        asset: Asset,
        channels: Sequence[str] = PUBLIC_CHANNELS,
        new_token: NewToken | None = None,
    ) -> None:
        """`new_token` is for private channels and authenticated limits; public ones need none."""
        self.line = TradeLine()
        """Outlives connections; who fills gaps shares it."""
        self.streams = tuple(dict.fromkeys(_STREAM_OF.get(name, name) for name in channels))
        self._asset = asset
        self._product = product_of(asset)
        self._products = (self._product, f"{asset.value.upper()}-USDC")
        self._channels = tuple(channels)
        self._new_token = new_token
        self._book = ExchangeBook()
        self._has_book = False
        self._sequence = RisingNumber()
        self._is_asked = False

    def hello(self) -> tuple[str, ...]:
        """One channel per frame; whatever is first keeps the five seconds."""
        self._sequence.begin()
        self._has_book = self._is_asked = False
        return tuple(self._ask("subscribe", channel) for channel in self._channels)

    def revive(self, stream: str) -> tuple[str, ...]:
        channels = [name for name in self._channels if _STREAM_OF.get(name, name) == stream]
        return tuple(
            self._ask(verb, channel)
            for channel in channels
            for verb in ("unsubscribe", "subscribe")
        )

    def _ask(self, verb: str, channel: str) -> str:
        frame: dict[str, object] = {"type": verb, "channel": channel}
        if channel != "heartbeats":
            frame["product_ids"] = [self._product]
        if self._new_token is not None:
            frame["jwt"] = self._new_token()
        return _encode(frame).decode()

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        return guarded(self._parse, frame, received_ns)

    def _parse(self, text: str, received_ns: int) -> Parsed:
        if not text.strip():
            return NOTHING
        frame = decode_frame(text)
        if frame.type == "error":
            return refused(frame.message)
        if frame.channel:
            return self._counted(frame, received_ns)
        if frame.type == "ticker":
            return self._flat(text, received_ns)
        if not frame.type:
            raise ValueError("neither channel nor type")
        return IGNORED

    def _counted(self, frame: CoinbaseFrame, received_ns: int) -> Parsed:
        """A message in its place: one that comes late or again is dropped, a jump is a loss."""
        number = frame.sequence_num
        if not -1 <= number < _LARGEST_ID:
            raise ValueError(f"sequence_num {number}")
        if number < 0:
            return self._message(frame, received_ns)
        sent_ns = min(ns_of_rfc3339(frame.timestamp), received_ns) if frame.timestamp else 0
        lost = self._sequence.take(number, sent_ns)
        if lost == DUPLICATE:
            return Parsed(duplicates=1)
        parsed = self._message(frame, received_ns)
        return replace(parsed, lost=lost) if lost else parsed

    def _message(self, frame: CoinbaseFrame, received_ns: int) -> Parsed:
        match frame.channel:
            case "market_trades":
                return self._trades(frame, received_ns)
            case "ticker" | "ticker_batch":
                return self._tickers(frame, received_ns)
            case "l2_data":
                return self._level2(frame, received_ns)
            case "heartbeats":
                return Parsed(is_data=True, stream=self._stream_of("heartbeats"))
            case "subscriptions":
                return NOTHING
        return IGNORED

    def _stream_of(self, channel: str) -> str:
        name = _STREAM_OF.get("level2" if channel == "l2_data" else channel, "")
        return name if name in self.streams else ""

    # --- trades ---------------------------------------------------------------------------------

    def _trades(self, frame: CoinbaseFrame, received_ns: int) -> Parsed:
        """By their ids: they come newest first today, but nothing promises it."""
        events: list[ExchangeTraded] = []
        why = ""
        for is_history, trades, fault in trades_of(frame.events):
            make = partial(self._traded, received_ns, is_history=is_history)
            found, refusal = believed_of(trades, make)
            events += [event for event in found if event is not None]
            why = why or fault or refusal
        if not events:
            return with_rejection(IGNORED, why)
        events.sort(key=lambda event: event.trade_id)
        is_live = not all(event.is_history for event in events)
        stream = self._stream_of("market_trades") if is_live else ""
        return with_rejection(self._new_ones(events, stream), why)

    def _new_ones(self, events: list[ExchangeTraded], stream: str) -> Parsed:
        new: list[ExchangeTraded] = []
        gap: Gap | None = None
        for event in events:
            missed = self.line.take(event.trade_id, min(event.venue_ns, event.received_ns))
            if missed == DUPLICATE:
                continue
            if missed:
                # Of several gaps in one frame the widest reach is told, and asked for again.
                before, gap = gap, self.line.gap_before(event.trade_id, missed)
                gap = (
                    evolve(gap, first_id=before.first_id, after_ns=before.after_ns)
                    if before
                    else gap
                )
            new.append(event)
        return Parsed(
            tuple(new),
            is_data=bool(new),
            stream=stream if new else "",
            gap=gap,
            duplicates=len(events) - len(new),
        )

    def _traded(
        self, received_ns: int, trade: CoinbaseTrade, *, is_history: bool
    ) -> ExchangeTraded | None:
        if trade.product_id not in self._products:
            return None
        side = _TAKER_OF.get(trade.side)
        if side is None:
            raise ValueError(f"side {trade.side[:20]!r}")
        return ExchangeTraded(
            self._asset,
            _VENUE,
            trade_number(trade.trade_id),
            PRICES[trade.price],
            PRICES[trade.size],
            side,
            ns_of_rfc3339(trade.time),
            received_ns,
            is_history,
        )

    # --- quotes ---------------------------------------------------------------------------------

    def _tickers(self, frame: CoinbaseFrame, received_ns: int) -> Parsed:
        """A batch ticker may lack bests: then it proves only that the feed lives."""
        venue_ns = ns_of_rfc3339(frame.timestamp)
        tickers: list[Ticker] = []
        why = ""
        for found, fault in tickers_of(frame.events):
            tickers += [ticker for ticker in found if ticker.product_id in self._products]
            why = why or fault
        if not tickers:
            return with_rejection(IGNORED, why)
        told = [ticker for ticker in tickers if ticker.best_bid or ticker.best_ask]
        events, refusal = kept(told, partial(self._quote, venue_ns, received_ns))
        if refusal and not events:
            raise ValueError(refusal)
        parsed = Parsed(tuple(events), is_data=True, stream=self._stream_of(frame.channel))
        return with_rejection(parsed, why or refusal)

    def _quote(self, venue_ns: int, received_ns: int, ticker: Ticker) -> ExchangeQuoted:
        bid = (ticker.best_bid, ticker.best_bid_quantity)
        ask = (ticker.best_ask, ticker.best_ask_quantity)
        return quoted(self._asset, _VENUE, bid, ask, venue_ns, received_ns)

    def _flat(self, text: str, received_ns: int) -> Parsed:
        ticker = decode_flat(text)
        if ticker.product_id != self._product:
            return IGNORED
        bid = (ticker.best_bid, ticker.best_bid_size)
        ask = (ticker.best_ask, ticker.best_ask_size)
        event = quoted(self._asset, _VENUE, bid, ask, ns_of_rfc3339(ticker.time), received_ns)
        return Parsed((event,), is_data=True, stream=self._stream_of("ticker"))

    # --- the whole book -------------------------------------------------------------------------

    def _level2(self, frame: CoinbaseFrame, received_ns: int) -> Parsed:
        venue_ns = ns_of_rfc3339(frame.timestamp)
        events = [e for e in decode_books(frame.events) if e.product_id in self._products]
        if not events:
            return IGNORED
        try:
            for event in events:
                self._change_book(event)
        except WIRE_FAULTS as fault:
            # A change that cannot be read was a change all the same: the book is not true.
            return with_rejection(self._resync(), str(fault))
        is_live = any(event.type == "update" for event in events)
        book, stream = self._book, self._stream_of("l2_data") if is_live else ""
        if not self._has_book:
            return Parsed(duplicates=1)
        if not book.is_two_sided:
            return Parsed(is_data=True, stream=stream)
        if book.is_crossed:
            return self._resync()
        self._is_asked = False
        (bid, bid_size), (ask, ask_size) = book.best_bid, book.best_ask
        depth = book.depth(_DEPTH_LEVELS)
        quote = ExchangeQuoted(
            self._asset, _VENUE, bid, bid_size, ask, ask_size, venue_ns, received_ns, *depth
        )
        return Parsed((quote,), is_data=True, stream=stream)

    def _resync(self) -> Parsed:
        """Only a new snapshot makes the book true again; asked for once until it does."""
        replies = () if self._is_asked else self.revive(QUOTES)
        self._has_book, self._is_asked = False, True
        return Parsed(replies=replies)

    def _change_book(self, event: BookEvent) -> None:
        levels = [_level(update) for update in event.updates]
        if event.type == "snapshot":
            bids = [(price, size) for is_bid, price, size in levels if is_bid]
            asks = [(price, size) for is_bid, price, size in levels if not is_bid]
            self._book.replace(bids, asks)
            self._has_book = True
        elif event.type != "update":
            raise ValueError(f"type {event.type[:20]!r}")
        elif self._has_book:
            for is_bid, price, size in levels:
                self._book.change(is_bid, ((price, size),))


def _level(update: BookUpdate) -> tuple[bool, float, float]:
    if update.side not in _BOOK_SIDES:
        raise ValueError(f"side {update.side[:20]!r}")
    is_bid = _BOOK_SIDES[update.side]
    return is_bid, PRICES[update.price_level], SIZES[update.new_quantity]


def trade_number(text: str) -> int:
    """A trade id of digits; ValueError for anything else."""
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 18):
        raise ValueError(f"trade id {text[:40]!r}")
    return int(text)
