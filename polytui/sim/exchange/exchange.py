"""The venue's back office: what named people ask of the books, and what becomes of it.

Nobody touches a book from outside. Whatever is asked becomes a deed on the world's agenda, done
in its place among the crowd's doings, and what comes of it are world events like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from attrs import evolve

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, Shares, Usd, complement, cost_of, proceeds_of
from polytui.sim.exchange.account_events import OrderChange, OrderTold, TradeTold
from polytui.sim.exchange.answers import CancelAnswer, OrderAnswer, Pending, Refusal
from polytui.sim.exchange.deeds import Deed
from polytui.sim.exchange.heartbeats import BeatAnswer, Heartbeats
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.modes import EngineModes
from polytui.sim.exchange.names import CROWD, hash_of, uuid_of
from polytui.sim.exchange.order_file import OrderFile
from polytui.sim.exchange.order_terms import terms_of
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.signed_order import SignedOrder
from polytui.sim.exchange.trade_file import TradeFile
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.exchange.venue_trade import MakerPart, VenueTrade
from polytui.sim.world.makers import is_up_bid
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import Match, MatchKind
from polytui.sim.world.takers import swept
from polytui.sim.world.world import World
from polytui.sim.world.world_events import BookMoved, BookSwept, LevelSet, WorldEvent

_NOT_FOUND = "Order not found or already canceled"
_MATCHED = "Order already matched"
_CANCELED = "Order already canceled"


class Exchange:
    """One venue's; the same word as for a spot exchange of `model/instrument.py`, which it is not.

    `now` tells what time it is outside (by default: as late as the world); `on_request` is called
    when something was handed in, so that whoever plays the world goes on at once.
    """

    def __init__(
        self,
        world: World,
        rules: ExchangeRules | None = None,
        *,
        now: Callable[[], int] | None = None,
        on_request: Callable[[], None] | None = None,
    ) -> None:
        self.world = world
        self.rules = rules or ExchangeRules()
        self.holdings = Holdings()
        self.modes = EngineModes()
        self.heartbeats = Heartbeats(world.seed, self.rules)
        self._now = now
        self._on_request = on_request
        self._orders = OrderFile()
        self._trades = TradeFile()
        self._news: list[WorldEvent] = []

    # --- what is asked ------------------------------------------------------------------------

    def now_ns(self) -> int:
        """The present moment: the world's, or the clock's where that is ahead."""
        return max(self.world.now_ns, self._now() if self._now else 0)

    def place(self, orders: Sequence[SignedOrder]) -> Pending[tuple[OrderAnswer, ...]]:
        """One order, or a batch; answered together, in the same order."""
        pending: Pending[tuple[OrderAnswer, ...]] = Pending()
        self._ask(partial(self._arrive, tuple(orders), pending))
        return pending

    def cancel(self, api_key: str, order_ids: Sequence[str]) -> Pending[CancelAnswer]:
        return self._ask_cancel(lambda: tuple(order_ids), api_key)

    def cancel_all(self, api_key: str) -> Pending[CancelAnswer]:
        """Everything that this key placed."""
        return self._ask_cancel(lambda: self._ids(api_key), api_key)

    def cancel_market(
        self, api_key: str, condition_id: str | None, token_id: str | None
    ) -> Pending[CancelAnswer]:
        """What this key placed in a condition, or in one of its tokens."""

        def chosen() -> tuple[str, ...]:
            return tuple(
                order.order_id
                for order in self.open_orders(api_key)
                if condition_id in (None, order.condition_id)
                and token_id in (None, order.signed.token_id)
            )

        return self._ask_cancel(chosen, api_key)

    def beat(self, api_key: str, heartbeat_id: str) -> BeatAnswer:
        return self.heartbeats.beat(api_key, heartbeat_id, self.now_ns())

    def touch(self, api_key: str) -> None:
        """The older beat, without an id."""
        self.heartbeats.touch(api_key, self.now_ns())

    def fund(self, wallet: str, usd: Usd, *, is_approved: bool = True) -> None:
        """The faucet, at the present moment."""
        self.holdings.fund(wallet, usd, self.now_ns(), is_approved=is_approved)

    # --- what can be seen ---------------------------------------------------------------------

    def order(self, order_id: str) -> VenueOrder | None:
        """Whatever its status; None for one that was never taken."""
        return self._orders.get(order_id)

    def open_orders(self, api_key: str) -> list[VenueOrder]:
        """Oldest first."""
        return self._orders.open_of_key(api_key)

    def trade(self, trade_id: str) -> VenueTrade | None:
        return self._trades.get(trade_id)

    def trades(self, party: str) -> list[VenueTrade]:
        """Of a key or a wallet, as taker or maker, oldest first."""
        return self._trades.of(party)

    def every_trade(self) -> list[VenueTrade]:
        """Oldest first."""
        return self._trades.every()

    # --- inside -------------------------------------------------------------------------------

    def _ask(self, do: Callable[[], Iterable[WorldEvent]]) -> None:
        self.world.add(Deed(self.now_ns(), do))
        if self._on_request:
            self._on_request()

    def _arrive(
        self, orders: tuple[SignedOrder, ...], pending: Pending[tuple[OrderAnswer, ...]]
    ) -> Iterator[WorldEvent]:
        answers = []
        for signed in orders:
            answer, told = self._take_in(signed)
            answers.append(answer)
            yield from told
            yield from self._drained()
        pending.give(tuple(answers))

    def _take_in(self, signed: SignedOrder) -> tuple[OrderAnswer, list[WorldEvent]]:
        listed = self.world.find(signed.token_id)
        outcome = listed.outcome_of(signed.token_id) if listed else None
        if listed is None or outcome is None or self.world.status(listed.slug).winner:
            return _refused(signed, f"the orderbook {signed.token_id} does not exist"), []
        book = self.world.book(listed.slug)
        terms = terms_of(signed, listed, outcome, book.tick)
        asked = terms.asked
        if asked is None:
            return _refused(signed, terms.words), []
        result = book.submit(asked, partial(self._met_by_crowd, listed))
        if result.refusal:
            return _refused(signed, result.refusal), []
        now_ns = self.world.now_ns
        placed = VenueOrder(
            signed, listed.slug, listed.condition_id, outcome, asked.price, now_ns, now_ns
        )
        self._put(placed, OrderChange.PLACEMENT)
        names = tuple(self._trade(listed, asked, signed, [match]) for match in result.matches)
        order = self._orders.get(signed.order_id) or placed
        if not result.resting:
            self._put(evolve(order, status=OrderStatus.MATCHED), OrderChange.UPDATE)
        told = self._shown(listed, asked, result.matches, result.resting)
        spent, matched = order.spent, order.matched
        making, taking = (spent, matched) if signed.side is Side.BUY else (matched, spent)
        status = "matched" if result.matches else "live"
        return OrderAnswer(signed.order_id, status, making, taking, names), told

    def _shown(
        self, listed: Round, asked: MatchOrder, matches: Sequence[Match], resting: Shares
    ) -> list[WorldEvent]:
        """What everybody sees of an order."""
        book, now_ns = self.world.book(listed.slug), self.world.now_ns
        rest: tuple[LevelSet, ...] = ()
        if resting:
            rest = (self._level(listed, asked.outcome, asked.side, asked.price),)
        if matches:
            outcome, side = asked.outcome, asked.side
            return [swept(book, now_ns, listed.slug, outcome, side, tuple(matches), rest)]
        return [BookMoved(now_ns, listed.slug, level) for level in rest]

    def _level(self, listed: Round, outcome: Outcome, side: Side, price: Price) -> LevelSet:
        """One level of Up's book as it stands."""
        up_side = Side.BUY if is_up_bid(outcome, side) else Side.SELL
        up_price = price if outcome is Outcome.UP else complement(price)
        shares = self.world.book(listed.slug).depth(Outcome.UP, up_side, Price(up_price))
        return LevelSet(up_side, up_price, shares)

    def _trade(
        self, listed: Round, asked: MatchOrder, signed: SignedOrder, matches: Sequence[Match]
    ) -> str:
        now_ns = self.world.now_ns
        trade_id = uuid_of(f"{self.world.seed}:trade:{len(self._trades)}")
        first = matches[0]
        shares = Shares(sum(match.shares for match in matches))
        count = cost_of if signed.side is Side.BUY else proceeds_of
        cost = count(first.taker_price, shares)
        parts = tuple(self._part(listed, match) for match in matches)
        trade = VenueTrade(
            trade_id, signed.order_id, signed.api_key, signed.maker, listed.slug,
            listed.condition_id, signed.token_id, asked.outcome, signed.side, first.taker_price,
            shares, cost, first.taker_fee, now_ns, now_ns, parts,
        )  # fmt: skip
        self._trades.put(trade)
        self._news.append(TradeTold(now_ns, trade))
        order = self._orders.get(signed.order_id)
        if order:
            self._orders.put(_fed(order, shares, cost, trade_id, now_ns))
        for match in matches:
            self._feed_maker(match, trade_id)
        return trade_id

    def _feed_maker(self, match: Match, trade_id: str) -> None:
        maker = self._orders.get(match.maker_order_id)
        if maker is None:
            return
        usd = Usd(match.maker_price * match.shares // MICRO)
        fed = _fed(maker, match.shares, usd, trade_id, self.world.now_ns)
        if not self.world.book(maker.slug).remaining(maker.order_id):
            fed = evolve(fed, status=OrderStatus.MATCHED)
        self._put(fed, OrderChange.UPDATE)

    def _part(self, listed: Round, match: Match) -> MakerPart:
        maker = self._orders.get(match.maker_order_id)
        name = match.maker_order_id or hash_of(f"{self.world.seed}:crowd:{len(self._trades)}")
        return MakerPart(
            name,
            maker.api_key if maker else "",
            maker.maker if maker else CROWD,
            listed.token_of(match.maker_outcome),
            match.maker_outcome,
            match.maker_side,
            match.maker_price,
            match.shares,
        )

    def _met_by_crowd(self, listed: Round, match: Match) -> None:
        """One of the crowd took from somebody who rests."""
        now_ns, number = self.world.now_ns, len(self._trades)
        is_same = match.kind is MatchKind.NORMAL
        outcome = match.maker_outcome if is_same else match.maker_outcome.other
        side = match.maker_side.other if is_same else match.maker_side
        count = cost_of if side is Side.BUY else proceeds_of
        trade = VenueTrade(
            uuid_of(f"{self.world.seed}:trade:{number}"),
            hash_of(f"{self.world.seed}:crowd:taker:{number}"),
            "",
            CROWD,
            listed.slug,
            listed.condition_id,
            listed.token_of(outcome),
            outcome,
            side,
            match.taker_price,
            match.shares,
            count(match.taker_price, match.shares),
            match.taker_fee,
            now_ns,
            now_ns,
            (self._part(listed, match),),
        )
        self._trades.put(trade)
        self._news.append(TradeTold(now_ns, trade))
        self._feed_maker(match, trade.trade_id)
        self.world.add(Deed(now_ns, self._drained))

    def _put(self, order: VenueOrder, change: OrderChange) -> None:
        self._orders.put(order)
        self._news.append(OrderTold(order.changed_ns, change, order))

    def _drained(self) -> list[WorldEvent]:
        news, self._news = self._news, []
        return news

    def _ids(self, api_key: str) -> tuple[str, ...]:
        return tuple(order.order_id for order in self.open_orders(api_key))

    def _ask_cancel(
        self, chosen: Callable[[], tuple[str, ...]], api_key: str
    ) -> Pending[CancelAnswer]:
        pending: Pending[CancelAnswer] = Pending()
        self._ask(partial(self._cancel, chosen, api_key, pending))
        return pending

    def _cancel(
        self, chosen: Callable[[], tuple[str, ...]], api_key: str, pending: Pending[CancelAnswer]
    ) -> Iterator[WorldEvent]:
        cancelled, refused = [], {}
        for order_id in chosen():
            order = self._orders.get(order_id)
            reason = self._why_not(order, api_key)
            if reason or order is None:
                refused[order_id] = reason
                continue
            cancelled.append(order_id)
            yield self._remove(order, OrderStatus.CANCELED)
            yield from self._drained()
        pending.give(CancelAnswer(tuple(cancelled), refused))

    def _why_not(self, order: VenueOrder | None, api_key: str) -> str:
        if order is None or order.api_key != api_key:
            return _NOT_FOUND
        if order.status is OrderStatus.LIVE:
            return ""
        return _MATCHED if order.status is OrderStatus.MATCHED else _CANCELED

    def _remove(self, order: VenueOrder, status: OrderStatus) -> BookMoved | BookSwept:
        listed = self.world.rounds[order.slug]
        self.world.book(order.slug).cancel(order.order_id)
        now_ns = self.world.now_ns
        self._put(evolve(order, status=status, changed_ns=now_ns), OrderChange.CANCELLATION)
        level = self._level(listed, order.outcome, order.side, order.price)
        return BookMoved(now_ns, order.slug, level)


def _refused(signed: SignedOrder, words: str) -> OrderAnswer:
    return OrderAnswer(signed.order_id, refused=Refusal(words))


def _fed(order: VenueOrder, shares: Shares, usd: Usd, trade_id: str, now_ns: int) -> VenueOrder:
    return evolve(
        order,
        matched=Shares(order.matched + shares),
        spent=Usd(order.spent + usd),
        trade_ids=(*order.trade_ids, trade_id),
        changed_ns=now_ns,
    )
