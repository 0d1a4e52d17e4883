"""The venue's back office: what named people ask of the books, and what becomes of it.

Nobody touches a book from outside. Whatever is asked becomes a deed on the world's agenda, done
in its place among the crowd's doings, and what comes of it are world events like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from attrs import evolve

from polytui.model.instrument import Round
from polytui.model.units import NS_PER_S, Price, Shares, Usd, format_micro
from polytui.sim.exchange.account_events import OrderChange
from polytui.sim.exchange.answers import CancelAnswer, OrderAnswer, Pending
from polytui.sim.exchange.cancelling import Cancelling
from polytui.sim.exchange.clearing import Clearing
from polytui.sim.exchange.deeds import Deed
from polytui.sim.exchange.funds import Funds
from polytui.sim.exchange.heartbeats import BeatAnswer, Heartbeats
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.intake import Intake
from polytui.sim.exchange.modes import EngineModes
from polytui.sim.exchange.names import CROWD
from polytui.sim.exchange.news import News
from polytui.sim.exchange.order_keeper import OrderKeeper
from polytui.sim.exchange.order_rules import OrderRules
from polytui.sim.exchange.rebates import Rebate, Rebates
from polytui.sim.exchange.reserves import Reserves
from polytui.sim.exchange.rules import TICKS, ExchangeRules
from polytui.sim.exchange.signed_order import SignedOrder
from polytui.sim.exchange.trade_lives import Fate, TradeLives
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.exchange.venue_trade import VenueTrade
from polytui.sim.world.world import World
from polytui.sim.world.world_events import RoundResolved, TickChanged, WorldEvent


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
        self.rules = rules = rules or ExchangeRules()
        self.holdings = Holdings()
        self.modes = EngineModes(world.market_faults.halt)
        self.heartbeats = Heartbeats(world.seed, rules)
        self._now = now
        self._on_request = on_request
        self._reserves = Reserves()
        self._funds = Funds(self.holdings, self._reserves)
        news = News(world, rules.news_ms)
        self._keeper = OrderKeeper(rules, self._reserves, news, self._forgotten)
        self._rebates = Rebates(world, self.holdings)
        self._lives = TradeLives(
            world, rules, self.holdings, self._reserves, self._funds, news, self._rebates
        )
        clearing = Clearing(world, self._keeper, self._lives)
        self._cancelling = Cancelling(world, self._keeper, self.modes, self._funds)
        judge = OrderRules(world, rules, self.modes, self._funds)
        self._intake = Intake(world, rules, judge, self._keeper, clearing, self._cancelling.remove)
        self._watched: set[str] = set()
        self._is_looking = False
        # What somebody holds can be redeemed and valued years later.
        world.remember_if(partial(self.holdings.is_held, besides=CROWD))

    # --- what is asked ------------------------------------------------------------------------

    def now_ns(self) -> int:
        """The present moment: the world's, or the clock's where that is ahead."""
        return max(self.world.now_ns, self._now() if self._now else 0)

    def place(self, orders: Sequence[SignedOrder]) -> Pending[tuple[OrderAnswer, ...]]:
        """One order, or a batch; answered together, in the same order."""
        pending: Pending[tuple[OrderAnswer, ...]] = Pending()
        for signed in orders:
            listed = self.world.find(signed.token_id)
            if listed is not None:
                self.watch(listed)
        self._ask(partial(self._intake.arrive, tuple(orders), pending))
        return pending

    def cancel(self, api_key: str, order_ids: Sequence[str]) -> Pending[CancelAnswer]:
        named = tuple(dict.fromkeys(order_ids))
        return self._ask_cancel(api_key, lambda: named)

    def cancel_all(self, api_key: str) -> Pending[CancelAnswer]:
        """Everything that this key placed."""
        return self._ask_cancel(api_key, lambda: self._ids(api_key))

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

        return self._ask_cancel(api_key, chosen)

    def beat(self, api_key: str, heartbeat_id: str) -> BeatAnswer:
        answer = self.heartbeats.beat(api_key, heartbeat_id, self.now_ns())
        self._look_later()
        return answer

    def touch(self, api_key: str) -> None:
        """The older beat, without an id."""
        self.heartbeats.touch(api_key, self.now_ns())
        self._look_later()

    def fund(self, wallet: str, usd: Usd, *, is_approved: bool = True) -> None:
        """The faucet, at the present moment."""
        self.holdings.fund(wallet, usd, self.now_ns(), is_approved=is_approved)

    # --- trouble that is asked for ------------------------------------------------------------

    def fail_next(self, count: int = 1) -> None:
        """The next trades that are matched fail in the end."""
        self._lives.order_fate(Fate.FAIL, count)

    def retry_next(self, count: int = 1) -> None:
        """The next trades that are matched are mined at the second try."""
        self._lives.order_fate(Fate.RETRY, count)

    def spare_next(self) -> None:
        """Takes back whatever was asked for trades to come."""
        self._lives.spare()

    def set_tick(self, slug: str, tick: Price) -> None:
        """From the present moment on. KeyError for a slug that is not listed, ValueError for a tick
        that the venue does not have."""
        if tick not in TICKS:
            raise ValueError(f"a tick is one of {', '.join(map(format_micro, TICKS))}")
        self.world.tick(slug)
        self._ask(partial(self._change_tick, slug, tick))

    def expire_heartbeat(self, api_key: str) -> None:
        """As if its last beat had been too long ago, and somebody looked just now."""
        self.heartbeats.expire(api_key)
        self._ask(self._miss)

    def recheck(self, wallet: str) -> None:
        """Dollars or shares have left a wallet on the chain: orders that it can no longer pay for
        are cancelled, the latest first."""
        self._ask(partial(self._cancelling.uncovered, wallet))

    def watch(self, listed: Round) -> None:
        """Somebody takes an interest in a round: at its result its orders go, and its shares are
        worth something. To be called before anything of it is minted."""
        if listed.slug in self._watched:
            return
        self._watched.add(listed.slug)
        status = self.world.status(listed.slug)
        if status.is_resolved:
            self.holdings.resolve(listed, status.winner)
        else:
            self.world.when_resolved(listed.slug, partial(self._resolved, listed))

    # --- what can be seen ---------------------------------------------------------------------

    def order(self, order_id: str) -> VenueOrder | None:
        """Whatever its status; None for one that was never taken."""
        return self._keeper.file.get(order_id)

    def open_orders(self, api_key: str) -> list[VenueOrder]:
        """Those that rest, oldest first; none that is still held."""
        found = self._keeper.file.open_of_key(api_key)
        return [order for order in found if order.status is OrderStatus.LIVE]

    def orders_of(self, wallet: str) -> list[VenueOrder]:
        """Open ones whatever key placed them, held ones too, oldest first."""
        return self._keeper.file.open_of_wallet(wallet)

    def trade(self, trade_id: str) -> VenueTrade | None:
        return self._lives.file.get(trade_id)

    def trades(self, party: str) -> list[VenueTrade]:
        """Of a key or a wallet, as taker or maker, oldest first."""
        return self._lives.file.of(party)

    def every_trade(self) -> list[VenueTrade]:
        """Oldest first."""
        return self._lives.file.every()

    def month_volume_usd(self, api_key: str) -> int:
        """Dollars in millionths that a key has traded lately, as taker and as maker."""
        return self._lives.volumes.month_usd(api_key, self.now_ns())

    @property
    def rebates(self) -> list[Rebate]:
        """What makers were paid so far, oldest first."""
        return self._rebates.paid

    @property
    def reserves(self) -> Reserves:
        """What is promised to orders and trades."""
        return self._reserves

    def free_usd(self, wallet: str) -> Usd:
        """Dollars that nothing was promised; below zero where promised ones were moved away."""
        return self._funds.free_usd(wallet)

    def free_shares(self, wallet: str, token_id: str) -> Shares:
        return self._funds.free_shares(wallet, token_id)

    # --- inside -------------------------------------------------------------------------------

    def _ask(self, do: Callable[[], Iterable[WorldEvent]]) -> None:
        self.world.add(Deed(self.now_ns(), do))
        if self._on_request:
            self._on_request()

    def _ids(self, api_key: str) -> tuple[str, ...]:
        return tuple(order.order_id for order in self.open_orders(api_key))

    def _ask_cancel(
        self, api_key: str, chosen: Callable[[], tuple[str, ...]]
    ) -> Pending[CancelAnswer]:
        pending: Pending[CancelAnswer] = Pending()
        self._ask(partial(self._cancelling.cancel, api_key, chosen, pending))
        return pending

    def _change_tick(self, slug: str, tick: Price) -> Iterator[WorldEvent]:
        old = self.world.tick(slug)
        if old != tick:
            self.world.set_tick(slug, tick)
            yield TickChanged(self.world.now_ns, slug, old, tick)

    def _look_later(self) -> None:
        """At the next whole span of the checker, while anybody beats."""
        if self._is_looking or not self.heartbeats.is_any_alive:
            return
        self._is_looking = True
        span_ns = int(self.rules.heartbeat_check_s * NS_PER_S)
        self.world.add(Deed((self.now_ns() // span_ns + 1) * span_ns, self._look))

    def _look(self) -> Iterator[WorldEvent]:
        self._is_looking = False
        yield from self._miss()
        self._look_later()

    def _miss(self) -> Iterator[WorldEvent]:
        for api_key in self.heartbeats.missed(self.world.now_ns):
            for order in self._keeper.file.open_of_key(api_key):
                if order.status is OrderStatus.DELAYED:
                    self._intake.let_die(order.order_id)
                yield from self._cancelling.remove(order.order_id, OrderStatus.CANCELED)

    def _forgotten(self, order: VenueOrder) -> None:
        """Who asks for it and who sends it again are told the same: there is none."""
        if order.slug in self.world.rounds:
            self.world.book(order.slug).forget(order.order_id)

    def _resolved(self, listed: Round, resolved: RoundResolved) -> None:
        self.holdings.resolve(listed, resolved.winner)
        for order in self._keeper.file.open_in(listed.slug):
            status = OrderStatus.CANCELED_MARKET_RESOLVED
            gone = evolve(order, status=status, changed_ns=resolved.at_ns)
            self._keeper.keep(gone, OrderChange.CANCELLATION)
