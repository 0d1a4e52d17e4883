"""What a record of a journal adds to the seven streams: whole lines of JSON, pure of the record and
of the rows that came of it.

Moments are ISO 8601 in UTC, money and shares exact decimals. What is not known is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import msgspec
from attrs import frozen

from polytui.journal.codec import JournalRecord
from polytui.model.plain_text import plain
from polytui.model.units import format_micro
from polytui.store.files.cells import time
from polytui.store.latency_rows import LatencyRow, StageRow
from polytui.store.measures import MICRO_COLUMNS
from polytui.store.rows import (
    DifferenceRow,
    FillRow,
    OperationRow,
    OrderRow,
    ReconcileRow,
    RiskRow,
    RoundRow,
    Row,
    SettingsRow,
    SettlementRow,
    SignalRow,
    TradeRow,
    WalletRow,
)

STREAMS = ("ingestion", "signal", "strategy", "execution", "risk", "latency", "errors")
_OF_ROWS: dict[type[Any], tuple[str, str]] = {
    SignalRow: ("signal", "signal"),
    RoundRow: ("strategy", "round"),
    TradeRow: ("strategy", "trade"),
    SettlementRow: ("strategy", "settlement"),
    SettingsRow: ("strategy", "settings"),
    OrderRow: ("execution", "order"),
    FillRow: ("execution", "fill"),
    WalletRow: ("execution", "wallet"),
    OperationRow: ("execution", "operation"),
    ReconcileRow: ("execution", "reconcile"),
    RiskRow: ("risk", "risk"),
    LatencyRow: ("latency", "order"),
    StageRow: ("latency", "stage"),
    DifferenceRow: ("errors", "difference"),
}
"""By class of row: the stream, and what the line calls it."""
_OF_EVENTS = {
    b"FeedUp": "ingestion",
    b"FeedStale": "ingestion",
    b"FeedDown": "ingestion",
    b"FeedGapped": "ingestion",
    b"FeedMended": "ingestion",
    b"FeedRefused": "errors",
    b"FrameRejected": "errors",
    b"Refused": "errors",
    b"Unanswered": "errors",
    b"CancelRefused": "errors",
    b"AssetHalted": "errors",
}
"""By the name of an event: the stream that has all of it."""
_LEFT_OUT = frozenset({"root", "session", "seq", "n", "at_ns", "settings_json"})
_OF_A_ROUND = ("session", "opened_ns", "strike", "winner", "winner_source", "settled_ns")
"""A round's row that has none of these only adds up its fills."""


@frozen
class StreamLine:
    stream: str
    at_ns: int
    """Session time; of lines without one, that of the last event."""
    text: bytes
    """With its line end."""


def kind_of(record: JournalRecord) -> bytes:
    """The name of its event, undecoded."""
    raw = bytes(record.event)
    return raw[2 : raw.find(b'"', 2)]


def lines_of(record: JournalRecord, rows: list[Row], seq: int, at_ns: int) -> Iterator[StreamLine]:
    """`rows`: those of this record; `seq`, `at_ns`: of the last event so far."""
    if record.is_event:
        yield from _of_event(record)
    for row in rows:
        found = _OF_ROWS.get(type(row))
        if found is not None and _is_told(row):
            stream, what = found
            moment = getattr(row, "at_ns", None) or at_ns
            yield _line(stream, what, seq, moment, _fields(row))


def counts_line(minute_ns: int, asset: str, counts: dict[str, int], seq: int) -> StreamLine:
    """How many events of which kind an asset had in a minute."""
    said = {"asset": asset, "counts": dict(sorted(counts.items()))}
    return _line("ingestion", "minute", seq, minute_ns, said)


def damage_line(why: str, seq: int, at_ns: int) -> StreamLine:
    """Nothing is told behind it: the journal cannot be believed there."""
    return _line("errors", "damaged", seq, at_ns, {"error": plain(why)})


def _of_event(record: JournalRecord) -> Iterator[StreamLine]:
    if record.raised:
        said = {"asset": record.asset, "error": plain(record.raised)}
        yield _line("errors", "crash", record.seq, record.at, said)
    kind = kind_of(record)
    if (stream := _OF_EVENTS.get(kind)) is not None:
        _, fields = msgspec.json.decode(record.event)
        said = {"asset": record.asset, **_told(fields)}
        yield _line(stream, kind.decode(), record.seq, record.at, said)


def _is_told(row: Row) -> bool:
    """A trade is told when its money is final: until then its fills are."""
    if isinstance(row, TradeRow):
        return row.settled_ns is not None or row.ended == "unseen"
    if isinstance(row, RoundRow):
        return any(getattr(row, name) is not None for name in _OF_A_ROUND)
    return True


def _fields(row: Row) -> dict[str, Any]:
    return _told({one.name: getattr(row, one.name) for one in attrs.fields(type(row))})


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_ns"): _value(name, value)
        for name, value in fields.items()
        if value is not None and name not in _LEFT_OUT and not _is_never(name, value)
    }


def _is_never(name: str, value: Any) -> bool:
    return bool(name.endswith("_ns") and value == 0)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_ns"):
            return time(value)
        if name in MICRO_COLUMNS:
            return msgspec.Raw(format_micro(value).encode())
    return value


def _line(stream: str, what: str, seq: int, at_ns: int, said: dict[str, Any]) -> StreamLine:
    text = msgspec.json.encode({"ts": time(at_ns), "event": seq, "what": what, **said})
    return StreamLine(stream, at_ns, text + b"\n")
