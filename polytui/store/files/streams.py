"""The seven streams of a session: files of JSON lines that only grow, and go on in a new one.

Lines are written before the database remembers the records that they are of, and it remembers how
long each file was then. Whoever goes on cuts the files back to that and reads the same records
again, so no line is doubled, torn or missing. Where that cannot be (a file is shorter, a disk
refused), all of them are made anew of the journal.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from polytui.config.files import FileSettings
from polytui.config.load import BadSettings, from_canonical_json
from polytui.journal.codec import JournalRecord
from polytui.model.units import NS_PER_S
from polytui.store.files.stream_lines import (
    STREAMS,
    StreamLine,
    counts_line,
    kind_of,
    lines_of,
)
from polytui.store.rows import Row, SettingsRow, StreamRow

FOLDER = "streams"
"""In a session's folder."""
_MINUTE_NS = 60 * NS_PER_S
_MOST_HELD = 1_000
"""Lines, until the settings are known that say whether and how they are written."""


class StreamEnd(msgspec.Struct):
    """Where a stream ends."""

    number: int = 1
    """Of its file."""
    size: int = 0
    """Bytes of that."""
    since_ns: int = 0
    """When the file's first line was, session time; 0 while it has none."""


class StreamState(msgspec.Struct):
    """All that must be known to go on."""

    place: str = ""
    """How far the journal was read."""
    rules: tuple[bool, float, float, int] | None = None
    """Whether they are written, bytes and nanoseconds of a file, how many are kept; None until the
    journal says it."""
    ends: dict[str, StreamEnd] = {}
    held: list[tuple[str, int, str]] = []
    """Lines from before the settings: stream, moment, text."""
    minute_ns: int = 0
    counts: dict[str, dict[str, int]] = {}
    """Of that minute: by asset, how many events of each kind."""


class Streams:
    """State: where each stream ends, and the lines that are not written yet."""

    def __init__(self, session: str, folder: Path, state: str = "") -> None:
        """Of a session's folder. `state`: of the last row of it; empty for one that begins."""
        self._session = session
        self._folder = folder / FOLDER
        self._state = msgspec.json.decode(state, type=StreamState) if state else StreamState()
        self._lines: list[StreamLine] = []

    @property
    def place(self) -> str:
        """How far the journal was read for them."""
        return self._state.place

    def is_whole(self) -> bool:
        """Whether every file is there to the byte where we left it; what is behind that is cut
        off. OSError where it cannot be."""
        ends = self._state.ends
        cut = [self._cut(name, ends.get(name, StreamEnd())) for name in STREAMS]  # each of them
        return all(cut)

    def take(self, record: JournalRecord, rows: list[Row], seq: int, at_ns: int) -> None:
        """One record, the rows that came of it, and the last event so far."""
        for row in rows:
            if isinstance(row, SettingsRow) and self._state.rules is None:
                self._begin(row.settings_json)
        if record.is_event:
            self._count(record)
        for line in lines_of(record, rows, seq, at_ns):
            self._hold(line)

    def add(self, line: StreamLine) -> None:
        """One that is no record's."""
        self._hold(line)

    def write(self, place: str) -> StreamRow:
        """All lines so far, of the records up to here. OSError where the disk refuses: then they
        are lost here, and `is_whole` will say so."""
        lines, self._lines = self._lines, []
        by_stream: dict[str, list[StreamLine]] = {name: [] for name in STREAMS}
        for line in lines:
            by_stream[line.stream].append(line)
        for name, found in by_stream.items():
            if found:
                self._append(name, found)
        self._state.place = place
        state = msgspec.json.encode(self._state, order="sorted")
        return StreamRow(self._session, state.decode())

    # --- lines ----------------------------------------------------------------------------------

    def _begin(self, settings_json: str) -> None:
        """As its session began: what was held until now is written, or never."""
        try:
            found = from_canonical_json(settings_json).files
        except (BadSettings, ValueError):
            found = FileSettings()
        self._settle_on(found)

    def _settle_on(self, settings: FileSettings) -> None:
        self._state.rules = (
            settings.has_streams,
            settings.stream_mb * 1e6,
            settings.stream_hours * 3_600 * NS_PER_S,
            settings.stream_files,
        )
        held, self._state.held = self._state.held, []
        for stream, at_ns, text in held:
            self._hold(StreamLine(stream, at_ns, text.encode()))

    def _hold(self, line: StreamLine) -> None:
        if self._state.rules is None:
            self._state.held.append((line.stream, line.at_ns, line.text.decode()))
            if len(self._state.held) > _MOST_HELD:
                self._settle_on(FileSettings())
        elif self._state.rules[0]:
            self._lines.append(line)

    def _count(self, record: JournalRecord) -> None:
        state, minute_ns = self._state, record.at // _MINUTE_NS * _MINUTE_NS
        if minute_ns != state.minute_ns:
            for asset, counts in sorted(state.counts.items()):
                self._hold(counts_line(state.minute_ns, asset, counts, record.seq - 1))
            state.minute_ns, state.counts = minute_ns, {}
        counts = state.counts.setdefault(record.asset, {})
        kind = kind_of(record).decode()
        counts[kind] = counts.get(kind, 0) + 1

    # --- files ----------------------------------------------------------------------------------

    def _path(self, name: str, number: int) -> Path:
        return self._folder / f"{name}.{number:06d}.jsonl"

    def _append(self, name: str, lines: Iterable[StreamLine]) -> None:
        assert self._state.rules is not None, "lines are held until then"
        _, most_bytes, most_ns, kept = self._state.rules
        end = self._state.ends.setdefault(name, StreamEnd())
        waiting: list[bytes] = []
        for line in lines:
            is_old = end.since_ns and line.at_ns - end.since_ns >= most_ns
            if end.size and (end.size + len(line.text) > most_bytes or is_old):
                self._write(name, end.number, waiting)
                end.number, end.size, end.since_ns = end.number + 1, 0, 0
                if kept and end.number > kept:
                    self._path(name, end.number - kept).unlink(missing_ok=True)
            waiting.append(line.text)
            end.size += len(line.text)
            end.since_ns = end.since_ns or line.at_ns
        self._write(name, end.number, waiting)

    def _write(self, name: str, number: int, waiting: list[bytes]) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path(name, number), flags, 0o600)
        with open(descriptor, "ab") as file:
            file.write(b"".join(waiting))
        waiting.clear()

    def _cut(self, name: str, end: StreamEnd) -> bool:
        number = end.number + 1
        while (later := self._path(name, number)).exists():
            later.unlink()
            number += 1
        path = self._path(name, end.number)
        if not path.exists():
            return end.size == 0
        if not end.size:
            path.unlink()
            return True
        size = path.stat().st_size
        if size > end.size:
            os.truncate(path, end.size)
        return size >= end.size

    def remove(self) -> None:
        """Every file, to be made anew."""
        for name in STREAMS:
            for path in self._folder.glob(f"{name}.*.jsonl"):
                with suppress(FileNotFoundError):
                    path.unlink()
