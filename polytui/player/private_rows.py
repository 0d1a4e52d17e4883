"""A database for a recording that none keeps: of a copied folder, or of a session whose settings
wanted none. It is read a little at a time beside the playing, and is gone with the process."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import trio
from attrs import define

from polytui.journal.codec import BadJournal
from polytui.model.errors import Fatal
from polytui.store.database import Database, database_of, in_words, open_read_only
from polytui.store.following import Following
from polytui.store.reading import known_until

_RECORDS = 400
"""Of a batch: some milliseconds."""
_REST_S = 0.002
_AGAIN_S = 1.0
"""A journal that is written has more by then."""


def is_kept_beside(folder: Path, session: str) -> bool:
    """Whether the database of the folder has anything of this session. One that cannot be read has
    not."""
    path = database_of(folder.parent)
    if folder.name != session or not path.exists():
        return False
    try:
        with in_words(path), closing(open_read_only(path)) as connection:
            return known_until(connection, session) > 0
    except Fatal:
        return False


@define
class PrivateRows:
    """State: none but the file's."""

    folder: Path
    aside: Path
    """Where the file is."""

    @property
    def path(self) -> Path:
        return database_of(self.aside)

    async def fill(self) -> None:
        """Read the journal into it, for ever; damage ends it, and what stands before is there."""
        with closing(Database(self.path)) as database, suppress(BadJournal):
            following = Following(database, self.folder, most=_RECORDS)
            try:
                while True:
                    count = following.read()
                    await trio.sleep(_REST_S if count else _AGAIN_S)
            finally:
                following.close()
