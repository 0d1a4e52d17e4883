"""Parquet files, written a row group at a time: whatever the number of rows, memory is bounded.

The library is an extra, `polytui[parquet]`: nothing that trades needs it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import frozen

from polytui.backtest.sources.arrow import library
from polytui.model.errors import Fatal

_MICRO_EXPONENT = -6
Row = Mapping[str, Any]


@frozen
class ParquetColumn:
    """`kind`: text, whole, real, flag, time (from nanoseconds), micro (from millionths)."""

    name: str
    kind: str
    says: str = ""


class ParquetFile(AbstractContextManager["ParquetFile"]):
    """State: the rows of the group that is not written yet. The file is in its place once it was
    left without an error, and before that under another name."""

    def __init__(
        self,
        path: Path,
        columns: Sequence[ParquetColumn],
        group: int = 20_000,
        metadata: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """`group`: rows of a row group. `metadata`: what the file says of itself."""
        self._arrow = library()
        self._path = path
        self._aside = path.with_name(f".{path.name}.new")
        self._columns = tuple(columns)
        self._group = group
        self._rows: list[Row] = []
        self._schema = self._arrow.schema(
            [(one.name, self._type(one.kind)) for one in columns], metadata
        )
        self.count = 0
        """Rows so far."""
        try:
            os.close(os.open(self._aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            parquet = self._arrow.parquet
            self._writer = parquet.ParquetWriter(self._aside, self._schema, compression="zstd")
        except OSError as error:
            raise _refused(path, error) from error

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= self._group:
            self._write()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._write()
            self._writer.close()
            if error is None:
                os.replace(self._aside, self._path)
        except OSError as refused:
            raise _refused(self._path, refused) from refused
        finally:
            with suppress(OSError):
                self._aside.unlink(missing_ok=True)

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        arrays = [
            self._arrow.array(
                [_cell(one.kind, row.get(one.name)) for row in rows], self._type(one.kind)
            )
            for one in self._columns
        ]
        table = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        try:
            self._writer.write_table(table)
        except OSError as error:
            raise _refused(self._path, error) from error
        self.count += len(rows)

    def _type(self, kind: str) -> Any:
        arrow = self._arrow
        return {
            "text": arrow.string(),
            "whole": arrow.int64(),
            "real": arrow.float64(),
            "flag": arrow.bool_(),
            "time": arrow.timestamp("ns", tz="UTC"),
            "micro": arrow.decimal128(18, 6),
        }[kind]


def _cell(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "micro":
        return Decimal(value).scaleb(_MICRO_EXPONENT)
    return bool(value) if kind == "flag" else value


def _refused(path: Path, error: OSError) -> Fatal:
    return Fatal(f"cannot write {path}: {error.strerror or error}")
