"""Wanted against working: keep, cancel, place, and never both at once."""

from __future__ import annotations

from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.diff import Changes, Tolerance, WantedQuote, changes
from polytui.ledger.working import WorkingOrder, WorkingOrders
from polytui.model.instrument import Outcome
from polytui.model.orders import (
    ORDER_TABLE,
    Order,
    OrderMove,
    OrderState,
    Quote,
    Side,
    TimeInForce,
)
from polytui.model.units import Price, Shares

TWO_TICKS = 20_000
UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL


def quote(price: int, outcome: Outcome = UP, side: Side = BUY) -> Quote:
    return Quote(outcome, side, Price(price), Shares(10_000_000))


def working(
    price: int,
    order_id: str = "o-1",
    outcome: Outcome = UP,
    side: Side = BUY,
    state: OrderState = OrderState.LIVE,
) -> WorkingOrder:
    order = Order(
        order_id,
        "round",
        "111",
        outcome,
        side,
        Price(price),
        Shares(10_000_000),
        TimeInForce.GTC,
        False,
        "distance_fade",
        1,
    )
    return WorkingOrder(order, state)


NOTHING = Changes((), ())
FADE = "distance_fade"


def diff(
    wanted: tuple[Quote, ...],
    orders: list[WorkingOrder],
    tolerance: int,
    owners: tuple[str, ...] = (),
) -> tuple[tuple[str, ...], tuple[Quote, ...]]:
    """Of signals: ids to cancel, and quotes to place."""
    named = zip_longest(wanted, owners[: len(wanted)], fillvalue=FADE)
    wishes = [WantedQuote(str(owner), quote) for quote, owner in named]  # type: ignore[arg-type]
    change = changes(wishes, orders, Tolerance(tolerance))
    placed, waiting = [[one.quote for one in each] for each in (change.place, change.waits)]
    assert len(placed) + len(waiting) + len(orders) >= len(wanted)
    return change.cancel, tuple(placed)


NONE = ((), ())


def test_nothing_wanted_and_nothing_working() -> None:
    assert diff((), [], TWO_TICKS) == NONE


def test_what_is_missing_is_placed() -> None:
    wanted = (quote(500_000), quote(400_000, DOWN))
    assert diff(wanted, [], TWO_TICKS) == ((), wanted)


@pytest.mark.parametrize("state", [OrderState.PLACING, OrderState.LIVE, OrderState.UNKNOWN])
def test_what_is_not_wanted_is_cancelled(state: OrderState) -> None:
    assert diff((), [working(500_000, state=state)], TWO_TICKS) == (("o-1",), ())


def test_what_is_on_its_way_out_is_not_cancelled_again() -> None:
    leaving = working(500_000, state=OrderState.CANCELLING)
    assert diff((), [leaving], TWO_TICKS) == NONE


@pytest.mark.parametrize(
    ("side", "works_at", "is_kept"),
    [
        (BUY, 500_000, True),
        (BUY, 490_000, True),
        (BUY, 480_000, True),
        (BUY, 479_999, False),
        (BUY, 500_001, False),
        (BUY, 510_000, False),
        (SELL, 500_000, True),
        (SELL, 520_000, True),
        (SELL, 520_001, False),
        (SELL, 499_999, False),
    ],
)
def test_a_working_order_is_kept_within_the_tolerance_and_never_at_a_worse_price(
    side: Side, works_at: int, is_kept: bool
) -> None:
    """Wanted at 0.50: a buy may stand up to two ticks below, a sale up to two ticks above."""
    change = diff((quote(500_000, side=side),), [working(works_at, side=side)], TWO_TICKS)
    assert change == (NONE if is_kept else (("o-1",), ()))


def test_without_tolerance_only_the_very_price_is_kept() -> None:
    assert diff((quote(500_000),), [working(500_000)], 0) == NONE
    assert diff((quote(500_000),), [working(490_000)], 0) == (("o-1",), ())


def test_nothing_is_placed_while_its_predecessor_is_on_its_way_out() -> None:
    leaving = working(450_000, state=OrderState.CANCELLING)
    assert diff((quote(500_000),), [leaving], TWO_TICKS) == NONE


def test_an_order_on_its_way_out_is_not_kept_even_at_the_wanted_price() -> None:
    leaving = working(500_000, state=OrderState.CANCELLING)
    assert diff((quote(500_000),), [leaving], TWO_TICKS) == NONE


def test_another_outcome_or_side_need_not_wait() -> None:
    leaving = working(450_000, state=OrderState.CANCELLING)
    wanted = (quote(500_000), quote(400_000, DOWN), quote(600_000, UP, SELL))
    assert diff(wanted, [leaving], TWO_TICKS) == ((), wanted[1:])


KINDS = [(UP, BUY), (UP, SELL), (DOWN, BUY), (DOWN, SELL)]
TO_UP = [(UP, BUY), (DOWN, SELL)]
"""Either makes more of Up: who holds Down leaves it so, and who holds nothing enters."""


@pytest.mark.parametrize("out", KINDS)
@pytest.mark.parametrize("wanted", KINDS)
@pytest.mark.parametrize("state", [OrderState.LIVE, OrderState.UNKNOWN, OrderState.CANCELLING])
def test_what_pulls_the_same_way_waits_until_the_other_is_out(
    out: tuple[Outcome, Side], wanted: tuple[Outcome, Side], state: OrderState
) -> None:
    """A sale of Up and a purchase of Down are one way out: both could fill."""
    dear_to_us = 900_000 if out[1] is BUY else 100_000
    leaving = working(dear_to_us, "o-1", *out, state)
    want = quote(500_000, *wanted)
    change = diff((want,), [leaving], TWO_TICKS)
    waits = (out in TO_UP) is (wanted in TO_UP)
    assert change == (
        () if state is OrderState.CANCELLING else ("o-1",),
        () if waits else (want,),
    )


def test_who_stays_keeps_nobody_waiting() -> None:
    """Two strategies leave Up, each its own way; one of them is at it already."""
    wanted = (quote(500_000, UP, SELL), quote(400_000, DOWN))
    stays = working(500_000, side=SELL)
    assert diff(wanted, [stays], TWO_TICKS) == ((), wanted[1:])


def test_one_that_leaves_keeps_both_ways_waiting() -> None:
    wanted = (quote(500_000, UP, SELL), quote(400_000, DOWN), quote(300_000, DOWN, SELL))
    leaving = [working(490_000, side=SELL), working(700_000, "o-2", DOWN)]
    assert diff(wanted, leaving, 0) == (("o-1", "o-2"), wanted[2:])


def test_one_quote_keeps_one_order() -> None:
    pair = [working(500_000, "o-1"), working(500_000, "o-2")]
    assert diff((quote(500_000),), pair, TWO_TICKS) == (("o-2",), ())


def test_two_quotes_keep_two_orders() -> None:
    pair = [working(500_000, "o-1"), working(490_000, "o-2")]
    wanted = (quote(500_000), quote(490_000))
    assert diff(wanted, pair, 0) == NONE


@pytest.mark.parametrize(
    ("owners", "is_kept"), [((), True), (("distance_fade",), True), (("predictor",), False)]
)
def test_an_order_is_kept_for_the_strategy_that_placed_it(
    owners: tuple[str, ...], is_kept: bool
) -> None:
    """Its fill would be that one's stake, whoever else wants the very same."""
    change = diff((quote(500_000),), [working(500_000)], TWO_TICKS, owners)
    assert change == (NONE if is_kept else (("o-1",), ()))


def test_of_the_same_quote_twice_its_own_is_kept_and_the_other_comes() -> None:
    wanted = (quote(500_000), quote(500_000))
    owners = ("predictor", "distance_fade")
    change = diff(wanted, [working(500_000)], TWO_TICKS, owners)
    assert change == ((), wanted[:1])
    assert change[1][0] is wanted[0]


def test_the_same_quote_twice_is_two_orders() -> None:
    wanted = (quote(500_000), quote(500_000))
    assert diff(wanted, [working(500_000)], 0) == ((), wanted[1:])


QUOTES = st.builds(
    quote,
    st.integers(1, 9).map(lambda cents: cents * 100_000),
    st.sampled_from(list(Outcome)),
    st.sampled_from(list(Side)),
)
STATES = st.sampled_from([state for state in OrderState if state.is_working])


@st.composite
def at_work(draw: st.DrawFn) -> list[WorkingOrder]:
    wanted = draw(st.lists(QUOTES, max_size=5))
    return [
        working(one.price, f"o-{number}", one.outcome, one.side, draw(STATES))
        for number, one in enumerate(wanted)
    ]


def to_up(what: Quote | Order) -> bool:
    return (what.outcome, what.side) in TO_UP


@given(st.lists(QUOTES, max_size=4), at_work(), st.sampled_from([0, TWO_TICKS, 300_000]))
def test_whatever_is_wanted_stays_comes_or_waits(
    wanted: list[Quote], orders: list[WorkingOrder], tolerance: int
) -> None:
    cancel, place = diff(tuple(wanted), orders, tolerance)
    asked = [entry for entry in orders if entry.order.order_id in cancel]
    gone = [entry for entry in orders if entry.state is OrderState.CANCELLING]
    kept = [entry.order for entry in orders if entry not in asked and entry not in gone]
    assert len(set(cancel)) == len(cancel) == len(asked)
    assert not any(entry in gone for entry in asked)
    leaving = {to_up(entry.order) for entry in asked + gone}
    assert not any(to_up(one) in leaving for one in place)
    for kind in KINDS:
        want, stay, come = (
            sum((one.outcome, one.side) == kind for one in each) for each in (wanted, kept, place)
        )
        waits = (kind in TO_UP) in leaving
        assert stay <= want
        assert stay + come == want or (waits and come == 0)


WAYS = st.sampled_from([None, *(quote(600_000, *kind) for kind in ((UP, SELL), (DOWN, BUY)))])
ANSWERS = st.none() | st.sampled_from(
    [move for move in OrderMove if move not in (OrderMove.CANCEL_ASKED, OrderMove.FILLED_PART)]
)


@given(st.lists(st.tuples(WAYS, ANSWERS), max_size=30))
def test_two_ways_out_are_never_at_work_together(
    story: list[tuple[Quote | None, OrderMove | None]],
) -> None:
    """However the venue answers and whichever way is the cheaper one at the moment."""
    orders = WorkingOrders()
    for number, (way, answer) in enumerate(story):
        _follow(orders, way, number)
        assert len(orders.working()) <= 1
        for entry in orders.working():
            if answer is not None and (entry.state, answer) in ORDER_TABLE:
                orders.move(entry.order.order_id, answer)
    way = quote(600_000, DOWN)
    for number in range(len(story), len(story) + 3):  # the last word is heard in the end
        _follow(orders, way, number)
        for entry in orders.working():
            if entry.state is OrderState.CANCELLING:
                orders.move(entry.order.order_id, OrderMove.CANCELLED)
    (entry,) = orders.working()
    assert (entry.order.outcome, entry.order.side) == (DOWN, BUY)


def _follow(orders: WorkingOrders, way: Quote | None, number: int) -> None:
    """What is wanted now, against what works; as the desk does it."""
    cancel, place = diff(() if way is None else (way,), orders.working(), TWO_TICKS)
    for order_id in cancel:
        orders.move(order_id, OrderMove.CANCEL_ASKED)
    for one in place:
        orders.add(working(one.price, f"o-{number}", one.outcome, one.side).order)
