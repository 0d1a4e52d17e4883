"""The file of a local socket: in a folder of its owner alone, and of nobody who still answers."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polytui.config.called import called
from polytui.model.errors import Fatal

_BACKLOG = 16


@contextmanager
def open_socket(path: Path) -> Iterator[socket.socket]:
    """A listening socket that only its owner may open; its file is removed at the end."""
    _own_folder(path.parent)
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        # Between bind and chmod the private folder is what keeps others out.
        path.chmod(0o600)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise Fatal(f"no socket at {path}: {error}; choose a shorter or writable path") from error
    try:
        yield listening
    finally:
        listening.close()
        path.unlink(missing_ok=True)


def _own_folder(folder: Path) -> None:
    """The folder exists, is ours, and nobody else may look into it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise Fatal(f"cannot use {folder} for the socket: {error}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise Fatal(f"{folder} only points to a folder; remove it")
    if status.st_uid != os.geteuid():
        raise Fatal(f"{folder} belongs to another user; choose a folder of your own")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Fatal(f"{folder} is open to others; run: chmod 700 {folder}")


def _remove_stale(path: Path) -> None:
    """Remove a socket file that a dead engine left behind; Fatal if somebody answers on it."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise Fatal(f"{path} is in the way and is no socket; move it or choose another path")
    if _is_answered(path):
        again = called("attach")
        raise Fatal(f"an engine already answers at {path}; run {again}, or stop it first")
    path.unlink(missing_ok=True)


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        # A full backlog blocks a blocking connect for ever; EAGAIN then means somebody is there.
        probe.setblocking(False)
        return probe.connect_ex(str(path)) not in (errno.ECONNREFUSED, errno.ENOENT)
