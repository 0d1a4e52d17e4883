"""A CSV that grows, and goes on where a killed process left it."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from polytui.backtest.sources.tables import rows_of
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain


class KeptRows:
    """State: none but the file. Rows that were added are on the disk when `add` returns."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """A file that is there is gone on with; what was torn off at its end is cut away. Fatal
        where it has other columns."""
        self.path = path
        self._columns = tuple(columns)
        try:
            self._begin()
        except OSError as error:
            raise Fatal(f"cannot write {plain(path)}: {error.strerror or error}") from error

    def _begin(self) -> None:
        head = self._text([dict(zip(self._columns, self._columns, strict=True))])
        if not self.path.exists():
            self._append(head)
            return
        kept = self.path.read_bytes()
        whole = kept[: kept.rfind(b"\n") + 1]
        if whole and not whole.startswith(head):
            raise Fatal(f"{plain(self.path)} has other columns than {', '.join(self._columns)}")
        if len(whole) < len(kept):
            os.truncate(self.path, len(whole))
        if not whole:
            self._append(head)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """What is there, in its order, without the numbers of rows."""
        return (row[1:] for row in rows_of(self.path, self._columns))

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        try:
            self._append(self._text(rows))
        except OSError as error:
            raise Fatal(f"cannot write {plain(self.path)}: {error.strerror or error}") from error

    def _text(self, rows: Sequence[dict[str, Any]]) -> bytes:
        text = io.StringIO()
        csv.DictWriter(text, self._columns, lineterminator="\n").writerows(rows)
        return text.getvalue().encode()

    def _append(self, text: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
