"""What the oracle's relay and the exchanges send, as processes of the world."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from random import Random

from attrs import field, frozen
from attrs.validators import ge, gt

from polytui.model.instrument import Asset
from polytui.model.instrument import Exchange as Venue
from polytui.model.units import NS_PER_S
from polytui.sim.agenda import NEVER
from polytui.sim.candles import Tape
from polytui.sim.happenings import ExchangeQuote, ExchangeTrade, Happening, OracleTicked
from polytui.sim.paths import ExchangePath, OraclePath

_TWAP_S = 60
_DISPLAYED = 10.0
"""What stands at the best prices, on average, in median trades."""
_LEAST_SIZE = 1e-5


class OracleRelay:
    """Publishes each observation of one asset once, with the 60 s average that ends at it."""

    def __init__(self, asset: Asset, path: OraclePath, start_ns: int, history_s: int) -> None:
        self._asset = asset
        self._path = path
        self._history_s = history_s
        self._published: deque[OracleTicked] = deque()
        first_s = start_ns // NS_PER_S - history_s
        self._second = path.next_observed(max(first_s, path.first_s or first_s))
        while self.next_ns <= start_ns:
            self.fire()

    @property
    def next_ns(self) -> int:
        return NEVER if self._second is None else self._path.published_ns(self._second)

    def fire(self) -> Iterable[Happening]:
        second = self._second
        value_e18 = None if second is None else self._path.value_e18(second)
        if second is None or value_e18 is None:
            return ()
        observed_ns = second * NS_PER_S
        twap_e18 = self._path.twap_e18(observed_ns, _TWAP_S)
        ticked = OracleTicked(self.next_ns, self._asset, observed_ns, value_e18, twap_e18)
        self._remember(ticked)
        self._second = self._path.next_observed(second + 1)
        return (ticked,)

    def history(self, since_ns: int) -> tuple[OracleTicked, ...]:
        """What was published of the observations since `since_ns`, oldest first."""
        return tuple(ticked for ticked in self._published if ticked.observed_ns >= since_ns)

    def _remember(self, ticked: OracleTicked) -> None:
        published = self._published
        published.append(ticked)
        oldest_ns = ticked.observed_ns - self._history_s * NS_PER_S
        while published[0].observed_ns < oldest_ns:
            published.popleft()


@frozen
class ExchangeSettings:
    """How one asset trades on the simulated exchange."""

    price_tick: float = field(validator=gt(0.0))
    size: float = field(validator=gt(0.0))
    """Median of a trade, in coins."""
    trades_per_s: float = field(default=3.0, validator=gt(0.0))
    quotes_per_s: float = field(default=5.0, validator=gt(0.0))
    half_spread_bps: float = field(default=0.05, validator=ge(0.0))
    noise_bps: float = field(default=0.15, validator=ge(0.0))
    """Standard deviation of what moves the mid besides the path."""
    size_spread: float = field(default=1.0, validator=ge(0.0))
    """Standard deviation of the logarithm of a size."""


BUSY: dict[Asset, ExchangeSettings] = {
    Asset.BTC: ExchangeSettings(0.01, 0.008),
    Asset.ETH: ExchangeSettings(0.01, 0.2),
    Asset.SOL: ExchangeSettings(0.01, 4.0),
    Asset.XRP: ExchangeSettings(0.0001, 300.0),
}

RATES: dict[Venue, tuple[float, float]] = {
    Venue.BINANCE: (3.0, 5.0),
    Venue.BYBIT: (1.0, 3.0),
    Venue.COINBASE: (1.2, 1.2),
}
"""Trades and quotes a second: the lesser ones have a share of the busiest."""


class Exchange:
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
    ) -> None:
        self._venue = venue
        self._rng = Random(f"{name}:exchange")
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

    def fire(self) -> Iterable[Happening]:
        at_ns = self.next_ns
        settings, rng = self._settings, self._rng
        mid = self._path.mid(at_ns) * (1.0 + rng.gauss(0.0, settings.noise_bps * 1e-4))
        half = max(mid * settings.half_spread_bps * 1e-4, settings.price_tick / 2)
        is_trade = rng.random() < self._trades
        happening = self._trade(at_ns, mid, half) if is_trade else self._quote(at_ns, mid, half)
        self._wait()
        return (happening,)

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
        self.next_ns += int(self._rng.expovariate(self._rate) * NS_PER_S) + 1
        if self.next_ns > self._last_ns:
            self.next_ns = NEVER
