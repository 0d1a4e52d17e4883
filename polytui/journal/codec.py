"""One line of the journal, both ways.

    {"journal":1, ...}                                              the header, once, first
    {"seq":7,"at":..,"asset":"btc","last":true,"event":[..],"effects":[..]}   every event taken
    {"seq":1000,"digest":"..."}                                     every so many events
    {"risk_state":["RiskStateRestored",{..}]}      in a file of its own

An event or effect is [name of its class, its fields]. msgspec reads and writes the attrs
classes of the model as they are.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from polytui.model.effects import Effect
from polytui.model.events import Event, RiskStateRestored
from polytui.model.plain_text import plain

FORMAT = 2
"""1 until names of events and settings changed."""


class Header(msgspec.Struct, frozen=True):
    """What a replay must know before the first event."""

    journal: int
    version: str
    mode: str
    session: str
    started_ns: int
    seed: int | None = None
    speed: float = 1.0


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
    risk_state: msgspec.Raw = msgspec.Raw(b"")
    """Told to the next session; a replay passes it over."""


class BadJournal(Exception):
    """A line that is not what this version writes."""


_encoder = msgspec.json.Encoder()
_record = msgspec.json.Decoder(JournalRecord)
_header = msgspec.json.Decoder(Header)
_tagged = msgspec.json.Decoder(tuple[str, msgspec.Raw])
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    cls.__name__: msgspec.json.Decoder(cls) for cls in get_args(Event)
}


def encode_header(header: Header) -> bytes:
    return _encoder.encode(header) + b"\n"


def encode_event(event: Event) -> bytes:
    return b'["%s",%s]' % (type(event).__name__.encode(), _encoder.encode(event))


def encode_effects(effects: tuple[Effect, ...]) -> bytes:
    if not effects:
        return b"[]"
    return _encoder.encode([(type(effect).__name__, effect) for effect in effects])


def encode_record(
    seq: int, at_ns: int, asset: str, event: Event, effects: tuple[Effect, ...], is_last: bool
) -> bytes:
    return b'{"seq":%d,"at":%d,"asset":"%s","last":%s,"event":%s,"effects":%s}\n' % (
        seq,
        at_ns,
        asset.encode(),
        b"true" if is_last else b"false",
        encode_event(event),
        encode_effects(effects),
    )


def encode_digest(seq: int, digest: str) -> bytes:
    return b'{"seq":%d,"digest":"%s"}\n' % (seq, digest.encode())


def encode_risk_state(risk_state: RiskStateRestored) -> bytes:
    return b'{"risk_state":%s}\n' % encode_event(risk_state)


def encode_raised(seq: int, at_ns: int, asset: str, event: Event, is_last: bool, why: str) -> bytes:
    """An event that broke its desk: kept, so that a replay breaks at the same place."""
    line = encode_record(seq, at_ns, asset, event, (), is_last)
    return line[:-2] + b',"raised":' + _encoder.encode(why) + b"}\n"


def decode_header(line: bytes) -> Header:
    """BadJournal where the journal is of another format: names may mean something else in it."""
    header = peek_header(line)
    if header.journal != FORMAT:
        raise BadJournal(
            f"version {plain(header.version)} wrote it in journal format {header.journal};"
            f" this version reads format {FORMAT} alone"
        )
    return header


def peek_header(line: bytes) -> Header:
    """The header of a journal of any format."""
    try:
        return _header.decode(line)
    except msgspec.MsgspecError as error:
        raise BadJournal(f"the first line is no journal header: {error}") from error


def decode_record(line: bytes) -> JournalRecord:
    try:
        record = _record.decode(line)
    except msgspec.MsgspecError as error:
        raise BadJournal(f"not a record: {error}") from error
    if not record.seq and not record.risk_state:
        raise BadJournal("not a record: it has no number")
    return record


def decode_event(raw: msgspec.Raw) -> Event:
    try:
        name, fields = _tagged.decode(raw)
        event: Event = _decoders[name].decode(fields)
    except (msgspec.MsgspecError, KeyError) as error:
        raise BadJournal(f"not an event: {error}") from error
    return event


def decode_risk_state(line: bytes) -> RiskStateRestored:
    """The risk state of its own line; BadJournal where the line is none."""
    record = decode_record(line)
    if record.risk_state:
        event = decode_event(record.risk_state)
        if isinstance(event, RiskStateRestored):
            return event
    raise BadJournal("not a risk state")
