"""Whatever happens: no fill without somebody who could have been met, no share and no cent lost."""

from __future__ import annotations

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import PaperSettings
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.model import events as ev
from polytui.model.amounts import market_shares
from polytui.model.effects import Cancel, Effect, Place, Stamp
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import LOT, MICRO, NS_PER_MS, NS_PER_S, Price, Shares, Usd, complement

START_NS = 1_795_204_800 * NS_PER_S
ROUND = Round(
    "btc-updown-5m-1795204800",
    Asset.BTC,
    Interval.M5,
    "0x1",
    "up-token",
    "down-token",
    START_NS,
    START_NS + Interval.M5.ns,
    SettlementRule.TWAP,
)
CASH = 60 * MICRO
UP, BUY, SELL = Outcome.UP, Side.BUY, Side.SELL


@define
class Crowd:
    """What a feed displays, never crossed, and all that it ever brought."""

    levels: dict[tuple[Side, int], int] = field(factory=dict)
    brought: dict[tuple[Side, int], int] = field(factory=dict)
    """By side and price of Up, growth of what is displayed."""
    printed: list[tuple[Side, int, int]] = field(factory=list)
    """(side of Up that the taker took from, price of Up, shares)."""

    def show(self, side: Side, price: int, shares: int) -> list[tuple[Side, int, int]]:
        """The level, and those of the other side that leave because it crosses them."""
        changes = [
            (other, at, 0)
            for other, at in list(self.levels)
            if shares and other is not side and (at <= price if side is BUY else at >= price)
        ]
        changes.append((side, price, shares))
        for level, at, size in changes:
            grown = max(0, size - self.levels.get((level, at), 0))
            self.brought[level, at] = self.brought.get((level, at), 0) + grown
            if size:
                self.levels[level, at] = size
            else:
                self.levels.pop((level, at), None)
        return changes


@define
class Desk:
    """A client without latencies, and what their reports come to."""

    crowd: Crowd = field(factory=Crowd)
    account: PaperAccount = field(factory=lambda: PaperAccount(Usd(CASH)))
    orders: dict[str, Order] = field(factory=dict)
    fills: list[tuple[Order, ev.Filled]] = field(factory=list)
    now_ns: int = START_NS
    simulator: PaperSimulator = field(init=False)

    def __attrs_post_init__(self) -> None:
        settings = PaperSettings(order_latency_ms=5.0, answer_latency_ms=5.0, latency_spread=1.0)
        self.simulator = PaperSimulator(settings, self.account)
        self.hear(ev.RoundFound(ROUND))
        self.hear(ev.BookSnapshotted("up-token", (), (), None, START_NS, START_NS))

    def hear(self, event: ev.Event) -> None:
        self.note(self.simulator.observe(event))

    def note(self, reports: list[ev.Report]) -> None:
        for report in reports:
            if isinstance(report, ev.Filled):
                self.fills.append((self.orders[report.order_id], report))

    def do(self, effect: Effect) -> None:
        self.simulator.perform(effect, self.now_ns)

    def wait(self, ms: int) -> None:
        self.now_ns += ms * NS_PER_MS
        self.note(self.simulator.advance(self.now_ns))

    def show(self, side: Side, price: int, shares: int) -> None:
        for level, at, size in self.crowd.show(side, price, shares):
            change = ev.LevelChange("up-token", level, Price(at), Shares(size), None, None)
            self.hear(ev.BookChanged((change,), self.now_ns, self.now_ns))

    def print_trade(self, taker: Side, price: int, shares: int) -> None:
        self.crowd.printed.append((taker.other, price, shares))
        at, size = Price(price), Shares(shares)
        self.hear(ev.TradePrinted("up-token", at, size, taker, self.now_ns, self.now_ns))

    def place(
        self, outcome: Outcome, side: Side, price: int, shares: int, tif: TimeInForce
    ) -> None:
        at, size = Price(price), Shares(shares)
        if tif.spends(side):
            size = market_shares(at, size, ROUND.tick)
        name = f"o{len(self.orders)}"
        token = ROUND.token_of(outcome)
        order = Order(
            name, ROUND.slug, token, outcome, side, at, size, tif, False, "test", self.now_ns
        )
        self.orders[name] = order
        self.do(Place(order, Stamp.grant(order.quote, Usd(0))))


def in_up(order: Order, price: int) -> tuple[Side, int]:
    if order.outcome is UP:
        return order.side, price
    return order.side.other, complement(Price(price))


def from_the_book(desk: Desk, side: Side, price: int) -> int:
    """Shares that takers among us took of one level of Up."""
    taken = 0
    for order, fill in desk.fills:
        ours, at = in_up(order, fill.price)
        if fill.is_taker and ours is not side and at == price:
            taken += fill.shares
    return taken


def check(desk: Desk) -> None:
    crowd = desk.crowd
    for (side, price), brought in crowd.brought.items():
        assert from_the_book(desk, side, price) <= brought
    for side in Side:  # what met our resting orders of this side of Up
        met = sum(
            fill.shares
            for order, fill in desk.fills
            if not fill.is_taker and in_up(order, fill.price)[0] is side
        )
        taken = sum(from_the_book(desk, side.other, at) for s, at in crowd.brought if s is not side)
        quoted = sum(shares for (s, _), shares in crowd.brought.items() if s is not side)
        printed = sum(shares for s, _, shares in crowd.printed if s is side)
        assert met + taken <= quoted + printed
    check_money(desk)


def check_money(desk: Desk) -> None:
    """What the reports say is what the account has; nobody owes anything."""
    flow, held = 0, dict.fromkeys(Outcome, 0)
    spent: dict[str, int] = {}
    for order, fill in desk.fills:
        worth = fill.price * fill.shares
        if order.side is BUY:
            flow -= -(-worth // MICRO) + fill.fee
            held[order.outcome] += fill.shares
        else:
            flow += worth // MICRO - fill.fee
            held[order.outcome] -= fill.shares
        within = fill.price <= order.price if order.side is BUY else fill.price >= order.price
        assert within
        assert (fill.fee == 0) or fill.is_taker
        spent[order.order_id] = spent.get(order.order_id, 0) + (
            -(-worth // MICRO) if order.dollars else fill.shares
        )
    assert desk.account.traded == flow
    assert desk.account.cash == CASH + flow >= 0
    assert desk.account.free >= 0
    assert all(shares >= 0 for shares in held.values())
    for name, amount in spent.items():
        order = desk.orders[name]
        assert amount <= (order.dollars or order.shares)


PRICES = st.integers(46, 54).map(lambda cents: cents * 10_000)
SIZES = st.integers(500, 4_000).map(lambda lots: lots * LOT)
CHANGES = st.one_of(st.just(0), SIZES, st.integers(1, 30).map(lambda lots: lots * LOT))
STEPS = st.one_of(
    st.tuples(st.just("show"), st.sampled_from(Side), PRICES, CHANGES),
    st.tuples(st.just("print"), st.sampled_from(Side), PRICES, SIZES),
    st.tuples(
        st.just("place"),
        st.sampled_from(Outcome),
        st.sampled_from(Side),
        PRICES,
        SIZES,
        st.sampled_from(TimeInForce),
    ),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 60, 300])),
)


@given(st.lists(STEPS, min_size=6, max_size=50), st.sampled_from(Outcome))
def test_no_fill_without_somebody_to_meet_and_money_is_conserved(
    steps: list[tuple[object, ...]], winner: Outcome
) -> None:
    desk = Desk()
    acts = {"show": desk.show, "print": desk.print_trade, "place": desk.place, "wait": desk.wait}
    for what, *arguments in steps:
        if what == "cancel":
            desk.do(Cancel(f"o{arguments[0]}"))
        else:
            acts[str(what)](*arguments)  # type: ignore[operator]
        check(desk)
    desk.wait(5_000)
    check(desk)
    held = {
        h.outcome: h.shares for r in desk.simulator.opening(Asset.BTC, 2).held for h in r.holdings
    }
    cash = desk.account.cash
    desk.hear(ev.RoundSettled("0x1", ROUND.token_of(winner), "stream", desk.now_ns))
    assert desk.account.cash == cash + held.get(winner, 0)
    assert not desk.simulator.has_working_orders


QUEUE = st.lists(
    st.one_of(
        st.tuples(st.just("place"), SIZES),
        st.tuples(st.just("join"), SIZES),
        st.tuples(st.just("leave"), SIZES),
        st.tuples(st.just("trade"), SIZES),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
    ),
    min_size=4,
    max_size=30,
)


@given(SIZES, QUEUE)
def test_ours_at_one_price_get_no_more_than_passes_the_crowd_before_the_first(
    before: int, steps: list[tuple[str, int]]
) -> None:
    """A level is displayed when the first of ours comes; all that trades there later must pass
    what stood before each of ours, as far as the level still shows as many, and what ours get
    together is no more than the rest."""
    desk = Desk()
    desk.show(BUY, 500_000, before)
    shown, passed, had, ahead = before, 0, 0, None
    for what, number in steps:
        if what == "place":
            desk.place(UP, BUY, 500_000, 500 * LOT, TimeInForce.GTC)
            desk.wait(2_000)
            if ahead is None and desk.simulator.has_working_orders:
                ahead = shown
        elif what == "cancel":
            desk.do(Cancel(f"o{number}"))
            desk.wait(2_000)
            if not desk.simulator.has_working_orders:  # whoever comes next finds another queue
                ahead, passed = None, 0
                had = sum(fill.shares for _, fill in desk.fills)
        elif what == "trade":
            desk.print_trade(SELL, 500_000, number)
            if ahead is not None:
                passed += max(0, number - ahead)
                ahead = max(0, ahead - number)
        else:
            shown = max(LOT, shown + (number if what == "join" else -number))
            ahead = None if ahead is None else min(ahead, shown)
            desk.show(BUY, 500_000, shown)
        got = sum(fill.shares for _, fill in desk.fills) - had
        assert got <= passed
