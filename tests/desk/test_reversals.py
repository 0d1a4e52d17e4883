"""A trade that failed in the end: everything as if its fill had never been, whenever it is told."""

from __future__ import annotations

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.deciding import ClaimSettings
from polytui.desk.account import Account
from polytui.desk.asset_ledger import AssetLedger
from polytui.ledger.positions import Position
from polytui.model import events as ev
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Holding, Order, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd

BTC, UP, DOWN = Asset.BTC, Outcome.UP, Outcome.DOWN
CASH = Usd(1_000 * MICRO)
MUCH = Shares(10**15)
NAMES = ("fade", "predictor")
START_NS = 1_795_204_800 * NS_PER_S


def a_round(slug: str) -> Round:
    opens_ns = START_NS
    closes_ns = opens_ns + Interval.M5.ns
    tokens = (f"{slug} up", f"{slug} down")
    rule = SettlementRule.TWAP
    return Round(slug, BTC, Interval.M5, f"0x{slug}", *tokens, opens_ns, closes_ns, rule)


ROUNDS = {slug: a_round(slug) for slug in ("one", "two")}


@frozen
class Deal:
    slug: str
    outcome: Outcome
    side: Side
    strategy: str
    price: Price
    shares: Shares
    fee: Usd

    @property
    def order_id(self) -> str:
        return f"{self.slug} {self.outcome.value} {self.side.value} {self.strategy}"

    @property
    def token_id(self) -> str:
        return ROUNDS[self.slug].token_of(self.outcome)


class Books:
    """An asset's ledger that is told things, each at a time of its own."""

    def __init__(self) -> None:
        self.account = Account()
        self.now_ns = START_NS
        self.winners: dict[str, Outcome | None] = {}
        self.told: list[ev.Trade] = []
        self.open(1)

    def open(self, life: int) -> None:
        """A desk begins with what the ledger itself says is held, as the venue would."""
        held: tuple[ev.HeldRound, ...] = ()
        realised = self.account.of(BTC).realised
        if life > 1:
            positions = self.ledger.positions
            held = tuple(
                ev.HeldRound(ROUNDS[slug], signed(positions.of(slug)), positions.of(slug).cash_flow)
                for slug in ROUNDS
                if positions.of(slug) != Position() and slug not in self.winners
            )
        self.ledger = AssetLedger(BTC, self.account)
        opening = ev.DeskOpened(BTC, life, CASH, realised, held, tuple(self.told))
        self.ledger.begin(opening, self.now_ns)
        for slug, outcome, side, name in [
            (a, b, c, d) for a in ROUNDS for b in Outcome for c in Side for d in NAMES
        ]:
            self._order(Deal(slug, outcome, side, name, Price(500_000), MUCH, Usd(0)), life)

    def _order(self, deal: Deal, life: int) -> None:
        # `worth` is claimed of every purchase, so that claims are reversed as well.
        order = Order(
            f"{deal.order_id} {life}", deal.slug, deal.token_id, deal.outcome, deal.side,
            deal.price, MUCH, TimeInForce.GTC, False, deal.strategy, START_NS, 0.75,
        )  # fmt: skip
        if deal.slug not in self.winners:
            self.ledger.place(order, ROUNDS[deal.slug])
            self.ledger.reported(ev.Accepted(order.order_id), self.now_ns, place)
        self.life = life

    def fill(self, deal: Deal, trade_id: str) -> None:
        order_id = f"{deal.order_id} {self.life}"
        self.told.append((order_id, trade_id))
        what = (deal.price, deal.shares, deal.fee, True, deal.token_id, deal.side)
        self.ledger.reported(ev.Filled(order_id, trade_id, *what), self.now_ns, self.place)

    def reverse(self, deal: Deal, trade_id: str, life: int) -> None:
        what = (deal.token_id, deal.side, deal.price, deal.shares, deal.fee)
        order_id = f"{deal.order_id} {life}"
        event = ev.Reversed(order_id, trade_id, *what, "failed on the chain")
        self.ledger.reported(event, self.now_ns, self.place)

    def place(self, token_id: str) -> tuple[Round, Outcome] | None:
        """As the desk: only rounds that have not settled."""
        known = place(token_id)
        return None if known is None or known[0].slug in self.winners else known

    def settle(self, slug: str, winner: Outcome | None) -> None:
        if slug not in self.winners:
            self.winners[slug] = winner
            self.ledger.settle(ROUNDS[slug], winner, self.now_ns, ClaimSettings())

    def money(self) -> dict[str, object]:
        account, own = self.account, self.account.of(BTC)
        risk = own.exposure.totals
        return {
            "positions": [(slug, str(self.ledger.positions.of(slug))) for slug in ROUNDS],
            "cash": account.cash,
            "realised": account.realised,
            "today": account.realised_today(self.now_ns),
            "fees": own.fees,
            "fills": own.fills,
            "carried": (risk.carried, risk.cost, risk.flow),
            "at stake": risk.at_stake,
            "whose": own.live.state(),
            "results": own.live.results(),
            "claimed": [own.live.claims(slug) for slug in ROUNDS],
            "entered": [
                own.has_entered(slug, name, outcome)
                for slug in ROUNDS
                for name in NAMES
                for outcome in Outcome
            ],
        }


def place(token_id: str) -> tuple[Round, Outcome] | None:
    for listed in ROUNDS.values():
        if (outcome := listed.outcome_of(token_id)) is not None:
            return listed, outcome
    return None


def signed(position: object) -> tuple[Holding, ...]:
    shares = [(one, position.pays(one), position.cost(one)) for one in Outcome]  # type: ignore[attr-defined]
    return tuple(Holding(one, Shares(held), cost) for one, held, cost in shares if held)


DEALS = st.builds(
    Deal,
    st.sampled_from(sorted(ROUNDS)),
    st.sampled_from(list(Outcome)),
    st.sampled_from([Side.BUY, Side.BUY, Side.SELL]),
    st.sampled_from(NAMES),
    st.integers(1, MICRO - 1).map(Price),
    st.integers(1, 50 * MICRO).map(Shares),
    st.integers(0, 300_000).map(Usd),
)
ENDS = st.tuples(st.sampled_from(sorted(ROUNDS)), st.sampled_from([*Outcome, None]))
CRASH = "crash"
HAPPENINGS = st.lists(st.one_of(DEALS, DEALS, DEALS, DEALS, ENDS), max_size=14)


def lived(
    happenings: list[object],
    failed: Deal,
    at: int,
    back: int,
    *,
    is_filled: bool,
    life: int = 1,
) -> Books:
    """The deal is filled before the happening `at`, and fails before the happening `back`."""
    books, order_id = Books(), "failed"
    for number in range(len(happenings) + 1):
        books.now_ns += NS_PER_S
        if number == at and is_filled:
            books.fill(failed, order_id)
        books.now_ns += NS_PER_S
        if number == back and is_filled:
            books.reverse(failed, order_id, life)
        books.now_ns += NS_PER_S
        if number < len(happenings):
            happening = happenings[number]
            if isinstance(happening, Deal):
                if happening.slug not in books.winners:
                    books.fill(happening, f"t{number}")
            elif happening is CRASH:
                books.open(books.life + 1)
            else:
                books.settle(*happening)  # type: ignore[misc]
    return books


@given(HAPPENINGS, DEALS, st.data())
def test_a_fill_that_failed_was_never_filled(
    happenings: list[object], failed: Deal, data: st.DataObject
) -> None:
    """Whatever was filled, sold and settled between and after: partial sales of it included."""
    ends = [n for n, one in enumerate(happenings) if isinstance(one, tuple)]
    settled = [n for n in ends if happenings[n][0] == failed.slug]  # type: ignore[index]
    at = data.draw(st.integers(0, min([*settled, len(happenings)])))
    back = data.draw(st.integers(at, len(happenings)))
    never = lived(happenings, failed, at, back, is_filled=False)
    taken_back = lived(happenings, failed, at, back, is_filled=True)
    assert taken_back.money() == never.money()
    assert taken_back.account.of(BTC).reversals == 1


@given(st.lists(st.one_of(DEALS, DEALS, st.just(CRASH)), max_size=12), DEALS, st.data())
def test_through_crashes_shares_and_cash_are_as_if_it_had_never_been(
    happenings: list[object], failed: Deal, data: st.DataObject
) -> None:
    """What a share cost is an average of what the venue said then: that alone may differ."""
    at = data.draw(st.integers(0, len(happenings)))
    back = data.draw(st.integers(at, len(happenings)))
    failed_in = 1 + sum(one is CRASH for one in happenings[:at])
    never = lived(happenings, failed, at, back, is_filled=False)
    taken_back = lived(happenings, failed, at, back, is_filled=True, life=failed_in)
    assert taken_back.account.cash == never.account.cash
    assert taken_back.account.fees == never.account.fees
    for slug in ROUNDS:
        was, now = never.ledger.positions.of(slug), taken_back.ledger.positions.of(slug)
        assert now.cash_flow == was.cash_flow
        assert [now.pays(one) for one in Outcome] == [was.pays(one) for one in Outcome]
        for books, position in ((never, was), (taken_back, now)):
            won = books.account.of(BTC).live.settle(slug, UP)
            assert sum(won.values()) == position.pays(UP) + position.cash_flow


BUY = Deal("one", UP, Side.BUY, "fade", Price(600_000), Shares(10 * MICRO), Usd(168_000))
SELL = evolve(BUY, side=Side.SELL, price=Price(700_000), shares=Shares(4 * MICRO), fee=Usd(0))


def test_it_may_fail_after_a_part_of_it_was_sold() -> None:
    """What is left is a sale of shares that nobody had: owed, until it fails as well."""
    books = Books()
    books.fill(BUY, "t1")
    books.fill(SELL, "t2")
    books.reverse(BUY, "t1", 1)
    position = books.ledger.positions.of("one")
    assert (position.up, position.up_owed, position.cash_flow) == (0, 4 * MICRO, 2_800_000)
    assert books.account.of(BTC).exposure.totals.carried == -4 * MICRO
    assert books.account.realised_today(books.now_ns) == 2_800_000 - 4_000_000
    books.reverse(SELL, "t2", 1)
    assert books.account.cash == CASH
    assert not books.ledger.positions.of("one").is_open


@pytest.mark.parametrize("winner", [UP, DOWN, None])
def test_it_may_fail_after_its_round_was_settled(winner: Outcome | None) -> None:
    books = Books()
    books.fill(BUY, "t1")
    books.fill(evolve(BUY, outcome=DOWN, price=Price(300_000), fee=Usd(0)), "t2")
    books.settle("one", winner)
    kept = {UP: 0, DOWN: 10 * MICRO, None: 5 * MICRO}[winner] - 3_000_000
    books.reverse(BUY, "t1", 1)
    assert books.account.realised == books.account.realised_today(books.now_ns) == kept
    assert books.account.cash == CASH + kept
    assert (books.account.fees, books.account.of(BTC).fills) == (0, 1)
    result = books.account.of(BTC).live.results()["fade"]
    assert (result.pnl, result.staked, result.fees) == (kept, 3_000_000, 0)
    assert (result.wins, result.losses) == ((1, 0) if kept > 0 else (0, 1))


def test_a_peak_that_was_only_reached_with_it_is_none() -> None:
    books = Books()
    books.fill(evolve(BUY, slug="two", price=Price(400_000), fee=Usd(0)), "t0")
    books.settle("two", UP)  # six dollars won
    books.fill(BUY, "t1")
    books.settle("one", UP)  # and 3.83 that never were
    books.reverse(BUY, "t1", 1)
    assert books.account.peak == books.account.realised == 6 * MICRO
    assert books.account.drawdown == 0


def test_after_a_while_a_settled_round_is_forgotten() -> None:
    books = Books()
    books.fill(BUY, "t1")
    books.settle("one", UP)
    before = books.account.realised
    books.now_ns += 901 * NS_PER_S
    books.settle("two", UP)
    books.reverse(BUY, "t1", 1)
    assert books.account.realised == before


@pytest.mark.parametrize("is_sold", [False, True])
def test_it_may_fail_in_another_life_than_it_was_filled_in(is_sold: bool) -> None:
    books = Books()
    other = evolve(BUY, strategy="predictor", price=Price(500_000), fee=Usd(0))
    books.fill(BUY, "t1")
    books.fill(other, "t2")
    if is_sold:
        books.fill(SELL, "t3")
    books.open(2)
    books.reverse(BUY, "t1", 1)
    position = books.ledger.positions.of("one")
    assert position.up == (6 if is_sold else 10) * MICRO
    assert position.cash_flow == -5_000_000 + (2_800_000 if is_sold else 0)
    assert books.account.cash == CASH + position.cash_flow
    won = books.account.of(BTC).live.settle("one", UP)
    assert sum(won.values()) == position.up + position.cash_flow


def test_it_may_have_been_filled_before_anybody_listened() -> None:
    """In this process nobody heard of the fill: it was part of what the venue said is held."""
    books = Books()
    books.fill(BUY, "t1")
    books.account = Account()
    ledger = AssetLedger(BTC, books.account)
    paid = 6_168_000
    held = ev.HeldRound(ROUNDS["one"], (Holding(UP, BUY.shares, Usd(paid)),), Usd(-paid))
    told = ((f"{BUY.order_id} 1", "t1"),)
    ledger.begin(ev.DeskOpened(BTC, 1, CASH, Usd(0), (held,), told), books.now_ns)
    books.ledger = ledger
    assert books.account.cash == CASH - paid
    books.reverse(BUY, "t1", 1)
    assert books.account.cash == CASH
    assert not ledger.positions.of("one").is_open
    assert books.account.of(BTC).fills == 0


def test_a_failure_that_is_told_first_is_waited_for_no_more() -> None:
    books = Books()
    before = books.money()
    books.reverse(BUY, "t1", 1)
    books.fill(BUY, "t1")
    assert books.money() == before


def test_a_failure_is_told_once() -> None:
    books = Books()
    books.fill(BUY, "t1")
    books.fill(BUY, "t2")
    for _ in range(3):
        books.reverse(BUY, "t1", 1)
    assert books.ledger.positions.of("one").up == 10 * MICRO
    assert (books.account.of(BTC).reversals, books.account.of(BTC).fills) == (1, 1)
