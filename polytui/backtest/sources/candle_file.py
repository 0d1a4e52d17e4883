"""Candles of an exchange, of a minute at most.

`open_time, open, high, low, close`; `volume`, `trades` and `symbol` are optional: without a symbol
the file's name says whose price it is. A candle is heard when it is over.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from math import gcd
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar

from attrs import define, field

from polytui.backtest.moments import Moment
from polytui.backtest.sources import cells
from polytui.backtest.sources.book_file import CUT_OFF, REPEATED
from polytui.backtest.sources.in_order import Disorder, in_order
from polytui.backtest.sources.minute_path import minute_path
from polytui.backtest.sources.recording import (
    PricePath,
    PriceSeries,
    PriceSpan,
    Survey,
    Wanted,
    Windows,
)
from polytui.backtest.sources.settlement_ticks import NAMELESS, OTHER_COINS, RELAY
from polytui.backtest.sources.sorted_parts import TimedRow
from polytui.backtest.sources.tables import TornTable, bad_row, rows_of
from polytui.model.candle import Candle
from polytui.model.errors import Fatal
from polytui.model.events import (
    EXCHANGE_FEED,
    CandlesLoaded,
    ChainlinkPriced,
    ExchangeQuoted,
)
from polytui.model.instrument import Asset, PriceKind
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_MS, NS_PER_S

LONGEST_S = 60
_LATE_NS = 1_200 * NS_PER_MS
"""From its second to us, as the real feed is at its median: a stand-in is no quicker."""
_FIGURES = ("open", "high", "low", "close", "volume", "trades")
_MINUTE_NS = LONGEST_S * NS_PER_S
_BOUNDARY_NS = 300 * NS_PER_S
_QUOTED_NS = 100 * NS_PER_MS
"""An exchange's quote is so old when it is heard."""
_SPREAD = 1e-6
_OFFERED = 1.0


@define
class _CandleLine:
    """One coin's rows of a file."""

    rows: int = 0
    first_ns: int = 1 << 63
    last_ns: int = 0
    last_open_ns: int = 0
    shortest_ns: int = 1 << 63
    """Step from a row to the next,"""
    common_ns: int = 0
    """and what all steps are whole numbers of, which is the same in whatever order they stand."""
    disorder: Disorder = field(factory=Disorder)
    closes: dict[int, tuple[int, float]] = field(factory=dict)
    """By the moment at which rounds may open and close: of the last candle that opens in the minute
    before, when it does and its close."""

    def take(self, opens_ns: int) -> None:
        self.disorder.take(opens_ns)
        self.rows += 1
        self.first_ns = min(self.first_ns, opens_ns)
        self.last_ns = max(self.last_ns, opens_ns)
        step_ns = abs(opens_ns - self.last_open_ns)
        if step_ns and self.last_open_ns:
            self.shortest_ns = min(self.shortest_ns, step_ns)
            self.common_ns = gcd(self.common_ns, step_ns)
        self.last_open_ns = opens_ns

    @property
    def length_ns(self) -> int:
        """From one candle to the next: of rows in order the shortest step."""
        return self.common_ns if self.disorder.most_ns else self.shortest_ns

    def closed(self, opens_ns: int, boundary_ns: int, close: float) -> None:
        """A candle of that minute. Of two of one time the later row counts."""
        known_ns, _ = self.closes.get(boundary_ns, (0, 0.0))
        if opens_ns >= known_ns:
            self.closes[boundary_ns] = opens_ns, close


class CandleFile:
    """State: the length of its candles, and how far each coin's are out of order, once it was
    looked at."""

    COLUMNS = ("open_time", "open", "high", "low", "close")
    CHUNK: ClassVar[int] = 50_000
    """Rows of it that are in memory at once."""
    words = "candles"
    rank = 1

    def __init__(self, path: Path) -> None:
        self.path = path
        self._asset = cells.asset_in(path.name)
        self._length_ns = 0
        self._disorders: dict[Asset, Disorder] = {}

    def survey(self) -> Survey:
        lines, counted, rows = dict[Asset, _CandleLine](), Counter[str](), 0
        try:
            for number, asset, opens_ns, (close,) in self._rows(("close",), counted):
                rows += 1
                line = lines.setdefault(asset, _CandleLine())
                line.take(opens_ns)
                left_ns = _BOUNDARY_NS - opens_ns % _BOUNDARY_NS
                if left_ns <= _MINUTE_NS:
                    line.closed(opens_ns, opens_ns + left_ns, self._price(number, close))
        except TornTable:
            counted[CUT_OFF] += 1
        self._length_ns = self._length_of(lines)
        self._disorders = {asset: line.disorder for asset, line in lines.items()}
        spans = tuple(
            PriceSpan(
                PriceSeries.CANDLES,
                asset,
                one.rows,
                one.first_ns,
                one.last_ns + self._length_ns,
                self._boundaries(one),
            )
            for asset, one in lines.items()
        )
        return Survey((), spans, rows, counted=dict(counted))

    def _price(self, number: int, close: Any) -> float:
        try:
            return cells.dollars("close", close)
        except ValueError as fault:
            raise bad_row(self.path, number, fault) from None

    def _boundaries(self, line: _CandleLine) -> dict[tuple[int, int], float]:
        """What the price was when a round opened: the close of the candle before."""
        return {
            (0, boundary_ns): close
            for boundary_ns, (opens_ns, close) in line.closes.items()
            if opens_ns + self._length_ns == boundary_ns
        }

    def _length_of(self, lines: dict[Asset, _CandleLine]) -> int:
        """The shortest of all coins."""
        length_ns = min((one.length_ns for one in lines.values()), default=LONGEST_S * NS_PER_S)
        if length_ns > LONGEST_S * NS_PER_S:
            raise Fatal(
                f"{plain(self.path)} has no two candles a minute apart: what happens in a round is"
                f" not seen in longer ones"
            )
        return length_ns

    def heard(self, wanted: Wanted, counted: Counter[str]) -> Iterator[Moment]:
        assets = {asset for _, asset in wanted.prices}
        stood_in = {} if wanted.is_modelled else wanted.prices
        streams = [
            self._of(
                asset,
                wanted.prices.get((PriceSeries.CANDLES, asset), Windows(())),
                stood_in.get((PriceSeries.SETTLEMENT, asset), Windows(())),
                counted,
            )
            for asset in sorted(assets)
        ]
        if wanted.is_modelled and not wanted.is_stepped:
            streams += self._modelled(wanted)
        yield from heapq.merge(*streams, key=attrgetter("at_ns"))

    def _of(
        self, asset: Asset, told: Windows, stood_in: Windows, counted: Counter[str]
    ) -> Iterator[Moment]:
        """Candles as history, and each second the close of the last one in the settlement price's
        place, until the next is over."""
        windows = Windows.of((*told.parts, *((a - _MINUTE_NS, b) for a, b in stood_in.parts)))
        for over_ns, _, *figures in self._each_once(asset, windows, counted):
            if told.has(over_ns):
                candle = Candle(over_ns - self._length_ns, *figures)
                length_s = self._length_ns // NS_PER_S
                heard_ns = over_ns + _LATE_NS
                event = CandlesLoaded(asset, EXCHANGE_FEED, length_s, (candle,), heard_ns)
                yield Moment(heard_ns, asset, (event,))
            for second_ns in range(over_ns, over_ns + self._length_ns, NS_PER_S):
                if stood_in.has(second_ns):
                    yield _stand_in(asset, figures[3], second_ns)

    def _modelled(self, wanted: Wanted) -> list[Iterator[Moment]]:
        return [
            _as_heard(asset, self.price_path(asset, windows))
            for (series, asset), windows in wanted.prices.items()
            if series is PriceSeries.SETTLEMENT
        ]

    def price_path(self, asset: Asset, windows: Windows) -> PricePath:
        """Within each candle a model; its ends are what was recorded."""
        seconds = self._length_ns // NS_PER_S
        wider = Windows.of([(a, b + self._length_ns) for a, b in windows.parts])
        before_ns, before = 0, 0.0
        for over_ns, _, first, high, low, close, *_ in self._each_once(asset, wider, Counter()):
            opens_ns = over_ns - self._length_ns
            if before_ns == opens_ns:
                first = before  # one moment has one price
            before_ns, before = over_ns, close
            prices = (first, max(high, first), min(low, first), close)
            for second_ns, price in minute_path(asset.value, opens_ns, seconds, prices):
                if windows.has(second_ns):
                    yield second_ns, price

    def _each_once(
        self, asset: Asset, windows: Windows, counted: Counter[str]
    ) -> Iterator[TimedRow]:
        """In order. One that is there again counts once; nobody can say which of two is right that
        differ."""
        before: TimedRow = (0, 0)
        disorder = self._disorders.get(asset)
        for row in in_order(self._timed(asset, windows), self.CHUNK, disorder, counted):
            if row[0] != before[0]:
                before = row
                yield row
            elif row[2:] == before[2:]:
                counted[REPEATED] += 1
            else:
                raise bad_row(
                    self.path,
                    row[1],
                    f"another candle of {asset.value} than row {before[1]} has of the same time",
                )

    def _timed(self, asset: Asset, windows: Windows) -> Iterator[TimedRow]:
        try:
            for number, _, opens_ns, cell in self._rows(_FIGURES, Counter(), asset):
                over_ns = opens_ns + self._length_ns
                if windows.has(over_ns):
                    try:
                        yield (over_ns, number, *_figures(cell))
                    except ValueError as fault:
                        raise bad_row(self.path, number, fault) from None
        except TornTable:
            return  # the survey has counted it

    def _rows(
        self, names: tuple[str, ...], counted: Counter[str], only: Asset | None = None
    ) -> Iterator[tuple[int, Asset, int, list[Any]]]:
        """The number of each row, its coin, when it opens, and the cells of these names. `only`: of
        one coin; the rest has been looked at already."""
        coins: dict[str | None, Asset | None] = {None: self._asset}
        for number, symbol, opened, *cell in rows_of(self.path, ("symbol", "open_time", *names)):
            if symbol not in coins:
                coins[symbol] = cells.asset_in(str(symbol))
            asset = coins[symbol]
            if asset is None and symbol is None:
                raise bad_row(self.path, number, NAMELESS)
            if asset is None:
                counted[OTHER_COINS] += 1
                continue
            if only not in (None, asset):
                continue
            try:
                yield number, asset, cells.time_ns("open_time", opened), cell
            except ValueError as fault:
                raise bad_row(self.path, number, fault) from None


def _figures(cell: list[Any]) -> tuple[float, float, float, float, float, int]:
    *prices, volume, trades = cell
    first, high, low, close = (
        cells.dollars(name, one) for name, one in zip(_FIGURES[:4], prices, strict=True)
    )
    if not low <= min(first, close) <= max(first, close) <= high:
        raise ValueError(f"its prices are not between its low {low:g} and its high {high:g}")
    sold = 0.0 if volume is None else float(volume)
    return first, high, low, close, sold, 0 if trades is None else int(trades)


def _stand_in(asset: Asset, close: float, second_ns: int) -> Moment:
    heard_ns = second_ns + _LATE_NS
    return Moment(heard_ns, asset, (_settlement(asset, close, second_ns, heard_ns),))


def _settlement(asset: Asset, price: float, second_ns: int, heard_ns: int) -> ChainlinkPriced:
    return ChainlinkPriced(asset, RELAY, PriceKind.SPOT, price, 0, second_ns, second_ns, heard_ns)


def heard_at_once(
    asset: Asset, price: float, second_ns: int, heard_ns: int
) -> tuple[ExchangeQuoted, ChainlinkPriced]:
    """What an exchange and the settlement feed say of a second, both heard at `heard_ns`."""
    quote = _quote(asset, price, second_ns, heard_ns)
    return quote, _settlement(asset, price, second_ns, heard_ns)


def _quote(asset: Asset, price: float, second_ns: int, heard_ns: int) -> ExchangeQuoted:
    half = price * _SPREAD / 2.0
    return ExchangeQuoted(
        asset, EXCHANGE_FEED, price - half, _OFFERED, price + half, _OFFERED, second_ns, heard_ns
    )


def _as_heard(asset: Asset, path: PricePath) -> Iterator[Moment]:
    """A path as it would have been heard: the exchange at once, the settlement price a second
    later. Each candle's last second is told before the next one's first."""
    late: Moment | None = None
    for second_ns, price in path:
        quoted_ns = second_ns + _QUOTED_NS
        if late is not None and late.at_ns <= quoted_ns:
            yield late
            late = None
        yield Moment(quoted_ns, asset, (_quote(asset, price, second_ns, quoted_ns),))
        if late is not None:
            yield late
        late = _stand_in(asset, price, second_ns)
    if late is not None:
        yield late
