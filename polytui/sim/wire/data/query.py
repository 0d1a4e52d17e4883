"""What a Data API request asks for, read strictly, and the pages it is answered in.

A filter that nobody knows, or one that says two things, is refused: an answer that ignored it
would look right and be wrong. A cursor holds how far the index had come when the first page was
made, so later pages are of the same list.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from attrs import frozen
from starlette.requests import Request

from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.exchange.hex_text import is_address, is_condition
from polytui.sim.wire.form.api_answer import RefusedError

Document = dict[str, Any]
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_PAGING = ("limit", "cursor")
_USUAL_LIMIT, _MOST = 100, 1000
_LAST_S = 253_402_300_799
_MOST_CONDITIONS = 20
_MOST_TEXT = 200


def refused(words: str, status: int = 400, code: str = "bad_request") -> RefusedError:
    """The Data API's own form. The trace follows from the words: there is nothing to trace."""
    trace_id = sha256(f"{status}:{words}".encode()).hexdigest()[:32]
    body = {"error": words, "code": code, "retryable": status >= 500, "trace_id": trace_id}
    return RefusedError(status, body)


class DataQuery:
    """Reads one request's parameters by name; RefusedError in words for whatever is wrong."""

    def __init__(self, request: Request, known: Iterable[str], *, is_paged: bool = False) -> None:
        given = request.query_params
        names = {*known, *(_PAGING if is_paged else ())}
        if "offset" in given:
            raise refused("offset is not supported; use cursor")
        for name in given:
            if name not in names:
                raise refused(f"unknown parameter {name[:_MOST_TEXT]!r}")
            if len(given.getlist(name)) > 1:
                raise refused(f"{name} is given more than once")
        self._given = {name: value for name, value in given.items() if value != ""}
        self.path = request.url.path

    def has(self, name: str) -> bool:
        return name in self._given

    def fingerprint(self) -> str:
        """Of everything that chooses rows."""
        chosen = sorted((name, value) for name, value in self._given.items() if name not in _PAGING)
        return sha256(repr((self.path, chosen)).encode()).hexdigest()[:16]

    def wallet(self, name: str = "user") -> str | None:
        """In lower case."""
        text = self._given.get(name)
        if text is not None and not is_address(text):
            raise refused(f"{name} is not a wallet address")
        return text.lower() if text else None

    def need_wallet(self, name: str = "user") -> str:
        wallet = self.wallet(name)
        if wallet is None:
            raise refused(f"{name} is required")
        return wallet

    def conditions(self) -> frozenset[str] | None:
        """Under either name the venue's papers and its clients have for it; lower case."""
        both = [name for name in ("condition", "condition_id") if name in self._given]
        if len(both) > 1:
            raise refused("condition and condition_id say the same; give one")
        if not both:
            return None
        parts = self._given[both[0]].split(",")
        if any(not is_condition(part) for part in parts):
            raise refused("condition is not valid")
        if len(set(parts)) > _MOST_CONDITIONS:
            raise refused(f"condition accepts at most {_MOST_CONDITIONS} values")
        return frozenset(part.lower() for part in parts)

    def events(self) -> frozenset[str] | None:
        text = self._given.get("event_id")
        if text is None:
            return None
        parts = text.split(",")
        if any(not (part.isascii() and part.isdecimal() and len(part) <= 10) for part in parts):
            raise refused("event_id is not valid")
        return frozenset(str(int(part)) for part in parts)

    def one_of(self, name: str, words: Sequence[str]) -> str | None:
        """One of the venue's words, in whichever case."""
        text = self._given.get(name)
        if text is None:
            return None
        found = next((word for word in words if word.upper() == text.upper()), None)
        if found is None:
            raise refused(f"{name} must be one of {', '.join(words)}")
        return found

    def some_of(self, name: str, words: Sequence[str]) -> frozenset[str] | None:
        """Several, with commas between them."""
        text = self._given.get(name)
        if text is None:
            return None
        parts = {part.upper() for part in text.split(",")}
        if not parts <= set(words):
            raise refused(f"{name} must be among {', '.join(words)}")
        return frozenset(parts)

    def yes(self, name: str, usual: bool) -> bool:
        word = self.one_of(name, ("true", "false"))
        return usual if word is None else word == "true"

    def amount(self, name: str) -> int | None:
        """Of shares or dollars, in millionths."""
        text = self._given.get(name)
        if text is None:
            return None
        if not _NUMBER.fullmatch(text):
            raise refused(f"{name} must be a number that is not negative")
        return round(float(text) * MICRO)

    def seconds(self, name: str) -> int | None:
        text = self._given.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= _LAST_S):
            raise refused(f"{name} must be seconds since 1970")
        return int(text)

    def span_ns(self) -> tuple[int, int]:
        """From `start` until the end of `end`, which is included."""
        start, end = self.seconds("start"), self.seconds("end")
        if start is not None and end is not None and end < start:
            raise refused("end is before start")
        until = _LAST_S if end is None else end
        return (start or 0) * NS_PER_S, (until + 1) * NS_PER_S

    def whole(self, name: str, low: int, high: int, usual: int) -> int:
        text = self._given.get(name)
        if text is None:
            return usual
        if not (text.isascii() and text.isdecimal()) or not low <= int(text[:20]) <= high:
            raise refused(f"{name} must be from {low} to {high}")
        return int(text)

    def text(self, name: str) -> str | None:
        text = self._given.get(name)
        if text is not None and len(text) > _MOST_TEXT:
            raise refused(f"{name} has more than {_MOST_TEXT} characters")
        return text


class _DataCursor(msgspec.Struct, forbid_unknown_fields=True):
    offset: Annotated[int, msgspec.Meta(ge=1, le=10**7)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=10**5)]
    until_ns: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    query: str


@frozen
class DataPage:
    """Which rows of a list, and the list of which moment."""

    offset: int
    limit: int
    until_ns: int
    """Facts before this moment are listed."""
    query: str


def page_of(query: DataQuery, until_ns: int, most: int = _MOST) -> DataPage:
    """The page that is asked for. `until_ns`: how far the index has come by now."""
    name = query.fingerprint()
    text = query._given.get("cursor")
    limit = query.whole("limit", 1, most, min(_USUAL_LIMIT, most))
    if text is None:
        return DataPage(0, limit, until_ns, name)
    try:
        cursor = msgspec.json.decode(urlsafe_b64decode(text.encode()), type=_DataCursor)
    except (msgspec.MsgspecError, Base64Error, ValueError, RecursionError):
        raise refused("cursor is not valid") from None
    if cursor.query != name or cursor.until_ns > until_ns or cursor.limit > most:
        raise refused("cursor does not belong to this query")
    return DataPage(cursor.offset, cursor.limit, cursor.until_ns, name)


def paged(page: DataPage, found: Sequence[Any], row: Callable[[Any], Document]) -> Document:
    """The envelope; only the rows of this page are written."""
    end = page.offset + page.limit
    has_more = end < len(found)
    cursor = None
    if has_more:
        raw = msgspec.json.encode(_DataCursor(end, page.limit, page.until_ns, page.query))
        cursor = urlsafe_b64encode(raw).decode()
    return {
        "data": [row(one) for one in found[page.offset : end]],
        "pagination": {
            "limit": page.limit,
            "offset": page.offset,
            "has_more": has_more,
            "next_cursor": cursor,
        },
    }
