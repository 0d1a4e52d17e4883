"""An order under any reports in any order: never overfilled, never back from the dead."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.working import WorkingOrder, WorkingOrders
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Order, OrderMove, OrderState, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd

SIZE = 10
REPORTED = [move for move in OrderMove if not move.value.startswith("fill")]
MOVES = st.sampled_from(REPORTED)
FILLS = st.tuples(st.integers(0, 6), st.integers(1, 7))
"""(trade id, shares): few ids, so that the same trade comes twice."""


def working_orders() -> tuple[WorkingOrders, WorkingOrder]:
    orders = WorkingOrders()
    order = Order(
        "o-1",
        "round",
        "111",
        Outcome.UP,
        Side.BUY,
        Price(500_000),
        Shares(SIZE),
        TimeInForce.GTC,
        False,
        "s",
        1,
    )
    return orders, orders.add(order, Usd(0))


REVERSED = st.tuples(st.integers(0, 6))
"""(trade id,) of a trade that failed."""


@given(st.lists(MOVES | FILLS | REVERSED, max_size=30))
def test_any_reports_in_any_order(reports: list[OrderMove | tuple[int, ...]]) -> None:
    """Whatever a venue says, nothing raises, and what is left is what was not filled."""
    orders, entry = working_orders()
    counted: dict[str, int] = {}
    failed: set[str] = set()
    for report in reports:
        ended = None if entry.state.is_working else entry.state
        was_presumed = entry.is_presumed_dead
        took_back = False
        if isinstance(report, OrderMove):
            orders.move("o-1", report)
        elif len(report) == 1:
            trade_id = f"t{report[0]}"
            took_back = orders.reverse("o-1", trade_id)
            assert took_back == (counted.pop(trade_id, None) is not None)
            failed.add(trade_id)
        else:
            trade_id, shares = f"t{report[0]}", report[1]
            fill = Fill(trade_id, Price(500_000), Shares(shares), Usd(0), False)
            is_new = trade_id not in counted and trade_id not in failed
            assert orders.fill("o-1", fill) == is_new
            counted |= {trade_id: shares} if is_new else {}
        assert entry.filled == sum(counted.values())
        assert entry.left == max(0, SIZE - entry.filled)
        assert (entry.reserved > 0) == (entry.state.is_working and entry.left > 0)
        assert ended is None or took_back or was_presumed or entry.state is ended
        assert (entry in orders.working()) == entry.state.is_working


@given(st.lists(st.integers(1, 4), min_size=1, max_size=10))
def test_pieces_that_make_the_whole_end_the_order(pieces: list[int]) -> None:
    orders, entry = working_orders()
    for number, shares in enumerate(pieces):
        left = SIZE - entry.filled
        if not left:
            break
        fill = Fill(f"t{number}", Price(500_000), Shares(min(shares, left)), Usd(0), False)
        assert orders.fill("o-1", fill)
    assert (entry.state is OrderState.DONE) == (entry.filled == SIZE)
    assert (entry.state is OrderState.LIVE) == (entry.filled < SIZE)
