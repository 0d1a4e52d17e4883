"""What the strings of the CLOB's messages mean: tokens, prices, shares, sides, checked and cached.

A stream says the same few hundred strings all day, so each spelling is parsed once.
"""

from __future__ import annotations

from typing import TypeVar

from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, Shares, parse_micro, parse_price

_T = TypeVar("_T")
_CACHED_MOST = 4096
_TOKEN_DIGITS = 78
"""Of 2^256."""
_NUMBER_CHARACTERS = 24
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}

_tokens: dict[str, str] = {}
_prices: dict[str, Price] = {}
_sizes: dict[str, Shares] = {}


def no_side(text: str) -> Side:
    raise ValueError(f"neither BUY nor SELL: {text[:40]!r}")


def tick_of(text: str) -> Price:
    tick = price_of(text)
    if not tick or MICRO % tick or tick == MICRO:
        raise ValueError(f"not a tick size: {text[:40]!r}")
    return tick


def token_of(text: str) -> str:
    """One string object per token; a token is a number of up to 78 digits (venue rule)."""
    token = _tokens.get(text)
    if token is None:
        if not (text.isascii() and text.isdecimal() and len(text) <= _TOKEN_DIGITS):
            raise ValueError(f"not a token id: {text[:90]!r}")
        token = text
        _remember(_tokens, text, token)
    return token


def inner_price(text: str) -> Price:
    """A price that an order can have: above zero and below one dollar."""
    price = _prices.get(text) or price_of(text)
    if not 0 < price < MICRO:
        raise ValueError(f"no order can have this price: {text[:40]!r}")
    return price


def price_of(text: str) -> Price:
    """Parsed once per spelling: the finest grid has 9,999 prices, a day sees a few hundred."""
    price = _prices.get(text)
    if price is None:
        if len(text) > _NUMBER_CHARACTERS:
            raise ValueError(f"too long for a price: {text[:40]!r}")
        price = parse_price(text)
        _remember(_prices, text, price)
    return price


def shares_of(text: str) -> Shares:
    """Cached as well: a pair repeats its size, and crowds like round numbers."""
    shares = _sizes.get(text)
    if shares is None:
        if len(text) > _NUMBER_CHARACTERS:
            raise ValueError(f"too long for a size: {text[:40]!r}")
        shares = Shares(parse_micro(text))
        _remember(_sizes, text, shares)
    return shares


def _remember(cache: dict[str, _T], text: str, value: _T) -> None:
    if len(cache) >= _CACHED_MOST:
        cache.clear()
    cache[text] = value
