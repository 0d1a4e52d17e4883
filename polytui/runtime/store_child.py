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
    """State: the process of the moment, what was said of its deaths, and whether the journal is
    written and read."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._log = session.folder / LOG
        self._process: trio.Process | None = None
        self._written = trio.Event()
        self._read = trio.Event()
        self._said = ""

    async def run(self) -> None:
        """Keep it alive until the journal is written and it has read that; cancelled, its stdin is
        closed, and what it still has to read it reads without us. A disk or a system that lets none
        begin is one more of its troubles, and not ours."""
        wait_s = _FIRST_S
        while True:
            is_last, begun_s = self._written.is_set(), trio.current_time()
            fault = await self._live()
            if self._written.is_set() and (is_last or not fault):
                self._say_what_is_missing(fault)
                self._read.set()
                return
            if trio.current_time() - begun_s >= _LASTED_S:
                wait_s, self._said = _FIRST_S, ""
            self._tell(fault)
            with trio.move_on_after(wait_s):
                await self._written.wait()  # then there is one more, at once
            wait_s = min(2 * wait_s, _LONGEST_S)

    async def _live(self) -> str:
        """One of its lives; why it ended, and how. Empty where it has read a journal to its end."""
        try:
            with self._log.open("ab") as errors:
                self._process = await _started(self._session.folder, errors.fileno())
        except (OSError, RuntimeError) as error:  # RuntimeError: there is no thread to start it in
            return f"({error}): its follower cannot be started"
        try:
            if self._written.is_set():
                self._hang_up()
            code = await self._process.wait()
        finally:
            self._hang_up()
        if not code and self._written.is_set():
            return ""
        return f"({last_words(self._log)}): its follower ended with {code}"

    async def finish(self, within_s: float) -> None:
        """The journal is written: whoever reads it reads the rest and ends, and where nobody does
        one more begins. After that long it does so alone."""
        self._written.set()
        self._hang_up()
        with trio.move_on_after(within_s):
            await self._read.wait()
            return
        self._session.notice("info", "", "the database is not up to date yet; it is read on")

    def _hang_up(self) -> None:
        if self._process is not None and isinstance(self._process.stdin, trio.lowlevel.FdStream):
            self._process.stdin.close()  # which waits for nothing

    def _tell(self, fault: str) -> None:
        """The same words once."""
        if self._written.is_set() or fault == self._said:
            return
        self._said = fault
        self._session.notice("warn", "", f"the database is not kept for now {fault}")

    def _say_what_is_missing(self, fault: str) -> None:
        if fault:
            words = f"the database lacks the end of this session {fault}; the next one reads it"
            self._session.notice("warn", "", words)


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
