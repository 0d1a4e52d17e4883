"""Public reads of the CLOB: books for reconciliation, the winner, and the venue's clock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NoReturn

import msgspec

from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER, BookSnapshotted
from polytui.net.clock import SessionClock, WallClock
from polytui.net.http import Http
from polytui.venues.feed import WIRE_FAULTS, believed
from polytui.venues.polymarket.wire_book import WireBook, book_of

_BOOKS_MOST = 500
"""Token ids per request (venue rule)."""


class _Token(msgspec.Struct, gc=False):
    token_id: str
    winner: bool | None = False


class _ClobMarket(msgspec.Struct, gc=False):
    tokens: list[_Token]
    closed: bool | None = False
    is_50_50_outcome: bool | None = False
    condition_id: str | None = ""
    market_slug: str | None = ""


_decode_books = msgspec.json.Decoder(list[WireBook]).decode
_decode_book = msgspec.json.Decoder(WireBook).decode
_decode_market = msgspec.json.Decoder(_ClobMarket).decode
_decode_time = msgspec.json.Decoder(int).decode
_encode = msgspec.json.Encoder().encode


class Clob:
    """Questions to the CLOB that need no key."""

    def __init__(self, http: Http, clock: SessionClock | None = None) -> None:
        """`clock` stamps when books were read; the wall by default."""
        self._http = http
        self._clock = clock or WallClock()

    async def books(self, tokens: Sequence[str]) -> tuple[BookSnapshotted, ...]:
        """Whole books now, `source` "rest". The venue leaves out tokens it does not know.

        A book that cannot be believed is left out as well; Rejected where none can, Retry for an
        unreadable answer.
        """
        found: list[BookSnapshotted] = []
        for start in range(0, len(tokens), _BOOKS_MOST):
            asked = [{"token_id": token} for token in tokens[start : start + _BOOKS_MOST]]
            body = await self._http.post("/books", _encode(asked), is_read=True)
            found += _books(body, self._clock.now_ns())
        return tuple(found)

    async def winner(self, condition_id: str) -> str | None:
        """The winning token of a resolved market, NO_WINNER of one that was resolved to one half
        each; None while it is not resolved."""
        market = await self._market(condition_id)
        winners = [token.token_id for token in market.tokens if token.winner]
        if len(winners) > 1:
            raise Rejected(f"CLOB names {len(winners)} winners of {condition_id}; ask Gamma")
        if winners and winners[0]:
            return winners[0]
        return NO_WINNER if market.closed and market.is_50_50_outcome else None

    async def slug_of(self, condition_id: str) -> str:
        """The name of a market; Rejected where it has none."""
        slug = (await self._market(condition_id)).market_slug
        if not slug:
            raise Rejected(f"CLOB names {condition_id} nothing; look at polymarket.com")
        return slug

    async def _market(self, condition_id: str) -> _ClobMarket:
        body = await self._http.get(f"/markets/{condition_id}")
        try:
            market = _decode_market(body)
        except WIRE_FAULTS as fault:
            _refuse("market", fault)
        if market.condition_id and market.condition_id.lower() != condition_id.lower():
            raise Rejected(f"CLOB answers {condition_id} with another market; ask Gamma")
        return market

    async def time_s(self) -> int:
        """The venue's clock, whole UTC seconds."""
        body = await self._http.get("/time")
        try:
            return _decode_time(body)
        except WIRE_FAULTS as fault:
            _refuse("time", fault)


def _books(body: bytes, received_ns: int) -> list[BookSnapshotted]:
    try:
        make = partial(book_of, received_ns=received_ns, source="rest")
        return believed(body, _decode_books, _decode_book, make)[0]
    except WIRE_FAULTS as fault:
        _refuse("books", fault)


def _refuse(what: str, fault: Exception) -> NoReturn:
    """A body that is no JSON is a venue in trouble; JSON that does not fit is a refusal."""
    words = f"CLOB {what}: {fault}"
    if isinstance(fault, msgspec.DecodeError) and not isinstance(fault, msgspec.ValidationError):
        raise Retry(f"{words}; try again") from None
    raise Rejected(f"{words}; do not trust it, look again later") from None
