"""What an exchange says of the last 24 hours of a market, made of the trades that it printed."""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Asset
from polytui.model.instrument import Exchange as Venue
from polytui.model.units import NS_PER_S
from polytui.sim.world.world import World

_BAR_S = 300
_BAR_NS = _BAR_S * NS_PER_S
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
    """Answers for one exchange, anew every five minutes of the world.

    The history before the world began has to be made, which takes a tenth of a second of each
    market. Whoever asks for the day has it made; a stream that tells of the day on the way makes
    do with what the world itself has traded, until somebody has asked.
    """

    def __init__(self, world: World, venue: Venue) -> None:
        self._world = world
        self._venue = venue
        self._known: dict[tuple[Asset, int], tuple[int, DayFigures]] = {}
        self._asked: set[Asset] = set()

    def of(self, asset: Asset, window_s: int = DAY_S) -> DayFigures:
        """The figures of the last `window_s`, to five minutes."""
        if window_s == DAY_S and asset not in self._asked:
            self._asked.add(asset)
            self._known.pop((asset, DAY_S), None)
        return self._figures(asset, window_s)

    def by_the_way(self, asset: Asset) -> DayFigures:
        """The last 24 hours, as far as they have been made."""
        return self._figures(asset, DAY_S)

    def _figures(self, asset: Asset, window_s: int) -> DayFigures:
        turn = self._world.now_ns // _BAR_NS
        known = self._known.get((asset, window_s))
        if known is None or known[0] != turn:
            known = self._known[asset, window_s] = (turn, self._read(asset, window_s))
        return known[1]

    def _read(self, asset: Asset, window_s: int) -> DayFigures:
        now_ns = self._world.now_ns
        start_ns = now_ns - window_s * NS_PER_S
        if window_s == DAY_S and asset not in self._asked:
            start_ns = max(start_ns, self._world.began_ns - _BAR_NS)
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
