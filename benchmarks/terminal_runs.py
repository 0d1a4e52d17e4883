"""A terminal as people run it, on a pseudo-terminal: its keys, what it sends, what it costs."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field, frozen

from benchmarks.engine_runs import cpu_s_of

_READY_S = _END_S = 40.0
_NEWEST = 1 << 17
_ASKS = b"\x1b[?2026$p"
_KNOWS_FRAMES = b"\x1b[?2026;2$y"
_FRAME_BEGINS = b"\x1b[?2026h"


@frozen
class Drawn:
    """Of a stretch of time, in seconds of the clock and of the processor."""

    real_s: float
    cpu_s: float
    size: int
    """Bytes that went to the screen."""
    frames: int


@define
class TerminalRun:
    """State: the process, and what it has sent so far."""

    process: subprocess.Popen[bytes]
    _leader: int
    _size: int = 0
    _frames: int = 0
    _end: bytes = field(default=b"", init=False)
    _newest: bytes = field(default=b"", init=False)

    def press(self, keys: bytes) -> None:
        os.write(self._leader, keys)

    def wait_for(self, words: bytes) -> None:
        """Until it has drawn them, from here on. RuntimeError where it does not."""
        self._newest, deadline_s = b"", time.monotonic() + _READY_S
        while words not in self._newest:
            if time.monotonic() > deadline_s or self.process.poll() is not None:
                raise RuntimeError(f"the terminal never drew {words.decode()}")
            time.sleep(0.05)

    def watch(self, seconds: float) -> Drawn:
        """What it draws in this time."""
        began_s, cpu_s = time.monotonic(), cpu_s_of(self.process.pid)
        size, frames = self._size, self._frames
        time.sleep(seconds)
        return Drawn(
            time.monotonic() - began_s,
            cpu_s_of(self.process.pid) - cpu_s,
            self._size - size,
            self._frames - frames,
        )

    def drain(self) -> None:
        """Read as a terminal does that can show a frame at once, until it is gone."""
        try:
            while sent := os.read(self._leader, 65_536):
                self._take(sent)
        except OSError:
            return

    def _take(self, sent: bytes) -> None:
        seen = self._end + sent
        self._size += len(sent)
        self._newest = (self._newest + sent)[-_NEWEST:]
        self._frames += seen.count(_FRAME_BEGINS)
        if _ASKS in seen:
            os.write(self._leader, _KNOWS_FRAMES)
        self._end = seen.rpartition(b"\x1b")[2]
        self._end = b"\x1b" + self._end if len(self._end) < len(_ASKS) - 1 else b""


@contextmanager
def terminal(socket: Path, columns: int = 120, rows: int = 36) -> Iterator[TerminalRun]:
    """A terminal's process, attached to the engine; ended with the block."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    command = [sys.executable, "-m", "polytui", "attach", "--socket", str(socket)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment,
        start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    run = TerminalRun(process, leader)
    threading.Thread(target=run.drain, daemon=True).start()
    try:
        yield run
    finally:
        process.terminate()
        process.wait(timeout=_END_S)
        os.close(leader)
