"""The exchange core: one unified price-time book per condition, in integers of millionths.

Buying Down at p is selling Up at 1 - p, so both outcomes share one book, held in terms of Up.
A match of opposite sides of one outcome moves shares (NORMAL); two buyers of different
outcomes mint a set out of a dollar (MINT); two sellers melt a set back into one (MERGE).
Execution is at the maker's price, the improvement is the taker's, and only takers pay fees
(venue rules).

A FAK or FOK buy is for dollars: it takes what they pay for, more shares where the price is better
(venue rule, `model/amounts.py`). Every other order is for shares.

Named orders come through `submit`; everybody else is the anonymous crowd: `show` sets what it
displays at one level, `sweep` lets one of it take.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from enum import Enum

from attrs import frozen

from polytui.model.amounts import (
    MIN_MARKETABLE_USD,
    are_amounts_exact,
    dollars_for,
    share_decimals,
)
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import LOT, MICRO, Price, Shares, Usd, cost_of, format_micro, is_on_tick

_LOT_DECIMALS = 2

_UP, _BUY = Outcome.UP, Side.BUY


class MatchKind(str, Enum):
    """What a match does to the supply of sets."""

    NORMAL = "normal"
    MINT = "mint"
    MERGE = "merge"


@frozen
class MatchOrder:
    """An order as the venue took it. `price` is in the order's own outcome."""

    order_id: str
    owner: str
    outcome: Outcome
    side: Side
    price: Price
    shares: Shares
    """Of a market purchase the fewest that its dollars bring."""
    tif: TimeInForce
    is_post_only: bool = False

    @property
    def is_for_dollars(self) -> bool:
        return self.tif.spends(self.side)

    @property
    def dollars(self) -> Usd:
        """What its shares are worth at its price; of a market purchase exactly what it spends."""
        if self.is_for_dollars:
            return dollars_for(self.price, self.shares)
        return Usd(self.price * self.shares // MICRO)


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


class _Resting:
    """Shares in a queue. The crowd's have no order id."""

    __slots__ = ("key", "order_id", "outcome", "owner", "shares", "side")

    def __init__(
        self, order_id: str, owner: str, outcome: Outcome, side: Side, shares: int, key: int
    ) -> None:
        self.order_id = order_id
        self.owner = owner
        self.outcome = outcome
        self.side = side
        self.shares = shares
        self.key = key


class _Appetite:
    """What a taker still wants, in shares or in dollars."""

    __slots__ = ("is_dollars", "left")

    def __init__(self, left: int, *, is_dollars: bool) -> None:
        self.left = left
        self.is_dollars = is_dollars

    def at(self, price: Price) -> int:
        """Shares wanted at a price. What dollars buy is floored to a millionth of a share, which
        costs them whole: `cost_of` rounds the other way."""
        return self.left * MICRO // price if self.is_dollars else self.left

    def feed(self, price: Price, shares: int) -> None:
        self.left -= cost_of(price, Shares(shares)) if self.is_dollars else shares


class _Level:
    """One price: who queues there, how much in all, and how much of it is the crowd's."""

    __slots__ = ("crowd", "queue", "shares")

    def __init__(self) -> None:
        self.shares = 0
        self.crowd = 0
        self.queue: deque[_Resting] = deque()


class _Half:
    """One side of Up's book. A key is the price, negated for asks: the best is the largest."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, _Level] = {}

    def level(self, key: int) -> _Level:
        """The level at `key`, made if it is not there."""
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = _Level()
            insort(self.keys, key)
        return level

    def prune(self, key: int, level: _Level) -> None:
        """Forgets the level if nothing is left of it."""
        if level.shares:
            return
        del self.levels[key]
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]

    def crosses(self, limit_key: int) -> bool:
        return bool(self.keys) and self.keys[-1] >= limit_key

    def within(self, limit_key: int) -> Iterator[tuple[int, int]]:
        """(price of Up, shares) at `limit_key` or better, best first."""
        for key in reversed(self.keys):
            if key < limit_key:
                break
            yield key * self.sign, self.levels[key].shares


class ConditionBook:
    """Both outcomes of one condition. `tick`, `fees` and `min_shares` as the venue lists them."""

    def __init__(self, tick: Price, fees: FeeSchedule, min_shares: Shares) -> None:
        self.tick = tick
        self.fees = fees
        self.min_shares = min_shares
        self._bids = _Half(1)
        self._asks = _Half(-1)
        self._orders: dict[str, tuple[_Half, _Resting]] = {}
        self._known: set[str] = set()
        self._last: int | None = None

    # --- named orders -------------------------------------------------------------------------

    def submit(self, order: MatchOrder) -> MatchResult:
        """Matches what crosses; the rest of a GTC rests, of a FAK dies; a FOK is all or nothing."""
        own, opposite, up_price = self._place_of(order.outcome, order.side, order.price)
        limit_key = up_price * opposite.sign
        refusal = self._refusal(order, opposite, limit_key)
        if refusal:
            return MatchResult(refusal=refusal)
        self._known.add(order.order_id)
        appetite = _appetite_of(order)
        matches = self._take(order, opposite, limit_key, appetite)
        if appetite.left and order.tif.may_rest:
            self._rest(order, own, up_price * own.sign, appetite.left)
            return MatchResult(tuple(matches), Shares(appetite.left))
        return MatchResult(tuple(matches))

    def cancel(self, order_id: str) -> Shares:
        """Shares cancelled; 0 for an order the book does not hold."""
        found = self._orders.pop(order_id, None)
        if found is None:
            return Shares(0)
        half, resting = found
        level = half.levels[resting.key]
        level.queue.remove(resting)
        level.shares -= resting.shares
        half.prune(resting.key, level)
        return Shares(resting.shares)

    def remaining(self, order_id: str) -> Shares:
        """Shares of the order that still rest; 0 for an order the book does not hold."""
        found = self._orders.get(order_id)
        return Shares(found[1].shares if found else 0)

    def clear(self) -> tuple[tuple[str, Shares], ...]:
        """Empties the book; answers (order id, shares) of every named order that rested."""
        dropped = tuple((name, Shares(rest.shares)) for name, (_, rest) in self._orders.items())
        self._orders.clear()
        self._bids = _Half(1)
        self._asks = _Half(-1)
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
            _leave(level, -growth)
            half.prune(key, level)
            return ()
        matches: list[Match] = []
        opposite = self._asks if side is _BUY else self._bids
        if growth and opposite.crosses(price * opposite.sign):
            matches = self._meet(side, price, growth, opposite)
            growth -= sum(match.shares for match in matches)
        if growth:
            _join(half.level(key), side, key, growth)
        return tuple(matches)

    def sweep(self, outcome: Outcome, side: Side, price: Price, shares: Shares) -> MatchResult:
        """Somebody of the crowd takes up to `shares` no worse than `price`; nothing rests."""
        _, opposite, up_price = self._place_of(outcome, side, price)
        taker = MatchOrder("", "", outcome, side, price, shares, TimeInForce.FAK)
        appetite = _Appetite(shares, is_dollars=False)
        return MatchResult(tuple(self._take(taker, opposite, up_price * opposite.sign, appetite)))

    # --- inside -------------------------------------------------------------------------------

    def _half_of(self, outcome: Outcome, side: Side) -> _Half:
        return self._bids if (outcome is _UP) is (side is _BUY) else self._asks

    def _place_of(self, outcome: Outcome, side: Side, price: Price) -> tuple[_Half, _Half, int]:
        """Where an order belongs, what it would take from, and its price in terms of Up."""
        up_price = price if outcome is _UP else MICRO - price
        if (outcome is _UP) is (side is _BUY):
            return self._bids, self._asks, up_price
        return self._asks, self._bids, up_price

    def _refusal(self, order: MatchOrder, opposite: _Half, limit_key: int) -> str:
        """The venue's words, or "" for an order it takes."""
        return self._malformed(order) or self._untimely(order, opposite, limit_key)

    def _malformed(self, order: MatchOrder) -> str:
        """What is wrong with the order whatever the book holds."""
        start = f"order {order.order_id} is invalid. "
        if order.order_id in self._known:
            return start + "Duplicated."
        if not is_on_tick(order.price, self.tick):
            price, tick = format_micro(order.price), format_micro(self.tick)
            return start + f"Price ({price}) breaks minimum tick size rule: {tick}"
        size = format_micro(order.shares)
        if order.shares < self.min_shares:
            least = format_micro(self.min_shares)
            return start + f"Size ({size}) lower than the minimum: {least}"
        if order.is_for_dollars:
            return _inexact(order, self.tick)
        if order.shares % LOT:
            decimals = len(size.partition(".")[2])
            return f"Size {size} has {decimals} decimal places. Maximum lot size is {_LOT_DECIMALS}"
        return ""

    def _untimely(self, order: MatchOrder, opposite: _Half, limit_key: int) -> str:
        """What is wrong with the order given the book of this moment."""
        is_marketable = opposite.crosses(limit_key)
        if order.is_post_only and is_marketable:
            return "invalid post-only order: order crosses book"
        if is_marketable and order.side is _BUY and order.dollars < MIN_MARKETABLE_USD:
            amount = format_micro(order.dollars)
            return f"invalid amount for a marketable BUY order (${amount}), min size: $1"
        if order.tif is TimeInForce.FAK and not is_marketable:
            return (
                "no orders found to match with FAK order. "
                "FAK orders are partially filled or killed if no match is found."
            )
        if order.tif is TimeInForce.FOK and not _can_fill(order, opposite, limit_key):
            return "order couldn't be fully filled. FOK orders are fully filled or killed."
        return ""

    def _rest(self, order: MatchOrder, half: _Half, key: int, shares: int) -> None:
        resting = _Resting(order.order_id, order.owner, order.outcome, order.side, shares, key)
        level = half.level(key)
        level.queue.append(resting)
        level.shares += shares
        self._orders[order.order_id] = (half, resting)

    def _take(
        self, taker: MatchOrder, opposite: _Half, limit_key: int, appetite: _Appetite
    ) -> list[Match]:
        """Walks the opposite side in price-time priority until the taker or its limit ends."""
        matches: list[Match] = []
        while appetite.left and opposite.crosses(limit_key):
            self._drain(taker, opposite, opposite.keys[-1], appetite, matches)
        return matches

    def _drain(
        self, taker: MatchOrder, half: _Half, key: int, appetite: _Appetite, matches: list[Match]
    ) -> None:
        """Matches against one level, front first, until one of the two has enough."""
        level = half.levels[key]
        queue = level.queue
        price = _seen_from(taker.outcome, key * half.sign)
        while appetite.left and queue:
            maker = queue[0]
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

    def _match(self, taker: MatchOrder, maker: _Resting, up_price: int, shares: int) -> Match:
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
            _seen_from(maker.outcome, up_price),
            _seen_from(taker.outcome, up_price),
            Shares(shares),
            kind,
            self.fees.fee(Price(up_price), Shares(shares)),
        )

    def _meet(self, side: Side, price: Price, growth: int, opposite: _Half) -> list[Match]:
        """The crowd's growth takes the named orders it crosses; its own old shares give way."""
        taker = MatchOrder("", "", _UP, side, price, Shares(growth), TimeInForce.FAK)
        limit_key = price * opposite.sign
        matches: list[Match] = []
        appetite = _Appetite(growth, is_dollars=False)
        while appetite.left and opposite.crosses(limit_key):
            key = opposite.keys[-1]
            level = opposite.levels[key]
            _leave(level, level.crowd)
            self._drain(taker, opposite, key, appetite, matches)
        return matches


def _seen_from(outcome: Outcome, up_price: int) -> Price:
    """A price of Up as the other outcome says it: Down at p is Up at 1 - p."""
    return Price(up_price if outcome is _UP else MICRO - up_price)


def _appetite_of(order: MatchOrder) -> _Appetite:
    if order.is_for_dollars:
        return _Appetite(order.dollars, is_dollars=True)
    return _Appetite(order.shares, is_dollars=False)


def _inexact(order: MatchOrder, tick: Price) -> str:
    """The venue's words for a market purchase whose amounts have too many decimals, or ""."""
    if are_amounts_exact(order.price, order.shares, tick):
        return ""
    return (
        "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 "
        f"decimals, taker amount a max of {share_decimals(tick)} decimals"
    )


def _can_fill(order: MatchOrder, opposite: _Half, limit_key: int) -> bool:
    """Whether the book has all of it: as many shares, or as many dollars' worth."""
    appetite = _appetite_of(order)
    for up_price, shares in opposite.within(limit_key):
        price = _seen_from(order.outcome, up_price)
        appetite.feed(price, min(shares, appetite.at(price)))
    return not appetite.left


def _join(level: _Level, side: Side, key: int, shares: int) -> None:
    """The crowd queues up behind everybody."""
    level.shares += shares
    level.crowd += shares
    if level.queue and not level.queue[-1].order_id:
        level.queue[-1].shares += shares
    else:
        level.queue.append(_Resting("", "", _UP, side, shares, key))


def _leave(level: _Level, shares: int) -> None:
    """`shares` of the crowd go away, the last ones first; named orders keep their order."""
    level.shares -= shares
    level.crowd -= shares
    last = level.queue[-1] if level.queue else None
    if last is not None and not last.order_id and last.shares > shares:
        last.shares -= shares
        return
    for resting in reversed(level.queue):
        if not shares:
            break
        if not resting.order_id:
            gone = min(shares, resting.shares)
            resting.shares -= gone
            shares -= gone
    if any(not resting.shares for resting in level.queue):
        level.queue = deque(resting for resting in level.queue if resting.shares)
