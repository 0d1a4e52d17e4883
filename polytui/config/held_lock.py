"""A file that one process holds at a time. The lock goes with the process, however that ends."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import BinaryIO

_MOST_OWNER = 200
_TAKEN = (errno.EAGAIN, errno.EACCES)


class HeldElsewhere(Exception):
    """Another process holds it."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner
        """As it wrote itself down."""


def held_lock(path: Path, owner: str) -> BinaryIO:
    """The lock, until it is closed or this process is no more; HeldElsewhere, or OSError. Whoever
    holds it may remove the file: who opened it a moment before that opens the next one."""
    while True:
        file = _locked(path)
        if _is_at(path, file):
            break
        file.close()
    file.truncate(0)
    file.write(f"{owner}, process {os.getpid()}\n".encode())
    return file


def _locked(path: Path) -> BinaryIO:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", 0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        said = file.read(_MOST_OWNER).decode(errors="replace").strip()
        file.close()
        if error.errno not in _TAKEN:
            raise
        raise HeldElsewhere(
            said if said and said.isprintable() else "it does not say which"
        ) from None
    return file


def _is_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
