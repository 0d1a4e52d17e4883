"""The Data API: what was paid for each outcome of a market that is resolved.

It reads the chain, so it is the last to know and the best to trust; rows lag by minutes.
"""

from __future__ import annotations

import msgspec

from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Outcome, Round
from polytui.net.http import Http
from polytui.venues.feed import WIRE_FAULTS

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


_decode = msgspec.json.Decoder(_DataAnswer).decode


class DataApi:
    """Questions that need no key. Errors as in `net/http.py`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def winner(self, listed: Round) -> str | None:
        """The token that was paid for, NO_WINNER where both were by half; None until it is told."""
        body = await self._http.get("/v2/resolutions", {"condition": listed.condition_id})
        try:
            rows = _decode(body).data
        except msgspec.ValidationError as fault:
            raise Rejected(f"Data API resolutions: {fault}; do not trust it") from None
        except WIRE_FAULTS as fault:
            raise Retry(f"Data API resolutions are unreadable: {fault}; try again") from None
        told = {_paid(row, listed) for row in rows if _is_final(row, listed)}
        if len(told) > 1:
            raise Rejected(f"Data API pays {listed.slug} in {len(told)} ways; ask the CLOB")
        return told.pop() if told else None


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
