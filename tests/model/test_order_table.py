"""The life of an order, pair by pair, as the design draws it."""

from __future__ import annotations

import pytest

from polytui.ledger.working import IllegalMove, WorkingOrders
from polytui.model.instrument import Outcome
from polytui.model.orders import ORDER_TABLE, Order, OrderMove, OrderState, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd

STATES = {state.value: state for state in OrderState}

# Rows: where the order stands. Columns in the order of MOVES. "!" is a contradiction.
MOVES = [
    OrderMove.ACCEPTED,
    OrderMove.REFUSED,
    OrderMove.DEFERRED,
    OrderMove.UNANSWERED,
    OrderMove.FILLED_PART,
    OrderMove.FILLED_ALL,
    OrderMove.CANCELLED,
    OrderMove.NOT_FOUND,
    OrderMove.LOST,
    OrderMove.CANCEL_ASKED,
]
DESIGNED = {
    "placing": "live dead placing unknown live done dead unknown ! cancelling",
    "unknown": "live dead unknown unknown live done dead unknown dead cancelling",
    "live": "live ! live live live done dead unknown ! cancelling",
    "cancelling": "cancelling dead cancelling unknown cancelling done dead unknown dead cancelling",
}
PAIRS = [
    (STATES[row], move, ends)
    for row, line in DESIGNED.items()
    for move, ends in zip(MOVES, line.split(), strict=True)
]


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


def standing_at(state: OrderState, counted: dict[str, int] | None = None) -> WorkingOrders:
    orders = WorkingOrders(counted)
    orders.add(an_order(), Usd(0)).state = state
    return orders


@pytest.mark.parametrize(("state", "move", "ends"), PAIRS)
def test_every_pair_of_the_design(state: OrderState, move: OrderMove, ends: str) -> None:
    counted: dict[str, int] = {}
    moved = standing_at(state, counted).move("o-1", move)
    assert moved is not None
    if ends == "!":
        assert counted == {f"{state.value}, then {move.value}": 1}
        ends = "unknown"
    else:
        assert counted == {}
    assert moved.state is STATES[ends]


def test_a_move_of_ours_that_is_not_in_the_table_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row that we walk today is there: so one is taken out."""
    monkeypatch.delitem(ORDER_TABLE, (OrderState.LIVE, OrderMove.CANCEL_ASKED))
    orders = standing_at(OrderState.LIVE)
    with pytest.raises(IllegalMove, match="o-1 is live: cannot be cancel_asked"):
        orders.move("o-1", OrderMove.CANCEL_ASKED)


def test_we_may_ask_for_the_cancel_of_any_working_order() -> None:
    assert all((one, OrderMove.CANCEL_ASKED) in ORDER_TABLE for one in OrderState if one.is_working)


@pytest.mark.parametrize("state", [one for one in OrderState if one.is_working])
@pytest.mark.parametrize("move", [one for one in OrderMove if not one.is_ours])
def test_nothing_that_a_venue_says_raises_and_no_order_is_lost_by_it(
    state: OrderState, move: OrderMove
) -> None:
    moved = standing_at(state).move("o-1", move)
    assert moved is not None
    assert moved.state is ORDER_TABLE.get((state, move), OrderState.UNKNOWN)


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
    counted: dict[str, int] = {}
    standing_at(OrderState.PLACING, counted).move("o-1", OrderMove.CANCEL_REFUSED)
    assert counted == {"placing, then cancel_refused": 1}


@pytest.mark.parametrize("ended", [OrderState.DONE, OrderState.DEAD])
@pytest.mark.parametrize("move", [one for one in OrderMove if one.value != "fill_reversed"])
def test_an_ended_order_stays_ended_whatever_is_said(ended: OrderState, move: OrderMove) -> None:
    moved = standing_at(ended).move("o-1", move)
    assert moved is not None
    assert moved.state is ended


def test_only_a_fill_that_never_happened_leads_out_of_an_end() -> None:
    out = [pair for pair in ORDER_TABLE if not pair[0].is_working]
    assert out == [(OrderState.DONE, OrderMove.FILL_REVERSED)]


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
