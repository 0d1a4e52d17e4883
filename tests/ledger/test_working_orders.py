"""Our orders under reports that come early, twice, in pieces and after the end."""

from __future__ import annotations

import pytest

from polytui.config.execution import ExecutionSettings
from polytui.config.live import LiveSettings
from polytui.config.schema import PaperSettings, Settings
from polytui.ledger.working import IllegalMove, LookRule, WorkingOrder, WorkingOrders
from polytui.model.events import FoundOrder
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


def test_more_than_was_ordered_counts_and_is_a_contradiction() -> None:
    """The money has moved, whatever the venue means by it."""
    counted: dict[str, int] = {}
    working = WorkingOrders(counted)
    working.add(an_order(), FEE)
    working.fill("o-1", a_fill("t1", 6))
    assert working.fill("o-1", a_fill("t2", 4.000001))
    assert counted == {"filled beyond its size": 1}
    entry = working.get("o-1")
    assert entry is not None
    assert (entry.filled, entry.left, entry.state) == (10_000_001, 0, OrderState.DONE)


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


def market(price: int, shares: int, counted: dict[str, int] | None = None) -> WorkingOrders:
    orders = WorkingOrders(counted)
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
    counted: dict[str, int] = {}
    orders = market(660_000, 7_575_800, counted)  # 5 dollars
    assert takes(orders, "a", price, shares)
    assert counted == ({} if is_taken else {"filled beyond its size": 1})


# --- looks by id ----------------------------------------------------------------------------------

S = 1_000_000_000
RULE = LookRule(after_ns=10 * S, again_ns=5 * S)
"""The order of these tests is sent at 1 ns."""


def looked(*at_s: float, sent: OrderMove | None = OrderMove.UNANSWERED) -> WorkingOrder:
    working = placed()
    if sent is not None:
        working.move("o-1", sent)
    for at in at_s:
        working.missed("o-1", round(at * S), RULE)
    entry = working.get("o-1")
    assert entry is not None
    return entry


@pytest.mark.parametrize(
    ("looks", "state"),
    [
        ((), OrderState.UNKNOWN),
        ((11,), OrderState.UNKNOWN),
        ((11, 15.9), OrderState.UNKNOWN),  # too soon after the first
        ((11, 15.9, 16), OrderState.DEAD),
        ((11, 16), OrderState.DEAD),
        ((9, 15), OrderState.UNKNOWN),  # the first before its POST was over
        ((1, 2, 3, 4, 9.9, 10.1), OrderState.UNKNOWN),
        ((9, 15, 20), OrderState.DEAD),
        ((11, 11, 11, 11), OrderState.UNKNOWN),
    ],
)
def test_two_looks_far_enough_apart_are_its_death(
    looks: tuple[float, ...], state: OrderState
) -> None:
    assert looked(*looks).state is state


@pytest.mark.parametrize("sent", [None, OrderMove.ACCEPTED, OrderMove.CANCEL_ASKED])
def test_one_look_is_no_death_in_whatever_state(sent: OrderMove | None) -> None:
    assert looked(11, sent=sent).state is OrderState.UNKNOWN
    assert looked(11, 16, sent=sent).state is OrderState.DEAD


def test_a_sign_of_life_between_two_looks_begins_anew() -> None:
    working = placed()
    working.move("o-1", OrderMove.UNANSWERED)
    working.missed("o-1", 11 * S, RULE)
    working.move("o-1", OrderMove.ACCEPTED)
    working.missed("o-1", 16 * S, RULE)
    assert state_of(working) is OrderState.UNKNOWN
    working.missed("o-1", 21 * S, RULE)
    assert state_of(working) is OrderState.DEAD


def test_an_order_that_never_came_dies_though_its_cancel_is_refused_again_and_again() -> None:
    """A venue refuses to cancel what it does not have: it would be asked for ever."""
    working = placed()
    working.move("o-1", OrderMove.UNANSWERED)
    for at in range(10, 17):
        working.move("o-1", OrderMove.CANCEL_ASKED)
        working.move("o-1", OrderMove.CANCEL_REFUSED, at * S)
        for _ in working.due_looks(at * S, RULE):
            working.missed("o-1", at * S, RULE)
    assert state_of(working) is OrderState.DEAD


def test_a_second_word_that_nobody_answered_is_no_sign_of_life() -> None:
    working = placed()
    working.move("o-1", OrderMove.UNANSWERED)
    working.missed("o-1", 11 * S, RULE)
    working.move("o-1", OrderMove.UNANSWERED)
    working.missed("o-1", 16 * S, RULE)
    assert state_of(working) is OrderState.DEAD


def test_what_was_sent_again_is_looked_for_later() -> None:
    working = placed()
    working.move("o-1", OrderMove.DEFERRED, 4 * S)
    working.move("o-1", OrderMove.UNANSWERED, 14 * S)
    assert working.due_looks(round(13.9 * S), RULE) == []
    assert working.due_looks(14 * S, RULE) == ["o-1"]


def test_looks_are_asked_for_when_they_are_due_and_not_before() -> None:
    working = placed(an_order("o-1"), an_order("o-2"))
    working.move("o-1", OrderMove.UNANSWERED)
    asked = [at for at in range(30) if working.due_looks(at * S + 2, RULE)]
    assert asked == [10, 15, 20, 25]  # nobody answers: asked again


def test_an_unknown_order_is_looked_for_while_its_cancel_is_on_its_way() -> None:
    working = placed()
    working.move("o-1", OrderMove.UNANSWERED)
    working.move("o-1", OrderMove.CANCEL_ASKED)
    assert working.due_looks(11 * S, RULE) == ["o-1"]
    working.missed("o-1", 11 * S, RULE)
    working.move("o-1", OrderMove.CANCEL_ASKED)
    assert working.due_looks(16 * S, RULE) == ["o-1"]
    working.missed("o-1", 16 * S, RULE)
    assert state_of(working) is OrderState.DEAD


def test_a_cancel_that_was_refused_is_looked_into() -> None:
    """The venue says so of what it has matched, cancelled, or never seen: it is not just live."""
    working = placed()
    working.move("o-1", OrderMove.ACCEPTED)
    working.move("o-1", OrderMove.CANCEL_ASKED)
    working.move("o-1", OrderMove.CANCEL_REFUSED, 20 * S)
    assert state_of(working) is OrderState.LIVE
    assert working.due_looks(20 * S, RULE) == ["o-1"]
    working.move("o-1", OrderMove.ACCEPTED)
    assert working.due_looks(40 * S, RULE) == []


def test_who_was_only_presumed_dead_may_come_back() -> None:
    counted: dict[str, int] = {}
    working = WorkingOrders(counted)
    working.add(an_order(), FEE)
    working.move("o-1", OrderMove.UNANSWERED)
    for at in (11, 16):
        working.missed("o-1", at * S, RULE)
    assert working.working() == []
    working.move("o-1", OrderMove.ACCEPTED)
    assert [each.state for each in working.working()] == [OrderState.UNKNOWN]
    assert counted == {"dead, then accepted": 1}
    working.move("o-1", OrderMove.CANCELLED)
    working.move("o-1", OrderMove.ACCEPTED)  # older than the end that the venue told: stale
    assert working.working() == []


# --- fills that never happened --------------------------------------------------------------------


def test_a_reversed_fill_never_counts_again() -> None:
    working = placed()
    working.move("o-1", OrderMove.ACCEPTED)
    working.fill("o-1", a_fill("t1", 4))
    working.fill("o-1", a_fill("t2", 1))
    assert working.reverse("o-1", "t1")
    assert not working.reverse("o-1", "t1")
    assert not working.fill("o-1", a_fill("t1", 4))
    (entry,) = working.working()
    assert (entry.filled, entry.state) == (1 * MICRO, OrderState.LIVE)


def test_a_failure_that_is_told_before_its_fill() -> None:
    working = placed()
    assert not working.reverse("o-1", "t1")
    assert not working.fill("o-1", a_fill("t1", 10))
    assert state_of(working) is OrderState.PLACING


def test_an_order_that_was_all_filled_may_work_again_or_not() -> None:
    working = placed()
    working.fill("o-1", a_fill("t1", 10))
    working.reverse("o-1", "t1")
    (entry,) = working.working()
    assert (entry.state, entry.left) == (OrderState.UNKNOWN, 10 * MICRO)
    assert working.due_looks(11 * S, RULE) == ["o-1"]


def test_what_may_not_rest_has_no_rest_after_a_failure() -> None:
    orders = market(600_000, 6_000_000)
    takes(orders, "a", 600_000, 6_000_000)
    orders.reverse("m", "a")
    entry = orders.get("m")
    assert entry is not None
    assert (entry.state, entry.filled, entry.spent) == (OrderState.DEAD, 0, 0)


# --- what a venue has and we did not know ---------------------------------------------------------


def test_a_found_order_counts_what_was_filled_before_it_was_found() -> None:
    working = WorkingOrders()
    working.adopt(FoundOrder(an_order(), Shares(4 * MICRO), trades=("t1",)), FEE)
    (entry,) = working.working()
    assert (entry.state, entry.left) == (OrderState.LIVE, 6 * MICRO)
    assert working.fill("o-1", a_fill("t1", 4))  # its money may not be booked yet, its size is
    assert entry.left == 6 * MICRO
    assert working.fill("o-1", a_fill("t2", 6))
    assert state_of(working) is OrderState.DONE


def test_an_order_that_may_be_on_its_way_is_unknown() -> None:
    working = WorkingOrders()
    working.adopt(FoundOrder(an_order(), is_certain=False), FEE)
    assert state_of(working) is OrderState.UNKNOWN
    assert working.due_looks(10 * S + 1, RULE) == ["o-1"]


def test_each_market_has_a_hold_of_its_own() -> None:
    """Of what is only thought by the paper's, of what is real by the venue's."""
    settings = Settings(
        execution=ExecutionSettings(post_deadline_s=10.0),
        paper=PaperSettings(taker_delay_ms=150),
        live=LiveSettings(taker_hold_ms=900),
    )
    after = {is_live: LookRule.of(settings, is_live=is_live).after_ns for is_live in (False, True)}
    assert after == {False: 10_150_000_000, True: 10_900_000_000}
