"""The log for people: loguru into the session's folder, with nothing secret in it.

The journal is the record; this is the story. No sink shows variables of a traceback, and whatever
is a secret of ours, or looks like somebody's key, is starred in the finished text, tracebacks
included.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
from contextlib import suppress
from pathlib import Path

from loguru import logger

from polytui.model.known_secrets import STARS, masked
from polytui.model.plain_text import plain

_KEYLIKE = re.compile(
    r"""
      (?:0x)?[0-9a-f]{60,}                      # a private key, a signature; ids as well
    | (?:0x)?[0-9a-f]{20,}…                     # one that was cut
    | (?:secret|passphrase|api_?-?key|private_?key|authorization|signature)
      ["'\s]*[:=]["'\s]*(?:bearer\s+)?\S+       # name: value, name='value', "name": "value"
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MOST_OF_A_RECORD, _MOST_OF_A_LINE = 40_000, 2_000
"""Characters; a traceback of a nursery in a nursery is long."""
_MOST_WAITING = 2_000
"""Records that a slow disk has not taken yet; more are counted, and not kept."""
_END_WITHIN_S = 2.0
_INSIDE = "  | "
_FORMAT = "{time:YYYY-MM-DDTHH:mm:ss.SSS} {level:<7} {message}"


def log_to(path: Path) -> None:
    """Send everything to one file, and nothing to the terminal."""
    logger.remove()
    logger.add(_LogFile(path), format=_FORMAT, level="INFO", backtrace=False, diagnose=False)
    # Libraries log bodies and URLs at INFO; their warnings are enough.
    logging.basicConfig(handlers=[_Intercept()], level=logging.WARNING, force=True)


class _LogFile:
    """A file that nothing secret gets into, written by a thread of its own: whoever logs never
    waits for a disk. loguru calls `write`, `flush` and `stop`."""

    def __init__(self, path: Path) -> None:
        # Nothing waits in a buffer: what a full disk refuses is lost here and now, and not said
        # again with a traceback at the end.
        self._file = path.open("ab", buffering=0)
        self._waiting: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._missed = 0
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """One record. The journal says it where the disk is full or silent; a story that has a gap
        ends nothing."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self._missed += 1

    def flush(self) -> None:
        """The thread writes as soon as the disk lets it."""

    def stop(self) -> None:
        """Wait for what is still to be written, but not for a disk that does not answer."""
        with suppress(queue.Full):
            self._waiting.put(None, timeout=_END_WITHIN_S)
            self._thread.join(_END_WITHIN_S)

    def _write_all(self) -> None:
        while (text := self._waiting.get()) is not None:
            with suppress(OSError):
                self._file.write(_record(text))
                if self._missed:
                    missed, self._missed = self._missed, 0
                    self._file.write(b"(%d records are missing here: the disk was slow)\n" % missed)
        self._file.close()


def _record(text: str) -> bytes:
    """Only its first line begins at the margin: none can be forged inside it."""
    text = _KEYLIKE.sub(STARS, masked(text))[:_MOST_OF_A_RECORD]
    first, *more = [plain(line, _MOST_OF_A_LINE) for line in text.rstrip("\n").split("\n")]
    record = "\n".join([first, *(f"{_INSIDE}{line}" for line in more)]) + "\n"
    return record.encode(errors="backslashreplace")


class _Intercept(logging.Handler):
    """The standard library's logging, by way of loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        # Not by name: a library may have levels of its own, which loguru would refuse.
        logger.opt(exception=record.exc_info).log(record.levelno, record.getMessage())
