"""What a terminal that draws a round's chart costs: the engine, its own processor, and a slow line.

    python -m benchmarks.terminal [--seconds 40]

A real engine with a real day's messages of four assets at the speed of the clock, without and with
a terminal on a pseudo-terminal that shows the round page, in turn, twice each. Four minutes; on a
machine that does other things as well the figures are of those too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from attrs import frozen
from rich.console import Console

from benchmarks.engine_runs import engine
from benchmarks.result import Result, show
from benchmarks.terminal_runs import Drawn, terminal

_FIVE = Path(__file__).parent / "five.toml"
_BUSY = ("--speed", "1", "--messages", "1", "--rounds", "0", "--config", str(_FIVE))
_TWICE = 2
_WARM_S = 6.0
"""A terminal that starts draws everything once."""
_WIDE = (200, 60)
_FRAMES_PER_S = 12
_ROUND_PAGE = b"\r"
_MOST_RATIO, _MOST_SHARE, _MOST_FRAME_MS, _MOST_BYTES = 1.2, 15.0, 30.0, 20_000.0


@frozen
class Watched:
    """Of one engine with a terminal: the engine's p99 in microseconds, and what was drawn."""

    p99_us: float
    usual: Drawn
    wide: Drawn


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.terminal")
    parser.add_argument("--seconds", type=float, default=40.0, help="of each of the four engines")
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    alone, watched = list[float](), list[Watched]()
    with tempfile.TemporaryDirectory(prefix="polytui-bench-") as home:
        # What a person's own terminal remembers (a theme, a layout, the first steps) is not used.
        os.environ |= {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        for _ in range(_TWICE):
            alone.append(_alone(given.seconds))
            watched.append(_watched(given.seconds))
    results = _results(alone, watched)
    show(results, console)
    sys.exit(0 if all(one.ok for one in results) else 1)


def _alone(seconds: float) -> float:
    with engine(*_BUSY) as run:
        time.sleep(seconds)
        return _p99_us(run.summary())


def _watched(seconds: float) -> Watched:
    """Two thirds of the time at the usual size, the rest at a wide one."""
    with engine(*_BUSY) as run:
        began_s = time.monotonic()
        with terminal(run.socket) as screen:
            _open_chart(screen.press)
            usual = screen.watch(seconds * 2 / 3 - _WARM_S)
        with terminal(run.socket, *_WIDE) as screen:
            _open_chart(screen.press)
            wide = screen.watch(max(2.0, seconds - (time.monotonic() - began_s)))
        return Watched(_p99_us(run.summary()), usual, wide)


def _open_chart(press: Any) -> None:
    time.sleep(_WARM_S / 2)
    press(b"\x1b")  # the first steps
    time.sleep(_WARM_S / 4)
    press(_ROUND_PAGE)
    time.sleep(_WARM_S / 4)


def _p99_us(summary: dict[str, Any]) -> float:
    took: float = summary["latency_us"]["tick_to_decision"]["p99"]
    return took


def _results(alone: list[float], watched: list[Watched]) -> list[Result]:
    before, after = statistics.mean(alone), statistics.mean(one.p99_us for one in watched)
    usual, wide = [one.usual for one in watched], [one.wide for one in watched]
    ratio = round(after / before, 2)
    each = f"{_list(alone)} us without, {_list([one.p99_us for one in watched])} with"
    return [
        Result("tick_to_decision_p99_chart", ratio, None, "x", _MOST_RATIO, note=each),
        Result("terminal_cpu", _share(usual), None, "%", _MOST_SHARE, note=_pace(usual)),
        Result("terminal_cpu_200x60", _share(wide), None, "%", note=_pace(wide)),
        Result("frame_200x60", _frame_ms(wide), None, "ms", _MOST_FRAME_MS, note="of processor"),
        Result("bytes_120x36", _bytes_a_second(usual), None, "B/s", _MOST_BYTES),
    ]


def _share(drawn: list[Drawn]) -> float:
    """Of a core, in percent."""
    return round(100 * sum(one.cpu_s for one in drawn) / sum(one.real_s for one in drawn), 1)


def _frame_ms(drawn: list[Drawn]) -> float:
    """A frame may go out in several pieces: more than there can be are not counted."""
    frames = sum(min(one.frames, int(one.real_s * _FRAMES_PER_S)) for one in drawn)
    return round(1_000 * sum(one.cpu_s for one in drawn) / max(1, frames), 1)


def _bytes_a_second(drawn: list[Drawn]) -> float:
    """Of the run that had more."""
    return round(max(one.size / one.real_s for one in drawn))


def _pace(drawn: list[Drawn]) -> str:
    pace = sum(one.frames for one in drawn) / sum(one.real_s for one in drawn)
    return f"{pace:.1f} frames a second"


def _list(values: list[float]) -> str:
    return ", ".join(f"{one:.0f}" for one in values)


if __name__ == "__main__":
    main()
