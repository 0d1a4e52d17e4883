"""Rows in the order in which they were received, whatever the order of their file.

What does not fit in memory is sorted in parts, which wait in files of a folder that is gone
afterwards, and merged: a file of any size, in bounded memory. Many parts are merged to fewer first:
a process may have a thousand files open, or less, and there are others to be read.
"""

from __future__ import annotations

import heapq
import pickle
from collections.abc import Generator, Iterable, Iterator
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
_AT_ONCE = 64
"""Parts that are merged, and open, at one time: three million rows are sorted in one pass, two
hundred million in two."""


def in_order(rows: Iterable[TimedRow], chunk: int = _CHUNK) -> Generator[TimedRow]:
    """Sorted by time, then by row. `chunk`: rows that are kept in memory at once. Closed before its
    end it leaves no file."""
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
        while len(parts) > _AT_ONCE:
            groups = [parts[at : at + _AT_ONCE] for at in range(0, len(parts), _AT_ONCE)]
            parts = [_as_one(group) for group in groups]
        yield from _merged(parts)


def _part(source: Iterator[TimedRow], chunk: int) -> list[TimedRow]:
    return sorted(islice(source, chunk), key=_by_time)


def _kept(path: Path, rows: Iterable[TimedRow]) -> Path:
    source = iter(rows)
    with path.open("wb") as file:
        while several := list(islice(source, _PICKLED)):
            pickle.dump(several, file, pickle.HIGHEST_PROTOCOL)
    return path


def _as_one(parts: list[Path]) -> Path:
    """They are gone when it is written."""
    merged = _kept(parts[0].with_name(f"{parts[0].name}+"), _merged(parts))
    for path in parts:
        path.unlink()
    return merged


def _merged(parts: Iterable[Path]) -> Iterator[TimedRow]:
    with ExitStack() as left:
        files = [left.enter_context(path.open("rb")) for path in parts]
        yield from heapq.merge(*map(_read, files), key=_by_time)


def _read(file: BinaryIO) -> Iterator[TimedRow]:
    while True:
        try:
            yield from pickle.load(file)
        except EOFError:
            return
