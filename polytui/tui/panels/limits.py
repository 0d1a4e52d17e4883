"""A limit in numbers: how much of it is used, as a share and in words."""

from __future__ import annotations

from math import isfinite

from polytui.model.snapshot import LimitView
from polytui.tui.styles import clean

FULL_AT = 1.0


def share_of(limit: LimitView) -> float:
    """Used of allowed; a limit of nothing is full, and so is one that cannot be read."""
    if not (isfinite(limit.used) and isfinite(limit.allowed)):
        return FULL_AT
    # 2.4 of 3 is 80 %, whatever binary fractions make of it.
    return round(limit.used / limit.allowed, 9) if limit.allowed > 0 else FULL_AT


def numbers_of(limit: LimitView) -> str:
    """ "18.40 of 60 USD"."""
    used, allowed = _number(limit.used, limit.unit), _number(limit.allowed, limit.unit)
    return f"{used} of {allowed} {clean(limit.unit)}".rstrip()


def _number(value: float, unit: str) -> str:
    """Dollars with their cents; whole things without."""
    if not isfinite(value):
        return "?"
    is_round = value == int(value)
    return f"{value:,.0f}" if is_round else f"{value:,.2f}" if unit == "USD" else f"{value:,.3g}"
