"""What a refusal of the CLOB means: nothing happened, it is proven, or nobody knows.

Judged by status, code and a few words that its error page and its clients' reports tell apart
(2026-10). What is not known is taken for the worse: an order whose refusal proves nothing may live,
and is looked up. No idempotency key exists; the same signed order has the same id, so sending it
again is harmless where nothing happened, and `Duplicated` means that it arrived once.
"""

from __future__ import annotations

from typing import Any

import msgspec
from attrs import frozen

from polytui.model.errors import NotNow, Rejected, Restricted, Retry, Unknown, VenueMode
from polytui.model.plain_text import plain
from polytui.net.http_answer import HttpAnswer
from polytui.venues.polymarket.plain_refusals import NO_ADVICE
from polytui.venues.polymarket.signer_paces import LONGEST_WAIT_S

_MOST_TEXT = 200
_FORBIDDEN = (403, 451)
_NOT_YET = (425, 429)
"""The engine restarts; we ask too much. Neither touched the book (venue's words)."""
_PROVEN = (400, 401, 404, 405, 411, 413, 414, 415, 422, 431)
"""Statuses of who was understood, or not even that, and refused. Others may come from anything that
stands between."""
_RESTRICTED = ("trading restricted in your region", "address banned", "in closed only mode")
_MODES: tuple[tuple[str, VenueMode], ...] = (
    ("post-only mode", "post-only"),
    ("cancel-only", "cancel-only"),
    ("trading is disabled", "disabled"),
    ("trading is currently disabled", "disabled"),
)
_MODE_CODES: dict[str, VenueMode] = {
    "post_only_mode": "post-only",
    "cancel_only_mode": "cancel-only",
    "trading_disabled": "disabled",
}
_HARMLESS = (
    "order timed out",
    "order manager not ready",
    "service is not ready",
    "could not retrieve api keys",
    "rate limit exceeded",
    "too many requests",
)
"""It never came to the book, and the same may be sent again."""
_OPEN = (
    "duplicated",
    "could not insert order",
    "could not run the execution",
    "there are no matching orders",
    "fok orders are filled or killed",
    "rounding issues",
    "discrepancy greater than allowed",
    "order match delayed",
    "context canceled",
    "deadline exceeded",
    "internal server error",
)
"""It may live, whatever the status beside: a status is made from words in the text, so a lost
context is a 400 and a row that was not found a 404."""


@frozen
class Refusal:
    """What an answer that is no success says; the same word as in the simulated venue, which says
    it."""

    status: int
    words: str
    code: str = ""
    after_s: float | None = None
    """How long it asks to wait, session seconds; never longer than `LONGEST_WAIT_S`."""


def refusal_in(answer: HttpAnswer) -> Refusal:
    """Whatever the body is. Never raises."""
    document = _document(answer.body)
    words = next((text for name in _WORDS if (text := _text(document.get(name)))), "")
    if not words:
        words = answer.body[: 4 * _MOST_TEXT].decode(errors="replace")
    told = document.get("retry_after_seconds")
    after_s = answer.retry_after_s
    if after_s is None and isinstance(told, int | float) and not isinstance(told, bool):
        after_s = float(told)
    if after_s is not None:
        after_s = min(max(after_s, 0.0), LONGEST_WAIT_S)
    return Refusal(
        answer.status, plain(words, _MOST_TEXT), _text(document.get("code")).lower(), after_s
    )


def judged(where: str, refusal: Refusal, *, is_read: bool) -> Rejected | Retry | Unknown:
    """The error to raise for it. `is_read`: it changes nothing at the venue, so nothing of it can
    be unknown."""
    words, status = refusal.words.lower(), refusal.status
    detail = f"{where}: HTTP {status} {refusal.words}".rstrip()
    if status in _FORBIDDEN or _has(words, _RESTRICTED):
        return Restricted(
            f"{detail}; the venue or the law forbids trading from here or with this wallet: stop",
            status,
            refusal.after_s,
        )
    if mode := _mode(words, refusal.code):
        return NotNow(_waiting(detail, refusal), mode, refusal.after_s)
    if status in _NOT_YET or _has(words, _HARMLESS):
        return Retry(_waiting(detail, refusal), refusal.after_s)
    if is_read:
        return _judged_read(detail, refusal)
    if _has(words, _OPEN):
        return _open(detail)
    if status == 503 and refusal.after_s is not None:
        return Retry(_waiting(detail, refusal), refusal.after_s)
    if status in _PROVEN:
        return Rejected(f"{detail}; {_advice(status)}", status, refusal.after_s)
    return _open(detail)


def judged_item(where: str, words: str, *, has_id: bool) -> Rejected | Retry | Unknown:
    """The same of one order in an answer that is a success. `has_id`: it calls itself taken and
    names an id, and complains all the same."""
    error = judged(where, Refusal(400, plain(words, _MOST_TEXT)), is_read=False)
    if has_id and isinstance(error, Rejected) and not isinstance(error, Restricted):
        return _open(str(error))
    return error


def _judged_read(detail: str, refusal: Refusal) -> Rejected | Retry:
    if refusal.status >= 500 or refusal.status == 408:
        return Retry(_waiting(detail, refusal), refusal.after_s)
    return Rejected(f"{detail}; {_advice(refusal.status)}", refusal.status, refusal.after_s)


def _open(detail: str) -> Unknown:
    return Unknown(f"{detail}; it may have happened, look before sending it again")


def _waiting(detail: str, refusal: Refusal) -> str:
    if refusal.after_s is None:
        return f"{detail}; it may be sent again"
    return f"{detail}; it may be sent again in {refusal.after_s:g} s"


def _advice(status: int) -> str:
    if status == 401:
        return "look at the API key, and at this machine's clock"
    return NO_ADVICE


def _mode(words: str, code: str) -> VenueMode | None:
    return _MODE_CODES.get(code) or next((mode for text, mode in _MODES if text in words), None)


def _has(words: str, texts: tuple[str, ...]) -> bool:
    return any(text in words for text in texts)


_WORDS = ("error", "errorMsg", "error_msg", "message")


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
