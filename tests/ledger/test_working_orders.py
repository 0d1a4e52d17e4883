"""Our orders under reports that come early, twice, in pieces and after the end."""

from __future__ import annotations

import pytest

from polytui.ledger.working import IllegalMove, WorkingOrders
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Order, OrderMove, OrderState, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd

FEE = Usd(174_370)
"""Of ten shares at 0.53, taken."""


def an_order(order_id: str = "o-1", side: Side = Side.BUY, slug: str = "round") -> Order:
    return Order(
        order_id,
        slug,
        "111",
        Outcome.UP,
        side,
        Price(530_000),
        Shares(10 * MICRO),
        TimeInForce.GTC,
        False,
        "distance_fade",
        1,
    )


def a_fill(trade_id: str, shares: float) -> Fill:
    return Fill(trade_id, Price(530_000), Shares(round(shares * MICRO)), Usd(0), True)


def placed(*orders: Order) -> WorkingOrders:
    working = WorkingOrders()
    for order in orders or (an_order(),):
        working.add(order, FEE)
    return working


def state_of(working: WorkingOrders, order_id: str = "o-1") -> OrderState:
    entry = working.get(order_id)
    assert entry is not None
    return entry.state


def test_a_fill_before_the_acknowledgement() -> None:
    working = placed()
    assert working.fill("o-1", a_fill("t1", 4))
    assert state_of(working) is OrderState.LIVE
    working.move("o-1", OrderMove.ACCEPTED)
    assert state_of(working) is OrderState.LIVE
    assert working.working()[0].left == 6 * MICRO


def test_a_whole_fill_before_the_acknowledgement_is_the_end() -> None:
    working = placed()
    working.fill("o-1", a_fill("t1", 10))
    working.move("o-1", OrderMove.ACCEPTED)
    assert state_of(working) is OrderState.DONE
    assert working.working() == []


def test_the_same_trade_twice_is_one_fill() -> None:
    working = placed()
    assert working.fill("o-1", a_fill("t1", 4))
    assert not working.fill("o-1", a_fill("t1", 4))
    assert working.working()[0].filled == 4 * MICRO


def test_pieces_add_up() -> None:
    working = placed()
    for number, shares in enumerate((2.5, 0.000001, 7.499999)):
        assert working.fill("o-1", a_fill(f"t{number}", shares))
    assert state_of(working) is OrderState.DONE


def test_a_fill_that_beat_the_cancel_counts() -> None:
    working = placed()
    working.move("o-1", OrderMove.CANCEL_ASKED)
    working.fill("o-1", a_fill("t1", 4))
    assert state_of(working) is OrderState.CANCELLING
    working.move("o-1", OrderMove.CANCELLED)
    assert working.fill("o-1", a_fill("t2", 1))
    assert state_of(working) is OrderState.DEAD
    entry = working.get("o-1")
    assert entry is not None
    assert entry.filled == 5 * MICRO


def test_more_than_was_ordered_is_a_fault_and_changes_nothing() -> None:
    working = placed()
    working.fill("o-1", a_fill("t1", 6))
    before = working.state()
    with pytest.raises(IllegalMove, match="beyond its size by t2"):
        working.fill("o-1", a_fill("t2", 4.000001))
    assert working.state() == before


def test_a_fill_of_an_order_that_is_not_ours() -> None:
    assert not placed().fill("o-9", a_fill("t1", 1))


def test_an_id_is_used_once() -> None:
    working = placed()
    with pytest.raises(IllegalMove, match="twice"):
        working.add(an_order(), FEE)


def test_a_buy_reserves_what_it_may_still_spend() -> None:
    """Its fee included: what is stamped now must still be paid for when it fills."""
    working = placed()
    assert working.working()[0].reserved == 5_300_000 + FEE
    working.fill("o-1", a_fill("t1", 4))
    assert working.working()[0].reserved == 3_180_000 + 104_622
    working.move("o-1", OrderMove.CANCELLED)
    entry = working.get("o-1")
    assert entry is not None
    assert entry.reserved == 0


def test_a_sale_reserves_no_money() -> None:
    assert placed(an_order(side=Side.SELL)).working()[0].reserved == 0


def test_rounds_are_forgotten_one_by_one() -> None:
    working = placed(an_order("o-1"), an_order("o-2", slug="next"))
    working.forget_round("round")
    assert working.get("o-1") is None
    assert [entry.order.order_id for entry in working.of_round("next")] == ["o-2"]
    assert working.of_round("round") == []


# --- market purchases ---------------------------------------------------------------------------


def market(price: int, shares: int) -> WorkingOrders:
    orders = WorkingOrders()
    order = Order(
        "m", "slug", "token", Outcome.UP, Side.BUY, Price(price), Shares(shares),
        TimeInForce.FAK, False, "test", 0,
    )  # fmt: skip
    orders.add(order, Usd(100))
    orders.move("m", OrderMove.ACCEPTED)
    return orders


def takes(orders: WorkingOrders, trade_id: str, price: int, shares: int) -> bool:
    return orders.fill("m", Fill(trade_id, Price(price), Shares(shares), Usd(0), is_taker=True))


def test_a_market_purchase_gets_more_shares_for_its_dollars_where_they_are_cheaper() -> None:
    orders = market(600_000, 6_000_000)  # 3.60 dollars
    assert takes(orders, "a", 590_000, 6_101_694)
    entry = orders.get("m")
    assert entry is not None
    assert entry.filled == 6_101_694
    assert entry.spent == 3_600_000
    assert entry.state is OrderState.DONE
    assert entry.left == entry.reserved == 0


def test_in_parts_it_reserves_the_dollars_that_are_left() -> None:
    orders = market(600_000, 6_000_000)
    assert takes(orders, "a", 500_000, 4_000_000)
    entry = orders.get("m")
    assert entry is not None
    assert (entry.spent, entry.left) == (2_000_000, 2_666_666)
    assert 1_600_000 <= entry.reserved <= 1_600_100
    assert entry.state is OrderState.LIVE


@pytest.mark.parametrize(
    ("price", "shares", "is_taken"),
    [
        (660_000, 7_575_758, True),  # what five dollars brought at the venue, rounded up
        (660_000, 7_575_800, True),  # all that was asked for
        (660_000, 7_575_801, False),
        (650_000, 7_692_307, True),
        (650_000, 7_692_310, False),
    ],
)
def test_neither_its_dollars_nor_its_shares_are_exceeded_both(
    price: int, shares: int, is_taken: bool
) -> None:
    orders = market(660_000, 7_575_800)  # 5 dollars
    if is_taken:
        assert takes(orders, "a", price, shares)
    else:
        with pytest.raises(IllegalMove):
            takes(orders, "a", price, shares)
