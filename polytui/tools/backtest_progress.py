"""How far a backtest is, on the line below the prompt: for whoever sits there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from attrs import define, field

from polytui.backtest.moments import Moment, Source
from polytui.model.effects import Credit, Effect
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S

_LOOK_EVERY = 500
"""Moments."""
_SAY_EVERY_S = 0.5
_LEAST_SHARE = 0.02
"""Before so much is played nothing is said of the time left."""


@define
class ToldSource:
    """A `Source` that says how far it is. State: rounds that are settled, and when it spoke."""

    source: Source
    from_ns: int
    until_ns: int
    rounds: int
    """That are played."""
    say: Callable[[str], None]
    clock_s: Callable[[], float] = time.monotonic
    settled: int = 0
    _began_s: float = field(init=False)
    _said_s: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._began_s = self._said_s = self.clock_s()

    def moments(self) -> Iterator[Moment]:
        for number, moment in enumerate(self.source.moments()):
            if not number % _LOOK_EVERY:
                self._look(moment.at_ns)
            yield moment
        self.say("")

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        self.settled += sum(isinstance(effect, Credit) for effect in effects)
        self.source.heed(asset, effects, now_ns)

    def _look(self, at_ns: int) -> None:
        now_s = self.clock_s()
        if now_s - self._said_s < _SAY_EVERY_S:
            return
        self._said_s = now_s
        span_ns = max(1, self.until_ns - self.from_ns)
        share = min(1.0, max(0.0, (at_ns - self.from_ns) / span_ns))
        when = datetime.fromtimestamp(at_ns / NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M")
        left = ""
        if share >= _LEAST_SHARE:
            left = f", {(now_s - self._began_s) * (1 - share) / share:,.0f} s left"
        self.say(f"{share:4.0%}  {when}  {self.settled:,} of {self.rounds:,} rounds{left}")
