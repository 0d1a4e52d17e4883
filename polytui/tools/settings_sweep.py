"""`polytui sweep`: the same days under many settings, and what may be concluded from the best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version

from attrs import frozen

from polytui.model.errors import Fatal
from polytui.results.tried_settings import (
    Cell,
    Choice,
    SettingSums,
    sums_by_setting,
    walk_forward,
    warning_of,
)
from polytui.tools.backtesting import AskedBacktest
from polytui.tools.settings_grid import Tried
from polytui.tools.sweep_jobs import Done, SweepJob, days_of, job_of

SCHEMA_VERSION = 1
"""Of a sweep as JSON: grows when a name changes its meaning."""
Answering = Callable[[Sequence[SweepJob]], Iterator[Done]]


@frozen
class Sweep:
    """All of what was tried: plain but for the settings."""

    tried: tuple[Tried, ...]
    days: tuple[str, ...]
    cells: tuple[Cell, ...]
    """By setting, then day."""
    sums: tuple[SettingSums, ...]
    warning: str
    choices: tuple[Choice, ...]
    """Steps of the walk forward; none where nobody asked for one."""

    def document(self) -> dict[str, object]:
        """The same, whoever did the jobs."""
        from attrs import asdict

        return {
            "schema": SCHEMA_VERSION,
            "settings": [dict(one.wishes) for one in self.tried],
            "days": list(self.days),
            "warning": self.warning,
            "sums": [asdict(one) for one in self.sums],
            "cells": [asdict(one) for one in self.cells],
            "walk_forward": [asdict(one) for one in self.choices],
        }


def sweep(
    asked: AskedBacktest,
    tried: Sequence[Tried],
    answering: Answering,
    steps: tuple[int, int] | None = None,
    heard: Callable[[Done, int], None] = lambda _done, _jobs: None,
) -> Sweep:
    """Every setting on every day, each with an account of its own. `steps`: days to choose by and
    to judge by. `heard` is told of each answer and of how many there will be. Fatal where an answer
    comes from another version of us."""
    days = days_of(asked)
    jobs = [job_of(at, one.settings, asked, day) for at, one in enumerate(tried) for day in days]
    if steps is not None and len(days) < sum(steps):
        raise Fatal(f"--walk-forward: {len(days)} days have rounds, {sum(steps)} are needed")
    cells = list[Cell]()
    for done in answering(jobs):
        if done.version != version("polytui"):
            raise Fatal(f"a worker has polytui {done.version}, this is {version('polytui')}")
        cells.append(done.cell)
        heard(done, len(jobs))
    cells.sort(key=lambda one: (one.setting, one.day))
    sums = sums_by_setting(cells)
    names = tuple(sorted({job.day for job in jobs}))
    choices = () if steps is None else walk_forward(cells, *steps)
    return Sweep(tuple(tried), names, tuple(cells), sums, warning_of(sums), choices)
