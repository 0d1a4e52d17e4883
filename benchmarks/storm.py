"""`make restarts N=50`: what was acknowledged to a person is there after kill -9 and a restart.

`polytui run` on paper against `polytui venue` beside it, both real processes on loopback. Each time
the engine is started, looked at, told one thing (kill, rearm, pause, resume, flatten; or one of its
assets breaks and is halted), and killed with SIGKILL within 100 ms after it has acknowledged that.
The next start must find exactly what was acknowledged, no more and no less.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
from attrs import define, field, frozen
from rich.console import Console
from rich.table import Table

from benchmarks.broken_engine import BREAKS
from polytui.config.schema import EndpointSettings
from polytui.model.events import Action
from polytui.model.link import (
    AccountFrame,
    Ack,
    AssetFrame,
    Command,
    FrameReader,
    FromEngine,
    Hello,
    NoticeFrame,
    encode,
    schema_hash,
)
from polytui.model.snapshot import AssetState

_ASSETS = ("btc", "eth")
_BEGINS = re.compile("recovered |a new paper account")
"""The first that is said; what is stopped comes with it."""
_ROOT = Path(__file__).resolve().parents[1]
_WITHIN_S = 0.1
_PATIENCE_S = 60.0
_SETTINGS = """
[session]
exchanges = ["binance"]

[supervision]
max_crashes = 1

[store]
is_enabled = false
"""


@frozen
class Stopped:
    """What must stand."""

    is_killed: bool = False
    paused: frozenset[str] = frozenset()
    halted: frozenset[str] = frozenset()

    def words(self) -> str:
        said = ["killed"] if self.is_killed else []
        said += [f"{name} paused" for name in sorted(self.paused - self.halted)]
        said += [f"{name} halted" for name in sorted(self.halted)]
        return ", ".join(said) or "nothing stopped"

    def after(self, deed: Deed) -> Stopped:
        assets = frozenset([deed.asset] if deed.asset else _ASSETS)
        match deed.name:
            case "kill" | "rearm":
                return attrs.evolve(self, is_killed=deed.name == "kill")
            case "resume":
                return attrs.evolve(self, paused=self.paused - assets, halted=self.halted - assets)
            case "halt":
                return attrs.evolve(self, paused=self.paused | assets, halted=self.halted | assets)
        return attrs.evolve(self, paused=self.paused | assets)


@frozen
class Deed:
    name: str
    asset: str = ""

    @property
    def words(self) -> str:
        return f"{self.name} {self.asset}".strip()


_STOPS = [
    Deed("kill"),
    Deed("pause", "btc"),
    Deed("halt", BREAKS),
    Deed("pause"),
    Deed("flatten", "eth"),
]


def deeds(rng: random.Random) -> Iterator[Callable[[Stopped], Deed]]:
    """Every sort of stop in turn, three at first; in between a person goes on."""
    number = 0
    while True:
        for _ in range(rng.randint(1, 2) if number else 3):
            stop = _STOPS[number % len(_STOPS)]
            number += 1
            yield lambda _, stop=stop: stop  # type: ignore[misc]  # a lambda has no annotations
        yield lambda seen: Deed("rearm") if seen.is_killed else Deed("resume")


# --- the processes --------------------------------------------------------------------------------


@contextmanager
def running(folder: Path, *command: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process group of our own, killed at the end whatever it is doing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POLYMARKET")}
    places = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(_ROOT)]))
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env={**kept, "XDG_RUNTIME_DIR": str(folder), "PYTHONPATH": places},
        stdin=subprocess.DEVNULL,
        text=True,
        **options,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def venue(folder: Path) -> Iterator[None]:
    """A venue at the wall's time, and a config.toml that names it."""
    now = datetime.fromtimestamp(time.time_ns() // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    command = ("-m", "polytui", "venue", "--assets", ",".join(_ASSETS), "--intervals", "5m")
    place = (*command, "--speed", "1", "--start", now)
    with running(folder, *place, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        urls |= {f"{name}_spare": urls[name] for name in ("binance_ws", "binance_rest")}
        names = [one.name for one in attrs.fields(EndpointSettings)]
        lines = "".join(f'{name} = "{urls[name]}"\n' for name in names)
        (folder / "config.toml").write_text(f"[endpoints]\n{lines}{_SETTINGS}")
        yield


@define
class Face:
    """A terminal without a screen. State: what it was told last."""

    connection: socket.socket
    reader: FrameReader = field(factory=lambda: FrameReader(FromEngine))
    account: Any = None
    assets: dict[str, Any] = field(factory=dict)
    notices: list[str] = field(factory=list)
    acks: list[Ack] = field(factory=list)

    def say(self, message: Any) -> None:
        self.connection.sendall(encode(message))

    def until(self, is_so: Callable[[], object]) -> None:
        while not is_so():
            data = self.connection.recv(1 << 16)
            if not data:
                raise RuntimeError("the engine hung up")
            for message in self.reader.feed(data):
                self._take(message)

    def _take(self, message: Any) -> None:
        match message:
            case AccountFrame(view):
                self.account = view
            case AssetFrame(view) if view.life:
                self.assets[view.asset] = view
            case NoticeFrame(notice):
                self.notices.append(f"{notice.asset} {notice.text}")
            case Ack():
                self.acks.append(message)

    def looked(self) -> Stopped:
        """What the engine shows as stopped, once it shows everything."""
        self.until(lambda: self.account is not None and len(self.assets) == len(_ASSETS))
        self.until(lambda: any(_BEGINS.search(one) for one in self.notices))
        said = [one for one in self.notices if "paused from an earlier session" in one]
        paused = {one.split()[0] for one in said}
        if not self.account.is_killed:
            is_paused = (AssetState.PAUSED, AssetState.FLATTENING)
            shown = {name for name, view in self.assets.items() if view.state in is_paused}
            assert shown == paused, f"shown {shown}, said {paused}"
        halted = {one.split()[0] for one in said if ": halted: " in one}
        return Stopped(self.account.is_killed, frozenset(paused), frozenset(halted))


@contextmanager
def engine(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Face]]:
    """`polytui run` with a face on it; an asset breaks on SIGUSR1 (broken_engine.py)."""
    path = folder / "e.sock"
    path.unlink(missing_ok=True)
    command = ("-m", "benchmarks.broken_engine", "run", "--headless", "--assets", ",".join(_ASSETS))
    place = (*command, "--interval", "5m", "--socket", str(path))
    with (
        (folder / "engine.out").open("w") as said,
        running(folder, *place, stdout=said, stderr=said) as process,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        deadline = time.monotonic() + _PATIENCE_S
        while connection.connect_ex(str(path)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no engine: {(folder / 'engine.out').read_text()[-500:]}")
            time.sleep(0.02)
        connection.settimeout(_PATIENCE_S)
        face = Face(connection)
        face.say(Hello(schema_hash()))
        yield process, face


# --- the storm ------------------------------------------------------------------------------------


@define
class Tally:
    """What became of one sort of deed."""

    done: int = 0
    kept: int = 0
    waited_ms: list[float] = field(factory=list)


@define
class Storm:
    """State: what must stand, and what became of everything so far."""

    rng: random.Random
    expected: Stopped = field(factory=Stopped)
    tallies: dict[str, Tally] = field(factory=dict)
    faults: list[str] = field(factory=list)

    def blow(self, folder: Path, times: int) -> None:
        last: Deed | None = None
        for _, choose in zip(range(times), deeds(self.rng), strict=False):
            with engine(folder) as (process, face):
                self._judge(face, last)
                last = choose(self.expected)
                self._do(last, process, face)
        with engine(folder) as (_, face):
            self._judge(face, last)

    def _judge(self, face: Face, last: Deed | None) -> None:
        found = face.looked()
        if last is not None and found == self.expected:
            self.tallies[last.words].kept += 1
        elif found != self.expected:
            what = "" if last is None else f" after {last.words}"
            self.faults.append(f"{self.expected.words()}{what}, found {found.words()}")
        self.expected = found

    def _do(self, deed: Deed, process: subprocess.Popen[str], face: Face) -> None:
        """The deed, its acknowledgement, a moment, and SIGKILL."""
        if deed.name == "halt":
            process.send_signal(signal.SIGUSR1)
            face.until(lambda: any(" halted: " in one for one in face.notices))
            assert not any("NOT on disk" in one for one in face.notices)
        else:
            face.say(Command(1, Action(deed.name), deed.asset))
            face.until(lambda: face.acks)
            assert not face.acks[0].error, face.acks[0].error
            assert not face.acks[0].unkept, face.acks[0].unkept
        acknowledged = time.monotonic()
        time.sleep(self.rng.uniform(0.0, _WITHIN_S) * self.rng.choice((0.0, 1.0)))
        process.kill()
        tally = self.tallies.setdefault(deed.words, Tally())
        tally.waited_ms.append((time.monotonic() - acknowledged) * 1000)
        tally.done += 1
        process.wait()
        self.expected = self.expected.after(deed)


def storm(times: int, seed: int) -> Storm:
    """The whole of it, in a folder of its own."""
    blowing = Storm(random.Random(seed))
    with tempfile.TemporaryDirectory(prefix="pts") as name, venue(Path(name)):
        blowing.blow(Path(name), times)
    return blowing


def table_of(blown: Storm) -> Table:
    table = Table("acknowledged", "kill -9", "kept", "lost", "SIGKILL after, ms", box=None)
    for words, tally in sorted(blown.tallies.items()):
        waited = f"{min(tally.waited_ms):.1f} to {max(tally.waited_ms):.1f}"
        lost = tally.done - tally.kept
        table.add_row(words, str(tally.done), str(tally.kept), str(lost), waited)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    blown = storm(options.times, options.seed)
    console = Console()
    console.print(table_of(blown))
    for fault in blown.faults:
        console.print(f"expected {fault}", highlight=False)
    done = sum(tally.done for tally in blown.tallies.values())
    kept = sum(tally.kept for tally in blown.tallies.values())
    console.print(f"{kept} of {done} were there after the restart (seed {options.seed})")
    sys.exit(0 if kept == done and not blown.faults else 1)


if __name__ == "__main__":
    main()
