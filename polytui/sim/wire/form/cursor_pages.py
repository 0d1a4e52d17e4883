"""Pages of the CLOB's lists: an offset in base64, `MA==` for the first, `LTE=` after the last."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import TypeVar

from polytui.sim.wire.form.api_answer import RefusedError

FIRST, END = "MA==", "LTE="
_MOST_DIGITS = 9
_Item = TypeVar("_Item")


def page_of(items: Sequence[_Item], cursor: str, limit: int) -> tuple[Sequence[_Item], str]:
    """The page a cursor begins, and the cursor of the next one; 400 for what is no cursor."""
    start = _offset(cursor) if cursor else 0
    stop = start + limit
    return items[start:stop], _cursor(stop) if stop < len(items) else END


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
