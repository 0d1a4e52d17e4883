"""`make bench`: one table, and bench.json. About five minutes; nothing else should be running."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.engine_runs import engine, terminal
from benchmarks.micro import micro_benchmarks
from benchmarks.result import Result, show, write

_RUN_S = 60.0
_WARM_S = 10.0
_IDLE_S = 8.0


def main() -> None:
    console = Console()
    console.print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    results: list[Result] = []
    for part in (micro_benchmarks, _latency, _busy_latency, _rounds, _memory_and_idle):
        console.print(f"{part.__name__.strip('_')} ...")
        results += part()
    show(results, console)
    write(results, Path("bench.json"))


def _latency() -> list[Result]:
    """At the speed of the real world, without and with a terminal that draws."""
    alone = _run("--speed", "1", "--rounds", "0", is_watched=False)
    watched = _run("--speed", "1", "--rounds", "0", is_watched=True)
    before, after = (
        alone["latency_us"]["tick_to_decision"],
        watched["latency_us"]["tick_to_decision"],
    )
    budget = None if before["p99"] is None else round(1.5 * before["p99"], 1)
    return [
        Result("tick_to_decision_p50", before["p50"], None, "us", 150.0, note=_ticks(before)),
        Result("tick_to_decision", before["p50"], before["p99"], "us", 1000.0, note=_ticks(before)),
        Result(
            "tick_to_decision_tui", after["p50"], after["p99"], "us", budget,
            ratio=round(after["p99"] / before["p99"], 2), note=f"{_ticks(after)}, terminal drawing",
        ),
    ]  # fmt: skip


def _busy_latency() -> list[Result]:
    """At twenty times speed: four assets' bursts on one core."""
    summary = _run("--speed", "20", "--rounds", "0", is_watched=False)
    ticks, orders = (summary["latency_us"][k] for k in ("tick_to_decision", "tick_to_order"))
    note = f"{_ticks(ticks)} at 20 x speed"
    return [
        Result("tick_to_decision_x20", ticks["p50"], ticks["p99"], "us", note=note),
        Result("tick_to_order_x20", orders["p50"], orders["p99"], "us", note=_ticks(orders)),
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


def _ticks(figures: dict[str, Any]) -> str:
    return f"{figures['count']} frames"


if __name__ == "__main__":
    main()
