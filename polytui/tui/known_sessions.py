"""Recorded sessions beside the one that is looked at, where they are on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

from attrs import frozen

from polytui.config.called import called
from polytui.journal.session_folders import session_folders

_MOST = 200


@frozen
class KnownSession:
    """One of them."""

    folder: Path

    @property
    def command(self) -> list[str]:
        """That shows it again."""
        return [sys.executable, "-m", "polytui", "watch", str(self.folder)]

    @property
    def words(self) -> str:
        """The same as somebody would type it."""
        return called(f"watch {self.folder.name}")


def known_sessions(journal: str, session: str) -> list[KnownSession]:
    """The newest first, this one among them; none where its own folder is not here. `journal`: as
    the engine says where it writes, or the player where it reads."""
    own = next(
        (one for one in (Path(journal), *Path(journal).parents) if one.name == session), None
    )
    if not session or own is None or not own.is_dir():
        return []
    return [KnownSession(one) for one in reversed(session_folders(own.parent)[-_MOST:])]
