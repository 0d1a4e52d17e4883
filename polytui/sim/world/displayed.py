"""The crowd that a feed displays, in the exchange core: what an order of ours would meet there.

Both ways of trading without the venue run their orders through it, the paper client and the
shadow of a strategy, so that both obey the same minimums, decimals, ticks and priorities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, Shares, complement
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import ConditionBook, MatchResult

Levels = Mapping[Price, Shares]
"""Shares displayed, by price, on one side of Up's book."""
_LEAST, _MOST = Price(0), Price(MICRO)


class ShownBook(Protocol):
    """Up's book as a feed displays it."""

    @property
    def bids(self) -> Levels: ...

    @property
    def asks(self) -> Levels: ...


class Takings(Protocol):
    """What we took of levels that still display it."""

    def left(self, side: Side, levels: Levels) -> list[tuple[Price, Shares]]:
        """(price, shares) that are there for us on one side, best first."""

    def take(self, side: Side, price: Price, shares: int) -> None: ...


def meet(listed: Round, book: ShownBook, taken: Takings, order: MatchOrder) -> MatchResult:
    """Run an order through what Up's book displays, less what we took of it before.

    Nothing is taken yet: `note` does that once it is known that the result stands.
    """
    exchange = ConditionBook(listed.tick, listed.fees, listed.min_shares)
    is_crossed = max(book.bids, default=_LEAST) >= min(book.asks, default=_MOST)
    for side, levels in ((Side.BUY, book.bids), (Side.SELL, book.asks)):
        reached = levels if is_crossed else _reached_by(order, side, levels)
        for price, shares in taken.left(side, reached):
            exchange.show(side, price, shares)
    return exchange.submit(order)


def _reached_by(order: MatchOrder, side: Side, levels: Levels) -> Levels:
    """The levels that the order would trade with: of a hundred on display hardly one. Nobody else
    meets it, so nothing hangs on the others, as long as they do not cross among themselves."""
    own_side, limit = in_up(order.outcome, order.side, order.price)
    if side is own_side:
        return {}
    if own_side is Side.BUY:
        return {price: shares for price, shares in levels.items() if price <= limit}
    return {price: shares for price, shares in levels.items() if price >= limit}


def note(taken: Takings, result: MatchResult) -> None:
    """Remember what the matches took."""
    for match in result.matches:
        side, price = in_up(match.maker_outcome, match.maker_side, match.maker_price)
        taken.take(side, price, match.shares)


def in_up(outcome: Outcome, side: Side, price: Price) -> tuple[Side, Price]:
    """The same order in terms of Up: buying Down at p is selling Up at 1 - p."""
    if outcome is Outcome.UP:
        return side, price
    return side.other, complement(price)
