"""A lock that is a folder itself: it leaves no file, and goes with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder_lock(folder: Path) -> Iterator[OSError | None]:
    """None while it is ours; or why it is not: BlockingIOError where another process has it,
    another one where its file system has no locks. OSError where the folder cannot be opened."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        refusal = None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            refusal = error
        yield refusal
    finally:
        os.close(descriptor)
