"""The life of an order, pair by pair, as the design draws it."""

from __future__ import annotations

import pytest

from polytui.ledger.working import IllegalMove, WorkingOrders
from polytui.model.instrument import Outcome
from polytui.model.orders import ORDER_TABLE, Order, OrderMove, OrderState, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd

STATES = {state.value: state for state in OrderState}

# Rows: where the order stands. Columns in the order of MOVES. "-" must raise.
MOVES = [
    OrderMove.ACCEPTED,
    OrderMove.REFUSED,
    OrderMove.UNANSWERED,
    OrderMove.FILLED_PART,
    OrderMove.FILLED_ALL,
    OrderMove.CANCELLED,
    OrderMove.NOT_FOUND,
    OrderMove.CANCEL_ASKED,
]
DESIGNED = {
    "placing": "live dead unknown live done dead - cancelling",
    "unknown": "live dead unknown live done dead dead cancelling",
    "cancelling": "cancelling dead unknown cancelling done dead dead cancelling",
}
LIVE = {
    OrderMove.ACCEPTED: "live",
    OrderMove.FILLED_PART: "live",
    OrderMove.FILLED_ALL: "done",
    OrderMove.CANCELLED: "dead",
    OrderMove.NOT_FOUND: "unknown",
    OrderMove.CANCEL_ASKED: "cancelling",
}
PAIRS = [
    (STATES[row], move, ends)
    for row, line in DESIGNED.items()
    for move, ends in zip(MOVES, line.split(), strict=True)
] + [(OrderState.LIVE, move, ends) for move, ends in LIVE.items()]


def an_order() -> Order:
    return Order(
        "o-1",
        "btc-updown-5m-1",
        "111",
        Outcome.UP,
        Side.BUY,
        Price(500_000),
        Shares(10_000_000),
        TimeInForce.GTC,
        False,
        "distance_fade",
        1,
    )


def standing_at(state: OrderState) -> WorkingOrders:
    orders = WorkingOrders()
    orders.add(an_order(), Usd(0)).state = state
    return orders


@pytest.mark.parametrize(("state", "move", "ends"), PAIRS)
def test_every_pair_of_the_design(state: OrderState, move: OrderMove, ends: str) -> None:
    orders = standing_at(state)
    if ends == "-":
        with pytest.raises(IllegalMove, match=rf"o-1 is {state.value}: cannot be {move.value}"):
            orders.move("o-1", move)
        return
    moved = orders.move("o-1", move)
    assert moved is not None
    assert moved.state is STATES[ends]


def test_a_live_order_cannot_turn_out_never_to_have_lived() -> None:
    with pytest.raises(IllegalMove):
        standing_at(OrderState.LIVE).move("o-1", OrderMove.REFUSED)


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        (OrderState.CANCELLING, OrderState.LIVE),
        (OrderState.LIVE, OrderState.LIVE),
        (OrderState.UNKNOWN, OrderState.UNKNOWN),
    ],
)
def test_a_refused_cancel_leaves_the_order_as_live_as_it_was(
    state: OrderState, ends: OrderState
) -> None:
    """Unknown: placing timed out while the cancel was on its way, whose answer still comes."""
    moved = standing_at(state).move("o-1", OrderMove.CANCEL_REFUSED)
    assert moved is not None
    assert moved.state is ends


def test_a_cancel_nobody_asked_for_is_not_refused() -> None:
    with pytest.raises(IllegalMove):
        standing_at(OrderState.PLACING).move("o-1", OrderMove.CANCEL_REFUSED)


@pytest.mark.parametrize("ended", [OrderState.DONE, OrderState.DEAD])
@pytest.mark.parametrize("move", list(OrderMove))
def test_an_ended_order_stays_ended_whatever_is_said(ended: OrderState, move: OrderMove) -> None:
    moved = standing_at(ended).move("o-1", move)
    assert moved is not None
    assert moved.state is ended


def test_no_move_of_the_table_leads_out_of_an_end() -> None:
    assert not [pair for pair in ORDER_TABLE if not pair[0].is_working]


def test_every_working_state_knows_every_kind_of_fill_and_end() -> None:
    """Fills and cancels come whenever they like: no working state may be surprised by them."""
    anytime = (OrderMove.FILLED_PART, OrderMove.FILLED_ALL, OrderMove.CANCELLED)
    for state in OrderState:
        if state.is_working:
            assert all((state, move) in ORDER_TABLE for move in anytime)


@pytest.mark.parametrize("state", [s for s in OrderState if s.is_working])
def test_a_timeout_may_be_said_of_any_order_at_the_venue(state: OrderState) -> None:
    """The fill may come by the stream before the request that placed the order times out."""
    moved = standing_at(state).move("o-1", OrderMove.UNANSWERED)
    assert moved is not None
    assert moved.state.is_working


def test_an_order_nobody_knows_is_nobodys() -> None:
    assert WorkingOrders().move("o-2", OrderMove.ACCEPTED) is None
