"""The sessions of a folder: whatever holds a journal, of whatever format."""

from __future__ import annotations

from pathlib import Path

from polytui.journal.codec import Header
from polytui.journal.reader import JournalReader
from polytui.journal.segments import FOLDER, FORMER_FILE


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


def header_of(folder: Path) -> Header:
    """Of its journal. BadJournal where there is none that can be read."""
    with JournalReader(folder) as journal:
        return journal.header
