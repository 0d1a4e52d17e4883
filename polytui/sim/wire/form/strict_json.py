"""JSON from strangers, read the way it was written or not at all.

One meaning only: a name that comes twice, NaN, fractions where whole numbers belong, bytes that are
no UTF-8 and nesting without end are refused. Who sends money in such a document means harm or is
mistaken, and two readers could read it differently.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

_MOST_BRACKETS = 500
"""Of arrays and objects, open ones alone: fifteen orders have 31. Counted beforehand, for a process
may have been let recurse deeper than its stack (`sim/wire/signed/ethereum.py`)."""


def strict_json(body: bytes) -> Any:
    """The document; ValueError for one that could be read in two ways, or in none."""
    if body.count(b"[") + body.count(b"{") > _MOST_BRACKETS:
        raise ValueError("too many parts")
    try:
        document = json.loads(
            body.decode(),
            object_pairs_hook=_named_once,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if b"\\u" in body:
        # Half a pair of surrogates is a text to Python, and no UTF-8 to whoever reads it next.
        json.dumps(document, ensure_ascii=False).encode()
    return document


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name that comes twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError("no whole number")
