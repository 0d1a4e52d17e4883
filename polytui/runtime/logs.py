"""The log for people: loguru into the session's folder, with nothing secret in it.

The journal is the record; this is the story. No sink shows variables of a traceback, and
whatever looks like a key is starred in the finished text, tracebacks included.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from loguru import logger

_KEYLIKE = re.compile(
    r"""
      (?:0x)?[0-9a-f]{60,}                      # a private key, a signature; ids as well
    | (?:secret|passphrase|api_?-?key|private_?key|authorization|signature)
      ["'\s]*[:=]["'\s]*(?:bearer\s+)?\S+       # name: value, name='value', "name": "value"
    """,
    re.VERBOSE | re.IGNORECASE,
)
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
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)

    def write(self, text: str) -> None:
        self._file.write(_KEYLIKE.sub("***", text))

    def flush(self) -> None:
        self._file.flush()

    def stop(self) -> None:
        self._file.close()


class _Intercept(logging.Handler):
    """The standard library's logging, by way of loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        # Not by name: a library may have levels of its own, which loguru would refuse.
        logger.opt(exception=record.exc_info).log(record.levelno, record.getMessage())
