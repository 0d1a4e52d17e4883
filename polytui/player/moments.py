"""A moment of a recording as a person types it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from polytui.model.errors import Rejected
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?")
_SHARE = re.compile(r"(?:(\d{1,3}(?:\.\d+)?)\s*%|([01]?\.\d+|[01]))")
_AWAY = re.compile(r"([+-])\s*(\d{1,6})\s*([smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600}
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](.+?)Z?")
_DAY_NS = 86_400 * NS_PER_S
WANTED = "15:03:20, 2026-11-20 15:03, +90s or -5m from here, a share as 0.25 or 25%"


def moment_of(text: str, at_ns: int, first_ns: int, last_ns: int) -> int:
    """UTC nanoseconds within [first_ns, last_ns]. A time without its day is the next to `at_ns`
    that is recorded. Rejected, in words, for what is no moment of it."""
    said = text.strip()
    if (share := _SHARE.fullmatch(said)) is not None:
        part = float(share[1]) / 100 if share[1] else float(share[2])
        if part > 1:
            raise Rejected(f"{plain(said, 20)} is more than the whole")
        return first_ns + round(part * (last_ns - first_ns))
    if (away := _AWAY.fullmatch(said)) is not None:
        by_ns = int(f"{away[1]}{away[2]}") * _SECONDS[away[3]] * NS_PER_S
        return min(last_ns, max(first_ns, at_ns + by_ns))
    if (dated := _DATED.fullmatch(said)) is not None:
        wanted = [_day_ns(dated[1]) + _clock_ns(dated[2])]
    else:
        of_day, today = _clock_ns(said), at_ns // _DAY_NS
        wanted = [day * _DAY_NS + of_day for day in (today, today - 1, today + 1)]
        wanted.sort(key=lambda ns: abs(ns - at_ns))
    second = NS_PER_S
    for ns in wanted:
        if first_ns - second < ns < last_ns + second:
            return min(last_ns, max(first_ns, ns))
    raise Rejected(f"{plain(said, 30)} is not in it: {_clock(first_ns)} to {_clock(last_ns)}")


def _clock_ns(text: str) -> int:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise Rejected(f"{plain(text, 30)!r} is no moment: {WANTED}")
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise Rejected(f"{plain(text, 30)} is no time of a day")
    parts = round(float(found[4] or 0) * NS_PER_S)
    return ((hours * 60 + minutes) * 60 + seconds) * NS_PER_S + parts


def _day_ns(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S
    except ValueError as error:
        raise Rejected(f"{text} is no day") from error


def _clock(ns: int) -> str:
    return datetime.fromtimestamp(ns // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S")
