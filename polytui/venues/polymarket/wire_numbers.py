"""What the strings of the CLOB's messages mean: tokens, prices, shares, sides, checked and cached.

Each rule is a function, and a table that has what it said of spellings that came before.
"""

from __future__ import annotations

from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, Shares, parse_micro, parse_price
from polytui.venues.spelled import Spelled

_TOKEN_DIGITS = 78
"""Of 2^256."""
_NUMBER_CHARACTERS = 24
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}


def side_of(text: str) -> Side:
    side = _SIDES.get(text)
    if side is None:
        raise ValueError(f"neither BUY nor SELL: {text[:40]!r}")
    return side


def tick_of(text: str) -> Price:
    tick = PRICES[text]
    if not tick or MICRO % tick or tick == MICRO:
        raise ValueError(f"not a tick size: {text[:40]!r}")
    return tick


def token_of(text: str) -> str:
    """A token is a number of up to 78 digits (venue rule)."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _TOKEN_DIGITS):
        raise ValueError(f"not a token id: {text[:90]!r}")
    return text


def inner_price_of(text: str) -> Price:
    """A price that an order can have: above zero and below one dollar."""
    price = PRICES[text]
    if not 0 < price < MICRO:
        raise ValueError(f"no order can have this price: {text[:40]!r}")
    return price


def price_of(text: str) -> Price:
    if len(text) > _NUMBER_CHARACTERS:
        raise ValueError(f"too long for a price: {text[:40]!r}")
    return parse_price(text)


def best_of(text: str) -> Price | None:
    """A best price; None where it is not told."""
    return PRICES[text] if text else None


def shares_of(text: str) -> Shares:
    if len(text) > _NUMBER_CHARACTERS:
        raise ValueError(f"too long for a size: {text[:40]!r}")
    return Shares(parse_micro(text))


TOKENS = Spelled(token_of)
"""One string object per token."""
PRICES = Spelled(price_of)
"""The finest grid has 9,999 prices, a day sees a few hundred."""
BESTS = Spelled(best_of)
INNER_PRICES = Spelled(inner_price_of)
SHARES = Spelled(shares_of)
"""A pair repeats its size, and crowds like round numbers."""
SIDES = Spelled(side_of)
