"""Whatever an account tells between orders and fills: money that moves by itself is no result, and
nobody enters while it cannot hear, be heard or trade. All of it comes back from the journal."""

from __future__ import annotations

from attrs import define, evolve, field
from hypothesis import given, settings
from hypothesis import strategies as st
from test_checkpoints import goes_on_the_same
from worlds import (
    ANY_SEAT,
    ASSETS,
    EAGER,
    SEATS,
    WORLD_EVENTS,
    Seat,
    World,
    WorldEvent,
    a_busy_day,
    live_through,
)

from benchmarks.ladder import Ladder
from polytui.desk.desk import Desk
from polytui.journal.codec import decode_event, encode_event
from polytui.ledger.bookings import MERGE
from polytui.model import events as ev
from polytui.model.effects import CancelAll, Effect, Place, Trip
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, Shares, Usd
from polytui.strategy.proposal import QuotingStrategy

MONEY = st.integers(-40_000_000, 900_000_000)
KEYS = st.text("abc", min_size=1, max_size=2)
FEEDS = st.sampled_from(ev.ACCOUNT_FEEDS)
ACCOUNT_EVENTS = st.one_of(
    st.tuples(st.just("cash"), st.sampled_from(list(ev.CashKind)), MONEY, KEYS),
    st.tuples(st.just("account_feed"), FEEDS, st.sampled_from(["up", "up", "down", "stale"])),
    st.tuples(st.just("reconciled"), st.integers(0, 1)),
    *[st.tuples(st.just("merge"), ANY_SEAT, st.integers(1, 4))] * 2,
)
DAYS = st.lists(st.one_of(WORLD_EVENTS, WORLD_EVENTS, ACCOUNT_EVENTS), min_size=10, max_size=60)
RAMPED = evolve(EAGER, live=evolve(EAGER.live, ramp_rounds=1))


@define
class LiveWorld(World):
    """The same day at a venue. State: what its account told."""

    keys: set[str] = field(factory=set)
    feeds: dict[str, str] = field(factory=dict)
    ended: list[str] = field(factory=list)
    merges: list[ev.Trade] = field(factory=list)

    # --- what can happen --------------------------------------------------------------------------

    def live(self, asset: Asset, life: int) -> None:
        super().live(asset, life)
        for feed in (ev.USER_FEED, ev.HEARTBEAT_FEED):
            if life == 1:
                self.feeds[feed] = "up"
                self.tell(asset, ev.FeedUp(feed, self.now_ns))

    def cash(self, kind: ev.CashKind, amount: int, key: str) -> None:
        before, share = self.results(), self.mind.account.drawdown_pct
        cash = self.mind.account.cash
        is_news = key not in self.keys
        self.keys.add(key)
        if is_news:
            self.audit.moved += amount
            self.account.cash = Usd(self.account.cash + amount)
        told = len(self.effects)
        self.tell(ASSETS[0], ev.CashMoved(kind, Usd(amount), key, self.now_ns))
        assert self.mind.account.cash == cash + (amount if is_news else 0)
        assert not [one for one in self.effects[told:] if isinstance(one, Trip | CancelAll)]
        assert self.results() == before
        assert self.mind.account.drawdown_pct >= share, "no money makes a loss look smaller"
        if amount >= 0 or not is_news:
            assert self.mind.account.drawdown_pct == share

    def results(self) -> tuple[object, ...]:
        """What stops look at."""
        account, now_ns = self.mind.account, self.now_ns
        of_assets = [(account.of(one).losses_in_a_row, account.of(one).is_paused) for one in ASSETS]
        today = (account.realised_today(now_ns), account.kill_switch.is_on, of_assets)
        return (account.realised, account.peak, account.drawdown, *today)

    def account_feed(self, feed: str, state: str) -> None:
        self.feeds[feed] = state
        for asset in ASSETS:
            event: ev.Event = ev.FeedUp(feed, self.now_ns)
            if state == "down":
                event = ev.FeedDown(feed, "gone", self.now_ns)
            elif state == "stale":
                event = ev.FeedStale(feed, 9_000, self.now_ns)
            self.tell(asset, event)

    def reconciled(self, differences: int) -> None:
        slugs, self.ended = tuple(self.ended), []
        self.tell(ASSETS[0], ev.Reconciled(self.now_ns, differences, slugs))

    def merge(self, seat: Seat, quarters: int) -> None:
        """Of the pairs that nothing offers; told twice."""
        slug, ledger = self.rounds[seat].slug, self.mind.desks[seat[0]].ledger
        position = ledger.positions.of(slug)
        kept = ledger.exposure.rounds.get(slug)
        offered = {one: 0 if kept is None else kept.side(one).selling for one in Outcome}
        free = min(position.shares(one) - offered[one] for one in Outcome)
        if (pairs := Shares(free * quarters // 4)) <= 0:
            return
        self.merges.append((MERGE, f"{len(self.merges)}"))
        self.simulators[seat[0]]._positions.merge(slug, pairs)
        self.account.trade(pairs)
        self.audit.books[slug].merged(pairs)
        realised, peak = self.mind.account.realised, self.mind.account.peak
        told, sold = len(self.effects), self.mind.account.realised_today(self.now_ns)
        for _ in range(2):
            self.tell(seat[0], ev.PairsMerged(slug, pairs, self.merges[-1][1], self.now_ns))
        account = self.mind.account
        assert (account.realised, account.peak) == (realised, peak)
        assert 0 <= sold - account.realised_today(self.now_ns) <= 2, "fractions of millionths"
        assert not [one for one in self.effects[told:] if isinstance(one, Trip)]

    # --- what must hold ---------------------------------------------------------------------------

    def check_effect(self, asset: Asset, effect: Effect) -> None:
        super().check_effect(asset, effect)
        if (
            isinstance(effect, Place)
            and effect.order.side is Side.BUY
            and not effect.grounds.is_exit
        ):
            self._check_entry(self.mind.desks[asset], effect)

    def _check_entry(self, desk: Desk, effect: Place) -> None:
        heard = desk.asset_account.feeds
        assert heard.entry_block(self.now_ns) is None
        order, account = effect.order, self.mind.account
        if not account.ramp.is_over(self.settings.live.ramp_rounds):
            assert (
                order.shares - 10_000
            ) * order.price < MICRO * MICRO or order.shares <= 5 * MICRO

    def tell(self, asset: Asset, event: ev.Event, *, is_last: bool = True) -> None:
        if isinstance(event, ev.DeskOpened):
            counted = (*event.counted, *self.merges)
            event = evolve(event, is_live=True, cash=Usd(self.audit.cash), counted=counted)
        if isinstance(event, ev.RoundSettled):
            self.ended += [one.slug for one in self.rounds.values() if event.settles(one)]
        super().tell(asset, decode_event(encode_event(event)), is_last=is_last)


def lived_live(world_events: list[WorldEvent], *quoting: QuotingStrategy) -> LiveWorld:
    world = LiveWorld.begin(RAMPED, *quoting)
    assert isinstance(world, LiveWorld)
    live_through(world, world_events)
    return world


@settings(deadline=None)
@given(DAYS, st.sampled_from(list(Outcome)))
def test_whatever_an_account_tells_the_money_adds_up(
    world_events: list[WorldEvent], winner: Outcome
) -> None:
    lived_live(world_events).end(winner)


@settings(max_examples=settings().max_examples // 2, deadline=None)
@given(DAYS, st.integers(0, 10_000))
def test_a_mind_that_is_written_down_remembers_all_of_it(
    world_events: list[WorldEvent], cut: int
) -> None:
    world = lived_live(world_events)
    goes_on_the_same(world, cut % (len(world.told) + 1))


def test_busy_live_days_trade_small_at_first_and_whole_after() -> None:
    small = whole = 0
    for seed in range(4):
        world = lived_live(a_day_of_an_account(seed))
        goes_on_the_same(world, len(world.told) // 2)
        buys = [
            one.order
            for one in world.effects
            if isinstance(one, Place) and one.order.side is Side.BUY
        ]
        small += sum(one.shares * one.price < 3 * MICRO * MICRO for one in buys)
        whole += sum(one.shares * one.price >= 10 * MICRO * MICRO for one in buys)
        world.end(Outcome.UP)
    assert small > 3
    assert whole > 3


def test_pairs_of_busy_days_become_dollars() -> None:
    """Those of somebody who quotes both sides: nobody else here comes to any."""
    merges = 0
    for seed in (0, 3):
        ladder = Ladder(40)
        world = lived_live(a_day_of_an_account(seed), ladder)
        merges += len(world.merges)
        goes_on_the_same(world, len(world.told) // 2, ladder)
        world.end(Outcome.UP)
    assert merges > 3


def a_day_of_an_account(seed: int) -> list[WorldEvent]:
    day: list[WorldEvent] = []
    for number, one in enumerate(a_busy_day(seed)):
        day.append(one)
        if number % 10 == 9:
            day += [("reconciled", 0), ("cash", ev.CashKind.REBATE, 10_000, f"{number}")]
            day += [("merge", seat, 3) for seat in SEATS]
    return day
