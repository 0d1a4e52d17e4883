"""Prices of the simulated world: what Chainlink observes, what an exchange quotes.

Behind both stands the news (`sim/world/walk.py`). Nobody shows it at once. What the exchanges agree
on takes most of it immediately and the rest within seconds; what Chainlink observes is smoother
still, a little later, and each second a little wrong. The weights are fitted to a recorded day of
the settlement feed and to recorded quotes of Binance: returns of a second that go on in the next
one, and variance that grows faster than time (`make world` shows both beside the recorded ones).

An exchange shows the price a second or two before Chainlink observes it, in its own dollars: a
basis of a few basis points that drifts slowly, an error of its own, and a little after the
quickest of them.

All of it is a function of the seed and of time, so any second is the same whoever asks first.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from typing import Protocol

from attrs import field, frozen
from attrs.validators import ge

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.world.chance import Chance
from polytui.sim.world.spans import Span
from polytui.sim.world.swings import HOUR_S, SLOT_S
from polytui.sim.world.walk import PER_S, STEPS, Walk, WalkSettings

E18 = 10**18
_BOUNDARY_S = 300
"""Every round of every interval opens and closes on a multiple of this."""
_KEPT_BLOCKS = 6
_WARM_STEPS = 30 * PER_S
"""An average that began so long before is as good as one that never began."""
_KNOT_S = 2
_SLOW_WAVE = math.tau / 5_400
_QUICK_WAVE = math.tau / 1_100
"""Two periods of the basis, hours and minutes, as radians per second."""


@frozen
class Smoothing:
    """An average that forgets, of which a part is shown: at once + (1 - at_once) x average."""

    at_once: float
    forgets_s: float
    """Time constant of the average."""

    @property
    def lag_s(self) -> float:
        """How late it is on average, on the grid of the walk."""
        part = 1.0 - math.exp(-1.0 / PER_S / self.forgets_s)
        return (1.0 - self.at_once) * (1.0 - part) / part / PER_S

    def of(self, values: Iterable[float], begin: float) -> array[float]:
        fresh = 1.0 - math.exp(-1.0 / PER_S / self.forgets_s)
        at_once, average = self.at_once, begin
        shown = array("d")
        for value in values:
            average += fresh * (value - average)
            shown.append(average + at_once * (value - average))
        return shown


@frozen
class PathSettings:
    """How one asset's synthetic price moves, and how Chainlink's relay tells of it."""

    walk: WalkSettings
    market: Smoothing = Smoothing(0.75, 3.0)
    """From the news to the price that the exchanges agree on."""
    chainlink: Smoothing = Smoothing(0.35, 0.6)
    """From that price to what Chainlink observes."""
    error: float = field(default=0.09, validator=ge(0.0))
    """Standard deviation of Chainlink's own error, in those of the price over a second."""
    missing: float = field(default=0.02, validator=ge(0.0))
    """Share of seconds Chainlink's relay skips; never one at which a round can open or close."""
    delay_ms: tuple[int, int] = (1_100, 1_800)
    """From an observation to its publication by the relay."""
    lead_s: tuple[float, float] = (1.0, 1.8)
    """The quickest exchange shows the price this much before Chainlink takes it; drawn once."""


LIFELIKE: dict[Asset, PathSettings] = {
    Asset.BTC: PathSettings(WalkSettings(92_000.0, 0.34, jump_bps=3.7)),
    Asset.ETH: PathSettings(WalkSettings(3_100.0, 0.45, jump_bps=4.9)),
    Asset.SOL: PathSettings(WalkSettings(140.0, 0.57, jump_bps=6.2)),
    Asset.XRP: PathSettings(WalkSettings(2.2, 0.57, jump_bps=6.2)),
}


class ChainlinkPath(Protocol):
    """Spot observations of Chainlink. Seconds are UTC seconds."""

    first_s: int | None
    """Before it nothing is known; None for a path without a beginning."""
    last_s: int | None
    """After it nothing is known; None for a path without an end."""
    sigma: float
    """Standard deviation of the log return of one second, far apart: what a minute's return has
    over the root of its seconds."""
    lag_s: float
    """How far an observation is behind `price` on average."""
    lead_s: float
    """The quickest exchange shows `price` so much before its time."""

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
        """What the exchanges agree on, in dollars, on Chainlink's clock; at any moment."""

    def rough_price(self, at_s: float) -> float:
        """About the same, some seconds' news left out: for a history that nobody trades on."""

    def observed(self, second: int) -> float:
        """What covers `second` in an average, in dollars."""

    def variance(self, at_s: float, ahead_s: float) -> float:
        """Of the log return per second over the next `ahead_s`, as known at `at_s`."""


class _Block:
    """An hour in full: the market's price by steps, Chainlink's by seconds."""

    __slots__ = ("delays_ms", "prices", "span")

    def __init__(self, prices: array[float], span: Span, delays_ms: list[int]) -> None:
        self.prices = prices
        self.span = span
        self.delays_ms = delays_ms


class SyntheticPath:
    """Chainlink of one asset, out of a seed. Near `start_s` the price is as in the settings."""

    def __init__(self, seed: int, asset: Asset, settings: PathSettings, start_s: int) -> None:
        self.first_s: int | None = None
        self.last_s: int | None = None
        self._name = f"{seed}:{asset.value}:path"
        self._walk = Walk(self._name, settings.walk, start_s)
        self.sigma = self._walk.sigma
        self.lag_s = settings.chainlink.lag_s
        self.lead_s = Chance(f"{self._name}:lead").uniform(*settings.lead_s)
        self._settings = settings
        self._blocks: dict[int, _Block] = {}

    def value_e18(self, second: int) -> int | None:
        index, offset = divmod(second - 1, HOUR_S)
        return self._block(index).span.observed[offset]

    def next_observed(self, second: int) -> int | None:
        while self.value_e18(second) is None:
            second += 1
        return second

    def published_ns(self, second: int) -> int:
        index, offset = divmod(second - 1, HOUR_S)
        return second * NS_PER_S + self._block(index).delays_ms[offset] * NS_PER_MS

    def twap_e18(self, end_ns: int, window_s: int) -> int | None:
        end_s = end_ns // NS_PER_S
        return self._total(end_s - window_s, end_s) // window_s

    def mean(self, after_s: int, until_s: int) -> float:
        return self._total(after_s, until_s) / (until_s - after_s) / E18

    def price(self, at_s: float) -> float:
        step = math.floor(at_s * PER_S)
        index, offset = divmod(step - 1, STEPS)
        prices = self._block(index).prices
        before = prices[offset]
        last = offset == STEPS - 1
        after = self._block(index + 1).prices[0] if last else prices[offset + 1]
        return before + (after - before) * (at_s * PER_S - step)

    def rough_price(self, at_s: float) -> float:
        hour, rest_s = divmod(at_s, HOUR_S)
        return math.exp(self._walk.slots(int(hour))[int(rest_s // SLOT_S)])

    def observed(self, second: int) -> float:
        index, offset = divmod(second - 1, HOUR_S)
        return self._block(index).span.covering[offset] / E18

    def variance(self, at_s: float, ahead_s: float) -> float:
        return self.sigma**2 * self._walk.swings.expected(at_s, ahead_s)

    def _total(self, after_s: int, until_s: int) -> int:
        total = 0
        while after_s < until_s:
            span = self._block(after_s // HOUR_S).span
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
        """The averages begin in the hour before, long enough ago to have forgotten how."""
        settings = self._settings
        news = self._walk.block(index - 1)[-_WARM_STEPS:] + self._walk.block(index)
        market = settings.market.of(news, news[0])
        chainlink = settings.chainlink.of(market, market[0])[_WARM_STEPS:]
        prices = array("d", map(math.exp, market[_WARM_STEPS:]))
        rng = Chance(f"{self._name}:seconds:{index}")
        first_s = index * HOUR_S + 1
        observed = self._observe(rng, first_s, chainlink[PER_S - 1 :: PER_S])
        low, high = settings.delay_ms
        delays = [low + int(rng.random() * (high - low)) for _ in observed]
        return _Block(prices, Span(first_s, observed), delays)

    def _observe(self, rng: Chance, first_s: int, logs: array[float]) -> list[int | None]:
        missing, error = self._settings.missing, self._settings.error * self.sigma
        observed: list[int | None] = []
        for second, log in enumerate(logs, first_s):
            price = math.exp(log + rng.gauss(0.0, error))
            is_skipped = rng.random() < missing and second % _BOUNDARY_S
            observed.append(None if is_skipped else round(price * 1e9) * 10**9)
        return observed


@frozen
class BasisSettings:
    """How an exchange's price differs from Chainlink's."""

    bps: float = 8.0
    """Mean height of the exchange above Chainlink (its dollars are cheaper)."""
    drift_bps: float = 2.0
    """How far the basis wanders to either side within hours."""
    behind_s: tuple[float, float] = (0.0, 0.05)
    """It shows the price this much after the quickest exchange could; drawn once."""
    error_bps: float = field(default=0.08, validator=ge(0.0))
    """Standard deviation of its own error, which is forgotten within seconds."""


BASES: dict[Exchange, BasisSettings] = {
    Exchange.BINANCE: BasisSettings(),
    Exchange.BYBIT: BasisSettings(bps=7.5, behind_s=(0.02, 0.12), error_bps=0.12),
    Exchange.COINBASE: BasisSettings(bps=0.2, drift_bps=0.5, behind_s=(0.05, 0.3), error_bps=0.2),
}
"""Two of them trade against USDT, the third against dollars."""


class ExchangePath:
    """The mid price of one exchange. Like Chainlink's, it is a function of time alone."""

    def __init__(
        self,
        seed: int,
        asset: Asset,
        chainlink: ChainlinkPath,
        settings: BasisSettings,
        venue: str = "",
    ) -> None:
        """`venue` tells exchanges apart; each has a basis, a lag and an error of its own."""
        name = f"{seed}:{asset.value}:basis" + (f":{venue}" if venue else "")
        rng = Chance(name)
        self.lead_s = chainlink.lead_s - rng.uniform(*settings.behind_s)
        """Before Chainlink."""
        self._phases = (rng.uniform(0.0, math.tau), rng.uniform(0.0, math.tau))
        self._level = settings.bps / 10_000
        self._reach = settings.drift_bps / 10_000
        self._error = settings.error_bps / 10_000
        self._knots: dict[int, array[float]] = {}
        self._name = name
        self._chainlink = chainlink

    @property
    def first_ns(self) -> int | None:
        """The first moment with a price; None for a path without a beginning."""
        return self._heard_ns(self._chainlink.first_s)

    @property
    def last_ns(self) -> int | None:
        """The last moment with a price; None for a path without an end."""
        return self._heard_ns(self._chainlink.last_s)

    def mid(self, at_ns: int) -> float:
        """Dollars (of the exchange) at `at_ns`."""
        at_s = at_ns / NS_PER_S
        own = 1.0 + self.basis(at_s) + self._wrong(at_s)
        return self._chainlink.price(at_s + self.lead_s) * own

    def plain(self, at_ns: int) -> float:
        """The same in Chainlink's dollars, as somebody sees it who knows the basis."""
        at_s = at_ns / NS_PER_S
        return self._chainlink.price(at_s + self.lead_s) * (1.0 + self._wrong(at_s))

    def rough_mid(self, at_ns: int) -> float:
        """About `mid`, for the history of yesterday."""
        at_s = at_ns / NS_PER_S
        return self._chainlink.rough_price(at_s + self.lead_s) * (1.0 + self.basis(at_s))

    def basis(self, at_s: float) -> float:
        """The exchange above Chainlink, as a fraction: two slow waves around the mean."""
        slow = math.sin(at_s * _SLOW_WAVE + self._phases[0])
        quick = math.sin(at_s * _QUICK_WAVE + self._phases[1])
        return self._level + self._reach * (0.75 * slow + 0.25 * quick)

    def _wrong(self, at_s: float) -> float:
        """Its own error: drawn every two seconds, in a straight line between."""
        if not self._error:
            return 0.0
        place = at_s / _KNOT_S
        knot = math.floor(place)
        before = self._knot(knot)
        return before + (self._knot(knot + 1) - before) * (place - knot)

    def _knot(self, knot: int) -> float:
        hour, offset = divmod(knot, HOUR_S // _KNOT_S)
        knots = self._knots.get(hour)
        if knots is None:
            while len(self._knots) >= _KEPT_BLOCKS:
                del self._knots[next(iter(self._knots))]
            rng = Chance(f"{self._name}:error:{hour}")
            drawn = [rng.gauss(0.0, self._error) for _ in range(HOUR_S // _KNOT_S)]
            knots = self._knots[hour] = array("d", drawn)
        return knots[offset]

    def _heard_ns(self, second: int | None) -> int | None:
        return None if second is None else int((second - self.lead_s) * NS_PER_S)
