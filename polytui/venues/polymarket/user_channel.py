"""The CLOB's user channel: our own orders and trades, as the venue tells them.

Venue rules that shape it: `size_matched` is cumulative, empty texts stand for 0; statuses are an
open set and may carry free text; a trade keeps its id from MATCHED to CONFIRMED or FAILED, with or
without a prefix; as maker one gets the whole trade and owns only the entries of `maker_orders`
with one's owner; stamps of twelve digits or more are milliseconds, others seconds.
"""

from __future__ import annotations

from enum import Enum

import msgspec
from attrs import field, frozen

from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, Price, Shares, parse_micro, parse_price
from polytui.venues.feed import NOTHING, WIRE_FAULTS, Parsed, ns_of_ms, refused, rejected

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
    side: str = ""
    owner: str = ""
    asset_id: str = ""
    token_id: str = ""


class _Message(msgspec.Struct, gc=False):
    event_type: str = ""
    id: str = ""
    type: str = ""
    market: str = ""
    asset_id: str = ""
    token_id: str = ""
    side: str = ""
    price: str = ""
    size: str | None = ""
    original_size: str | None = ""
    size_matched: str | None = ""
    status: str = ""
    taker_order_id: str = ""
    owner: str = ""
    trade_owner: str = ""
    trader_side: str = ""
    maker_orders: list[_MakerOrder] | None = None
    timestamp: str | int = 0
    message: str = ""


_decode = msgspec.json.Decoder(list[_Message] | _Message).decode
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

    def __init__(self, key: UserKey | None = None) -> None:
        """Without a key it only reads: recorded frames need none."""
        self._key = key

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
            messages = found if isinstance(found, list) else [found]
            words = [one.message for one in messages if one.message and not one.event_type]
            if words:
                return (), refused(words[0])
            events = [self._read(message) for message in messages]
        except WIRE_FAULTS as fault:
            return (), rejected(fault)
        kept = tuple(event for event in events if event is not None)
        return kept, Parsed(is_data=bool(kept), ignored=0 if kept or not events else 1)

    def _read(self, message: _Message) -> UserEvent | None:
        if message.event_type == "order":
            return _order(message)
        if message.event_type == "trade":
            return self._trade(message)
        if not message.event_type:
            raise ValueError("no event_type")
        return None

    def _trade(self, message: _Message) -> UserTrade:
        status = message.status.upper().removeprefix(_TRADE_PREFIX)
        if status == "MATCHED_NOT_BROADCASTED":
            status = TradeStatus.MATCHED.value
        if message.trader_side.upper() == "MAKER":
            matches = self._as_maker(message)
        else:
            matches = (_taken(message),)
        return UserTrade(
            _id(message.id), TradeStatus(status), message.market, matches, _stamp(message.timestamp)
        )

    def _as_maker(self, message: _Message) -> tuple[UserMatch, ...]:
        """The entries of ours; all of them where nobody says whose they are."""
        owner = self._key.key if self._key else message.trade_owner or message.owner
        entries = message.maker_orders or []
        ours = [entry for entry in entries if not owner or entry.owner in ("", owner)]
        if not ours:
            raise ValueError("a maker's trade without an order of ours")
        return tuple(
            UserMatch(
                _id(entry.order_id),
                entry.asset_id or entry.token_id,
                _side(entry.side),
                _price(entry.price),
                _shares(entry.matched_amount),
                is_taker=False,
            )
            for entry in ours
        )


def _taken(message: _Message) -> UserMatch:
    return UserMatch(
        _id(message.taker_order_id),
        message.asset_id or message.token_id,
        _side(message.side),
        _price(message.price),
        _shares(message.size),
        is_taker=True,
    )


def _order(message: _Message) -> UserOrder:
    return UserOrder(
        _id(message.id),
        OrderChange(message.type.upper()),
        message.market,
        message.asset_id or message.token_id,
        _side(message.side),
        _price(message.price),
        _shares(message.original_size),
        _shares(message.size_matched),
        ascii(message.status)[1:-1][:_ID_MOST],
        _stamp(message.timestamp),
    )


def _side(text: str) -> Side:
    """In whatever case (venue quirk)."""
    return Side(text.lower())


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
