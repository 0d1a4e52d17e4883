"""A back office over a world whose crowd hardly acts, and people who trade in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.sim.exchange.answers import CancelAnswer, OrderAnswer, Pending
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.names import hash_of, uuid_of, wallet_of
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.world.crowd import CrowdRates, CrowdSettings
from polytui.sim.world.resolver import ResolverSettings
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import WorldEvent

UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
GTC, GTD, FOK, FAK = OrderType.GTC, OrderType.GTD, OrderType.FOK, OrderType.FAK
START_NS = 1_795_204_815 * NS_PER_S
"""Fifteen seconds into rounds of 5m, 15m, 1h and 4h."""
_SELDOM = CrowdRates(1.0, 0.001, 0.01)
ASLEEP = CrowdSettings(
    open=dict.fromkeys(Interval, _SELDOM), next=_SELDOM, early=_SELDOM, ended=_SELDOM
)
ANNA, BORIS, CLARA = wallet_of("anna"), wallet_of("boris"), wallet_of("clara")
T = TypeVar("T")


def key_of(wallet: str) -> str:
    return uuid_of(wallet)


def usd(dollars: float) -> Usd:
    return Usd(round(dollars * MICRO))


def shares(count: float) -> Shares:
    return Shares(round(count * MICRO))


class TradingFloor:
    """Nobody of the crowd is in the books: they begin empty."""

    def __init__(
        self,
        rules: ExchangeRules | None = None,
        *,
        interval: Interval = Interval.H4,
        crowd: CrowdSettings = ASLEEP,
        crowd_ahead: float = 0.0,
        seed: int = 7,
        start_ns: int = START_NS,
        resolver: ResolverSettings = ResolverSettings(),  # noqa: B008
    ) -> None:
        """Rounds of four hours hold no taker. `crowd_ahead`: 0 for books without a crowd until
        their round opens; the round traded in is then the next one."""
        self.world = World(
            WorldSettings(
                seed,
                start_ns,
                (Asset.BTC,),
                (interval,),
                crowd=crowd,
                crowd_ahead=crowd_ahead,
                messages=0.004,
                resolver=resolver,
            )
        )
        self.exchange = Exchange(self.world, rules or ExchangeRules())
        later = [r for r in self.world.rounds.values() if r.opens_ns > start_ns]
        current = [r for r in self.world.rounds.values() if r.opens_ns <= start_ns]
        self.round: Round = later[0] if crowd_ahead == 0.0 else current[0]
        self.events: list[WorldEvent] = []
        self._count = 0

    def order(
        self,
        who: str,
        outcome: Outcome,
        side: Side,
        cents: float,
        size: float,
        order_type: OrderType = GTC,
        *,
        is_post_only: bool = False,
        expiration_s: int = 0,
    ) -> SignedOrder:
        """Signed by somebody; of a market purchase `size` is dollars."""
        self._count += 1
        price = Price(round(cents * 10_000))
        is_market = side is BUY and not order_type.may_rest
        dollars = round(size * MICRO) if is_market else round(size * MICRO) * price // MICRO
        # A market purchase's shares, rounded up to four decimals, as clients do.
        wanted = -(-dollars * MICRO // price // 100) * 100 if is_market else round(size * MICRO)
        amounts = (dollars, wanted) if side is BUY else (wanted, dollars)
        return SignedOrder(
            hash_of(f"{who}:{self._count}"),
            who,
            who,
            key_of(who),
            self.round.token_of(outcome),
            side,
            *amounts,
            order_type,
            expiration_s,
            is_post_only,
        )

    def place(self, *orders: SignedOrder) -> tuple[OrderAnswer, ...]:
        return self.wait(self.exchange.place(orders))

    def place_one(self, order: SignedOrder) -> OrderAnswer:
        return self.place(order)[0]

    def cancel(self, who: str, *order_ids: str) -> CancelAnswer:
        return self.wait(self.exchange.cancel(key_of(who), order_ids))

    def wait(self, pending: Pending[T], most_s: float = 5.0) -> T:
        """Plays the world until there is an answer."""
        until_ns = self.world.now_ns + int(most_s * NS_PER_S)
        while pending.answer is None and self.world.now_ns < until_ns:
            self.play(0.01)
        assert pending.answer is not None
        return pending.answer

    def play(self, seconds: float) -> list[WorldEvent]:
        """What happens in so much time; all of it is kept in `events` too."""
        until_ns = self.world.now_ns + int(seconds * NS_PER_S)
        happened = list(self.world.run_until(until_ns))
        self.events += happened
        return happened

    def fund(self, dollars: float, *wallets: str) -> None:
        for wallet in wallets:
            self.exchange.fund(wallet, usd(dollars))


def kinds(events: Iterable[WorldEvent]) -> list[str]:
    return [type(event).__name__ for event in events]
