"""A file put in its place whole: whoever opens it sees the one before or the new one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def put_file(path: Path, content: bytes) -> bool:
    """Written aside, synced, and renamed; whether it was another one before. OSError where the disk
    refuses, which leaves the file as it was."""
    with suppress(OSError):
        if path.read_bytes() == content:
            return False
    _make_private(path.parent)
    aside = path.with_name(f".{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with open(os.open(aside, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    return True


def _make_private(folder: Path) -> None:
    """Whatever is missing of it, for its owner alone."""
    if not folder.is_dir():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
