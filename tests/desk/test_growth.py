"""Thirty days at four intervals: what is over leaves nothing behind but its sums."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from attrs import define, evolve, field, frozen
from sessions import EVERYBODY, MODEL, a_round, packed

from polytui.config.load import canonical_json
from polytui.desk.checkpoint import checkpoint_of
from polytui.desk.mind import Mind
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.model import events as ev
from polytui.model.candle import Candle
from polytui.model.effects import Cancel, CancelAll, Place
from polytui.model.instrument import Asset, Exchange, Interval, Outcome, PriceKind, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd, complement

BTC = Asset.BTC
DAY_NS = 86_400 * NS_PER_S
START_NS = 1_795_132_800 * NS_PER_S
"""2026-11-20 00:00 UTC."""
DAYS = 30
BOUND = 1.15
"""Of what it was on the first day: numbers have more digits, and other things are held."""
TRIMMED_BOUND = 1.05
CANDLES = (60, 300, 900, 3600)
SETTINGS = evolve(
    EVERYBODY,
    market=evolve(EVERYBODY.market, volatility_warmup_s=1.0),
    confluence=evolve(EVERYBODY.confluence, is_enabled=False),
    momentum_score=evolve(EVERYBODY.momentum_score, is_enabled=False),
    risk=evolve(EVERYBODY.risk, max_trades_per_day=100_000),
)
"""Three trade, two are followed."""


@frozen
class Cost:
    """Of a digest and of a checkpoint."""

    digest_bytes: int
    digest_calls: int
    checkpoint_bytes: int
    parts: int
    """Objects that the mind holds."""


@define
class Month:
    """State: a mind, its exchange on paper, and the rounds of one asset at every interval."""

    mind: Mind = field(factory=Mind)
    simulator: PaperSimulator = field(init=False)
    rounds: dict[Interval, Round] = field(factory=dict)
    ended: list[Round] = field(factory=list)
    now_ns: int = START_NS
    price: float = 9_000.0
    lives: int = 1
    seen: Counter[str] = field(factory=Counter)
    rng: random.Random = field(factory=lambda: random.Random(4))

    def __attrs_post_init__(self) -> None:
        self.simulator = PaperSimulator(SETTINGS.paper, PaperAccount(Usd(10**12)))

    def live(self) -> Iterator[tuple[int, Cost]]:
        """Day by day, what a digest and a checkpoint cost at one time of the day."""
        self.begin()
        for number in range(1, DAYS + 1):
            for slot in range(288):
                self.now_ns = START_NS + (number - 1) * DAY_NS + slot * Interval.M5.ns
                self.boundary()
                if slot % 9 == 1:
                    self.moment()
                if slot == 200:
                    self.crash()
                if slot == 146:
                    yield number, cost_of(self.mind)

    def begin(self) -> None:
        self.tell(self.simulator.opening(BTC, self.lives))
        self.tell(ev.SettingsChanged(canonical_json(SETTINGS)))
        self.tell(ev.ModelLoaded(MODEL, "chance"))
        for feed in (ev.BOOK_FEED, "rtds", *(one.value for one in Exchange)):
            self.tell(ev.FeedUp(feed, self.now_ns))
        for length_s in CANDLES:
            end_s = self.now_ns // NS_PER_S // length_s * length_s
            begins = [(end_s - at * length_s) * NS_PER_S for at in range(500, 0, -1)]
            some = tuple(Candle(at, *[self.price] * 4, 1.0, 1) for at in begins)
            self.tell(ev.CandlesLoaded(BTC, "binance", length_s, some, self.now_ns))
        for listed in [*self.rounds.values(), *self.ended]:
            self.tell(ev.RoundFound(listed))
            self.tell(ev.RoundOpened(listed.slug, self.now_ns, True))

    def crash(self) -> None:
        self.simulator.cancel_at_once()
        self.lives += 1
        self.begin()

    def boundary(self) -> None:
        """Rounds close, are settled some seconds later, and others begin."""
        for interval in Interval:
            if self.now_ns % interval.ns:
                continue
            if (over := self.rounds.pop(interval, None)) is not None:
                self.tell(ev.RoundClosed(over.slug, self.now_ns))
                self.ended.append(over)
            self.rounds[interval] = begun = a_round(BTC, self.now_ns, interval)
            self.tell(ev.RoundFound(begun))
            self.tell(ev.RoundOpened(begun.slug, self.now_ns))
            self.tell(ev.StrikePublished(begun.slug, self.price, "gamma"))
        self.now_ns += 9 * NS_PER_S
        for over in self.ended:
            token = over.token_of(self.rng.choice(list(Outcome)))
            self.tell(ev.RoundSettled(over.condition_id, token, "clob", self.now_ns))
        self.ended.clear()

    def moment(self) -> None:
        """Some seconds in which everything is seen, decided and answered."""
        self.now_ns += 30 * NS_PER_S
        for _ in range(3):
            self.now_ns += NS_PER_S
            self.price *= 1.0 + self.rng.gauss(0.0, 1e-4)
            self.prices()
        for listed in self.rounds.values():
            self.book(listed)
        self.tell(ev.Ticked(self.now_ns), is_last=True)
        for _ in range(3):
            self.now_ns += NS_PER_S
            for report in self.simulator.advance(self.now_ns):
                self.tell(report, is_last=True)

    def prices(self) -> None:
        at = (self.now_ns, self.now_ns, self.now_ns)
        self.tell(ev.ChainlinkPriced(BTC, "rtds", PriceKind.SPOT, self.price, 0, *at))
        for venue in Exchange:
            bests = (self.price - 0.1, 1.0, self.price + 0.1, 2.0)
            self.tell(ev.ExchangeQuoted(BTC, venue.value, *bests, *at[:2]))
        number = self.now_ns // NS_PER_S
        self.tell(ev.ExchangeTraded(BTC, "binance", number, self.price, 1.0, Side.BUY, *at[:2]))

    def book(self, listed: Round) -> None:
        bid = self.rng.randrange(20, 80)
        low, high = Price(bid * 10_000), Price((bid + 1) * 10_000)
        shares = Shares(500 * MICRO)
        for token, buys, sells in (
            (listed.up_token, low, high),
            (listed.down_token, complement(high), complement(low)),
        ):
            levels = (((buys, shares),), ((sells, shares),))
            self.tell(ev.BookSnapshotted(token, *levels, None, self.now_ns, self.now_ns))

    def tell(self, event: ev.Event, *, is_last: bool = False) -> None:
        for each in (event, *self.simulator.observe(event)):
            taken = self.mind.take(BTC, self.now_ns, each, is_last=is_last)
            for effect in taken.effects:
                self.seen[type(effect).__name__] += 1
                if isinstance(effect, Place | Cancel | CancelAll):
                    self.simulator.perform(effect, self.now_ns)


def cost_of(mind: Mind) -> Cost:
    calls = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    mind.digest()
    sys.setprofile(None)
    state = checkpoint_of(mind)
    return Cost(
        len(msgspec.json.encode(mind.state())), calls, len(packed(state)), parts_of(state[2])
    )


def parts_of(data: Any) -> int:
    return 1 + sum(map(parts_of, data)) if isinstance(data, list | tuple) else 1


@pytest.fixture(scope="module")
def month() -> tuple[Month, dict[int, Cost]]:
    month = Month()
    return month, dict(month.live())


def test_it_was_a_month_of_trading(month: tuple[Month, dict[int, Cost]]) -> None:
    lived, costs = month
    own = lived.mind.account.of(BTC)
    assert len(costs) == DAYS
    assert lived.seen["Credit"] > 30 * (288 + 96 + 24 + 6) - 5
    assert own.fills > 1_000
    assert own.rounds_settled > 12_000
    assert sum(each.entries for each in own.shadow.results().values()) > 500
    assert lived.lives == DAYS + 1


def test_a_digest_costs_what_it_did_on_the_first_day(
    month: tuple[Month, dict[int, Cost]],
) -> None:
    _, costs = month
    for number in (10, 20, 30):
        assert costs[number].digest_bytes <= costs[1].digest_bytes * BOUND
        assert costs[number].digest_calls <= costs[1].digest_calls * BOUND


def test_a_checkpoint_grows_no_more_once_its_candles_are_trimmed(
    month: tuple[Month, dict[int, Cost]],
) -> None:
    """Series of bars outlive a life, and are cut back to a half when they are full: what else there
    is stays as it was."""
    _, costs = month
    half = DAYS // 2 + 2
    for of in (lambda cost: cost.checkpoint_bytes, lambda cost: cost.parts):
        first, second = (
            max(of(costs[number]) for number in days)
            for days in (range(1, half), range(half, DAYS + 1))
        )
        assert second <= first * TRIMMED_BOUND
