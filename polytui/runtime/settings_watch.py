"""The settings' file, looked at once a second: what is changed in it comes into force.

A file that is being written is read when it is quiet: two looks in a row must see the same. One
with a fault changes nothing, and every fault is told.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import trio
from attrs import define, field

from polytui.config.change import HOT_TABLES
from polytui.config.load import BadSettings, load_settings
from polytui.config.schema import Settings
from polytui.model.errors import Rejected
from polytui.runtime.session import Session
from polytui.runtime.settings_in_force import SettingsInForce

_EVERY_S = 1.0
"""Real time."""

Stamp = tuple[int, int, int]
"""Of a file: when it was written, its size, which file it is (an editor may put a new one)."""


def stamp_of(path: Path) -> Stamp | None:
    """None for a file that is not there, or that we may not look at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@define
class SettingsWatch:
    """State: what the last look saw, what was last acted on, and what the file last said."""

    path: Path
    session: Session
    in_force: SettingsInForce
    adapted: Callable[[Settings, Settings], Settings]
    """What the mode does with what is read."""
    _seen: Stamp | None = field(default=None, init=False)
    _done: Stamp | None = field(default=None, init=False)
    _said: Settings | None = field(default=None, init=False)

    async def watch(self) -> None:
        """Until cancelled. What was changed between the start and the first look counts, too."""
        began_with = self.session.settings
        self._seen = self._done = await self._stamp()
        await self._read(began_with)
        while True:
            await trio.sleep(_EVERY_S)
            await self._look(began_with)

    async def _look(self, began_with: Settings) -> None:
        stamp = await self._stamp()
        if stamp != self._seen:
            self._seen = stamp  # it changes: wait until it does not
        elif stamp != self._done:
            self._done = stamp
            await self._read(began_with)

    async def _stamp(self) -> Stamp | None:
        return await trio.to_thread.run_sync(stamp_of, self.path, abandon_on_cancel=True)

    async def _read(self, began_with: Settings) -> None:
        if self._done is None:
            self._tell("warn", f"{self.path} is gone; what is in force stays")
            return
        try:
            new = await trio.to_thread.run_sync(load_settings, self.path, abandon_on_cancel=True)
            await self._apply(self.adapted(new, began_with), began_with)
        except BadSettings as error:
            for fault in error.faults:
                self._tell("error", fault)
            self._tell("error", f"nothing is changed; mend {self.path} and save it again")
        except Rejected as refusal:
            self._tell("warn", str(refusal))

    async def _apply(self, new: Settings, began_with: Settings) -> None:
        """The first reading is compared with what the session began with, except for what the
        command line may have put on top: cold settings."""
        is_first = self._said is None
        before = self._said or attrs.evolve(
            new, **{name: getattr(began_with, name) for name in HOT_TABLES}
        )
        changes = await self.in_force.reload(before, new, str(self.path))
        self._said = new
        if not changes and not is_first:
            self._tell("info", f"{self.path} was read again: nothing to change")

    def _tell(self, level: str, text: str) -> None:
        self.session.notice(level, "", f"settings: {text}")
