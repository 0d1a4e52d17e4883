"""One market of an exchange: its last quote, and the book that stands behind it."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from attrs import define, field

from polytui.model.instrument import Asset
from polytui.sim.world.ladder import Ladder, LadderSide
from polytui.sim.world.sources import BUSY
from polytui.sim.world.world_events import ExchangeQuote

TICKS = {asset: BUSY[asset].price_tick for asset in Asset}
"""Dollars; what the exchanges list as the step of prices."""
_KEPT_QUOTES = 512
"""More than the busiest market has in a second."""
LOT = 1e-5
"""Coins; the step of sizes."""


@define
class QuotedBook:
    """State: the last quotes, and how often it was quoted."""

    asset: Asset
    update: int = 0
    quote: ExchangeQuote | None = None
    before: ExchangeQuote | None = None
    ladder: Ladder | None = None
    recent: deque[ExchangeQuote] = field(factory=lambda: deque(maxlen=_KEPT_QUOTES))

    def note(self, quote: ExchangeQuote) -> None:
        self.update += 1
        self.before, self.quote = self.quote, quote
        self.recent.append(quote)
        if self.ladder is None:
            self.ladder = Ladder.behind(quote, TICKS[self.asset])

    def sides(self, levels: int | None = None) -> tuple[LadderSide, LadderSide]:
        """Bids and asks, best first; both empty before the first quote."""
        return self.sides_of(self.quote, levels)

    def sides_of(
        self, quote: ExchangeQuote | None, levels: int | None = None
    ) -> tuple[LadderSide, LadderSide]:
        if quote is None or self.ladder is None:
            return {}, {}
        return self.ladder.bids(quote, levels), self.ladder.asks(quote, levels)

    def since(
        self, old: ExchangeQuote | None, levels: int | None = None
    ) -> tuple[LadderSide, LadderSide]:
        """What of the book (or of its best levels) has changed since an older quote; 0: gone."""
        if old is None or self.quote is None or self.ladder is None:
            return self.sides(levels)
        return self.ladder.changes(old, self.quote, levels)

    def touched_since(self, update: int) -> tuple[LadderSide, LadderSide]:
        """Every level that any quote after the one of that number has touched, and what stands
        there now; 0: nothing. So whoever has read the book at any moment in between has what
        stands there now as well."""
        quote, ladder = self.quote, self.ladder
        if quote is None or ladder is None:
            return {}, {}
        count = self.update - update + 1
        steps = list(self.recent)[-count:]
        bids, asks = set[float](), set[float]()
        if update < 1:
            bids |= ladder.bids(steps[0]).keys()
            asks |= ladder.asks(steps[0]).keys()
        for old, new in pairwise(steps):
            changed_bids, changed_asks = ladder.changes(old, new)
            bids |= changed_bids.keys()
            asks |= changed_asks.keys()
        return (
            {price: ladder.bid_size(quote, price) for price in sorted(bids, reverse=True)},
            {price: ladder.ask_size(quote, price) for price in sorted(asks)},
        )
