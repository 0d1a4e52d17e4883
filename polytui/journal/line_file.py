"""A file of lines that only grows: appended in memory, written by one task, kept when it is asked.

Appending never waits, so a slow disk delays nobody's decision; a line that is long to make is made
where it is written, in its place among the others. Whoever acknowledges something to a
person waits for `kept`: then every line appended before is on the disk (fsync), and not only on
its way there. All who wait at one moment share one fsync.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import trio

from polytui.model.errors import Fatal

_MOST_BUFFERED = 256 << 20
"""Bytes waiting for a disk that does not answer; more is a fault that stops the session."""
_ASK_AGAIN_S = 0.25
_PATIENCE_S = 3.0
"""A disk that refuses is asked again for so long, so that people hear that nothing is kept."""

OffLoop = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs what blocks somewhere else, and is not abandoned half-way when cancelled."""


MakeLine = Callable[[], bytes]

Line = bytes | MakeLine


class Unkept(Exception):
    """A line is not on the disk, and why, in words."""


async def in_a_thread(work: Callable[[], None]) -> None:
    await trio.to_thread.run_sync(work)


class LineFile:
    """State: the open file, the lines that wait for it, and how many bytes are known to be kept."""

    def __init__(self, path: Path, file: BinaryIO, name: str, off_loop: OffLoop) -> None:
        self.path = path
        self._file = file
        self._name = name
        self.off_loop = off_loop
        self._waiting: list[Line] = []
        self._waiting_size = 0
        self._made_next: list[Line] = []
        """What the writer has taken over and not made bytes of yet; only its thread does."""
        self._leaving = bytearray()
        """Bytes of that; only what the disk took is removed."""
        self._appended = self._kept = 0
        """How much was ever given, and how much of that is kept: a count that grows."""
        self._fault = ""
        self._refuses_since: float | None = None
        self._lost: OSError | None = None
        self._asked, self._answered = trio.Event(), trio.Event()

    def append(self, line: bytes) -> None:
        self._waiting.append(line)
        self._appended += 1
        self._waiting_size += len(line)
        if self._waiting_size + len(self._leaving) > _MOST_BUFFERED:
            raise Fatal(f"the disk of {self.path} does not keep up: free it or slow down")

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

    async def run(self, every_ms: int) -> None:
        """Write what waits, for ever; what is left at the end is for `close`. Fatal where the disk
        refuses for longer than we are patient."""
        refuses_since_s: float | None = None
        while True:
            with trio.move_on_after(every_ms / 1000):
                await self._asked.wait()
            try:
                await self.flush()
                refuses_since_s = None
            except OSError as error:
                now_s = trio.current_time()
                refuses_since_s = now_s if refuses_since_s is None else refuses_since_s
                if now_s - refuses_since_s >= _PATIENCE_S:
                    raise Fatal(self._fault) from error
                await trio.sleep(_ASK_AGAIN_S)

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
            self._fault = f"cannot write {self._name} {self.path}: {error.strerror}"
            if self._refuses_since is None:
                self._refuses_since = trio.current_time()
            self._answer()
            raise
        self._fault, self._refuses_since = "", None
        if must_keep:
            self._kept = end
            self._answer()

    def close(self) -> None:
        """Everything to the disk, now."""
        self._take_over()
        try:
            self._write(must_keep=True)
        except OSError as error:
            message = f"cannot write {self._name} {self.path}: {error.strerror}"
            raise Fatal(message) from error
        finally:
            self._file.close()

    def _take_over(self) -> None:
        self._made_next += self._waiting
        self._waiting, self._waiting_size = [], 0

    def _answer(self) -> None:
        answered, self._answered = self._answered, trio.Event()
        answered.set()

    def _write(self, *, must_keep: bool) -> None:
        """Blocks. After a refused fsync nobody knows what the disk has: it is not asked again."""
        if self._lost is not None:
            raise self._lost
        for line in self._made_next:
            self._leaving += line if isinstance(line, bytes) else line()
        self._made_next = []
        while self._leaving:
            del self._leaving[: self._file.write(self._leaving)]
        if must_keep:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                self._lost = error
                raise


def sync_folder(folder: Path) -> None:
    """A new name in a folder is on the disk when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
