"""Events of our own making: what `polytui record` kept, what was exported, and journals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from polytui.backtest.journal_source import OWN, SAID, JournalSource
from polytui.backtest.moments import Moment
from polytui.backtest.sources.book_file import CUT_OFF
from polytui.backtest.sources.event_recording import EventRecording, in_turn
from polytui.backtest.sources.tables import TornTable, bad_row, rows_of
from polytui.journal.codec import BadJournal, decode_event
from polytui.journal.raw_files import TornTail, read_lines
from polytui.journal.session_folders import is_journal
from polytui.model.events import Event
from polytui.model.instrument import Asset

EVENT_FILES = "events-*.jsonl.gz"
_NOT_OURS = OWN | SAID
"""Of the session's own account and of people."""
_ASSETS = {asset.value: asset for asset in Asset}
EXPORTED_COLUMNS = ("session", "seq", "at", "asset", "is_last", "kind", "data")


class _KeptLine(msgspec.Struct):
    at: int
    asset: str
    event: msgspec.Raw


_decode_line = msgspec.json.Decoder(_KeptLine).decode


class RecordFolder(EventRecording):
    """What `polytui record` wrote: its files of events, in the order in which they were begun."""

    WORDS = "a record folder"

    def batches(self, counted: Counter[str]) -> Iterator[Moment]:
        files = sorted(self.path.glob(EVENT_FILES), key=_began)
        yield from in_turn([self._file(path, counted) for path in files])

    def _file(self, path: Path, counted: Counter[str]) -> Iterator[Moment]:
        try:
            for number, line in enumerate(read_lines(path), start=1):
                try:
                    kept = _decode_line(line)
                    event = decode_event(kept.event)
                    yield Moment(kept.at, _ASSETS[kept.asset], (event,))
                except (msgspec.MsgspecError, BadJournal, KeyError) as fault:
                    raise bad_row(path, number, fault) from None
        except TornTail:
            counted[CUT_OFF] += 1


def _began(path: Path) -> tuple[str, int]:
    """Two files of one second have numbers, which sort as such."""
    stamp, _, number = path.name.removesuffix(".jsonl.gz").removeprefix("events-").partition("-")
    return stamp, int(number) if number.isdecimal() else 1


class ExportedEvents(EventRecording):
    """`events.parquet` of `polytui export`: batches as their desks took them."""

    WORDS = "exported sessions"

    def batches(self, counted: Counter[str]) -> Iterator[Moment]:
        waiting: dict[str, list[Event]] = {}
        try:
            for row in rows_of(self.path, ("at", "asset", "data", "is_last")):
                number, at_ns, name, data, is_last = row
                try:
                    batch = waiting.setdefault(name, [])
                    batch.append(decode_event(msgspec.Raw(data.encode())))
                    if is_last:
                        kept = tuple(
                            [one for one in waiting.pop(name) if type(one) not in _NOT_OURS]
                        )
                        if kept:
                            yield Moment(int(at_ns), _ASSETS[name], kept)
                except (BadJournal, KeyError, ValueError) as fault:
                    raise bad_row(self.path, number, fault) from None
        except TornTable:
            counted[CUT_OFF] += 1


class HeardJournal(EventRecording):
    """A session's journal: what it heard of the market."""

    WORDS = "sessions' journals"

    def batches(self, counted: Counter[str]) -> Iterator[Moment]:
        return JournalSource(self.path).moments()


def own_recording(path: Path) -> EventRecording | None:
    """The recording that a folder is as a whole, or a file, if it is one of ours: not those of
    `polytui export`, which are known by their columns as any table is."""
    if path.is_dir() and any(path.glob(EVENT_FILES)):
        return RecordFolder(path)
    return HeardJournal(path) if is_journal(path) else None
