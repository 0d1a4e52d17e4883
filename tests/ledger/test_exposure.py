"""What a round can still lose: by formula, and by trying every fill against every end; and sums
kept with each change, against counting it all anew."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from attrs import asdict, define, evolve, field, fields
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.deciding import ClaimSettings
from polytui.desk.account import Account
from polytui.desk.asset_ledger import MOVES, AssetLedger
from polytui.ledger.exposure import RoundExposure
from polytui.ledger.positions import Position
from polytui.ledger.working import WorkingOrder, WorkingOrders
from polytui.model.events import DeskOpened, Filled, HeldRound, Reversed
from polytui.model.instrument import Asset, FeeSchedule, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import ORDER_TABLE, Fill, Order, OrderMove, Quote, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd

FEES = FeeSchedule()
UP, DOWN = Outcome


def usd(dollars: float) -> Usd:
    return Usd(round(dollars * MICRO))


def at_stake(position: Position, orders: list[WorkingOrder]) -> Usd:
    return kept_of(position, orders).at_stake


def kept_of(position: Position, orders: list[WorkingOrder]) -> RoundExposure:
    """Orders of the same id are several here."""
    kept = RoundExposure(Interval.M5, 0)
    kept.hold(position)
    for number, entry in enumerate(orders):
        order = evolve(entry.order, order_id=f"o-{number}")
        kept.work(evolve(entry, order=order))
    return kept


def held(up: float = 0, up_cost: float = 0, down: float = 0, down_cost: float = 0) -> Position:
    flow = -up_cost - down_cost
    return Position(Shares(usd(up)), Shares(usd(down)), usd(up_cost), usd(down_cost), usd(flow))


def working(side: Side, outcome: Outcome, shares: float, price: float) -> WorkingOrder:
    cents, size = Price(usd(price)), Shares(usd(shares))
    quote = Quote(outcome, side, cents, size)
    order = Order("o", "s", "t", quote.outcome, side, cents, size, quote.tif, False, "x", 0)
    return WorkingOrder(order, worst_fee=FEES.fee(cents, size))


def buying(outcome: Outcome, shares: float, price: float) -> WorkingOrder:
    return working(Side.BUY, outcome, shares, price)


def selling(outcome: Outcome, shares: float, price: float) -> WorkingOrder:
    return working(Side.SELL, outcome, shares, price)


@pytest.mark.parametrize(
    ("position", "orders", "dollars"),
    [
        (held(), [], 0.0),
        (held(up=20, up_cost=12), [], 12.0),
        (held(down=20, down_cost=12), [], 12.0),
        # A pair is a dollar whoever wins: bought for less or for more, nothing is open.
        (held(up=20, up_cost=12, down=20, down_cost=7), [], 0.0),
        (held(up=20, up_cost=12, down=20, down_cost=9), [], 0.0),
        # Ten of twenty are paired: half of their cost is open.
        (held(up=20, up_cost=12, down=10, down_cost=3), [], 6.0),
        # What works, with its fee: 0.0175 a share at fifty cents.
        (held(), [buying(UP, 20, 0.5)], 10.35),
        (held(up=20, up_cost=12), [buying(UP, 20, 0.5)], 22.35),
        # It buys the other side: either may win without its order, or lose with it.
        (held(), [buying(UP, 20, 0.5), buying(DOWN, 20, 0.5)], 10.35),
        (held(up=20, up_cost=12), [buying(DOWN, 20, 0.5)], 12.0),
        (held(up=20, up_cost=2), [buying(DOWN, 40, 0.5)], 2.7),
        # A sale of what is alone can only help.
        (held(up=20, up_cost=12), [selling(UP, 20, 0.4)], 12.0),
        # A sale of half a pair opens the other half: a dollar that it may lose, for 0.3832.
        (held(up=20, up_cost=12, down=20, down_cost=7), [selling(UP, 20, 0.4)], 20 - 7.664),
    ],
)
def test_what_is_open_by_hand(
    position: Position, orders: list[WorkingOrder], dollars: float
) -> None:
    assert at_stake(position, orders) == usd(dollars)


def test_what_is_owed_is_counted_at_its_dollar_already() -> None:
    """Four sold that nobody held: four dollars if Up wins, and none of it is left to lose."""
    position = Position()
    position.sell(UP, 4 * MICRO)
    assert (position.carried, at_stake(position, [])) == (-4 * MICRO, 0)
    position.buy(DOWN, 10 * MICRO, 3 * MICRO)
    assert (position.carried, at_stake(position, [])) == (-1 * MICRO, 3 * MICRO)


def test_a_fee_can_make_a_loss_of_what_wins() -> None:
    """Twenty that win pay 20 dollars and took 22; forty of the other side pay nothing then."""
    dear = evolve(buying(UP, 20, 0.5), worst_fee=usd(12))
    assert at_stake(held(down=40, down_cost=8), [dear]) == usd(8 + 2)


def test_what_is_left_of_an_order_and_nothing_of_one_that_ended() -> None:
    book = WorkingOrders()
    entry = book.add(buying(UP, 20, 0.5).order, FEES.fee(Price(usd(0.5)), Shares(usd(20))))
    book.move("o", OrderMove.ACCEPTED)
    book.fill("o", Fill("t", Price(usd(0.5)), Shares(usd(5)), Usd(0), True))
    assert at_stake(held(up=5, up_cost=2.5), [entry]) == usd(2.5 + 7.7625)
    book.move("o", OrderMove.CANCELLED)
    assert at_stake(held(up=5, up_cost=2.5), [entry]) == usd(2.5)
    sale = WorkingOrders()
    ended = sale.add(selling(UP, 20, 0.4).order, Usd(0))
    pair = held(up=20, up_cost=12, down=20, down_cost=7)
    assert at_stake(pair, [ended]) == usd(12)
    sale.move("o", OrderMove.REFUSED)
    assert at_stake(pair, [ended]) == 0


CENTS = st.integers(1, 99)
LOTS = st.integers(0, 4_000)
POSITIONS = st.builds(
    lambda up, up_cents, down, down_cents, flow: Position(
        Shares(up * 10_000),
        Shares(down * 10_000),
        Usd(up * up_cents * 100),
        Usd(down * down_cents * 100),
        Usd(flow),
    ),
    LOTS,
    CENTS,
    LOTS,
    CENTS,
    st.integers(-50 * MICRO, 50 * MICRO),
)


@pytest.mark.parametrize(
    ("position", "orders", "if_up_loses", "if_down_loses"),
    [
        (held(), [], 0.0, 0.0),
        (held(up=20, up_cost=12), [], 12.0, -8.0),
        (held(up=20, up_cost=12, down=20, down_cost=9), [], 0.0, 0.0),
        # Twenty of Up and ten of Down: ten are alone, for six dollars.
        (held(up=20, up_cost=12, down=10, down_cost=3), [], 6.0, -4.0),
        # Whoever buys the other side can only lose more if that one loses.
        (held(up=20, up_cost=12), [buying(UP, 20, 0.5)], 22.35, -8.0),
        (held(up=20, up_cost=12), [buying(DOWN, 20, 0.5)], 12.0, 2.35),
        (held(up=20, up_cost=12), [selling(UP, 20, 0.4)], 12.0, -8.0 + 12.336),
        (held(), [buying(UP, 20, 0.5), buying(DOWN, 20, 0.5)], 10.35, 10.35),
    ],
)
def test_net_inventory_by_hand(
    position: Position, orders: list[WorkingOrder], if_up_loses: float, if_down_loses: float
) -> None:
    kept = kept_of(position, orders)
    assert (kept.net(UP), kept.net(DOWN)) == (usd(if_up_loses), usd(if_down_loses))


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.sampled_from(Outcome),
        st.integers(1, 4_000).map(lambda lots: lots / 100),
        CENTS.map(lambda cents: cents / 100),
    ).map(lambda made: working(*made)),
    max_size=3,
)


def end_of(
    position: Position, orders: list[WorkingOrder], shares: tuple[Fraction, ...], up: Fraction
) -> Fraction:
    """The result where these parts of the orders fill at their prices, and Up pays so much."""
    result = position.cash_flow + position.up * up + position.down * (1 - up)
    for entry, part in zip(orders, shares, strict=True):
        order = entry.order
        pays = up if order.outcome is UP else 1 - up
        paid = Fraction(order.price * order.shares, MICRO)
        if order.side is Side.BUY:
            result += part * (order.shares * pays - paid - entry.worst_fee)
        else:
            result += part * (paid - entry.worst_fee - order.shares * pays)
    return result


@given(position=POSITIONS, orders=ORDERS)
def test_no_end_is_worse_and_one_is_as_bad(position: Position, orders: list[WorkingOrder]) -> None:
    """Up wins, Down wins, nobody does; of every order nothing fills, a third, or all."""
    worst = position.cash_flow + position.carried - at_stake(position, orders)
    parts = product((Fraction(0), Fraction(1, 3), Fraction(1)), repeat=len(orders))
    pays = (Fraction(0), Fraction(1, 2), Fraction(1))
    ends = [end_of(position, orders, some, up) for some in parts for up in pays]
    # The venue rounds a cost up and proceeds down, by a millionth of an order each.
    assert worst <= min(ends) <= worst + len(orders)
    assert at_stake(position, orders) >= 0


# --- kept against counted anew --------------------------------------------------------------------

ROUNDS = [
    Round(
        f"{asset.value}-{interval.value}-{number}",
        asset,
        interval,
        "c",
        "u",
        "d",
        0,
        (2 if interval is Interval.M5 else 1 + number) * 300 * NS_PER_S,
        SettlementRule.TWAP,
    )
    for asset in (Asset.BTC, Asset.ETH)
    for interval in (Interval.M5, Interval.M15)
    for number in range(2)
]
"""Of both intervals some close together."""


@define
class Desks:
    """State: the ledgers of two assets as a desk keeps them, told of anything, and their orders."""

    account: Account = field(factory=Account)
    ledgers: dict[Asset, AssetLedger] = field(factory=dict)
    orders: list[Order] = field(factory=list)
    trades: int = 0
    fills: list[tuple[Order, str, Shares, Usd]] = field(factory=list)

    def live(self, asset: Asset) -> None:
        """A desk begins, the first one or the next: what works is forgotten, what is held told."""
        before = self.ledgers.get(asset)
        ledger = self.ledgers[asset] = AssetLedger(asset, self.account)
        told = []
        for listed in ROUNDS:
            if before is not None and listed.asset is asset:
                position = before.positions.of(listed.slug)
                holdings = before.positions.holdings(listed.slug)
                if holdings or position.cash_flow:
                    told.append(HeldRound(listed, holdings, position.cash_flow))
        realised = self.account.of(asset).realised
        ledger.begin(DeskOpened(asset, 1, Usd(0), realised, tuple(told)), 0)
        self.orders = [order for order in self.orders if not order.slug.startswith(asset.value)]

    def place(self, listed: Round, quote: Quote, rung: str) -> None:
        order = Order(
            f"o-{len(self.orders)}-{self.trades}",
            listed.slug,
            "t",
            quote.outcome,
            quote.side,
            quote.price,
            quote.shares,
            TimeInForce.GTC,
            False,
            "x",
            0,
            rung=rung,
        )
        self.trades += 1
        self.orders.append(order)
        self.ledgers[listed.asset].place(order, listed)

    def of(self, number: int) -> tuple[AssetLedger, Order] | None:
        if not self.orders:
            return None
        order = self.orders[number % len(self.orders)]
        return self.ledgers[Asset(order.slug.partition("-")[0])], order

    def report(self, number: int, event: type) -> None:
        if found := self.of(number):
            ledger, order = found
            working, move = ledger.orders.get(order.order_id), MOVES[event]
            if working is not None and (working.state, move) in ORDER_TABLE:
                ledger.reported(event(*[order.order_id, ""][: len(fields(event))]), 0, place_of)

    def cancel(self, number: int) -> None:
        if found := self.of(number):
            found[0].ask_cancel(found[1].order_id, 0)

    def fill(self, number: int, share: int) -> None:
        """So many tenths of what is left, of an order that works or has ended."""
        if not (found := self.of(number)):
            return
        ledger, order = found
        working = ledger.orders.get(order.order_id)
        if working is None or ORDER_TABLE.get((working.state, OrderMove.FILLED_PART)) is None:
            return
        shares = Shares(working.left if share == 10 else working.left * share // 10)
        if not shares:
            return
        self.trades += 1
        fee, trade_id = FEES.fee(order.price, shares), f"t-{self.trades}"
        self.fills.append((order, trade_id, shares, fee))
        filled = Filled(order.order_id, trade_id, order.price, shares, fee, True)
        ledger.reported(filled, 0, place_of)

    def reverse(self, number: int) -> None:
        """A fill of now or long ago fails."""
        if not self.fills:
            return
        order, trade_id, shares, fee = self.fills[number % len(self.fills)]
        told = ("t", order.side, order.price, shares, fee, "failed")
        event = Reversed(order.order_id, trade_id, *told)
        self.ledgers[Asset(order.slug.partition("-")[0])].reported(event, 0, place_of)

    def settle(self, listed: Round, winner: Outcome | None) -> None:
        self.ledgers[listed.asset].settle(listed, winner, 0, ClaimSettings())
        self.orders = [order for order in self.orders if order.slug != listed.slug]


def place_of(token_id: str) -> None:
    """No token of these rounds means anything: orders say it all."""


def counted(desks: Desks) -> dict[str, object]:
    """All of it once more from positions and orders, of which nothing is kept."""
    sums: Counter[str] = Counter()
    by_round: dict[str, object] = {}
    for asset, ledger in desks.ledgers.items():
        for listed in ROUNDS:
            if listed.asset is not asset:
                continue
            position, working = (
                ledger.positions.of(listed.slug),
                ledger.orders.of_round(listed.slug),
            )
            kept = kept_of(position, working)
            buys = [one for one in working if one.order.side is Side.BUY]
            for where in ("", asset.value):
                sums[f"{where} cost"] += position.total_cost
                sums[f"{where} carried"] += position.carried
                sums[f"{where} flow"] += position.cash_flow
                sums[f"{where} reserved"] += sum(one.reserved for one in buys)
                sums[f"{where} orders"] += len(working)
                sums[f"{where} entries"] += sum(
                    bool(one.order.rung) and not one.filled for one in buys
                )
                sums[f"{where} at_stake"] += kept.at_stake
            if working or position.is_open:
                sums[" rounds"] += 1
                sums[f"{asset.value} rounds"] += 1
                sums[f"of {listed.interval.value}"] += 1
                sums[f"at {listed.closes_ns}"] += kept.at_stake
                by_round[f"closes {listed.closes_ns}"] = True
            for outcome in Outcome:
                mine = [one for one in working if one.order.outcome is outcome]
                own_buys = [one for one in mine if one.order.side is Side.BUY]
                sold = sum(one.left for one in mine if one.order.side is Side.SELL)
                where = f"{listed.slug} {outcome.value}"
                by_round[f"{where} shares"] = position.shares(outcome)
                by_round[f"{where} cost"] = position.cost(outcome)
                by_round[f"{where} reserved"] = sum(one.reserved for one in mine)
                by_round[f"{where} buying"] = sum(one.left for one in own_buys)
                by_round[f"{where} selling"] = sold
                by_round[f"{where} net"] = kept.net(outcome)
    return {name: value for name, value in (sums | by_round).items() if value}


def kept(desks: Desks) -> dict[str, object]:
    """The same as it is kept."""
    at_risk, found = desks.account.at_risk, dict[str, object]()
    whose = {"": at_risk.totals} | {a.value: at_risk.of(a).totals for a in desks.ledgers}
    for where, totals in whose.items():
        found |= {f"{where} {name}": value for name, value in asdict(totals).items()}
    found |= {f"of {one.value}": at_risk.rounds_of(one) for one in Interval}
    for closes_ns in at_risk.closings():
        found[f"at {closes_ns}"] = at_risk.at_stake_at(closes_ns)
        found[f"closes {closes_ns}"] = True
    for asset in desks.ledgers:
        for slug, one in at_risk.of(asset).rounds.items():
            for outcome in Outcome:
                side, where = one.side(outcome), f"{slug} {outcome.value}"
                found[f"{where} net"] = one.net(outcome)
                for name in ("shares", "cost", "reserved", "buying", "selling"):
                    found[f"{where} {name}"] = getattr(side, name)
    return {name: value for name, value in found.items() if value}


NUMBERS = st.integers(0, 20)
ANY_ROUND = st.sampled_from(ROUNDS)
ANY_QUOTE = st.builds(
    Quote,
    st.sampled_from(Outcome),
    st.sampled_from(Side),
    CENTS.map(lambda cents: Price(cents * 10_000)),
    st.integers(1, 4_000).map(lambda lots: Shares(lots * 10_000)),
)
STORIES = st.lists(
    st.one_of(
        *[st.tuples(st.just("place"), ANY_ROUND, ANY_QUOTE, st.sampled_from(["", "a"]))] * 3,
        *[st.tuples(st.just("fill"), NUMBERS, st.integers(1, 10))] * 3,
        *[st.tuples(st.just("report"), NUMBERS, st.sampled_from(list(MOVES)))] * 2,
        st.tuples(st.just("cancel"), NUMBERS),
        st.tuples(st.just("reverse"), NUMBERS),
        st.tuples(st.just("settle"), ANY_ROUND, st.sampled_from([None, *Outcome])),
        st.tuples(st.just("live"), st.sampled_from([Asset.BTC, Asset.ETH])),
    ),
    max_size=60,
)


@given(STORIES)
def test_what_is_kept_is_what_would_be_counted_whatever_happens(
    story: list[tuple[Any, ...]],
) -> None:
    desks = Desks()
    for asset in (Asset.BTC, Asset.ETH):
        desks.live(asset)
    for name, *told in story:
        getattr(desks, name)(*told)
        assert kept(desks) == counted(desks)
        rounds = [one for a in desks.ledgers for one in desks.account.at_risk.of(a).rounds.values()]
        assert all(one.is_open or one.flow for one in rounds)  # no others are kept
    for listed in ROUNDS:
        desks.settle(listed, UP)
    assert kept(desks) == {}
    assert not any(desks.account.at_risk.of(asset).rounds for asset in desks.ledgers)
