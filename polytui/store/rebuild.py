"""The database anew from all journals of a folder: made aside, then put in its place.

A sound database becomes the new one in one transaction, so followers and whoever reads it need not
know. One that is not sound, or a newer version's, is kept aside under another name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from attrs import frozen

from polytui.journal.codec import BadJournal
from polytui.journal.session_folders import session_folders
from polytui.model.errors import Fatal
from polytui.store.database import Database, database_of, is_sound
from polytui.store.files.keeper import Keeper
from polytui.store.follower import held
from polytui.store.following import read_to_its_end

_BESIDE = ("", "-wal", "-shm")
"""A database is these files."""
Tell = Callable[[str], None]


@frozen
class Rebuilt:
    """What was read."""

    sessions: int
    records: int
    faults: dict[str, str]
    """By session, why its journal is read no further."""
    kept_aside: str = ""
    """Where the file of before is, if it was not sound."""


def rebuild(directory: Path, tell: Tell = lambda _: None, say: Tell = lambda _: None) -> Rebuilt:
    """And every file that is made of it. `tell` hears of each session, `say` of files that cannot
    be written. Fatal where the database cannot be."""
    path = database_of(directory)
    if not directory.is_dir():
        raise Fatal(f"no folder {directory}: set journal.directory to where sessions are")
    aside = path.with_suffix(".new")
    _remove(aside)
    sessions = records = 0
    try:
        with closing(Database(aside)) as database:
            for folder in session_folders(directory):
                tell(folder.name)
                sessions += 1
                records += _read(database, directory, folder, say)
            faults = database.faults()
            kept = "" if not path.exists() else _put_in_place(path, database)
        if not path.exists():
            _move(aside, path)
    finally:
        _remove(aside)
    with closing(Database(path)) as made:
        Keeper(made, directory, say).make()
    return Rebuilt(sessions, records, faults, kept)


def _read(database: Database, directory: Path, folder: Path, say: Tell) -> int:
    """A damaged one is read until its damage, which its row says. The streams of one that is
    followed are its follower's."""

    def former(session: str) -> None:
        if (directory / session).is_dir():
            _read(database, directory, directory / session, say)

    try:
        with held(folder) as is_ours:
            return read_to_its_end(database, folder, former, say if is_ours else None)
    except BadJournal:
        return 0


def _put_in_place(path: Path, made: Database) -> str:
    """Where the file of before is kept, if it had to go."""
    if is_sound(path):
        with closing(Database(path)) as before:
            before.replace_with(made)
        return ""
    number = 1
    while (kept := path.with_suffix(f".former-{number}")).exists():
        number += 1
    _move(path, kept)
    return str(kept)


def _move(source: Path, target: Path) -> None:
    for end in _BESIDE:
        if (one := Path(f"{source}{end}")).exists():
            os.replace(one, f"{target}{end}")


def _remove(path: Path) -> None:
    for end in _BESIDE:
        Path(f"{path}{end}").unlink(missing_ok=True)
