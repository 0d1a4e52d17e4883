"""What is looked at before anything starts, so that it is said in one line and not in an hour.

Each look either mends what it finds, or raises Fatal with what the reader can do.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

from polytui.model.errors import Fatal
from polytui.model.known_secrets import masked

_FILES, _FILES_AN_ASSET = 48, 20
"""Descriptors that a session may have open. Measured with three exchanges and one interval: 20 and
12 an asset; the rest is for faces, retries and a second interval."""
_MB = 1 << 20


def ensure_standard_streams() -> None:
    """Descriptors 0, 1 and 2 exist: a socket that got one of these numbers would be written to by
    whoever prints, here or in a child. Before anything is opened."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken, and those below were looked at before.
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def collect_seldom() -> None:
    """A start makes some hundred thousand objects, and nearly all of them stay: looking through
    them at every few hundred new ones was an eighth of it. An engine sets its own pace later."""
    gc.set_threshold(50_000, 20, 100)


def keep_private() -> None:
    """Whatever is written from here on, by us and by our children, is for its owner only: journals
    tell what somebody owns, logs and recordings where from."""
    os.umask(0o077)


def mask_last_words() -> None:
    """What ends the process, or a thread of it, is written to its stderr as ever, but no secret of
    ours with it: an engine's stderr is a file."""
    sys.excepthook = _say_masked
    threading.excepthook = lambda args: _say_masked(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _say_masked(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if sys.stderr is not None:
        sys.stderr.write(masked("".join(traceback.format_exception(kind, error, trace))))


def check_writable(json_path: str | None, option: str = "--json") -> None:
    """Whether what `option` asks for could be written there; a new file is not left behind."""
    if not json_path or json_path == "-":
        return
    path = Path(json_path)
    if path.is_dir():
        raise Fatal(f"{option} {json_path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise Fatal(f"no folder for {option} {json_path}; make it first")
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        words = error.strerror or error
        raise Fatal(f"cannot write {option} {json_path}: {words}; name another file") from error
    if is_new:
        path.unlink()


def check_room(folder: Path, least_mb: int) -> None:
    """Whether the disk has room for a journal; 0 asks nothing."""
    left_mb = shutil.disk_usage(folder).free // _MB
    if left_mb < least_mb:
        raise Fatal(
            f"{left_mb} MB are free where {folder} is, less than {least_mb}: free some, set "
            "journal.directory to another disk, or lower journal.least_free_mb"
        )


def allow_files(assets: int) -> None:
    """As many open files as a session of so many assets needs."""
    need = _FILES + _FILES_AN_ASSET * assets
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= need:
        return
    if hard != resource.RLIM_INFINITY and hard < need:
        raise Fatal(
            f"{hard} open files are allowed and {assets} assets need {need}: raise it with "
            f"ulimit -n {need}, or trade fewer with --assets"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))
