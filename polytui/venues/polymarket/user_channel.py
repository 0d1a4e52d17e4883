"""The CLOB's user channel: our own orders and trades, as the venue tells them.

Venue rules that shape it: `size_matched` is cumulative, empty texts stand for 0; statuses are an
open set and may carry free text; a trade keeps its id from MATCHED to CONFIRMED or FAILED, with or
without a prefix; as maker one gets the whole trade, whose owner may be the taker, and owns only the
entries of `maker_orders` with one's owner, whose side may be left out; stamps of twelve digits or
more are milliseconds, others seconds. The account's REST rows are the same documents without
`event_type`, so they are read here, too.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial

import msgspec
from attrs import evolve, frozen

from polytui.config.api_key import ApiKey
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, Price, Shares, complement, parse_micro, parse_price
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
_TRADE_PREFIX, _ORDER_PREFIX = "TRADE_STATUS_", "ORDER_STATUS_"
_ENDS = ("CANCELED", "CANCELLED", "INVALID", "EXPIRED")
"""How the words for an order's end begin; a reason in free text may follow."""
_UNMATCHED = "UNMATCHED"
"""It could have matched, was held, and met nobody: no end of what may rest (the venue's pages)."""
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
    """When it changed; of an answer to a question when it was placed."""
    order_type: str = ""
    is_answer: bool = False
    """Read in an answer: it says how things stand, and not since when."""
    is_of_another_key: bool = False
    """Placed with another API key of the account, which alone may cancel it."""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it can match any more."""
        if self.change is OrderChange.CANCELLED:
            return True
        words = self.status.upper().removeprefix(_ORDER_PREFIX)
        return words.startswith(_ENDS) or self.is_matched

    @property
    def is_matched(self) -> bool:
        """Whether it ended by its trades, or may rest with what they left."""
        words = self.status.upper().removeprefix(_ORDER_PREFIX)
        return words == "MATCHED" and self.change is not OrderChange.CANCELLED

    @property
    def is_unmatched(self) -> bool:
        """Whether it met nobody: the end of what may not rest, and of nothing else."""
        words = self.status.upper().removeprefix(_ORDER_PREFIX)
        return words.startswith(_UNMATCHED) and self.change is not OrderChange.CANCELLED


@frozen
class UserMatch:
    """Our part in a trade: one of our orders and what it got."""

    order_id: str
    token_id: str
    side: Side
    price: Price
    shares: Shares
    is_taker: bool
    parts: tuple[tuple[Price, Shares], ...] = ()
    """A taker's shares by the maker that gave them, at prices of the taker's own token: the venue
    counts money a part at a time. Empty where nobody says, and of a maker."""


@frozen
class UserTrade:
    """One message about one trade of ours."""

    trade_id: str
    status: TradeStatus
    condition_id: str
    matches: tuple[UserMatch, ...]
    venue_ns: int
    """When it was written; of an answer to a question when they met."""


UserEvent = UserOrder | UserTrade


class _MakerOrder(msgspec.Struct, gc=False):
    order_id: str
    price: str
    matched_amount: str | None = ""
    side: str | None = ""
    owner: str | None = ""
    asset_id: str | None = ""
    token_id: str | None = ""
    maker_address: str | None = ""


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
    created_at: str | int | None = None
    order_type: str | None = ""
    maker_address: str | None = ""
    message: str = ""


_decode = msgspec.json.Decoder(list[msgspec.Raw] | _UserMessage).decode
_decode_one = msgspec.json.Decoder(_UserMessage).decode
_encode = msgspec.json.Encoder().encode


class UserChannel:
    """Codec of one user-channel connection, for the whole account."""

    feed = "user"

    def __init__(
        self,
        key: ApiKey | None = None,
        is_ours: Callable[[str], bool] = lambda _: False,
        wallet: str = "",
    ) -> None:
        """Without a key it only reads: recorded frames need none. `is_ours` knows the ids of our
        orders, which is a better proof than an owner; `wallet` holds the account's money, and is
        the maker of orders of its other keys, too."""
        self._key = key
        self._is_ours = is_ours
        self._wallet = wallet.lower()

    def hello(self) -> tuple[str, ...]:
        if self._key is None:
            return ()
        auth = {
            "apiKey": self._key.key,
            "secret": self._key.secret.reveal(),
            "passphrase": self._key.passphrase.reveal(),
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

    def order_of(self, raw: bytes | msgspec.Raw) -> UserOrder:
        """An order as the account's reads have it; one of `WIRE_FAULTS` where it is none."""
        order = self._order(_decode_one(raw))
        words = order.status.upper().removeprefix(_ORDER_PREFIX)
        if words.startswith(_ENDS):
            change = OrderChange.CANCELLED
        else:
            change = OrderChange.MATCHED if order.matched else OrderChange.PLACED
        return evolve(order, change=change, is_answer=True)

    def trade_of(self, raw: bytes | msgspec.Raw) -> UserTrade:
        """A trade as the account's reads have it; one of `WIRE_FAULTS` where it is none."""
        return self._trade(_decode_one(raw))

    def _read(self, message: _UserMessage) -> UserEvent | None:
        if message.event_type == "order":
            return self._order(message)
        if message.event_type == "trade":
            return self._trade(message)
        if not message.event_type:
            raise ValueError("no event_type")
        return None

    def _order(self, message: _UserMessage) -> UserOrder:
        owner = message.owner
        return UserOrder(
            _id(message.id),
            OrderChange(message.type.upper()) if message.event_type else OrderChange.PLACED,
            message.market,
            message.asset_id or message.token_id or "",
            _side(message.side),
            _price(message.price),
            _shares(message.original_size),
            _shares(message.size_matched),
            ascii(message.status)[1:-1][:_ID_MOST],
            _stamp(message.timestamp or message.created_at or ""),
            (message.order_type or "").upper()[:_ID_MOST],
            is_of_another_key=bool(self._key and owner and owner != self._key.key),
        )

    def _trade(self, message: _UserMessage) -> UserTrade:
        status = message.status.upper().removeprefix(_TRADE_PREFIX)
        if status == "MATCHED_NOT_BROADCASTED":
            status = TradeStatus.MATCHED.value
        stamps = (message.timestamp, message.match_time, message.matchtime, message.last_update)
        stamp = next((one for one in stamps if one), "")
        return UserTrade(
            _id(message.id),
            TradeStatus(status),
            message.market,
            tuple(self._matches(message)),
            _stamp(stamp),
        )

    def _matches(self, message: _UserMessage) -> list[UserMatch]:
        """Our parts: the taker's, the makers', or both where we met ourselves."""
        entries = message.maker_orders or []
        proven = [entry for entry in entries if self._is_proven(entry)]
        is_taker = self._took(message) or self._is_said_to_take(message, is_maker=bool(proven))
        if not is_taker and not proven:
            proven = self._presumed(message, entries)
        made = list(map(partial(_made, message), proven))
        return [_taken(message), *made] if is_taker else made

    def _took(self, message: _UserMessage) -> bool:
        """Whether the taker is ours though the venue calls the reader a maker: its reads do, where
        another key of the account took."""
        is_wallet = bool(self._wallet) and (message.maker_address or "").lower() == self._wallet
        return is_wallet or self._is_ours(message.taker_order_id or "")

    def _is_said_to_take(self, message: _UserMessage, *, is_maker: bool) -> bool:
        """Where the side is left out, by the owner, unless an entry is proven to be ours: a maker's
        trade may name him as well. A stranger's order is never presumed to be ours."""
        if message.trader_side:
            return message.trader_side.upper() != "MAKER"
        if is_maker:
            return False
        return self._key is None or message.owner == self._key.key

    def _is_proven(self, entry: _MakerOrder) -> bool:
        if self._is_ours(entry.order_id):
            return True
        if self._wallet and (entry.maker_address or "").lower() == self._wallet:
            return True
        return self._key is not None and entry.owner == self._key.key

    def _presumed(self, message: _UserMessage, entries: list[_MakerOrder]) -> list[_MakerOrder]:
        """Those that nobody else owns; without a key those of the owner that the trade names, and
        all of them where nobody says whose they are."""
        if self._key is not None:
            ours = [entry for entry in entries if not entry.owner]
        else:
            owner = message.trade_owner or message.owner
            ours = [one for one in entries if not owner or one.owner in ("", None, owner)]
            ours = ours or entries
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
        parts=_parts(message),
    )


def _parts(message: _UserMessage) -> tuple[tuple[Price, Shares], ...]:
    """What each maker gave, in the taker's prices; nothing where it is not the whole trade."""
    token = message.asset_id or message.token_id
    parts: list[tuple[Price, Shares]] = []
    for entry in message.maker_orders or ():
        price, shares = _price(entry.price), _shares(entry.matched_amount)
        is_same_token = (entry.asset_id or entry.token_id) == token
        parts.append((price if is_same_token else complement(price), shares))
    is_whole = sum(shares for _, shares in parts) == _shares(message.size)
    return tuple(parts) if is_whole else ()


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
