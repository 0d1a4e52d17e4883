"""Candles from the exchange's own history: before we came, and again after a loss.

Trading does not wait for them. A bar that was open when we came is incomplete until it has closed,
so every length is asked once more just after its first close.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import trio
from attrs import define, field

from polytui.model.candle import Candle
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import CandlesLoaded
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.runtime.asset import AssetRun

_SECONDS = 1_000
_AFTER_CLOSE_NS = 2 * NS_PER_S
_LENGTHS_S = (1, 60, 300, 900, 3600)
_AGAIN = 3
"""Candles asked for after a first close."""
_RETRY_S = 2.0
_TRIES = 6

AskCandles = Callable[[Asset, int, int, int], Awaitable[tuple[Candle, ...]]]
"""(asset, length in seconds, how many, closed by): the latest closed candles, oldest first."""


@define
class History:
    """State: whether what is known has become incomplete."""

    run: AssetRun
    venue: str
    ask: AskCandles
    kept: int
    complain: Callable[[str], None]
    _wanted: trio.Event = field(factory=trio.Event)

    def want(self) -> None:
        """Something was missed: load again what covers it."""
        self._wanted.set()

    async def load(self) -> None:
        """All of it now, then as often as it is wanted, until cancelled."""
        async with trio.open_nursery() as nursery:
            for length_s in _LENGTHS_S:
                nursery.start_soon(self._load_and_again, length_s, self.kept)
            while True:
                await self._wanted.wait()
                self._wanted = trio.Event()
                for length_s in _LENGTHS_S[1:]:
                    nursery.start_soon(self._load_and_again, length_s, self.kept)

    async def _load_and_again(self, length_s: int, count: int) -> None:
        await self._load(length_s, _SECONDS if length_s == 1 else count)
        if length_s > 1:
            clock, span_ns = self.run.clock, length_s * NS_PER_S
            closes_ns = (clock.now_ns() // span_ns + 1) * span_ns
            await clock.sleep_until(closes_ns + _AFTER_CLOSE_NS)
            await self._load(length_s, _AGAIN)

    async def _load(self, length_s: int, count: int) -> None:
        now_ns = self.run.clock.now_ns()
        ask = partial(self.ask, self.run.asset, length_s, count, now_ns)
        for _ in range(_TRIES):
            try:
                candles = await ask()
            except Retry as error:
                await trio.sleep(_RETRY_S if error.after_s is None else error.after_s)
                continue
            except (Rejected, Unknown) as error:
                self.complain(f"no candle history from {self.venue}: {error}")
                if isinstance(error, Rejected) and error.after_s is not None:
                    await trio.sleep(error.after_s)
                    continue
                return
            if candles:
                self.run.deliver(
                    CandlesLoaded(self.run.asset, self.venue, length_s, candles, now_ns)
                )
            return
        self.complain(f"{self.venue} gives no candle history now; indicators warm up by themselves")
