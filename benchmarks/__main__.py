"""`make bench`: one table, and bench.json. About nine minutes; nothing else should be running."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.database import database
from benchmarks.driver_pace import driver_pace
from benchmarks.engine_runs import engine
from benchmarks.micro import micro_benchmarks
from benchmarks.paces import paces
from benchmarks.result import Result, show, write
from benchmarks.sending import sending
from benchmarks.signing import signing
from benchmarks.terminal_runs import terminal

_WIDTH = 120
_RUN_S = 50.0
_WARM_S = 10.0
_IDLE_S = 8.0
_P50_US = {"": 80.0, "_x1": 120.0}
"""Budgets of a frame's way to its decision, by the speed it comes at."""
_PATIENT = Path(__file__).parent / "idle.toml"
_FIVE = Path(__file__).parent / "five.toml"


def main() -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    results: list[Result] = []
    for part in (
        micro_benchmarks,
        signing,
        sending,
        paces,
        driver_pace,
        database,
        _latency,
        _quiet_latency,
        _full_day,
        _rounds,
        _memory_and_idle,
    ):
        console.print(f"{part.__name__.strip('_')} ...")
        results += part()
        # Minutes each: what is known stays known if a later one fails.
        write(results, Path("bench.json"))
    show(results, console)


def _latency() -> list[Result]:
    """As `make demo` runs it: twenty times speed, about 1,400 frames a second for four assets,
    which is what the real feeds send on a busy day; but with all five strategies trading. Without
    and with a terminal that draws."""
    return _pair("", "--speed", "20")


def _quiet_latency() -> list[Result]:
    """At the speed of the clock: some 70 frames a second, every one a cold start."""
    return _pair("_x1", "--speed", "1")


def _pair(suffix: str, *arguments: str) -> list[Result]:
    endless = (*arguments, "--rounds", "0", "--config", str(_FIVE))
    alone = _run(*endless, is_watched=False)["latency_us"]
    watched = _run(*endless, is_watched=True)["latency_us"]
    before, after, orders = (
        alone["tick_to_decision"],
        watched["tick_to_decision"],
        alone["tick_to_order"],
    )
    name, with_tui = f"tick_to_decision{suffix}", f"tick_to_decision_tui{suffix}"
    ratio, most = round(after["p99"] / before["p99"], 2), round(1.5 * before["p99"], 1)
    drawn = f"{_frames(after)}, terminal drawing"
    return [
        Result(f"{name}_p50", before["p50"], None, "us", _P50_US[suffix], note=_frames(before)),
        Result(name, before["p50"], before["p99"], "us", 400.0, note=_frames(before)),
        Result(with_tui, after["p50"], after["p99"], "us", most, ratio=ratio, note=drawn),
        Result(f"tick_to_order{suffix}", orders["p50"], orders["p99"], "us", note=_frames(orders)),
    ]


def _full_day() -> list[Result]:
    """A real day's messages of four assets, at the speed of the clock."""
    with engine("--speed", "1", "--messages", "1", "--rounds", "0", "--config", str(_FIVE)) as run:
        time.sleep(_WARM_S)
        share = run.cpu_share(_RUN_S)
        summary = run.summary()
    took = summary["latency_us"]["tick_to_decision"]
    late = sum("late" in str(one) for one in summary["in_the_way"])
    note = f"{_frames(took)}, four assets, five strategies; book late: {late} strategies told so"
    return [
        Result("full_day_cpu", round(share, 1), None, "%", note=note),
        Result("full_day_tick_to_decision", took["p50"], took["p99"], "us", 400.0, note=note),
    ]


def _rounds() -> list[Result]:
    with engine("--speed", "30", "--rounds", "12") as run:
        run.process.wait(timeout=240)
        detect = run.summary()["round_detect_ms"]
    note = f"{detect['count']} boundaries at 30 x speed"
    return [Result("round_detect", detect["p50"], detect["p99"], "ms", 20.0, note=note)]


def _memory_and_idle() -> list[Result]:
    with engine("--speed", "1", "--rounds", "0", "--assets", "btc") as run:
        time.sleep(_WARM_S)
        one_mb = run.rss_mb()
    with engine("--speed", "1", "--rounds", "0") as run:
        time.sleep(_WARM_S)
        four_mb, busy = run.rss_mb(), run.cpu_share(_WARM_S)
    with engine("--speed", "1", "--rounds", "0", "--config", str(_PATIENT)) as run:
        time.sleep(_WARM_S)
        run.mute_venue(_IDLE_S + 2)
        time.sleep(1)
        idle = run.cpu_share(_IDLE_S)
    return [
        Result("rss_headless", round(four_mb, 1), None, "MB", note="four assets"),
        Result("rss_per_asset", round((four_mb - one_mb) / 3, 1), None, "MB", 15.0),
        Result("cpu_idle_per_asset", round(idle / 4, 2), None, "%", 1.0, note="no data arrives"),
        Result("cpu_per_asset", round(busy / 4, 2), None, "%", note="at 1 x speed"),
    ]


def _run(*arguments: str, is_watched: bool) -> dict[str, Any]:
    with engine(*arguments) as run:
        if is_watched:
            with terminal(run.socket):
                time.sleep(_RUN_S)
        else:
            time.sleep(_RUN_S)
        return run.summary()


def _frames(figures: dict[str, Any]) -> str:
    return f"{figures['count']} frames"


if __name__ == "__main__":
    main()
