"""The way of an order into the book: judged, held if it would take and judged again, taken in.

An order inside its hold can be seen by nobody and cancelled by nobody; what it needs is promised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attrs import evolve

from polytui.model.instrument import Round
from polytui.model.orders import Side
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.exchange.account_events import OrderChange
from polytui.sim.exchange.answers import OrderAnswer, Pending, Refusal
from polytui.sim.exchange.clearing import Clearing
from polytui.sim.exchange.deeds import Deed
from polytui.sim.exchange.order_keeper import OrderKeeper
from polytui.sim.exchange.order_rules import Entry, OrderRules, no_orderbook
from polytui.sim.exchange.public_view import seen_by_all
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.world.matching import Match
from polytui.sim.world.refusals import duplicated
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

_LATEST_END_S = 86_400
Answered = Callable[[OrderAnswer], None]


class Intake:
    """Takes orders in. `remove` takes out what rests, if it does, and says why."""

    def __init__(
        self,
        world: World,
        rules: ExchangeRules,
        judge: OrderRules,
        keeper: OrderKeeper,
        clearing: Clearing,
        remove: Callable[[str, OrderStatus], Iterator[WorldEvent]],
    ) -> None:
        self._world = world
        self._rules = rules
        self._judge = judge
        self._keeper = keeper
        self._clearing = clearing
        self._remove = remove
        self._dying: set[str] = set()
        """Held orders of keys whose beat was missed meanwhile."""

    def let_die(self, order_id: str) -> None:
        """It may still take what it finds after its hold, but nothing of it will rest."""
        self._dying.add(order_id)

    def arrive(
        self, orders: Sequence[SignedOrder], pending: Pending[tuple[OrderAnswer, ...]]
    ) -> Iterator[WorldEvent]:
        batch = _Answers(len(orders), pending)
        for number, signed in enumerate(orders):
            yield from self._take_in(signed, partial(batch.answer, number))

    def _take_in(self, signed: SignedOrder, answered: Answered) -> Iterator[WorldEvent]:
        if self._keeper.file.get(signed.order_id) is not None:
            answered(_refused(signed, Refusal(duplicated(signed.order_id))))
            return
        judged = self._judge.judge(signed, self._world.now_ns)
        if isinstance(judged, Refusal):
            answered(_refused(signed, judged))
        elif judged.killed:
            kill = Refusal(judged.killed)
            self._end(self._new(judged), OrderStatus.CANCELED, kill, answered)
        elif self._is_held(judged):
            self._hold(judged, answered)
        else:
            yield from self._enter(judged, self._new(judged), answered)

    # --- the hold -----------------------------------------------------------------------------

    def _is_held(self, entry: Entry) -> bool:
        """Whoever would take waits; who would rest does not."""
        may_be = entry.listed.interval in self._rules.hold_intervals
        if not may_be or not self._rules.taker_hold_ms:
            return False
        return self._world.book(entry.listed.slug).crosses(entry.asked)

    def _hold(self, entry: Entry, answered: Answered) -> None:
        held = evolve(self._new(entry), status=OrderStatus.DELAYED)
        is_told = self._rules.is_delay_told
        self._keeper.keep(held, OrderChange.PLACEMENT if is_told else None, entry.need)
        if is_told:
            answered(OrderAnswer(held.order_id, "delayed"))
        until_ns = self._world.now_ns + self._rules.taker_hold_ms * NS_PER_MS
        self._world.add(Deed(until_ns, partial(self._release, held.order_id, answered)))

    def _release(self, order_id: str, answered: Answered) -> Iterator[WorldEvent]:
        is_dying = order_id in self._dying
        self._dying.discard(order_id)
        held = self._keeper.file.get(order_id)
        if held is None or held.status is not OrderStatus.DELAYED:
            # Its market was resolved meanwhile.
            token_id = held.signed.token_id if held else ""
            answered(OrderAnswer(order_id, refused=no_orderbook(token_id)))
            return
        self._keeper.free(order_id)
        judged = self._judge.judge(held.signed, held.created_ns)
        if isinstance(judged, Refusal) and self._rules.is_delay_told:
            self._end(held, OrderStatus.INVALID, judged, answered)
        elif isinstance(judged, Refusal):
            # As if it had been refused at once: the same order may be sent again.
            self._keeper.file.forget(order_id)
            answered(_refused(held.signed, judged))
        elif judged.killed:
            self._end(held, OrderStatus.CANCELED, Refusal(judged.killed), answered)
        else:
            live = evolve(held, status=OrderStatus.LIVE, changed_ns=self._world.now_ns)
            yield from self._enter(judged, live, answered)
            if is_dying:
                yield from self._remove(order_id, OrderStatus.CANCELED)

    # --- the book -----------------------------------------------------------------------------

    def _enter(self, entry: Entry, order: VenueOrder, answered: Answered) -> Iterator[WorldEvent]:
        was_held = self._keeper.file.get(order.order_id) is not None
        book = self._world.book(entry.listed.slug)
        result = book.submit(entry.asked, partial(self._clearing.met_by_crowd, entry.listed))
        self._keeper.keep(order, OrderChange.PLACEMENT)
        if result.matches:
            order = self._clearing.took(order, entry.listed, result.matches)
            is_done = not result.resting and (_is_filled(order) or not self._rules.is_rest_told)
            order = evolve(order, status=OrderStatus.MATCHED if is_done else OrderStatus.LIVE)
            self._keeper.keep(order, OrderChange.UPDATE)
        if not result.resting and order.status is OrderStatus.LIVE:
            order = evolve(order, status=OrderStatus.CANCELED)
            self._keeper.keep(order, OrderChange.CANCELLATION)
        if order.status is OrderStatus.LIVE and order.signed.order_type is OrderType.GTD:
            self._watch_end(order, entry.listed)
        asked, matches = entry.asked, result.matches
        yield from seen_by_all(self._world, entry.listed, asked, matches, result.resting)
        answered(self._answer(order, result.matches, was_held=was_held))

    def _answer(
        self, order: VenueOrder, matches: Sequence[Match], *, was_held: bool
    ) -> OrderAnswer:
        if not matches:
            is_unmatched = was_held and self._rules.is_unmatched_told
            return OrderAnswer(order.order_id, "unmatched" if is_unmatched else "live")
        amounts = (order.spent, order.matched)
        making, taking = amounts if order.side is Side.BUY else amounts[::-1]
        return OrderAnswer(order.order_id, "matched", making, taking, order.trade_ids)

    def _watch_end(self, order: VenueOrder, listed: Round) -> None:
        """Whose end is long after his round's has gone with its result."""
        end_s = order.signed.expiration_s - self._rules.gtd_early_s
        end_ns = max(end_s * NS_PER_S, self._world.now_ns)
        if end_ns < listed.closes_ns + _LATEST_END_S * NS_PER_S:
            expired = OrderStatus.CANCELED_EXPIRED_ORDER
            self._world.add(Deed(end_ns, partial(self._remove, order.order_id, expired)))

    def _end(
        self, order: VenueOrder, status: OrderStatus, refusal: Refusal, answered: Answered
    ) -> None:
        """It was taken, matches nothing, and its owner is told; other refusals leave no trace."""
        now_ns = self._world.now_ns
        dead = evolve(order, status=status, words=refusal.words, changed_ns=now_ns)
        self._keeper.keep(dead, OrderChange.CANCELLATION)
        answered(_refused(order.signed, refusal))

    def _new(self, entry: Entry) -> VenueOrder:
        now_ns = self._world.now_ns
        return VenueOrder(
            signed=entry.signed,
            slug=entry.listed.slug,
            condition_id=entry.listed.condition_id,
            outcome=entry.outcome,
            price=entry.asked.price,
            created_ns=now_ns,
            changed_ns=now_ns,
        )


class _Answers:
    """Collects the answers to orders that came together. State: those that are there."""

    def __init__(self, count: int, pending: Pending[tuple[OrderAnswer, ...]]) -> None:
        self._answers: list[OrderAnswer | None] = [None] * count
        self._pending = pending
        if not count:
            pending.give(())

    def answer(self, number: int, answer: OrderAnswer) -> None:
        """The first one counts: what was answered "delayed" is not answered again."""
        if self._answers[number] is None:
            self._answers[number] = answer
            complete = [one for one in self._answers if one is not None]
            if len(complete) == len(self._answers):
                self._pending.give(tuple(complete))


def _is_filled(order: VenueOrder) -> bool:
    """Whether it has all it wanted: its shares, or what its dollars pay for."""
    if order.signed.is_for_dollars:
        return order.spent >= order.signed.dollars
    return not order.remaining


def _refused(signed: SignedOrder, refusal: Refusal) -> OrderAnswer:
    return OrderAnswer(signed.order_id, refused=refusal)
