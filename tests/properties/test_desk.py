"""Two desks and their paper hands under anything a market, people and crashes can do to them."""

from __future__ import annotations

import random

from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from polytui.config.load import canonical_json
from polytui.config.schema import DistanceFade, Gates, Market, Risk, Settings
from polytui.desk.mind import Mind
from polytui.execution.paper import PaperAccount, PaperHands
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Credit, Effect, Place, Stamp
from polytui.model.instrument import Asset, Interval, Outcome, PriceKind, Round, SettlementRule
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares, Usd, complement

START_NS = 1_795_204_800 * NS_PER_S
ASSETS = (Asset.BTC, Asset.ETH)
LIMIT_USD = 31.0
EAGER = Settings(
    market=Market(volatility_warmup_s=1.0),
    gates=Gates(
        after_open_s=0.0,
        before_close_s=0.0,
        max_spread_bps=10_000.0,
        min_depth=0.0,
        max_book_age_ms=1_000_000,
        entry_delay_s=0.0,
        cooldown_s=0.5,
        is_one_signal_a_side=False,
    ),
    distance_fade=DistanceFade(
        min_edge_bps=10.0,
        max_price=0.99,
        min_price=0.01,
        sizing="fixed",
        is_held_to_settlement=False,
    ),
    risk=Risk(
        max_account_usd=LIMIT_USD,
        max_asset_usd=25.0,
        max_daily_loss_usd=60.0,
        max_drawdown_usd=1_000.0,
        max_losses_in_a_row=1_000,
    ),
)
"""Settings that trade at every chance, with limits that are soon reached."""
CASH = Usd(round(EAGER.paper.starting_cash_usd) * MICRO)


def a_round(asset: Asset, number: int, now_ns: int) -> Round:
    slug = f"{asset.value}-updown-5m-{number}"
    opens_ns = now_ns - 60 * NS_PER_S
    return Round(
        slug,
        asset,
        Interval.M5,
        f"0x{slug}",
        f"{slug} up",
        f"{slug} down",
        opens_ns,
        opens_ns + Interval.M5.ns,
        SettlementRule.TWAP,
    )


@define
class World:
    """State: the mind, its hands, and everything it was told and did."""

    mind: Mind = field(factory=Mind)
    account: PaperAccount = field(factory=lambda: PaperAccount(CASH))
    hands: dict[Asset, PaperHands] = field(factory=dict)
    rounds: dict[Asset, Round] = field(factory=dict)
    now_ns: int = START_NS
    listed: int = 0
    told: list[tuple[Asset, int, ev.Event, bool]] = field(factory=list)
    effects: list[Effect] = field(factory=list)
    fills: int = 0
    credits: int = 0

    @classmethod
    def begin(cls) -> World:
        world = cls()
        for asset in ASSETS:
            world.hands[asset] = PaperHands(EAGER.paper, world.account)
            world.live(asset, 1)
            world.next_round(asset)
        return world

    # --- what can happen ------------------------------------------------------------------------

    def live(self, asset: Asset, life: int) -> None:
        self.tell(asset, self.hands[asset].opening(asset, life), is_last=False)
        self.tell(asset, ev.SettingsChanged(canonical_json(EAGER)))
        self.tell(asset, ev.FeedUp(ev.BOOK_FEED, self.now_ns))

    def next_round(self, asset: Asset) -> None:
        self.listed += 1
        self.rounds[asset] = listed = a_round(asset, self.listed, self.now_ns)
        self.deliver(asset, ev.RoundFound(listed))
        self.deliver(asset, ev.RoundOpened(listed.slug, self.now_ns))
        self.deliver(asset, ev.StrikePublished(listed.slug, 100_000.0, "gamma"))

    def oracle(self, gap: int, wait_ms: int) -> None:
        self.now_ns += wait_ms * NS_PER_MS
        for asset in ASSETS:
            point = ev.OraclePriced(
                asset, "rtds", PriceKind.SPOT, 100_000.0 + gap, 0, *(3 * [self.now_ns])
            )
            self.deliver(asset, point)

    def book(self, asset: Asset, bid: int, spread: int, shares: int) -> None:
        listed, up_bid = self.rounds[asset], Price(bid * 10_000)
        up_ask = Price(min(bid + spread, 99) * 10_000)
        for token, low, high in (
            (listed.up_token, up_bid, up_ask),
            (listed.down_token, complement(up_ask), complement(up_bid)),
        ):
            bids, asks = ((low, shares * 10_000),), ((high, shares * 10_000),)
            snapshot = ev.BookSnapshotted(token, bids, asks, None, self.now_ns, self.now_ns)
            self.deliver(asset, snapshot, is_last=token == listed.down_token)

    def level(self, asset: Asset, side: Side, offset: int, shares: int) -> None:
        """A level so many cents from the other side's best; at or beyond it the book crosses."""
        listed, size = self.rounds[asset], Shares(shares * 10_000)
        entry = self.mind.desks[asset].rounds.get(listed.slug)
        assert entry is not None
        up = entry.up_book
        cents = offset * 10_000
        wished = up.best_ask - cents if side is Side.BUY else up.best_bid + cents
        price = Price(min(max(wished, 10_000), 990_000))
        pair = (
            ev.LevelChange(listed.up_token, side, price, size, None, None),
            ev.LevelChange(listed.down_token, side.other, complement(price), size, None, None),
        )
        self.deliver(asset, ev.BookChanged(pair, self.now_ns, self.now_ns))

    def printed(self, asset: Asset, side: Side, cents: int, shares: int) -> None:
        price, size = Price(cents * 10_000), Shares(shares * 10_000 + 1)
        token = self.rounds[asset].up_token
        self.deliver(asset, ev.TradePrinted(token, price, size, side, self.now_ns, self.now_ns))

    def feed(self, asset: Asset, is_up: bool) -> None:
        at_ns, name = self.now_ns, ev.BOOK_FEED
        self.deliver(asset, ev.FeedUp(name, at_ns) if is_up else ev.FeedDown(name, "cut", at_ns))

    def command(self, asset: Asset, action: ev.Action) -> None:
        self.tell(asset, ev.Commanded(action, "test"))

    def settle(self, asset: Asset, winner: Outcome) -> None:
        listed = self.rounds[asset]
        self.deliver(asset, ev.RoundClosed(listed.slug, self.now_ns))
        token = listed.token_of(winner)
        self.deliver(asset, ev.RoundSettled(listed.condition_id, token, "clob", self.now_ns))
        self.next_round(asset)
        self.book(asset, 45, 3, 2_000)

    def crash(self, asset: Asset) -> None:
        self.hands[asset].cancel_at_once()
        listed = self.rounds[asset]
        self.live(asset, self.mind.desks[asset].life + 1)
        self.tell(asset, ev.RoundFound(listed))
        self.tell(asset, ev.RoundOpened(listed.slug, self.now_ns, True))
        self.tell(asset, ev.StrikePublished(listed.slug, 100_000.0, "gamma"))

    # --- the ways events take -------------------------------------------------------------------

    def deliver(self, asset: Asset, event: ev.Event, *, is_last: bool = True) -> None:
        """As the engine does: to the hands first, then to the desk with what they report."""
        reports = self.hands[asset].observe(event)
        self.tell(asset, event, is_last=is_last)
        self.report(asset, reports)

    def report(self, asset: Asset, reports: list[ev.Report]) -> None:
        for report in reports:
            self.fills += isinstance(report, ev.Filled)
            self.tell(asset, report)

    def advance(self) -> None:
        for asset in ASSETS:
            self.report(asset, self.hands[asset].advance(self.now_ns))

    def tell(self, asset: Asset, event: ev.Event, *, is_last: bool = True) -> None:
        self.told.append((asset, self.now_ns, event, is_last))
        taken = self.mind.take(asset, self.now_ns, event, is_last=is_last)
        self.effects += taken.effects
        for effect in taken.effects:
            self.check_effect(asset, effect)
            if isinstance(effect, Place | Cancel | CancelAll):
                self.hands[asset].perform(effect, self.now_ns)
        # Fees are floored fill by fill at ten millionths, so each may add that much again.
        assert self.mind.account.exposure <= round(LIMIT_USD) * MICRO + 20 * self.fills

    # --- what must hold -------------------------------------------------------------------------

    def check_effect(self, asset: Asset, effect: Effect) -> None:
        if isinstance(effect, Credit):
            self.credits += effect.pnl
        if not isinstance(effect, Place):
            return
        assert isinstance(effect.stamp, Stamp)
        assert not self.mind.desks[asset].is_stopping
        order, holdings = effect.order, self.mind.desks[asset].holdings
        if order.side is Side.SELL:
            held = holdings.positions.of(order.slug).shares(order.outcome)
            assert holdings.selling(order.slug, order.outcome) <= held
        else:
            books = self.mind.account.books(asset)
            assert not self.mind.account.kill_switch.is_on
            assert not books.is_paused
            assert order.price * order.shares <= 25 * MICRO * MICRO

    def check_money(self) -> None:
        """The mind's ledger and the hands' own agree to the millionth."""
        account = self.mind.account
        assert account.cash == self.account.cash
        assert account.cash == CASH + self.account.traded + self.account.payouts
        for asset in ASSETS:
            slug = self.rounds[asset].slug
            desk, hands = self.mind.desks[asset].holdings, self.hands[asset]
            opening = hands.opening(asset, 9)
            theirs = {held.round.slug: held.holdings for held in opening.held}
            assert desk.positions.holdings(slug) == theirs.get(slug, ())
            assert account.books(asset).realised == opening.realised
            # The desk forgets an order with its round; the hands when it arrives and is refused.
            assert hands.has_working_orders or not desk.books.working

    def end(self, winner: Outcome) -> None:
        for asset in ASSETS:
            self.command(asset, ev.Action.STOP)
            self.settle(asset, winner)
        self.now_ns += NS_PER_S
        self.advance()
        self.check_money()
        account = self.mind.account
        assert account.exposure == 0
        assert account.cash == CASH + account.realised
        assert account.realised == self.credits


CENTS, SIDES = st.integers(1, 98), st.sampled_from(list(Side))
ANY_ASSET = st.sampled_from(ASSETS)
SIZES = st.integers(0, 8_000)
PEOPLE = st.sampled_from(
    [ev.Action.PAUSE, ev.Action.KILL] + [ev.Action.FLATTEN, ev.Action.RESUME, ev.Action.REARM] * 2
)
HAPPENINGS = st.one_of(
    *[st.tuples(st.just("oracle"), st.integers(-60, 60), st.integers(160, 3_000))] * 4,
    *[st.tuples(st.just("book"), ANY_ASSET, CENTS, st.integers(1, 8), st.integers(600, 8_000))] * 2,
    st.tuples(st.just("level"), ANY_ASSET, SIDES, st.integers(0, 20), SIZES),
    st.tuples(st.just("printed"), ANY_ASSET, SIDES, CENTS, SIZES),
    st.tuples(st.just("feed"), ANY_ASSET, st.sampled_from([True, True, False])),
    st.tuples(st.just("command"), ANY_ASSET, PEOPLE),
    st.tuples(st.just("settle"), ANY_ASSET, st.sampled_from(list(Outcome))),
    st.tuples(st.just("crash"), ANY_ASSET),
)
Happening = tuple[object, ...]


MORNING: list[Happening] = [
    *[("oracle", 40, 1_000)] * 3,
    ("book", Asset.BTC, 40, 2, 1_000),
    ("book", Asset.ETH, 45, 3, 1_500),
    ("oracle", 40, 200),
]
"""Enough to begin trading with."""


def lived(happenings: list[Happening]) -> World:
    world = World.begin()
    for name, *arguments in MORNING + happenings:
        getattr(world, str(name))(*arguments)
        world.advance()
        world.check_money()
    return world


@settings(max_examples=100, deadline=None)
@given(st.lists(HAPPENINGS, min_size=10, max_size=60), st.sampled_from(list(Outcome)))
def test_whatever_happens_the_money_adds_up(happenings: list[Happening], winner: Outcome) -> None:
    lived(happenings).end(winner)


@settings(max_examples=40, deadline=None)
@given(st.lists(HAPPENINGS, max_size=40))
def test_the_same_events_give_the_same_effects(happenings: list[Happening]) -> None:
    check_replay(lived(happenings))


def check_replay(world: World) -> None:
    again, effects = Mind(), []
    for asset, now_ns, event, is_last in world.told:
        effects += again.take(asset, now_ns, event, is_last=is_last).effects
    assert effects == world.effects
    assert again.digest() == world.mind.digest()


@settings(max_examples=40, deadline=None)
@given(st.lists(HAPPENINGS, max_size=40))
def test_after_stop_nothing_works_before_long(happenings: list[Happening]) -> None:
    world = lived(happenings)
    for asset in ASSETS:
        world.command(asset, ev.Action.STOP)
    for _ in range(4):
        world.now_ns += 150 * NS_PER_MS
        world.advance()
    assert world.mind.account.working_orders == 0
    assert not any(hands.has_working_orders for hands in world.hands.values())


def a_busy_day(seed: int) -> list[Happening]:
    """Denser in trades than what Hypothesis draws: mostly prices and books that can be traded."""
    rng = random.Random(seed)

    def happening() -> Happening:
        asset = rng.choice(ASSETS)
        kind = rng.choices(
            ("oracle", "book", "level", "printed", "settle", "command", "feed", "crash"),
            (50, 25, 10, 10, 6, 4, 1, 1),
        )[0]
        match kind:
            case "oracle":
                return kind, rng.randint(-60, 60), rng.randint(160, 2_000)
            case "book":
                return kind, asset, rng.randint(20, 80), rng.randint(1, 4), rng.randint(600, 8_000)
            case "level":
                return (
                    kind,
                    asset,
                    rng.choice(list(Side)),
                    rng.randint(0, 20),
                    rng.randint(0, 9_000),
                )
            case "printed":
                return (
                    kind,
                    asset,
                    rng.choice(list(Side)),
                    rng.randint(1, 98),
                    rng.randint(0, 9_000),
                )
            case "settle":
                return kind, asset, rng.choice(list(Outcome))
            case "command":
                return kind, asset, rng.choice(list(ev.Action)[:5])
            case "feed":
                return kind, asset, True
        return kind, asset

    return [happening() for _ in range(150)]


def test_busy_days_add_up_and_replay() -> None:
    fills = sales = 0
    for seed in range(10):
        world = lived(a_busy_day(seed))
        world.end(Outcome.UP)
        check_replay(world)
        fills += world.fills
        sales += sum(isinstance(e, Place) and e.order.side is Side.SELL for e in world.effects)
    assert fills > 50
    assert sales > 5
