"""What sessions left in their journals before it had a file of its own, read from their ends.

Asked once in a folder: from then on the file of `standing_file.py` knows better.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from polytui.journal.codec import BadJournal, decode_header, decode_standing
from polytui.model.events import StandingRestored

JOURNAL = "journal.jsonl"
MOST_READ = 256 << 20
"""Bytes, from the ends of all journals that are searched: about a second. Only journals of
sessions that never wrote a standing can use it up."""
_BLOCK = 256 << 10
_MOST_HEADER = 64 << 10
_START = b'{"standing":'


def last_standing(
    directory: Path, mode: str, most_read: int = MOST_READ
) -> StandingRestored | None:
    """The newest standing in the journals of this mode, one folder below `directory`; None where
    no session left one. What is no journal, or cannot be read, is passed over."""
    left = most_read
    for path in _newest_first(directory):
        try:
            with path.open("rb") as file:
                if not _is_of_mode(file, mode):
                    continue
                size = file.seek(0, os.SEEK_END)
                if (standing := _last_in(file, size, left)) is not None:
                    return standing
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
                path = Path(folder.path) / JOURNAL
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


def _is_of_mode(file: BinaryIO, mode: str) -> bool:
    try:
        return decode_header(file.readline(_MOST_HEADER)).mode == mode
    except BadJournal:
        return False


def _last_in(file: BinaryIO, size: int, most: int) -> StandingRestored | None:
    """The last whole standing in the last `most` bytes of a file."""
    for block in _blocks_from_end(file, size, max(0, size - most)):
        end = len(block)
        while (at := block.rfind(b"\n" + _START, 0, end)) >= 0:
            standing = _standing_at(block, at + 1)
            if standing is not None:
                return standing
            end = at
    return None


def _blocks_from_end(file: BinaryIO, start: int, least: int) -> Iterator[bytes]:
    """The file backwards, each block with the rest of the line in whose middle it ends. A line
    longer than a block loses its end; a standing is far shorter."""
    rest = b""
    while start > least:
        size = min(_BLOCK, start - least)
        start = file.seek(start - size)
        block = file.read(size) + rest
        yield block
        rest = block[: block.find(b"\n") + 1]


def _standing_at(block: bytes, start: int) -> StandingRestored | None:
    """None for a line that a crash cut short, and for one that is not to be believed."""
    end = block.find(b"\n", start)
    if end < 0:
        return None
    try:
        return decode_standing(block[start:end])
    except BadJournal:
        return None
