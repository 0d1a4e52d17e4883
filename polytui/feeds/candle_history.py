"""Candles from the exchange's own history: before we came, and again after a loss.

Trading does not wait for them. A bar that was open when we came is incomplete until it has closed,
so every length is asked once more just after its first close.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import trio
from attrs import define, field

from polytui.feeds.home import AssetHome
from polytui.model.candle import Candle
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import CandlesLoaded
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S

_SECONDS = 1_000
_AFTER_CLOSE_NS = 2 * NS_PER_S
_LENGTHS_S = (1, 60, 300, 900, 3600)
_AGAIN = 3
"""Candles asked for after a first close."""
_RETRY_S = 2.0
_TRIES = 6
_LONGEST_S = 900.0
"""However long a venue asks us to wait: then it is looked whether it still does."""

AskCandles = Callable[[Asset, int, int, int], Awaitable[tuple[Candle, ...]]]
"""(asset, length in seconds, how many, closed by): the latest closed candles, oldest first."""


@define
class History:
    """State: which lengths are wanted again, because what is known has become incomplete."""

    run: AssetHome
    venue: str
    ask: AskCandles
    kept: int
    complain: Callable[[str], None]
    _wanted: dict[int, trio.Event] = field(factory=dict)

    def want(self) -> None:
        """Something was missed: load again what covers it, each length once however often it is
        wanted meanwhile."""
        for wanted in self._wanted.values():
            wanted.set()

    async def load(self) -> None:
        """All of it now, then as often as it is wanted, until cancelled: a task for each length."""
        async with trio.open_nursery() as nursery:
            for length_s in _LENGTHS_S:
                nursery.start_soon(self._keep, length_s)

    async def _keep(self, length_s: int) -> None:
        if length_s == 1:
            await self._load(length_s, _SECONDS)
            return
        wanted = self._wanted[length_s] = trio.Event()
        await self._load(length_s, self.kept)
        has_open = True
        while True:
            is_wanted = await self._next(wanted, length_s if has_open else 0)
            if is_wanted:
                wanted = self._wanted[length_s] = trio.Event()
            await self._load(length_s, self.kept if is_wanted else _AGAIN)
            has_open = is_wanted

    async def _next(self, wanted: trio.Event, length_s: int) -> bool:
        """Wait until it is wanted (True) or the bar that was open has closed (False); a length of
        0 is of no bar."""
        clock, is_closed = self.run.clock, False
        async with trio.open_nursery() as race:

            async def close() -> None:
                nonlocal is_closed
                span_ns = length_s * NS_PER_S
                closes_ns = (clock.now_ns() // span_ns + 1) * span_ns
                await clock.sleep_until(closes_ns + _AFTER_CLOSE_NS)
                is_closed = True
                race.cancel_scope.cancel()

            if length_s:
                race.start_soon(close)
            await wanted.wait()
            race.cancel_scope.cancel()
        return wanted.is_set() or not is_closed

    async def _load(self, length_s: int, count: int) -> None:
        now_ns = self.run.clock.now_ns()
        ask = partial(self.ask, self.run.asset, length_s, count, now_ns)
        for _ in range(_TRIES):
            try:
                candles = await ask()
            except Retry as error:
                await trio.sleep(_pause_s(error.after_s))
                continue
            except (Rejected, Unknown) as error:
                self.complain(f"no candle history from {self.venue}: {error}")
                if isinstance(error, Rejected) and error.after_s is not None:
                    await trio.sleep(_pause_s(error.after_s))
                    continue
                return
            if candles:
                self.run.deliver(
                    CandlesLoaded(self.run.asset, self.venue, length_s, candles, now_ns)
                )
            return
        self.complain(f"{self.venue} gives no candle history now; indicators warm up by themselves")


def _pause_s(asked_s: float | None) -> float:
    return _RETRY_S if asked_s is None else min(asked_s, _LONGEST_S)
