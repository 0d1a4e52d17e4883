"""The book behind an exchange's best quote, as a function of the quote.

The bests stand as they are quoted; behind them a grid of round prices, whose sizes hang on the
price alone, so that a moving quote changes a few levels and not all. Nothing is drawn and nothing
is kept: who does not ask pays nothing, and the world is the same whoever asks.
"""

from __future__ import annotations

import math

from attrs import frozen

from polytui.sim.world.world_events import ExchangeQuote

_GRID_BPS = 0.5
_FEWEST = 1_000
"""Grid levels of a side at least."""
_BLOCK = 500
"""The far end moves by so many levels at once, and seldom."""
_PLACES = 8

LadderSide = dict[float, float]
"""Size in coins by price in dollars, best first."""


@frozen
class Ladder:
    """What one market's grid is like; of its first quote, and the same ever after."""

    grid: float
    """Dollars between two levels."""
    usual: float
    """The order of magnitude of sizes, in coins."""

    @classmethod
    def behind(cls, quote: ExchangeQuote, tick: float) -> Ladder:
        """Round prices about half a basis point apart, and no closer than the market's tick."""
        grid = 10.0 ** math.floor(math.log10(quote.bid * _GRID_BPS * 1e-4))
        usual = 10.0 ** round(math.log10(max(quote.bid_size, 1e-4)))
        return cls(max(grid, tick), usual)

    def bids(self, quote: ExchangeQuote, levels: int | None = None) -> LadderSide:
        """The best `levels` of them; all without a number."""
        return self._side(quote.bid, quote.bid_size, self._below(quote.bid), levels)

    def asks(self, quote: ExchangeQuote, levels: int | None = None) -> LadderSide:
        return self._side(quote.ask, quote.ask_size, self._above(quote.ask), levels)

    def changes(
        self, old: ExchangeQuote, new: ExchangeQuote, levels: int | None = None
    ) -> tuple[LadderSide, LadderSide]:
        """What of the best `levels` of bids and asks is another size now; 0 for what is gone from
        among them."""
        bids = self._changed(
            (old.bid, old.bid_size, _best_of(self._below(old.bid), levels)),
            (new.bid, new.bid_size, _best_of(self._below(new.bid), levels)),
        )
        asks = self._changed(
            (old.ask, old.ask_size, _best_of(self._above(old.ask), levels)),
            (new.ask, new.ask_size, _best_of(self._above(new.ask), levels)),
        )
        return bids, asks

    def bid_size(self, quote: ExchangeQuote, price: float) -> float:
        """What stands at a price; 0 where there is no bid."""
        if price == quote.bid:
            return quote.bid_size
        return self._at(price, self._below(quote.bid))

    def ask_size(self, quote: ExchangeQuote, price: float) -> float:
        if price == quote.ask:
            return quote.ask_size
        return self._at(price, self._above(quote.ask))

    def _below(self, best: float) -> range:
        """The grid's indices behind a best bid, best first."""
        first = math.ceil(round(best / self.grid, 6)) - 1
        last = max(1, first // _BLOCK * _BLOCK - _FEWEST)
        return range(first, last - 1, -1)

    def _above(self, best: float) -> range:
        first = math.floor(round(best / self.grid, 6)) + 1
        return range(first, -(-first // _BLOCK) * _BLOCK + _FEWEST + 1)

    def _side(self, best: float, size: float, behind: range, levels: int | None) -> LadderSide:
        seen = _best_of(behind, levels)
        return {best: size} | {self._price(at): self._size(at) for at in seen}

    def _changed(
        self, old: tuple[float, float, range], new: tuple[float, float, range]
    ) -> LadderSide:
        (old_best, old_size, old_range), (best, size, behind) = old, new
        changed: LadderSide = {}
        if (old_best, old_size) != (best, size):
            changed[best] = size
        if old_best != best:
            changed[old_best] = self._at(old_best, behind)
        for at in set(old_range) ^ set(behind):
            price = self._price(at)
            if price not in (best, old_best):
                changed[price] = self._size(at) if at in behind else 0.0
        return changed

    def _at(self, price: float, behind: range) -> float:
        """The size that stands at a price of the grid; 0 where there is no level."""
        at = round(price / self.grid)
        return self._size(at) if at in behind and self._price(at) == price else 0.0

    def _price(self, at: int) -> float:
        return round(at * self.grid, _PLACES)

    def _size(self, at: int) -> float:
        """Between 0.2 and 3.2 of a usual size, the same whenever it is asked."""
        return round(self.usual * (0.2 + (at * 2_654_435_761 % 997) / 332.0), 5)


def _best_of(behind: range, levels: int | None) -> range:
    """What is among the best `levels`, of which the quote itself is the first."""
    return behind if levels is None else behind[: levels - 1]
