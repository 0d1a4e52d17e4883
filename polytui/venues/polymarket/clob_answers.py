"""What the CLOB answers to whoever trades there: orders, cancels, balances, heartbeats.

An answer that looks like a success need not be one: in a batch a refused order says `success` and
has no id, one beyond a rate limit says `delayed`. So an order is taken only where everything fits:
success, our own id, a known status, and no complaint. Everything else is judged by its words, and
unknown where they prove nothing. Amounts come as decimals of whole units, as whole millionths (the
papers show both), or empty where nothing matched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NoReturn, TypeVar

import msgspec
from attrs import field, frozen

from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.orders import Side
from polytui.model.plain_text import plain
from polytui.model.units import MICRO, parse_micro
from polytui.venues.feed import WIRE_FAULTS
from polytui.venues.polymarket.clob_refusals import judged_item
from polytui.venues.polymarket.signing import SignedOrder

_T = TypeVar("_T")
_ID_MOST = 100
_TRADES_MOST = 10_000
_AMOUNT_DIGITS = 80
"""An allowance without end is 78 digits long."""


class PostStatus(str, Enum):
    LIVE = "live"
    """It rests."""
    MATCHED = "matched"
    """All of it, or as much as there was; what is left of a GTC rests."""
    DELAYED = "delayed"
    """Taken, and held for a moment before it matches."""
    UNMATCHED = "unmatched"
    """It could have matched and did not; in the papers only."""


_STATUSES = {one.value for one in PostStatus}


@frozen
class PostAnswer:
    """An order that the venue took."""

    venue_id: str
    status: PostStatus
    making: int | None = None
    """Millionths that it gave at once: dollars of a buy, shares of a sale. None where nothing
    matched, or nobody says; the trades are the truth."""
    taking: int | None = None
    """Millionths that it got for them."""
    trade_ids: tuple[str, ...] = ()

    def shares(self, side: Side) -> int | None:
        """That it says matched, millionths: of a purchase what it got, of a sale what it gave."""
        return self.taking if side is Side.BUY else self.making


@frozen
class CancelAnswer:
    """Ids as the venue names orders; the same word as in the simulated venue, which answers."""

    cancelled: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(factory=dict)
    """Why, in the venue's words; mostly that there is nothing left of it."""
    unanswered: tuple[str, ...] = ()
    """Asked for, and nothing said of them: ask again."""


@frozen
class Funds:
    """Of one token, millionths; the same word as in the simulated venue, which keeps them."""

    balance: int
    allowances: Mapping[str, int] = field(factory=dict)
    """How much each contract may move, by its address as the venue writes it; under "" where the
    venue does not say which."""


@frozen
class Beat:
    heartbeat_id: str
    """To go on with."""
    is_accepted: bool
    """One that is not does not keep orders alive: beat again at once, with the id."""


class _PostItem(msgspec.Struct, gc=False):
    success: bool | None = None
    complaint: str | None = msgspec.field(default="", name="errorMsg")
    error: str | None = ""
    order_id: str | None = msgspec.field(default="", name="orderID")
    status: str | None = ""
    making: str | int | float | None = msgspec.field(default="", name="makingAmount")
    taking: str | int | float | None = msgspec.field(default="", name="takingAmount")
    trade_ids: list[str] | None = msgspec.field(default=None, name="tradeIDs")


class _Cancels(msgspec.Struct, gc=False):
    canceled: list[str] | None = None
    not_canceled: dict[str, str] | None = None


class _Balance(msgspec.Struct, gc=False):
    balance: str | int
    allowances: dict[str, str | int] | None = None
    allowance: str | int | None = None


class _BeatBody(msgspec.Struct, gc=False):
    heartbeat_id: str
    error_msg: str | None = ""
    error: str | None = ""


_decode_item = msgspec.json.Decoder(_PostItem).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_cancels = msgspec.json.Decoder(_Cancels).decode
_decode_balance = msgspec.json.Decoder(_Balance).decode
_decode_beat = msgspec.json.Decoder(_BeatBody).decode


# --- orders ---------------------------------------------------------------------------------------


def post_answer(where: str, raw: bytes | msgspec.Raw, signed: SignedOrder) -> PostAnswer:
    """Of one order; raises what its answer means where it was not taken for certain."""
    try:
        item = _decode_item(raw)
    except WIRE_FAULTS as fault:
        raise _unread(f"{where}: {plain(fault)}") from None
    words, order_id = item.complaint or item.error or "", item.order_id or ""
    if words:
        raise judged_item(where, words, has_id=bool(item.success and order_id))
    if not item.success or not order_id:
        raise _unread(f"{where}: neither taken nor refused")
    if order_id.lower() != signed.venue_id:
        raise _unread(f"{where}: another order's id, {plain(order_id, _ID_MOST)}")
    status = (item.status or "").lower().removeprefix("order_status_")
    if status not in _STATUSES:
        raise _unread(f"{where}: a status that is not known, {plain(status, _ID_MOST)!r}")
    making, taking = amounts(item.making, item.taking, signed.amounts.maker)
    trades = tuple(map(plain, (item.trade_ids or ())[:_TRADES_MOST]))
    return PostAnswer(signed.venue_id, PostStatus(status), making, taking, trades)


def post_answers(
    where: str, body: bytes, signeds: Sequence[SignedOrder]
) -> list[PostAnswer | Rejected | Retry | Unknown]:
    """Of a batch, in its order; Unknown for every one where they cannot be told apart."""
    try:
        items = _decode_items(body)
    except WIRE_FAULTS as fault:
        raise _unread(f"{where}: {plain(fault)}") from None
    if len(items) != len(signeds):
        raise _unread(f"{where}: {len(items)} answers to {len(signeds)} orders")
    found: list[PostAnswer | Rejected | Retry | Unknown] = []
    for number, (raw, signed) in enumerate(zip(items, signeds, strict=True), 1):
        try:
            found.append(post_answer(f"{where} ({number} of {len(items)})", raw, signed))
        except (Rejected, Retry, Unknown) as error:
            found.append(error)
    return found


def amounts(making: object, taking: object, most: int) -> tuple[int | None, int | None]:
    """Millionths given and got. `most`: what the order may give, millionths.

    A decimal point means whole units. Without one both are whole units, if the order could give so
    many; else millionths. (Whole units of a hundredth share or of a cent are never so few as
    millionths would have to be to fit both ways.) None for both where they are no amounts or do
    not fit the order: nobody is told a figure that is a guess.
    """
    texts = [_amount_text(one) for one in (making, taking)]
    if not texts[0]:
        return None, None
    try:
        is_decimal = any("." in text for text in texts)
        given = parse_micro(texts[0])
        is_whole = is_decimal or given <= most
        if not is_whole:
            given //= MICRO
        if not 0 < given <= most:
            return None, None
        got = parse_micro(texts[1]) if texts[1] else 0
        return given, got if is_whole else got // MICRO
    except WIRE_FAULTS:
        return None, None


def _amount_text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    return str(value)[:_AMOUNT_DIGITS] if isinstance(value, str | int) else ""


def cancel_answer(where: str, body: bytes, asked: Sequence[str] = ()) -> CancelAnswer:
    """Unknown where it cannot be read."""
    try:
        document = _decode_cancels(body)
    except WIRE_FAULTS as fault:
        raise _unread(f"{where}: {plain(fault)}") from None
    cancelled = tuple(dict.fromkeys(one.lower() for one in document.canceled or ()))
    gone = set(cancelled)
    refused = {
        order_id.lower(): plain(why)
        for order_id, why in (document.not_canceled or {}).items()
        if order_id.lower() not in gone
    }
    silent = tuple(one for one in asked if one not in gone and one not in refused)
    return CancelAnswer(cancelled, refused, silent)


# --- the account ----------------------------------------------------------------------------------


def funds(where: str, body: bytes) -> Funds:
    """Retry where it cannot be read: no balance is ever guessed."""
    document = readable(where, body, _decode_balance)
    try:
        allowances = document.allowances
        if allowances is None:
            allowances = {} if document.allowance is None else {"": document.allowance}
        return Funds(
            _whole(document.balance),
            {plain(spender, _ID_MOST): _whole(left) for spender, left in allowances.items()},
        )
    except WIRE_FAULTS as fault:
        unreadable(where, fault)


def beat_of(where: str, body: bytes, *, is_accepted: bool) -> Beat:
    """Also of a refusal: the wrong id is answered with the right one."""
    document = readable(where, body, _decode_beat)
    heartbeat_id = document.heartbeat_id
    if not (0 < len(heartbeat_id) <= _ID_MOST and heartbeat_id.isprintable()):
        unreadable(where, "no id to go on with")
    return Beat(heartbeat_id, is_accepted and not (document.error_msg or document.error))


def readable(where: str, body: bytes, decode: Any) -> Any:
    """What a read says; Retry where that is nothing we understand, without showing it."""
    try:
        return decode(body)
    except WIRE_FAULTS as fault:
        unreadable(where, fault)


def unreadable(where: str, why: object) -> NoReturn:
    raise Retry(f"{where}: an answer that cannot be read ({plain(why)}); try again") from None


def _whole(value: str | int) -> int:
    """A whole number, never below zero, in digits or as a number; ValueError otherwise."""
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= _AMOUNT_DIGITS):
        raise ValueError("not an amount")
    return int(text)


def _unread(detail: str) -> Unknown:
    return Unknown(f"{detail}; it may have happened, look before sending it again")
