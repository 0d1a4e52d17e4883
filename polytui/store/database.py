"""The database file: opened, made, migrated, written in one transaction a batch, or only read.

SQLite in WAL mode: who reads sees the last whole batch and waits for nobody, and a process that is
killed in the middle of one leaves the file as it was before it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

import attrs

from polytui.config.called import called
from polytui.model.errors import Fatal
from polytui.store.files.stale import StaleFile, note_stale, strike_out
from polytui.store.rows import EVERY_TABLE, Row, SessionRow, SignalRow
from polytui.store.schema import APPLICATION_ID, MIGRATIONS, VERSION, create, upsert
from polytui.store.sums import reason_of, refresh_sums

NAME = "polytui.sqlite"
_WAIT_S = 30.0
"""For another writer to end its batch."""
_PUTS = {table: upsert(table) for table in EVERY_TABLE}
_PUT_SIGNAL = _PUTS[SignalRow].partition(" ON CONFLICT")[0] + " ON CONFLICT DO NOTHING"
_VALUES = {table: attrgetter(*(one.name for one in attrs.fields(table))) for table in EVERY_TABLE}


class BadDatabase(Fatal):
    """A file that is none of ours, not sound any more, or newer; in words that say what to do."""


class OtherReader(Exception):
    """Somebody else has read this session further than we thought, or anew."""


def database_of(directory: Path | str) -> Path:
    return Path(directory) / NAME


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """What SQLite says of a file, as BadDatabase or Fatal."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Fatal(f"the database {path} is locked by another program") from error
        raise Fatal(f"cannot use the database {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:
            raise  # a fault of ours: what is asked is no SQL, or no row
        raise BadDatabase(_spoilt(path, str(error))) from error


def _spoilt(path: Path, why: str) -> str:
    again = called("rebuild")
    return (
        f"{path} is damaged or no database of polytui ({why}); {again} makes it from the journals"
    )


class Database:
    """State: one connection that writes."""

    def __init__(self, path: Path) -> None:
        """Made or migrated where it has to be. BadDatabase, or Fatal where it cannot be written."""
        self.path = path
        with in_words(path):
            # What is in it is about somebody's money: nobody else's to read.
            os.close(_created(path))
            self._connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
            try:
                _check(path, self._connection)
                self._connection.execute("PRAGMA journal_mode = WAL")
                # A power cut may take the last batches, which are in the journal.
                self._connection.execute("PRAGMA synchronous = NORMAL")
                _migrate(self._connection)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        with in_words(self.path):
            self._connection.execute("PRAGMA optimize")
            self._connection.close()

    def check(self) -> None:
        """BadDatabase where its pages do not fit together. Reads all of it."""
        with in_words(self.path):
            (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise BadDatabase(_spoilt(self.path, str(found).rpartition("\n")[2]))

    def read_until(self, session: str) -> tuple[int, str]:
        """The last event of a session that is in it, and the place of its journal; 0 and empty
        where nothing is."""
        with in_words(self.path):
            return self._read_until(session)

    def faults(self) -> dict[str, str]:
        """Sessions whose journal is read no further, and why."""
        said = "SELECT session, fault FROM sessions WHERE fault <> ''"
        with in_words(self.path):
            return dict(self._connection.execute(said).fetchall())

    def counts(self) -> dict[str, tuple[int, ...]]:
        """Of every session its last event, and how many rounds, orders and fills there are."""
        counted = ", ".join(f"coalesce({one}, 0)" for one in ("seq", "rounds", "orders", "fills"))
        with in_words(self.path):
            found = self._connection.execute(f"SELECT session, {counted} FROM sessions").fetchall()
        return {session: tuple(counts) for session, *counts in found}

    def root_of(self, session: str) -> str:
        """The first of the sessions that this one goes on from."""
        with in_words(self.path):
            found = self._connection.execute(
                "SELECT root FROM sessions WHERE session = ?", (session,)
            ).fetchone()
        return session if found is None or not found[0] else str(found[0])

    def streams_of(self, session: str) -> str:
        """How far the streams of a session are written; empty where they are not."""
        with in_words(self.path):
            found = self._connection.execute(
                "SELECT state FROM streams WHERE session = ?", (session,)
            ).fetchone()
        return "" if found is None or not found[0] else str(found[0])

    def put(self, session: str, before: int, rows: Iterable[Row], last: SessionRow) -> None:
        """One batch of a session's rows and how far they go, all or nothing. OtherReader where the
        session is not read until `before`."""
        rows = list(rows)
        with in_words(self.path), self._transaction():
            if self._read_until(session)[0] != before:
                raise OtherReader(session)
            for row in (*rows, last):
                self._put(row)
            refresh_sums(self._connection, session, rows)
            note_stale(self._connection, session, rows)

    def forget(self, session: str) -> None:
        """Every row that this session told of first: it is read anew."""
        with in_words(self.path), self._transaction():
            for table in EVERY_TABLE:
                self._connection.execute(f"DELETE FROM {table.TABLE} WHERE session = ?", (session,))

    def strike_out(self, made: Iterable[StaleFile]) -> None:
        """Files that are what the rows say, where those did not change meanwhile."""
        with in_words(self.path), self._transaction():
            strike_out(self._connection, made)

    def replace_with(self, other: Database) -> None:
        """Become what the other one is, in one transaction: whoever reads sees either."""
        with in_words(self.path):
            other._connection.backup(self._connection)

    def copy_to(self, path: Path) -> None:
        """The whole of it as a file that nobody has."""
        with in_words(path):
            os.close(_created(path))
            with closing(sqlite3.connect(path)) as copy:
                self._connection.backup(copy)

    def _put(self, row: Any) -> None:
        kind = type(row)
        if kind is SignalRow:
            self._put_signal(row)
        else:
            self._connection.execute(_PUTS[kind], _VALUES[kind](row))

    def _put_signal(self, row: SignalRow) -> None:
        """Counted among the reasons of its day, where it is new."""
        done = self._connection.execute(_PUT_SIGNAL, _VALUES[SignalRow](row))
        if done.rowcount:
            self._put(reason_of(row))

    def _read_until(self, session: str) -> tuple[int, str]:
        found = self._connection.execute(
            "SELECT coalesce(seq, 0), coalesce(place, '') FROM sessions WHERE session = ?",
            (session,),
        ).fetchone()
        return (0, "") if found is None else (int(found[0]), str(found[1]))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk rolls back by itself
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def open_read_only(path: Path, wait_s: float = _WAIT_S) -> sqlite3.Connection:
    """For questions; `wait_s` for whoever has locked it. Fatal where there is none yet; BadDatabase
    where it is none of ours."""
    if not path.exists():
        raise Fatal(
            f"no database {path} yet: sessions make it, or {called('rebuild')} from their journals"
        )
    # Where nobody may write nobody does, and SQLite must not ask for its shared memory. But what a
    # writer left beside the file is newer than the file, and an immutable one is read without it.
    is_still = not os.access(path.parent, os.W_OK) and not _has_more_beside(path)
    if not is_still:
        _bring_up_to_date(path, wait_s)
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_still else ''}"
    with in_words(path):
        connection = sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None)
        try:
            _check(path, connection)
            if not _version(connection):
                raise BadDatabase(_spoilt(path, "it is empty"))
        except BaseException:
            connection.close()
            raise
    return connection


def _bring_up_to_date(path: Path, wait_s: float) -> None:
    """Whoever asks first after an update is answered as well: a file of an older schema, and no
    other one, is opened as its writer would."""
    with (
        in_words(path),
        closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=wait_s)
        ) as old,
    ):
        is_older = 0 < _version(old) < VERSION
    if is_older and os.access(path, os.W_OK):
        Database(path).close()


def _has_more_beside(path: Path) -> bool:
    try:
        return os.stat(f"{path}-wal").st_size > 0
    except OSError:
        return False


def is_sound(path: Path) -> bool:
    """Whether it can be opened, is ours and not newer, and its pages fit together."""
    try:
        with closing(Database(path)) as database:
            database.check()
    except Fatal:
        return False
    return True


def _created(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Fatal(f"cannot write the database {path}: {error.strerror}") from error


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check(path: Path, connection: sqlite3.Connection) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (whose,) = connection.execute("PRAGMA application_id").fetchone()
    if tables and whose != APPLICATION_ID:
        raise BadDatabase(_spoilt(path, "it is somebody else's"))
    if (found := _version(connection)) > VERSION:
        raise BadDatabase(
            f"a newer version of polytui made {path} (its schema is {found}, this one knows"
            f" {VERSION}): use that version, or {called('rebuild')}"
        )


def _migrate(connection: sqlite3.Connection) -> None:
    """One transaction a step: killed in the middle, it begins with the same step again."""
    while True:
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = _version(connection)
            is_empty, next_one = not found, found + 1 if found else VERSION
            for statement in create() if is_empty else MIGRATIONS.get(found, ()):
                connection.execute(statement)
            if found < VERSION:
                connection.execute(f"PRAGMA user_version = {next_one}")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        if next_one >= VERSION:
            return
