"""Sorted parts of something that is larger than the memory, and what they are together.

They stand one after the other in one file that has no name: it is gone when it is closed and when
its process ends, however that ends. It is made where TMPDIR says, else in /var/tmp: /tmp is memory
on many machines, which is what there is too little of.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from heapq import merge
from operator import itemgetter
from struct import Struct
from tempfile import TemporaryFile, gettempdir
from typing import Any

from polytui.model.errors import Fatal
from polytui.model.plain_text import plain

TimedRow = tuple[Any, ...]
"""When it was received in nanoseconds, the number of its row, and what else there is."""
by_time = itemgetter(0, 1)
_ROOMY = "/var/tmp"
LEFT_FREE_MB = 256
"""Others write to the same disk: sessions their journals."""
_PICKLED = 50
"""Rows that are read back at once; of each part so many are in memory."""
_LENGTH = Struct("<Q")


class SortedParts:
    """State: the file, and from where to where each part is in it. Close it, or leave its `with`.

    Fatal where the disk has no room, or so little that others would have none."""

    def __init__(self, left_free_mb: int = LEFT_FREE_MB) -> None:
        """`left_free_mb`: so much of the disk is left to others."""
        self._folder, self._end, self._left_free_mb = _folder(), 0, left_free_mb
        self._spans: list[tuple[int, int]] = []
        try:
            self._file = TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115
        except OSError as error:
            raise self._no_room(error.strerror) from error

    def __enter__(self) -> SortedParts:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def megabytes(self) -> int:
        return -(-self._end // 1_000_000)

    def add(self, rows: Sequence[TimedRow]) -> None:
        """A part, sorted."""
        begins = self._end
        try:
            self._look_for_room()
            for at in range(0, len(rows), _PICKLED):
                self._write(pickle.dumps(rows[at : at + _PICKLED], pickle.HIGHEST_PROTOCOL))
        except OSError as error:
            raise self._no_room(error.strerror) from error
        self._spans.append((begins, self._end))

    def merged(self) -> Iterator[TimedRow]:
        """All parts as one."""
        return merge(*[self._read(*span) for span in self._spans], key=by_time)

    def _look_for_room(self) -> None:
        disk = os.fstatvfs(self._file.fileno())
        if disk.f_bavail * disk.f_frsize < self._left_free_mb << 20:
            raise self._no_room(f"less than {self._left_free_mb:,} MB are free")

    def _write(self, data: bytes) -> None:
        left = memoryview(_LENGTH.pack(len(data)) + data)
        while left:
            written = self._file.write(left)
            self._end += written
            left = left[written:]

    def _read(self, at: int, end: int) -> Iterator[TimedRow]:
        file = self._file.fileno()
        while at < end:
            (length,) = _LENGTH.unpack(os.pread(file, _LENGTH.size, at))
            at += _LENGTH.size
            yield from pickle.loads(os.pread(file, length, at))
            at += length

    def _no_room(self, why: str | None) -> Fatal:
        return Fatal(
            f"{plain(self._folder)} has no room for the rows of a recording that are out of order"
            f" ({self.megabytes:,} MB were written: {why}): name another folder by TMPDIR, play"
            " less (--from, --to), or sort the file by its time of receipt, and none is needed"
        )


def _folder() -> str:
    is_named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    is_roomy = not is_named and os.access(_ROOMY, os.W_OK | os.X_OK)
    return _ROOMY if is_roomy else gettempdir()
