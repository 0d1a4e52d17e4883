"""What a terminal that draws a round's chart costs: the engine, its own processor, and a slow line.

    python -m benchmarks.terminal

Real engines with a real day's messages of four assets at the speed of the clock: a minute without a
terminal, and a minute with one, on a pseudo-terminal, that shows the round page; both twice, by
turns, and whole sessions compared, for one minute is not like another; then a wide one. Five
minutes. On a machine that does other things as well the figures are of those too.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

from attrs import frozen
from rich.console import Console

from benchmarks.engine_runs import EngineRun, engine
from benchmarks.result import Result, show
from benchmarks.terminal_runs import Drawn, TerminalRun, terminal
from polytui.config.state_folder import state_folder
from polytui.tui.memory import TerminalMemory

_FIVE = Path(__file__).parent / "five.toml"
_BUSY = ("--speed", "1", "--messages", "1", "--rounds", "0", "--config", str(_FIVE))
_MINUTE_S = 60.0
_STARTS_S = 3.0
_TURNS = 2
_WIDE, _WIDE_S = (200, 60), 12.0
_FRAMES_PER_S = 12
_ROUND_PAGE = b"\r"
_PATIENCE_S = 1.5
_MOST_RATIO, _MOST_SHARE, _MOST_FRAME_MS, _MOST_BYTES = 1.2, 15.0, 30.0, 20_000.0


@frozen
class Measured:
    """The engine's p99 from a frame to its decision, in microseconds, and what was drawn."""

    alone_us: float
    with_us: float
    usual: Drawn
    wide: Drawn


def main() -> None:
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="polytui-bench-") as home:
        # What a person's own terminal remembers (a theme, a layout) is not used, but that the first
        # steps were seen.
        os.environ |= {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        TerminalMemory(state_folder().terminal()).saw_first_steps()
        results = _results(_measured())
    show(results, console)
    sys.exit(1 if any(one.ok is False for one in results) else 0)


def _measured() -> Measured:
    alone, watched = list[float](), list[tuple[float, Drawn]]()
    for _ in range(_TURNS):
        alone.append(_alone())
        watched.append(_watched())
    wide = _watched(*_WIDE, seconds=_WIDE_S)[1]
    return Measured(mean(alone), mean([us for us, _ in watched]), watched[-1][1], wide)


def _alone() -> float:
    with engine(*_BUSY) as run:
        time.sleep(_STARTS_S + _PATIENCE_S + _MINUTE_S)
        return _p99(run)


def _watched(
    columns: int = 120, rows: int = 36, *, seconds: float = _MINUTE_S
) -> tuple[float, Drawn]:
    with engine(*_BUSY) as run:
        time.sleep(_STARTS_S)
        with terminal(run.socket, columns, rows) as screen:
            _open_chart(screen)
            drawn = screen.watch(seconds)
        return _p99(run), drawn


def _p99(run: EngineRun) -> float:
    took: float = run.summary()["latency_us"]["tick_to_decision"]["p99"]
    return took


def _open_chart(screen: TerminalRun) -> None:
    """Once it is there; and then until it shows what only that page has in its footer."""
    screen.wait_for(b"KILL")
    time.sleep(_PATIENCE_S)
    screen.press(_ROUND_PAGE)
    screen.wait_for(b"past rounds")


def _results(seen: Measured) -> list[Result]:
    ratio = round(seen.with_us / seen.alone_us, 2)
    each = f"{seen.alone_us:.0f} us without, {seen.with_us:.0f} with"
    size = round(seen.usual.size / seen.usual.real_s)
    return [
        Result("tick_to_decision_p99_chart", ratio, None, "x", _MOST_RATIO, note=each),
        Result("terminal_cpu", _share(seen.usual), None, "%", _MOST_SHARE, note=_pace(seen.usual)),
        Result("terminal_cpu_200x60", _share(seen.wide), None, "%", note=_pace(seen.wide)),
        Result(
            "frame_200x60", _frame_ms(seen.wide), None, "ms", _MOST_FRAME_MS, note="of processor"
        ),
        Result("bytes_120x36", size, None, "B/s", _MOST_BYTES),
    ]


def _share(drawn: Drawn) -> float:
    """Of a core, in percent."""
    return round(100 * drawn.cpu_s / drawn.real_s, 1)


def _frame_ms(drawn: Drawn) -> float:
    """A frame may go out in several pieces: more than there can be are not counted."""
    frames = min(drawn.frames, int(drawn.real_s * _FRAMES_PER_S))
    return round(1_000 * drawn.cpu_s / max(1, frames), 1)


def _pace(drawn: Drawn) -> str:
    return f"{drawn.frames / drawn.real_s:.1f} frames a second"


if __name__ == "__main__":
    main()
