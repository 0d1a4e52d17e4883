"""Two who trade by dice in rounds that end: one through the live client, with a mind's own ledger,
and one whom the venue knows well."""

from __future__ import annotations

import random
from typing import Any

import trio
from attrs import define, evolve, field, frozen
from live_bench import LiveBench

from polytui.config.deciding import ClaimSettings
from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.asset_ledger import AssetLedger
from polytui.execution.live import LiveExecution
from polytui.ledger.bookings import Booking
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place, Stamp
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.market_events import TickSizeChanged
from polytui.model.orders import LEAST_LIFE_NS, Order, OrderState, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.sim.exchange.names import hash_of, uuid_of, wallet_of
from polytui.sim.exchange.signed_order import OrderType, SignedOrder

GTC, GTD, FOK, FAK = TimeInForce.GTC, TimeInForce.GTD, TimeInForce.FOK, TimeInForce.FAK
_TIFS = (GTC, GTC, GTC, GTD, GTD, FOK, FAK, FAK)
_CENTS = (38, 62)
"""Prices of everybody, of either outcome: half of them cross."""
_FAR_CENTS = (4, 25, 75, 98)
"""Of every third order: the crowd of a round that soon ends sells its loser to anybody, and its
winner only to who pays for it."""
_MOST_WORKING = 30
_LOOKS_S = 0.25
_KEEPS_S = 86_400.0
_ENDS_WITHIN_S = 240.0
_TURNS_S = (-2.0, 8.0)
"""Before its close nobody orders in a round any more; or a moment after it."""
BORIS = wallet_of("boris")


@frozen
class Ended:
    """An order of a round that was paid: the ledger forgets it, and the names of it."""

    state: OrderState
    is_presumed_dead: bool
    venue_id: str


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
    rounds: list[Round] = field(factory=list)
    paid: dict[str, Outcome] = field(factory=dict)
    """Who won, of the rounds that were settled here."""
    ended: dict[str, Ended] = field(factory=dict)
    execution: LiveExecution = field(init=False)
    ledger: AssetLedger = field(init=False)
    _effects: trio.MemorySendChannel[Effect] = field(init=False)
    _client: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.ledger = AssetLedger(Asset.BTC, self.account)
        usual = Settings()
        # What was filled in a settled round is asked for at the end of a long storm.
        kept = evolve(usual.execution, keep_settled_s=_KEEPS_S)
        self.ledger.configure(evolve(usual, execution=kept))

    @property
    def listed(self) -> Round:
        return self.bench.venue.round.with_tick(self.tick)

    def begin(
        self, execution: LiveExecution, client: Any, opening: ev.DeskOpened, effects: Any
    ) -> None:
        self.execution, self._client, self._effects = execution, client, effects
        self.ledger.begin(opening, self.bench.clock.now_ns())
        self._find(self.bench.venue.round)

    # --- rounds that end --------------------------------------------------------------------------

    async def turn(self) -> None:
        """Play each round until about its close, and the one after it then."""
        venue, clock = self.bench.venue, self.bench.clock
        while True:
            before_ns = int(self.rng.uniform(*_TURNS_S) * NS_PER_S)
            await clock.sleep_until(venue.round.closes_ns - before_ns)
            over_ns = venue.round.closes_ns
            venue.round = next(
                one for one in venue.world.rounds.values() if one.opens_ns == over_ns
            )
            self._find(venue.round)

    def _find(self, listed: Round) -> None:
        self.rounds.append(listed)
        self.tick = self.bench.venue.world.tick(listed.slug)
        self._observe(ev.RoundFound(listed))

    async def hear_winners(self) -> None:
        """As a watcher of rounds tells of them."""
        while True:
            for listed in self.rounds:
                winner = self.bench.venue.world.status(listed.slug).winner
                if winner is not None and listed.slug not in self.paid:
                    self._settle(listed, winner)
            await trio.sleep(1.0)

    def _settle(self, listed: Round, winner: Outcome) -> None:
        now_ns = self.bench.clock.now_ns()
        for order_id, order in self.orders.items():
            ours = self.ledger.orders.get(order_id) if order.slug == listed.slug else None
            if ours is not None:
                name = self.execution.books.names.venue(order_id)
                self.ended[order_id] = Ended(ours.state, ours.is_presumed_dead, name)
        token = listed.token_of(winner)
        self._observe(ev.RoundSettled(listed.condition_id, token, "clob", now_ns))
        self.ledger.settle(listed, winner, now_ns, ClaimSettings())
        self.paid[listed.slug] = winner

    def _observe(self, event: Any) -> None:
        for report in self._client.observe(event):
            self.hear(report)

    # --- what it knows of an order ----------------------------------------------------------------

    def known(self, order_id: str) -> Ended:
        if order_id in self.ended:
            return self.ended[order_id]
        ours = self.ledger.orders.get(order_id)
        assert ours is not None
        name = self.execution.books.names.venue(order_id)
        return Ended(ours.state, ours.is_presumed_dead, name)

    def filled(self, order_id: str) -> dict[str, int]:
        """Shares by trade, as they are booked."""
        lines = self.ledger.asset_account.bookings.lines(self.orders[order_id].slug)
        booked = [one for one in lines if isinstance(one, Booking) and one.order_id == order_id]
        return {one.fill.trade_id: one.fill.shares for one in booked}

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
            (
                (listed, outcome)
                for listed in self.rounds
                for outcome in Outcome
                if listed.token_of(outcome) == token_id and listed.slug not in self.paid
            ),
            None,
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
        cents = rng.choice(_FAR_CENTS) if rng.random() < 1 / 3 else rng.randint(*_CENTS)
        price = cents * 10_000
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
