"""The log for people: loguru into the session's folder, with nothing secret in it.

The journal is the record; this is the story. No sink shows variables of a traceback, and
whatever looks like a key is starred in the finished text, tracebacks included.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from pathlib import Path

from loguru import logger

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
_INSIDE = "  | "
_FORMAT = "{time:YYYY-MM-DDTHH:mm:ss.SSS} {level:<7} {message}"


def log_to(path: Path) -> None:
    """Send everything to one file, and nothing to the terminal."""
    logger.remove()
    logger.add(_Redacting(path), format=_FORMAT, level="INFO", backtrace=False, diagnose=False)
    # Libraries log bodies and URLs at INFO; their warnings are enough.
    logging.basicConfig(handlers=[_Intercept()], level=logging.WARNING, force=True)


class _Redacting:
    """A file that nothing secret gets into. loguru calls its three methods."""

    def __init__(self, path: Path) -> None:
        # Nothing waits in a buffer: what a full disk refuses is lost here and now, and not said
        # again with a traceback at the end.
        self._file = path.open("ab", buffering=0)

    def write(self, text: str) -> None:
        """One record. Only its first line begins at the margin: none can be forged inside it. The
        journal says it where the disk is full; a story that has a gap ends nothing."""
        text = _KEYLIKE.sub("***", text)[:_MOST_OF_A_RECORD]
        first, *more = [plain(line, _MOST_OF_A_LINE) for line in text.rstrip("\n").split("\n")]
        record = "\n".join([first, *(f"{_INSIDE}{line}" for line in more)]) + "\n"
        with suppress(OSError):
            self._file.write(record.encode(errors="backslashreplace"))

    def flush(self) -> None:
        """Written already."""

    def stop(self) -> None:
        self._file.close()


class _Intercept(logging.Handler):
    """The standard library's logging, by way of loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        # Not by name: a library may have levels of its own, which loguru would refuse.
        logger.opt(exception=record.exc_info).log(record.levelno, record.getMessage())
