"""What a round can still lose: by formula, and by trying every fill against every end."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.positions import Position
from polytui.ledger.working import WorkingOrder, WorkingOrders
from polytui.ledger.worst import at_stake
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Fill, Order, OrderMove, Quote, Side
from polytui.model.units import MICRO, Price, Shares, Usd

FEES = FeeSchedule()
UP, DOWN = Outcome


def usd(dollars: float) -> Usd:
    return Usd(round(dollars * MICRO))


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
