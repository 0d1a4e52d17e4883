"""Where things are: a session's folder, its socket, files that the user names."""

from __future__ import annotations

import os
import socket as sockets
import stat
import sys
import time
from pathlib import Path

import msgspec

from polytui.config.called import called
from polytui.config.load import BadSettings
from polytui.config.runtime_folder import runtime_folder
from polytui.journal.codec import BadJournal
from polytui.journal.segments import segments_of
from polytui.journal.session_folders import session_folders
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain
from polytui.sim.server.urls import Urls

_WANTED = "replay takes a session's folder, its journal folder or one file in that"
_PROBE_S = 1.0
_NAMED = 6
_PARTS_OF_A_NAME = 4
"""Date, time, mode, process."""


def has_terminal() -> bool:
    """Whether somebody sits there: keys come in by the first, Textual draws on the last."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def existing_prices(prices: Path | None) -> Path | None:
    """BadSettings for a file that is not there: what was asked for is wrong, nothing failed."""
    if prices is not None and not prices.is_file():
        wanted = "--prices takes a CSV of Chainlink ticks, plain or .gz"
        raise BadSettings([f"no file {prices}; {wanted}"])
    return prices


def check_frames(file: Path) -> None:
    """BadSettings where nothing can be read; a pipe can."""
    if not file.exists() or file.is_dir():
        raise BadSettings([f"no file {file}; decode takes raw frames, plain or .gz, or -"])


def journal_of(named: Path) -> Path:
    """A session's folder, its journal's, or one segment. BadSettings where there is no journal."""
    try:
        segments = segments_of(named)
    except BadJournal as error:
        raise BadSettings([f"{error}; {_WANTED}"]) from error
    if not segments[0].is_file():
        raise BadSettings([f"no file {named}; {_WANTED}"])
    return named


LAST = "last"
"""In place of a session's name: the one whose folder was written to last."""


def session_named(directory: Path, said: str) -> Path:
    """The folder of a session: by its name, an unambiguous beginning of it, or LAST. BadSettings
    says which there are."""
    folders = session_folders(directory)
    if said == LAST and folders:
        return max(folders, key=lambda one: (one.stat().st_mtime_ns, one.name))
    names = [one.name for one in folders]
    if said in names:
        return directory / said
    found = [name for name in names if name.startswith(said)]
    if len(found) == 1:
        return directory / found[0]
    if not found:
        which = "no session yet" if said == LAST else f"no session {said}"
        ways = "one that had a --folder of its own is named by that folder"
        raise BadSettings([f"{which} in {directory}; see {called('sessions')}; {ways}"])
    some = ", ".join(found[-_NAMED:])
    raise BadSettings([f"{len(found)} sessions of {directory} begin with {said}: {some}"])


def journal_said(directory: Path, said: str) -> Path:
    """A path is taken as it is: as `journal_of`. A session's name: as `session_named`."""
    return session_named(directory, said) if _is_name(said) else journal_of(Path(said))


def data_said(directory: Path, said: str) -> Path:
    """Recordings, or a session, by a path or by its name. BadSettings where it is neither."""
    if _is_name(said):
        return session_named(directory, said)
    if not said or not Path(said).exists():
        raise BadSettings([f"no file {said}; docs/data.md has what can be played"])
    return Path(said)


def _is_name(said: str) -> bool:
    """Of a session, which has no dot in it: nothing that is there is called so."""
    path = Path(said)
    return not path.exists() and "." not in said and len(path.parts) == 1


def running_venue(named: Path) -> Urls:
    """Where a simulated venue is that runs already, by the file that its ready line is in.
    BadSettings where there is none."""
    try:
        return msgspec.json.decode(named.read_bytes(), type=Urls)
    except (OSError, msgspec.MsgspecError) as error:
        wanted = "--venue takes the line that `polytui venue` prints when it is ready"
        raise BadSettings([f"{named} names no venue: {plain(error)}; {wanted}"]) from None


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Fatal(
            f"cannot make {folder}: {error.strerror}; set journal.directory to where you may write"
        ) from error


def new_folder(directory: str, mode: str) -> Path:
    """One folder a session, by the wall's time and, as its name is the socket's as well, by the
    process: two that start in one second, here or in another directory, do not meet."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return Path(directory) / f"{stamp}-{mode}-{os.getpid()}"


def running_socket(session: str | None) -> Path:
    """The socket of the named session (a beginning of its name is enough, LAST is the one that
    began last), or of the one engine that answers; Fatal lists them where there are several."""
    running = running_sockets()
    if session == LAST:
        running = running[:1]
    elif session:
        named = [one for one in running if one.stem == session]
        running = named or [one for one in running if one.stem.startswith(session)]
    if len(running) == 1:
        return running[0]
    if running:
        raise Fatal(_several(running))
    which = f"no session {session}" if session else "no engine"
    ways = f"{called('demo')} or {called('run --headless')}"
    raise Fatal(f"{which} runs here; start one with {ways}")


def running_sockets() -> list[Path]:
    """Of every engine that answers here, the newest first."""
    folder = runtime_folder()
    _check_ours(folder)
    return [socket for socket in _newest_first(folder) if answers(socket)]


def _several(running: list[Path]) -> str:
    """Which to attach to is for a person to say."""
    rows = [(one.stem, _mode_of(one.stem), _since(one)) for one in running]
    names, modes = (max(len(row[at]) for row in rows) for at in (0, 1))
    lines = [f"  {name:<{names}}  {mode:<{modes}}  since {since}" for name, mode, since in rows]
    head = f"{len(rows)} engines run here; attach to one: {called(f'attach {rows[0][0]}')}"
    return "\n".join([head, *lines])


def _mode_of(session: str) -> str:
    """As `new_folder` puts it into the name; a folder of the user's own need not say it."""
    parts = session.split("-")
    return parts[2] if len(parts) == _PARTS_OF_A_NAME else "–"


def _since(socket: Path) -> str:
    """Sockets are made when a session starts; UTC like everything on the screen."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(socket.stat().st_mtime))


def _check_ours(folder: Path) -> None:
    """In a shared /tmp somebody else could have made this folder, with their engine in it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
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
    return plain(lines[-1].lstrip(" |").removeprefix("error: ")) if lines else "it said nothing"
