"""Gamma's decimal ids. As at the venue they grow with time, and no two rounds share one."""

from __future__ import annotations

from functools import lru_cache

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.world.calendar import parse_slug, round_slug, window_at

_KINDS = [(asset, interval) for interval in Interval for asset in Asset]
_STEP_S = Interval.M5.seconds
"""Every round opens on a multiple of it."""
_MOST = 10**10
"""Of a year that a calendar can name still."""
_MARKETS = 700_000_000
"""Markets are numbered apart from events."""


@lru_cache(maxsize=1 << 14)
def event_number(slug: str) -> str:
    """Of the event that the slug names; ValueError for a slug that names no round."""
    found = parse_slug(slug)
    if found is None:
        raise ValueError(f"no round has this name: {slug[:80]}")
    asset, interval, window = found
    place = window.opens_ns // NS_PER_S // _STEP_S
    return str(place * len(_KINDS) + _KINDS.index((asset, interval)))


def market_number(slug: str) -> str:
    """Of the only market of that event."""
    return str(int(event_number(slug)) + _MARKETS)


def slug_of_event(number: int) -> str | None:
    """The name of the round whose event has this number, listed or not; None if none can have."""
    if not 0 <= number < _MOST:
        return None
    place, kind = divmod(number, len(_KINDS))
    asset, interval = _KINDS[kind]
    opens_ns = place * _STEP_S * NS_PER_S
    if window_at(interval, opens_ns).opens_ns != opens_ns:
        return None
    return round_slug(asset, interval, opens_ns)


def slug_of_market(number: int) -> str | None:
    return slug_of_event(number - _MARKETS)
