"""What the cell of a row means: moments, prices, shares, outcomes; ValueError says what is wrong.

Cells are what their file makes of them: texts in a CSV, numbers of 32 or 64 bits in Parquet.
Moments are numbers of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by
their size, or ISO 8601 in UTC.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares

_SHOWN = 40
_LATEST_S = 1 << 33
"""The year 2242: a larger number counts something shorter than seconds."""
_SCALES = ((1, NS_PER_S), (1_000, 1_000_000), (1_000_000, 1_000), (NS_PER_S, 1))
"""So many of it in a second, and nanoseconds in each."""
_EARLIEST_NS = 1_262_304_000 * NS_PER_S
"""2010: nothing of this was traded before."""
_BUYS = {"buy": Side.BUY, "b": Side.BUY, "bid": Side.BUY, "bids": Side.BUY}
_SELLS = {"sell": Side.SELL, "s": Side.SELL, "ask": Side.SELL, "asks": Side.SELL}
_SIDES = _BUYS | _SELLS


def time_ns(name: str, cell: Any) -> int:
    """UTC nanoseconds."""
    if isinstance(cell, datetime):
        cell = cell.isoformat()
    if isinstance(cell, int):
        number = cell
    else:
        text = str(cell).strip()
        try:
            number = int(text)
        except ValueError:
            return _ns_of_text(name, text)
    for per_s, ns in _SCALES:
        if number < _LATEST_S * per_s:
            at_ns = number * ns
            break
    else:
        raise ValueError(f"{name} {_shown(cell)} is no moment")
    if at_ns < _EARLIEST_NS:
        raise ValueError(f"{name} {_shown(cell)} is no moment after 2010")
    return at_ns


def _ns_of_text(name: str, text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        return _ns_of_iso(name, text)
    if not math.isfinite(number):
        raise ValueError(f"{name} {_shown(text)} is no moment")
    if number < _LATEST_S:
        return time_ns(name, round(number * NS_PER_S))
    return time_ns(name, int(number))


def _ns_of_iso(name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} {_shown(text)} is no moment") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * NS_PER_S + moment.microsecond * 1_000


def price(name: str, cell: Any) -> Price:
    """Of an outcome, from nothing to a dollar."""
    micro = _micro(name, cell)
    if not 0 <= micro <= MICRO:
        raise ValueError(f"{name} {_shown(cell)} is outside [0, 1]")
    return Price(micro)


def shares(name: str, cell: Any) -> Shares:
    micro = _micro(name, cell)
    if micro < 0:
        raise ValueError(f"{name} {_shown(cell)} is less than nothing")
    return Shares(micro)


def _micro(name: str, cell: Any) -> int:
    """Nearest millionths: a price of 32 bits is 0.529999971, and means 0.53."""
    try:
        if isinstance(cell, float):
            return round(cell * MICRO)
        return int((Decimal(str(cell)) * MICRO).to_integral_value())
    except (ValueError, OverflowError, InvalidOperation):
        raise ValueError(f"{name} {_shown(cell)} is no number") from None


def dollars(name: str, cell: Any) -> float:
    """A price of the world: above zero."""
    try:
        value = float(cell)
    except (TypeError, ValueError):
        raise ValueError(f"{name} {_shown(cell)} is no number") from None
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} {_shown(cell)} is no price")
    return value


def outcome(name: str, cell: Any) -> Outcome:
    try:
        return Outcome(str(cell).strip().lower())
    except ValueError:
        raise ValueError(f"{name} {_shown(cell)} is neither up nor down") from None


def side(name: str, cell: Any) -> Side:
    found = _SIDES.get(str(cell).strip().lower())
    if found is None:
        raise ValueError(f"{name} {_shown(cell)} is neither buy nor sell, bid nor ask")
    return found


def asset_in(text: str) -> Asset | None:
    """The coin that a symbol or a file's name speaks of, if it is one of ours."""
    lower = text.lower()
    return next((asset for asset in Asset if asset.value in lower), None)


def _shown(cell: Any) -> str:
    return ascii(str(cell)[:_SHOWN])[1:-1]
