"""The sessions of a folder: whatever holds a journal, of whatever format."""

from __future__ import annotations

from pathlib import Path

from polytui.journal.codec import BadJournal, Header, OtherFormat
from polytui.journal.reader import JournalReader
from polytui.journal.segments import FOLDER, FORMER_FILE, in_folder, number_of


def session_folders(directory: Path) -> list[Path]:
    """By their names, which begin with the time at which they did. None where nothing can be
    read."""
    try:
        found = sorted(directory.iterdir())
    except OSError:
        return []
    return [one for one in found if is_session(one)]


def is_session(folder: Path) -> bool:
    return (folder / FOLDER).is_dir() or (folder / FORMER_FILE).is_file()


def is_journal(path: Path) -> bool:
    """Whether somebody who names this means a journal: a session's folder, its journal's, or a file
    of one, of whatever version. Where it lies is enough, however damaged it is: who reads it says
    what is wrong. What lies elsewhere is one by its header."""
    if is_session(path) or _is_in_place(path):
        return True
    try:
        with JournalReader(path):
            return True
    except OtherFormat:
        return True
    except BadJournal:
        return False


def _is_in_place(path: Path) -> bool:
    if path.is_dir():
        return path.name == FOLDER and bool(in_folder(path))
    return path.parent.name == FOLDER and bool(number_of(path))


def header_of(folder: Path) -> Header:
    """Of its journal. BadJournal where there is none that can be read."""
    with JournalReader(folder) as journal:
        return journal.header
