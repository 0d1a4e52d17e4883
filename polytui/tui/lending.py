"""The screen lent to a person's own editor or pager, and what is said when it comes back."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import define

from polytui.tui.own_programs import EDITORS, PAGERS, log_text, program_of
from polytui.tui.state import TerminalState

Lend = Callable[[Sequence[str]], Awaitable[str | None]]
"""Runs a command in our place: why it did not end well, empty where it did; None where the screen
cannot be lent."""


@define
class Lending:
    """Stateless but for what it points at."""

    state: TerminalState
    lend: Lend
    environment: Mapping[str, str]

    async def edit_settings(self) -> None:
        """The engine reads the file again by itself, checks it, and says what changed: at once, or
        with the next start."""
        file = self.state.settings.file
        if not file:
            words = "this session reads no settings' file; `polytui config init` writes one"
            self._say("warn", words)
        elif (before := _stamp(file)) is None:
            self._say("warn", f"{file} is not on this machine")
        elif await self._open(EDITORS, file):
            is_same = _stamp(file) == before
            words = "is as it was" if is_same else "was written: the engine reads it again"
            self._say("info", f"{Path(file).name} {words}")

    async def page_log(self) -> None:
        """The lines that the page of the log lets through, in a file for as long as it is read."""
        lines = self.state.log_lines.shown
        with TemporaryDirectory(prefix="polytui-") as folder:
            path = Path(folder) / "log.txt"
            path.write_text(log_text(lines), encoding="utf-8")
            await self._open(PAGERS, str(path))

    async def _open(self, names: Sequence[str], file: str) -> bool:
        """Whether it was opened and left well; otherwise why not is said."""
        try:
            command = [*program_of(names, self.environment), file]
        except (LookupError, ValueError) as error:
            self._say("warn", str(error))
            return False
        why = await self.lend(command)
        if why is None:
            self._say("warn", f"this screen cannot be lent: open {file} in another terminal")
        elif why:
            self._say("error", why)
        return why == ""

    def _say(self, level: str, words: str) -> None:
        self.state.log(level, "", words)


def _stamp(file: str) -> tuple[int, int] | None:
    """When it was written and its size; None where it is not."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
