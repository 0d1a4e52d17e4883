"""Which session was the last of its mode in a folder: the one that the next goes on from.

    <journal.directory>/paper.newest.json    {"session":"20261126-...","folder":"...","world":""}

It is written when the session's journal has its beginning on the disk, and before the session does
anything, so the session that it names always has a journal, and no later one has done anything. A
search for the newest journal could find an older one where the newest was moved away, and take its
money for what there is.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from polytui.journal.codec import BadJournal
from polytui.journal.segments import sync_folder
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain


class NewestSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session that others may go on from."""

    session: str
    folder: str
    """Its own, from the folder of all sessions where it is in there."""
    world: str = ""
    """Of a simulated venue that outlives its sessions, or of a wallet; empty for the real world on
    paper."""


def newest_session(directory: Path, mode: str) -> NewestSession | None:
    """None where no session left its name; BadJournal where it cannot be read."""
    path = _path(directory, mode)
    try:
        return msgspec.json.decode(path.read_bytes(), type=NewestSession)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise BadJournal(f"{path} does not say which session was the last: {error}") from error


def folder_of(directory: Path, newest: NewestSession) -> Path:
    """Where its journal is."""
    return directory / newest.folder


def note_newest(directory: Path, mode: str, session: str, folder: Path, world: str) -> None:
    """From here on the next session goes on from this one. Fatal where that cannot be kept."""
    try:
        where = folder.resolve().relative_to(directory.resolve())
    except ValueError:
        where = folder.resolve()
    path = _path(directory, mode)
    aside = path.with_suffix(".new")
    newest = NewestSession(session, str(where), world)
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(newest) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(directory)
    except OSError as error:
        raise Fatal(f"cannot write {plain(path)}: {error.strerror}") from error


def _path(directory: Path, mode: str) -> Path:
    return directory / f"{mode}.newest.json"
