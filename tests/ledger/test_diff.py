"""Wanted against working: keep, cancel, place, and never both at once."""

from __future__ import annotations

import pytest

from polytui.ledger.diff import Changes, changes
from polytui.ledger.working import WorkingOrder
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, OrderState, Quote, Side, TimeInForce
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


def test_nothing_wanted_and_nothing_working() -> None:
    assert changes((), [], TWO_TICKS) == NOTHING


def test_what_is_missing_is_placed() -> None:
    wanted = (quote(500_000), quote(400_000, DOWN))
    assert changes(wanted, [], TWO_TICKS) == Changes((), wanted)


@pytest.mark.parametrize("state", [OrderState.PLACING, OrderState.LIVE, OrderState.UNKNOWN])
def test_what_is_not_wanted_is_cancelled(state: OrderState) -> None:
    assert changes((), [working(500_000, state=state)], TWO_TICKS) == Changes(("o-1",), ())


def test_what_is_on_its_way_out_is_not_cancelled_again() -> None:
    leaving = working(500_000, state=OrderState.CANCELLING)
    assert changes((), [leaving], TWO_TICKS) == NOTHING


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
    change = changes((quote(500_000, side=side),), [working(works_at, side=side)], TWO_TICKS)
    assert change == (NOTHING if is_kept else Changes(("o-1",), ()))


def test_without_tolerance_only_the_very_price_is_kept() -> None:
    assert changes((quote(500_000),), [working(500_000)], 0) == NOTHING
    assert changes((quote(500_000),), [working(490_000)], 0) == Changes(("o-1",), ())


def test_nothing_is_placed_while_its_predecessor_is_on_its_way_out() -> None:
    leaving = working(450_000, state=OrderState.CANCELLING)
    assert changes((quote(500_000),), [leaving], TWO_TICKS) == NOTHING


def test_an_order_on_its_way_out_is_not_kept_even_at_the_wanted_price() -> None:
    leaving = working(500_000, state=OrderState.CANCELLING)
    assert changes((quote(500_000),), [leaving], TWO_TICKS) == NOTHING


def test_another_outcome_or_side_need_not_wait() -> None:
    leaving = working(450_000, state=OrderState.CANCELLING)
    wanted = (quote(500_000), quote(400_000, DOWN), quote(600_000, UP, SELL))
    assert changes(wanted, [leaving], TWO_TICKS) == Changes((), wanted[1:])


def test_one_quote_keeps_one_order() -> None:
    pair = [working(500_000, "o-1"), working(500_000, "o-2")]
    assert changes((quote(500_000),), pair, TWO_TICKS) == Changes(("o-2",), ())


def test_two_quotes_keep_two_orders() -> None:
    pair = [working(500_000, "o-1"), working(490_000, "o-2")]
    wanted = (quote(500_000), quote(490_000))
    assert changes(wanted, pair, 0) == NOTHING


def test_the_same_quote_twice_is_two_orders() -> None:
    wanted = (quote(500_000), quote(500_000))
    assert changes(wanted, [working(500_000)], 0) == Changes((), wanted[1:])
