"""`make day`: a simulated day of four assets and two intervals, played in process and verified.

What it must show: segments and checkpoints as in any session, a replay of all of them in bounded
memory, and how many bytes a day of journal has before and after it is pressed. An hour takes some
three minutes of a processor to play and one to verify; `ARGS='--hours 4'` makes it shorter,
`--messages 0.005` thinner.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attrs import frozen

from polytui.journal.segment_reader import SegmentReader
from polytui.journal.segments import in_folder, journal_folder

_START = "2026-11-20T14:59:50Z"
_ROUNDS_AN_HOUR = 12 + 4
"""Of an asset at five and fifteen minutes."""
_MOST_MB = 300.0
_MB = 1 << 20


@frozen
class Ended:
    """A command that came to its end: what it said, how long it took, how much memory it had."""

    text: str
    real_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.day")
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--folder", type=Path, help="kept there, not removed at the end")
    parser.add_argument("--messages", type=float, help="share of a real day's messages")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        is_good = _show(given.hours, given.folder or Path(temporary) / "day", given.messages)
    sys.exit(0 if is_good else 1)


def _show(hours: int, folder: Path, messages: float | None) -> bool:
    rounds = str(hours * _ROUNDS_AN_HOUR)
    arguments: tuple[str, ...] = (
        "--in-process",
        "--rounds",
        rounds,
        "--interval",
        "5m,15m",
        "--start",
        _START,
    )
    if messages is not None:
        arguments = (*arguments, "--messages", str(messages))
    played = _run("demo", *arguments, "--assets", "btc,eth,sol,xrp", "--folder", str(folder))
    _say(f"played {hours} hours: {played.real_s:.0f} s, at most {played.peak_mb:.0f} MB")
    segments = in_folder(journal_folder(folder))
    pressed = sum(path.stat().st_size for path in segments)
    plain = sum(map(_plain_size, segments))
    share = 24 / hours
    _say(
        f"{len(segments)} segments; a day is {plain * share / _MB:.0f} MB, pressed"
        f" {pressed * share / _MB:.0f} MB ({pressed / plain:.1%})"
    )
    verified = _run("replay", "--verify", str(folder))
    _say(verified.text.strip())
    _say(f"verified in {verified.real_s:.0f} s, at most {verified.peak_mb:.0f} MB")
    alone = _run("replay", "--verify", str(segments[-1]))
    _say(f"{segments[-1].name} alone: {alone.text.strip()}")
    return verified.peak_mb < _MOST_MB


def _plain_size(path: Path) -> int:
    with SegmentReader(path) as segment:
        for _ in segment.lines():
            pass
        return segment.offset


def _run(*arguments: str) -> Ended:
    """A command of ours; whatever it says but 0 is ours to mend."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        command = [sys.executable, "-m", "polytui", *arguments]
        process = subprocess.Popen(command, stdout=said, stdin=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}: {text}")
    return Ended(text, time.perf_counter() - began, used.ru_maxrss / 1024)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
