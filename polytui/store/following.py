"""One session's journal into the database: what is new, a batch at a time.

How far the journal was read is written with the rows that came of it, in one transaction. Whoever
begins again goes on from there: its fold is made of the last checkpoint before that place and of
the records between the two, which it reads without writing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from polytui.desk.checkpoint import restored_as
from polytui.journal.beginning import begin
from polytui.journal.codec import BadJournal, Header, JournalRecord
from polytui.journal.segment_reader import Bookmark
from polytui.journal.tail import JournalTail
from polytui.store.database import Database, OtherReader
from polytui.store.files.session_streams import SessionStreams, Tell
from polytui.store.fold import Fold, continued_by
from polytui.store.rows import Row, SessionRow

BATCH = 20_000
"""Records at most: about a second's work, and some megabytes."""


class Following:
    """State: the tail of one journal, and the fold of what was read of it."""

    def __init__(
        self, database: Database, folder: Path, most: int = BATCH, tell: Tell | None = None
    ) -> None:
        """`most`: records of a batch. `tell`: whoever has it writes the session's streams as well,
        and hears of a disk that refuses."""
        self._most = most
        self._streams = None if tell is None else SessionStreams(folder.name, folder, tell)
        self.session = folder.name
        self._database = database
        self._folder = folder
        self._tail: JournalTail | None = None
        self._fold: Fold | None = None
        self._seq = 0
        self._has_begun = False

    def read(self, before_first: Callable[[str], None] = lambda _: None) -> int:
        """Read what is new, at most a batch, and write what comes of it; how many records there
        were. `before_first`: told the session that this one goes on from, which is to be read
        first. BadJournal where the journal is damaged; what stands before that is written."""
        tail = self._tail or self._open()
        try:
            records = tail.read_of_one(self._most)
            if not records:
                return 0
            rows = self._rows(records, before_first)
            self._put(rows)
        except OtherReader:
            self.close()
            return len(records)
        except BadJournal as error:
            self._give_up(str(error))
            raise
        return len(records)

    def close(self) -> None:
        if self._tail is not None:
            self._tail.close()
        self._tail = self._fold = None

    # --- how ------------------------------------------------------------------------------------

    def _open(self) -> JournalTail:
        """From where the database has it."""
        self._seq, place = self._database.read_until(self.session)
        self._has_begun = bool(place)
        if not place:
            self._tail = JournalTail(self._folder)
            self._begin_streams("")
            return self._tail
        self._tail = JournalTail(self._folder, msgspec.json.decode(place, type=Bookmark))
        self._begin_streams(place)
        return self._tail

    def _begin_streams(self, place: str) -> None:
        if self._streams is not None:
            root, state = self._database.root_of(self.session), self._database.streams_of
            rows = self._streams.begin(state(self.session), place, root)
            if rows:
                self._database.put(self.session, self._seq, rows, SessionRow(self.session))

    def _again(self) -> Fold:
        """The fold as it stood at the place that was read until. What was read there and led to
        nothing may have been thinned out since."""
        beginning = begin((self._folder,), restored_as, self._seq)
        with beginning.reader as journal:
            root = self._database.root_of(self.session)
            fold = Fold(journal.header, root, beginning.state)
            goes_beyond = False
            if fold.seq < self._seq or beginning.state is None:
                for record in journal:
                    if goes_beyond := record.seq > self._seq:
                        break
                    fold.enter(journal.header)
                    fold.take(record)
                    if fold.seq == self._seq:
                        break
            goes_beyond |= journal.header.after >= self._seq
        if fold.seq < self._seq and not goes_beyond:
            raise BadJournal(f"{self._folder}: event {self._seq} was read, and is not there now")
        fold.seq = self._seq
        return fold

    def _rows(
        self, records: Sequence[JournalRecord], before_first: Callable[[str], None]
    ) -> list[Row]:
        fold, rows = self._fold, list[Row]()
        header = None if self._tail is None else self._tail.header
        assert header is not None, "a record has a header before it"
        if fold is None and self._has_begun:
            fold = self._fold = self._again()
        if fold is None:
            if header.session != self.session:
                raise BadJournal(f"{self._folder} holds the journal of session {header.session}")
            root = self._read_former(header, before_first)
            fold = self._fold = Fold(header, root)
            rows.append(fold.began())
        fold.enter(header)
        for record in records:
            told = fold.take(record)
            rows += told
            if self._streams is not None:
                self._streams.take(record, told, fold)
        return rows + fold.stands()

    def _read_former(self, header: Header, before_first: Callable[[str], None]) -> str:
        """What this session goes on from is in the database, and no more of it: what was read there
        and is in no journal (a power cut took it) happens once more here. The root of them all."""
        former = continued_by(header)
        if not former or header.continues is None:
            return self.session
        before_first(former)
        root = self._database.root_of(former)
        is_there = (self._folder.parent / former).is_dir()
        if is_there and self._database.read_until(former)[0] > header.continues.seq:
            self._database.forget(former)
            before_first(former)
        return root

    def _put(self, rows: list[Row]) -> None:
        fold, tail = self._fold, self._tail
        assert fold is not None
        assert tail is not None
        place = msgspec.json.encode(tail.place).decode()
        last = SessionRow(self.session, seq=fold.seq, last_ns=fold.at_ns or None, place=place)
        if self._streams is not None:
            rows += self._streams.write(place, fold.root)
        self._database.put(self.session, self._seq, rows, last)
        self._seq = fold.seq

    def _give_up(self, why: str) -> None:
        """Said with the session: its figures end before its journal does."""
        seq, place = self._database.read_until(self.session)
        last = SessionRow(self.session, root=self.session, seq=seq, place=place, fault=why)
        is_new = self._database.faults().get(self.session) != why
        told = self._streams.damaged(why, self._fold) if is_new and self._streams else []
        with suppress(OtherReader):
            self._database.put(self.session, seq, told, last)


def read_to_its_end(
    database: Database,
    folder: Path,
    before_first: Callable[[str], None] = lambda _: None,
    tell: Tell | None = None,
) -> int:
    """All that a journal has now; how many records that were. BadJournal as `Following.read`."""
    following, count = Following(database, folder, tell=tell), 0
    try:
        while found := following.read(before_first):
            count += found
    finally:
        following.close()
    return count
