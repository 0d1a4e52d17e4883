"""Reading private requests: query and body of known names, and the venue's words otherwise."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TypeVar

import msgspec
from starlette.requests import Request

from polytui.sim.exchange.hex_text import is_address, is_condition, is_hash
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.form.strict_json import strict_json

T = TypeVar("T")
_TOKEN = re.compile(r"[0-9]{1,78}")


def bad(words: str) -> RefusedError:
    return RefusedError(400, {"error": words})


async def body_of(request: Request, kind: type[T], words: str) -> T:
    """The JSON body as a `kind`; 400 with `words` for anything else."""
    try:
        return msgspec.convert(strict_json(await request.body()), kind)
    except (msgspec.ValidationError, ValueError):
        raise bad(words) from None


def only(request: Request, names: Collection[str], words: str) -> dict[str, str]:
    """The query; a name that means nothing here is refused, never passed over."""
    params = request.query_params
    if len(params.multi_items()) > len(params) or not params.keys() <= set(names):
        raise bad(words)
    return dict(params)


def order_id_of(text: str) -> str:
    if not is_hash(text):
        raise bad("Invalid orderID")
    return text.lower()


def market_of(text: str) -> str:
    if not is_condition(text):
        raise bad("Invalid market")
    return text.lower()


def token_of(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise bad("Invalid token id")
    return text


def address_of(text: str, words: str) -> str:
    if not is_address(text):
        raise bad(words)
    return text.lower()


def seconds_of(text: str, words: str) -> int:
    """Unix seconds, also where they came as milliseconds."""
    if not (text.isascii() and text.isdigit() and len(text) <= 13):
        raise bad(words)
    seconds = int(text)
    return seconds // 1000 if len(text) == 13 else seconds
