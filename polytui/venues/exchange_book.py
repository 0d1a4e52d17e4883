"""An exchange's order book: absolute sizes by price, bests, and depth.

Prices are kept sorted in lists, bids and asks both rising, so that the best bid is the last bid
and the best ask the first ask; a level is found by bisection.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

Level = tuple[float, float]
"""(price, size) in the exchange's units."""


class _BookSide:
    """State: prices, rising, and beside each its size."""

    __slots__ = ("prices", "sizes")

    def __init__(self, levels: Iterable[Level] = ()) -> None:
        """Of a price that is told twice the last size holds."""
        told = {price: size for price, size in levels if size}
        self.prices = sorted(told)
        self.sizes = [told[price] for price in self.prices]

    def change(self, levels: Iterable[Level]) -> None:
        prices, sizes = self.prices, self.sizes
        for price, size in levels:
            at = bisect_left(prices, price)
            if at < len(prices) and prices[at] == price:
                if size:
                    sizes[at] = size
                else:
                    del prices[at], sizes[at]
            elif size:
                prices.insert(at, price)
                sizes.insert(at, size)


class ExchangeBook:
    """State: two sides. `most` levels of each are kept; 0 keeps all."""

    __slots__ = ("_asks", "_bids", "_most")

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._bids = _BookSide()
        self._asks = _BookSide()

    def replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """A snapshot: everything before it is void."""
        self._bids, self._asks = _BookSide(bids), _BookSide(asks)
        self.settle()

    def change(self, is_bid: bool, levels: Iterable[Level]) -> None:
        """New absolute sizes; 0 removes a level, and removing what is not there is no fault."""
        (self._bids if is_bid else self._asks).change(levels)

    def settle(self) -> None:
        """After the changes of one message: levels beyond the kept depth are dropped."""
        most, bids, asks = self._most, self._bids, self._asks
        if most and len(bids.prices) > most:
            del bids.prices[:-most], bids.sizes[:-most]
        if most and len(asks.prices) > most:
            del asks.prices[most:], asks.sizes[most:]

    def clear(self) -> None:
        self.replace((), ())

    @property
    def is_crossed(self) -> bool:
        bids, asks = self._bids.prices, self._asks.prices
        return bool(bids and asks) and bids[-1] >= asks[0]

    @property
    def is_two_sided(self) -> bool:
        return bool(self._bids.prices and self._asks.prices)

    @property
    def bests(self) -> tuple[Level, Level] | None:
        """Best bid and best ask; None where a side is empty."""
        bids, asks = self._bids, self._asks
        if not (bids.prices and asks.prices):
            return None
        return (bids.prices[-1], bids.sizes[-1]), (asks.prices[0], asks.sizes[0])

    @property
    def best_bid(self) -> Level:
        """IndexError for an empty side, as for `best_ask`."""
        return self._bids.prices[-1], self._bids.sizes[-1]

    @property
    def best_ask(self) -> Level:
        return self._asks.prices[0], self._asks.sizes[0]

    def depth(self, levels: int) -> tuple[float, float]:
        """Sizes of the best `levels` bids and asks, summed."""
        return sum(self._bids.sizes[-levels:]), sum(self._asks.sizes[:levels])
