"""What sessions of an earlier version left behind under names that this one does not read.

It might hold a kill or a pause, so it is never passed over: whoever begins in such a folder is
told where it lies. It was `<mode>.standing.jsonl`, and before there was that file a line in the
journals.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from polytui.journal.codec import BadJournal, peek_header
from polytui.journal.segments import FORMER_FILE

MOST_READ = 256 << 20
"""Bytes, from the ends of all journals that are searched: about a second. Only journals that hold
no such line can use it up."""
_BLOCK = 256 << 10
_MOST_HEADER = 64 << 10
_START = b'\n{"standing":'
_ELSEWHERE_SINCE = 2
"""The first format whose journals hold no such line: what survives has had its file since."""


def former_file(directory: Path, mode: str) -> Path | None:
    """The file of the former name, where it is there."""
    path = directory / f"{mode}.standing.jsonl"
    return path if os.path.lexists(path) else None


def former_journal(directory: Path, mode: str, most_read: int = MOST_READ) -> Path | None:
    """The newest journal of this mode and an earlier format, one folder below `directory`, that
    holds such a line; None where none does. What is no journal, or cannot be read, is passed
    over."""
    left = most_read
    for path in _newest_first(directory):
        try:
            with path.open("rb") as file:
                if not _is_former(file, mode):
                    continue
                size = file.seek(0, os.SEEK_END)
                if _has_line(file, size, left):
                    return path
        except OSError:
            continue
        left -= size
        if left <= 0:
            return None
    return None


def _newest_first(directory: Path) -> list[Path]:
    """Journals by the time of their last line: the one written last knows best."""
    found: list[tuple[int, str, Path]] = []
    try:
        with os.scandir(directory) as folders:
            for folder in folders:
                path = Path(folder.path) / FORMER_FILE
                if (written_ns := _written_ns(path)) is not None:
                    found.append((written_ns, folder.name, path))
    except OSError:
        return []
    return [path for _, _, path in sorted(found, reverse=True)]


def _written_ns(path: Path) -> int | None:
    """None for what is no plain file: opening a pipe would wait for ever."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns if S_ISREG(status.st_mode) else None


def _is_former(file: BinaryIO, mode: str) -> bool:
    try:
        header = peek_header(file.readline(_MOST_HEADER))
    except BadJournal:
        return False
    return header.mode == mode and header.journal < _ELSEWHERE_SINCE


def _has_line(file: BinaryIO, size: int, most: int) -> bool:
    """Whether a whole line of that kind is in the last `most` bytes of a file. One that a crash cut
    short was never acknowledged."""
    for block in _blocks_from_end(file, size, max(0, size - most)):
        at = block.rfind(_START)
        while at >= 0:
            if block.find(b"\n", at + 1) >= 0:
                return True
            at = block.rfind(_START, 0, at)
    return False


def _blocks_from_end(file: BinaryIO, start: int, least: int) -> Iterator[bytes]:
    """The file backwards, each block with the rest of the line in whose middle it ends. A line
    longer than a block loses its end; one of that kind is far shorter."""
    rest = b""
    while start > least:
        size = min(_BLOCK, start - least)
        start = file.seek(start - size)
        block = file.read(size) + rest
        yield block
        rest = block[: block.find(b"\n") + 1]
