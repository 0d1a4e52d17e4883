"""Trades as a CSV on this machine: page by page from the engine, in a file that is there when it is
whole."""

from __future__ import annotations

import csv
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from attrs import define, field
from msgspec.structs import replace

from polytui.model.query import MOST_ROWS, Answer, Query, Subject
from polytui.model.table_cells import cell_head, cell_text
from polytui.tui.fresh_file import names
from polytui.tui.past import Send, next_number

_WAIT_S = 30.0


@define
class TradeExport:
    """State: the file that is being written, the question on its way, and what there is to say."""

    words: str = ""
    """How far it is, or what became of it."""
    _query: Query | None = None
    _asked_s: float = 0.0
    _send: Send = field(default=lambda _: False)
    _file: TextIO | None = None
    _path: Path = field(factory=Path)
    _written: int = 0

    @property
    def is_running(self) -> bool:
        return self._query is not None

    def rest(self) -> None:
        """Nothing is said any more of an export that is over."""
        if not self.is_running:
            self.words = ""

    def begin(self, wanted: Query, folder: Path, now_s: float, send: Send) -> None:
        """`wanted`: its session, times and words are those of the trades. One at a time."""
        if self.is_running:
            return
        self._path = _free_name(folder)
        try:
            # Somebody's money: nobody else's to read.
            handle = os.open(_beside(self._path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            self.words = f"not written: {self._path}: {error.strerror}"
            return
        self._file, self._written = os.fdopen(handle, "w", encoding="utf-8", newline=""), 0
        query = replace(wanted, subject=Subject.TRADES, sort="", skip=0, limit=MOST_ROWS, after="")
        self._send = send
        self._ask(query, now_s)

    def _ask(self, query: Query, now_s: float) -> None:
        self._query, self._asked_s = replace(query, query_id=next_number()), now_s
        if not self._send(self._query):
            self._give_up("no engine to ask")

    def end(self) -> None:
        """The terminal ends: nothing half stays."""
        if self.is_running:
            self._give_up("the terminal ended")

    def forget(self) -> None:
        """What it was of is of another moment; nothing half stays of that either."""
        self.end()
        self.words = ""

    def watch(self, now_s: float) -> None:
        """An answer that does not come ends it."""
        if self.is_running and now_s - self._asked_s > _WAIT_S:
            self._give_up(f"the engine has not answered for {_WAIT_S:g} s")

    def hear(self, answer: Answer, now_s: float) -> None:
        """Write a page, and ask for the next one."""
        query = self._query
        if query is None or answer.query_id != query.query_id:
            return
        if answer.error:
            self._give_up(answer.error)
            return
        try:
            self._write(answer, is_first=not query.after)
            if not answer.more:
                self._finish()
        except OSError as error:
            self._give_up(f"{self._path}: {error.strerror}")
            return
        if answer.more:
            self.words = f"writing {self._written:,} trades"
            self._ask(replace(query, after=answer.more), now_s)

    def _write(self, answer: Answer, *, is_first: bool) -> None:
        assert self._file is not None
        writer = csv.writer(self._file, lineterminator="\n")
        if is_first:
            writer.writerow([cell_head(name) for name in answer.columns])
        for row in answer.rows:
            pairs = zip(answer.columns, row, strict=False)
            writer.writerow([cell_text(name, value) for name, value in pairs])
        self._written += len(answer.rows)

    def _finish(self) -> None:
        assert self._file is not None
        self._file.close()
        os.replace(_beside(self._path), self._path)
        self._query = self._file = None
        count = f"{self._written:,} trade{'' if self._written == 1 else 's'}"
        self.words = f"{count} in {self._path}"

    def _give_up(self, why: str) -> None:
        """Nothing half stays."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        with suppress(OSError):
            _beside(self._path).unlink()
        self._query = self._file = None
        self.words = f"not written: {why}"


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _free_name(folder: Path) -> Path:
    """By this machine's clock, UTC; of a second file of the same second a number."""
    stem = time.strftime("trades-%Y%m%d-%H%M%S", time.gmtime())
    free = (path for path in names(folder, stem, "csv", 100) if not path.exists())
    return next(free, folder / f"{stem}.csv").absolute()


def export_folder(journal: str, session: str) -> Path:
    """The session's folder where it is on this machine; else the one that one stands in."""
    known = [Path(journal), *Path(journal).parents]
    own = [one for one in known if session and one.name == session]
    return next((one for one in own if one.is_dir() and os.access(one, os.W_OK)), Path())
