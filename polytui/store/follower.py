"""The follower: a process beside the engine that keeps the database of its folder up to date.

    python -m polytui.store FOLDER

FOLDER is a session's; the database is beside it. Its journal is read as it grows and, when there
is nothing new, what sessions before it left unread. It ends when its stdin closes and everything is
read: whoever started it closes that when the journal is written. Nobody waits for it, and nothing
that trades hangs on it.
"""

from __future__ import annotations

import os
import select
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from polytui.journal.codec import BadJournal
from polytui.journal.folder_lock import folder_lock
from polytui.journal.session_folders import session_folders
from polytui.model.errors import Fatal
from polytui.store.database import Database, database_of
from polytui.store.files.keeper import Keeper
from polytui.store.following import Following, read_to_its_end

_EVERY_S = 0.5
_NICE = 10
"""Whoever trades comes first."""


class Follower:
    """State: the database, the session that is followed, and which others are still to be read."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._following = Following(database, folder, tell=_say)
        self._keeper = Keeper(database, folder.parent, _say)
        self._others: list[Path] | None = None
        self._fault = ""

    def work(self, stdin: BinaryIO) -> None:
        """Until stdin is closed and all of the session is read. Fatal where it could not be."""
        is_over = False
        while True:
            count = self._read()
            self._keeper.make_due()
            if count:
                continue
            if is_over:
                break
            has_more = self._read_one_before()
            is_over = _is_closed(stdin, 0.0 if has_more else _EVERY_S)
        self._following.close()
        self._keeper.make()
        if self._fault:
            raise Fatal(self._fault)

    def _read(self) -> int:
        """A damaged journal is said once, and at the end: there may be others to read."""
        if self._fault:
            return 0
        try:
            return self._following.read(self._read_former)
        except BadJournal as error:
            self._fault = str(error)
            _say(self._fault)
            return 0

    def _read_former(self, session: str) -> None:
        """Of a session that this one goes on from."""
        folder = self._folder.parent / session
        if folder.is_dir():
            self._read_whole(folder)

    def _read_one_before(self) -> bool:
        """One session of before that is not read to its end; whether there may be more."""
        if self._others is None:
            known = self._database.faults()
            folders = session_folders(self._folder.parent)
            self._others = [
                one for one in folders if one.name != self._folder.name and one.name not in known
            ]
        if not self._others:
            return False
        self._read_whole(self._others.pop())  # the newest first
        return True

    def _read_whole(self, folder: Path) -> None:
        with folder_lock(folder) as refusal, suppress(BadJournal):  # which its row says
            if refusal is None:
                read_to_its_end(self._database, folder, self._read_former, _say)


def _is_closed(stdin: BinaryIO, within_s: float) -> bool:
    ready, _, _ = select.select([stdin], [], [], within_s)
    return bool(ready) and not os.read(stdin.fileno(), 4096)


def _say(text: str) -> None:
    sys.stderr.write(f"error: {text}\n")
    sys.stderr.flush()


def follow(folder: Path, stdin: BinaryIO) -> int:
    """The process; its exit code."""
    with suppress(OSError):
        os.nice(_NICE)
    try:
        with closing(Database(database_of(folder.parent))) as database:
            database.check()
            with folder_lock(folder) as refusal:
                if refusal is not None:
                    raise Fatal(f"another process reads {folder.name} into the database")
                Follower(database, folder).work(stdin)
    except OSError as error:
        _say(f"cannot read {folder}: {error.strerror}")
        return 1
    except Fatal as error:
        _say(str(error))
        return 1
    return 0
