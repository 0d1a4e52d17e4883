"""Bounds of a setting, as values: each knows whether a value fits and how to say it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
from attrs import frozen

from polytui.model.web_address import web_address


@frozen
class Check:
    """`expected` completes the sentence "expected ...": "> 0", "at least one asset"."""

    expected: str
    holds: Callable[[Any], bool]


ABOVE_ZERO = Check("> 0", lambda value: value > 0)
NOT_NEGATIVE = Check(">= 0", lambda value: value >= 0)
NO_REPEATS = Check("at least one entry, none twice", lambda v: bool(v) and len(set(v)) == len(v))


def between(low: float, high: float) -> Check:
    return Check(f"{low:g} to {high:g}", lambda value: low <= value <= high)


def one_of(*names: str) -> Check:
    return Check(f"one of {', '.join(names)}", lambda value: value in names)


UTC_TIME = Check("a time like 2026-11-20T14:59:00Z, 2001 to 2100", lambda text: _is_zoned(text))


_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
QUIET_HOURS = Check(
    'two times of the day like "22:00-07:00", or empty',
    lambda text: not text or _CLOCK.fullmatch(text) is not None,
)


def minutes_of(text: str) -> tuple[int, int]:
    """Minutes of the day from which to which, of such times."""
    begins_h, begins, ends_h, ends = map(int, re.split("[:-]", text))
    return begins_h * 60 + begins, ends_h * 60 + ends


_FIRST_YEAR, _LAST_YEAR = 2001, 2100


def _is_zoned(text: str) -> bool:
    try:
        when = datetime.fromisoformat(text)
        return when.tzinfo is not None and _FIRST_YEAR <= when.year <= _LAST_YEAR
    except ValueError:
        return False


_SERIES_ID = re.compile(r"(btc|eth|sol|xrp)-(5m|15m|1h|4h)=[0-9]{1,12}")
SERIES_IDS = Check(
    'entries like "btc-5m=10684", none twice',
    lambda texts: (
        all(map(_SERIES_ID.fullmatch, texts))
        and len({text.partition("=")[0] for text in texts}) == len(texts)
    ),
)


def address(secure: str, plain: str) -> Check:
    """A URL by which keys may go: secured, or in clear to this machine and no other."""
    return Check(
        f"{secure}://host[:port][/path] without a user name, or {plain}:// to 127.0.0.1 or [::1]",
        lambda url: _may_carry_keys(url, secure, plain),
    )


def _may_carry_keys(url: str, *schemes: str) -> bool:
    try:
        return web_address(url, *schemes).may_carry_keys
    except ValueError:
        return False


def setting(default: Any, check: Check) -> Any:
    """A field of a settings table: its default and its bounds."""
    return attrs.field(default=default, metadata={"check": check})
