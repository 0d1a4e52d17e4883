"""The exchange core: one unified price-time book per condition, in integers of millionths.

Buying Down at p is selling Up at 1 - p, so both outcomes share one book, held in terms of Up.
A match of opposite sides of one outcome moves shares (NORMAL); two buyers of different
outcomes mint a set out of a dollar (MINT); two sellers melt a set back into one (MERGE).
Execution is at the maker's price, the improvement is the taker's, and only takers pay fees
(venue rules).

A FAK or FOK buy is for dollars: it takes what they pay for, more shares where the price is better
(venue rule, `model/amounts.py`). Every other order is for shares.

Named orders come through `submit`; everybody else is the anonymous crowd: `show` sets what it
displays at one level, `sweep` lets one of it take. Whoever rests may ask to be told when the crowd
meets him; of a named taker the one who submits it knows.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import frozen

from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd, cost_of
from polytui.sim.world.match_order import Appetite, MatchOrder, appetite_of, seen_from
from polytui.sim.world.queues import BookSide, Queued, join, leave
from polytui.sim.world.refusals import duplicated, malformed, untimely

_UP, _BUY = Outcome.UP, Side.BUY


class MatchKind(str, Enum):
    """What a match does to the supply of sets."""

    NORMAL = "normal"
    MINT = "mint"
    MERGE = "merge"


@frozen
class Match:
    """Shares that changed hands. Names are empty where the crowd took part."""

    maker_order_id: str
    maker_owner: str
    taker_order_id: str
    taker_owner: str
    maker_outcome: Outcome
    maker_side: Side
    maker_price: Price
    """In the maker's outcome."""
    taker_price: Price
    """In the taker's outcome: one dollar minus the maker's where the outcomes differ."""
    shares: Shares
    kind: MatchKind
    taker_fee: Usd


@frozen
class MatchResult:
    """What became of an order: its matches, what rests, or the venue's words of refusal."""

    matches: tuple[Match, ...] = ()
    resting: Shares = Shares(0)
    refusal: str = ""


@frozen
class Outlook:
    """What an order would match: shares, the dollars for them (rounded up), and the fee."""

    shares: Shares
    usd: Usd
    fee: Usd


class ConditionBook:
    """Both outcomes of one condition. `tick`, `fees` and `min_shares` as the venue lists them."""

    def __init__(self, tick: Price, fees: FeeSchedule, min_shares: Shares) -> None:
        self.tick = tick
        self.fees = fees
        self.min_shares = min_shares
        self._bids = BookSide(1)
        self._asks = BookSide(-1)
        self._orders: dict[str, tuple[BookSide, Queued]] = {}
        self._known: set[str] = set()
        self._told: dict[str, Callable[[Match], None]] = {}
        self._last: int | None = None

    # --- named orders -------------------------------------------------------------------------

    def refusal(self, order: MatchOrder) -> str:
        """The venue's words, or "" for an order that it would take just now."""
        _, opposite, up_price = self._place_of(order.outcome, order.side, order.price)
        return self._refusal(order, opposite, up_price * opposite.sign)

    def crosses(self, order: MatchOrder) -> bool:
        """Whether somebody is there to match it just now."""
        _, opposite, up_price = self._place_of(order.outcome, order.side, order.price)
        return opposite.crosses(up_price * opposite.sign)

    def outlook(self, order: MatchOrder) -> Outlook:
        """What an order would match just now, to the millionth."""
        _, opposite, up_price = self._place_of(order.outcome, order.side, order.price)
        appetite = appetite_of(order)
        shares = usd = fee = 0
        for price, waiting in opposite.waiting(up_price * opposite.sign):
            if not appetite.left:
                break
            own_price = seen_from(order.outcome, price)
            part = Shares(min(appetite.at(own_price), waiting))
            appetite.feed(own_price, part)
            shares += part
            usd += cost_of(own_price, part)
            fee += self.fees.fee(Price(price), part)
        return Outlook(Shares(shares), Usd(usd), Usd(fee))

    def submit(self, order: MatchOrder, told: Callable[[Match], None] | None = None) -> MatchResult:
        """Matches what crosses; the rest of a GTC rests, of a FAK dies; a FOK is all or nothing.

        `told` hears of each match of what rests with one of the crowd.
        """
        own, opposite, up_price = self._place_of(order.outcome, order.side, order.price)
        limit_key = up_price * opposite.sign
        refusal = self._refusal(order, opposite, limit_key)
        if refusal:
            return MatchResult(refusal=refusal)
        self._known.add(order.order_id)
        appetite = appetite_of(order)
        matches = self._take(order, opposite, limit_key, appetite)
        self._drop_told(matches)
        if appetite.left and order.tif.may_rest:
            if told is not None:
                self._told[order.order_id] = told
            self._rest(order, own, up_price * own.sign, appetite.left)
            return MatchResult(tuple(matches), Shares(appetite.left))
        return MatchResult(tuple(matches))

    def cancel(self, order_id: str) -> Shares:
        """Shares cancelled; 0 for an order the book does not hold."""
        found = self._orders.pop(order_id, None)
        if found is None:
            return Shares(0)
        self._told.pop(order_id, None)
        half, resting = found
        level = half.levels[resting.key]
        shares = Shares(resting.shares)
        level.drop(resting)
        half.prune(resting.key, level)
        return shares

    def forget(self, order_id: str) -> None:
        """An order that does not rest: it may come again, as if it had never been there."""
        if order_id not in self._orders:
            self._known.discard(order_id)

    def remaining(self, order_id: str) -> Shares:
        """Shares of the order that still rest; 0 for an order the book does not hold."""
        found = self._orders.get(order_id)
        return Shares(found[1].shares if found else 0)

    def clear(self) -> tuple[tuple[str, Shares], ...]:
        """Empties the book; answers (order id, shares) of every named order that rested."""
        dropped = tuple((name, Shares(rest.shares)) for name, (_, rest) in self._orders.items())
        self._orders.clear()
        self._told.clear()
        self._bids = BookSide(1)
        self._asks = BookSide(-1)
        return dropped

    # --- what can be seen ---------------------------------------------------------------------

    def levels(self, outcome: Outcome, side: Side) -> list[tuple[Price, Shares]]:
        """(price, shares) best first, in the outcome's own prices; BUY is its bid side."""
        half = self._half_of(outcome, side)
        levels, sign = half.levels, half.sign
        if outcome is _UP:
            return [(Price(key * sign), Shares(levels[key].shares)) for key in reversed(half.keys)]
        return [
            (Price(MICRO - key * sign), Shares(levels[key].shares)) for key in reversed(half.keys)
        ]

    def best(self, outcome: Outcome, side: Side) -> Price | None:
        """Best price of one side of an outcome; None where nobody is."""
        half = self._half_of(outcome, side)
        if not half.keys:
            return None
        price = half.keys[-1] * half.sign
        return Price(price if outcome is _UP else MICRO - price)

    def depth(self, outcome: Outcome, side: Side, price: Price) -> Shares:
        """Everything displayed at one level, named orders included."""
        half, _, up_price = self._place_of(outcome, side, price)
        level = half.levels.get(up_price * half.sign)
        return Shares(level.shares if level else 0)

    def shown(self, side: Side, price: Price) -> Shares:
        """The crowd's part of one level of Up's book."""
        half = self._bids if side is _BUY else self._asks
        level = half.levels.get(price * half.sign)
        return Shares(level.crowd if level else 0)

    def best_shown(self, side: Side) -> Price | None:
        """The best price of Up's book at which the crowd itself displays anything."""
        half = self._bids if side is _BUY else self._asks
        for key in reversed(half.keys):
            if half.levels[key].crowd:
                return Price(key * half.sign)
        return None

    def shown_beyond(self, side: Side, price: Price) -> list[Price]:
        """Prices of Up's book better than `price` at which the crowd displays anything, the best
        first."""
        half = self._bids if side is _BUY else self._asks
        found: list[Price] = []
        for key in reversed(half.keys):
            if key <= price * half.sign:
                break
            if half.levels[key].crowd:
                found.append(Price(key * half.sign))
        return found

    def last_trade(self, outcome: Outcome) -> Price | None:
        """Price of the last match as seen from `outcome`; None before the first."""
        if self._last is None:
            return None
        return Price(self._last if outcome is _UP else MICRO - self._last)

    def set_tick(self, tick: Price) -> None:
        """Orders from here on must be on this grid; those that rest stay."""
        self.tick = tick

    # --- the crowd ----------------------------------------------------------------------------

    def show(self, side: Side, price: Price, shares: Shares) -> tuple[Match, ...]:
        """The crowd now displays `shares` at one level of Up's book.

        A decrease leaves from the back of the queue, which is the worst for whoever waits
        there; growth joins the back. Growth that crosses named orders takes them first, and
        only its rest is shown. The crowd's own shares in its way step aside unmatched: of two
        displayed sizes that cross, the older one is gone.
        """
        half = self._bids if side is _BUY else self._asks
        key = price * half.sign
        level = half.levels.get(key)
        growth = shares - (level.crowd if level else 0)
        if growth < 0 and level is not None:
            leave(level, -growth)
            half.prune(key, level)
            return ()
        matches: list[Match] = []
        opposite = self._asks if side is _BUY else self._bids
        if growth and opposite.crosses(price * opposite.sign):
            matches = self._meet(side, price, growth, opposite)
            growth -= sum(match.shares for match in matches)
        if growth:
            join(half.level(key), side, key, growth)
        if self._told:
            self._tell(matches)
        return tuple(matches)

    def sweep(self, outcome: Outcome, side: Side, price: Price, shares: Shares) -> MatchResult:
        """Somebody of the crowd takes up to `shares` no worse than `price`; nothing rests."""
        _, opposite, up_price = self._place_of(outcome, side, price)
        taker = MatchOrder("", "", outcome, side, price, shares, TimeInForce.FAK)
        appetite = Appetite(shares, is_dollars=False)
        matches = self._take(taker, opposite, up_price * opposite.sign, appetite)
        if self._told:
            self._tell(matches)
        return MatchResult(tuple(matches))

    # --- inside -------------------------------------------------------------------------------

    def _half_of(self, outcome: Outcome, side: Side) -> BookSide:
        return self._bids if (outcome is _UP) is (side is _BUY) else self._asks

    def _place_of(
        self, outcome: Outcome, side: Side, price: Price
    ) -> tuple[BookSide, BookSide, int]:
        """Where an order belongs, what it would take from, and its price in terms of Up."""
        up_price = price if outcome is _UP else MICRO - price
        if (outcome is _UP) is (side is _BUY):
            return self._bids, self._asks, up_price
        return self._asks, self._bids, up_price

    def _refusal(self, order: MatchOrder, opposite: BookSide, limit_key: int) -> str:
        """The venue's words, or "" for an order it takes."""
        if order.order_id in self._known:
            return duplicated(order.order_id)
        fault = malformed(order, self.tick, self.min_shares)
        return fault or untimely(order, opposite, limit_key)

    def _rest(self, order: MatchOrder, half: BookSide, key: int, shares: int) -> None:
        resting = Queued(order.order_id, order.owner, order.outcome, order.side, shares, key)
        level = half.level(key)
        level.queue.append(resting)
        level.shares += shares
        self._orders[order.order_id] = (half, resting)

    def _tell(self, matches: list[Match]) -> None:
        """Those whom the crowd met, once the book stands as it left it."""
        for match in matches:
            told = self._told.get(match.maker_order_id)
            if told is not None:
                told(match)
        self._drop_told(matches)

    def _drop_told(self, matches: list[Match]) -> None:
        """Nothing more is to be told of makers who have nothing left."""
        for match in matches:
            if match.maker_order_id not in self._orders:
                self._told.pop(match.maker_order_id, None)

    def _take(
        self, taker: MatchOrder, opposite: BookSide, limit_key: int, appetite: Appetite
    ) -> list[Match]:
        """Walks the opposite side in price-time priority until the taker or its limit ends."""
        matches: list[Match] = []
        while appetite.left and opposite.crosses(limit_key):
            self._drain(taker, opposite, opposite.keys[-1], appetite, matches)
        return matches

    def _drain(
        self, taker: MatchOrder, half: BookSide, key: int, appetite: Appetite, matches: list[Match]
    ) -> None:
        """Matches against one level, front first, until one of the two has enough."""
        level = half.levels[key]
        queue = level.queue
        price = seen_from(taker.outcome, key * half.sign)
        while appetite.left and queue:
            maker = queue[0]
            if not maker.shares:
                level.empty -= 1
                queue.popleft()
                continue
            shares = min(appetite.at(price), maker.shares)
            matches.append(self._match(taker, maker, key * half.sign, shares))
            appetite.feed(price, shares)
            maker.shares -= shares
            level.shares -= shares
            if not maker.order_id:
                level.crowd -= shares
            if not maker.shares:
                queue.popleft()
                self._orders.pop(maker.order_id, None)
        half.prune(key, level)

    def _match(self, taker: MatchOrder, maker: Queued, up_price: int, shares: int) -> Match:
        self._last = up_price
        if maker.outcome is taker.outcome:
            kind = MatchKind.NORMAL
        else:
            kind = MatchKind.MINT if taker.side is _BUY else MatchKind.MERGE
        return Match(
            maker.order_id,
            maker.owner,
            taker.order_id,
            taker.owner,
            maker.outcome,
            maker.side,
            seen_from(maker.outcome, up_price),
            seen_from(taker.outcome, up_price),
            Shares(shares),
            kind,
            self.fees.fee(Price(up_price), Shares(shares)),
        )

    def _meet(self, side: Side, price: Price, growth: int, opposite: BookSide) -> list[Match]:
        """The crowd's growth takes the named orders it crosses; its own old shares give way."""
        taker = MatchOrder("", "", _UP, side, price, Shares(growth), TimeInForce.FAK)
        limit_key = price * opposite.sign
        matches: list[Match] = []
        appetite = Appetite(growth, is_dollars=False)
        while appetite.left and opposite.crosses(limit_key):
            key = opposite.keys[-1]
            level = opposite.levels[key]
            leave(level, level.crowd)
            self._drain(taker, opposite, key, appetite, matches)
        return matches
