"""Recorded raw frames, one at a time, into normalised events and an account of them all.

A line is a frame, or an envelope with the frame in `raw` or `payload` (a text, or the object
itself), or a receive time in nanoseconds and a frame. An envelope may name the asset whose
connection it was, and say where one `opened`: numbers are counted by connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from attrs import define, field

from polytui.config.schema import ClockSettings
from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS
from polytui.venues.continuity import DUPLICATE, TradeLine
from polytui.venues.feed import WIRE_FAULTS, Parsed, rejected
from polytui.venues.sources import FrameReading, MakeReader, Reader
from polytui.venues.stamps import Judge

_SHOWN_MOST = 50
_NUMBERED = ("binance", "coinbase")
"""Exchanges whose trades are numbered without a gap."""
_ALL = tuple(Asset)
_UNKNOWN = 1
"""In place of a receive time, where a recording has none."""
_JUDGE = Judge(ClockSettings().max_ahead_ms * NS_PER_MS)
_BY_NAME = {asset.value: (asset,) for asset in Asset}
_TIMES_MS = ("recv_ms", "recv_wall_ts")


class _Envelope(msgspec.Struct, gc=False):
    raw: msgspec.Raw = msgspec.Raw()
    payload: msgspec.Raw = msgspec.Raw()
    recv_ms: int | float | None = None
    recv_wall_ts: int | float | None = None
    at: int | None = None
    feed: str = ""
    asset: str = ""
    opened: bool = False
    topic: str = ""
    channel: str = ""


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_text = msgspec.json.Decoder(str).decode


@define
class Line:
    """One frame of a file."""

    frame: str
    received_ns: int
    feed: str = ""
    asset: str = ""
    opened: bool = False
    """No frame at all: here a connection began."""
    number: int = 0
    """In its file, from 1; 0 where there is none."""


@define
class TradeAccount:
    """The numbering of one venue's trades of one asset."""

    first_id: int = 0
    trades: int = 0
    gaps: int = 0
    missed: int = 0
    line: TradeLine = field(factory=TradeLine)

    def take(self, trade_id: int, at_ns: int = 0) -> None:
        missed = self.line.take(trade_id, at_ns)
        if missed == DUPLICATE:
            return
        self.first_id = self.first_id or trade_id
        self.trades += 1
        self.gaps += missed > 0
        self.missed += missed

    def summary(self) -> dict[str, int]:
        return {
            "first_id": self.first_id,
            "last_id": self.line.last_id,
            "trades": self.trades,
            "gaps": self.gaps,
            "missed": self.missed,
        }


@define
class Decoded:
    """What became of all frames so far."""

    frames: int = 0
    accepted: int = 0
    """Understood, with events or as a control frame."""
    ignored: int = 0
    refused: Counter[str] = field(factory=Counter)
    rejected: int = 0
    rejections: list[dict[str, Any]] = field(factory=list)
    duplicates: int = 0
    lost: int = 0
    events: Counter[str] = field(factory=Counter)
    trades: dict[str, TradeAccount] = field(factory=dict)

    def summary(self, source: str) -> dict[str, Any]:
        """For people and programs; the reasons of the first rejections, all of them counted."""
        return {
            "source": source,
            "frames": self.frames,
            "accepted": self.accepted,
            "ignored": self.ignored,
            "refused_by_venue": dict(self.refused),
            "rejected": self.rejected,
            "rejections": self.rejections,
            "duplicates": self.duplicates,
            "lost": self.lost,
            "events": dict(sorted(self.events.items())),
            "trades": {name: one.summary() for name, one in sorted(self.trades.items())},
        }


def decode_lines(lines: Iterable[Line], make: MakeReader, decoded: Decoded) -> Iterator[Any]:
    """The events of each line in order; `decoded` is kept up to date on the way."""
    readers: dict[tuple[Asset, ...], Reader] = {}
    for line in lines:
        assets = _assets_of(line)
        if assets not in readers:
            readers[assets] = make(assets)
        reader = readers[assets]
        if line.opened:
            reader.begin()
            continue
        decoded.frames += 1
        reading = reader.read(line.frame, line.received_ns)
        events, parsed = _believed(reading, line.received_ns)
        _count(decoded, line, parsed)
        for event in events:
            decoded.events[type(event).__name__] += 1
            if isinstance(event, ExchangeTraded) and event.venue in _NUMBERED:
                name = f"{event.venue} {event.asset.value}"
                decoded.trades.setdefault(name, TradeAccount()).take(event.trade_id, event.venue_ns)
            yield event


def _believed(reading: FrameReading, received_ns: int) -> tuple[Sequence[Any], Parsed]:
    """As the engine would have judged it, where the time of receipt is known."""
    if received_ns == _UNKNOWN:
        return reading.events, reading.parsed
    kept, faults, _ = _JUDGE.believed(reading.events, received_ns)
    return kept, rejected(faults[0].words) if faults else reading.parsed


def _assets_of(line: Line) -> tuple[Asset, ...]:
    return _BY_NAME.get(line.asset, _ALL)


def _count(decoded: Decoded, line: Line, parsed: Parsed) -> None:
    decoded.duplicates += parsed.duplicates
    decoded.lost += parsed.lost
    if parsed.rejected:
        decoded.rejected += 1
        if len(decoded.rejections) < _SHOWN_MOST:
            number = line.number or decoded.frames
            decoded.rejections.append({"line": number, "reason": parsed.rejected})
    elif parsed.refused:
        decoded.refused[parsed.refused] += 1
    elif parsed.ignored:
        decoded.ignored += 1
    else:
        decoded.accepted += 1


def read_line(text: str, number: int = 0) -> Line:
    """The frame of a line, out of its envelope where it has one; junk stays as it is."""
    head, space, rest = text.partition(" ")
    if space and head.isdecimal() and len(head) == 19:
        return Line(rest, int(head), number=number)
    try:
        envelope = _decode_envelope(text)
    except WIRE_FAULTS:
        return Line(text, _UNKNOWN, number=number)
    # A frame of RTDS or PolyBolt has a payload of its own: it is no envelope.
    inner = bytes(envelope.raw)
    if not inner and not envelope.topic and not envelope.channel:
        inner = bytes(envelope.payload)
    if not inner or inner == b"null":
        return Line(text, _UNKNOWN, number=number)
    return Line(
        _unwrapped(inner),
        _received_ns(envelope),
        envelope.feed,
        envelope.asset,
        envelope.opened,
        number,
    )


def _unwrapped(inner: bytes) -> str:
    if inner[:1] == b'"':
        try:
            return _decode_text(inner)
        except WIRE_FAULTS:
            return inner.decode(errors="replace")
    return inner.decode(errors="replace")


def _received_ns(envelope: _Envelope) -> int:
    if envelope.at is not None and envelope.at > 0:
        return envelope.at
    for name in _TIMES_MS:
        value = getattr(envelope, name)
        if value is not None and 0 < value < 10**14:
            return int(value * NS_PER_MS)
    return _UNKNOWN
