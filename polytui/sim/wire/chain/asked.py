"""Addresses and numbers in requests to the relayer, and its words for those that are none."""

from __future__ import annotations

import re

from polytui.sim.exchange.hex_text import is_address
from polytui.sim.wire.form.api_answer import RefusedError

BAD = "invalid transaction request payload"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,77}")


def refused(words: str, status: int = 400) -> RefusedError:
    return RefusedError(status, {"error": words})


def address_of(text: str) -> str:
    """In small letters."""
    if not is_address(text):
        raise refused(BAD)
    return text.lower()


def number_of(text: str) -> int:
    """A uint256 in decimal digits."""
    if not _NUMBER.fullmatch(text) or int(text) >= 2**256:
        raise refused(BAD)
    return int(text)
