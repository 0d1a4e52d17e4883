"""What the CLOB says to an order, a batch and a cancel."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.responses import Response

from polytui.sim.exchange.answers import CancelAnswer, OrderAnswer, Refusal
from polytui.sim.wire.desk.order_answers import batch_response, cancel_response, order_response
from polytui.sim.wire.form.api_answer import RefusedError

ID = "0x" + "ab" * 32
KEYS = {"success", "errorMsg", "orderID", "status", "makingAmount", "takingAmount"}
FOK = "order couldn't be fully filled. FOK orders are fully filled or killed."
FAK = (
    "no orders found to match with FAK order. "
    "FAK orders are partially filled or killed if no match is found."
)
POST_ONLY_MODE = Refusal(
    "post-only mode: only post-only orders and cancels are allowed", 503, 79, "post_only_mode"
)


def body(answer: Response) -> Any:
    assert answer.status_code == 200
    return json.loads(bytes(answer.body))


def refused(refusal: Refusal, order_id: str = ID) -> OrderAnswer:
    return OrderAnswer(order_id, refused=refusal)


def test_an_order_that_rests_and_one_that_was_matched() -> None:
    assert body(order_response(OrderAnswer(ID, "live"))) == {
        "success": True,
        "errorMsg": "",
        "orderID": ID,
        "status": "live",
        "makingAmount": "",
        "takingAmount": "",
    }
    matched = body(order_response(OrderAnswer(ID, "matched", 5_200_000, 10_000_000, ("t1", "t2"))))
    assert (matched["makingAmount"], matched["takingAmount"]) == ("5.2", "10")
    assert matched["tradeIDs"] == ["t1", "t2"]
    assert "transactionsHashes" not in matched


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Refusal("invalid expiration"), {"error": "invalid expiration"}),
        (Refusal(FOK), {"error": FOK, "orderID": ID}),
        (Refusal(FAK), {"error": FAK, "orderID": ID}),
    ],
)
def test_a_refusal_is_an_error(refusal: Refusal, expected: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as error:
        order_response(refused(refusal))
    assert (error.value.status, error.value.body, error.value.headers) == (400, expected, None)


def test_a_restart_and_its_afterwards_say_when_to_come_again() -> None:
    with pytest.raises(RefusedError) as error:
        order_response(refused(Refusal("Too Early", 425, 4)))
    assert (error.value.status, error.value.body) == (425, {"error": "Too Early"})
    assert error.value.headers == {"Retry-After": "4"}
    with pytest.raises(RefusedError) as error:
        order_response(refused(POST_ONLY_MODE))
    assert error.value.status == 503
    assert error.value.body == {
        "error": "post-only mode: only post-only orders and cancels are allowed",
        "code": "post_only_mode",
        "retry_after_seconds": 79,
    }
    assert error.value.headers == {"Retry-After": "79"}


def test_every_item_of_a_batch_has_all_six_keys_and_its_own_end() -> None:
    crossing = "invalid post-only order: order crosses book"
    items = body(
        batch_response(
            [
                OrderAnswer(ID, "matched", 1_000_000, 2_000_000, ("t",)),
                "invalid signature",
                refused(Refusal("not enough balance / allowance: the balance is not enough")),
                refused(Refusal(crossing)),
                refused(Refusal(FOK)),
                refused(POST_ONLY_MODE),
            ]
        )
    )
    assert all(set(item) - {"tradeIDs"} == KEYS for item in items)
    assert [item["orderID"] for item in items] == [ID, "", "", "", "", ""]
    assert [item["success"] for item in items] == [True, True, True, False, False, True]
    assert [item["errorMsg"] for item in items][3] == crossing
    assert all(item["status"] == item["makingAmount"] == "" for item in items[1:])


@pytest.mark.parametrize("status", [425, 503])
def test_what_refuses_everybody_refuses_the_batch(status: int) -> None:
    with pytest.raises(RefusedError) as error:
        batch_response([refused(Refusal("closed", status))])
    assert error.value.status == status


@pytest.mark.parametrize("status", [425, 503])
def test_a_batch_of_which_one_was_taken_is_answered_one_by_one(status: int) -> None:
    items = body(batch_response([OrderAnswer(ID, "live"), refused(Refusal("closed", status))]))
    assert [item["orderID"] for item in items] == [ID, ""]
    assert (items[1]["errorMsg"], items[1]["status"]) == ("closed", "")


def test_a_cancel_that_cancelled_nothing_is_no_error() -> None:
    answer = CancelAnswer((ID,), {"0x1": "Order not found"})
    assert body(cancel_response([answer])) == {
        "canceled": [ID],
        "not_canceled": {"0x1": "Order not found"},
    }
    assert body(cancel_response([])) == {"canceled": [], "not_canceled": {}}
    with pytest.raises(RefusedError) as error:
        cancel_response([answer, CancelAnswer(not_now=Refusal("Too Early", 425, 3))])
    assert error.value.status == 425
