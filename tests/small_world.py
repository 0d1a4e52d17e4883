"""A world of two rounds in which a test decides what happens, on the real matching core."""

from __future__ import annotations

from polytui.model.instrument import (
    Asset,
    Exchange,
    FeeSchedule,
    Interval,
    Outcome,
    Round,
    SettlementRule,
)
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares
from polytui.sim.world.calendar import round_slug
from polytui.sim.world.candles import TapeBar
from polytui.sim.world.matching import ConditionBook
from polytui.sim.world.world import RoundStatus
from polytui.sim.world.world_events import (
    BookMoved,
    BookSwept,
    ChainlinkTicked,
    ExchangeTrade,
    LevelSet,
    PrintedLeg,
    RoundListed,
    RoundResolved,
    StrikeKnown,
    TickChanged,
)

START_NS = 1_795_204_800 * NS_PER_S  # 2026-11-20 20:00:00 UTC
E18 = 10**18


def make_round(opens_ns: int, asset: Asset = Asset.BTC) -> Round:
    number = opens_ns // NS_PER_S
    return Round(
        slug=round_slug(asset, Interval.M5, opens_ns),
        asset=asset,
        interval=Interval.M5,
        condition_id=f"0x{number:064x}",
        up_token=str(number * 10**60 + 1),
        down_token=str(number * 10**60 + 2),
        opens_ns=opens_ns,
        closes_ns=opens_ns + Interval.M5.ns,
        settlement=SettlementRule.TWAP,
    )


class SmallWorld:
    """The part of the world's surface that the wires read; world events are made by hand."""

    seed = 7

    def __init__(self) -> None:
        self.now_ns = START_NS + 250_000_000
        self.assets = tuple(Asset)
        self.began_ns = START_NS
        first, second = make_round(START_NS), make_round(START_NS + Interval.M5.ns)
        self.rounds = {first.slug: first, second.slug: second}
        self.first, self.second = first, second
        self._books = {
            slug: ConditionBook(Price(10_000), FeeSchedule(), Shares(5_000_000))
            for slug in self.rounds
        }
        self._status: dict[str, RoundStatus] = {}
        self._ticks: list[ChainlinkTicked] = []
        for price, shares in ((500_000, 120), (490_000, 35.5), (10_000, 3149725.72)):
            self.move(Side.BUY, price, shares)
        for price, shares in ((520_000, 80.25), (530_000, 10), (990_000, 156606.14)):
            self.move(Side.SELL, price, shares)

    # --- what the wires read

    def book(self, slug: str) -> ConditionBook:
        return self._books[slug]

    def tick(self, slug: str) -> Price:
        return self._books[slug].tick

    def last_trade(self, slug: str, outcome: Outcome) -> Price | None:
        return self._books[slug].last_trade(outcome)

    def status(self, slug: str) -> RoundStatus:
        return self._status.get(slug, RoundStatus())

    def chainlink_history(self, asset: Asset, since_ns: int) -> tuple[ChainlinkTicked, ...]:
        return tuple(t for t in self._ticks if t.asset is asset and t.observed_ns >= since_ns)

    def candles(
        self,
        asset: Asset,
        seconds: int,
        start_ns: int,
        end_ns: int,
        limit: int,
        venue: Exchange = Exchange.BINANCE,
    ) -> list[TapeBar]:
        length = seconds * NS_PER_S
        first = -(-start_ns // length) * length
        opens = range(first, end_ns + 1, length)
        return [TapeBar(at, 100.0, 102.0, 99.0, 101.5, 2.0, 7) for at in opens][:limit]

    # --- what a test makes happen, half a second apart

    def _pass(self) -> int:
        self.now_ns += NS_PER_S // 2
        return self.now_ns

    def move(self, side: Side, price: int, shares: float) -> BookMoved:
        micro = round(shares * MICRO)
        self.book(self.first.slug).show(side, Price(price), Shares(micro))
        return BookMoved(self._pass(), self.first.slug, LevelSet(side, price, micro))

    def sweep(self, outcome: Outcome, side: Side, price: int, shares: float) -> BookSwept:
        book = self.book(self.first.slug)
        result = book.sweep(outcome, side, Price(price), Shares(round(shares * MICRO)))
        maker = Side.SELL if (outcome is Outcome.UP) is (side is Side.BUY) else Side.BUY
        legs = tuple(PrintedLeg(m.taker_price, m.shares) for m in result.matches)
        prices = [leg.price if outcome is Outcome.UP else MICRO - leg.price for leg in legs]
        levels = tuple(LevelSet(maker, p, book.depth(Outcome.UP, maker, Price(p))) for p in prices)
        return BookSwept(self._pass(), self.first.slug, outcome, side, legs, levels)

    def refine(self) -> TickChanged:
        self.book(self.first.slug).set_tick(Price(1_000))
        return TickChanged(self._pass(), self.first.slug, 10_000, 1_000)

    def observe(self, value_e18: int, twap_e18: int | None) -> ChainlinkTicked:
        at_ns = self._pass()
        observed_ns = at_ns // NS_PER_S * NS_PER_S - NS_PER_S
        tick = ChainlinkTicked(at_ns, Asset.BTC, observed_ns, value_e18, twap_e18)
        self._ticks.append(tick)
        return tick

    def trade(self, price: float, size: float, *, is_buyer_maker: bool = True) -> ExchangeTrade:
        return ExchangeTrade(self._pass(), Asset.BTC, price, size, is_buyer_maker)

    def list_round(self) -> RoundListed:
        listed = make_round(START_NS + 2 * Interval.M5.ns)
        self.rounds[listed.slug] = listed
        self._books[listed.slug] = ConditionBook(Price(10_000), FeeSchedule(), Shares(5_000_000))
        return RoundListed(self._pass(), listed)

    def publish_strike(self, strike_e18: int) -> StrikeKnown:
        self._status[self.first.slug] = RoundStatus(strike_e18=strike_e18)
        return StrikeKnown(self._pass(), self.first.slug, strike_e18)

    def resolve(self, winner: Outcome) -> RoundResolved:
        at_ns = self._pass()
        slug, strike, final = self.first.slug, 91_000 * E18, 91_001 * E18 + 5 * 10**17
        self._status[slug] = RoundStatus(strike, final, winner, at_ns)
        self._books[slug].clear()
        return RoundResolved(at_ns, slug, winner, strike, final)
