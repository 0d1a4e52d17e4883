"""A journal as whoever reads it sees it: a header and records, from one file or from many.

Line by line and in bounded memory, whatever the size. A last line that a crash cut short is left
out. Numbers of events follow one another without a hole, through all the files; faults are
BadJournal, in words that name the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from attrs import frozen

from polytui.journal.codec import (
    CHECKPOINT_BEGINS,
    UNREADABLE,
    BadJournal,
    Header,
    JournalRecord,
    decode_header,
    decode_record,
)

_LONGEST = 256 << 20
"""Bytes of a line: a checkpoint has the most by far."""
_SPEAKS_OF = re.compile(rb'","seq":([0-9]{1,18}),"digest":"[^"]*"\}\n\Z')


@frozen
class Spot:
    """Where a checkpoint stands."""

    seq: int
    file: int
    """Which of the files, from 0 on."""
    line: int
    offset: int
    """In bytes, of the line itself."""


class JournalReader(AbstractContextManager["JournalReader"]):
    """State: the file of the moment, the line in hand, and the last number.

    Iterating it gives records, each once; whoever stops and goes on later goes on after them.
    """

    def __init__(
        self, *paths: Path, begin: Spot | None = None, has_latencies: bool = False
    ) -> None:
        """From the first record of the first file, or from the checkpoint at `begin` on. BadJournal
        where a file cannot be read or begins with no header; OtherFormat where another version
        wrote it. `has_latencies`: for whoever wants these lines, which nobody replays."""
        self._paths = paths
        self._has_latencies = has_latencies
        self._at = 0 if begin is None else begin.file
        self._line = 0
        self._seq: int | None = None
        self._file = self._open()
        self.header = self._header()
        if begin is not None:
            self._file.seek(begin.offset)
            self._line = begin.line - 1
            self._seq = begin.seq
        self._records = self._read()

    @property
    def where(self) -> str:
        """The line in hand, in words."""
        return f"{self._paths[self._at]}, line {self._line}"

    def __iter__(self) -> Iterator[JournalRecord]:
        return self._records

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    # --- lines ----------------------------------------------------------------------------------

    def _read(self) -> Iterator[JournalRecord]:
        while True:
            yield from self._read_file()
            if self._at + 1 == len(self._paths):
                return
            self._next_file()

    def _read_file(self) -> Iterator[JournalRecord]:
        read = self._file.readline
        while line := read(_LONGEST):
            self._line += 1
            if not line.endswith(b"\n"):
                if len(line) == _LONGEST:
                    raise BadJournal(f"{self.where}: longer than any line of a journal")
                return  # a crash cut it short
            try:
                record = self._decode(line)
                self._follow(record)
            except BadJournal as error:
                raise BadJournal(f"{self.where}: {error}") from error
            if not record.is_aside or (record.latency and self._has_latencies):
                yield record

    def _decode(self, line: bytes) -> JournalRecord:
        """A checkpoint that is damaged is one all the same: nobody begins from it, and what is
        around it is read."""
        try:
            return decode_record(line)
        except BadJournal:
            if not line.startswith(CHECKPOINT_BEGINS):
                raise
            return JournalRecord(self._seq or 0, digest=UNREADABLE, checkpoint=UNREADABLE)

    def _follow(self, record: JournalRecord) -> None:
        """Events count up by one; a digest or checkpoint speaks of the event before it."""
        before, seq = self._seq, record.seq
        if record.is_event:
            self._seq = seq
            if before is None or seq == before + 1:
                return
            raise BadJournal(f"event {seq} comes after event {before}")
        if not record.is_aside and before is not None and seq != before:
            raise BadJournal(f"it speaks of event {seq}, and stands after event {before}")

    # --- files ----------------------------------------------------------------------------------

    def _open(self) -> BinaryIO:
        path = self._paths[self._at]
        try:
            return path.open("rb")
        except OSError as error:
            raise BadJournal(f"cannot read {path}: {error.strerror}") from error

    def _header(self) -> Header:
        self._line = 1
        try:
            return decode_header(self._file.readline(_LONGEST))
        except BadJournal as error:
            self.close()
            raise type(error)(f"{self._paths[self._at]}: {error}") from error

    def _next_file(self) -> None:
        self.close()
        self._at += 1
        self._file = self._open()
        header = self._header()
        if header.session != self.header.session:
            raise BadJournal(
                f"{self.where}: of session {header.session}, the one before it of"
                f" {self.header.session}"
            )


def spots(*paths: Path, until_seq: int | None = None) -> list[Spot]:
    """Where the checkpoints are, the first one first; those of later events are left out. Lines are
    only looked at: what is in them is for whoever begins there."""
    found = []
    for file, path in enumerate(paths):
        with JournalReader(path):
            found += list(_spots_of(path, file))
    return [spot for spot in found if until_seq is None or spot.seq <= until_seq]


def _spots_of(path: Path, file: int) -> Iterable[Spot]:
    offset = number = 0
    with path.open("rb") as lines:
        while line := lines.readline(_LONGEST):
            number += 1
            if line.startswith(CHECKPOINT_BEGINS) and (found := _SPEAKS_OF.search(line)):
                yield Spot(int(found[1]), file, number, offset)
            offset += len(line)
