"""Prices of the simulated world: what the settlement oracle observes, what an exchange quotes.

An asset's own price is a jump diffusion on a grid of one second. It is made in blocks of an hour,
each from a random generator of its own: first the hour's net change and its jumps, then a
Brownian bridge between the hour's ends. So any second is the same whoever asks first, and the
past of yesterday costs no more than today's.

An asset may have a trend: a drift that is an AR(1) process by seconds, forgotten within minutes.
It has a generator of its own, so an asset without one moves exactly as if there were none.

An exchange sees the same price a second or two before the oracle, in its own dollars: a basis
of a few basis points that drifts slowly.
"""

from __future__ import annotations

import math
from random import Random
from typing import Protocol

from attrs import field, frozen
from attrs.validators import ge, gt, le

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.spans import Span

E18 = 10**18
YEAR_S = 365.25 * 86_400
_BLOCK_S = 3_600
_MINUTE_S = 60
_BOUNDARY_S = 300
"""Every round of every interval opens and closes on a multiple of this."""
_KEPT_BLOCKS = 6
_SLOW_WAVE = math.tau / 5_400
_QUICK_WAVE = math.tau / 1_100
"""Two periods of the basis, hours and minutes, as radians per second."""


@frozen
class PathSettings:
    """How one asset's synthetic price moves."""

    start: float = field(validator=gt(0.0))
    """Dollars, near the world's start."""
    volatility: float = field(validator=gt(0.0))
    """Annualised standard deviation of the diffusion's log returns."""
    jumps_per_day: float = field(default=30.0, validator=ge(0.0))
    jump_bps: float = field(default=6.0, validator=ge(0.0))
    """Standard deviation of a jump."""
    trend: float = field(default=0.0, validator=ge(0.0))
    """Standard deviation of the drift over a minute, in those of the diffusion over a minute."""
    trend_half_life_s: float = field(default=240.0, validator=[gt(0.0), le(600.0)])
    """A drift is half forgotten after so long; short beside an hour, see `_drifts`."""
    missing: float = field(default=0.02, validator=ge(0.0))
    """Share of seconds the oracle's relay skips; never one at which a round can open or close."""
    delay_ms: tuple[int, int] = (1_100, 1_800)
    """From an observation to its publication by the relay."""


LIFELIKE: dict[Asset, PathSettings] = {
    Asset.BTC: PathSettings(92_000.0, 0.45),
    Asset.ETH: PathSettings(3_100.0, 0.60),
    Asset.SOL: PathSettings(140.0, 0.75),
    Asset.XRP: PathSettings(2.2, 0.75),
}


class OraclePath(Protocol):
    """Spot observations of the settlement oracle. Seconds are UTC seconds."""

    first_s: int | None
    """Before it nothing is known; None for a path without a beginning."""
    last_s: int | None
    """After it nothing is known; None for a path without an end."""
    sigma: float
    """Standard deviation of the log return of one second."""

    def value_e18(self, second: int) -> int | None:
        """What was observed at `second`, dollars x 10^18; None for a skipped one."""

    def next_observed(self, second: int) -> int | None:
        """The first observed second at or after `second`."""

    def published_ns(self, second: int) -> int:
        """When the relay sends the observation of `second`."""

    def twap_e18(self, end_ns: int, window_s: int) -> int | None:
        """The average over (end - window, end], rounded down; None where it is not defined."""

    def mean(self, after_s: int, until_s: int) -> float:
        """The same average of (after, until] in dollars, for thinking."""

    def price(self, at_s: float) -> float:
        """Dollars at any moment, between the seconds in a straight line."""


@frozen
class _Outline:
    """An hour seen from afar: log price at its start, net change, and its jumps by second."""

    start: float
    net: float
    jumps: tuple[tuple[int, float], ...]

    @property
    def end(self) -> float:
        return self.start + self.net + sum(size for _, size in self.jumps)


class _Block:
    """An hour in full: one price for each second after its start."""

    __slots__ = ("delays_ms", "prices", "span")

    def __init__(self, prices: list[float], span: Span, delays_ms: list[int]) -> None:
        self.prices = prices
        self.span = span
        self.delays_ms = delays_ms


class SyntheticPath:
    """The oracle of one asset, out of a seed. Near `start_s` the price is as in the settings."""

    def __init__(self, seed: int, asset: Asset, settings: PathSettings, start_s: int) -> None:
        self.first_s: int | None = None
        self.last_s: int | None = None
        variance = settings.volatility**2 / YEAR_S
        jumps = settings.jumps_per_day / 86_400 * (settings.jump_bps / 10_000) ** 2
        drift = settings.trend * math.sqrt(variance / _MINUTE_S)
        self.sigma = math.sqrt(variance + jumps + drift**2)
        self._diffusion = math.sqrt(variance)
        self._drift = drift
        self._kept = 0.5 ** (1.0 / settings.trend_half_life_s)
        self._settings = settings
        self._name = f"{seed}:{asset.value}:path"
        self._anchor = (start_s - 1) // _BLOCK_S
        self._outlines: dict[int, _Outline] = {}
        self._blocks: dict[int, _Block] = {}

    def value_e18(self, second: int) -> int | None:
        index, offset = divmod(second - 1, _BLOCK_S)
        return self._block(index).span.observed[offset]

    def next_observed(self, second: int) -> int | None:
        while self.value_e18(second) is None:
            second += 1
        return second

    def published_ns(self, second: int) -> int:
        index, offset = divmod(second - 1, _BLOCK_S)
        return second * NS_PER_S + self._block(index).delays_ms[offset] * NS_PER_MS

    def twap_e18(self, end_ns: int, window_s: int) -> int | None:
        end_s = end_ns // NS_PER_S
        return self._total(end_s - window_s, end_s) // window_s

    def mean(self, after_s: int, until_s: int) -> float:
        return self._total(after_s, until_s) / (until_s - after_s) / E18

    def price(self, at_s: float) -> float:
        second = int(at_s)
        index, offset = divmod(second - 1, _BLOCK_S)
        prices = self._block(index).prices
        before = prices[offset]
        last = offset == _BLOCK_S - 1
        after = self._block(index + 1).prices[0] if last else prices[offset + 1]
        return before + (after - before) * (at_s - second)

    def _total(self, after_s: int, until_s: int) -> int:
        total = 0
        while after_s < until_s:
            span = self._block(after_s // _BLOCK_S).span
            stop = min(until_s, span.last_s)
            total += span.total(after_s, stop)
            after_s = stop
        return total

    def _block(self, index: int) -> _Block:
        block = self._blocks.get(index)
        if block is None:
            while len(self._blocks) >= _KEPT_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            block = self._blocks[index] = self._draw_block(index)
        return block

    def _draw_block(self, index: int) -> _Block:
        rng = Random(f"{self._name}:seconds:{index}")
        outline = self._outline(index)
        prices = self._bridge(rng, index, outline)
        first_s = index * _BLOCK_S + 1
        observed = self._observe(rng, first_s, prices)
        low, high = self._settings.delay_ms
        delays = [low + int(rng.random() * (high - low)) for _ in prices]
        return _Block(prices, Span(first_s, observed), delays)

    def _bridge(self, rng: Random, index: int, outline: _Outline) -> list[float]:
        """The hour's seconds: free steps, less their mean, plus the net change and the jumps."""
        steps = [rng.gauss(0.0, self._diffusion) for _ in range(_BLOCK_S)]
        if self._drift:
            steps = [step + drift for step, drift in zip(steps, self._drifts(index), strict=True)]
        drift = (outline.net - sum(steps)) / _BLOCK_S
        for second, size in outline.jumps:
            steps[second] += size
        prices: list[float] = []
        level = outline.start
        for step in steps:
            level += step + drift
            prices.append(math.exp(level))
        return prices

    def _observe(self, rng: Random, first_s: int, prices: list[float]) -> list[int | None]:
        missing = self._settings.missing
        observed: list[int | None] = []
        for second, price in enumerate(prices, first_s):
            is_skipped = rng.random() < missing and second % _BOUNDARY_S
            observed.append(None if is_skipped else round(price * 1e9) * 10**9)
        return observed

    def _outline(self, index: int) -> _Outline:
        """Walks from the nearest known hour: each begins where its neighbour ends."""
        found = self._outlines.get(index)
        if found is None:
            step = 1 if index > self._anchor else -1
            for hour in range(self._anchor, index + step, step):
                if hour not in self._outlines:
                    self._outlines[hour] = self._draw_outline(hour, step)
            found = self._outlines[index]
        return found

    def _draw_outline(self, index: int, step: int) -> _Outline:
        rng = Random(f"{self._name}:hour:{index}")
        net = rng.gauss(0.0, self._diffusion * math.sqrt(_BLOCK_S))
        if self._drift:
            net += sum(self._drifts(index))
        jumps = self._jumps(rng)
        if index == self._anchor:
            return _Outline(math.log(self._settings.start), net, jumps)
        neighbour = self._outlines[index - step]
        if step > 0:
            return _Outline(neighbour.end, net, jumps)
        change = _Outline(0.0, net, jumps).end
        return _Outline(neighbour.start - change, net, jumps)

    def _drifts(self, index: int) -> list[float]:
        """The trend of an hour, second by second: an AR(1) bridge between the hour's ends.

        The ends are drawn apart: within an hour a drift is forgotten. A free path x from the first
        end a, with k kept each second, becomes a path to the other end b over T seconds by adding
        (b - x_T) k^(T-t) (1 - k^2t) / (1 - k^2T), the covariance of x_t and x_T over the
        variance of x_T, both given a.
        """
        kept, fresh = self._kept, self._drift * math.sqrt(1.0 - self._kept**2)
        rng = Random(f"{self._name}:drift:{index}")
        level, free = self._drift_at(index), list[float]()
        for _ in range(_BLOCK_S):
            level = level * kept + rng.gauss(0.0, fresh)
            free.append(level)
        miss = (self._drift_at(index + 1) - level) / (1.0 - kept ** (2 * _BLOCK_S))
        return [
            value + miss * kept ** (_BLOCK_S - second) * (1.0 - kept ** (2 * second))
            for second, value in enumerate(free, 1)
        ]

    def _drift_at(self, index: int) -> float:
        """The drift at the start of an hour."""
        return Random(f"{self._name}:drift-at:{index}").gauss(0.0, self._drift)

    def _jumps(self, rng: Random) -> tuple[tuple[int, float], ...]:
        rate = self._settings.jumps_per_day / 86_400
        jumps: list[tuple[int, float]] = []
        at_s = rng.expovariate(rate) if rate else math.inf
        while at_s < _BLOCK_S:
            jumps.append((int(at_s), rng.gauss(0.0, self._settings.jump_bps / 10_000)))
            at_s += rng.expovariate(rate)
        return tuple(jumps)


@frozen
class BasisSettings:
    """How an exchange's price differs from the oracle's."""

    bps: float = 8.0
    """Mean height of the exchange above the oracle (its dollars are cheaper)."""
    drift_bps: float = 2.0
    """How far the basis wanders to either side within hours."""
    lead_s: tuple[float, float] = (1.0, 2.0)
    """The exchange shows the price this much before the oracle observes it; drawn once."""


BASES: dict[Exchange, BasisSettings] = {
    Exchange.BINANCE: BasisSettings(),
    Exchange.BYBIT: BasisSettings(bps=7.5, lead_s=(0.9, 1.9)),
    Exchange.COINBASE: BasisSettings(bps=0.2, drift_bps=0.5, lead_s=(0.8, 1.7)),
}
"""Two of them trade against USDT, the third against dollars."""


class ExchangePath:
    """The mid price of one exchange. Like the oracle's, it is a function of time alone."""

    def __init__(
        self,
        seed: int,
        asset: Asset,
        oracle: OraclePath,
        settings: BasisSettings,
        venue: str = "",
    ) -> None:
        """`venue` tells exchanges apart; each has a basis and a lead of its own."""
        rng = Random(f"{seed}:{asset.value}:basis" + (f":{venue}" if venue else ""))
        self.lead_s = rng.uniform(*settings.lead_s)
        self._phases = (rng.uniform(0.0, math.tau), rng.uniform(0.0, math.tau))
        self._level = settings.bps / 10_000
        self._reach = settings.drift_bps / 10_000
        self._oracle = oracle

    @property
    def first_ns(self) -> int | None:
        """The first moment with a price; None for a path without a beginning."""
        return self._heard_ns(self._oracle.first_s)

    @property
    def last_ns(self) -> int | None:
        """The last moment with a price; None for a path without an end."""
        return self._heard_ns(self._oracle.last_s)

    def mid(self, at_ns: int) -> float:
        """Dollars (of the exchange) at `at_ns`."""
        at_s = at_ns / NS_PER_S
        return self._oracle.price(at_s + self.lead_s) * (1.0 + self.basis(at_s))

    def basis(self, at_s: float) -> float:
        """The exchange above the oracle, as a fraction: two slow waves around the mean."""
        slow = math.sin(at_s * _SLOW_WAVE + self._phases[0])
        quick = math.sin(at_s * _QUICK_WAVE + self._phases[1])
        return self._level + self._reach * (0.75 * slow + 0.25 * quick)

    def _heard_ns(self, second: int | None) -> int | None:
        return None if second is None else int((second - self.lead_s) * NS_PER_S)
