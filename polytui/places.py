"""Where things are: a session's folder, its socket, files that the user names."""

from __future__ import annotations

import os
import socket as sockets
import stat
import sys
import time
from pathlib import Path

from polytui.config.called import called
from polytui.model.errors import Fatal

_PROBE_S = 1.0


def has_terminal() -> bool:
    """Whether somebody sits there: keys come in by the first, Textual draws on the last."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def existing_prices(prices: Path | None) -> Path | None:
    if prices is not None and not prices.is_file():
        raise Fatal(f"no file {prices}; --prices takes a CSV of oracle ticks, plain or .gz")
    return prices


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fatal(
            f"cannot make {folder}: {error.strerror}; set journal.directory to where you may write"
        ) from error


def new_folder(directory: str, mode: str) -> Path:
    """One folder a session, by the wall's time and, as its name is the socket's as well, by the
    process: two that start in one second, here or in another directory, do not meet."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return Path(directory) / f"{stamp}-{mode}-{os.getpid()}"


def socket_folder() -> Path:
    """Short and private: a socket's path may have about a hundred characters. The runtime folder
    of somebody else, as after `su`, is none of ours."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and _is_ours(Path(base)):
        return Path(base) / "polytui"
    return Path(f"/tmp/polytui-{os.getuid()}")


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def running_socket(session: str | None) -> Path:
    """The socket of the named session, or of the newest engine that answers."""
    folder = socket_folder()
    _check_ours(folder)
    found = [folder / f"{session}.sock"] if session else _newest_first(folder)
    for socket in found:
        if answers(socket):
            return socket
    which = f"no session {session}" if session else "no engine"
    ways = f"{called('demo')} or {called('run --headless')}"
    raise Fatal(f"{which} runs here; start one with {ways}")


def _check_ours(folder: Path) -> None:
    """In a shared /tmp somebody else could have made this folder, with their engine in it."""
    if not folder.exists():
        return
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Fatal(f"{folder} is not a private folder of yours: remove it")


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sock"), key=lambda path: path.stat().st_mtime, reverse=True)


def answers(socket: Path) -> bool:
    """Whether an engine listens there."""
    with sockets.socket(sockets.AF_UNIX) as probe:
        # An engine that hangs has a full backlog, where connecting would wait for ever.
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(str(socket))
        except OSError:
            return False
    return True


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].removeprefix("error: ") if lines else "it said nothing"
