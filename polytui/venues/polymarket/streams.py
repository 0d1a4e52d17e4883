"""The CLOB's market channel: books, changes, trade prints, tick sizes and resolutions.

Venue rules that shape this module: a frame is an object or an array of objects; levels come
worst first, so the best is the last; a change carries the level's new absolute size; and every
change comes as a pair, the same order seen from both tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from polytui.model.events import (
    BookChanged,
    BookSnapshotted,
    LevelChange,
    MarketEvent,
    RoundSettled,
    TickSizeChanged,
    TradePrinted,
)
from polytui.venues.continuity import Remembered
from polytui.venues.feed import (
    IGNORED,
    NOTHING,
    WIRE_FAULTS,
    Parsed,
    kept,
    ns_of_ms,
    readable,
    rejected,
    with_rejection,
)
from polytui.venues.polymarket.wire_book import WireBook, WireLevel, book_of
from polytui.venues.polymarket.wire_numbers import (
    BESTS,
    INNER_PRICES,
    SHARES,
    SIDES,
    TOKENS,
    tick_of,
)

_Read = tuple[MarketEvent | None, str]
"""The event of a message, if it has one for us, and why something of it was left out."""


class _WireChange(msgspec.Struct, gc=False):
    asset_id: str
    price: str
    size: str
    side: str
    best_bid: str = ""
    best_ask: str = ""


class _MarketMessage(msgspec.Struct, gc=False):
    """The union of all messages: one typed pass, since `event_type` comes last on the wire."""

    event_type: str = ""
    market: str = ""
    asset_id: str = ""
    timestamp: str = ""
    price_changes: list[_WireChange] | None = None
    bids: list[WireLevel] | None = None
    asks: list[WireLevel] | None = None
    tick_size: str = ""
    price: str = ""
    size: str = ""
    side: str = ""
    new_tick_size: str = ""
    assets_ids: list[str] | None = None
    winning_asset_id: str = ""
    transaction_hash: str = ""


class _WholeChange(msgspec.Struct, gc=False):
    """A frame that is one price_change, of which most are: nothing else of it means anything."""

    timestamp: str
    price_changes: list[_WireChange]
    event_type: str = ""


class _Changes(msgspec.Struct, gc=False):
    """A price_change whose changes are read one by one."""

    timestamp: str
    price_changes: list[msgspec.Raw]


class _MarketKind(msgspec.Struct, gc=False):
    event_type: str = ""


_decode = msgspec.json.Decoder(list[_MarketMessage] | _MarketMessage).decode
_decode_whole_change = msgspec.json.Decoder(_WholeChange).decode
_decode_one = msgspec.json.Decoder(_MarketMessage).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_changes = msgspec.json.Decoder(_Changes).decode
_decode_change = msgspec.json.Decoder(_WireChange).decode
_decode_kind = msgspec.json.Decoder(_MarketKind).decode
_encode = msgspec.json.Encoder().encode

_IS_CHANGE = '"event_type":"price_change"'
_LEGS_REMEMBERED = 512
"""Legs of trades: a busy market's last half minute."""
_USED = (
    "book",
    "price_change",
    "last_trade_price",
    "tick_size_change",
    "market_resolved",
)


class MarketChannel:
    """Codec of one market-channel connection. State: the tokens it is subscribed to, in order."""

    feed = "market"
    streams = ("book",)

    def __init__(self, tokens: Iterable[str] = (), *, is_for_all: bool = False) -> None:
        """`is_for_all`: resolutions of every market are read, as recordings want them."""
        self._tokens: dict[str, None] = dict.fromkeys(tokens)
        self._is_for_all = is_for_all
        self._legs = Remembered(_LEGS_REMEMBERED)

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(self._tokens)

    def hello(self) -> tuple[str, ...]:
        """The first frame must be the subscription (venue rule); books come as the answer."""
        first = {
            "type": "market",
            "assets_ids": list(self._tokens),
            "custom_feature_enabled": True,
        }
        return (_encode(first).decode(),)

    def revive(self, stream: str) -> tuple[str, ...]:
        """A subscription that is repeated is refused: only a reconnect helps."""
        return ()

    def subscribe(self, tokens: Iterable[str]) -> str | None:
        """The frame that adds `tokens`; None when all are there, since repeats are refused."""
        new = [token for token in dict.fromkeys(tokens) if token not in self._tokens]
        if not new:
            return None
        self._tokens.update(dict.fromkeys(new))
        frame = {"operation": "subscribe", "assets_ids": new, "custom_feature_enabled": True}
        return _encode(frame).decode()

    def unsubscribe(self, tokens: Iterable[str]) -> str | None:
        """The frame that drops `tokens`; None when none of them was there."""
        old = [token for token in dict.fromkeys(tokens) if token in self._tokens]
        if not old:
            return None
        for token in old:
            del self._tokens[token]
        return _encode({"operation": "unsubscribe", "assets_ids": old}).decode()

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        """Events of a frame: prices and shares in millionths, times in UTC ns."""
        try:
            text = frame if isinstance(frame, str) else frame.decode()
            return self._parse(text, received_ns)
        except WIRE_FAULTS as fault:
            return rejected(fault)

    def _parse(self, text: str, received_ns: int) -> Parsed:
        if _IS_CHANGE in text and text[0] == "{":
            try:
                whole = _decode_whole_change(text)
            except msgspec.DecodeError:
                pass  # what follows finds out what is wrong, and what of it stands all the same
            else:
                if whole.event_type == "price_change":
                    return _parsed(*_changed(whole.price_changes, whole.timestamp, received_ns))
        if text == "PONG" or not text:
            return NOTHING
        try:
            message = _decode(text)
        except msgspec.DecodeError:
            return self._parse_items(text, received_ns)
        if isinstance(message, _MarketMessage):
            return _parsed(*self._read(message, received_ns))
        return _together([self._read_or_not(item, received_ns) for item in message])

    def _parse_items(self, text: str, received_ns: int) -> Parsed:
        """A frame that does not fit our types, item by item: one that is spoilt is lost alone."""
        text = readable(text)
        if text.lstrip()[:1] != "[":
            return _parsed(*self._read_raw(text, received_ns))
        found: list[_Read] = []
        for item in _decode_items(text):
            try:
                found.append(self._read_raw(item, received_ns))
            except WIRE_FAULTS as fault:
                found.append((None, str(fault)))
        return _together(found)

    def _read_raw(self, raw: str | msgspec.Raw, received_ns: int) -> _Read:
        try:
            return self._read(_decode_one(raw), received_ns)
        except msgspec.ValidationError:
            kind = _decode_kind(raw).event_type
            if kind and kind not in _USED:
                return None, ""
            if kind != "price_change":
                raise
        loose = _decode_changes(raw)
        changes, why = kept(loose.price_changes, _decode_change)
        event, refusal = _changed(changes, loose.timestamp, received_ns)
        return event, why or refusal

    def _read_or_not(self, message: _MarketMessage, received_ns: int) -> _Read:
        try:
            return self._read(message, received_ns)
        except WIRE_FAULTS as fault:
            return None, str(fault)

    def _read(self, message: _MarketMessage, received_ns: int) -> _Read:
        """The event of a message, and what was left out of it."""
        if message.event_type == "price_change":
            return _changed(message.price_changes or (), message.timestamp, received_ns)
        return self._event(message, received_ns), ""

    def _event(self, message: _MarketMessage, received_ns: int) -> MarketEvent | None:
        kind = message.event_type
        if kind == "book" or (not kind and message.bids is not None):
            return _snapshot(message, received_ns)
        if kind == "last_trade_price":
            trade = _trade(message, received_ns)
            return None if self._is_repeated(message, trade) else trade
        if kind == "tick_size_change":
            return _tick_change(message, received_ns)
        if kind == "market_resolved":
            return self._settled(message, received_ns)
        if not kind:
            raise ValueError("no event_type")
        return None

    def _is_repeated(self, leg: _MarketMessage, trade: TradePrinted) -> bool:
        """Trades have no number, and frames come twice (venue fact). Two legs of one match that are
        alike in everything count once: too little is seen to trade then, never too much."""
        if not leg.transaction_hash:
            return False
        what = (trade.token_id, trade.price, trade.shares, trade.taker_side, trade.venue_ns)
        return self._legs.has_seen((leg.transaction_hash[:80], *what))

    def _settled(self, message: _MarketMessage, received_ns: int) -> RoundSettled | None:
        """The stream names the winners of every market there is: keep those of our tokens. One
        that speaks of our tokens and names another is nobody's winner."""
        winner = TOKENS[message.winning_asset_id]
        if not (message.market.isascii() and message.market.isalnum()):
            raise ValueError(f"not a condition id: {message.market[:80]!r}")
        named = message.assets_ids or ()
        if winner not in self._tokens and not self._is_for_all:
            if not any(token in self._tokens for token in named):
                return None
            if winner not in named:
                raise ValueError(f"a winner that is none of the outcomes: {winner}")
        venue_ns = ns_of_ms(message.timestamp) if message.timestamp else 0
        return RoundSettled(message.market, winner, "stream", received_ns, venue_ns)


def _parsed(event: MarketEvent | None, why: str) -> Parsed:
    if event is None:
        return IGNORED
    return with_rejection(Parsed((event,), is_data=True, stream="book"), why)


def _together(found: Sequence[_Read]) -> Parsed:
    """An array's items as one frame; rejected where nothing of it can be believed."""
    events = tuple([event for event, _ in found if event is not None])
    whys = [why for _, why in found if why]
    words = f"{len(whys)} of {len(found)} items: {whys[0]}" if whys else ""
    if events:
        return with_rejection(Parsed(events, is_data=True, stream="book"), words)
    if whys:
        raise ValueError(words)
    return IGNORED if found else NOTHING


def _changed(
    wire: Sequence[_WireChange], timestamp: str, received_ns: int
) -> tuple[BookChanged, str]:
    if not wire:
        raise ValueError("price_change without changes")
    why = ""
    try:
        changes = [_level_change(change) for change in wire]
    except WIRE_FAULTS:
        changes, why = kept(wire, _level_change)
        if not changes:
            raise ValueError(why) from None
    return BookChanged(tuple(changes), ns_of_ms(timestamp), received_ns), why


def _level_change(change: _WireChange) -> LevelChange:
    return LevelChange(
        TOKENS[change.asset_id],
        SIDES[change.side],
        INNER_PRICES[change.price],
        SHARES[change.size],
        BESTS[change.best_bid],
        BESTS[change.best_ask],
    )


def _snapshot(message: _MarketMessage, received_ns: int) -> BookSnapshotted:
    if message.bids is None or message.asks is None:
        raise ValueError("book without bids or asks")
    book = WireBook(
        message.asset_id, message.timestamp, message.bids, message.asks, message.tick_size
    )
    return book_of(book, received_ns, "stream")


def _trade(message: _MarketMessage, received_ns: int) -> TradePrinted:
    shares = SHARES[message.size]
    if not shares:
        raise ValueError("a trade of no shares")
    return TradePrinted(
        TOKENS[message.asset_id],
        INNER_PRICES[message.price],
        shares,
        SIDES[message.side],
        ns_of_ms(message.timestamp),
        received_ns,
    )


def _tick_change(message: _MarketMessage, received_ns: int) -> TickSizeChanged:
    tick = tick_of(message.new_tick_size)
    token_id = TOKENS[message.asset_id]
    return TickSizeChanged(token_id, tick, ns_of_ms(message.timestamp), received_ns)
