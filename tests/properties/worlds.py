"""Two desks with two intervals each and their paper clients, under anything that can happen to
them: a market, people, crashes and midnight. Every limit is audited, whatever is told."""

from __future__ import annotations

import random

from attrs import define, evolve, field
from audit import Audit
from hypothesis import strategies as st

from polytui.config.load import canonical_json
from polytui.config.schema import (
    DistanceFadeSettings,
    GateSettings,
    MarketSettings,
    PaperSettings,
    RiskSettings,
    SessionSettings,
    Settings,
)
from polytui.desk.mind import Mind
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Credit, Effect, Explain, Place, Reason, Stamp
from polytui.model.instrument import Asset, Interval, Outcome, PriceKind, Round, SettlementRule
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares, Usd, complement
from polytui.strategy.proposal import QuotingStrategy

START_NS = 1_795_219_200 * NS_PER_S - 40 * NS_PER_S
"""Forty seconds before a midnight of UTC."""
ASSETS, INTERVALS = (Asset.BTC, Asset.ETH), (Interval.M5, Interval.M15)
Seat = tuple[Asset, Interval]
SEATS: tuple[Seat, ...] = tuple((asset, interval) for asset in ASSETS for interval in INTERVALS)
FAR = 100_000.0
LOOSE = RiskSettings(
    max_order_usd=FAR,
    max_position_usd=FAR,
    max_round_usd=FAR,
    max_net_usd=FAR,
    max_asset_usd=FAR,
    max_closing_usd=FAR,
    max_account_usd=FAR,
    max_open_positions=1_000,
    max_interval_positions=1_000,
    max_asset_positions=1_000,
    max_working_orders=100,
    max_orders_per_round=1_000,
    max_rungs_per_round=1_000_000,
    max_trades_per_day=1_000_000,
    max_daily_loss_usd=FAR,
    max_drawdown_usd=FAR,
    max_drawdown_pct=100.0,
    max_losses_in_a_row=1_000,
)
"""Limits that nothing reaches."""
EAGER = Settings(
    session=SessionSettings(assets=ASSETS, intervals=INTERVALS),
    market=MarketSettings(volatility_warmup_s=1.0),
    gates=GateSettings(
        after_open_s=0.0,
        before_close_s=0.0,
        max_spread_bps=10_000.0,
        min_depth=0.0,
        max_book_age_ms=1_000_000,
        entry_delay_s=0.0,
        cooldown_s=0.5,
        is_one_signal_a_side=False,
    ),
    distance_fade=DistanceFadeSettings(
        min_edge_bps=10.0,
        max_price=0.99,
        min_price=0.01,
        sizing="fixed",
        is_held_to_settlement=False,
    ),
    risk=evolve(
        LOOSE,
        max_order_usd=17.0,
        max_asset_usd=25.0,
        max_closing_usd=29.0,
        max_account_usd=31.0,
        max_daily_loss_usd=60.0,
    ),
)
"""Settings that trade at every chance, with limits that are soon reached."""


def under(risk: RiskSettings, cash_usd: float = 1_000.0) -> Settings:
    # Ways out sell at once. One that buys the other side is a pair, and who enters that side again
    # has his shares counted at the average of both: more is at stake then than when it was asked.
    paper = PaperSettings(starting_cash_usd=cash_usd, mined_least_s=0.0, mined_most_s=0.0)
    return evolve(EAGER, risk=risk, paper=paper)


def a_round(seat: Seat, number: int, now_ns: int) -> Round:
    """Rounds of five minutes close at the next boundary, and so does every other one of fifteen."""
    asset, interval = seat
    slug = f"{asset.value}-updown-{interval.value}-{number}"
    late = Interval.M5.ns if interval is Interval.M15 and number % 2 else 0
    closes_ns = (now_ns // Interval.M5.ns + 2) * Interval.M5.ns + late
    return Round(
        slug,
        asset,
        interval,
        f"0x{slug}",
        f"{slug} up",
        f"{slug} down",
        closes_ns - interval.ns,
        closes_ns,
        SettlementRule.TWAP,
    )


@define
class World:
    """State: the mind, its clients, and everything it was told and did."""

    settings: Settings
    audit: Audit
    account: PaperAccount
    mind: Mind
    simulators: dict[Asset, PaperSimulator] = field(factory=dict)
    rounds: dict[Seat, Round] = field(factory=dict)
    now_ns: int = START_NS
    numbers: int = 0
    told: list[tuple[Asset, int, ev.Event, bool]] = field(factory=list)
    effects: list[Effect] = field(factory=list)
    fills: int = 0
    credits: int = 0

    @classmethod
    def begin(cls, settings: Settings = EAGER, *quoting: QuotingStrategy) -> World:
        cash = Usd(round(settings.paper.starting_cash_usd * MICRO))
        audit, paper = Audit(settings.risk, cash), PaperAccount(cash)
        world = cls(settings, audit, paper, Mind(quoting))
        for asset in ASSETS:
            world.simulators[asset] = PaperSimulator(settings.paper, world.account)
            world.live(asset, 1)
        for seat in SEATS:
            world.next_round(seat)
        return world

    # --- what can happen ------------------------------------------------------------------------

    def live(self, asset: Asset, life: int) -> None:
        self.audit.crashed(asset)
        self.tell(asset, self.simulators[asset].opening(asset, life), is_last=False)
        self.tell(asset, ev.SettingsChanged(canonical_json(self.settings)))
        self.tell(asset, ev.FeedUp(ev.BOOK_FEED, self.now_ns))

    def next_round(self, seat: Seat) -> None:
        self.numbers += 1
        asset = seat[0]
        self.rounds[seat] = listed = a_round(seat, self.numbers, self.now_ns)
        self.deliver(asset, ev.RoundFound(listed))
        self.deliver(asset, ev.RoundOpened(listed.slug, self.now_ns))
        self.deliver(asset, ev.StrikePublished(listed.slug, 100_000.0, "gamma"))

    def chainlink(self, gap: int, wait_ms: int) -> None:
        self.now_ns += wait_ms * NS_PER_MS
        for asset in ASSETS:
            point = ev.ChainlinkPriced(
                asset, "rtds", PriceKind.SPOT, 100_000.0 + gap, 0, *(3 * [self.now_ns])
            )
            self.deliver(asset, point)

    def book(self, seat: Seat, bid: int, spread: int, shares: int) -> None:
        listed, up_bid = self.rounds[seat], Price(bid * 10_000)
        up_ask = Price(min(bid + spread, 99) * 10_000)
        for token, low, high in (
            (listed.up_token, up_bid, up_ask),
            (listed.down_token, complement(up_ask), complement(up_bid)),
        ):
            bids, asks = ((low, shares * 10_000),), ((high, shares * 10_000),)
            snapshot = ev.BookSnapshotted(token, bids, asks, None, self.now_ns, self.now_ns)
            self.deliver(seat[0], snapshot, is_last=token == listed.down_token)

    def level(self, seat: Seat, side: Side, offset: int, shares: int) -> None:
        """A level so many cents from the other side's best; at or beyond it the book crosses."""
        listed, size = self.rounds[seat], Shares(shares * 10_000)
        entry = self.mind.desks[seat[0]].rounds.get(listed.slug)
        assert entry is not None
        up = entry.up_book
        cents = offset * 10_000
        wished = up.best_ask - cents if side is Side.BUY else up.best_bid + cents
        price = Price(min(max(wished, 10_000), 990_000))
        pair = (
            ev.LevelChange(listed.up_token, side, price, size, None, None),
            ev.LevelChange(listed.down_token, side.other, complement(price), size, None, None),
        )
        self.deliver(seat[0], ev.BookChanged(pair, self.now_ns, self.now_ns))

    def printed(self, seat: Seat, side: Side, cents: int, shares: int) -> None:
        price, size = Price(cents * 10_000), Shares(shares * 10_000 + 1)
        token = self.rounds[seat].up_token
        self.deliver(seat[0], ev.TradePrinted(token, price, size, side, self.now_ns, self.now_ns))

    def feed(self, seat: Seat, is_up: bool) -> None:
        at_ns, name = self.now_ns, ev.BOOK_FEED
        self.deliver(seat[0], ev.FeedUp(name, at_ns) if is_up else ev.FeedDown(name, "cut", at_ns))

    def command(self, seat: Seat, action: ev.Action) -> None:
        if action is ev.Action.RESUME:
            self.audit.resumed(seat[0])
        self.tell(seat[0], ev.Commanded(action, "test"))

    def settle(self, seat: Seat, winner: Outcome) -> None:
        listed, asset = self.rounds[seat], seat[0]
        self.deliver(asset, ev.RoundClosed(listed.slug, self.now_ns))
        self.audit.ended(listed, winner, self.now_ns, is_heard=True)
        self.deliver(asset, self._settled(listed, winner))
        self.next_round(seat)
        self.book(seat, 45, 3, 2_000)

    def crash(self, seat: Seat, winner: Outcome | None = None) -> None:
        """The desk begins anew; with a winner the round settles while it is dead."""
        asset, listed = seat[0], self.rounds[seat]
        self.simulators[asset].cancel_at_once()
        if winner is not None:
            self.credits += self.audit.ended(listed, winner, self.now_ns, is_heard=False)
            self.simulators[asset].observe(self._settled(listed, winner))
        self.live(asset, self.mind.desks[asset].life + 1)
        for one in SEATS:
            if one == seat and winner is not None:
                self.next_round(seat)
            elif one[0] is asset:
                again = self.rounds[one]
                self.tell(asset, ev.RoundFound(again))
                self.tell(asset, ev.RoundOpened(again.slug, self.now_ns, True))
                self.tell(asset, ev.StrikePublished(again.slug, 100_000.0, "gamma"))

    def _settled(self, listed: Round, winner: Outcome) -> ev.RoundSettled:
        token = listed.token_of(winner)
        return ev.RoundSettled(listed.condition_id, token, "clob", self.now_ns)

    # --- the ways events take -------------------------------------------------------------------

    def deliver(self, asset: Asset, event: ev.Event, *, is_last: bool = True) -> None:
        """As the engine does: to the hands first, then to the desk with what they report."""
        reports = self.simulators[asset].observe(event)
        self.tell(asset, event, is_last=is_last)
        self.report(asset, reports)

    def report(self, asset: Asset, reports: list[ev.Report]) -> None:
        for report in reports:
            self.fills += isinstance(report, ev.Filled)
            self.tell(asset, report)

    def advance(self) -> None:
        for asset in ASSETS:
            self.report(asset, self.simulators[asset].advance(self.now_ns))

    def tell(self, asset: Asset, event: ev.Event, *, is_last: bool = True) -> None:
        self.told.append((asset, self.now_ns, event, is_last))
        self.audit.hear(event, self.now_ns)
        taken = self.mind.take(asset, self.now_ns, event, is_last=is_last)
        self.effects += taken.effects
        for effect in taken.effects:
            self.check_effect(asset, effect)
            if isinstance(effect, Place | Cancel | CancelAll):
                self.simulators[asset].perform(effect, self.now_ns)
        self.audit.check(self.now_ns)

    # --- what must hold -------------------------------------------------------------------------

    def check_effect(self, asset: Asset, effect: Effect) -> None:
        if isinstance(effect, Credit):
            self.credits += effect.pnl
        if not isinstance(effect, Place):
            return
        assert isinstance(effect.stamp, Stamp)
        assert not self.mind.desks[asset].is_stopping
        order, ledger = effect.order, self.mind.desks[asset].ledger
        if order.side is Side.SELL:
            held = ledger.positions.of(order.slug).shares(order.outcome)
            offered = ledger.exposure.rounds[order.slug].side(order.outcome).selling
            assert offered <= held
        else:
            asset_account = self.mind.account.of(asset)
            assert not self.mind.account.kill_switch.is_on
            assert effect.grounds.is_exit or not asset_account.is_paused
        self.audit.placed(order, self.now_ns)

    def check_money(self) -> None:
        """The mind's ledger and the client's own agree to the millionth."""
        account, cash = self.mind.account, self.audit.cash
        assert account.cash == self.account.cash
        assert account.cash == cash + self.audit.moved + self.account.traded + self.account.payouts
        assert account.cash == cash + self.audit.moved + self.audit.flows
        for asset in ASSETS:
            desk, simulator = self.mind.desks[asset].ledger, self.simulators[asset]
            opening = simulator.opening(asset, 9)
            theirs = {held.round.slug: held.holdings for held in opening.held}
            for seat, listed in self.rounds.items():
                if seat[0] is asset:
                    assert desk.positions.holdings(listed.slug) == theirs.get(listed.slug, ())
            assert account.of(asset).realised == opening.realised
            # The desk forgets an order with its round; the hands when it arrives and is refused.
            assert simulator.has_working_orders or not desk.asset_account.working

    def end(self, winner: Outcome) -> None:
        for seat in SEATS:
            self.command(seat, ev.Action.STOP)
        for seat in SEATS:
            self.settle(seat, winner)
        self.now_ns += NS_PER_S
        self.advance()
        self.check_money()
        account = self.mind.account
        assert account.exposure == account.at_stake == 0
        assert account.cash == self.audit.cash + self.audit.moved + account.realised
        assert account.realised == self.credits

    def said(self) -> set[Reason]:
        return {effect.why.reason for effect in self.effects if isinstance(effect, Explain)}


CENTS, SIDES = st.integers(1, 98), st.sampled_from(list(Side))
ANY_SEAT = st.sampled_from(SEATS)
SIZES = st.integers(0, 8_000)
PEOPLE = st.sampled_from(
    [ev.Action.PAUSE, ev.Action.KILL] + [ev.Action.FLATTEN, ev.Action.RESUME, ev.Action.REARM] * 2
)
WORLD_EVENTS = st.one_of(
    *[st.tuples(st.just("chainlink"), st.integers(-60, 60), st.integers(160, 3_000))] * 4,
    *[st.tuples(st.just("book"), ANY_SEAT, CENTS, st.integers(1, 8), st.integers(600, 8_000))] * 2,
    st.tuples(st.just("level"), ANY_SEAT, SIDES, st.integers(0, 20), SIZES),
    st.tuples(st.just("printed"), ANY_SEAT, SIDES, CENTS, SIZES),
    st.tuples(st.just("feed"), ANY_SEAT, st.sampled_from([True, True, False])),
    st.tuples(st.just("command"), ANY_SEAT, PEOPLE),
    st.tuples(st.just("settle"), ANY_SEAT, st.sampled_from(list(Outcome))),
    st.tuples(st.just("crash"), ANY_SEAT, st.sampled_from([None, *Outcome])),
)
WorldEvent = tuple[object, ...]


MORNING: list[WorldEvent] = [
    *[("chainlink", 40, 1_000)] * 3,
    *[("book", (Asset.BTC, interval), 40, 2, 1_000) for interval in INTERVALS],
    *[("book", (Asset.ETH, interval), 45, 3, 1_500) for interval in INTERVALS],
    ("chainlink", 40, 200),
]
"""Enough to begin trading with."""


def lived(
    world_events: list[WorldEvent], settings: Settings = EAGER, *quoting: QuotingStrategy
) -> World:
    return live_through(World.begin(settings, *quoting), world_events)


def live_through(world: World, world_events: list[WorldEvent]) -> World:
    for name, *arguments in MORNING + world_events:
        getattr(world, str(name))(*arguments)
        world.advance()
        world.check_money()
    return world


def a_busy_day(seed: int, length: int = 150) -> list[WorldEvent]:
    """Denser in trades than what Hypothesis draws: mostly prices and books that can be traded."""
    rng = random.Random(seed)
    return [_happening(rng) for _ in range(length)]


def _happening(rng: random.Random) -> WorldEvent:
    seat, winner = rng.choice(SEATS), rng.choice(list(Outcome))
    kind = rng.choices(
        ("chainlink", "book", "level", "printed", "settle", "command", "feed", "crash"),
        (50, 25, 10, 10, 8, 4, 1, 2),
    )[0]
    match kind:
        case "chainlink":
            return kind, rng.randint(-60, 60), rng.randint(160, 2_000)
        case "book":
            return kind, seat, rng.randint(20, 80), rng.randint(1, 4), rng.randint(600, 8_000)
        case "level":
            return kind, seat, rng.choice(list(Side)), rng.randint(0, 20), rng.randint(0, 9_000)
        case "printed":
            return kind, seat, rng.choice(list(Side)), rng.randint(1, 98), rng.randint(0, 9_000)
        case "settle":
            return kind, seat, winner
        case "command":
            return kind, seat, rng.choice(list(ev.Action)[:5])
        case "crash":
            return kind, seat, rng.choice([None, winner])
    return kind, seat, True
