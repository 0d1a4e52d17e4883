"""Latencies of a session as people meet them: lines of the journal, notices, figures to show.

An order's line is written when it is told (`OrderTimes`), a line of all stages once a minute. What
is long to compute is computed where the line is written, beside the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import trio
from attrs import define, field

from polytui.config.execution import LatencySettings
from polytui.journal.codec import encode_latency
from polytui.journal.line_file import LineFile
from polytui.model.latency import JUDGED, OrderLatency, StageLatency, StageTimes
from polytui.model.snapshot import LatencyView
from polytui.net.clock import SessionClock
from polytui.runtime.asset import AssetRun
from polytui.runtime.even_sample import EvenSample
from polytui.runtime.latency_levels import Episode, Level, Said
from polytui.runtime.meter import Meter, Samples

_LOOK_EVERY_S = 1.0
_LINE_EVERY_S = 60.0
_NS_PER_US, _NS_PER_MS = 1_000, 1_000_000
_SIGNAL, _, _FILL = JUDGED
Notice = Callable[[str, str, str], None]
"""(level, asset, text)."""


@define
class LatencyWatch:
    """State: how bad each figure of each asset is, and what was last shown."""

    meter: Meter
    journal: LineFile
    clock: SessionClock
    notice: Notice
    settings: Callable[[], LatencySettings]
    """Those in force."""
    _episodes: dict[tuple[str, str], Episode] = field(factory=dict, init=False)
    """By asset and name."""
    _shown: dict[str, tuple[int, LatencyView]] = field(factory=dict, init=False)
    _line_since_s: float = field(default=0.0, init=False)

    async def watch(self, runs: Sequence[AssetRun]) -> None:
        """Look once a real second until cancelled; the last line is written at the end."""
        self._line_since_s = trio.current_time()
        try:
            while True:
                await trio.sleep(_LOOK_EVERY_S)
                self.look(runs)
        finally:
            self.settle(runs)
            self._write_stages()

    def tell(self, latency: OrderLatency) -> None:
        """The way of one order is known: to the journal, and to whoever asks."""
        self.journal.append(encode_latency(latency))
        self.meter.order(latency)
        for name in JUDGED:
            took_ms: float | None = getattr(latency, name)
            if took_ms is None or (name == _FILL and not latency.is_taker):
                continue  # one that rested waited for somebody else
            self._judge(latency.asset, name, took_ms)

    def settle(self, runs: Sequence[AssetRun]) -> None:
        """Count every frame that was seen."""
        for run in runs:
            run.frames.settle(self.meter, self.clock.speed)

    def look(self, runs: Sequence[AssetRun]) -> None:
        """Judge what frames took since the last look; write what is due."""
        self.settle(runs)
        for run in runs:
            if worst_ns := run.frames.take_worst():
                self._judge(run.asset.value, _SIGNAL, worst_ns / _NS_PER_MS)
        now_s, settings = trio.current_time(), self.settings()
        for (asset, _), episode in self._episodes.items():
            self._say(asset, episode.look(now_s, settings))
        if now_s - self._line_since_s >= _LINE_EVERY_S:
            self._write_stages()

    def _judge(self, asset: str, name: str, took_ms: float) -> None:
        episode = self._episodes.get((asset, name))
        if episode is None:
            episode = self._episodes[asset, name] = Episode(JUDGED[name])
        self._say(asset, episode.see(took_ms, trio.current_time(), self.settings()))

    def _say(self, asset: str, said: Said | None) -> None:
        if said is not None:
            self.notice(said[0], asset, said[1])

    def _write_stages(self) -> None:
        now_s = trio.current_time()
        real_s, self._line_since_s = now_s - self._line_since_s, now_s
        if minute := self.meter.take_minute():
            made = partial(_stage_line, self.clock.now_ns(), round(real_s, 3), minute)
            self.journal.add(made)

    # --- to show --------------------------------------------------------------------------------

    def views(self) -> tuple[LatencyView, ...]:
        """One a name, of all orders of the session."""
        return tuple(self._view(name, samples) for name, samples in self.meter.orders.items())

    def _view(self, name: str, samples: Samples) -> LatencyView:
        worst = max((one.level for (_, n), one in self._episodes.items() if n == name), default=0)
        level = Level(worst).word
        known = self._shown.get(name)
        if known is not None and known[0] == samples.count and known[1].level == level:
            return known[1]
        p50, p99 = (None if us is None else us / 1000 for us in samples.percentiles(50, 99))
        longest = samples.largest / 1000 if samples.count else None
        view = LatencyView(name, samples.count, p50, p99, longest, level)
        self._shown[name] = (samples.count, view)
        return view


def _stage_line(at_ns: int, real_s: float, stages: Mapping[str, EvenSample]) -> bytes:
    return encode_latency(StageLatency(at_ns, real_s, stage_times(stages)))


def stage_times(stages: Mapping[str, EvenSample]) -> tuple[StageTimes, ...]:
    """Of nanoseconds, by name."""
    return tuple(_times(name, sample) for name, sample in sorted(stages.items()))


def _times(name: str, sample: EvenSample) -> StageTimes:
    p50, p90, p99 = (ns // _NS_PER_US for ns in sample.percentiles(50, 90, 99))
    return StageTimes(name, sample.count, p50, p90, p99, sample.largest // _NS_PER_US)
