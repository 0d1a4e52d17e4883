"""What the CLOB says to an order or a cancel, in its own JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from polytui.model.units import format_micro
from polytui.sim.exchange.answers import CancelAnswer, OrderAnswer, Refusal
from polytui.sim.wire.desk.account_documents import Document
from polytui.sim.wire.form.api_answer import RefusedError, json_answer

_OF_THE_BOOK = (
    "invalid post-only order",
    "order couldn't be fully filled",
    "no orders found to match",
)
"""Refusals that a batch marks as no success. Every other one says `success` and nothing else of
it, so that only an empty `orderID` tells (seen so)."""
_KILLED = _OF_THE_BOOK[1:]


def order_response(answer: OrderAnswer) -> Response:
    """To `POST /order`: a refusal is an error of its own status."""
    if answer.refused is None:
        return json_answer(_taken(answer))
    body: Document = {"error": answer.refusal}
    if answer.refusal.startswith(_KILLED):
        body["orderID"] = answer.order_id
    raise refused(answer.refused, body)


def batch_response(answers: Sequence[OrderAnswer | str]) -> Response:
    """To `POST /orders`: one item each in the order of the request; a text is a refusal from
    before the book. What refuses everybody, whatever they ask, refuses the request, unless one of
    it was taken already: who is told that nothing was would send it again."""
    refusals = [one.refused for one in answers if isinstance(one, OrderAnswer)]
    if None not in refusals:
        for refusal in refusals:
            if refusal is not None and refusal.http_status != 400 and not refusal.code:
                raise refused(refusal)
    return json_answer([_item(answer) for answer in answers])


def cancel_response(answers: Sequence[CancelAnswer]) -> Response:
    """Status 200 even where nothing was cancelled; several answers, of several keys, are one."""
    for answer in answers:
        if answer.not_now is not None:
            raise refused(answer.not_now)
    cancelled = [order_id for answer in answers for order_id in answer.cancelled]
    reasons = {order_id: why for answer in answers for order_id, why in answer.refused.items()}
    return json_answer({"canceled": cancelled, "not_canceled": reasons})


def refused(refusal: Refusal, body: dict[str, Any] | None = None) -> RefusedError:
    """The error of a refusal, with when to come again where the venue says it."""
    document = {"error": refusal.words, **(body or {})}
    if refusal.code:
        document["code"] = refusal.code
    if not refusal.retry_after_s:
        return RefusedError(refusal.http_status, document)
    if refusal.code:
        document["retry_after_seconds"] = refusal.retry_after_s
    return RefusedError(refusal.http_status, document, {"Retry-After": str(refusal.retry_after_s)})


def _item(answer: OrderAnswer | str) -> Document:
    if isinstance(answer, OrderAnswer) and answer.refused is None:
        return _taken(answer)
    words = answer if isinstance(answer, str) else answer.refusal
    return {
        "success": not words.startswith(_OF_THE_BOOK),
        "errorMsg": words,
        "orderID": "",
        "status": "",
        "makingAmount": "",
        "takingAmount": "",
    }


def _taken(answer: OrderAnswer) -> Document:
    """Six keys always; trades by their ids alone: their transactions are not known yet."""
    document: Document = {
        "success": True,
        "errorMsg": "",
        "orderID": answer.order_id,
        "status": answer.status,
        "makingAmount": _amount(answer.making),
        "takingAmount": _amount(answer.taking),
    }
    if answer.trade_ids:
        document["tradeIDs"] = list(answer.trade_ids)
    return document


def _amount(micro: int) -> str:
    return format_micro(micro) if micro else ""
