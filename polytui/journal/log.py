"""The append-only truth: one file of lines, written by one task, complete to the last event.

How lines get to the disk, and when they are known to be there, is in `line_file.py`.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

from polytui.journal.codec import (
    BadJournal,
    Header,
    JournalRecord,
    decode_header,
    decode_record,
    encode_header,
)
from polytui.journal.line_file import LineFile, OffLoop, in_a_thread, sync_folder
from polytui.model.errors import Fatal


class JournalLog(LineFile):
    """The journal of one session, from its header on."""

    def __init__(self, path: Path, header: Header, off_loop: OffLoop = in_a_thread) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb", buffering=0)
            sync_folder(path.parent)
            sync_folder(path.parent.parent)
        except OSError as error:
            raise Fatal(f"cannot write the journal {path}: {error.strerror}") from error
        super().__init__(path, file, "the journal", off_loop)
        self.append(encode_header(header))


def read_journal(path: Path) -> tuple[Header, Generator[JournalRecord]]:
    """Header, events and digests of a file. BadJournal where a line is none; a last line that a
    crash cut short is left out, and so are risk states, which are for the next session."""
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


def _records(file: BinaryIO) -> Generator[JournalRecord]:
    with file:
        for number, line in enumerate(file, start=2):
            if not line.endswith(b"\n"):
                return
            try:
                record = decode_record(line)
            except BadJournal as error:
                raise BadJournal(f"line {number}: {error}") from error
            if not record.risk_state:
                yield record
