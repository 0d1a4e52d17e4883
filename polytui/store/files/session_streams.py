"""The streams of one session beside its rows: in step with the database, or made anew.

A disk that refuses them is said once; rows go on, and the streams are made of the journal when the
disk takes them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from polytui.journal.codec import BadJournal, JournalRecord
from polytui.journal.segment_reader import Bookmark
from polytui.journal.tail import JournalTail
from polytui.store.files.stream_lines import damage_line
from polytui.store.files.streams import Streams
from polytui.store.fold import Fold
from polytui.store.rows import Row

Tell = Callable[[str], None]
_AGAIN_S = 60.0
"""A disk that refused is asked again after so long."""


class SessionStreams:
    """State: the streams as far as the journal was read, or since when there are none."""

    def __init__(self, session: str, folder: Path, tell: Tell) -> None:
        """`tell` hears of a disk that refuses."""
        self._session = session
        self._folder = folder
        self._tell = tell
        self._streams: Streams | None = None
        self._refused_s = 0.0
        self._said = ""

    def begin(self, state: str, place: str, root: str) -> list[Row]:
        """As the database has them: their own state, and how far the journal was read. The rows
        that say where they are now."""
        streams = Streams(self._session, self._folder, state)
        try:
            if place and streams.place == place and streams.is_whole():
                self._streams = streams
                return []
            return self._made_anew(place, root)
        except OSError as error:
            self._refused(error)
        except BadJournal as error:
            self._tell(f"no streams of {self._session}: {error}")
        return []

    def take(self, record: JournalRecord, rows: list[Row], fold: Fold) -> None:
        """One record, and the rows that the fold made of it."""
        if self._streams is not None:
            self._streams.take(record, rows, fold.seq, fold.at_ns)

    def write(self, place: str, root: str) -> list[Row]:
        """The journal was read up to here: what is to be put in the same transaction."""
        try:
            if self._streams is not None:
                return [self._streams.write(place)]
            if time.monotonic() - self._refused_s >= _AGAIN_S:
                return self._made_anew(place, root)
        except OSError as error:
            self._refused(error)
        return []

    def damaged(self, why: str, fold: Fold | None) -> list[Row]:
        """The journal is believed no further: the last line says so."""
        if self._streams is None:
            return []
        seq, at_ns = (0, 0) if fold is None else (fold.seq, fold.at_ns)
        try:
            self._streams.add(damage_line(why, seq, at_ns))
            return [self._streams.write(self._streams.place)]
        except OSError as error:
            self._refused(error)
            return []

    # --- how ------------------------------------------------------------------------------------

    def _made_anew(self, place: str, root: str) -> list[Row]:
        """Of the journal, up to a place that was read before."""
        streams = Streams(self._session, self._folder)
        streams.remove()
        rows: list[Row] = []
        if place:
            with JournalTail(self._folder) as tail:
                _play(tail, place, root, streams)
            rows.append(streams.write(place))
        self._streams, self._said = streams, ""
        return rows

    def _refused(self, error: OSError) -> None:
        self._streams, self._refused_s = None, time.monotonic()
        where = error.filename or self._folder
        said = f"cannot write {where}: {error.strerror or error}"
        if said != self._said:
            self._tell(f"{said}; the journal has it all, the streams are made when they can be")
        self._said = said


def _play(tail: JournalTail, place: str, root: str, streams: Streams) -> None:
    fold: Fold | None = None
    until_seq = msgspec.json.decode(place, type=Bookmark).seq
    while place_of(tail) != place:
        records = tail.read_of_one(1)
        if not records or tail.place.seq > until_seq:
            return  # what was read once is there no more: as far as there is anything
        assert tail.header is not None, "a record has a header before it"
        if fold is None:
            fold = Fold(tail.header, root)
        fold.enter(tail.header)
        for record in records:
            rows = fold.take(record)
            streams.take(record, rows, fold.seq, fold.at_ns)


def place_of(tail: JournalTail) -> str:
    """As the database keeps it."""
    return msgspec.json.encode(tail.place).decode()
