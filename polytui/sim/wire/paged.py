"""Pages of the CLOB: a cursor is the base64 of how many rows came before it."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from polytui.sim.wire.api_answer import RefusedError

FIRST_CURSOR = "MA=="
LAST_CURSOR = "LTE="
"""Base64 of -1: nothing comes after this page (venue rule)."""
_LONGEST_CURSOR = 32
_Row = TypeVar("_Row")


def page_of(
    rows: Sequence[_Row],
    request: Request,
    limit: int,
    write: Callable[[_Row], Any] = lambda row: row,
    error: str = "Invalid payload",
) -> dict[str, Any]:
    """The rows that `next_cursor` asks for, with the cursor of those after them. Only what is on
    the page is written. A cursor that is none is refused with `error`."""
    start = _offset(request.query_params.get("next_cursor", ""), error)
    shown = rows[start : start + limit]
    end = start + len(shown)
    return {
        "limit": limit,
        "count": len(shown),
        "next_cursor": _cursor(end) if end < len(rows) else LAST_CURSOR,
        "data": [write(row) for row in shown],
    }


def _cursor(offset: int) -> str:
    return b64encode(str(offset).encode()).decode()


def _offset(cursor: str, error: str) -> int:
    """Rows before the page; none before an empty cursor's. The end has no page of its own."""
    if not cursor:
        return 0
    try:
        digits = b64decode(cursor[:_LONGEST_CURSOR], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        digits = ""
    if len(cursor) > _LONGEST_CURSOR or not (digits.isascii() and digits.isdigit()):
        raise RefusedError(400, {"error": error})
    return int(digits)
