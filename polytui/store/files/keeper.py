"""Files made anew where the database says that they are stale: one keeper at a time a folder.

A file is made of rows alone and put in its place whole, so it does not matter who makes it, or how
often. Where a disk refuses, that is said once, and the file stays stale until it could be written.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from polytui.journal.folder_lock import folder_lock
from polytui.model.errors import Fatal
from polytui.store.database import Database, database_of, in_words, open_read_only
from polytui.store.files.round_files import interval_of, round_files
from polytui.store.files.shelf import Shelf, Shelves
from polytui.store.files.stale import DAY, StaleFile, stale_files
from polytui.store.files.summary_file import summary_csv
from polytui.store.files.trade_file import trades_csv, trades_of_day
from polytui.store.files.written import put_file
from polytui.store.sums import DAY_NS, day_text

_PART = 9.0
"""So many times as long as it took, nothing is made again: a tenth of the time at most."""
Tell = Callable[[str], None]


class Keeper:
    """State: which sessions there are, when files are made next, and what was said."""

    def __init__(self, database: Database, directory: Path, tell: Tell) -> None:
        """Of the database of this folder. `tell` hears of a disk that refuses."""
        self._database = database
        self._directory = directory
        self._tell = tell
        self._shelves = Shelves(directory)
        self._next_s = 0.0
        self._said = set[str]()

    def make_due(self) -> None:
        """Where it is time to."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        every_s = self.make()
        self._next_s = time.monotonic() + max(every_s, _PART * (time.monotonic() - now_s))

    def make(self) -> float:
        """All that are stale. In how many seconds again."""
        try:
            with folder_lock(self._directory) as refusal:
                if isinstance(refusal, BlockingIOError):
                    return _USUAL_S  # somebody makes them just now
                if refusal is not None:
                    raise refusal
                with closing(open_read_only(database_of(self._directory))) as connection:
                    return self._make(connection)
        except OSError as error:
            self._say({_words(error)})
        return _USUAL_S

    def _make(self, connection: sqlite3.Connection) -> float:
        every_s, troubles = _USUAL_S, set[str]()
        with in_words(database_of(self._directory)):
            self._shelves.refresh(connection)
            for file in stale_files(connection):
                shelf = self._shelves.of(file.session)
                if shelf is None:
                    continue
                every_s = shelf.settings.every_s
                if trouble := self._made(connection, shelf, file):
                    troubles.add(trouble)
        self._say(troubles)
        return every_s

    def _made(self, connection: sqlite3.Connection, shelf: Shelf, file: StaleFile) -> str:
        """Why it was not, in words; empty where it was."""
        try:
            connection.execute("BEGIN")  # one state of the database, however long it takes
            try:
                make = self._make_day if file.kind == DAY else self._make_round
                make(connection, shelf, file)
            finally:
                connection.execute("ROLLBACK")
        except OSError as error:
            return _words(error)
        except Fatal as error:
            return str(error)
        except Exception as error:  # a fault of ours in one file keeps nobody from the rows
            return f"cannot make the files of {file.name}: {type(error).__name__}: {error}"
        self._database.strike_out([file])
        return ""

    def _make_day(self, connection: sqlite3.Connection, shelf: Shelf, file: StaleFile) -> None:
        if not shelf.settings.has_trades:
            return
        day = int(file.name)
        date = day_text(day * DAY_NS)
        rows = trades_of_day(connection, shelf.trades_of, day)
        for folder, name, content in (
            (shelf.trades_folder, f"trades_{date}.csv", trades_csv(rows)),
            (shelf.summary_folder, f"summary_{date}.csv", summary_csv(rows)),
        ):
            self._shelves.claim(shelf, folder)
            _put(folder / name, content)

    def _make_round(self, connection: sqlite3.Connection, shelf: Shelf, file: StaleFile) -> None:
        interval = interval_of(connection, shelf.rounds_of, file.name)
        if not shelf.settings.has_rounds or interval is None:
            return
        self._shelves.claim(shelf, shelf.rounds)
        folder = shelf.round_folder(interval, file.name)
        for name, content in round_files(connection, shelf.rounds_of, file.name):
            _put(folder / name, content)

    def _say(self, troubles: set[str]) -> None:
        for trouble in sorted(troubles - self._said):
            self._tell(f"{trouble}; the journal has it all, the file is made when it can be")
        self._said = troubles


_USUAL_S = 5.0


def _words(error: OSError) -> str:
    return f"cannot write {error.filename or 'files'}: {error.strerror or error}"


def _put(path: Path, content: bytes) -> None:
    try:
        put_file(path, content)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
