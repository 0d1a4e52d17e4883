"""The order of a listing, and its pages: by offset, or by a cursor that says where one was.

A cursor holds the sort values of the last item, so a page goes on behind that place even when the
item itself is gone. It is bound to the query that made it: with other filters it means nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable
from hashlib import sha256
from typing import Any, Generic, TypeVar

import msgspec
from attrs import frozen

from polytui.sim.wire.gamma.query import GammaQuery, unprocessable

PAGE_NAMES = ("limit", "order", "ascending")
OFFSET_NAMES = (*PAGE_NAMES, "offset")
KEYSET_NAMES = (*PAGE_NAMES, "after_cursor", "offset")
"""`offset` is known there to be refused in words of its own."""
_FURTHEST = 2_999
"""Offsets from 3,000 on are refused (reported); a cursor goes further."""
_KEYSET_USUAL, _KEYSET_MOST = 20, 100
_Item = TypeVar("_Item")
Key = list[Any]


class _Cursor(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    seal: str


@frozen
class ListingOrder:
    """JSON field names, all in one direction; ties by id."""

    fields: tuple[str, ...]
    is_descending: bool


@frozen
class KeysetPage(Generic[_Item]):
    items: list[_Item]
    next_cursor: str
    """Empty on the last page."""


def order_of(query: GammaQuery, known: Collection[str]) -> ListingOrder:
    """`ascending` is true unless told otherwise, and means nothing without `order` (venue rule)."""
    text = query.text("order")
    is_ascending = query.flag("ascending")
    if text is None:
        return ListingOrder((), False)
    fields = tuple(one.strip() for one in text.split(","))
    for one in fields:
        if one not in known:
            raise unprocessable(f"order fields are not valid: {one[:60]}")
    return ListingOrder(fields, is_ascending is False)


def ordered(
    items: Iterable[_Item],
    order: ListingOrder,
    value_of: Callable[[_Item, str], Any],
    number_of: Callable[[_Item], int],
) -> list[tuple[Key, _Item]]:
    """Items with their keys. What has no value comes last in ascending order."""
    keyed = []
    for item in items:
        values = [value_of(item, one) for one in order.fields]
        key: Key = [[1] if value is None else [0, value] for value in values]
        keyed.append(([*key, number_of(item)], item))
    keyed.sort(key=_first, reverse=order.is_descending)
    return keyed


def offset_page(
    query: GammaQuery, keyed: list[tuple[Key, _Item]], usual: int, most: int
) -> list[_Item]:
    start = query.whole("offset", 0, 0, _FURTHEST)
    limit = query.whole("limit", usual, 0, most)
    return [item for _, item in keyed[start : start + limit]]


def keyset_page(
    query: GammaQuery, keyed: list[tuple[Key, _Item]], order: ListingOrder, listing: str
) -> KeysetPage[_Item]:
    """`listing` names what is listed: a cursor of events is none of markets."""
    if "offset" in query:
        raise unprocessable("offset is not supported on keyset endpoints, use after_cursor")
    limit = query.whole("limit", _KEYSET_USUAL, 1, _KEYSET_MOST)
    cursor = query.text("after_cursor")
    bound = msgspec.json.encode([listing, query.bound()])
    if cursor is not None:
        key = _opened(cursor, bound)
        keyed = [one for one in keyed if (one[0] < key if order.is_descending else one[0] > key)]
    page = keyed[:limit]
    following = _sealed(page[-1][0], bound) if len(keyed) > limit else ""
    return KeysetPage([item for _, item in page], following)


def _first(pair: tuple[Key, Any]) -> Key:
    return pair[0]


def _sealed(key: Key, bound: bytes) -> str:
    text = msgspec.json.encode(_Cursor(key, _seal(key, bound)))
    return urlsafe_b64encode(text).decode()


def _opened(cursor: str, bound: bytes) -> Key:
    try:
        found = msgspec.json.decode(urlsafe_b64decode(cursor), type=_Cursor)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise unprocessable("invalid cursor") from None
    if found.seal != _seal(found.key, bound):
        raise unprocessable("invalid cursor: it belongs to another query")
    return found.key


def _seal(key: Key, bound: bytes) -> str:
    """Nobody's secret: it tells a cursor of ours for this query from anything else."""
    return sha256(bound + msgspec.json.encode(key)).hexdigest()[:16]
