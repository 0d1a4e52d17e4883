"""Bars by the calendar of a time zone, weeks and months among them: joined from shorter ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby

from polytui.model.units import NS_PER_S
from polytui.sim.world.candles import TapeBar

WEEKLY, MONTHLY = "1w", "1M"
_WEEK_S = 7 * 86_400
_MONDAY_S = 4 * 86_400
"""The first Monday after the epoch, which was a Thursday."""
_MORE_THAN_A_MONTH = timedelta(days=32)


def joined(
    bars: Iterable[TapeBar], length: int | str, offset_s: int = 0
) -> list[tuple[TapeBar, int]]:
    """Whole bars with the nanosecond at which each closes, oldest first. `length` in seconds, or
    WEEKLY or MONTHLY; `offset_s`: what the zone's clocks are ahead of UTC."""
    groups = groupby(bars, key=lambda bar: _span(bar.open_ns // NS_PER_S + offset_s, length))
    return [
        (_one((opens_s - offset_s) * NS_PER_S, list(parts)), (closes_s - offset_s) * NS_PER_S)
        for (opens_s, closes_s), parts in groups
    ]


def _span(local_s: int, length: int | str) -> tuple[int, int]:
    """When the bar around a second opens and closes, by the zone's own clocks."""
    if length == MONTHLY:
        moment = datetime.fromtimestamp(local_s, UTC)
        first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return int(first.timestamp()), int(_next_month(first).timestamp())
    seconds, origin_s = (_WEEK_S, _MONDAY_S) if isinstance(length, str) else (length, 0)
    opens_s = local_s - (local_s - origin_s) % seconds
    return opens_s, opens_s + seconds


def _next_month(first: datetime) -> datetime:
    return (first + _MORE_THAN_A_MONTH).replace(day=1)


def _one(opens_ns: int, parts: list[TapeBar]) -> TapeBar:
    return TapeBar(
        opens_ns,
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        sum(part.volume for part in parts),
        sum(part.trades for part in parts),
    )
