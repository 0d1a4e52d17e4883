"""The follower of the journal, which fills the database, as a child process: started, started again
when it dies, and told to finish. Trading never waits for it and never hears of its troubles."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from polytui.config.secrets import environment_for
from polytui.runtime.session import Session
from polytui.runtime.venue_child import last_words

LOG = "store.log"
_FIRST_S, _LONGEST_S = 1.0, 60.0
"""Before it is started again; doubled each time."""
_LASTED_S = 60.0
"""One that lived so long begins the waits anew, and what it dies of is said again."""


class StoreChild:
    """State: the process of the moment, and what was said of its deaths."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._log = session.folder / LOG
        self._process: trio.Process | None = None
        self._is_ending = False
        self._said = ""

    async def run(self) -> None:
        """Keep it alive until it is told to finish; cancelled, its stdin is closed, and what it
        still has to read it reads without us. A disk or a system that lets none begin is one more
        of its troubles, and not ours."""
        wait_s = _FIRST_S
        while not self._is_ending:
            begun_s = trio.current_time()
            why, how = await self._live()
            if trio.current_time() - begun_s >= _LASTED_S:
                wait_s, self._said = _FIRST_S, ""
            self._tell(why, how)
            await trio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_S)

    async def _live(self) -> tuple[str, str]:
        """One of its lives: why it ended, and how."""
        try:
            with self._log.open("ab") as errors:
                self._process = await _started(self._session.folder, errors.fileno())
        except (OSError, RuntimeError) as error:  # RuntimeError: there is no thread to start it in
            return str(error), "its follower cannot be started"
        try:
            code = await self._process.wait()
        finally:
            self._hang_up()
        return last_words(self._log), f"its follower ended with {code}"

    async def finish(self, within_s: float) -> None:
        """The journal is written: it reads the rest and ends. After that long it does so alone."""
        self._is_ending = True
        process = self._process
        self._hang_up()
        if process is None or process.returncode is not None:
            return
        with trio.move_on_after(within_s):
            await process.wait()
            return
        self._session.notice("info", "", "the database is not up to date yet; it is read on")

    def _hang_up(self) -> None:
        if self._process is not None and isinstance(self._process.stdin, trio.lowlevel.FdStream):
            self._process.stdin.close()  # which waits for nothing

    def _tell(self, why: str, how: str) -> None:
        """The same words once."""
        if self._is_ending or why == self._said:
            return
        self._said = why
        self._session.notice("warn", "", f"the database is not kept for now ({why}): {how}")


async def _started(folder: Path, errors: int) -> trio.Process:
    # In a session of its own: Ctrl-C is for us, and it must read what we write until our end.
    return await trio.lowlevel.open_process(
        [sys.executable, "-m", "polytui.store", str(folder)],
        stdin=subprocess.PIPE,
        stdout=errors,
        stderr=errors,
        start_new_session=True,
        env=environment_for(),
    )


@asynccontextmanager
async def keep_database(session: Session) -> AsyncIterator[None]:
    """While the block runs the session's journal is read into the database, where that is wanted;
    then it is read to its end."""
    settings = session.settings.store
    if not settings.is_enabled:
        yield
        return
    child = StoreChild(session)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child.run)
        yield
        await child.finish(settings.finish_s)
        nursery.cancel_scope.cancel()
