"""Orders at random through faults at random, and whether both sides tell the same of each.

Nothing is replaced between the trader and the venue's engine: the live client with its books, user
channel, reconciles and heartbeat, the bytes of its requests and frames, the venue's routes and its
back office. The trader is no strategy but dice; what it knows of its orders is a mind's own ledger.
Time is virtual, so the seed alone decides what happens.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import trio
from attrs import define, field, frozen
from desk_venue import DeskVenue
from live_bench import LiveBench
from weather import Weather

from polytui.desk.account import Account
from polytui.desk.asset_ledger import AssetLedger
from polytui.execution.live import LiveExecution, open_live
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place, Stamp
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.market_events import TickSizeChanged
from polytui.model.orders import LEAST_LIFE_NS, Order, OrderState, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.sim.exchange.account_events import OrderChange, OrderTold
from polytui.sim.exchange.names import hash_of, uuid_of, wallet_of
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.exchange.venue_trade import TradeStatus, VenueTrade
from polytui.sim.wire.desk.desk import DeskSettings
from polytui.sim.wire.desk.user_channel import UserChannelSettings

GTC, GTD, FOK, FAK = TimeInForce.GTC, TimeInForce.GTD, TimeInForce.FOK, TimeInForce.FAK
_TIFS = (GTC, GTC, GTC, GTD, GTD, FOK, FAK, FAK)
DOLLARS = 20_000.0
_CENTS = (38, 62)
"""Prices of everybody, of either outcome: half of them cross."""
_MOST_WORKING = 30
_MOST_TIMES = 4
_LOOKS_S = 0.25
_ENDS_WITHIN_S = 240.0
BORIS = wallet_of("boris")


def hostile_venue() -> DeskVenue:
    return DeskVenue(DeskSettings(UserChannelSettings(is_hostile=True)))


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
class Trader:
    """State: every order it sent, and what its ledger makes of them."""

    bench: LiveBench
    rng: random.Random
    account: Account = field(factory=Account)
    orders: dict[str, Order] = field(factory=dict)
    heard: list[Any] = field(factory=list)
    tick: Price = Price(10_000)
    """As the market's feed told it last."""
    ledger: AssetLedger = field(init=False)
    _effects: trio.MemorySendChannel[Effect] = field(init=False)
    _client: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.ledger = AssetLedger(Asset.BTC, self.account)

    @property
    def listed(self) -> Round:
        return self.bench.venue.round.with_tick(self.tick)

    def begin(self, client: Any, opening: ev.DeskOpened, effects: Any) -> None:
        self._client, self._effects = client, effects
        self.ledger.begin(opening, self.bench.clock.now_ns())
        client.observe(ev.RoundFound(self.bench.venue.round))

    # --- what it is told --------------------------------------------------------------------------

    def hear(self, news: Any) -> None:
        self.heard.append(news)
        if isinstance(news, ev.CashMoved):
            self.account.moves.take(news)
        elif isinstance(news, ev.FeedDown) and news.feed == ev.HEARTBEAT_FEED:
            self.cancel_all()
        elif hasattr(news, "order_id") or isinstance(news, ev.OrderFound):
            self._do(self.ledger.reported(news, self.bench.clock.now_ns(), self._place_of))

    def hear_tick(self, tick: Price) -> None:
        self.tick = tick
        for outcome in Outcome:
            token, now_ns = self.listed.token_of(outcome), self.bench.clock.now_ns()
            self._client.observe(TickSizeChanged(token, tick, now_ns, now_ns))

    def _place_of(self, token_id: str) -> tuple[Round, Outcome] | None:
        return next(
            ((self.listed, one) for one in Outcome if self.listed.token_of(one) == token_id), None
        )

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, LookUp):
                self._effects.send_nowait(effect)

    async def look(self) -> None:
        """What is doubted is asked for, as a mind does it."""
        while True:
            self._do(self.ledger.due_looks(self.bench.clock.now_ns()))
            await trio.sleep(_LOOKS_S)

    # --- what it does -----------------------------------------------------------------------------

    async def trade(self, count: int, every_s: float) -> None:
        while len(self.orders) < count:
            self._act(count - len(self.orders))
            await trio.sleep(self.rng.expovariate(1 / every_s))

    def _act(self, most: int) -> None:
        dice, working = self.rng.random(), self.ledger.orders.working()
        if dice < 0.01:
            self.cancel_all()
        elif dice < 0.20 or len(working) > _MOST_WORKING:
            chosen = self.rng.sample(working, min(len(working), self.rng.choice((1, 1, 2, 5))))
            self.cancel([one.order.order_id for one in chosen])
        elif dice < 0.30:
            self.place([self._an_order() for _ in range(min(most, self.rng.randint(2, 15)))])
        else:
            order = self._an_order()
            self.place([order])
            if dice < 0.40:  # at once, or into its answer
                self.cancel([order.order_id])

    def place(self, orders: list[Order]) -> None:
        for order in orders:
            self.ledger.place(order, self.listed)
            self._effects.send_nowait(Place(order, Stamp.grant(order.quote, Usd(0))))

    def cancel(self, order_ids: list[str]) -> None:
        now_ns = self.bench.clock.now_ns()
        for order_id in order_ids:
            if self.ledger.ask_cancel(order_id, now_ns):
                self._effects.send_nowait(Cancel(order_id))

    def cancel_all(self) -> None:
        self.ledger.ask_cancel_all()
        self._effects.send_nowait(CancelAll("dice"))

    def _an_order(self) -> Order:
        rng, now_ns = self.rng, self.bench.clock.now_ns()
        outcome, tif = rng.choice(list(Outcome)), rng.choice(_TIFS)
        price = rng.randint(*_CENTS) * 10_000
        if self.tick < 10_000:
            price += rng.randint(0, 9) * 1_000
        side = Side.SELL if rng.random() < 0.3 else Side.BUY
        order = Order(
            f"{self.listed.slug}-1-{len(self.orders) + 1}",
            self.listed.slug,
            self.listed.token_of(outcome),
            outcome,
            side,
            Price(price),
            Shares(rng.randint(1, 3) * 10 * MICRO),
            tif,
            tif.may_rest and rng.random() < 0.3,
            "dice",
            now_ns,
            expires_ns=now_ns + LEAST_LIFE_NS + rng.randint(5, 60) * NS_PER_S if tif is GTD else 0,
        )
        self.orders[order.order_id] = order
        return order

    async def end(self) -> None:
        """Everything back; asked for again as a mind does that is killed."""
        with trio.move_on_after(_ENDS_WITHIN_S):
            while working := self.ledger.orders.working():
                self.cancel([one.order.order_id for one in working])
                await trio.sleep(2.0)


@define(eq=False)
class Boris:
    """Somebody whom the venue knows well, with money of his own: he quotes and takes, so that our
    orders meet somebody. State: how many orders he made."""

    bench: LiveBench
    rng: random.Random
    _count: int = 0

    async def trade(self, every_s: float) -> None:
        exchange = self.bench.venue.exchange
        exchange.fund(BORIS, Usd(10_000_000 * MICRO))
        while True:
            mine = exchange.open_orders(uuid_of(BORIS))
            if len(mine) > 12:
                exchange.cancel(uuid_of(BORIS), [mine[0].order_id])
            exchange.place([self._purchase()])
            await trio.sleep(self.rng.expovariate(1 / every_s))

    def _purchase(self) -> SignedOrder:
        self._count += 1
        outcome = self.rng.choice(list(Outcome))
        price, shares = self.rng.randint(*_CENTS) * 10_000, self.rng.randint(5, 40) * MICRO
        return SignedOrder(
            hash_of(f"boris:{self._count}"),
            BORIS,
            BORIS,
            uuid_of(BORIS),
            self.bench.venue.token(outcome),
            Side.BUY,
            price * shares // MICRO,
            shares,
            OrderType.GTC,
        )


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
        exchange, names = self.bench.venue.exchange, self.execution.books.names
        for order_id, order in self.trader.orders.items():
            ours, venue_id = self.trader.ledger.orders.get(order_id), names.venue(order_id)
            assert ours is not None
            there = exchange.order(venue_id) if venue_id else None
            by_trade = {key: fill.shares for key, fill in ours.fills.items()}
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
        names, took = self.execution.books.names, self._told_of(OrderChange.PLACEMENT)
        refused = {one.order_id for one in self.trader.heard if isinstance(one, ev.Refused)}
        for order_id in sorted(refused):
            if names.venue(order_id) in took:
                yield f"{order_id} was refused, and the venue took it"
        for order_id in self.trader.orders:
            ours = self.trader.ledger.orders.get(order_id)
            if ours is not None and ours.is_presumed_dead and names.venue(order_id) in took:
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
        names = self.execution.books.names
        for venue_id in sorted(self._told_of(*OrderChange)):
            ours = names.ours(venue_id)
            if ours not in self.trader.orders:
                yield f"the venue has {venue_id}, which nobody sent"
            elif names.venue(ours) != venue_id:
                yield f"the venue has {ours} twice"
        if strays := self.trader.ledger.asset_account.stray_fills:
            yield f"{strays} fills of orders that nobody knows"

    def _moved(self) -> Iterator[tuple[str, int]]:
        """Nobody pays in or takes out here; what a fee was rounded by is known later."""
        for news in self.trader.heard:
            if isinstance(news, ev.CashMoved) and news.kind is not ev.CashKind.ROUNDING:
                yield news.kind.value, news.amount

    def _money(self) -> Iterator[str]:
        there, wallet = self.bench.dollars(), self.bench.wallet.funder.lower()
        ours, books = self.trader.account.cash, self.execution.books
        if not ours == books.money().cash == there:
            yield f"dollars: {ours} in the ledger, {books.money().cash} in the books, {there} there"
        for kind, moved in self._moved():
            yield f"{moved} came or went: {kind}"
        positions = self.bench.venue.exchange.holdings.positions(wallet)
        held = self.trader.ledger.positions.of(self.trader.listed.slug)
        live = books.rounds.get(self.trader.listed.slug)
        for outcome in Outcome:
            at_venue = positions.get(self.trader.listed.token_of(outcome), 0)
            kept = 0 if live is None else live.shares(outcome)
            if not held.shares(outcome) == kept == at_venue:
                yield f"{outcome.value}: {held.shares(outcome)} here, {kept}, {at_venue} there"


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
            trader.begin(client, await client.open(1), effects)
            tasks.start_soon(client.run, performed, trader.hear)
            tasks.start_soon(trader.look)
            async with trio.open_nursery() as outside:
                outside.start_soon(Boris(bench, random.Random(f"{seed} boris")).trade, 0.7)
                outside.start_soon(weather.blow, fault_every_s)
                await trader.trade(count, 1.6)
                # A short one goes on until it has met everything.
                while 0 in weather.table().values() and len(trader.orders) < _MOST_TIMES * count:
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
