"""One token's live book, as the venue last told it."""

from __future__ import annotations

from heapq import nlargest, nsmallest
from typing import cast

from polytui.model.events import BookSnapshotted, Level, LevelChange
from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, Shares

NO_BID = Price(0)
NO_ASK = Price(MICRO)
"""What the venue itself writes for an empty side: best bid 0, best ask 1."""
NO_NEWS, NEW_SIZE, NEW_BEST = 0, 1, 2
"""What a change of a level is to those who look at the best prices: nothing, another size at one of
them, or another price, or that the book adds up again or no more."""
_BUY = Side.BUY
"""A member of an enum is looked for anew whenever it is named, and here that is at every level."""


class TokenBook:
    """State: shares by price on each side and the best of each, written by `replace` and `change`.

    A sweep arrives as several frames of one timestamp, between which the levels are crossed;
    every change carries the venue's final bests. While ours differ the book is not settled and
    nobody may decide on it.
    """

    __slots__ = ("_oldest_ns", "asks", "best_ask", "best_bid", "bids", "is_doubted", "is_known",
                 "is_settled", "venue_ns")  # fmt: skip

    def __init__(self) -> None:
        self._oldest_ns = self.venue_ns = 0
        self.forget()

    def forget(self) -> None:
        """Know nothing: at birth, after a disconnect, and when the tick changed until the snapshot
        that follows. What was known is never older again: a late answer is no news."""
        self._oldest_ns = max(self._oldest_ns, self.venue_ns)
        self.bids: dict[Price, Shares] = {}
        self.asks: dict[Price, Shares] = {}
        self.best_bid = NO_BID
        self.best_ask = NO_ASK
        self.is_known = False
        self.is_settled = self.is_doubted = False
        self.venue_ns = 0

    def void_before(self, venue_ns: int) -> None:
        """Nothing older is of this round's grid, neither what is known nor what may come."""
        if self.is_known and self.venue_ns < venue_ns:
            self.forget()
        self._oldest_ns = max(self._oldest_ns, venue_ns)

    def doubt(self) -> None:
        """A change of it may have been in a frame that nobody could read: only a whole book makes
        it true again."""
        self.is_doubted, self.is_settled = True, False

    def replace(self, book: BookSnapshotted) -> int | None:
        """Take a whole book; what news that is, or None if it is older than what we had (a late
        REST answer)."""
        if book.venue_ns < max(self.venue_ns, self._oldest_ns):
            return None
        before = self._top()
        # The wire's levels are already prices and shares; types cannot say so of a tuple.
        self.bids = cast("dict[Price, Shares]", dict(book.bids))
        self.asks = cast("dict[Price, Shares]", dict(book.asks))
        self.best_bid = max(self.bids, default=NO_BID)
        self.best_ask = min(self.asks, default=NO_ASK)
        self.venue_ns = book.venue_ns
        self.is_known, self.is_doubted = True, False
        self.is_settled = self.best_bid < self.best_ask
        after = self._top()
        if before[0] != after[0]:
            return NEW_BEST
        return NO_NEWS if before == after else NEW_SIZE

    def _top(self) -> tuple[object, ...]:
        """The best prices and whether they add up; and the sizes there."""
        bid, ask = self.best_bid, self.best_ask
        return (bid, ask, self.is_settled), self.bids.get(bid), self.asks.get(ask)

    def change(self, change: LevelChange, venue_ns: int) -> int:
        """Set one level; what news that is.

        A frame older than the book is a duplicate and changes nothing.
        """
        if not self.is_known or venue_ns < self.venue_ns:
            return NO_NEWS
        bid, ask, was_settled = self.best_bid, self.best_ask, self.is_settled
        self.venue_ns = venue_ns
        price, shares = change.price, change.shares
        told_bid, told_ask = change.best_bid, change.best_ask
        if change.side is _BUY:
            if shares and price <= bid:
                self.bids[price] = shares
            else:
                self._set_bid(price, shares)
        elif shares and price >= ask:
            self.asks[price] = shares
        else:
            self._set_ask(price, shares)
        best_bid, best_ask = self.best_bid, self.best_ask
        self.is_settled = is_settled = (
            best_bid < best_ask
            and (told_bid == best_bid or told_bid is None)
            and (told_ask == best_ask or told_ask is None)
            and not self.is_doubted
        )
        if bid != best_bid or ask != best_ask or was_settled is not is_settled:
            return NEW_BEST
        return NEW_SIZE if price in (bid, ask) else NO_NEWS

    def _set_bid(self, price: Price, shares: Shares) -> None:
        if shares:
            self.bids[price] = shares
            if price > self.best_bid:
                self.best_bid = price
        elif self.bids.pop(price, 0) and price == self.best_bid:
            self.best_bid = max(self.bids, default=NO_BID)

    def _set_ask(self, price: Price, shares: Shares) -> None:
        if shares:
            self.asks[price] = shares
            if price < self.best_ask:
                self.best_ask = price
        elif self.asks.pop(price, 0) and price == self.best_ask:
            self.best_ask = min(self.asks, default=NO_ASK)

    def bid_depth(self, at_least: int) -> int:
        """Shares bid at `at_least` or better."""
        return sum(shares for price, shares in self.bids.items() if price >= at_least)

    def ask_depth(self, at_most: int) -> int:
        """Shares offered at `at_most` or better."""
        return sum(shares for price, shares in self.asks.items() if price <= at_most)

    def top_bids(self, count: int) -> tuple[Level, ...]:
        """Best first."""
        return tuple((price, self.bids[price]) for price in nlargest(count, self.bids))

    def top_asks(self, count: int) -> tuple[Level, ...]:
        """Best first."""
        return tuple((price, self.asks[price]) for price in nsmallest(count, self.asks))

    def state(self) -> tuple[object, ...]:
        return (
            sorted(self.bids.items()),
            sorted(self.asks.items()),
            self.is_known,
            (self.is_settled, self.is_doubted),
            (self.venue_ns, self._oldest_ns),
        )
