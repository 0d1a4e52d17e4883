"""Chainlink as Polymarket relays it: RTDS (older) and PolyBolt (newer).

Both send Chainlink points of whole seconds, spot and 60 s average, and a batch of history on
subscribing. The exact value is in `full_accuracy_value`: dollars x 10^18 as an integer string
on RTDS, a plain decimal on PolyBolt.
"""

from __future__ import annotations

import msgspec
from attrs import frozen
from msgspec.structs import replace

from polytui.config.api_key import ApiKey
from polytui.model.events import ChainlinkPriced
from polytui.model.instrument import Asset, PriceKind
from polytui.venues.continuity import DUPLICATE, RisingNumber
from polytui.venues.feed import (
    IGNORED,
    NOTHING,
    Parsed,
    believed,
    guarded,
    ns_of_ms,
    positive,
    positive_number,
    refused,
    with_rejection,
)

_E18 = 10**18
_MOST_DIGITS = 40
_AGREEMENT = 1e-6
"""How far `value` and `full_accuracy_value` may be apart: a wrong scale is off by 10^18."""


SPOT, AVERAGE = "spot", "average"
"""The two streams of either relay."""


class _Point(msgspec.Struct, gc=False):
    timestamp: int | str
    value: float | None = None
    full_accuracy_value: str = ""


class _Payload(msgspec.Struct, gc=False):
    symbol: str = ""
    timestamp: int | str | None = None
    value: float | None = None
    full_accuracy_value: str = ""
    window_s: int = 0
    window_seconds: int = 0
    source: str = ""
    data: msgspec.Raw = msgspec.Raw()
    """The points of a history."""

    @property
    def is_history(self) -> bool:
        return bytes(self.data) not in (b"", b"null")

    def point(self) -> _Point:
        """The one of an update; ValueError when there is none."""
        if self.timestamp is None:
            raise ValueError("payload without timestamp")
        return _Point(self.timestamp, self.value, self.full_accuracy_value)


@frozen
class _PointSeries:
    """What the points of one frame have in common."""

    asset: Asset
    feed: str
    kind: PriceKind
    window_s: int
    is_scaled: bool

    def event(self, point: _Point, relayed_ns: int | None, received_ns: int) -> ChainlinkPriced:
        observed_ns = ns_of_ms(point.timestamp)
        return ChainlinkPriced(
            self.asset,
            self.feed,
            self.kind,
            _value_of(point, self.is_scaled),
            self.window_s,
            observed_ns,
            observed_ns if relayed_ns is None else relayed_ns,
            received_ns,
        )

    def parsed(self, payload: _Payload, relayed_ns: int, received_ns: int) -> Parsed:
        if not payload.is_history:
            event = self.event(payload.point(), relayed_ns, received_ns)
            stream = SPOT if self.kind is PriceKind.SPOT else AVERAGE
            return Parsed((event,), is_data=True, stream=stream)

        def make(point: _Point) -> ChainlinkPriced:
            return self.event(point, None, received_ns)

        events, why = believed(payload.data, _decode_points, _decode_point, make)
        return with_rejection(Parsed(tuple(events), is_data=True), why) if events else NOTHING


def _value_of(point: _Point, is_scaled: bool) -> float:
    """Dollars: the exact value where it is sent, checked against the rounded one beside it."""
    rounded = None if point.value is None else positive_number(point.value)
    if not point.full_accuracy_value:
        if rounded is None:
            raise ValueError("a point without value")
        return rounded
    text = point.full_accuracy_value
    exact = _unscaled(text) if is_scaled else positive(text)
    if rounded is not None and abs(exact - rounded) > _AGREEMENT * rounded:
        raise ValueError(f"value {rounded!r} but full_accuracy_value {text[:40]!r}")
    return exact


def _unscaled(text: str) -> float:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise ValueError(f"not an integer x 10^18: {text[:40]!r}")
    return positive_number(int(text) / _E18)


# --- RTDS -----------------------------------------------------------------------------------


class _Body(msgspec.Struct, gc=False):
    message: str = ""


class _RtdsFrame(msgspec.Struct, gc=False):
    topic: str = ""
    timestamp: int | str = 0
    payload: msgspec.Raw = msgspec.Raw()
    body: _Body | None = None
    status: int = msgspec.field(default=0, name="statusCode")


_decode_rtds = msgspec.json.Decoder(_RtdsFrame).decode
_decode_points = msgspec.json.Decoder(list[_Point]).decode
_decode_point = msgspec.json.Decoder(_Point).decode
_decode_payload = msgspec.json.Decoder(_Payload).decode
_encode = msgspec.json.Encoder().encode

_RTDS_SUBSCRIPTIONS = (("crypto_prices_chainlink", "*"), ("crypto_prices_twap_sixty", "update"))
_RTDS_TWAPS = {"crypto_prices_twap_sixty": 60, "crypto_prices_twap_thirty": 30}


class Rtds:
    """Codec of one RTDS connection for one asset. Wants a text PING every 5 s (venue rule)."""

    feed = "rtds"
    streams = (SPOT, AVERAGE)

    def __init__(self, asset: Asset) -> None:
        self._asset = asset
        self._symbol = f"{asset.value}/usd"

    def hello(self) -> tuple[str, ...]:
        """One frame per topic, since a bad topic refuses its whole frame.

        The filter is a string of JSON, and must not contain a space: with one the history
        comes and then nothing (observed).
        """
        return tuple(self._ask(topic, kind) for topic, kind in _RTDS_SUBSCRIPTIONS)

    def revive(self, stream: str) -> tuple[str, ...]:
        topic, kind = _RTDS_SUBSCRIPTIONS[self.streams.index(stream)]
        return (self._ask(topic, kind),)

    def _ask(self, topic: str, kind: str) -> str:
        filters = _encode({"symbol": self._symbol}).decode()
        item = {"topic": topic, "type": kind, "filters": filters}
        return _encode({"action": "subscribe", "subscriptions": [item]}).decode()

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        return guarded(self._parse, frame, received_ns)

    def _parse(self, text: str, received_ns: int) -> Parsed:
        if not text.strip() or text in ("PONG", "pong"):
            return NOTHING
        message = _decode_rtds(text)
        if message.status:
            words = message.body.message if message.body else ""
            return refused(f"subscription refused with {message.status}: {words}")
        if not message.topic:
            raise ValueError("no topic")
        if not message.topic.startswith("crypto_prices"):
            return IGNORED
        payload = _decode_payload(message.payload)
        series = self._series(message.topic, payload)
        if series is None:
            return IGNORED
        return series.parsed(payload, ns_of_ms(message.timestamp), received_ns)

    def _series(self, topic: str, payload: _Payload) -> _PointSeries | None:
        """Which series a payload belongs to; None for other assets and Binance's prices.

        The history of Chainlink's spot arrives under Binance's topic (venue quirk): its symbol
        has a slash, those of Binance have none.
        """
        if not payload.symbol:
            raise ValueError("payload without symbol")
        if payload.symbol != self._symbol:
            return None
        window_s = _RTDS_TWAPS.get(topic, 0)
        if not window_s:
            is_spot = topic in ("crypto_prices", "crypto_prices_chainlink")
            return (
                _PointSeries(self._asset, self.feed, PriceKind.SPOT, 0, True) if is_spot else None
            )
        if payload.window_s not in (0, window_s):
            raise ValueError(f"{topic} with a window of {payload.window_s} s")
        return _PointSeries(self._asset, self.feed, PriceKind.TWAP, window_s, True)


# --- PolyBolt -------------------------------------------------------------------------------


class _BoltFrame(msgspec.Struct, gc=False):
    op: str = ""
    code: str = ""
    channel: str = ""
    v: int = 0
    seq: int = 0
    ts: int | str = 0
    dropped: int = 0
    payload: msgspec.Raw = msgspec.Raw()


_decode_bolt = msgspec.json.Decoder(_BoltFrame).decode
_SPOT_CHANNEL, _TWAP_CHANNEL = "price.crypto", "price.crypto.twap"
_TWAP_WINDOW_S = 60
_LARGEST_COUNT = 1 << 40
_ACKNOWLEDGED = ("subscribed", "unsubscribed", "pong")
_PASSING_CODES = ("auth_unavailable", "rate_limited")
"""The venue is busy: the data's age will have the socket reconnect. Other codes are our fault."""
_OF_THE_KEY = ("auth_required", "auth_invalid", "auth_expired", "auth_attempts")
_KEY_IS_REFUSED = (
    ": it does not take this API key; prices come from rtds alone. polytui doctor tries the key"
)


class PolyBolt:
    """Codec of one PolyBolt connection for one asset. State: sequence numbers per channel."""

    feed = "polybolt"
    streams = (SPOT, AVERAGE)

    def __init__(self, asset: Asset, credentials: ApiKey) -> None:
        self._asset = asset
        self._symbol = f"{asset.value}usd"
        self._credentials = credentials
        self._seq: dict[str, RisingNumber] = {}

    def hello(self) -> tuple[str, ...]:
        self._seq = {}
        auth = {
            "apiKey": self._credentials.key,
            "secret": self._credentials.secret.reveal(),
            "passphrase": self._credentials.passphrase.reveal(),
        }
        return (_encode({"op": "auth", "rid": "auth", "auth": auth}).decode(),)

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        return guarded(self._parse, frame, received_ns)

    def _parse(self, text: str, received_ns: int) -> Parsed:
        if not text.strip():
            return NOTHING
        message = _decode_bolt(text)
        if message.op:
            return self._answer(message)
        if message.channel not in (_SPOT_CHANNEL, _TWAP_CHANNEL):
            return self._foreign(message)
        if message.v != 1:
            raise ValueError(f"unknown version {message.v}")
        if not (0 < message.seq < _LARGEST_COUNT and 0 <= message.dropped < _LARGEST_COUNT):
            raise ValueError(f"seq {message.seq} and dropped {message.dropped}")
        payload = _decode_payload(message.payload)
        if payload.source not in ("", "chainlink") or payload.symbol not in ("", self._symbol):
            return IGNORED
        parsed = self._series(message.channel, payload).parsed(
            payload, ns_of_ms(message.ts), received_ns
        )
        return self._counted(message, parsed, received_ns)

    def _foreign(self, message: _BoltFrame) -> Parsed:
        if not message.channel:
            raise ValueError("neither op nor channel")
        return IGNORED

    def _answer(self, message: _BoltFrame) -> Parsed:
        if message.op == "authed":
            return Parsed(replies=(_ask("subscribe", self._items()),))
        if message.op in _ACKNOWLEDGED:
            return NOTHING
        if message.op != "error" or message.code in _PASSING_CODES:
            return IGNORED
        on_channel = f" on {message.channel}" if message.channel else ""
        meaning = _KEY_IS_REFUSED if message.code in _OF_THE_KEY else ""
        return refused(f"{message.code or 'no code'}{on_channel}{meaning}")

    def revive(self, stream: str) -> tuple[str, ...]:
        item = self._items()[self.streams.index(stream)]
        return (_ask("unsubscribe", [item]), _ask("subscribe", [item]))

    def _items(self) -> list[dict[str, object]]:
        twap = {"symbol": self._symbol, "window_seconds": _TWAP_WINDOW_S}
        return [
            {"channel": _SPOT_CHANNEL, "filter": {"symbol": self._symbol}},
            {"channel": _TWAP_CHANNEL, "filter": twap},
        ]

    def _series(self, channel: str, payload: _Payload) -> _PointSeries:
        if channel == _SPOT_CHANNEL:
            return _PointSeries(self._asset, self.feed, PriceKind.SPOT, 0, False)
        window_s = payload.window_seconds or _TWAP_WINDOW_S
        if not 0 < window_s <= 86_400:
            raise ValueError(f"an average over {window_s} s")
        return _PointSeries(self._asset, self.feed, PriceKind.TWAP, window_s, False)

    def _counted(self, message: _BoltFrame, parsed: Parsed, received_ns: int) -> Parsed:
        """Numbers are dense per connection and channel: a jump is a loss, a step back a repeat."""
        seq = self._seq.setdefault(message.channel, RisingNumber())
        missed = seq.take(message.seq, min(ns_of_ms(message.ts), received_ns))
        if missed == DUPLICATE:
            return Parsed(duplicates=1)
        lost = missed + message.dropped
        return replace(parsed, lost=lost) if lost else parsed


def _ask(op: str, items: list[dict[str, object]]) -> str:
    return _encode({"op": op, "rid": op, "subscriptions": items}).decode()
