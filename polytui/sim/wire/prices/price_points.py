"""Points of the price streams, shared by the RTDS and PolyBolt simulators.

A point is what both relays say about one second of one symbol; each writes it its own way.
"""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.wire_text import E18, float_e18, millis
from polytui.sim.world.world import World
from polytui.sim.world.world_events import ChainlinkTicked, ExchangeTrade, WorldEvent

SPOT, TWAP, BINANCE = "spot", "twap", "binance"
"""The three series there are."""

TWAP_WINDOW_S = 60
_E8 = 10**8
"""The exchange prints eight decimals."""


@frozen
class Point:
    series: str
    asset: Asset
    stamp_ms: int
    """The whole second it speaks of."""
    sent_ms: int
    value: float
    value_e18: int


class PricePoints:
    """Turns world events into points, once for all sessions, and answers for the last minutes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._last: WorldEvent | None = None
        self._points: tuple[Point, ...] = ()
        self._traded: dict[Asset, tuple[int, float]] = {}

    @property
    def now_ms(self) -> int:
        return millis(self._world.now_ns)

    def of(self, world_event: WorldEvent) -> tuple[Point, ...]:
        if world_event is not self._last:
            self._points = self._read(world_event)
            self._last = world_event
        return self._points

    def history(self, series: str, asset: Asset, seconds: int) -> list[Point]:
        """The points of the last `seconds` that were already sent, oldest first."""
        now_ns = self._world.now_ns
        since_ns = now_ns - now_ns % NS_PER_S - seconds * NS_PER_S
        if series == BINANCE:
            return self._exchange_history(asset, since_ns, seconds)
        ticks = self._world.chainlink_history(asset, since_ns)
        points = [point for tick in ticks for point in _chainlink_points(tick)]
        return [point for point in points if point.series == series]

    def _read(self, world_event: WorldEvent) -> tuple[Point, ...]:
        if isinstance(world_event, ChainlinkTicked):
            return _chainlink_points(world_event)
        if isinstance(world_event, ExchangeTrade) and world_event.venue is Exchange.BINANCE:
            return self._second_of(world_event)
        return ()

    def _second_of(self, trade: ExchangeTrade) -> tuple[Point, ...]:
        """The price at the last whole second, sent when the first trade after it comes."""
        second = trade.at_ns // NS_PER_S
        known = self._traded.get(trade.asset)
        self._traded[trade.asset] = (second, trade.price)
        if known is None or known[0] == second:
            return ()
        return (_exchange_point(trade.asset, second * 1000, millis(trade.at_ns), known[1]),)

    def _exchange_history(self, asset: Asset, since_ns: int, seconds: int) -> list[Point]:
        now_ns = self._world.now_ns
        bars = self._world.candles(asset, 1, since_ns, now_ns - NS_PER_S, seconds)
        return [
            _exchange_point(asset, millis(bar.open_ns) + 1000, millis(now_ns), bar.close)
            for bar in bars
        ]


def _chainlink_points(tick: ChainlinkTicked) -> tuple[Point, ...]:
    stamp, sent = millis(tick.observed_ns), millis(tick.at_ns)
    value = tick.value_e18
    spot = Point(SPOT, tick.asset, stamp, sent, float_e18(value), value)
    if tick.twap_e18 is None:
        return (spot,)
    twap = tick.twap_e18
    return (spot, Point(TWAP, tick.asset, stamp, sent, float_e18(twap), twap))


def _exchange_point(asset: Asset, stamp_ms: int, sent_ms: int, price: float) -> Point:
    units = round(price * _E8)
    return Point(BINANCE, asset, stamp_ms, sent_ms, units / _E8, units * (E18 // _E8))
