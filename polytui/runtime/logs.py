"""The log for people: loguru into the session's folder, with nothing secret in it.

The journal is the record; this is the story. No sink shows variables of a traceback, and
anything that looks like a key is starred before it is written.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Record

_KEYLIKE = re.compile(r"0x[0-9a-fA-F]{60,}|(?i:(secret|passphrase|apikey)\W+)\S+")
_FORMAT = "{time:YYYY-MM-DDTHH:mm:ss.SSS} {level:<7} {message}"


def log_to(path: Path) -> None:
    """Send everything to one file, and nothing to the terminal."""
    logger.remove()
    logger.configure(patcher=_redact)
    logger.add(path, format=_FORMAT, level="INFO", backtrace=False, diagnose=False)
    # Libraries log bodies and URLs at INFO; their warnings are enough.
    logging.basicConfig(handlers=[_Intercept()], level=logging.WARNING, force=True)


def _redact(record: Record) -> None:
    message = record["message"]
    if "0x" in message or "ass" in message or "ecret" in message or "pikey" in message.lower():
        record["message"] = _KEYLIKE.sub("***", message)


class _Intercept(logging.Handler):
    """The standard library's logging, by way of loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        logger.opt(exception=record.exc_info).log(record.levelname, record.getMessage())
