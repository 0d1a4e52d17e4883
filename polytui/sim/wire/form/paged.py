"""Pages of the CLOB's lists: an offset in base64, `MA==` for the first, `LTE=` after the last."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from polytui.sim.wire.form.api_answer import RefusedError

FIRST, END = "MA==", "LTE="
_MOST_DIGITS = 9
_Row = TypeVar("_Row")


def page_of(rows: Sequence[_Row], cursor: str, limit: int) -> tuple[Sequence[_Row], str]:
    """The page a cursor begins, and the cursor of the next one; 400 for what is no cursor."""
    start = _offset(cursor) if cursor else 0
    stop = start + limit
    return rows[start:stop], _cursor(stop) if stop < len(rows) else END


def page_document(
    rows: Sequence[_Row],
    request: Request,
    limit: int,
    write: Callable[[_Row], Any] = lambda row: row,
) -> dict[str, Any]:
    """The rows that `next_cursor` of a query asks for, with the cursor of those after them. Only
    what is on the page is written."""
    shown, next_cursor = page_of(rows, request.query_params.get("next_cursor", ""), limit)
    return {
        "limit": limit,
        "count": len(shown),
        "next_cursor": next_cursor,
        "data": [write(row) for row in shown],
    }


def _cursor(offset: int) -> str:
    return b64encode(str(offset).encode()).decode()


def _offset(cursor: str) -> int:
    try:
        text = b64decode(cursor, validate=True).decode("ascii")
    except ValueError:
        text = ""
    if text == "-1":
        raise RefusedError(400, {"error": "Next item should be greater than or equal to 0"})
    if not text.isdigit() or len(text) > _MOST_DIGITS:
        raise RefusedError(400, {"error": "Invalid next_cursor"})
    return int(text)
