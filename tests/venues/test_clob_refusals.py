"""Every text with which the venue refuses an order, and what each of them proves."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from clob_desk import Desk, says, signed, taken

from polytui.model.errors import NotNow, Rejected, Restricted, Retry, Unknown

pytestmark = pytest.mark.trio
HASH = "0x" + "ab" * 32
PROVEN = [
    (400, "Invalid order payload"),
    (400, "the order owner has to be the owner of the API KEY"),
    (400, "the order signer address has to be the address of the API KEY"),
    (400, "order_version_mismatch"),
    (400, "invalid order version, please use the latest clob-client"),
    (400, f"order {HASH} is invalid. Price (0.525) breaks minimum tick size rule: 0.01"),
    (400, f"order {HASH} is invalid. Size (3) lower than the minimum: 5"),
    (400, f"order {HASH} crosses the book"),
    (400, "invalid post-only order: order crosses book"),
    (400, "not enough balance / allowance"),
    (400, "not enough balance / allowance: the balance is not enough -> balance: 2142856"),
    (400, "not enough balance / allowance: the allowance is not enough -> spender: 0x, allowance"),
    (400, "invalid expiration"),
    (400, "invalid nonce"),
    (400, "order canceled in the CTF exchange contract"),
    (400, "order couldn't be fully filled. FOK orders are fully filled or killed."),
    (400, "no orders found to match with FAK order. FAK orders are partially filled or killed"),
    (400, "the market is not yet ready to process new orders"),
    (400, "the orderbook 123 does not exist"),
    (400, "Too many orders in payload: 20, max allowed: 15"),
    (400, "invalid amount for a marketable BUY order ($0.7), min size: $1"),
    (400, "Size 29.41 has 27 decimal places. Maximum lot size is 2"),
    (400, "maker address not allowed, please use the deposit wallet flow"),
    (400, "Invalid market"),
    (400, "Invalid signature_type"),
    (401, "Unauthorized/Invalid api key"),
    (401, "Invalid L1 Request headers"),
    (404, "market not found"),
    (404, "No orderbook exists for the requested token id"),
    (404, "fee rate not found for market"),
    (413, "too long"),
]
FORBIDDEN = [
    (403, "Trading restricted in your region, please refer to available regions - https://docs"),
    (403, "<html>error 1020</html>"),
    (451, ""),
    (400, "'0xAb' address banned"),
    (400, "'0xAb' address in closed only mode"),
]
NOTHING_HAPPENED = [
    (425, "Too Early"),
    (425, ""),
    (429, "Too Many Requests"),
    (429, "<html>slow down</html>"),
    (500, "order timed out"),
    (500, "order manager not ready, please retry"),
    (503, "order manager not ready, please retry"),
    (500, "Service is not ready"),
    (503, "Service is not ready"),
    (500, "Could not retrieve API keys"),
]
MODES = [
    (503, "post-only mode: only post-only orders and cancels are allowed", "post-only"),
    (503, "Trading is currently disabled. Check polymarket.com for updates", "disabled"),
    (
        503,
        "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.",
        "cancel-only",
    ),
    (503, "trading is disabled", "disabled"),
]
NOBODY_KNOWS = [
    (400, f"order {HASH} is invalid. Duplicated."),
    (400, "order match delayed due to market conditions"),
    (400, "context canceled"),
    (404, "could not insert order: row not found"),
    (500, "could not insert order"),
    (500, "there are no matching orders"),
    (500, "FOK orders are filled or killed"),
    (500, "the trade contains rounding issues"),
    (500, "the price of the taker's order has a discrepancy greater than allowed with the worst"),
    (500, "could not run the execution"),
    (500, "Internal server error"),
    (500, "words that nobody has seen"),
    (502, "<html>bad gateway</html>"),
    (503, "<html>service unavailable</html>"),
    (504, ""),
    (408, ""),
    (409, "conflict"),
    (302, ""),
]


async def refused(answer: httpx.Response | Exception) -> Exception:
    desk = Desk(answer)
    with pytest.raises((Rejected, Retry, Unknown)) as caught:
        await desk.account.post(signed())
    assert len(desk.asked) == 1, "an order is never sent twice from here"
    return caught.value


@pytest.mark.parametrize(("status", "words"), PROVEN)
async def test_proven_not_to_live(status: int, words: str) -> None:
    error = await refused(says(status, {"error": words}))
    assert type(error) is Rejected
    assert words in str(error)
    assert error.status == status


@pytest.mark.parametrize(("status", "words"), FORBIDDEN)
async def test_forbidden_by_law_or_by_the_venue(status: int, words: str) -> None:
    body: Any = words if words.startswith("<") else {"error": words}
    error = await refused(says(status, body))
    assert type(error) is Restricted
    assert "stop" in str(error)


@pytest.mark.parametrize(("status", "words"), NOTHING_HAPPENED)
async def test_nothing_happened(status: int, words: str) -> None:
    body: Any = words if words.startswith("<") else {"error": words}
    assert type(await refused(says(status, body))) is Retry


@pytest.mark.parametrize(("status", "words", "mode"), MODES)
async def test_a_mode_of_the_venue(status: int, words: str, mode: str) -> None:
    error = await refused(says(status, {"error": words}))
    assert isinstance(error, NotNow)
    assert error.mode == mode


@pytest.mark.parametrize(("status", "words"), NOBODY_KNOWS)
async def test_it_may_live(status: int, words: str) -> None:
    body: Any = words if words.startswith("<") else {"error": words}
    assert type(await refused(says(status, body))) is Unknown


async def test_a_killed_order_names_its_id_and_is_refused_all_the_same() -> None:
    words = "no orders found to match with FAK order. FAK orders are partially filled or killed"
    body = {"error": words, "orderID": signed().venue_id}
    assert type(await refused(says(400, body))) is Rejected


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (httpx.ConnectError("refused"), Retry),
        (httpx.ConnectTimeout("slow"), Retry),
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.WriteError("cut"), Unknown),
        (httpx.RemoteProtocolError("cut"), Unknown),
    ],
)
async def test_no_answer(fault: Exception, kind: type[Exception]) -> None:
    assert type(await refused(fault)) is kind


@pytest.mark.parametrize(
    ("answer", "after_s"),
    [
        (says(425, {"error": "Too Early"}, Retry_After="20"), 20.0),
        (says(429, {"error": "Too Many Requests"}, Retry_After="999999"), 300.0),
        (
            says(503, {"error": "x", "code": "post_only_mode", "retry_after_seconds": 79}),
            79.0,
        ),
        (says(503, {"error": "x", "code": "post_only_mode"}, Retry_After="7"), 7.0),
        (says(503, "<html>", Retry_After="5"), 5.0),
        (says(425, {"error": "Too Early", "retry_after_seconds": -4}), 0.0),
        (says(425, {"error": "Too Early", "retry_after_seconds": True}), None),
    ],
)  # fmt: skip
async def test_how_long_it_asks_to_wait_is_bounded_and_shown(
    answer: httpx.Response, after_s: float | None
) -> None:
    error = await refused(answer)
    assert isinstance(error, Retry)
    assert error.after_s == after_s
    assert after_s is None or f"in {after_s:g} s" in str(error)


def item(**changes: Any) -> dict[str, Any]:
    return taken(signed(), orderID="", status="", **changes)


ITEMS: list[tuple[dict[str, Any], type[Exception]]] = [
    (item(errorMsg="not enough balance / allowance: the balance is not enough"), Rejected),
    (item(success=False, errorMsg="invalid post-only order: order crosses book"), Rejected),
    (item(errorMsg="post-only mode: only post-only orders and cancels are allowed"), NotNow),
    (item(errorMsg="'0xAb' address in closed only mode"), Restricted),
    (item(errorMsg="order 0x is invalid. Duplicated."), Unknown),
    (item(errorMsg="could not insert order"), Unknown),
    (item(errorMsg="order timed out"), Retry),
    (item(), Unknown),
    (item(success=False), Unknown),
    ({}, Unknown),
    (
        taken(signed(), success=False, status="delayed", errorMsg="Rate limit exceeded"),
        Retry,
    ),
    (taken(signed(), success=False, errorMsg="no orders found to match with FAK order."), Rejected),
    (taken(signed(), errorMsg="words that nobody has seen"), Unknown),
    (taken(signed(), errorMsg="'0xAb' address banned"), Restricted),
    (taken(signed(), orderID=HASH), Unknown),
    (taken(signed(), status="CANCELED"), Unknown),
    (taken(signed(), status=""), Unknown),
    ({"error": "invalid expiration"}, Rejected),
]  # fmt: skip


@pytest.mark.parametrize(("document", "kind"), ITEMS)
async def test_what_looks_like_a_success(document: dict[str, Any], kind: type[Exception]) -> None:
    """Alone, and in a batch between two that were taken."""
    assert type(await refused(says(200, document))) is kind
    first, last = signed(2), signed(3)
    desk = Desk(says(200, [taken(first), document, taken(last)]))
    answers = await desk.account.post_many([first, signed(), last])
    assert [type(one) for one in answers[1:2]] == [kind]
    assert [getattr(one, "venue_id", "") for one in answers[::2]] == [
        first.venue_id,
        last.venue_id,
    ]


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '"OK"', "[1]", '[{"success":"yes"}]'])
async def test_a_batch_whose_answers_cannot_be_told_apart(body: str) -> None:
    desk = Desk(says(200, body))
    try:
        answers = await desk.account.post_many([signed(1)])
    except Unknown:
        return
    assert [type(one) for one in answers] == [Unknown]
