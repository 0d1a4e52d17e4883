"""Where the files of a session go, and which sessions' rows are in them.

Sessions of one mode that name the same folder and tag share their files: a bot that was restarted
goes on with its day. A demo keeps its own, in its session's folder: its days are simulated, and
there may be many of one date. Whose files a folder holds stands in it, so that two databases, or
trades on paper and others, never write over each other.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from attrs import frozen

from polytui.config.files import FileSettings
from polytui.config.load import BadSettings, from_canonical_json
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain
from polytui.store.files.written import put_file

OWNER = ".made_from"
"""In a folder of files: whose they are."""
_DEMO = "demo"
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_FIRST = "SELECT settings_json FROM settings WHERE session = ? ORDER BY seq LIMIT 1"


@frozen
class Shelf:
    """Folders, and the sessions whose rows stand there together."""

    settings: FileSettings
    data: Path
    rounds: Path
    owner: str
    trades_of: tuple[str, ...]
    rounds_of: tuple[str, ...]

    @property
    def trades_folder(self) -> Path:
        return self.data / "trades" / self.settings.bot_tag

    @property
    def summary_folder(self) -> Path:
        return self.data / "summary" / self.settings.bot_tag

    def round_folder(self, interval: str, slug: str) -> Path:
        return self.rounds / safe_name(interval) / safe_name(slug)


class Shelves:
    """State: the sessions that are known, with their modes and settings."""

    def __init__(self, directory: Path) -> None:
        """Of the sessions in this folder."""
        self._directory = directory
        self._known: dict[str, tuple[str, FileSettings]] = {}

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Those that began meanwhile. What a session's files are called is said by the settings
        with which it began."""
        for session, mode in connection.execute("SELECT session, mode FROM sessions"):
            if session not in self._known and mode:
                found = connection.execute(_FIRST, (session,)).fetchone()
                if found is not None:
                    self._known[session] = (mode, _settings(found[0]))

    def of(self, session: str) -> Shelf | None:
        """None for one whose settings are not known yet."""
        if session not in self._known:
            return None
        mode, settings = self._known[session]
        folder = self._directory / session
        if mode == _DEMO:
            own = (session,)
            data, rounds = folder / "data", folder / "logs"
            return Shelf(settings, data, rounds, "", own, own)
        data, rounds = Path(settings.directory), Path(settings.rounds_directory)
        tag = settings.bot_tag
        alike = [(s, one) for s, (m, one) in sorted(self._known.items()) if m == mode]
        trades_of = _named(alike, (settings.directory, tag))
        rounds_of = tuple(
            s for s, one in alike if one.rounds_directory == settings.rounds_directory
        )
        owner = f"{mode} sessions of {{}}"
        return Shelf(settings, data, rounds, owner, trades_of, rounds_of)

    def claim(self, shelf: Shelf, folder: Path) -> None:
        """Before a file of it is written there. Fatal where the folder is somebody else's."""
        if not shelf.owner:
            return
        home = os.path.relpath(self._directory.absolute(), folder.absolute())
        ours = shelf.owner.format(home)
        mark = folder / OWNER
        try:
            theirs = mark.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            put_file(mark, f"{ours}\n".encode())
            return
        if theirs != ours:
            raise Fatal(
                f"{folder} has files of {plain(theirs)}, and these are of {ours}: set"
                " files.bot_tag, files.directory or files.rounds_directory to others"
            )


def _named(
    sessions: Iterable[tuple[str, FileSettings]], wanted: tuple[str, str]
) -> tuple[str, ...]:
    return tuple(s for s, one in sessions if (one.directory, one.bot_tag) == wanted)


def _settings(settings_json: str) -> FileSettings:
    """As a session of whatever version began with; the usual ones where it knew of none."""
    try:
        return from_canonical_json(settings_json).files
    except (BadSettings, ValueError):
        return _table(settings_json)


def _table(settings_json: str) -> FileSettings:
    """Of settings that are not all ours: its own table, if that is as we know it."""
    try:
        return FileSettings(**json.loads(settings_json).get("files", {}))
    except (ValueError, TypeError, AttributeError):
        return FileSettings()


def safe_name(said: str) -> str:
    """A venue's word as a file's name: its own where that is harmless."""
    if _SAFE.fullmatch(said):
        return said
    cleaned = re.sub(r"[^A-Za-z0-9_-]", "_", said)[:80] or "_"
    return f"{cleaned}-{sha256(said.encode(errors='replace')).hexdigest()[:8]}"
