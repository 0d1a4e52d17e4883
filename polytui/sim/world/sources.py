"""What Chainlink's relay and the exchanges send, as processes of the world."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from attrs import evolve, field, frozen
from attrs.validators import ge, gt

from polytui.model.instrument import Asset
from polytui.model.instrument import Exchange as Venue
from polytui.model.units import NS_PER_S
from polytui.sim.world.agenda import NEVER
from polytui.sim.world.beats import on_beat
from polytui.sim.world.candles import Tape
from polytui.sim.world.chance import Chance
from polytui.sim.world.paths import ChainlinkPath, ExchangePath
from polytui.sim.world.world_events import ChainlinkTicked, ExchangeQuote, ExchangeTrade, WorldEvent

_TWAP_S = 60
_DISPLAYED = 10.0
"""What stands at the best prices, on average, in median trades."""
_LEAST_SIZE = 1e-5


class ChainlinkRelay:
    """Publishes each observation of one asset once, with the 60 s average that ends at it."""

    def __init__(
        self, asset: Asset, path: ChainlinkPath, start_ns: int, history_s: int, beat_ns: int = 0
    ) -> None:
        self._beat_ns = beat_ns
        self._asset = asset
        self._path = path
        self._history_s = history_s
        self._published: deque[ChainlinkTicked] = deque()
        first_s = start_ns // NS_PER_S - history_s
        self._second = path.next_observed(max(first_s, path.first_s or first_s))
        while self.next_ns <= start_ns:
            self.fire()

    @property
    def next_ns(self) -> int:
        if self._second is None:
            return NEVER
        return on_beat(self._path.published_ns(self._second), self._beat_ns)

    def fire(self) -> Iterable[WorldEvent]:
        second = self._second
        value_e18 = None if second is None else self._path.value_e18(second)
        if second is None or value_e18 is None:
            return ()
        observed_ns = second * NS_PER_S
        twap_e18 = self._path.twap_e18(observed_ns, _TWAP_S)
        ticked = ChainlinkTicked(self.next_ns, self._asset, observed_ns, value_e18, twap_e18)
        self._remember(ticked)
        self._second = self._path.next_observed(second + 1)
        return (ticked,)

    def history(self, since_ns: int) -> tuple[ChainlinkTicked, ...]:
        """What was published of the observations since `since_ns`, oldest first."""
        return tuple(ticked for ticked in self._published if ticked.observed_ns >= since_ns)

    def _remember(self, ticked: ChainlinkTicked) -> None:
        published = self._published
        published.append(ticked)
        oldest_ns = ticked.observed_ns - self._history_s * NS_PER_S
        while published[0].observed_ns < oldest_ns:
            published.popleft()


@frozen
class ExchangeSettings:
    """How one asset trades on a simulated exchange on a real day, and how much of it is told."""

    price_tick: float = field(validator=gt(0.0))
    size: float = field(validator=gt(0.0))
    """Median of a trade, in coins."""
    trades_per_s: float = field(validator=gt(0.0))
    quotes_per_s: float = field(validator=gt(0.0))
    half_spread_bps: float = field(default=0.0, validator=ge(0.0))
    """Never less than half a tick, which is what recorded books have."""
    size_spread: float = field(default=1.0, validator=ge(0.0))
    """Standard deviation of the logarithm of a size."""

    def as_part(self, part: tuple[float, float]) -> ExchangeSettings:
        """The same on a lesser exchange: its trades and quotes as shares of these."""
        trades, quotes = part
        return evolve(
            self, trades_per_s=self.trades_per_s * trades, quotes_per_s=self.quotes_per_s * quotes
        )

    def thinned(self, thin: float) -> ExchangeSettings:
        """Fewer messages of the same market: as much is traded, in fewer and larger trades. One
        of each a second is left, where there was one: a feed that is alive says something."""
        trades, quotes = _thinned(self.trades_per_s, thin), _thinned(self.quotes_per_s, thin)
        size = self.size * self.trades_per_s / trades
        return evolve(self, trades_per_s=trades, quotes_per_s=quotes, size=size)


def _thinned(rate: float, thin: float) -> float:
    return max(rate * thin, min(rate, 1.0))


THIN = 0.04
"""Share of a real day's messages that a simulated one has unless it is told otherwise."""

BUSY: dict[Asset, ExchangeSettings] = {
    Asset.BTC: ExchangeSettings(0.01, 0.0007, 33.0, 148.0),
    Asset.ETH: ExchangeSettings(0.01, 0.02, 28.0, 114.0),
    Asset.SOL: ExchangeSettings(0.01, 1.0, 12.0, 50.0),
    Asset.XRP: ExchangeSettings(0.0001, 75.0, 12.0, 40.0),
}
"""Binance: BTC and ETH as recorded on 2024-08-09, the others as such days are planned for."""

PARTS: dict[Venue, tuple[float, float]] = {
    Venue.BINANCE: (1.0, 1.0),
    Venue.BYBIT: (0.3, 0.34),
    Venue.COINBASE: (0.15, 0.1),
}
"""Trades and quotes: the lesser ones have a share of the busiest."""


class ExchangeSource:
    """Trades and best quotes of one asset, a Poisson process around the exchange's path."""

    def __init__(
        self,
        name: str,
        asset: Asset,
        path: ExchangePath,
        tape: Tape,
        settings: ExchangeSettings,
        start_ns: int,
        venue: Venue = Venue.BINANCE,
        beat_ns: int = 0,
    ) -> None:
        self._venue = venue
        self._beat_ns = beat_ns
        self._rng = Chance(f"{name}:exchange")
        self._asset = asset
        self._path = path
        self._tape = tape
        self._settings = settings
        self._rate = settings.trades_per_s + settings.quotes_per_s
        self._trades = settings.trades_per_s / self._rate
        self._digits = max(0, round(-math.log10(settings.price_tick)))
        self._log_size = math.log(settings.size)
        self._thinness = 1.0 / (settings.size * _DISPLAYED)
        last_ns = path.last_ns
        self._last_ns = NEVER if last_ns is None else last_ns
        self.next_ns = start_ns
        self._wait()

    def fire(self) -> Iterable[WorldEvent]:
        at_ns = self.next_ns
        settings, rng = self._settings, self._rng
        mid = self._path.mid(at_ns)
        half = max(mid * settings.half_spread_bps * 1e-4, settings.price_tick / 2)
        if self._beat_ns:
            self._wait()
            return (self._trade(at_ns, mid, half), self._quote(at_ns, mid, half))
        is_trade = rng.random() < self._trades
        world_event = self._trade(at_ns, mid, half) if is_trade else self._quote(at_ns, mid, half)
        self._wait()
        return (world_event,)

    def _trade(self, at_ns: int, mid: float, half: float) -> ExchangeTrade:
        is_buyer_maker = self._rng.random() < 0.5
        price = round(mid - half if is_buyer_maker else mid + half, self._digits)
        size = math.exp(self._rng.gauss(self._log_size, self._settings.size_spread))
        size = round(size, 5) or _LEAST_SIZE
        self._tape.note(at_ns, price, size)
        return ExchangeTrade(at_ns, self._asset, price, size, is_buyer_maker, self._venue)

    def _quote(self, at_ns: int, mid: float, half: float) -> ExchangeQuote:
        digits = self._digits
        bid = round(mid - half, digits)
        ask = round(max(mid + half, bid + self._settings.price_tick), digits)
        sizes = (self._displayed(), self._displayed())
        return ExchangeQuote(at_ns, self._asset, bid, sizes[0], ask, sizes[1], self._venue)

    def _displayed(self) -> float:
        return round(self._rng.expovariate(self._thinness), 5) or _LEAST_SIZE

    def _wait(self) -> None:
        if self._beat_ns:
            self.next_ns = on_beat(self.next_ns + 1, self._beat_ns)
        else:
            self.next_ns += int(self._rng.expovariate(self._rate) * NS_PER_S) + 1
        if self.next_ns > self._last_ns:
            self.next_ns = NEVER
