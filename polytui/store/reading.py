"""One question of a face, read in a thread of its own that another one can end."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import msgspec
from attrs import define, field

from polytui.model.errors import Fatal
from polytui.model.link import MAX_FRAME_BYTES
from polytui.model.query import Answer
from polytui.store.as_of import look_as_of
from polytui.store.database import in_words, open_read_only
from polytui.store.pages import QueryPage

MOST_BYTES = MAX_FRAME_BYTES // 2
LOCK_S = 2.0
"""Whoever asks is told who is in the way before he is told that it takes too long."""
_encode = msgspec.msgpack.Encoder().encode


@define
class Reading:
    """State: the connection of one question, while it is read in its thread."""

    path: Path
    session: str
    page: QueryPage
    until_ns: int | None = None
    """As it was at this moment; None for all that is known."""
    _connection: sqlite3.Connection | None = None
    _is_unwanted: bool = False
    _guard: threading.Lock = field(factory=threading.Lock)

    def read(self) -> Answer:
        """Blocks. Fatal where the database cannot be read, or nobody waits any more."""
        with in_words(self.path), closing(open_read_only(self.path, LOCK_S)) as connection:
            try:
                self._begin(connection)
                if self.until_ns is not None:
                    look_as_of(connection, self.until_ns, self.session)
                answer = self.page.read(connection)
                as_of_ns = known_until(connection, self.session)
            finally:
                self._end()
        return _short(msgspec.structs.replace(answer, as_of_ns=as_of_ns))

    def _begin(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            self._connection = connection
            if self._is_unwanted:
                raise Fatal("nobody waits for it")

    def _end(self) -> None:
        with self._guard:
            self._connection = None

    def interrupt(self) -> None:
        """End it, from another thread; nothing where it has ended."""
        with self._guard:
            self._is_unwanted = True
            if self._connection is not None:
                self._connection.interrupt()


def known_until(connection: sqlite3.Connection, session: str) -> int:
    """Session time up to which its journal is in the database; 0 where nothing of it is."""
    said = "SELECT last_ns FROM sessions WHERE session = ?"
    found = connection.execute(said, (session,)).fetchone()
    return int(found[0] or 0) if found else 0


def _short(answer: Answer) -> Answer:
    """Within half a frame: a row that is longer than any of ours is no answer."""
    if len(_encode(answer)) <= MOST_BYTES:
        return answer
    return Answer(answer.query_id, error="its rows are too long for one answer: ask for fewer")
