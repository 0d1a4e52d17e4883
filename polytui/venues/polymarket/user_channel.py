"""The CLOB's user channel: our own orders and trades, as the venue tells them.

Venue rules that shape it: `size_matched` is cumulative, empty texts stand for 0; statuses are an
open set and may carry free text; a trade keeps its id from MATCHED to CONFIRMED or FAILED, with or
without a prefix; as maker one gets the whole trade, whose owner may be the taker, and owns only the
entries of `maker_orders` with one's owner, whose side may be left out; stamps of twelve digits or
more are milliseconds, others seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial

import msgspec
from attrs import field, frozen

from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, Price, Shares, parse_micro, parse_price
from polytui.venues.feed import (
    NOTHING,
    WIRE_FAULTS,
    Parsed,
    kept,
    ns_of_ms,
    refused,
    rejected,
    with_rejection,
)

_MILLISECONDS_FROM = 10**12
_TRADE_PREFIX = "TRADE_STATUS_"
_ID_MOST = 100


class OrderChange(str, Enum):
    """What happened to an order."""

    PLACED = "PLACEMENT"
    MATCHED = "UPDATE"
    CANCELLED = "CANCELLATION"


class TradeStatus(str, Enum):
    """How final a trade is. FAILED means that it never happened: reverse it."""

    MATCHED = "MATCHED"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


@frozen
class UserOrder:
    """One message about one of our orders. Shares and price in millionths."""

    order_id: str
    change: OrderChange
    condition_id: str
    token_id: str
    side: Side
    price: Price
    original: Shares
    """For a killed FOK buy the venue puts dollars here."""
    matched: Shares
    """In all, so far."""
    status: str
    venue_ns: int


@frozen
class UserMatch:
    """Our part in a trade: one of our orders and what it got."""

    order_id: str
    token_id: str
    side: Side
    price: Price
    shares: Shares
    is_taker: bool


@frozen
class UserTrade:
    """One message about one trade of ours."""

    trade_id: str
    status: TradeStatus
    condition_id: str
    matches: tuple[UserMatch, ...]
    venue_ns: int


UserEvent = UserOrder | UserTrade


class _MakerOrder(msgspec.Struct, gc=False):
    order_id: str
    price: str
    matched_amount: str | None = ""
    side: str | None = ""
    owner: str | None = ""
    asset_id: str | None = ""
    token_id: str | None = ""


class _UserMessage(msgspec.Struct, gc=False):
    event_type: str = ""
    id: str = ""
    type: str = ""
    market: str = ""
    asset_id: str | None = ""
    token_id: str | None = ""
    side: str | None = ""
    price: str = ""
    size: str | None = ""
    original_size: str | None = ""
    size_matched: str | None = ""
    status: str = ""
    taker_order_id: str | None = ""
    owner: str | None = ""
    trade_owner: str | None = ""
    trader_side: str | None = ""
    maker_orders: list[_MakerOrder] | None = None
    timestamp: str | int | None = None
    match_time: str | int | None = None
    matchtime: str | int | None = None
    last_update: str | int | None = None
    message: str = ""


_decode = msgspec.json.Decoder(list[msgspec.Raw] | _UserMessage).decode
_decode_one = msgspec.json.Decoder(_UserMessage).decode
_encode = msgspec.json.Encoder().encode


def _stars(_: str) -> str:
    return "***"


@frozen
class UserKey:
    """The API key of the account that is listened to. Never printed."""

    key: str = field(repr=_stars)
    secret: str = field(repr=_stars)
    passphrase: str = field(repr=_stars)


class UserChannel:
    """Codec of one user-channel connection, for the whole account."""

    feed = "user"

    def __init__(
        self, key: UserKey | None = None, is_ours: Callable[[str], bool] = lambda _: False
    ) -> None:
        """Without a key it only reads: recorded frames need none. `is_ours` knows the ids of our
        orders, which is a better proof than an owner."""
        self._key = key
        self._is_ours = is_ours

    def hello(self) -> tuple[str, ...]:
        if self._key is None:
            return ()
        auth = {
            "apiKey": self._key.key,
            "secret": self._key.secret,
            "passphrase": self._key.passphrase,
        }
        return (_encode({"type": "user", "auth": auth}).decode(),)

    def read(self, frame: str | bytes) -> tuple[tuple[UserEvent, ...], Parsed]:
        """What a frame says of our orders and trades. Never raises."""
        if not frame.strip() or frame in ("PONG", b"PONG"):
            return (), NOTHING
        try:
            found = _decode(frame)
            messages, why = kept(found, _decode_one) if isinstance(found, list) else ([found], "")
            words = [one.message for one in messages if one.message and not one.event_type]
            if words:
                return (), refused(words[0])
            if not isinstance(found, list):
                events = [self._read(found)]
            else:
                events, fault = kept(messages, self._read)
                why = why or fault
        except WIRE_FAULTS as fault:
            return (), rejected(fault)
        told = tuple(event for event in events if event is not None)
        parsed = Parsed(is_data=bool(told), ignored=0 if told or not events else 1)
        return told, with_rejection(parsed, why)

    def _read(self, message: _UserMessage) -> UserEvent | None:
        if message.event_type == "order":
            return _order(message)
        if message.event_type == "trade":
            return self._trade(message)
        if not message.event_type:
            raise ValueError("no event_type")
        return None

    def _trade(self, message: _UserMessage) -> UserTrade:
        status = message.status.upper().removeprefix(_TRADE_PREFIX)
        if status == "MATCHED_NOT_BROADCASTED":
            status = TradeStatus.MATCHED.value
        if (message.trader_side or "").upper() == "MAKER":
            matches = tuple(map(partial(_made, message), self._ours(message)))
        else:
            matches = (_taken(message),)
        stamps = (message.timestamp, message.match_time, message.matchtime, message.last_update)
        stamp = next((one for one in stamps if one), "")
        return UserTrade(
            _id(message.id), TradeStatus(status), message.market, matches, _stamp(stamp)
        )

    def _ours(self, message: _UserMessage) -> list[_MakerOrder]:
        """The entries of ours: by the order's id, by our key; without a key by the owner that the
        trade names, and all of them where nobody says whose they are."""
        entries = message.maker_orders or []
        ours = [entry for entry in entries if self._is_ours(entry.order_id)]
        if not ours:
            key = self._key.key if self._key else message.trade_owner or message.owner
            ours = [entry for entry in entries if not key or entry.owner in ("", None, key)]
        if not ours and self._key is None:
            ours = entries
        if not ours:
            raise ValueError("a maker's trade without an order of ours")
        return ours


def _made(message: _UserMessage, entry: _MakerOrder) -> UserMatch:
    return UserMatch(
        _id(entry.order_id),
        entry.asset_id or entry.token_id or "",
        _side(entry.side) if entry.side else _side_opposite(message, entry),
        _price(entry.price),
        _shares(entry.matched_amount),
        is_taker=False,
    )


def _side_opposite(message: _UserMessage, entry: _MakerOrder) -> Side:
    """The maker's side where it is left out: the other one on the taker's own token; on the other
    token the same, since two buyers make a pair of shares and two sellers end one."""
    taken = _side(message.side)
    is_same_token = (entry.asset_id or entry.token_id) == (message.asset_id or message.token_id)
    return taken.other if is_same_token else taken


def _taken(message: _UserMessage) -> UserMatch:
    return UserMatch(
        _id(message.taker_order_id or ""),
        message.asset_id or message.token_id or "",
        _side(message.side),
        _price(message.price),
        _shares(message.size),
        is_taker=True,
    )


def _order(message: _UserMessage) -> UserOrder:
    return UserOrder(
        _id(message.id),
        OrderChange(message.type.upper()),
        message.market,
        message.asset_id or message.token_id or "",
        _side(message.side),
        _price(message.price),
        _shares(message.original_size),
        _shares(message.size_matched),
        ascii(message.status)[1:-1][:_ID_MOST],
        _stamp(message.timestamp or ""),
    )


def _side(text: str | None) -> Side:
    """In whatever case (venue quirk)."""
    return Side((text or "").lower())


def _price(text: str) -> Price:
    price = parse_price(text)
    if not price:
        raise ValueError(f"no price: {text[:40]!r}")
    return price


def _shares(text: str | None) -> Shares:
    return Shares(parse_micro(text) if text else 0)


def _id(text: str) -> str:
    if not (0 < len(text) <= _ID_MOST and text.isascii() and text.isprintable()):
        raise ValueError(f"not an id: {text[:40]!r}")
    return text


def _stamp(stamp: str | int) -> int:
    text = str(stamp)
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise ValueError(f"not a time: {text[:40]!r}")
    number = int(text)
    return ns_of_ms(number) if number >= _MILLISECONDS_FROM else number * NS_PER_S
