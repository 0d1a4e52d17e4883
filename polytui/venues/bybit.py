"""Bybit v5 spot: public trades and the book of fifty levels.

Venue rules: `S` is the taker's side; block trades are no price; the first book message after a
subscription is a snapshot, and so may be any later one; update 1 means that the service began
anew; a spot pong says op "ping". Trade ids rise but not by one.
"""

from __future__ import annotations

from functools import partial

import msgspec

from polytui.model.events import ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.venues.continuity import DUPLICATE, RisingNumber
from polytui.venues.exchange_book import ExchangeBook, Level
from polytui.venues.feed import (
    IGNORED,
    NOTHING,
    PRICES,
    WIRE_FAULTS,
    Parsed,
    believed,
    believed_of,
    levels,
    ns_of_ms,
    refused,
    rejected,
    with_rejection,
)

PING = '{"req_id":"ping","op":"ping"}'
"""Wanted every 20 s; what is silent for ten minutes is cut."""
TRADES, QUOTES = "trades", "quotes"
_VENUE = "bybit"
_DEPTH_LEVELS = 10
_REMEMBERED = 1_000
_LARGEST_ID = 1 << 64
_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
_HARMLESS = "already subscribed"
_OLD = Parsed(duplicates=1)
"""No sign of life: a stream that only repeats itself is as good as silent."""


def symbol_of(asset: Asset) -> str:
    """The spot pair against USDT."""
    return f"{asset.value.upper()}USDT"


class _BybitHead(msgspec.Struct, gc=False):
    topic: str = ""
    type: str = ""
    cts: int = 0
    op: str = ""
    success: bool = True
    ret_msg: str = ""
    retMsg: str = ""  # noqa: N815  as REST and the private sockets spell it
    retCode: int = 0  # noqa: N815

    @property
    def words(self) -> str:
        return self.ret_msg or self.retMsg


class _BybitFrame(_BybitHead, gc=False):
    data: msgspec.Raw = msgspec.Raw()


class _BybitTrade(msgspec.Struct, gc=False):
    i: str
    T: int
    p: str
    v: str
    S: str
    s: str
    BT: bool = False


class _Book(msgspec.Struct, gc=False):
    s: str
    u: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]


class _WholeTrades(_BybitHead, kw_only=True, gc=False):
    """Trades with their envelope, read in one pass."""

    data: list[_BybitTrade]


class _WholeBook(_BybitHead, kw_only=True, gc=False):
    data: _Book


_decode_whole_trades = msgspec.json.Decoder(_WholeTrades).decode
_decode_whole_book = msgspec.json.Decoder(_WholeBook).decode
_decode_frame = msgspec.json.Decoder(_BybitFrame).decode
_decode_trades = msgspec.json.Decoder(list[_BybitTrade]).decode
_decode_trade = msgspec.json.Decoder(_BybitTrade).decode
_decode_book = msgspec.json.Decoder(_Book).decode
_encode = msgspec.json.Encoder().encode


class BybitStreams:
    """Codec of one connection for one asset. State: the book, and the last trade's id."""

    feed = _VENUE
    streams = (TRADES, QUOTES)

    def __init__(self, asset: Asset, depth: int = 50) -> None:
        self._asset = asset
        self._symbol = symbol_of(asset)
        self._topics = {
            TRADES: f"publicTrade.{self._symbol}",
            QUOTES: f"orderbook.{depth}.{self._symbol}",
        }
        self._trades_begin = f'{{"topic":"{self._topics[TRADES]}"'
        self._book_begins = f'{{"topic":"{self._topics[QUOTES]}"'
        self._book = ExchangeBook(depth)
        self._update = RisingNumber()
        self._has_book = False
        self._is_asked = False
        """A snapshot was asked for, and no true book came of it yet."""
        self._best: tuple[Level, Level] | None = None
        self._trade = RisingNumber()
        self.last_ns = 0
        """When the newest trade was, by the venue."""
        self._recent: dict[int, None] = {}

    def mend(self, trade_id: int) -> bool:
        """Whether a trade of the past was missed; from now on it is not."""
        if not self._recent or trade_id in self._recent or trade_id < next(iter(self._recent)):
            return False
        self._remember([trade_id])
        return True

    @property
    def last_id(self) -> int:
        return max(0, self._trade.last)

    def _remember(self, trade_ids: list[int]) -> None:
        recent = self._recent
        for trade_id in trade_ids:
            recent[trade_id] = None
        while len(recent) > _REMEMBERED:
            del recent[next(iter(recent))]

    def hello(self) -> tuple[str, ...]:
        """One request: two topics are far below the ten that a request may name."""
        self._forget_book()
        self._is_asked = False
        return (_ask("subscribe", *self._topics.values()),)

    def revive(self, stream: str) -> tuple[str, ...]:
        topic = self._topics[stream]
        if stream == QUOTES:
            self._forget_book()
        return (_ask("unsubscribe", topic), _ask("subscribe", topic))

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        try:
            return self._parse(frame if isinstance(frame, str) else frame.decode(), received_ns)
        except WIRE_FAULTS as fault:
            return rejected(fault)

    def _parse(self, text: str, received_ns: int) -> Parsed:
        try:
            if text.startswith(self._book_begins):
                book = _decode_whole_book(text)
                if book.topic == self._topics[QUOTES]:
                    return self._change_book(book, book.data, received_ns)
            elif text.startswith(self._trades_begin):
                trades = _decode_whole_trades(text)
                if trades.topic == self._topics[TRADES]:
                    make = partial(self._traded, received_ns)
                    return self._new_ones(*believed_of(trades.data, make))
        except msgspec.DecodeError:
            pass  # of another shape than almost all: what follows finds out which
        return self._parse_any(text, received_ns)

    def _parse_any(self, text: str, received_ns: int) -> Parsed:
        if not text.strip():
            return NOTHING
        frame = _decode_frame(text)
        if frame.topic:
            return self._message(frame, received_ns)
        if not frame.op and not frame.words and not frame.retCode:
            raise ValueError("neither topic nor op")
        if frame.words == "pong" or _HARMLESS in frame.words:
            return NOTHING
        if frame.success and not frame.retCode:
            return NOTHING
        return refused(f"{frame.retCode} {frame.words}" if frame.retCode else frame.words)

    def _message(self, frame: _BybitFrame, received_ns: int) -> Parsed:
        if frame.topic == self._topics[TRADES]:
            return self._trades(frame.data, received_ns)
        if frame.topic == self._topics[QUOTES]:
            return self._change_book(frame, _decode_book(frame.data), received_ns)
        return IGNORED

    # --- trades ---------------------------------------------------------------------------------

    def _trades(self, data: msgspec.Raw, received_ns: int) -> Parsed:
        make = partial(self._traded, received_ns)
        return self._new_ones(*believed(data, _decode_trades, _decode_trade, make))

    def _new_ones(self, found: list[ExchangeTraded | None], why: str) -> Parsed:
        """Ascending within a frame; what is not above the last id was seen before."""
        events, before = [event for event in found if event is not None], self._trade.last
        new = [event for event in events if self._is_new(event)]
        is_live = bool(new) or not events
        known = len(events) - len(new)
        parsed = Parsed(
            tuple(new),
            is_data=is_live,
            stream=TRADES if is_live else "",
            duplicates=known,
            # What was dropped until a new numbering was believed may be given again.
            lost=int(self._trade.last < before),
        )
        return with_rejection(parsed, why)

    def _is_new(self, event: ExchangeTraded) -> bool:
        before = self._trade.last
        # Trades of one moment may come again in a frame; only later ones are a new numbering.
        traded_ns = min(event.venue_ns, event.received_ns)
        at_ns = traded_ns if traded_ns > self.last_ns else 1
        missed = self._trade.take(event.trade_id, at_ns)
        if missed == DUPLICATE:
            return False
        if event.trade_id < before:
            self._recent.clear()
            self._remember([event.trade_id - missed - 1])
        self.last_ns = max(self.last_ns, traded_ns)
        self._remember([event.trade_id])
        return True

    def _traded(self, received_ns: int, trade: _BybitTrade) -> ExchangeTraded | None:
        """None for a block trade."""
        if trade.BT:
            return None
        if trade.s != self._symbol:
            raise ValueError(f"a trade of {trade.s[:20]!r}")
        side = _SIDES.get(trade.S)
        if side is None:
            raise ValueError(f"side {trade.S[:20]!r}")
        return ExchangeTraded(
            self._asset,
            _VENUE,
            trade_number(trade.i),
            PRICES[trade.p],
            PRICES[trade.v],
            side,
            ns_of_ms(trade.T),
            received_ns,
        )

    # --- the book -------------------------------------------------------------------------------

    def _change_book(self, frame: _BybitHead, message: _Book, received_ns: int) -> Parsed:
        if message.s != self._symbol:
            raise ValueError(f"a book of {message.s[:20]!r}")
        if not 0 < message.u < _LARGEST_ID:
            raise ValueError(f"update {message.u}")
        bids, asks = levels(message.b), levels(message.a)
        venue_ns = ns_of_ms(frame.cts) if frame.cts else 0
        counted_ns = min(venue_ns, received_ns)
        if frame.type == "snapshot" or message.u == 1:
            self._book.replace(bids, asks)
            self._has_book = True
            self._update.begin()
            self._update.take(message.u, counted_ns)
        elif frame.type != "delta":
            raise ValueError(f"type {frame.type[:20]!r}")
        elif not self._has_book:
            # Before its snapshot a change says nothing, and is no sign of life.
            return _OLD
        else:
            missed = self._update.take(message.u, counted_ns)
            if missed:
                return _OLD if missed == DUPLICATE else self._resync(missed)
            self._apply(bids, asks)
        best = self._book.bests
        if best is not None and best[0][0] >= best[1][0]:
            return self._resync(0)
        self._is_asked = False
        return self._quote(best, venue_ns, received_ns, QUOTES if frame.type == "delta" else "")

    def _apply(self, bids: list[Level], asks: list[Level]) -> None:
        self._book.change(True, bids)
        self._book.change(False, asks)
        self._book.settle()

    def _resync(self, lost: int) -> Parsed:
        """Only a new snapshot makes the book true again; asked for once until it does."""
        replies = () if self._is_asked else self.revive(QUOTES)
        self._forget_book()
        self._is_asked = True
        return Parsed(lost=lost, replies=replies)

    def _quote(
        self, best: tuple[Level, Level] | None, venue_ns: int, received_ns: int, stream: str
    ) -> Parsed:
        if best is None or best == self._best:
            return Parsed(is_data=True, stream=stream)
        self._best = best
        (bid, bid_size), (ask, ask_size) = best
        bid_depth, ask_depth = self._book.depth(_DEPTH_LEVELS)
        event = ExchangeQuoted(
            self._asset,
            _VENUE,
            bid,
            bid_size,
            ask,
            ask_size,
            venue_ns,
            received_ns,
            bid_depth,
            ask_depth,
        )
        return Parsed((event,), is_data=True, stream=stream)

    def _forget_book(self) -> None:
        self._book.clear()
        self._update.begin()
        self._has_book, self._best = False, None


def trade_number(text: str) -> int:
    """A trade id of digits; ValueError for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise ValueError(f"trade id {text[:40]!r}")
    return int(text)


def _ask(op: str, *topics: str) -> str:
    return _encode({"req_id": op, "op": op, "args": list(topics)}).decode()
