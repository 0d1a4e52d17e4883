"""The Data API: what was paid for each outcome of a market that is resolved, and what a wallet has.

It reads the chain, so it is the last to know and the best to trust; rows lag by minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from attrs import frozen

from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Outcome, Round
from polytui.net.http import Http
from polytui.venues.feed import WIRE_FAULTS

Answer = TypeVar("Answer")

_WHOLE, _HALF = 1_000_000, 500_000
"""Payouts are millionths of a dollar a share, in the venue's order of outcomes."""
_FINAL = ("resolved", "finalized", "settled")


class _Resolution(msgspec.Struct, gc=False):
    payouts: list[int] | None = None
    status: str | None = None
    resolved_at: str | int | float | None = None
    condition_id: str | None = None


class _DataAnswer(msgspec.Struct, gc=False):
    data: list[_Resolution]


class _Held(msgspec.Struct, gc=False):
    token_id: str
    condition_id: str
    slug: str = ""


class _Pagination(msgspec.Struct, frozen=True, gc=False):
    next_cursor: str | None = None


class _HeldAnswer(msgspec.Struct, gc=False):
    data: list[_Held]
    pagination: _Pagination = _Pagination()


@frozen
class HeldToken:
    """What a wallet had some minutes ago; the CLOB knows what it has now."""

    token_id: str
    condition_id: str
    slug: str


_decode = msgspec.json.Decoder(_DataAnswer).decode
_decode_held = msgspec.json.Decoder(_HeldAnswer).decode
_PAGES_MOST = 20
_ROWS_A_PAGE = 500


def read_answer(decode: Callable[[bytes], Answer], body: bytes, what: str) -> Answer:
    """Of any route of it. JSON that does not fit is refused; a body that is no JSON is a venue in
    trouble."""
    try:
        return decode(body)
    except msgspec.ValidationError as fault:
        raise Rejected(f"Data API {what}: {fault}; do not trust it") from None
    except WIRE_FAULTS as fault:
        raise Retry(f"Data API {what}: unreadable: {fault}; try again") from None


class DataApi:
    """Questions that need no key. Errors as in `net/http.py`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def winner(self, listed: Round) -> str | None:
        """The token that was paid for, NO_WINNER where both were by half; None until it is told."""
        body = await self._http.get("/v2/resolutions", {"condition": listed.condition_id})
        rows = read_answer(_decode, body, "resolutions").data
        told = {_paid(row, listed) for row in rows if _is_final(row, listed)}
        if len(told) > 1:
            raise Rejected(f"Data API pays {listed.slug} in {len(told)} ways; ask the CLOB")
        return told.pop() if told else None

    async def held(self, wallet: str) -> list[HeldToken]:
        """Outcomes that a wallet had when the index last looked, dust with them. Its first
        thousands where it has had more."""
        found: list[HeldToken] = []
        asked: dict[str, str | int] = {
            "user": wallet,
            "filter_type": "TOKENS",
            "filter_amount": 0,
            "limit": _ROWS_A_PAGE,
        }
        for _ in range(_PAGES_MOST):
            body = await self._http.get("/v2/positions", asked)
            page = read_answer(_decode_held, body, "positions")
            found += [HeldToken(one.token_id, one.condition_id, one.slug) for one in page.data]
            if not page.pagination.next_cursor:
                break
            asked = {**asked, "cursor": page.pagination.next_cursor}
        return found


def _is_final(row: _Resolution, listed: Round) -> bool:
    """A price that was proposed or is disputed is no payout."""
    if row.condition_id and row.condition_id.lower() != listed.condition_id:
        return False
    if row.status:
        return row.status.lower() in _FINAL
    return bool(row.resolved_at)


def _paid(row: _Resolution, listed: Round) -> str:
    first, second = (Outcome.UP, Outcome.DOWN)
    if not listed.is_up_first:
        first, second = second, first
    match row.payouts:
        case [paid, 0] if paid == _WHOLE:
            return listed.token_of(first)
        case [0, paid] if paid == _WHOLE:
            return listed.token_of(second)
        case [one, other] if one == other == _HALF:
            return NO_WINNER
    raise Rejected(f"Data API pays {listed.slug} {str(row.payouts)[:60]}; do not trust it")
