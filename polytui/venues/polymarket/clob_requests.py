"""How an account asks the CLOB: each request signed as it leaves, in its lane, at the pace of its
route; its refusals judged, and lists read page by page.

Rows that cannot be read are left out and counted in `unread`: a list with such rows proves that
something is there, never that something is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from polytui.model.errors import Rejected, Restricted, Retry, Unknown
from polytui.model.plain_text import plain
from polytui.net.clock import SessionClock, machine_s
from polytui.net.http import Http, Lane
from polytui.net.http_answer import HttpAnswer
from polytui.net.http_request import Params
from polytui.venues.feed import WIRE_FAULTS
from polytui.venues.polymarket.clob_answers import readable, unreadable
from polytui.venues.polymarket.clob_auth import ApiSigner
from polytui.venues.polymarket.clob_refusals import Refusal, judged, refusal_in
from polytui.venues.polymarket.signer_paces import RoutePaces

_END = "LTE="
_PAGES_MOST = 200
_READS_AT_ONCE = 6
_Row = TypeVar("_Row")
_Headers = Mapping[str, str]


class _Page(msgspec.Struct, gc=False):
    data: list[msgspec.Raw]
    next_cursor: str


_decode_page = msgspec.json.Decoder(_Page).decode


class ClobRequests:
    """State: the paces of its routes, and how many rows could not be read."""

    def __init__(
        self,
        http: Http,
        owner: str,
        signs: ApiSigner,
        clock: SessionClock,
        restricted: Callable[[Restricted], None],
    ) -> None:
        """`owner` is the address that the key belongs to; `restricted` is told of every answer that
        says that we may not trade, whatever was asked."""
        self.unread = 0
        """Rows that were left out, ever."""
        self.unread_why = ""
        """Of the last one."""
        self._http = http
        self._owner = owner
        self._signs = signs
        self._restricted = restricted
        self._routes = RoutePaces(clock)
        self._reads = http.lane("account", _READS_AT_ONCE)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        lane: Lane | None = None,
        params: Params | None = None,
        body: bytes | None = None,
        is_read: bool = False,
        is_shielded: bool | None = None,
    ) -> HttpAnswer:
        """Whatever it answered, signed at the moment it left; in the lane of reads where none is
        named. Raises what `Http.ask` does."""

        def stamp() -> _Headers:
            return self._signs.headers(self._owner, machine_s(), method, path, body or b"")

        await self._routes.take(method, path)
        return await self._http.ask(
            method,
            path,
            params=params,
            body=body,
            stamp=stamp,
            is_read=is_read,
            is_shielded=is_shielded,
            lane=lane or self._reads,
        )

    async def read(self, path: str, params: Params, decode: Callable[[bytes], Any]) -> Any:
        """What it says, asked again while that may help."""
        where = self._http.where("GET", path)

        async def once() -> Any:
            answer = await self.ask("GET", path, params=params, is_read=True)
            if not answer.is_success:
                raise self.judged(where, refusal_in(answer), is_read=True)
            return readable(where, answer.body, decode)

        return await self._http.again(once)

    async def pages(
        self, path: str, asked: dict[str, str], row_of: Callable[[msgspec.Raw], _Row]
    ) -> list[_Row]:
        """Every row of every page. Rejected for more of them than anybody means; Retry where they
        do not end."""
        params = {name: value for name, value in asked.items() if value}
        rows: list[_Row] = []
        cursor, seen = "", set[str]()
        for _ in range(_PAGES_MOST):
            page = await self.read(path, {**params, **_at(cursor)}, _decode_page)
            rows += self._rows(path, page.data, row_of)
            cursor = page.next_cursor
            if cursor == _END:
                return rows
            if not cursor or cursor in seen:
                unreadable(self._http.where("GET", path), "its pages go round in a circle")
            seen.add(cursor)
        raise Rejected(
            f"{self._http.where('GET', path)}: more than {_PAGES_MOST} pages; ask for less"
        )

    def judged(self, where: str, refusal: Refusal, *, is_read: bool) -> Rejected | Retry | Unknown:
        """The error to raise for it, told on where it says that we may not trade."""
        error = judged(where, refusal, is_read=is_read)
        self.heed(error)
        return error

    def heed(self, outcome: object) -> None:
        """Told on where it says that we may not trade, in whatever answer that stood."""
        if isinstance(outcome, Restricted):
            self._restricted(outcome)

    def _rows(
        self, path: str, raws: list[msgspec.Raw], row_of: Callable[[msgspec.Raw], _Row]
    ) -> list[_Row]:
        rows: list[_Row] = []
        for raw in raws:
            try:
                rows.append(row_of(raw))
            except WIRE_FAULTS as fault:
                self.unread += 1
                self.unread_why = f"{path}: {plain(fault)}"
        return rows


def _at(cursor: str) -> dict[str, str]:
    return {"next_cursor": cursor} if cursor else {}
