"""Files of rows, whatever their format: Parquet, CSV and JSON lines, plain or gzip.

Rows are read one after the other, so a file that is larger than the memory can be read; each comes
with its number, from 1, so whoever finds a fault can say where it is.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import msgspec

from polytui.backtest.sources.arrow import library
from polytui.journal.raw_files import TornTail, read_lines
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain

Cells = tuple[Any, ...]
"""The number of a row, then the cells that were asked for; None for an empty one."""
_BATCH = 4_096
_BUFFER = 1 << 20
_NS_OF_UNIT = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_FORMATS = (".parquet", ".csv", ".jsonl", ".ndjson")
_LONGEST_CELL = 64 << 20


class TornTable(Exception):
    """The file ends in the middle of something: every row before it has been read."""


def format_of(path: Path) -> str:
    """ ".parquet", ".csv" or ".jsonl" by its name; empty where it is none of them."""
    suffixes = [one.lower() for one in path.suffixes if one.lower() != ".gz"]
    last = suffixes[-1] if suffixes else ""
    return ".jsonl" if last == ".ndjson" else last if last in _FORMATS else ""


def columns_of(path: Path) -> tuple[str, ...]:
    """The names of a file's columns; of JSON lines those of its first line. Fatal where it cannot
    be read as what its name says."""
    kind = format_of(path)
    with _readable(path):
        if kind == ".parquet":
            return tuple(_parquet(path).schema_arrow.names)
        if kind == ".csv":
            with _opened(path) as text:
                return tuple(next(csv.reader(text), ()))
        for line in read_lines(path):
            if line.strip():
                return tuple(_decode(line))
    return ()


def rows_of(path: Path, names: Sequence[str]) -> Iterator[Cells]:
    """Every row with these cells, in the order of the file; a column that is not there is empty.
    TornTable at the end of one that was cut off."""
    read = {".parquet": _parquet_rows, ".csv": _csv_rows}.get(format_of(path), _json_rows)
    with _readable(path):
        yield from read(path, tuple(names))


def bad_row(path: Path, number: int, why: object) -> Fatal:
    """What is wrong with a row, and where it is."""
    return Fatal(f"{plain(path)}, row {number}: {why}")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise Fatal(f"{plain(path)} is not there") from None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, csv.Error) as error:
        raise Fatal(f"cannot read {plain(path)}: {error}") from error
    except (EOFError, zlib.error, TornTail) as error:
        raise TornTable(f"{plain(path)} is cut off") from error


# --- Parquet ------------------------------------------------------------------------------------


def _parquet(path: Path) -> Any:
    arrow = library()
    try:
        return arrow.parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except arrow.ArrowInvalid as error:
        raise Fatal(f"{plain(path)} is no Parquet file, or not whole: {error}") from error


def _parquet_rows(path: Path, names: tuple[str, ...]) -> Iterator[Cells]:
    file = _parquet(path)
    there = [name for name in names if name in file.schema_arrow.names]
    number = 1
    for batch in file.iter_batches(batch_size=_BATCH, columns=there):
        columns = {name: _values(batch.column(name)) for name in there}
        empty = [None] * batch.num_rows
        cells = [columns.get(name, empty) for name in names]
        yield from zip(range(number, number + batch.num_rows), *cells, strict=True)
        number += batch.num_rows


def _values(column: Any) -> list[Any]:
    """Moments as whole nanoseconds, whatever their unit: a clock of days has no room for them."""
    arrow = library()
    if arrow.types.is_timestamp(column.type):
        scale = _NS_OF_UNIT[column.type.unit]
        whole = column.cast(arrow.int64()).to_pylist()
        return [None if one is None else one * scale for one in whole]
    found: list[Any] = column.to_pylist()
    return found


# --- text ---------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open("rb") as file:
        is_gzip = file.peek(2)[:2] == b"\x1f\x8b"
    opened = gzip.open if is_gzip else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as text:
        yield text


def _csv_rows(path: Path, names: tuple[str, ...]) -> Iterator[Cells]:
    with _opened(path) as text:
        table = csv.reader(text)
        head = next(table, [])
        width, places = len(head), [head.index(one) if one in head else -1 for one in names]
        for number, cells in enumerate(table, start=1):
            if not cells:
                continue
            if len(cells) != width:
                raise bad_row(path, number, f"{len(cells)} cells, where the head has {width}")
            yield (number, *(cells[at] or None if at >= 0 else None for at in places))


def _json_rows(path: Path, names: tuple[str, ...]) -> Iterator[Cells]:
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = _decode(line)
        except msgspec.MsgspecError as error:
            raise bad_row(path, number, f"no JSON object: {error}") from None
        yield (number, *(row.get(name) for name in names))
