"""What an exchange says of the last 24 hours of a market, made of the trades that it printed."""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Asset
from polytui.model.instrument import Exchange as Venue
from polytui.model.units import NS_PER_S
from polytui.sim.world.world import World

_BAR_S = 300
_MINUTE_NS = 60 * NS_PER_S
DAY_S = 86_400


@frozen
class DayFigures:
    """Prices in dollars, volume in coins, turnover in dollars."""

    since_ns: int
    open: float
    high: float
    low: float
    last: float
    volume: float
    turnover: float
    trades: int

    @property
    def change(self) -> float:
        """Dollars from the first price to the last."""
        return self.last - self.open

    @property
    def change_part(self) -> float:
        return self.change / self.open if self.open else 0.0

    @property
    def average(self) -> float:
        """Dollars a coin, weighted by volume."""
        return self.turnover / self.volume if self.volume else self.last


NOTHING = DayFigures(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
"""Of a market that has not traded."""


class DayFiguresOf:
    """Answers for one exchange, anew each world minute and whenever the last price is another."""

    def __init__(self, world: World, venue: Venue) -> None:
        self._world = world
        self._venue = venue
        self._known: dict[tuple[Asset, int], tuple[int, DayFigures]] = {}

    def of(self, asset: Asset, window_s: int = DAY_S) -> DayFigures:
        """The figures of the last `window_s`, to five minutes."""
        minute = self._world.now_ns // _MINUTE_NS
        known = self._known.get((asset, window_s))
        if known is None or known[0] != minute:
            known = (minute, self._read(asset, window_s))
            self._known[asset, window_s] = known
        return known[1]

    def _read(self, asset: Asset, window_s: int) -> DayFigures:
        now_ns = self._world.now_ns
        start_ns = now_ns - window_s * NS_PER_S
        bars = self._world.candles(
            asset, _BAR_S, start_ns, now_ns, window_s // _BAR_S + 1, venue=self._venue
        )
        if not bars:
            return NOTHING
        return DayFigures(
            since_ns=bars[0].open_ns,
            open=bars[0].open,
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            last=bars[-1].close,
            volume=sum(bar.volume for bar in bars),
            turnover=sum(bar.volume * (bar.open + bar.close) / 2 for bar in bars),
            trades=sum(bar.trades for bar in bars),
        )
