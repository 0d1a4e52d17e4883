"""How quickly the mind reads a tape, beside itself before and beside another program.

Each runs in a process of its own, pinned to one core, by turns; of each the quickest counts, in
processor seconds. What is not there is left out: the commit before in a clone without its history,
nautilus_trader where `NAUTILUS_PYTHON` names no Python that has it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.result import Result
from benchmarks.tape import STRATEGIES, TapeLine, make, quotes_and_trades, read

TAPE = Path("bench-tape.jsonl.gz")
"""Made once, and kept for the next run."""
_BEFORE = "b6791c7"
"""The last commit that decided after every change."""
_HERE = Path(__file__).parent
_ROUNDS = 2
_TURNS = 2


def paces() -> list[Result]:
    tape = kept_tape()
    with TemporaryDirectory() as folder, _commit_before(Path(folder)) as before:
        heard = Path(folder) / "heard.jsonl"
        heard.write_text("".join(f"{json.dumps(one)}\n" for one in quotes_and_trades(tape)))
        runs = [_turn(before, heard) for _ in range(_TURNS)]
    return _results(runs, tape)


def kept_tape() -> list[TapeLine]:
    if not TAPE.exists():
        make(TAPE, messages=1.0, rounds=_ROUNDS)
    return read(TAPE)


def _turn(before: Path | None, heard: Path) -> dict[str, dict[str, Any]]:
    """Everybody once, one after the other."""
    here = _HERE.parent
    alone = ("--strategies", STRATEGIES[0], "--alone")
    said = {"now": _tape_run(here), "one": _tape_run(here, *alone)}
    if before is not None:
        said["before"] = _tape_run(before)
    if python := os.environ.get("NAUTILUS_PYTHON"):
        command = [python, "-W", "ignore", str(_HERE / "nautilus_peer.py"), str(heard)]
        peer = pinned(command, here)
        said["nautilus"] = {"events_per_s": peer["events"] / peer["seconds"]}
    return said


def _tape_run(tree: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, str(_HERE / "tape.py"), str(TAPE.absolute()), "--repeats", "1"]
    return pinned([*command, *arguments], tree)


def pinned(command: Sequence[str], tree: Path) -> dict[str, Any]:
    """What it printed last, as JSON: run on one core, on the code of this tree."""
    core = min(os.sched_getaffinity(0))
    ended = subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdout=subprocess.PIPE,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    said: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return said


@contextmanager
def _commit_before(folder: Path) -> Iterator[Path | None]:
    """Its files, where this clone has them."""
    tree = folder / "before"
    git = ["git", "-C", str(_HERE.parent)]
    added = subprocess.run(
        [*git, "worktree", "add", "--detach", str(tree), _BEFORE], capture_output=True, check=False
    )
    if added.returncode:
        yield None
        return
    try:
        yield tree
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(tree)], check=True)


def _results(runs: list[dict[str, dict[str, Any]]], tape: list[TapeLine]) -> list[Result]:
    def best(who: str, what: str = "events_per_s") -> float | None:
        return max((run[who][what] for run in runs if who in run), default=None)

    mix = "ours with books and Chainlink, the peer's quotes and trades alone"
    five, one, before, peer = (best(who) for who in ("now", "one", "before", "nautilus"))
    frames, frames_before = best("now", "frames_per_s"), best("before", "frames_per_s")
    calls = min(run["now"]["calls_per_event"] for run in runs)
    note = f"{len(tape)} lines of a real day's rate, five strategies; {calls} Python calls an event"
    return [
        Result("mind_events_per_s", five, None, "events/s", note=note),
        Result("frames_per_s", frames, None, "frames/s", note="text to decision"),
        *ratio("mind_events_ratio_before", five, before, 4.0, f"wanted 4; before is {_BEFORE}"),
        *ratio("frames_ratio_before", frames, frames_before, 3.0, "wanted 3"),
        *ratio(
            "mind_events_ratio_nautilus", five, peer, 0.8, f"wanted 0.8, five strategies; {mix}"
        ),
        *ratio(
            "mind_events_ratio_nautilus_one",
            one,
            peer,
            1.5,
            "wanted 1.5, one trades and no other is followed",
        ),
    ]


def ratio(
    name: str, mine: float | None, other: float | None, wanted: float, note: str
) -> list[Result]:
    """Nothing where one of the two is not there."""
    if mine is None or other is None:
        return []
    times = round(mine / other, 2)
    verdict = "" if times >= wanted else "MISSED: "
    return [Result(name, times, None, "times", ratio=times, note=verdict + note)]


if __name__ == "__main__":
    from rich.console import Console

    from benchmarks.result import show

    show(paces(), Console(width=120))
