"""Sessions as Parquet, for notebooks: events, views with features, orders, fills, rounds, trades.

The rows are those of the database, made once more of the journals that are exported; the views are
what a mind saw that reads them again. So it needs nothing but journals, and writes nothing that a
session would have had to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import frozen

from polytui.backtest.recorded_views import ViewRecorder
from polytui.backtest.replay import event_of
from polytui.backtest.sources.arrow import library
from polytui.desk.checkpoint import restored_as
from polytui.desk.mind import Mind
from polytui.desk.recorded_take import take_record
from polytui.journal.codec import BadJournal, JournalRecord, decode_checkpoint
from polytui.journal.reader import JournalReader
from polytui.journal.session_folders import header_of, session_folders
from polytui.market.features import SCHEMA_VERSION
from polytui.model.errors import Fatal
from polytui.paths import make_folder
from polytui.store.database import Database, database_of, in_words, open_read_only
from polytui.store.following import read_to_its_end
from polytui.strategy.registry import every_strategy
from polytui.tools.export_columns import (
    EVENTS,
    FEATURES_VERSION,
    ROW_TABLES,
    row_columns,
    view_columns,
)
from polytui.tools.parquet_files import ParquetColumn, ParquetFile

_NO_EFFECTS = b"[]"
_VERSION = {FEATURES_VERSION: str(SCHEMA_VERSION).encode()}
_WIDE_GROUP = 5_000
"""Rows of a row group of views, each of which has a hundred cells."""
Span = tuple[int, int]
"""[since, until) in nanoseconds."""
ALWAYS: Span = (0, 1 << 63)


@frozen
class Exported:
    """Rows of each file."""

    folder: str
    sessions: tuple[str, ...]
    rows: dict[str, int]
    faults: dict[str, str]
    """By session, why its journal was read no further."""


def export(
    sessions: Sequence[Path], folder: Path, span: Span = ALWAYS, every_ns: int = 0
) -> Exported:
    """These sessions' folders into files in `folder`, which are in their place once all are whole.
    `span`: of events and views; what was traded is of whole sessions. Fatal where nothing can be
    written, or there is no library for it."""
    library()
    make_folder(folder)
    faults: dict[str, str] = {}
    with TemporaryDirectory(prefix=".export-", dir=folder) as aside, ExitStack() as files:
        path = Path(aside) / "rows.sqlite"
        with closing(Database(path)) as database:
            for session in sessions:
                _read(database, session, faults)
        opened = {
            name: files.enter_context(
                ParquetFile(folder / f"{name}.parquet", columns, group, _VERSION)
            )
            for name, columns, group in _files()
        }
        winners = _write_rows(path, opened)
        for session in sessions:
            _Playing(session, opened["events"], opened["views"], winners, every_ns).play(
                span, faults
            )
    counted = {name: file.count for name, file in opened.items()}
    names = tuple(session.name for session in sessions)
    return Exported(str(folder), names, counted, faults)


def sessions_of_days(directory: Path, span: Span) -> list[Path]:
    """Folders of sessions that may have something of this span. When each began its journal says,
    when it ended the database, where there is one."""
    over = _over_before(directory, span[0])
    found = []
    for folder in session_folders(directory):
        with suppress(BadJournal):
            if folder.name not in over and header_of(folder).started_ns < span[1]:
                found.append(folder)
    return found


def _over_before(directory: Path, at_ns: int) -> set[str]:
    path = database_of(directory)
    if not path.exists():
        return set()
    said = "SELECT session FROM sessions WHERE last_ns < ? AND coalesce(fault, '') = ''"
    with suppress(Fatal), closing(open_read_only(path)) as connection:
        return {session for (session,) in connection.execute(said, (at_ns,))}
    return set()


def _files() -> Iterator[tuple[str, Sequence[ParquetColumn], int]]:
    yield "events", EVENTS, 20_000
    names = (strategy.name for strategy in every_strategy())
    yield "views", view_columns(names), _WIDE_GROUP
    for name, table in ROW_TABLES.items():
        yield name, [column for _, column in row_columns(table)], 20_000


def _read(database: Database, session: Path, faults: dict[str, str]) -> None:
    """A damaged journal is exported until its damage, which is said."""
    try:
        read_to_its_end(database, session)
    except BadJournal as error:
        faults[session.name] = str(error)


def _write_rows(path: Path, files: dict[str, ParquetFile]) -> dict[str, str]:
    """What was traded; who won, by round."""
    with closing(open_read_only(path)) as connection, in_words(path):
        for name, table in ROW_TABLES.items():
            columns = row_columns(table)
            key = ", ".join(table.KEY)
            said = f"SELECT {', '.join(of for of, _ in columns)} FROM {table.TABLE} ORDER BY {key}"
            names = [column.name for _, column in columns]
            for row in connection.execute(said):
                files[name].add(dict(zip(names, row, strict=True)))
        return dict(connection.execute("SELECT slug, winner FROM rounds WHERE winner IS NOT NULL"))


class _Playing:
    """State: the mind that one session's journal is played through."""

    def __init__(
        self,
        session: Path,
        events: ParquetFile,
        views: ParquetFile,
        winners: dict[str, str],
        every_ns: int,
    ) -> None:
        self._session = session
        self._events, self._views = events, views
        self._winners = winners
        self._recorder = ViewRecorder(every_ns)
        self._mind: Mind | None = None
        self._mode = ""

    def play(self, span: Span, faults: dict[str, str]) -> None:
        try:
            with JournalReader(self._session) as journal:
                for record in journal:
                    self._mode = journal.header.mode
                    is_wanted = span[0] <= record.at < span[1]
                    if record.is_event and record.at >= span[1]:
                        return
                    self._take(record, is_wanted, is_thinned=bool(journal.header.thinned))
        except BadJournal as error:
            faults.setdefault(self._session.name, str(error))

    def _take(self, record: JournalRecord, is_wanted: bool, *, is_thinned: bool) -> None:
        if is_thinned:
            self._mind = None
            if record.is_event and is_wanted:
                self._events.add(self._event(record))
            return
        if record.is_checkpoint:
            self._go_on_from(record)
        elif record.is_event:
            if is_wanted:
                self._events.add(self._event(record))
            self._see(record, is_wanted)

    def _go_on_from(self, record: JournalRecord) -> None:
        """Of what was not read: the session goes on from another one, or what came before it is
        thinned."""
        if self._mind is not None and self._mind.seq == record.seq:
            return
        try:
            self._mind = restored_as(decode_checkpoint(record), record.digest)
        except ValueError as error:
            raise BadJournal(f"the checkpoint after event {record.seq}: {error}") from error

    def _see(self, record: JournalRecord, is_wanted: bool) -> None:
        if self._mind is None:
            self._mind = Mind()
        asset, event = event_of(record)
        try:
            take_record(self._mind, record, asset, event)
        except Exception as error:  # what broke the desk when this was written breaks it again
            if not record.raised:
                said = f"event {record.seq}: {type(error).__name__}: {error}"
                raise Fatal(f"{self._session}: its journal does not replay: {said}") from error
            return
        if is_wanted:
            for view in self._recorder.views(self._mind, asset, record.at):
                winner = self._winners.get(view["slug"])
                view["session"] = self._session.name
                view["mode"] = self._mode
                view["winner"] = winner
                view["up_won"] = None if winner not in ("up", "down") else winner == "up"
                self._views.add(view)

    def _event(self, record: JournalRecord) -> dict[str, Any]:
        raw = bytes(record.event)
        effects = bytes(record.effects)
        return {
            "session": self._session.name,
            "seq": record.seq,
            "at": record.at,
            "asset": record.asset,
            "is_last": record.last,
            "kind": raw[2 : raw.find(b'"', 2)].decode(),
            "data": raw.decode(),
            "effects": None if effects == _NO_EFFECTS else effects.decode(),
            "raised": record.raised or None,
        }
