"""One round on paper: the live book, what we took from it, and how our resting orders queue.

What a fill on paper claims must have been possible. So a taker is matched by the same exchange
core that the simulated venue uses, on the levels displayed when the order arrives, less what we
already took from them; and a resting order stands behind everything displayed when it came,
moving up only by trades that printed at its price.
"""

from __future__ import annotations

from attrs import define

from polytui.market.book import TokenBook
from polytui.model.events import BookChanged, BookSnapshotted, TickSizeChanged, TradePrinted
from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Order, Side
from polytui.model.units import Price, Shares, complement
from polytui.sim.matching import ConditionBook, MatchOrder, Result


@define
class Resting:
    """Our order in a queue. `side` and `price` are those of Up's book."""

    order: Order
    side: Side
    price: Price
    left: Shares
    ahead: int
    """Displayed shares that trade before ours."""


@define
class _Taken:
    """What we took from a level while it displayed `displayed`."""

    displayed: int
    shares: int


class PaperRound:
    """State: Up's live book, our resting orders in it, and what we took from its levels."""

    def __init__(self, listed: Round) -> None:
        self.round = listed
        self.live = TokenBook()
        self._tick_ns = 0
        self.resting: dict[str, Resting] = {}
        self._taken: dict[tuple[Side, int], _Taken] = {}

    # --- the live book --------------------------------------------------------------------------

    def book_snapshotted(self, event: BookSnapshotted) -> None:
        if event.token_id != self.round.up_token or not self.live.replace(event):
            return
        if event.tick and event.tick != self.round.tick:
            self._change_tick(event.tick, event.venue_ns)

    def book_changed(self, event: BookChanged) -> None:
        for change in event.changes:
            if change.token_id == self.round.up_token:
                self.live.change(change, event.venue_ns)

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
        self.live.forget()

    def doubt_book(self) -> None:
        self.live.doubt()

    # --- orders that arrive ---------------------------------------------------------------------

    def crosses(self, order: Order) -> bool:
        """Whether the order would trade at once on what is displayed."""
        side, price = in_up(order.outcome, order.side, order.price)
        if side is Side.BUY:
            return self.live.best_ask <= price
        return self.live.best_bid >= price

    def match(self, order: Order) -> Result:
        """Run the order through the exchange core against the displayed crowd."""
        exchange = ConditionBook(self.round.tick, self.round.fees, self.round.min_shares)
        for side, levels in ((Side.BUY, self.live.bids), (Side.SELL, self.live.asks)):
            for price, displayed in levels.items():
                if left := displayed - self._taken_from(side, price, displayed):
                    exchange.show(side, Price(price), Shares(left))
        result = exchange.submit(
            MatchOrder(
                order.order_id,
                "us",
                order.outcome,
                order.side,
                order.price,
                order.shares,
                order.tif,
                order.is_post_only,
            )
        )
        for match in result.matches:
            self._take(
                *in_up(match.maker_outcome, match.maker_side, match.maker_price), match.shares
            )
        return result

    def rest(self, order: Order, left: Shares) -> None:
        side, price = in_up(order.outcome, order.side, order.price)
        displayed = (self.live.bids if side is Side.BUY else self.live.asks).get(price, 0)
        self.resting[order.order_id] = Resting(order, side, price, left, displayed)

    def on_offer(self, outcome: Outcome) -> int:
        """Shares of an outcome that our resting orders already sell."""
        return sum(
            entry.left
            for entry in self.resting.values()
            if entry.order.side is Side.SELL and entry.order.outcome is outcome
        )

    # --- orders that rest -----------------------------------------------------------------------

    def crossed_shares(self, entry: Resting) -> Shares:
        """Shares the live book now offers at our price or better: they would have met us."""
        if not self.live.is_settled:
            return Shares(0)
        opposite = Side.SELL if entry.side is Side.BUY else Side.BUY
        levels = self.live.asks if entry.side is Side.BUY else self.live.bids
        found = 0
        for price, displayed in levels.items():
            is_at_ours = price <= entry.price if entry.side is Side.BUY else price >= entry.price
            free = displayed - self._taken_from(opposite, price, displayed) if is_at_ours else 0
            if free > 0 and found < entry.left:
                shares = min(free, entry.left - found)
                self._take(opposite, Price(price), Shares(shares))
                found += shares
        return Shares(found)

    def printed_shares(self, entry: Resting, event: TradePrinted) -> Shares:
        """Shares of a printed trade that would have been ours."""
        outcome = self.round.outcome_of(event.token_id)
        if outcome is None:
            return Shares(0)
        taker_side, price = in_up(outcome, event.taker_side, event.price)
        if taker_side is entry.side:
            return Shares(0)
        is_through = price < entry.price if entry.side is Side.BUY else price > entry.price
        if is_through:
            return Shares(min(entry.left, event.shares))
        if price != entry.price:
            return Shares(0)
        passed = min(entry.ahead, event.shares)
        entry.ahead -= passed
        return Shares(min(entry.left, event.shares - passed))

    def _taken_from(self, side: Side, price: int, displayed: int) -> int:
        taken = self._taken.get((side, price))
        # A level that shows another size has moved on without us: what it shows now is new.
        return taken.shares if taken is not None and taken.displayed == displayed else 0

    def _take(self, side: Side, price: Price, shares: Shares) -> None:
        displayed = (self.live.bids if side is Side.BUY else self.live.asks).get(price, 0)
        before = self._taken_from(side, price, displayed)
        self._taken[side, price] = _Taken(displayed, before + shares)


def in_up(outcome: Outcome, side: Side, price: Price) -> tuple[Side, Price]:
    """The same order in terms of Up: buying Down at p is selling Up at 1 - p."""
    if outcome is Outcome.UP:
        return side, price
    return side.other, complement(price)
