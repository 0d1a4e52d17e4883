"""One line of the journal, both ways; `seal.py` adds length and checksum to each.

    {"journal":3, ...}                                      the header, first in every segment
    {"seq":7,"at":..,"asset":"btc","last":true,"event":[..],"effects":[..]}   every event taken
    {"seq":1000,"digest":"..."}                                     every so many events
    {"checkpoint":"..","seq":1000,"digest":".."}                    every so many more
    {"risk_state":["RiskStateRestored",{..}]}      in a file of its own
    {"latency":["OrderLatency",{..}]}               how long something took: nothing hangs on it
    {"curve":{..}}                                  how a round went, for charts alone
    {"notice":{..}}                                 what people were told, for whoever watches later
    {"figures":{..}}                                what faces were shown that no mind knows
    {"waypoint":{..}}                       a state between two checkpoints (`state_lines.py`)

An event or effect is [name of its class, its fields]. msgspec reads and writes the attrs
classes of the model as they are; of an order that was sent the journal has the order and what its
stamp said of exposure, and what is read of it is a `RecordedPlace`, which nobody can execute. A
checkpoint is the whole state after an event as msgpack, zlib and base64; its digest is that of the
same state.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Sequence
from typing import Any, TypeVar, get_args

import msgspec

from polytui.model.curve import RoundCurve
from polytui.model.effects import Effect, Place, RecordedEffect, RecordedPlace
from polytui.model.engine_figures import EngineFigures
from polytui.model.events import Event, RiskStateRestored
from polytui.model.latency import LatencyLine
from polytui.model.plain_text import plain
from polytui.model.snapshot import Notice

FORMAT = 3
"""1 until names of events and settings changed, 2 while a journal was one file without checksums.
"""


class Continues(msgspec.Struct, frozen=True):
    """Which session this one goes on from, and after which of its events."""

    session: str
    seq: int


class Header(msgspec.Struct, frozen=True):
    """What a replay must know before the first event of a segment."""

    journal: int
    version: str
    mode: str
    session: str
    started_ns: int
    seed: int | None = None
    speed: float = 1.0
    segment: int = 1
    after: int = 0
    """The event before the first one here."""
    chain: str = ""
    """The checksum at which the segment before it ended; empty where there is none to follow."""
    lost: int = 0
    """Events right before this segment that no disk took: it goes on from its checkpoint."""
    continues: Continues | None = None
    """Then a checkpoint comes first, of the mind that was brought back, and numbers go on."""
    thinned: str = ""
    """What was taken out of it since; then it keeps what it has, and does not replay."""
    world: str = ""
    """Whose sessions may go on from it (`runtime/modes.py`)."""


class JournalRecord(msgspec.Struct, frozen=True):
    """A line as it is written and read; `event` and `effects` stay raw until asked for."""

    seq: int = 0
    at: int = 0
    asset: str = ""
    last: bool = True
    event: msgspec.Raw = msgspec.Raw(b"null")
    effects: msgspec.Raw = msgspec.Raw(b"[]")
    digest: str = ""
    raised: str = ""
    unanswered: tuple[tuple[str, str], ...] = ()
    """Whose answer in which round was not waited for: a replay does not wait for it either."""
    risk_state: msgspec.Raw = msgspec.Raw(b"")
    """Told to the next session; a replay passes it over."""
    checkpoint: str = ""
    latency: msgspec.Raw = msgspec.Raw(b"")
    """Real times that no replay can have again; it passes them over."""
    curve: msgspec.Raw = msgspec.Raw(b"")
    """What a terminal draws of a round that is over; a replay passes it over."""
    notice: msgspec.Raw = msgspec.Raw(b"")
    """A line of the log as people read it; a replay passes it over."""
    figures: msgspec.Raw = msgspec.Raw(b"")
    """Of sockets, lives and latencies as faces were shown them; a replay passes it over."""
    waypoint: msgspec.Raw = msgspec.Raw(b"")
    """A state to jump to while the session is watched; a replay passes it over."""

    @property
    def is_event(self) -> bool:
        return not (self.digest or self.is_aside)

    @property
    def is_aside(self) -> bool:
        """Whether no replay needs it: it has no number, and stands anywhere."""
        told = self.risk_state or self.latency or self.curve or self.notice or self.figures
        return bool(told or self.waypoint)

    @property
    def is_checkpoint(self) -> bool:
        return bool(self.checkpoint)


class BadJournal(Exception):
    """A line that is not what this version writes."""


class OtherFormat(BadJournal):
    """A whole journal that another version wrote, and this one does not read."""


class OtherState(ValueError):
    """A checkpoint whose state another version wrote; so did it those of the whole session."""


class _JournalHead(msgspec.Struct):
    """What is asked first, so that another version is called so and not a missing field."""

    journal: int
    version: str = "another version"


_PRESSED = 1
"""Of zlib: more makes a checkpoint a tenth smaller and takes four times as long."""
MOST_STATE = 512 << 20
"""Bytes of a checkpoint as it is unpressed: what says that it has more was not written by us."""

_NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError)
_Kind = TypeVar("_Kind")
_encoder = msgspec.json.Encoder()
_record = msgspec.json.Decoder(JournalRecord)
_head = msgspec.json.Decoder(_JournalHead)
_header = msgspec.json.Decoder(Header)
_tagged = msgspec.json.Decoder(tuple[str, msgspec.Raw])
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    cls.__name__: msgspec.json.Decoder(cls) for cls in get_args(Event)
}
_latency_decoders: dict[str, msgspec.json.Decoder[LatencyLine]] = {
    cls.__name__: msgspec.json.Decoder(cls) for cls in get_args(LatencyLine)
}
_curve = msgspec.json.Decoder(RoundCurve)
_notice = msgspec.json.Decoder(Notice)
_figures = msgspec.json.Decoder(EngineFigures)
_PLACE = Place.__name__
_list_of_tagged = msgspec.json.Decoder(list[tuple[str, msgspec.Raw]])
_effect_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    _PLACE if cls is RecordedPlace else cls.__name__: msgspec.json.Decoder(cls)
    for cls in get_args(RecordedEffect)
}


def encode_header(header: Header) -> bytes:
    return _encoder.encode(header) + b"\n"


_begin_of = {cls: b'["%s",' % cls.__name__.encode() for cls in get_args(Event)}
_encode = _encoder.encode


def encode_event(event: Event) -> bytes:
    return b"%s%s]" % (_begin_of[type(event)], _encode(event))


def encode_effects(effects: tuple[Effect | RecordedEffect, ...]) -> bytes:
    if not effects:
        return b"[]"
    return _encoder.encode([_tagged_effect(effect) for effect in effects])


def _tagged_effect(effect: Effect | RecordedEffect) -> tuple[str, Any]:
    if isinstance(effect, Place):
        return _PLACE, RecordedPlace(effect.order, effect.stamp.exposure, effect.grounds)
    return _PLACE if isinstance(effect, RecordedPlace) else type(effect).__name__, effect


def encode_record(
    seq: int,
    at_ns: int,
    asset: str,
    event: Event,
    effects: tuple[Effect, ...],
    is_last: bool,
    unanswered: Sequence[tuple[str, str]] = (),
) -> bytes:
    line = b'{"seq":%d,"at":%d,"asset":"%s","last":%s,"event":%s,"effects":%s}\n' % (
        seq,
        at_ns,
        asset.encode(),
        b"true" if is_last else b"false",
        encode_event(event),
        encode_effects(effects),
    )
    return _with(line, b"unanswered", unanswered) if unanswered else line


def _with(line: bytes, name: bytes, value: Any) -> bytes:
    """A line with one more field at its end."""
    return b'%s,"%s":%s}\n' % (line[:-2], name, _encoder.encode(value))


def is_event_line(line: bytes | bytearray) -> bool:
    """Of lines as they are written here, whether this is one of an event."""
    return line.startswith(b'{"seq":') and b',"at":' in line[:40]


def encode_digest(seq: int, digest: str) -> bytes:
    return b'{"seq":%d,"digest":"%s"}\n' % (seq, digest.encode())


def encode_checkpoint(seq: int, digest: str, state: Any) -> bytes:
    """State: lists, strings and numbers. Takes its time: nothing that anybody waits for. What
    cannot be packed is an empty checkpoint, which nobody begins from."""
    return checkpoint_line(seq, digest, packed(state))


def packed(state: Any) -> bytes:
    """As msgpack; nothing where it cannot be packed."""
    try:
        return msgspec.msgpack.encode(state)
    except (OverflowError, ValueError, TypeError):
        return b""


def checkpoint_line(seq: int, digest: str, plain: bytes) -> bytes:
    """Of a state that is packed."""
    pressed = zlib.compress(plain, _PRESSED) if plain else b""
    text = binascii.b2a_base64(pressed, newline=False) or UNREADABLE.encode()
    return b'{"checkpoint":"%s","seq":%d,"digest":"%s"}\n' % (text, seq, digest.encode())


UNREADABLE = "-"
"""In place of a state that could not be packed, or a checkpoint that could not be read."""

CHECKPOINT_BEGINS = b'{"checkpoint":'
"""Every line of one, and no other: to be found without reading the rest."""
SPEAKS_OF = re.compile(rb'","seq":([0-9]{1,18}),"digest":"[^"]*"')
"""Behind the state of one: the event that it speaks of."""


def encode_risk_state(risk_state: RiskStateRestored) -> bytes:
    return b'{"risk_state":%s}\n' % encode_event(risk_state)


def encode_latency(latency: LatencyLine) -> bytes:
    return b'{"latency":["%s",%s]}\n' % (type(latency).__name__.encode(), _encoder.encode(latency))


def encode_curve(curve: RoundCurve) -> bytes:
    return b'{"curve":%s}\n' % _encoder.encode(curve)


NOTICE_BEGINS = b'{"notice":'
FIGURES_BEGINS = b'{"figures":'


def encode_notice(notice: Notice) -> bytes:
    return b"%s%s}\n" % (NOTICE_BEGINS, _encoder.encode(notice))


def encode_figures(figures: EngineFigures) -> bytes:
    return b"%s%s}\n" % (FIGURES_BEGINS, _encoder.encode(figures))


def encode_raised(
    seq: int,
    at_ns: int,
    asset: str,
    event: Event,
    is_last: bool,
    why: str,
    unanswered: Sequence[tuple[str, str]] = (),
) -> bytes:
    """An event that broke its desk: kept, so that a replay breaks at the same place."""
    return _with(encode_record(seq, at_ns, asset, event, (), is_last, unanswered), b"raised", why)


def decode_header(line: bytes) -> Header:
    """OtherFormat where the journal is of another format: names may mean something else in it, and
    its header may have other fields."""
    head = _decoded(_head, line, _NO_HEADER)
    if head.journal != FORMAT:
        raise OtherFormat(
            f"version {plain(head.version)} wrote it in journal format {head.journal};"
            f" this version reads format {FORMAT} alone"
        )
    return peek_header(line)


def peek_header(line: bytes) -> Header:
    """The header of a journal of any format."""
    return _decoded(_header, line, _NO_HEADER)


_NO_HEADER = "the first line is no journal header"


def _decoded(
    decoder: msgspec.json.Decoder[_Kind], raw: bytes | msgspec.Raw, what_else: str
) -> _Kind:
    """BadJournal says what it is where it does not decode."""
    try:
        return decoder.decode(raw)
    except _NOT_DECODED as error:
        raise BadJournal(f"{what_else}: {error}") from error


def decode_record(line: bytes) -> JournalRecord:
    record = _decoded(_record, line, "not a record")
    if not record.seq and not record.is_aside:
        raise BadJournal("not a record: it has no number")
    return record


def decode_event(raw: msgspec.Raw) -> Event:
    try:
        name, fields = _tagged.decode(raw)
        event: Event = _decoders[name].decode(fields)
    except (*_NOT_DECODED, KeyError) as error:
        raise BadJournal(f"not an event: {error}") from error
    return event


def decode_effects(raw: msgspec.Raw) -> tuple[RecordedEffect, ...]:
    """What an event led to, as it was written."""
    try:
        return tuple(
            [_effect_decoders[name].decode(fields) for name, fields in _list_of_tagged.decode(raw)]
        )
    except (*_NOT_DECODED, KeyError) as error:
        raise BadJournal(f"not effects: {error}") from error


def decode_checkpoint(record: JournalRecord) -> Any:
    """The state of a checkpoint as it was given. BadJournal for one that does not decode."""
    try:
        return msgspec.msgpack.decode(unpacked_checkpoint(record))
    except (ValueError, *_NOT_DECODED, RecursionError) as error:
        raise BadJournal(f"its state does not decode: {error}") from error


def unpacked_checkpoint(record: JournalRecord) -> bytes:
    """The same as msgpack."""
    try:
        press = zlib.decompressobj()
        plain = press.decompress(
            binascii.a2b_base64(record.checkpoint, strict_mode=True), MOST_STATE
        )
    except (zlib.error, ValueError) as error:
        raise BadJournal(f"its state does not decode: {error}") from error
    if not press.eof:
        raise BadJournal("its state is cut off")
    return plain


def decode_risk_state(line: bytes) -> RiskStateRestored:
    """The risk state of its own line; BadJournal where the line is none."""
    record = decode_record(line)
    if record.risk_state:
        event = decode_event(record.risk_state)
        if isinstance(event, RiskStateRestored):
            return event
    raise BadJournal("not a risk state")


def decode_latency(raw: msgspec.Raw) -> LatencyLine:
    """What a line says of latencies; BadJournal where it is none."""
    try:
        name, fields = _tagged.decode(raw)
        return _latency_decoders[name].decode(fields)
    except (*_NOT_DECODED, KeyError) as error:
        raise BadJournal(f"not a latency: {error}") from error


def decode_curve(raw: msgspec.Raw) -> RoundCurve:
    """Points of a round; BadJournal where the line has none."""
    return _decoded(_curve, raw, "not a curve")


def decode_notice(raw: msgspec.Raw) -> Notice:
    """A line of the log; BadJournal where it is none."""
    return _decoded(_notice, raw, "not a notice")


def decode_figures(raw: msgspec.Raw) -> EngineFigures:
    """What faces were shown of the engine; BadJournal where the line is something else."""
    return _decoded(_figures, raw, "no figures of an engine")
