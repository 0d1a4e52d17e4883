"""The database anew from all journals of a folder: made aside, then put in its place.

A sound database becomes the new one in one transaction, so followers and whoever reads it need not
know; as it was it is kept beside it. One that is not sound, or a newer version's, is kept aside
under another name. Where journals are gone or cannot be read, and the database has more of them
than the new one would, nothing is done unless it is wanted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from attrs import field, frozen

from polytui.config.called import called
from polytui.journal.codec import BadJournal
from polytui.journal.folder_lock import folder_lock
from polytui.journal.session_folders import session_folders
from polytui.model.errors import Fatal
from polytui.store.database import Database, database_of, is_sound
from polytui.store.files.keeper import Keeper
from polytui.store.following import read_to_its_end
from polytui.store.losses import in_short, losses

_BESIDE = ("", "-wal", "-shm")
"""A database is these files."""
_BEFORE = ".before-rebuild"
Tell = Callable[[str], None]


@frozen
class Rebuilt:
    """What was read."""

    sessions: int
    records: int
    faults: dict[str, str]
    """By session, why its journal is read no further."""
    kept_aside: str = ""
    """Where the database of before is, if there was one."""
    lost: dict[str, str] = field(factory=dict)
    """By session, what the database of before has and this one has not."""


def rebuild(
    directory: Path,
    tell: Tell = lambda _: None,
    say: Tell = lambda _: None,
    *,
    may_lose: bool = False,
) -> Rebuilt:
    """And every file that is made of it. `tell` hears of each session, `say` of files that cannot
    be written. Fatal where the database cannot be, or would lose rows and may not."""
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
            kept, lost = "", dict[str, str]()
            if path.exists() and not is_sound(path):
                kept = _moved_aside(path)
            elif path.exists():
                kept, lost = _put_in_place(path, database, may_lose)
        if not path.exists():
            _move(aside, path)
    finally:
        _remove(aside)
    with closing(Database(path)) as made:
        Keeper(made, directory, say).make()
    return Rebuilt(sessions, records, faults, kept, lost)


def _read(database: Database, directory: Path, folder: Path, say: Tell) -> int:
    """A damaged one is read until its damage, which its row says. The streams of one that is
    followed are its follower's."""

    def former(session: str) -> None:
        if (directory / session).is_dir():
            _read(database, directory, directory / session, say)

    try:
        with folder_lock(folder) as refusal:
            return read_to_its_end(database, folder, former, say if refusal is None else None)
    except BadJournal:
        return 0


def _put_in_place(path: Path, made: Database, may_lose: bool) -> tuple[str, dict[str, str]]:
    """Where the database of before is kept, and what the new one has not of it."""
    with closing(Database(path)) as before:
        lost = losses(before, made)
        if any(session not in made.faults() for session in lost):
            _read_on(made, path.parent, lost)
            lost = losses(before, made)
        if lost and not may_lose:
            raise Fatal(
                f"nothing is rebuilt: {path} has what the journals no longer say"
                f" ({in_short(lost)}); {called('rebuild --force')} does it all the same, and keeps"
                " the database of before"
            )
        # The one that has more is worth keeping; of what can be made again the last one is.
        kept = _former(path) if lost else Path(f"{path}{_BEFORE}")
        _remove(kept)
        before.copy_to(kept)
        before.replace_with(made)
    return str(kept), lost


def _read_on(made: Database, directory: Path, sessions: Iterable[str]) -> None:
    """What sessions that run have written since they were read here."""
    for session in sessions:
        if (directory / session).is_dir():
            _read(made, directory, directory / session, lambda _: None)


def _moved_aside(path: Path) -> str:
    kept = _former(path)
    _move(path, kept)
    return str(kept)


def _former(path: Path) -> Path:
    """A name that nothing has."""
    number = 1
    while (kept := path.with_suffix(f".former-{number}")).exists():
        number += 1
    return kept


def _move(source: Path, target: Path) -> None:
    for end in _BESIDE:
        if (one := Path(f"{source}{end}")).exists():
            os.replace(one, f"{target}{end}")


def _remove(path: Path) -> None:
    for end in _BESIDE:
        Path(f"{path}{end}").unlink(missing_ok=True)
