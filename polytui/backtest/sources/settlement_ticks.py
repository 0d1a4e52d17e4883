"""Points of Chainlink, the price that settles rounds, as they were heard.

`feed_ts_ms` (the second that a point speaks of), `recv_ms`, and `value` in dollars or
`full_accuracy_value` in 10^-18 dollars. `server_ts_ms` (when the relay sent it), `window_s` (of an
average; 0 and empty are the spot value) and `symbol` are optional: without a symbol the file's name
says whose price it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from attrs import define, field, frozen

from polytui.backtest.moments import Moment
from polytui.backtest.sources import cells
from polytui.backtest.sources.book_file import CUT_OFF, REPEATED
from polytui.backtest.sources.in_order import Disorder, in_order
from polytui.backtest.sources.median import Median
from polytui.backtest.sources.recording import (
    PricePath,
    PriceSeries,
    PriceSpan,
    Survey,
    Wanted,
    Windows,
)
from polytui.backtest.sources.sorted_parts import TimedRow
from polytui.backtest.sources.tables import TornTable, bad_row, rows_of
from polytui.model.events import ChainlinkPriced
from polytui.model.instrument import Asset, PriceKind
from polytui.model.units import NS_PER_S

OTHER_COINS = "prices of other coins"
NAMELESS = "whose price is it? Name the coin in a column `symbol`"
RELAY = "rtds"
"""Whose word it is to a desk: the relay that everybody has."""
_BOUNDARY_NS = 300 * NS_PER_S
"""Every round opens and closes at a multiple of five minutes."""
_NAMES = ("recv_ms", "feed_ts_ms", "server_ts_ms", "value", "full_accuracy_value", "window_s")
_E18 = 1e18


@define
class _TickLine:
    rows: int = 0
    first_ns: int = 1 << 63
    last_ns: int = 0
    boundaries: dict[tuple[int, int], float] = field(factory=dict)


@frozen
class _SettlementTick:
    asset: Asset
    received_ns: int
    observed_ns: int
    venue_ns: int
    value: float
    window_s: int


class SettlementTickFile:
    """The file, and whose price it is where its rows do not say. State: how far its rows are out of
    order, once they were looked at."""

    COLUMNS = ("feed_ts_ms", "recv_ms")
    CHUNK: ClassVar[int] = 50_000
    """Rows of it that are in memory at once."""
    ONE_OF = ("value", "full_accuracy_value")
    words = "settlement prices"
    rank = 2

    def __init__(self, path: Path) -> None:
        self.path = path
        self._asset = cells.asset_in(path.name)
        self._received: Disorder | None = None
        self._observed: Disorder | None = None

    def survey(self) -> Survey:
        lines, lag, counted, rows = dict[Asset, _TickLine](), Median(), Counter[str](), 0
        received, observed = Disorder(), Disorder()
        try:
            for number, tick in self._ticks(counted):
                rows += 1
                lag.take(tick.received_ns - tick.venue_ns, number)
                received.take(tick.received_ns)
                observed.take(tick.observed_ns)
                line = lines.setdefault(tick.asset, _TickLine())
                line.rows += 1
                line.first_ns = min(line.first_ns, tick.received_ns)
                line.last_ns = max(line.last_ns, tick.received_ns)
                if tick.observed_ns % _BOUNDARY_NS == 0:
                    line.boundaries.setdefault((tick.window_s, tick.observed_ns), tick.value)
        except TornTable:
            counted[CUT_OFF] += 1
        self._received, self._observed = received, observed
        spans = tuple(
            PriceSpan(
                PriceSeries.SETTLEMENT, asset, one.rows, one.first_ns, one.last_ns, one.boundaries
            )
            for asset, one in lines.items()
        )
        return Survey((), spans, rows, lag.value, lag.where, dict(counted))

    def heard(self, wanted: Wanted, counted: Counter[str]) -> Iterator[Moment]:
        before: TimedRow = ()
        for row in in_order(self._timed(wanted), self.CHUNK, self._received, counted):
            if row[2:] == before[2:]:
                counted[REPEATED] += 1
                continue
            before = row
            received_ns, _, observed_ns, name, venue_ns, value, window_s = row
            asset, kind = Asset(name), PriceKind.TWAP if window_s else PriceKind.SPOT
            event = ChainlinkPriced(
                asset, RELAY, kind, value, window_s, observed_ns, venue_ns, received_ns
            )
            yield Moment(received_ns, asset, (event,))

    def price_path(self, asset: Asset, windows: Windows) -> PricePath:
        """Its points, each at the second that it speaks of."""
        before_ns = 0
        points = in_order(self._points(asset, windows), self.CHUNK, self._observed)
        for observed_ns, _, value in points:
            if observed_ns != before_ns:
                yield observed_ns, value
            before_ns = observed_ns

    def _points(self, asset: Asset, windows: Windows) -> Iterator[TimedRow]:
        try:
            for number, tick in self._ticks(Counter()):
                is_spot = tick.asset is asset and not tick.window_s
                if is_spot and windows.has(tick.observed_ns):
                    yield tick.observed_ns, number, tick.value
        except TornTable:
            return  # the survey has counted it

    def _timed(self, wanted: Wanted) -> Iterator[TimedRow]:
        windows = {
            asset: one
            for (series, asset), one in wanted.prices.items()
            if series is PriceSeries.SETTLEMENT
        }
        try:
            for number, tick in self._ticks(Counter()):
                window = windows.get(tick.asset)
                if window is not None and window.has(tick.received_ns):
                    yield (
                        tick.received_ns,
                        number,
                        tick.observed_ns,
                        tick.asset.value,
                        tick.venue_ns,
                        tick.value,
                        tick.window_s,
                    )
        except TornTable:
            return  # the survey has counted it

    def _ticks(self, counted: Counter[str]) -> Iterator[tuple[int, _SettlementTick]]:
        for number, symbol, *row in rows_of(self.path, ("symbol", *_NAMES)):
            asset = self._asset if symbol is None else cells.asset_in(str(symbol))
            if asset is None:
                if symbol is None:
                    raise bad_row(self.path, number, NAMELESS)
                counted[OTHER_COINS] += 1
                continue
            try:
                yield number, _tick(asset, row)
            except ValueError as fault:
                raise bad_row(self.path, number, fault) from None


def _tick(asset: Asset, row: list[Any]) -> _SettlementTick:
    received, observed, sent, value, exact, window = row
    observed_ns = cells.time_ns("feed_ts_ms", observed)
    price = (
        cells.dollars("value", value)
        if exact is None
        else cells.dollars("full_accuracy_value", exact) / _E18
    )
    return _SettlementTick(
        asset,
        cells.time_ns("recv_ms", received),
        observed_ns,
        observed_ns if sent is None else cells.time_ns("server_ts_ms", sent),
        price,
        0 if window is None else int(window),
    )
