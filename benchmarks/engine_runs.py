"""An engine and its venue as a user would run them, measured from outside and by their summary."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from polytui.paths import answers

_READY_S = 40.0
_END_S = 40.0
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s_of(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@frozen
class EngineRun:
    """A running engine: its process, its socket, its folder."""

    process: subprocess.Popen[bytes]
    socket: Path
    folder: Path

    def rss_mb(self) -> float:
        """Resident memory now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the engine is gone")

    def cpu_s(self) -> float:
        """Processor seconds so far, of the engine alone."""
        return cpu_s_of(self.process.pid)

    def cpu_share(self, seconds: float) -> float:
        """Of one core, in percent, over the next `seconds`."""
        before = self.cpu_s()
        time.sleep(seconds)
        return (self.cpu_s() - before) / seconds * 100

    def venue_control(self) -> tuple[str, str]:
        """The simulated venue's control address and its token, from its ready line."""
        ready = json.loads((self.folder / "venue.json").read_text())
        return ready["control"], ready["control_token"]

    def mute_venue(self, seconds: float) -> None:
        body = json.dumps({"who": "all", "seconds": seconds}).encode()
        url, token = self.venue_control()
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{url}/mute", body, headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            answer.read()

    def summary(self) -> dict[str, Any]:
        """Stop the engine and read what it came to."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=_END_S)
        value: dict[str, Any] = json.loads((self.folder / "summary.json").read_text())
        return value


@contextmanager
def engine(*arguments: str) -> Iterator[EngineRun]:
    """`polytui demo --headless` with these arguments; ended at the latest with the block."""
    with tempfile.TemporaryDirectory(prefix="polytui-bench-") as name:
        folder, socket = Path(name) / "session", Path(name) / "s"
        Path(name).chmod(0o700)
        command = [sys.executable, "-m", "polytui", "demo", "--headless", *arguments]
        command += ["--folder", str(folder), "--socket", str(socket)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_until_ready(process, socket)
            yield EngineRun(process, socket, folder)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=_END_S)


def _wait_until_ready(process: subprocess.Popen[bytes], socket: Path) -> None:
    deadline = time.monotonic() + _READY_S
    while not answers(socket):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the engine did not start")
        time.sleep(0.05)
