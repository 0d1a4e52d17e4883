"""What every feed of a venue shares: the shape of a codec, and checks on what wires may say.

A codec turns one frame into events. It never raises, never waits and keeps no clock: a message
that cannot be believed whole is rejected whole, with a reason short enough for a log line; of a
frame that holds many, the others stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec
from attrs import field, frozen

from polytui.model.events import ExchangeQuoted, MarketEvent
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.venues.spelled import Spelled

_LATEST_MS = 10**14
"""The year 5138: a larger number is not milliseconds."""
_LARGEST, _SMALLEST = 1e15, 1e-18
"""No price is beyond these: their ratios, squares and sums stay finite in whatever is computed."""
_REASON_LENGTH = 160

WIRE_FAULTS = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""All that decoding and checking a hostile frame can raise (UnicodeError is a ValueError)."""


@frozen
class Gap:
    """Trades that did not come, by id, both ends included."""

    first_id: int
    last_id: int
    after_ns: int = field(default=0, eq=False)
    """When the last trade before them was, by the venue; 0 where it is not known."""
    before_ns: int = field(default=0, eq=False)
    """When the first one after them was."""

    @property
    def missed(self) -> int:
        return self.last_id - self.first_id + 1


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """What one frame meant. At most one of `events`, `ignored`, `rejected`, `refused` matters,
    but for a frame of many items: those that can be believed are events beside its rejection."""

    events: tuple[MarketEvent, ...] = ()
    ignored: int = 0
    """1 for a message of a type this codec does not use."""
    rejected: str = ""
    """Why the frame, or an item of it, cannot be believed; empty otherwise."""
    replies: tuple[str, ...] = ()
    """Frames to send in answer, in order."""
    is_data: bool = False
    """Whether it proves that the feed lives: acknowledgements and PONG do not."""
    refused: str = ""
    """A frame that is understood: the venue says no to something we asked, in its words."""
    stream: str = ""
    """Which of the codec's `streams` the data came by, live. Empty for what only answers a
    subscription: a snapshot says how things stood, not that the stream flows."""
    gap: Gap | None = None
    """Trades missed before this frame; the events of the frame come after them."""
    lost: int = 0
    """Messages missed before this frame that have numbers but no ids to ask for."""
    duplicates: int = 0
    """Trades or quotes of this frame that were already known, and dropped."""
    is_closing: bool = False
    """The venue announces that it will close this connection."""


NOTHING = Parsed()
IGNORED = Parsed(ignored=1)


class Codec(Protocol):
    """One feed of one venue. One instance per socket; `hello` starts a new connection."""

    @property
    def feed(self) -> str: ...

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams whose age is watched one by one: the values of `Parsed.stream`."""

    def hello(self) -> tuple[str, ...]:
        """Frames to send on every (re)connect; forgets what belonged to the last connection."""

    def revive(self, stream: str) -> tuple[str, ...]:
        """Frames that subscribe one silent stream anew; empty where only a reconnect helps."""

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        """The meaning of `frame`, read at `received_ns` (UTC ns, session clock). Never raises."""


def rejected(reason: object) -> Parsed:
    """A refusal whose reason fits on a line, whatever was in the frame."""
    text = str(reason) or type(reason).__name__
    return Parsed(rejected=ascii(text)[1:-1][:_REASON_LENGTH])


def refused(words: object) -> Parsed:
    """The venue's own no, on one line."""
    return Parsed(refused=ascii(str(words))[1:-1][:_REASON_LENGTH] or "no reason given")


def guarded(parse: Callable[[str, int], Parsed], frame: str | bytes, received_ns: int) -> Parsed:
    """`parse` of the frame's text, with every fault of the wire made a rejection.

    Bytes are checked as UTF-8 first: a decoder that skips unknown fields would not look at them.
    """
    try:
        text = frame if isinstance(frame, str) else frame.decode()
        return parse(text, received_ns)
    except WIRE_FAULTS as fault:
        return rejected(fault)


_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)",
    re.DOTALL,
)
_LONE_LENGTH = 6


def readable(text: str) -> str:
    """JSON with half a surrogate pair made the replacement character: no decoder reads over one,
    not even in a field that nobody wants."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda one: "\\ufffd" if len(one[0]) == _LONE_LENGTH else one[0], text)


_Wire = TypeVar("_Wire")
_Meant = TypeVar("_Meant")
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


def believed(
    raw: bytes | msgspec.Raw,
    decode_all: Callable[[bytes | msgspec.Raw], Sequence[_Wire]],
    decode_one: Callable[[msgspec.Raw], _Wire],
    make: Callable[[_Wire], _Meant],
) -> tuple[list[_Meant], str]:
    """What the items of a JSON array mean, and why some of them are left out.

    One item that is not of the right shape, or that `make` refuses, is lost alone. ValueError
    where nothing can be believed, or where it is no array.
    """
    try:
        items = decode_all(raw)
    except msgspec.DecodeError:
        few, why = kept(_decode_items(raw), decode_one)
        if not few:
            raise
        found, refusal = believed_of(few, make)
        return found, why or refusal
    return believed_of(items, make)


def believed_of(
    items: Sequence[_Wire], make: Callable[[_Wire], _Meant]
) -> tuple[list[_Meant], str]:
    """`believed`, of items that are of the right shape."""
    found, refusal = kept(items, make)
    if refusal and not found:
        raise ValueError(refusal)
    return found, refusal


def kept(items: Sequence[_Wire], make: Callable[[_Wire], _Meant]) -> tuple[list[_Meant], str]:
    """What `make` makes of each item, and why it refused the first that it refused."""
    found: list[_Meant] = []
    why = ""
    for item in items:
        try:
            found.append(make(item))
        except WIRE_FAULTS as fault:
            why = why or f"of {len(items)} items: {fault}"
    return found, why


def with_rejection(parsed: Parsed, why: str) -> Parsed:
    """A frame of which some items were left out."""
    if not why:
        return parsed
    return msgspec.structs.replace(parsed, rejected=rejected(why).rejected, ignored=0)


def positive(text: str) -> float:
    """A plain decimal string as a float that is finite and above zero; ValueError otherwise."""
    value = not_negative(text)
    if value < _SMALLEST:
        raise ValueError(f"not above zero: {text[:40]!r}")
    return value


def not_negative(text: str) -> float:
    """A plain decimal string as a finite float; ValueError for signs, exponents, NaN, huge."""
    if not (text.isascii() and text.replace(".", "", 1).isdecimal()):
        raise ValueError(f"not a plain decimal: {text[:40]!r}")
    value = float(text)
    if value > _LARGEST:
        raise ValueError(f"too large: {text[:40]!r}")
    return value


SIZES = Spelled(not_negative)
PRICES = Spelled(positive)
"""The two rules by their tables: of a quote mostly one number of four is another than before."""


def levels(rows: Sequence[tuple[str, str]]) -> list[tuple[float, float]]:
    """(price, size) strings of a book's side as floats, by the rules of `positive` and
    `not_negative`."""
    prices, sizes = PRICES, SIZES
    return [(prices[price], sizes[size]) for price, size in rows]


def positive_number(value: float) -> float:
    """A JSON number that is finite and above zero; ValueError otherwise."""
    if not _SMALLEST <= value <= _LARGEST:
        raise ValueError(f"not a price: {value!r}")
    return value


def quoted(
    asset: Asset,
    venue: str,
    bid: tuple[str, str],
    ask: tuple[str, str],
    venue_ns: int,
    received_ns: int,
) -> ExchangeQuoted:
    """A quote from (price, size) strings; ValueError when it is crossed or not numbers."""
    bid_price, ask_price = PRICES[bid[0]], PRICES[ask[0]]
    if bid_price >= ask_price:
        raise ValueError(f"crossed quote: bid {bid_price!r} >= ask {ask_price!r}")
    return ExchangeQuoted(
        asset, venue, bid_price, SIZES[bid[1]], ask_price, SIZES[ask[1]], venue_ns, received_ns
    )


def ns_of_ms(ms: int | str) -> int:
    """UTC nanoseconds of a venue's milliseconds, sent as a number or as a string of digits."""
    if isinstance(ms, str):
        if not (ms.isascii() and ms.isdecimal() and len(ms) <= 15):
            raise ValueError(f"not milliseconds: {ms[:40]!r}")
        ms = int(ms)
    if not 0 < ms < _LATEST_MS:
        raise ValueError(f"not milliseconds: {str(ms)[:40]}")
    return ms * NS_PER_MS


def ns_of_stamp(stamp: int) -> int:
    """UTC nanoseconds of milliseconds, or of microseconds where the number is that large.

    Binance sends either, by the connection's `timeUnit`.
    """
    if stamp < _LATEST_MS:
        return ns_of_ms(stamp)
    if stamp >= _LATEST_MS * 1000:
        raise ValueError(f"not microseconds: {str(stamp)[:40]}")
    return stamp * 1000


def ns_of_rfc3339(text: str) -> int:
    """UTC nanoseconds of "2026-10-03T10:20:00Z", with 0 to 9 decimals of a second, exactly.

    Only UTC is accepted ("Z" or "+00:00"), which is all that the venues send.
    """
    head, mark = text[:19], text[-1:]
    fraction = text[19:-1] if mark == "Z" else text[19:].removesuffix("+00:00")
    if len(head) != 19 or (mark != "Z" and not text.endswith("+00:00")):
        raise ValueError(f"not a UTC time: {text[:40]!r}")
    second_ns = _SECONDS_NS[head]
    return second_ns + _fraction_ns(fraction, text) if fraction else second_ns


def _second_ns(head: str) -> int:
    seconds = int(datetime.fromisoformat(head + "+00:00").timestamp())
    if seconds < 0:
        raise ValueError(f"a time before 1970: {head!r}")
    return seconds * NS_PER_S


_SECONDS_NS = Spelled(_second_ns)


def _fraction_ns(fraction: str, text: str) -> int:
    digits = fraction[1:]
    if fraction[0] != "." or not (digits.isascii() and digits.isdecimal() and len(digits) <= 9):
        raise ValueError(f"not a UTC time: {text[:40]!r}")
    return int(digits.ljust(9, "0"))
