"""How quickly a market is played, beside another program, and how quickly a journal is verified.

    NAUTILUS_PYTHON=/path/to/python python -m benchmarks.driver_pace

The same events through our backtest and through nautilus_trader's: books and trades of the venue,
quotes and trades of three exchanges, Chainlink; books kept, orders matched, money accounted for, an
order about every thousand events. Each runs in a process of its own, pinned to one core, by turns;
of each the quickest counts, in processor seconds.

Memory is told in two ways: what the whole process had at its most, and how much of that is above
what it had when everything was imported. The figure that is wanted is of the first, each as it is
meant to be used: our past is read as it is played, nautilus_trader is given its data and runs. Both
made before and both read as they are played stand beside it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs

from benchmarks.heard_market import market_events, moments, write
from benchmarks.paces import kept_tape, pinned, ratio
from benchmarks.result import Result
from polytui.backtest.inprocess import InProcess
from polytui.backtest.played_journal import PlayedJournal
from polytui.config.schema import Settings
from polytui.journal.codec import FORMAT, Header
from polytui.journal.log import JournalLog
from polytui.model.units import NS_PER_S
from polytui.sim_world import world_settings

_HERE = Path(__file__).parent
_TURNS = 3
_EVERY = 1000
_MORE_OFTEN = 0.55
"""Our desk trades neither while its volatility is young nor what costs a dollar, and its orders are
on their way for a while: so it has no fewer of them in the end."""
_ROUNDS = 1


def driver_pace() -> list[Result]:
    with TemporaryDirectory() as folder:
        market = Path(folder) / "market.jsonl"
        write(market, kept_tape())
        events, every_s = _shape(market)
        sides = {"ours": _ours(market, every_s)} | _peers(market, every_s)
        made: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
        for _ in range(_TURNS):
            for name, command in sides.items():
                made[name].append(pinned(command, _HERE.parent))
        read = {name: pinned([*sides[name], "--streamed"], _HERE.parent) for name in sides}
        return [*results(events, made, read), _replay(Path(folder) / "demo")]


def _shape(market: Path) -> tuple[int, float]:
    """Its events, and seconds in which about a thousand of them come."""
    told = list(moments(market))
    events = market_events(told)
    return events, (told[-1].at_ns - told[0].at_ns) / NS_PER_S * _EVERY / events


def _ours(market: Path, every_s: float) -> list[str]:
    every_s *= _MORE_OFTEN
    return [sys.executable, str(_HERE / "driver_run.py"), str(market), str(every_s)]


def _peers(market: Path, every_s: float) -> dict[str, list[str]]:
    python = os.environ.get("NAUTILUS_PYTHON")
    if not python:
        return {}
    script = str(_HERE / "nautilus_driver.py")
    command = [python, "-W", "ignore", script, str(market), str(every_s)]
    return {"nautilus": command, "lean": [*command, "--lean"]}


def results(
    events: int, made: dict[str, list[dict[str, Any]]], read: dict[str, dict[str, Any]]
) -> list[Result]:
    best = {name: min(runs, key=lambda run: run["seconds"]) for name, runs in made.items()}
    paces = {name: events / run["seconds"] for name, run in best.items()}
    words = {
        name: f"{name} {paces[name]:,.0f} events/s, {run['orders']} orders, {run['fills']} fills,"
        f" +{run['above_mb']} MB made before, +{read[name]['above_mb']} MB read as it is played"
        f" above {run['idle_mb']}"
        for name, run in best.items()
    }
    mine = Result("driver_events_per_s", round(paces["ours"]), None, "events/s", note=words["ours"])
    found = [mine]
    for name, suffix in (("nautilus", ""), ("lean", "_lean")):
        peer = paces.get(name)
        named = f"driver_events_ratio_nautilus{suffix}"
        found += ratio(named, paces["ours"], peer, 1.5, f"wanted 1.5; {words.get(name)}")
    return [*found, *_memories(best, read)]


def _memories(best: dict[str, dict[str, Any]], read: dict[str, dict[str, Any]]) -> list[Result]:
    if "nautilus" not in best:
        return []
    made = best["ours"], best["nautilus"]
    played = read["ours"], read["nautilus"]
    usual = read["ours"], best["nautilus"]
    return [
        _memory("peak", usual, "of all at its most, ours read as played, the other's made before"),
        _memory("peak", made, "of all at its most, events made before", "_made"),
        _memory("peak", played, "of all at its most, events read as played", "_read"),
        _memory("above", made, "above idle, events made before", "_made"),
        _memory("above", played, "above idle, events read as played", "_read"),
    ]


def _memory(
    of_what: str, both: tuple[dict[str, Any], dict[str, Any]], how: str, suffix: str = ""
) -> Result:
    mine, other = (run[f"{of_what}_mb"] for run in both)
    share = round(mine / other, 2)
    verdict = "" if share <= 0.5 else "MISSED: "
    note = f"{verdict}wanted 0.5; {mine} MB against {other}: {how}"
    named = "peak" if of_what == "peak" else "memory"
    name = f"driver_{named}_ratio_nautilus{suffix}"
    return Result(name, share, None, "times", ratio=share, note=note)


def _replay(folder: Path) -> Result:
    """The journal of a demo of four assets, verified."""
    settings = Settings()
    session = attrs.evolve(settings.session, rounds=_ROUNDS)
    settings = attrs.evolve(settings, session=session)
    world = world_settings(settings, settings.session.intervals, None)
    folder.mkdir()
    header = Header(FORMAT, "bench", "demo", "bench", world.start_ns)
    journal = PlayedJournal(JournalLog(folder, header, settings.journal))
    InProcess(settings, world, journal=journal).play()
    assert not (refused := journal.close()), refused
    command = [sys.executable, str(_HERE / "replay_run.py"), str(folder)]
    runs = [pinned(command, _HERE.parent) for _ in range(_TURNS)]
    quickest = min(runs, key=lambda run: run["seconds"])
    pace = round(quickest["events"] / quickest["seconds"])
    note = f"{quickest['events']} events of four assets verified, +{quickest['above_mb']} MB"
    return Result("replay_events_per_s", pace, None, "events/s", note=note)


if __name__ == "__main__":
    from rich.console import Console

    from benchmarks.result import show

    show(driver_pace(), Console(width=160))
