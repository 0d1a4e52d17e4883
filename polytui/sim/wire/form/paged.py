"""A page of a list as the CLOB wraps it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from polytui.sim.wire.form.cursor_pages import page_of

_Row = TypeVar("_Row")


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
