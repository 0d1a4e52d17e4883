"""Rows in the order in which they were received, whatever the order of their file.

What does not fit in memory is sorted in parts, which wait in files of a folder that is gone
afterwards, and merged: a file of any size, in bounded memory.
"""

from __future__ import annotations

import heapq
import pickle
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

TimedRow = tuple[Any, ...]
"""When it was received in nanoseconds, the number of its row, and what else there is."""
_by_time = itemgetter(0, 1)
_CHUNK = 50_000
_PICKLED = 50


def in_order(rows: Iterable[TimedRow], chunk: int = _CHUNK) -> Iterator[TimedRow]:
    """Sorted by time, then by row. `chunk`: rows that are kept in memory at once."""
    source = iter(rows)
    first = _part(source, chunk)
    if len(first) < chunk:
        yield from first
        return
    with ExitStack() as left:
        folder = Path(left.enter_context(TemporaryDirectory(prefix="polytui-")))
        parts = [_kept(folder / "0", first)]
        del first
        while part := _part(source, chunk):
            parts.append(_kept(folder / str(len(parts)), part))
        files = [left.enter_context(path.open("rb")) for path in parts]
        yield from heapq.merge(*map(_read, files), key=_by_time)


def _part(source: Iterator[TimedRow], chunk: int) -> list[TimedRow]:
    return sorted(islice(source, chunk), key=_by_time)


def _kept(path: Path, part: list[TimedRow]) -> Path:
    with path.open("wb") as file:
        for at in range(0, len(part), _PICKLED):
            pickle.dump(part[at : at + _PICKLED], file, pickle.HIGHEST_PROTOCOL)
    return path


def _read(file: BinaryIO) -> Iterator[TimedRow]:
    while True:
        try:
            yield from pickle.load(file)
        except EOFError:
            return
