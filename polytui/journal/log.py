"""The append-only truth: one file of lines, written by one task, complete to the last event.

Appending is a memory copy; the disk is touched by the flush task in a thread, so a slow disk
delays the journal and never a decision.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import trio

from polytui.journal.codec import (
    BadJournal,
    Header,
    Record,
    decode_header,
    decode_record,
    encode_header,
)
from polytui.model.errors import Fatal

_MOST_BUFFERED = 256 << 20
"""Bytes waiting for a disk that does not answer; more is a fault that stops the session."""


class JournalLog:
    """State: the open file and the lines that wait for it."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("xb", buffering=0)
        except OSError as error:
            raise Fatal(f"cannot write the journal {path}: {error.strerror}") from error
        self._waiting = bytearray(encode_header(header))

    def append(self, line: bytes) -> None:
        self._waiting += line
        if len(self._waiting) > _MOST_BUFFERED:
            raise Fatal(f"the disk of {self.path} does not keep up: free it or slow down")

    async def run(self, every_ms: int) -> None:
        """Write what waits, for ever; what is left at the end is for `close`."""
        while True:
            await trio.sleep(every_ms / 1000)
            await self.flush()

    async def flush(self) -> None:
        if self._waiting:
            lines, self._waiting = self._waiting, bytearray()
            # Not abandoned on cancel: half a batch must not be lost or written twice.
            await trio.to_thread.run_sync(self._write, lines)

    def close(self) -> None:
        """Everything to the disk, now."""
        self._write(self._waiting)
        self._waiting = bytearray()
        os.fsync(self._file.fileno())
        self._file.close()

    def _write(self, lines: bytearray) -> None:
        left = memoryview(lines)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise Fatal(f"cannot write the journal {self.path}: {error.strerror}") from error


def read_journal(path: Path) -> tuple[Header, Generator[Record]]:
    """Header, events and digests of a file. BadJournal where a line is none; a last line that a
    crash cut short is left out, and so are standings, which are for the next session."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadJournal(f"cannot read {path}: {error.strerror}") from error
    try:
        header = decode_header(file.readline())
    except BadJournal:
        file.close()
        raise
    return header, _records(file)


def _records(file: BinaryIO) -> Generator[Record]:
    with file:
        for number, line in enumerate(file, start=2):
            if not line.endswith(b"\n"):
                return
            try:
                record = decode_record(line)
            except BadJournal as error:
                raise BadJournal(f"line {number}: {error}") from error
            if not record.standing:
                yield record
