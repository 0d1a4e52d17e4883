"""Lines that survive a crash: appended as gzip members, begun anew by size and by time.

Each flush writes one whole member and asks the system to keep it, so a crash loses at most what was
not flushed, and whatever stands in the file can be read by `zcat` up to a cut-off tail.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from polytui.model.errors import Fatal
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S

_LEVEL = 5
_CHUNK = 1 << 16
_BRACKETS = {"{": "}", "[": "]"}
_MOST_LINES = 1 << 18
"""Of one value: what is longer is no frame of any venue, and is not kept whole."""
_LONGEST_LINE = 64 << 20


class RawFiles:
    """State: the file of the moment. Writing blocks: call it from a thread of its own.

    Files are `<name>-<UTC start>.jsonl.gz` in `folder`; OSError where that cannot be written.
    """

    def __init__(self, folder: Path, name: str, rotate_bytes: int, rotate_s: float) -> None:
        self._folder = folder
        self._name = name
        self._rotate_bytes = rotate_bytes
        self._rotate_ns = int(rotate_s * NS_PER_S)
        self._path: Path | None = None
        self._began_ns = 0
        self._size = 0
        self.files: list[Path] = []

    def write(self, lines: list[bytes], now_ns: int) -> None:
        """Append lines (each with its newline) as one member."""
        if not lines:
            return
        member = gzip.compress(b"".join(lines), _LEVEL, mtime=0)
        path = self._file_for(now_ns)
        with path.open("ab") as file:
            file.write(member)
            file.flush()
            os.fsync(file.fileno())
        self._size += len(member)

    def _file_for(self, now_ns: int) -> Path:
        is_due = self._size >= self._rotate_bytes or now_ns - self._began_ns >= self._rotate_ns
        if self._path is None or is_due:
            self._path, self._began_ns, self._size = self._new_path(now_ns), now_ns, 0
            self.files.append(self._path)
        return self._path

    def _new_path(self, now_ns: int) -> Path:
        """Never one that is there: two files of one second have numbers."""
        stamp = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).strftime("%Y%m%dT%H%M%SZ")
        path, number = self._folder / f"{self._name}-{stamp}.jsonl.gz", 1
        while path.exists():
            number += 1
            path = self._folder / f"{self._name}-{stamp}-{number}.jsonl.gz"
        return path


class TornTail(Exception):
    """The file ends inside a member: everything before it has been read."""


def read_lines(path: Path) -> Iterator[str]:
    """Whole lines of a plain or gzip file. TornTail at the end of one that was cut off; Fatal for
    a line that is longer than any frame may be, of which no more is read."""
    rest = bytearray()
    try:
        for chunk in _chunks(path):
            first, *more = chunk.split(b"\n")
            rest += first
            if len(rest) > _LONGEST_LINE:
                most_mb = _LONGEST_LINE >> 20
                raise Fatal(f"{plain(path)} has a line of more than {most_mb} MB: no recording")
            for next_line in more:
                yield rest.decode(errors="replace")
                rest = bytearray(next_line)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TornTail(f"{path} is cut off: {error}") from error
    if rest:
        yield rest.decode(errors="replace")


def whole_values(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each line with its number, from 1; a value that was printed over several lines, as one text
    under the number of its first. Such a value opens and closes with a bracket of its own line."""
    opened, closes, parts = 0, "", list[str]()
    for number, line in enumerate(lines, start=1):
        bare = line.rstrip().lstrip("\ufeff")
        if parts:
            parts.append(bare)
            if line.startswith(closes) or len(parts) >= _MOST_LINES:
                yield opened, "\n".join(parts)
                parts = []
        elif bare in _BRACKETS:
            opened, closes, parts = number, _BRACKETS[bare], [bare]
        else:
            yield number, line.lstrip("\ufeff")
    if parts:
        yield opened, "\n".join(parts)


def _chunks(path: Path) -> Iterator[bytes]:
    """Opened once: a pipe is there only once."""
    with path.open("rb") as file:
        is_gzip = file.peek(2)[:2] == b"\x1f\x8b"
        with gzip.open(file, "rb") if is_gzip else file as whole:
            while chunk := whole.read1(_CHUNK):
                yield chunk
