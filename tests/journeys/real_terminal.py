"""A command in a real pseudo-terminal: keys go in, and what its screen shows can be read."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte
from attrs import define

PATIENCE_S = 90.0
"""For a machine that is busy with other things."""
_CHUNK = 65_536


@define(eq=False)
class RealTerminal:
    """State: the program, our end of its terminal, and the screen as a person would see it."""

    process: subprocess.Popen[bytes]
    screen: pyte.Screen
    _stream: pyte.ByteStream
    _ours: int

    @property
    def rows(self) -> list[str]:
        return list(self.screen.display)

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def until(self, *words: str) -> None:
        """Read until the screen shows all of `words`."""
        self.until_it(lambda: all(word in self.text for word in words), f"shows {words}")

    def until_it(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, f"never {what}:\n{self.text}"
            assert self._read(), f"it ended before it {what}:\n{self.text}"

    @property
    def background(self) -> str:
        """The colour that stands behind most letters."""
        rows = (self.screen.buffer[row] for row in range(self.screen.lines))
        colours = Counter(str(cell.bg) for row in rows for cell in row.values())
        return colours.most_common(1)[0][0]

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def _read(self) -> bool:
        """Take what there is; False once the other side has closed."""
        if not select.select([self._ours], [], [], 1.0)[0]:
            return True
        try:
            chunk = os.read(self._ours, _CHUNK)
        except OSError:  # how Linux says that nobody holds the other end any more
            return False
        self._stream.feed(chunk)
        return bool(chunk)


@contextmanager
def in_terminal(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    columns: int = 120,
    rows: int = 36,
) -> Iterator[RealTerminal]:
    """Run `command` in `folder` on a terminal of this size, with all colours: in 256 of them two
    dark themes are the same. It is ended with the block."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
    finally:
        os.close(theirs)
    screen = pyte.Screen(columns, rows)
    try:
        yield RealTerminal(process, screen, pyte.ByteStream(screen), ours)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
