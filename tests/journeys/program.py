"""The real command line as a real process: started, read line by line, never left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from zygote import ZYGOTE, Begun, forking

from polytui.backtest.replay import Replay
from polytui.journal.codec import JournalRecord, decode_event
from polytui.journal.reader import JournalReader
from polytui.journal.segment_reader import NotBegun, SegmentReader
from polytui.journal.segments import in_folder
from polytui.model.events import Event

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config.toml"
EAGER = Path(__file__).with_name("eager.toml")
"""Settings that bring the first order soon."""
_AS_INSTALLED = Path(__file__).with_name("as_installed")
"""Goes before every other place of modules: what only tests have is absent there."""
QUICK = ("--start", "2026-11-20T14:59:57Z", "--messages", "0.005")
"""A whole round that is soon over: begun at its open, of few messages. For sessions that only have
to be one, and nobody looks at what they trade."""
PATIENCE_S = 180.0
"""For a machine that is busy with other things; nothing takes so long by itself."""


@contextmanager
def short_folder() -> Iterator[Path]:
    """A private folder with a short name: a socket's path has room for a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="ptj") as name:
        yield Path(name)


def environment(runtime: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POLYMARKET")}
    own = {"XDG_RUNTIME_DIR": str(runtime), "XDG_STATE_HOME": str(runtime / "state")}
    return {**kept, **own, "COLUMNS": "200", "PYTHONPATH": places()}


def places() -> str:
    """Where modules are looked for, as PYTHONPATH has it."""
    usual = os.environ.get("PYTHONPATH")
    return os.pathsep.join(filter(None, [str(_AS_INSTALLED), usual, str(ROOT)]))


@contextmanager
def forking_benchmarks() -> Iterator[None]:
    """What a benchmark starts in this block is forked: its processes find our modules as `places`
    says, for it puts the root behind what it finds."""
    with pytest.MonkeyPatch.context() as patch, forking(places()):
        patch.setenv("PYTHONPATH", places().removesuffix(f"{os.pathsep}{ROOT}"))
        yield


def with_database(folder: Path) -> Path:
    """EAGER's settings and a database, as everybody has it who says nothing."""
    off = "is_enabled = false"
    text = EAGER.read_text()
    assert text.count(off) == 1
    path = folder / "kept.toml"
    path.write_text(text.replace(off, "is_enabled = true"))
    return path


def command(*arguments: str | Path, module: str = "polytui") -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]


def run(
    folder: Path, *arguments: str | Path, is_cold: bool = False
) -> subprocess.CompletedProcess[str]:
    """A command to its end, in `folder`. Cold: as a user begins it (zygote.py)."""
    with short_folder() as runtime, forking(places(), is_cold=is_cold):
        return subprocess.run(
            command(*arguments),
            cwd=folder,
            env=environment(runtime),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )


@attrs.define(eq=False)
class Program:
    """A running engine. State: what it wrote and nobody has looked at."""

    process: trio.Process
    folder: Path
    runtime: Path
    unread: str = ""

    async def line(self, pattern: str) -> str:
        """The next line of its output in which `pattern` is found."""
        assert self.process.stdout is not None
        while True:
            *lines, self.unread = self.unread.split("\n")
            for at, one in enumerate(lines):
                if re.search(pattern, one):
                    self.unread = "\n".join([*lines[at + 1 :], self.unread])
                    return one
            chunk = await self.process.stdout.receive_some(65_536)
            assert chunk, f"it ended before it said {pattern!r}"
            self.unread += chunk.decode()

    async def keep_reading(self) -> None:
        """So that it never waits for us; for a task of its own."""
        await self.rest()

    async def rest(self) -> str:
        assert self.process.stdout is not None
        while chunk := await self.process.stdout.receive_some(65_536):
            self.unread += chunk.decode()
        return self.unread

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self) -> int:
        """Read it to its end, so that it never waits for us; its exit code."""
        await self.rest()
        return await self.process.wait()

    async def until_it_trades(self) -> None:
        """Wait for its first order in its journal: for when its output cannot be read."""
        while not any(b'"Place"' in bytes_of(one) for one in self.folder.glob("runs/*-*")):
            assert self.process.poll() is None, "it ended"
            await trio.sleep(0.1)

    @property
    def session(self) -> Path:
        """The folder of its session."""
        (found,) = (one for one in (self.folder / "runs").iterdir() if one.is_dir())
        return found


@asynccontextmanager
async def started(
    folder: Path,
    *arguments: str | Path,
    stdout: int = subprocess.PIPE,
    patience_s: float = PATIENCE_S,
    module: str = "polytui",
    is_cold: bool = False,
    **options: Any,
) -> AsyncIterator[Program]:
    """A command that runs until the block ends, or is killed there. Cold: as a user begins it
    (zygote.py)."""
    with short_folder() as runtime, trio.fail_after(patience_s):
        with forking(places(), is_cold=is_cold) as is_fork:
            usual = {} if is_fork else {"preexec_fn": Begun()}
            process = await trio.lowlevel.open_process(
                command(*arguments, module=module),
                cwd=folder,
                env=environment(runtime),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT if stdout == subprocess.PIPE else stdout,
                **{**usual, **options},
            )
        try:
            yield Program(process, folder, runtime)
        finally:
            if process.returncode is None:
                process.kill()
                with trio.CancelScope(shield=True):
                    await process.wait()
            if process.stdout is not None:
                await process.stdout.aclose()


# --- what it left ---------------------------------------------------------------------------------


def children_of(pid: int) -> list[int]:
    """Process ids of the direct children (Linux), but for what would fork more of them."""
    found = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [child for child in found if os.fsencode(ZYGOTE) not in _words_of(child)]


def venue_of(pid: int) -> int:
    """The simulated venue among an engine's children."""
    (venue,) = (one for one in children_of(pid) if b"venue" in _words_of(one))
    return venue


def _words_of(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def gone(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    descriptor = os.pidfd_open(pid) if is_alive(pid) else None
    if descriptor is not None:
        try:
            await trio.lowlevel.wait_readable(descriptor)
        finally:
            os.close(descriptor)


def summary_of(session: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((session / "summary.json").read_text())
    return known


def bytes_of(session: Path) -> bytes:
    """The whole lines of a session's journal so far, as they were before they were sealed; nothing
    where there is none yet."""
    journal = session if session.name == "journal" else session / "journal"
    lines = list[bytes]()
    for path in in_folder(journal) if journal.is_dir() else ():
        with suppress(NotBegun), SegmentReader(path) as segment:
            lines += [line.rpartition(b',"bytes":')[0] + b"}\n" for line in segment.lines()]
    return b"".join(lines)


def records_of(journal: Path) -> list[JournalRecord]:
    with JournalReader(journal) as reader:
        return [record for record in reader if record.is_event]


def events_of(journal: Path, *kinds: type) -> list[tuple[JournalRecord, Event]]:
    """Only lines that begin as one of these kinds are read in full: a journal has thousands."""
    begins = tuple(f'["{kind.__name__}",'.encode() for kind in kinds)
    wanted = (one for one in records_of(journal) if bytes(one.event).startswith(begins))
    return [(record, decode_event(record.event)) for record in wanted]


def replayed(journal: Path) -> Replay:
    """A replay at the end of the journal, every effect and digest compared on the way."""
    replay = Replay(is_verifying=True)
    with JournalReader(journal) as reader:
        for record in reader:
            assert replay.take(record) == ""
    return replay
