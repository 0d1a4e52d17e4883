"""When a client takes an order for over."""

from __future__ import annotations

import pytest

from polytui.execution.sent_order import answered
from polytui.model import events as ev
from polytui.model.events import Report
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares

NOT_FOUND = ev.NotFound("o-1", 1)


def ends(*reports: Report) -> list[bool]:
    sent = answered(
        Order(
            "o-1", "s", "t", Outcome.UP, Side.BUY, Price(500_000), Shares(5 * MICRO),
            TimeInForce.GTC, is_post_only=False, strategy="x", placed_ns=0,
        )
    )  # fmt: skip
    return [sent.has_ended(report) for report in reports]


@pytest.mark.parametrize(
    "between",
    [ev.CancelRefused("o-1", "not found"), ev.Unanswered("o-1", "no answer")],
    ids=lambda one: type(one).__name__,
)
def test_what_is_said_of_orders_that_never_came_is_no_sign_of_life(between: Report) -> None:
    """Else one of those would be waited for as long as somebody wants it cancelled: for ever."""
    assert ends(NOT_FOUND, between, NOT_FOUND) == [False, False, True]


def test_one_that_was_accepted_between_two_looks_lives() -> None:
    assert ends(NOT_FOUND, ev.Accepted("o-1"), NOT_FOUND) == [False, False, False]
