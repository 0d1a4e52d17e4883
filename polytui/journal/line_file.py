"""A file of lines that only grows: appended in memory, written by one task, kept when it is asked.

Appending never waits, so a slow disk delays nobody's decision; a line that is long to make is made
where it is written, in its place among the others. Whoever acknowledges something to a
person waits for `kept`: then every line appended before is on the disk (fsync), and not only on
its way there. All who wait at one moment share one fsync.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import trio

from polytui.model.errors import Fatal

_MOST_WAITING = 256 << 20
"""Bytes waiting for a disk that does not answer."""
_ASK_AGAIN_S = 0.25
OffLoop = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs what blocks somewhere else, and is not abandoned half-way when cancelled."""


MakeLine = Callable[[], bytes]

Line = bytes | MakeLine

Told = Callable[[str], None]
"""Why the disk refuses, when it begins to; empty when it takes again."""


class Unkept(Exception):
    """A line is not on the disk, and why, in words."""


async def in_a_thread(work: Callable[[], None]) -> None:
    await trio.to_thread.run_sync(work)


class LineFile:
    """State: the open file, the lines that wait for it, and how many bytes are known to be kept."""

    def __init__(
        self,
        path: Path,
        file: BinaryIO,
        name: str,
        off_loop: OffLoop,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        self.path = path
        self._file = file
        self._name = name
        self.off_loop = off_loop
        self._waiting: list[Line] = []
        self._most_waiting = self._room = most_waiting
        """How many bytes may wait, and how many more still may."""
        self._made_next = deque[Line]()
        """What the writer has taken over and not made bytes of yet; only its thread does."""
        self._leaving = bytearray()
        """Bytes of that; only what the disk took is removed."""
        self._size = 0
        """Bytes that the disk took."""
        self._appended = self._kept = 0
        """How much was ever given, and how much of that is kept: a count that grows."""
        self._fault = ""
        self._refuses_since: float | None = None
        self._lost: OSError | None = None
        self._asked, self._answered = trio.Event(), trio.Event()

    def append(self, line: bytes) -> None:
        self._waiting.append(line)
        self._appended += 1
        self._room -= len(line)
        if self._room < 0:
            self._overflow(line)

    def add(self, line: Line) -> None:
        """A line, or what makes the one that stands here: the writer does, in its thread, so it
        must touch nothing that others change, and must not raise."""
        if isinstance(line, bytes):
            self.append(line)
        else:
            self._waiting.append(line)
            self._appended += 1

    async def kept(self) -> None:
        """Wait until everything appended so far is on the disk. Unkept where the disk refuses."""
        wanted = self._appended
        while self._kept < wanted:
            self._asked.set()
            await self._answered.wait()
            if self._kept < wanted and self._fault:
                raise Unkept(self._fault)

    @property
    def refuses_s(self) -> float:
        """For how long the disk has been refusing; 0 while it takes what it is given."""
        since = self._refuses_since
        return 0.0 if since is None else max(0.001, trio.current_time() - since)

    async def run(self, every_ms: int, told: Told) -> None:
        """Write what waits, for ever; what is left at the end is for `close`. A disk that refuses
        is asked again until it takes."""
        is_told = False
        while True:
            with trio.move_on_after(every_ms / 1000):
                await self._asked.wait()
            try:
                await self.flush()
            except OSError:
                if not is_told:
                    is_told = True
                    told(self._fault)
                await trio.sleep(_ASK_AGAIN_S)
            else:
                if is_told and not self._fault:
                    is_told = False
                    told("")

    async def flush(self) -> None:
        """Write what waits, as far as the disk where somebody waits for that. OSError where it does
        not go; everything is still there then."""
        must_keep, end = self._asked.is_set(), self._appended
        self._take_over()
        if not (self._made_next or self._leaving or must_keep):
            return
        if must_keep:
            self._asked = trio.Event()
        try:
            await self.off_loop(partial(self._write, must_keep=must_keep))
        except OSError as error:
            self._fault = self._words(error)
            if self._refuses_since is None:
                self._refuses_since = trio.current_time()
            self._answer()
            raise
        self._fault, self._refuses_since = self._missing, None
        self._make_room()
        if must_keep:
            self._kept = self._kept if self._fault else end
            self._answer()

    def keep_at_once(self) -> None:
        """Everything so far to the disk, before there is anybody who writes. Fatal where it does
        not go."""
        self._take_over()
        try:
            self._write(must_keep=True)
        except OSError as error:
            raise Fatal(self._words(error)) from error
        self._make_room()
        self._kept = self._appended

    def close(self) -> None:
        """Everything to the disk, now."""
        self._take_over()
        try:
            self._write(must_keep=True)
        except OSError as error:
            raise Fatal(self._words(error)) from error
        finally:
            self._file.close()
        if self._missing:
            raise Fatal(self._missing)

    @property
    def lost_so_far(self) -> int:
        """Lines that no disk took and none will."""
        return 0

    @property
    def _missing(self) -> str:
        """What is not in the file although the disk takes it again; empty where it is whole."""
        return ""

    def _overflow(self, line: bytes) -> None:
        """More waits than may: what is given next is this one's to keep or to count."""
        raise Fatal(f"the disk of {self.path} does not keep up: free it or slow down")

    def _words(self, error: OSError) -> str:
        return f"cannot write {self._name} {self.path}: {error.strerror}"

    def _take_over(self) -> None:
        self._made_next += self._waiting
        self._waiting = []

    def _make_room(self) -> None:
        """Everything that was taken over has left."""
        waiting = sum(len(line) for line in self._waiting if isinstance(line, bytes))
        self._room = self._most_waiting - waiting

    def _answer(self) -> None:
        answered, self._answered = self._answered, trio.Event()
        answered.set()

    def _write(self, *, must_keep: bool) -> None:
        """Blocks. After a refused fsync nobody knows what the disk has: it is not asked again."""
        if self._lost is not None:
            raise self._lost
        self._make()
        self._drain()
        if must_keep:
            self._sync()

    def _make(self) -> None:
        """Bytes of what was taken over."""
        while self._made_next:
            line = self._made_next[0]
            self._leaving += line if isinstance(line, bytes) else line()
            self._made_next.popleft()

    def _drain(self) -> None:
        while self._leaving:
            written = self._file.write(self._leaving)
            self._size += written
            del self._leaving[:written]

    def _sync(self) -> None:
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            self._lost = error
            raise
