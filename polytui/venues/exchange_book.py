"""An exchange's order book: absolute sizes by price, bests, and depth.

Prices are kept sorted in lists, bids and asks both rising, so that the best bid is the last bid
and the best ask the first ask; a level is found by bisection.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

Level = tuple[float, float]
"""(price, size) in the exchange's units."""


class ExchangeBook:
    """State: two sorted sides. `most` levels a side are kept; 0 keeps all."""

    __slots__ = ("_asks", "_bids", "_most", "_sizes")

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._bids: list[float] = []
        self._asks: list[float] = []
        self._sizes: dict[bool, dict[float, float]] = {True: {}, False: {}}

    def replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """A snapshot: everything before it is void."""
        self._sizes = {
            True: {price: size for price, size in bids if size},
            False: {price: size for price, size in asks if size},
        }
        self._bids, self._asks = sorted(self._sizes[True]), sorted(self._sizes[False])
        self._trim()

    def change(self, is_bid: bool, levels: Iterable[Level]) -> None:
        """New absolute sizes; 0 removes a level, and removing what is not there is no fault."""
        sizes, prices = self._sizes[is_bid], self._bids if is_bid else self._asks
        for price, size in levels:
            if size:
                if price not in sizes:
                    insort(prices, price)
                sizes[price] = size
            elif sizes.pop(price, None) is not None:
                del prices[bisect_left(prices, price)]

    def settle(self) -> None:
        """After the changes of one message: levels beyond the kept depth are dropped."""
        if self._most:
            self._trim()

    def clear(self) -> None:
        self.replace((), ())

    def _trim(self) -> None:
        if not self._most:
            return
        for price in self._bids[: -self._most]:
            del self._sizes[True][price]
        del self._bids[: -self._most]
        for price in self._asks[self._most :]:
            del self._sizes[False][price]
        del self._asks[self._most :]

    @property
    def is_crossed(self) -> bool:
        return bool(self._bids and self._asks) and self._bids[-1] >= self._asks[0]

    @property
    def is_two_sided(self) -> bool:
        return bool(self._bids and self._asks)

    @property
    def best_bid(self) -> Level:
        """IndexError for an empty side, as for `best_ask`."""
        return self._bids[-1], self._sizes[True][self._bids[-1]]

    @property
    def best_ask(self) -> Level:
        return self._asks[0], self._sizes[False][self._asks[0]]

    def depth(self, levels: int) -> tuple[float, float]:
        """Sizes of the best `levels` bids and asks, summed."""
        bids, asks = self._sizes[True], self._sizes[False]
        return (
            sum([bids[price] for price in self._bids[-levels:]]),
            sum([asks[price] for price in self._asks[:levels]]),
        )
