"""One round on paper: the live book, what we took from it, and how our resting orders queue.

What a fill on paper claims must have been possible. So a taker is matched by the same exchange
core that the simulated venue uses, on the levels displayed when the order is matched, less what we
already took from them; and a resting order stands behind everything displayed when it came, and
behind our own that came before it. It moves up by trades that printed at its price, and by those
who leave before it, as far as the rule of the queue believes in them (`paper_queue.py`).
"""

from __future__ import annotations

from polytui.execution.paper_queue import (
    PESSIMISTIC,
    THROUGH,
    TOUCH,
    Resting,
    forget_last,
    is_at,
    level_shows,
    note_print,
    pass_crowd,
)
from polytui.ledger.taken_liquidity import Levels, TakenLiquidity
from polytui.market.book import TokenBook
from polytui.model.events import BookSnapshotted, LevelChange, TickSizeChanged, TradePrinted
from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Order, Side
from polytui.model.units import Price, Shares, cost_of
from polytui.sim.world.displayed import in_up, meet, note
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import MatchResult

Hit = tuple[Resting, Shares]
"""A resting order, and how much of it somebody takes."""


class PaperRound:
    """State: Up's live book, our resting orders in it in the order they came, and what we took of
    its levels."""

    def __init__(self, listed: Round, rule: str = PESSIMISTIC) -> None:
        self.round = listed
        self._rule = rule
        self.live = TokenBook()
        self._tick_ns = 0
        self.resting: dict[str, Resting] = {}
        self._taken = TakenLiquidity()

    # --- the live book --------------------------------------------------------------------------

    def book_snapshotted(self, event: BookSnapshotted) -> None:
        if event.token_id != self.round.up_token or not self.live.replace(event):
            return
        self._taken.saw_all(self.live.bids, self.live.asks)
        for side, price in {(one.side, one.price) for one in self.resting.values()}:
            self._level_shows(side, price)  # in the middle of a trade's frames it changes nothing
        if event.tick and event.tick != self.round.tick:
            self._change_tick(event.tick, event.venue_ns)

    def level_changed(self, change: LevelChange, venue_ns: int) -> None:
        """One level of Up's book."""
        live = self.live
        live.change(change, venue_ns)
        if live.is_known and (self.resting or not self._taken.is_empty):
            self._level_shows_now(change.side, change.price)

    def _level_shows_now(self, side: Side, price: Price) -> None:
        self._taken.saw(side, price, self._levels(side).get(price, 0))
        if self.resting:
            forget_last(self._at(side, price))
            self._level_shows(side, price)

    def tick_size_changed(self, event: TickSizeChanged) -> None:
        self._change_tick(event.tick, event.venue_ns)
        if event.token_id == self.round.up_token and self.live.venue_ns <= event.venue_ns:
            self.live.forget()

    def _change_tick(self, tick: Price, venue_ns: int) -> None:
        """A word older than the last is none: late answers bring their old tick with them."""
        if venue_ns >= self._tick_ns:
            self.round, self._tick_ns = self.round.with_tick(tick), venue_ns
            self.live.void_before(venue_ns)

    def forget_book(self) -> None:
        """What we took is remembered: the book that comes back may show it still."""
        self.live.forget()

    def doubt_book(self) -> None:
        self.live.doubt()

    # --- orders that arrive ---------------------------------------------------------------------

    def is_taker(self, order: Order) -> bool:
        """Whether the venue would hold the order: it would trade at once on what is displayed, but
        for what we took of that."""
        if order.is_post_only:
            return False
        side, limit = in_up(order.outcome, order.side, order.price)
        left = self._taken.left(side.other, self._levels(side.other))
        return bool(left) and _is_within(side, limit, left[0][0])

    def meets_ours(self, order: Order, result: MatchResult) -> bool:
        """Whether the order, which became this among the crowd, would reach one of ours that
        rests: at its limit where something of it was left, else at the last price it took."""
        side, furthest = in_up(order.outcome, order.side, order.price)
        if not is_unfilled(order, result):
            _, furthest = in_up(order.outcome, order.side, result.matches[-1].taker_price)
        return any(
            entry.side is not side and _is_within(side, furthest, entry.price)
            for entry in self.resting.values()
        )

    def match(self, order: Order) -> MatchResult:
        """What would become of the order among the displayed crowd. Nothing is taken yet."""
        named = MatchOrder(
            order.order_id,
            "us",
            order.outcome,
            order.side,
            order.price,
            order.shares,
            order.tif,
            order.is_post_only,
        )
        return meet(self.round, self.live, self._taken, named)

    def accept(self, order: Order, result: MatchResult) -> None:
        """The result stands: what it took is taken, and its rest queues."""
        note(self._taken, result)
        if result.resting:
            self._rest(order, result.resting)

    def _rest(self, order: Order, left: Shares) -> None:
        side, price = in_up(order.outcome, order.side, order.price)
        queue = self._at(side, price)
        shown = self._levels(side).get(price, 0)
        entry = Resting(order, side, price, left, max(0, shown - sum(one.ahead for one in queue)))
        entry.level = shown
        if queue:
            entry.fell_last, entry.printed = queue[0].fell_last, queue[0].printed
        if self._rule == TOUCH:
            entry.ahead = 0
        self.resting[order.order_id] = entry

    def _at(self, side: Side, price: Price) -> list[Resting]:
        """Ours at one level, the oldest first."""
        return [one for one in self.resting.values() if is_at(one, side, price)]

    def _level_shows(self, side: Side, price: Price) -> None:
        level_shows(self._at(side, price), self._levels(side).get(price, 0), self._rule)

    def drop(self, order_id: str) -> Resting | None:
        """Takes an order out. The crowd that stood before it stands before the next of ours."""
        gone = self.resting.get(order_id)
        if gone is None:
            return None
        queue = self._at(gone.side, gone.price)
        place = queue.index(gone)
        if place + 1 < len(queue):
            queue[place + 1].ahead += gone.ahead
            queue[place + 1].left_last += gone.left_last
        return self.resting.pop(order_id)

    def on_offer(self, outcome: Outcome) -> int:
        """Shares of an outcome that our resting orders already sell."""
        return sum(
            entry.left
            for entry in self.resting.values()
            if entry.order.side is Side.SELL and entry.order.outcome is outcome
        )

    @property
    def reserved(self) -> int:
        """What our resting purchases may still cost."""
        buys = [one for one in self.resting.values() if one.order.side is Side.BUY]
        return sum(cost_of(one.order.price, one.left) for one in buys)

    # --- orders that rest -----------------------------------------------------------------------

    def crossed(self) -> list[Hit]:
        """Ours that the live book now offers to trade with, at their price or better: whoever
        quotes there would have met us."""
        if not self.live.is_settled:
            return []
        hits = ((entry, self._cross(entry)) for side in Side for entry in self._queue(side))
        return [(entry, shares) for entry, shares in hits if shares]

    def _cross(self, entry: Resting) -> Shares:
        opposite, found = entry.side.other, 0
        for price, free in self._taken.left(opposite, self._levels(opposite)):
            if not self._is_reached(entry, price) or found == entry.left:
                break
            shares = min(free, entry.left - found)
            self._taken.take(opposite, price, shares)
            found += shares
        return Shares(found)

    def printed(self, event: TradePrinted) -> list[Hit]:
        """Ours that a printed trade would have met. It passes the crowd once: who queues behind
        another of ours waits for what is left."""
        outcome = self.round.outcome_of(event.token_id)
        if outcome is None or not self.resting:
            return []
        taker_side, price = in_up(outcome, event.taker_side, event.price)
        left: int = event.shares
        hits = list[Hit]()
        for entry in self._queue(taker_side.other):
            if not self._is_reached(entry, price):
                break
            if entry.price == price:
                left = pass_crowd(entry, left)
            shares = min(entry.left, left)
            left -= shares
            if shares:
                hits.append((entry, Shares(shares)))
        note_print(self._at(taker_side.other, price), event.shares)
        return hits

    def _is_reached(self, entry: Resting, price: Price) -> bool:
        """Whether a trade at this price is one that ours takes part in."""
        is_at_touch = entry.price == price
        return _is_within(entry.side, entry.price, price) and not (
            is_at_touch and self._rule == THROUGH
        )

    def _queue(self, side: Side) -> list[Resting]:
        """Ours on one side: the best price first, at one price the older."""
        ours = [entry for entry in self.resting.values() if entry.side is side]
        ours.sort(key=lambda entry: entry.price, reverse=side is Side.BUY)
        return ours

    def _levels(self, side: Side) -> Levels:
        return self.live.bids if side is Side.BUY else self.live.asks


def is_unfilled(order: Order, result: MatchResult) -> bool:
    """Whether something of the order is left: shares, or dollars of a market purchase."""
    if order.dollars:
        return spent_by(result) < order.dollars
    return sum(match.shares for match in result.matches) < order.shares


def spent_by(result: MatchResult) -> int:
    """Dollars of a purchase, without fees."""
    return sum(cost_of(match.taker_price, match.shares) for match in result.matches)


def most_paid(order: Order, result: MatchResult) -> int:
    """What a purchase must be covered for, as the venue asks: all of it at its limit, whatever
    better price it finds, and the fee of what it takes. Of shares in odd parts each part costs up
    to a millionth more."""
    at_limit: int = order.dollars or cost_of(order.price, order.shares)
    spent = spent_by(result)
    if not order.dollars:
        taken = sum(match.shares for match in result.matches)
        spent += cost_of(order.price, Shares(order.shares - taken))
    return max(at_limit, spent) + sum(match.taker_fee for match in result.matches)


def _is_within(side: Side, limit: Price, price: Price) -> bool:
    """Whether a trade at `price` is one that an order of this side and limit takes part in."""
    return price <= limit if side is Side.BUY else price >= limit
