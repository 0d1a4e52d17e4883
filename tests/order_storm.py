"""Orders at random through faults at random, and whether both sides tell the same of each.

Rounds end meanwhile, are paid, and are followed by others.

Nothing is replaced between the trader and the venue's engine: the live client with its books, user
channel, reconciles and heartbeat, the bytes of its requests and frames, the venue's routes and its
back office. The trader is no strategy but dice; what it knows of its orders is a mind's own ledger.
Time is virtual, so the seed alone decides what happens.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import trio
from attrs import define, field, frozen
from desk_venue import START_NS, DeskVenue
from dice_traders import Boris, Trader
from live_bench import LiveBench
from weather import Weather

from polytui.execution.live import LiveExecution, open_live
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Order, OrderState
from polytui.model.units import NS_PER_S
from polytui.sim.exchange.account_events import OrderChange, OrderTold
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.exchange.venue_trade import TradeStatus, VenueTrade
from polytui.sim.wire.desk.desk import DeskSettings
from polytui.sim.wire.desk.user_channel import UserChannelSettings

DOLLARS = 20_000.0
_MOST_TIMES = 4
_ENDS_WITHIN_S = 240.0
_BEFORE_A_CLOSE_S = 20.0


def hostile_venue() -> DeskVenue:
    """The first round soon ends."""
    settings = DeskSettings(UserChannelSettings(is_hostile=True))
    rest_ns = -START_NS % Interval.M5.ns
    start_ns = START_NS + rest_ns - int(_BEFORE_A_CLOSE_S * NS_PER_S)
    venue = DeskVenue(settings, start_ns=start_ns, interval=Interval.M5)
    venue.round = next(one for one in venue.world.rounds.values() if one.closes_ns > start_ns)
    return venue


@frozen
class Placed:
    """What both sides say of one order in the end."""

    order: Order
    ours: OrderState
    ours_by_trade: dict[str, int]
    there: VenueOrder | None
    there_by_trade: dict[str, int]

    @property
    def fault(self) -> str:
        """Empty where they agree, and it has ended."""
        if self.ours.is_working:
            return f"has no end: {self.ours.value}"
        if self.there is not None and self.there.status.is_open:
            return f"works at the venue, here it is {self.ours.value}"
        if self.ours_by_trade != self.there_by_trade:
            return f"fills: {self.ours_by_trade} here, {self.there_by_trade} at the venue"
        if sum(self.ours_by_trade.values()) > self.order.shares and not self.order.dollars:
            return f"more than its {self.order.shares} shares: {self.ours_by_trade}"
        is_whole = self.there is not None and self.there.status is OrderStatus.MATCHED
        if self.ours is OrderState.DONE and not is_whole:
            return f"filled here, {self.there and self.there.status} at the venue"
        return ""


@define(eq=False)
class OrderStorm:
    """State: both sides, and what was found wrong in the end."""

    bench: LiveBench
    weather: Weather
    trader: Trader
    execution: LiveExecution
    differences: int = 0
    faults: list[str] = field(factory=list)

    async def settle(self) -> None:
        """Until every trade is on the chain or failed, and both sides were compared."""
        for _ in range(int(_ENDS_WITHIN_S)):
            if not self._is_moving():
                break
            await trio.sleep(1.0)
        await trio.sleep(5.0)
        self.differences = await self.execution.reconcile.once()
        await trio.sleep(0.5)

    def misses(self) -> bool:
        """Whether a kind of fault has not struck yet, or no round was paid."""
        return 0 in self.weather.table().values() or not self.trader.paid

    def _is_moving(self) -> bool:
        moves = any(not one.is_over for one in self.trades())
        return moves or bool(self.execution.books.trades.on_the_way())

    def trades(self) -> list[VenueTrade]:
        """Of this wallet, as the venue has them."""
        return self.bench.venue.exchange.trades(self.bench.wallet.funder.lower())

    def judge(self) -> None:
        self.faults += [f"{one.order.order_id} {one.fault}" for one in self.placed() if one.fault]
        self.faults += list(self._lost())
        self.faults += list(self._doubled())
        self.faults += list(self._money())
        if self.bench.killed:
            self.faults.append(f"killed: {self.bench.killed}")

    def placed(self) -> Iterator[Placed]:
        exchange = self.bench.venue.exchange
        for order_id, order in self.trader.orders.items():
            ours = self.trader.known(order_id)
            there = exchange.order(ours.venue_id) if ours.venue_id else None
            by_trade = self.trader.filled(order_id)
            yield Placed(order, ours.state, by_trade, there, self._filled_there(there))

    def _filled_there(self, there: VenueOrder | None) -> dict[str, int]:
        found = dict[str, int]()
        for trade_id in () if there is None else there.trade_ids:
            trade = self.bench.venue.exchange.trade(trade_id)
            assert trade is not None
            if trade.status is TradeStatus.FAILED:
                continue
            if trade.taker_order_id == there.order_id:
                found[trade_id] = trade.shares
            for part in trade.maker_parts:
                if part.order_id == there.order_id:
                    found[trade_id] = found.get(trade_id, 0) + part.shares
        return found

    def _lost(self) -> Iterator[str]:
        """Orders that were said never to live, or given up by our looks, and that the venue took:
        somebody thought for a while that they were not there."""
        took = self._told_of(OrderChange.PLACEMENT)
        refused = {one.order_id for one in self.trader.heard if isinstance(one, ev.Refused)}
        for order_id in sorted(refused):
            if self.trader.known(order_id).venue_id in took:
                yield f"{order_id} was refused, and the venue took it"
        for order_id in self.trader.orders:
            ours = self.trader.known(order_id)
            if ours.is_presumed_dead and ours.venue_id in took:
                yield f"{order_id} was given up, and the venue took it"

    def _told_of(self, *changes: OrderChange) -> set[str]:
        """By the venue's name: orders of this wallet that went through one of these."""
        return {
            one.order.order_id
            for one in self.bench.venue.happened
            if isinstance(one, OrderTold)
            and one.change in changes
            and one.order.maker == self.bench.wallet.funder.lower()
        }

    def _doubled(self) -> Iterator[str]:
        """Whatever the venue ever took of this wallet is one order that was sent."""
        sent = {self.trader.known(order_id).venue_id for order_id in self.trader.orders}
        for venue_id in sorted(self._told_of(*OrderChange) - sent):
            yield f"the venue has {venue_id}, which nobody sent, or once more"
        if strays := self.trader.ledger.asset_account.stray_fills:
            yield f"{strays} fills of orders that nobody knows"

    def _moved(self) -> Iterator[tuple[str, int]]:
        """Nobody pays in or takes out here; what a fee was rounded by is known later."""
        for news in self.trader.heard:
            if isinstance(news, ev.CashMoved) and news.kind is not ev.CashKind.ROUNDING:
                yield news.kind.value, news.amount

    def _money(self) -> Iterator[str]:
        wallet = self.bench.wallet.funder.lower()
        there = self.bench.dollars() + self.unredeemed()
        ours, books = self.trader.account.cash, self.execution.books
        if not ours == books.money().cash == there:
            yield f"dollars: {ours} in the ledger, {books.money().cash} in the books, {there} there"
        for kind, moved in self._moved():
            yield f"{moved} came or went: {kind}"
        positions = self.bench.venue.exchange.holdings.positions(wallet)
        for listed in self.trader.rounds:
            if listed.slug in self.trader.paid:
                continue
            held, live = self.trader.ledger.positions.of(listed.slug), books.rounds.get(listed.slug)
            for outcome in Outcome:
                at_venue = positions.get(listed.token_of(outcome), 0)
                kept = 0 if live is None else live.shares(outcome)
                if not held.shares(outcome) == kept == at_venue:
                    told = f"{held.shares(outcome)} here, {kept}, {at_venue} there"
                    yield f"{listed.slug} {outcome.value}: {told}"

    def unredeemed(self) -> int:
        """What shares that won are worth, of the rounds that were settled here: a dollar each, and
        nobody has called for it."""
        wallet, holdings = self.bench.wallet.funder.lower(), self.bench.venue.exchange.holdings
        return sum(
            holdings.shares(wallet, listed.token_of(self.trader.paid[listed.slug]))
            for listed in self.trader.rounds
            if listed.slug in self.trader.paid
        )


async def blow(bench: LiveBench, count: int, seed: int, *, fault_every_s: float) -> OrderStorm:
    """All of it, with so many orders at least; what is wrong in the end is in `faults`."""
    trader = Trader(bench, random.Random(f"{seed} trader"))
    async with trio.open_nursery() as sky:
        weather = Weather(bench, random.Random(f"{seed} weather"), sky, trader.hear_tick)
        async with open_live(bench.needs()) as execution, trio.open_nursery() as tasks:
            assert isinstance(execution, LiveExecution)
            storm = OrderStorm(bench, weather, trader, execution)
            client = execution.client(Asset.BTC)
            effects, performed = trio.open_memory_channel[Effect](10_000)
            trader.begin(execution, client, await client.open(1), effects)
            tasks.start_soon(client.run, performed, trader.hear)
            tasks.start_soon(trader.look)
            tasks.start_soon(trader.hear_winners)
            async with trio.open_nursery() as outside:
                outside.start_soon(Boris(bench, random.Random(f"{seed} boris")).trade, 0.7)
                outside.start_soon(weather.blow, fault_every_s)
                outside.start_soon(trader.turn)
                await trader.trade(count, 1.6)
                # A short one goes on until it has met everything.
                while storm.misses() and len(trader.orders) < _MOST_TIMES * count:
                    await trader.trade(len(trader.orders) + 5, 1.6)
                outside.cancel_scope.cancel()
            weather.calm()
            await trader.end()
            await storm.settle()
            storm.judge()
            tasks.cancel_scope.cancel()
        sky.cancel_scope.cancel()
    if left := bench.working():
        storm.faults.append(f"{len(left)} orders are left at the venue")
    return storm
