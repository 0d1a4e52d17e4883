"""Processes of ours that begin with everything imported.

A process spends up to a second of processor on imports before its first line of ours runs, and
journeys start some hundred. A zygote has imported all of it, and each process is a fork of it: a
child of whoever asked, with the arguments, folder, variables, streams and signals that an exec
would have given it. From `python -m polytui` on it does what it does for users, and so do the
processes that it starts itself. Those with a `preexec_fn` that is no `Begun` have a real exec,
those that say so (`program.py`), and all of them where COLD is set.
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import gc
import importlib
import marshal
import os
import resource
import runpy
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from attrs import astuple, field, frozen

from polytui.lean_imports import load_keyfile

COLD = "POLYTUI_TESTS_COLD"
"""Where this variable is set each process of each journey begins as a user's does: `make long`."""
ZYGOTE = str(Path(__file__))
"""What its own command line names, and those of its nests."""
_MODULES = ("polytui", "polytui.store", "polytui.journal.keeper", "benchmarks.broken_engine")
_LOADED = (
    "polytui.cli.main",
    "polytui.headless",
    "polytui.live_start",
    "polytui.sim.server.venue",
    "polytui.store.follower",
    "polytui.journal.keeper",
    "polytui.sim.wire.signed.call_data",
    # What these import when they are at work.
    "polytui.launch",
    "polytui.sim.server.hostility",
    "anyio._backends._trio",
    "encodings.idna",
    "encodings.utf_8_sig",
    "httpcore",
    "rich._emoji_codes",
    "polytui.store.rebuild",
    "polytui.tools.doctor",
    "polytui.tools.record",
    "eth_account.messages",
)
_READ_AT_START = (b"PYTHON", b"LANG", b"LC_", b"TZ", b"LD_")
"""What begins so is read before the first line: where it differs a fork will not do."""
_SET_CHILD_SUBREAPER = 36
_ROOM = 8_192
"""Bytes for a command line."""
_SUBPROCESS: Any = subprocess
"""Every way to start a process ends in its `_fork_exec`, of which its types say nothing."""
_REAL: Callable[..., int] = _SUBPROCESS._fork_exec
_OF_NOBODY_ELSE = (-1, None, None, None, -1)
"""Process group, groups, user and umask, where nothing is said of them."""


@frozen
class Begun:
    """How a process begins: a `preexec_fn` that a fork understands as well."""

    limits: tuple[tuple[int, int, int], ...] = ()
    """Resource, soft and hard."""
    ignored: tuple[int, ...] = field(default=(), converter=lambda given: tuple(map(int, given)))
    """Signals."""
    has_terminal: bool = False
    """It leads a session whose terminal is its stdout: when that is closed, it is hung up."""

    def __call__(self) -> None:
        _take_signals(self.ignored)
        if self.has_terminal:
            os.setsid()
            fcntl.ioctl(1, termios.TIOCSCTTY, 0)
        for number, soft, hard in self.limits:
            resource.setrlimit(number, (soft, hard))


# --- whoever starts processes ---------------------------------------------------------------------


class Nest:
    """The end of the one who asks. State: the socket to the process that forks, which began with
    these variables."""

    def __init__(self, asking: socket.socket, variables: dict[bytes, bytes]) -> None:
        self._asking = asking
        self._begun = _of_the_start(variables)
        self._one_at_a_time = threading.Lock()
        self._process = ctypes.CDLL(None)

    def fork_exec(
        self,
        words: Sequence[Any],
        places: Any,
        closes: bool,
        kept: Sequence[int],
        folder: Any,
        variables: Sequence[bytes] | None,
        *rest: Any,
    ) -> int:
        """In the place of what `subprocess` calls, with its arguments: the id of a child."""
        named = [os.fsdecode(one) for one in words]
        known = _known(variables)
        # Of descriptors there is the one by which an exec that fails would say so.
        usual = rest[10:15] == _OF_NOBODY_ELSE and isinstance(rest[15], Begun | None)
        if not usual or len(kept) > 1 or not self._may_fork(named, known):
            return _REAL(words, places, closes, kept, folder, variables, *rest)
        streams = (rest[0], rest[3], rest[5])
        given = [own if one == -1 else one for own, one in enumerate(streams)]
        files = resource.getrlimit(resource.RLIMIT_NOFILE)
        begun = astuple(rest[15] or Begun())
        order = (named, os.fsdecode(folder or "."), known, bool(rest[9]), _umask(), files, begun)
        return self._born(marshal.dumps(order), given)

    def _may_fork(self, words: Sequence[str], variables: dict[bytes, bytes]) -> bool:
        if list(words[:2]) != [sys.executable, "-m"] or words[2] not in _MODULES:
            return False
        return len(" ".join(words)) < _ROOM and _of_the_start(variables) == self._begun

    def _born(self, order: bytes, given: list[int]) -> int:
        """It is a grandchild of the nest, and orphaned at once: whoever takes orphans has it."""
        with self._one_at_a_time:
            self._process.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            try:
                socket.send_fds(self._asking, [len(order).to_bytes(8, "big")], given)
                self._asking.sendall(order)
                pid = int.from_bytes(_exactly(self._asking, 8), "big")
                _exactly(self._asking, 1)
            finally:
                self._process.prctl(_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        return pid


@contextmanager
def forking(places: str, *, is_cold: bool = False) -> Iterator[bool]:
    """Who starts a command of ours in this block, with these places of modules, has a fork: whether
    it is so."""
    if is_cold or os.environ.get(COLD):
        yield False
        return
    _SUBPROCESS._fork_exec = _zygote(places).fork_exec
    try:
        yield True
    finally:
        _SUBPROCESS._fork_exec = _REAL


@cache
def _zygote(places: str) -> Nest:
    """Of this process of tests; it ends with it."""
    ours, theirs = socket.socketpair()
    variables = {**os.environb, b"PYTHONPATH": os.fsencode(places)}
    process = subprocess.Popen(
        [sys.executable, ZYGOTE, str(theirs.fileno()), "-" * _ROOM],
        env=variables,
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    atexit.register(_end, ours, process)
    return Nest(ours, variables)


def _end(asking: socket.socket, process: subprocess.Popen[bytes]) -> None:
    asking.close()
    process.wait()


def _known(variables: Sequence[bytes] | None) -> dict[bytes, bytes]:
    if variables is None:
        return dict(os.environb)
    pairs = (one.partition(b"=") for one in variables)
    return {name: value for name, _, value in pairs}


def _of_the_start(variables: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in variables.items() if name.startswith(_READ_AT_START)}


def _umask() -> int:
    """There is no other way to read it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


# --- the process that forks -----------------------------------------------------------------------


def main() -> None:
    """Import everything, then fork until nobody can ask any more."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    asked.set_inheritable(False)
    gc.disable()
    load_keyfile()
    for name in _LOADED:
        importlib.import_module(name)
    _read_settings()
    gc.freeze()
    gc.enable()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _serve(asked)


def _read_settings() -> None:
    """Once, with all that cattrs makes of classes when it first meets them."""
    from polytui.config.load import canonical_json, from_canonical_json
    from polytui.config.schema import Settings

    from_canonical_json(canonical_json(Settings()))


def _serve(asked: socket.socket) -> None:
    """For each order a process that the one who asks finds among its own children."""
    while True:
        header, given, _, _ = socket.recv_fds(asked, 8, 3)
        if not header:
            os._exit(0)
        header += _exactly(asked, 8 - len(header))
        order = marshal.loads(_exactly(asked, int.from_bytes(header, "big")))
        between = os.fork()
        if not between:
            _fork_and_leave(asked)
            _become(order, given)
        os.waitpid(between, 0)
        for one in given:
            os.close(one)
        asked.sendall(b"\0")


def _fork_and_leave(asked: socket.socket) -> None:
    """Returns in the child."""
    if pid := os.fork():
        asked.sendall(pid.to_bytes(8, "big"))
        os._exit(0)
    asked.close()


def _become(order: Any, given: Sequence[int]) -> None:
    """What an exec would have begun; it never returns."""
    words, folder, variables, leads_session, umask, files, begun = order
    if leads_session:
        os.setsid()
    _take_streams(given)
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(variables)
    os.umask(umask)
    resource.setrlimit(resource.RLIMIT_NOFILE, files)
    _begin_nest()
    Begun(*begun)()
    _be_called(words)
    sys.argv = ["-m", *words[3:]]
    sys.path[0] = folder
    runpy.run_module(words[2], run_name="__main__", alter_sys=True)
    sys.exit()


def _take_streams(given: Sequence[int]) -> None:
    for number, one in enumerate(given):
        os.dup2(one, number)
        os.close(one)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1 if os.isatty(1) else -1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)


def _take_signals(ignored: Sequence[int]) -> None:
    """Whoever started us may have ignored some, and an exec hands that on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


def _begin_nest() -> None:
    """For whatever this process will start: a process as it is now, which holds nothing of it."""
    ours, theirs = socket.socketpair()
    if os.fork():
        theirs.close()
        _SUBPROCESS._fork_exec = Nest(ours, dict(os.environb)).fork_exec
        return
    ours.close()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    _serve(theirs)


def _be_called(words: Sequence[str]) -> None:
    """What others see as its command line is written over the zygote's."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    first, end = int(fields[45]), int(fields[46])
    text = b"\0".join(map(os.fsencode, words)) + b"\0"
    ctypes.memset(first, 0, end - first)
    ctypes.memmove(first, text, len(text))


def _exactly(stream: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        chunk = stream.recv(size - len(got))
        if not chunk:
            raise ConnectionError("the other side ended")
        got += chunk
    return got


if __name__ == "__main__":
    main()
