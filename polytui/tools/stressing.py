"""`polytui stress`: a session's market through the desk as fast as it goes, and what it would be at
so many times its speed.

How long the desk took for each batch is measured here and now; who waits for whom follows from
that and from when each was heard: a batch begins when it came, or when the one before it was done.
So the queue is that of one desk loop at the speed that is asked for, on this machine.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
from attrs import define, field, frozen

from polytui.backtest.drive import Drive
from polytui.backtest.invariants import Invariants
from polytui.backtest.journal_source import JournalSource, beginning_of
from polytui.backtest.moments import Moment, Source
from polytui.config.schema import Settings
from polytui.execution.paper_account import PaperAccount
from polytui.model.effects import Effect
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S, NS_PER_US, usd_from_float
from polytui.runtime.even_sample import EvenSample

_POINTS = (50.0, 90.0, 99.0, 99.9)
_AT_ONCE = 1_024
_KB_PER_MB = 1024.0
_ENOUGH = 0.8
"""Of the time that a desk was busy: with less of a processor it was not the desk that was slow."""


@define
class TimedSource:
    """A `Source` that measures how long whoever plays it takes for each moment. State: who waits
    at the speed that is asked for."""

    source: Source
    speed: float
    clock_ns: Callable[[], int] = time.perf_counter_ns
    steps: EvenSample = field(factory=EvenSample)
    waits: EvenSample = field(factory=EvenSample)
    """From being heard until the desk begins with it; real nanoseconds."""
    events: int = 0
    busy_ns: int = 0
    deepest: int = 0
    """Most events that waited at once, with the batch that came."""
    from_ns: int = 0
    until_ns: int = 0
    _free_ns: float = 0.0
    _waiting: deque[tuple[float, int]] = field(factory=deque)
    """(when it is done, events) of each batch that was not done when the last one came."""
    _depth: int = 0

    def moments(self) -> Iterator[Moment]:
        clock, steps, waits = self.clock_ns, list[int](), list[int]()
        for moment in self.source.moments():
            began = clock()
            yield moment
            took = clock() - began
            steps.append(took)
            waits.append(self._queue(moment, took))
            if len(steps) >= _AT_ONCE:
                self.steps.extend(steps)
                self.waits.extend(waits)
                steps.clear()
                waits.clear()
        self.steps.extend(steps)
        self.waits.extend(waits)

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        self.source.heed(asset, effects, now_ns)

    def _queue(self, moment: Moment, took_ns: int) -> int:
        """How long it would have waited."""
        self.from_ns = self.from_ns or moment.at_ns
        self.until_ns = moment.at_ns
        count = len(moment.events)
        came_ns = (moment.at_ns - self.from_ns) / self.speed
        waiting = self._waiting
        while waiting and waiting[0][0] <= came_ns:
            self._depth -= waiting.popleft()[1]
        begins_ns = max(came_ns, self._free_ns)
        self._free_ns = begins_ns + took_ns
        waiting.append((self._free_ns, count))
        self._depth += count
        self.deepest = max(self.deepest, self._depth)
        self.events += count
        self.busy_ns += took_ns
        return int(begins_ns - came_ns)


@frozen
class StressVerdict:
    """What it came to. Times in real microseconds."""

    speed: float
    events: int
    session_s: float
    busy_s: float
    processor_s: float
    """What this process had of a processor meanwhile, the reading of the journal with it."""
    step_us: tuple[int, ...]
    """At the 50th, 90th, 99th and 99.9th percentile, and the longest."""
    wait_us: tuple[int, ...]
    deepest: int
    fits: int
    """Events that the inbox takes."""
    before_mb: float
    peak_mb: float
    checked: int
    broken: str

    @property
    def has_lost(self) -> bool:
        """Whether more waited than fits: the asset would have crashed, with nothing lost in
        silence."""
        return self.deepest > self.fits

    @property
    def is_good(self) -> bool:
        return not self.broken and not self.has_lost

    @property
    def share(self) -> float:
        """Of the time at this speed, what the desk was busy."""
        return self.busy_s * self.speed / self.session_s if self.session_s else 0.0

    def lines(self) -> Iterator[str]:
        rate = self.events / self.busy_s if self.busy_s else 0.0
        yield (
            f"{self.events:,} events of {self.session_s / 3600:.2f} h in {self.busy_s:.1f} s:"
            f" {rate:,.0f} a second; at {self.speed:g} times its speed the desk is busy"
            f" {self.share:.1%} of the time"
        )
        names = (*(f"p{point:g}" for point in _POINTS), "longest")
        for what, found in (("step", self.step_us), ("wait", self.wait_us)):
            told = ", ".join(f"{n} {us:,}" for n, us in zip(names, found, strict=True))
            yield f"{what} in us: {told}"
        lost = "MORE THAN FIT" if self.has_lost else "none lost"
        yield f"queue: {self.deepest:,} events at its deepest, {self.fits:,} fit: {lost}"
        grown = self.peak_mb - self.before_mb
        if self.processor_s < _ENOUGH * self.busy_s:
            yield (
                f"the machine is busy with other things: of {self.busy_s:.1f} s the desk had a"
                f" processor for {self.processor_s:.1f} s at most"
            )
        yield f"memory: {self.before_mb:.0f} MB before, {self.peak_mb:.0f} at most (+{grown:.0f})"
        yield f"invariants after each of {self.checked:,} events: {self.broken or 'all held'}"


def stress(journal: Path, speed: float, settings: Settings | None = None) -> StressVerdict:
    """The market of a session, under its own settings where no others are given. Fatal for what is
    no journal."""
    begun = beginning_of(journal)
    settings = begun.settings if settings is None else settings
    settings = attrs.evolve(settings, session=attrs.evolve(settings.session, rounds=0))
    before_mb = _peak_mb()
    pressed = TimedSource(JournalSource(journal), speed)
    account = PaperAccount(usd_from_float(settings.paper.starting_cash_usd))
    invariants = Invariants(account)
    began_s = time.process_time()
    Drive(settings, pressed, [invariants], model=begun.model, account=account).play()
    processor_s = time.process_time() - began_s
    return StressVerdict(
        speed,
        pressed.events,
        (pressed.until_ns - pressed.from_ns) / NS_PER_S,
        pressed.busy_ns / NS_PER_S,
        processor_s,
        _told(pressed.steps),
        _told(pressed.waits),
        pressed.deepest,
        settings.queues.inbox,
        before_mb,
        _peak_mb(),
        invariants.looks,
        invariants.broken,
    )


def _told(sample: EvenSample) -> tuple[int, ...]:
    if not sample.count:
        return (0,) * (len(_POINTS) + 1)
    found = [*sample.percentiles(*_POINTS), sample.largest]
    return tuple(ns // NS_PER_US for ns in found)


def _peak_mb() -> float:
    """The most that this process ever had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / _KB_PER_MB if sys.platform != "darwin" else most / _KB_PER_MB / _KB_PER_MB
