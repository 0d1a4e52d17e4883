"""How Polymarket names assets, series and rounds, and when they open and close.

Rounds of 5m, 15m and 4h are numbered by the unix second of their start; hourly ones carry the
coin's full name, the date with its year and the Eastern hour. 4h rounds open at 0, 4, 8... on the
wall in New York, so the one that holds a change of clocks lasts three or five hours. In the night
in which the clocks go back two hours have one name: it is the first's, the second is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S

_COINS = {
    Asset.BTC: "bitcoin",
    Asset.ETH: "ethereum",
    Asset.SOL: "solana",
    Asset.XRP: "xrp",
}
_HOURLY_SERIES = {
    Asset.BTC: "btc-up-or-down-hourly",
    Asset.ETH: "eth-up-or-down-hourly",
    Asset.SOL: "solana-up-or-down-hourly",
    Asset.XRP: "xrp-up-or-down-hourly",
}
_NUMBERED = re.compile(r"(btc|eth|sol|xrp)-updown-(5m|15m|4h)-([1-9][0-9]{9})")
_HOURLY = re.compile(
    r"(bitcoin|ethereum|solana|xrp)-up-or-down-[a-z]+-[0-9]{1,2}-[0-9]{4}-[0-9]{1,2}(am|pm)-et"
)
_EASTERN = ZoneInfo("America/New_York")


_WALL_HOURS = range(0, 25, 4)


@frozen
class RoundWindow:
    """[opens_ns, closes_ns), UTC ns."""

    opens_ns: int
    closes_ns: int


def window_of(interval: Interval, at_ns: int) -> RoundWindow:
    """The window of a round that is open at `at_ns` (UTC ns)."""
    if interval is not Interval.H4:
        opens_ns = at_ns // interval.ns * interval.ns
        return RoundWindow(opens_ns, opens_ns + interval.ns)
    day = _wall(at_ns).date()
    bounds = [_wall_ns(day, hour) for hour in _WALL_HOURS]
    closes = next(place for place, bound in enumerate(bounds) if bound > at_ns)
    return RoundWindow(bounds[closes - 1], bounds[closes])


def has_name_of_its_own(interval: Interval, opens_ns: int) -> bool:
    """False for the second of two hours that the wall in New York shows alike."""
    return interval is not Interval.H1 or not _wall(opens_ns).fold


def windows_from(interval: Interval, at_ns: int) -> Iterator[RoundWindow]:
    """The window that is open at `at_ns` and those that follow, without end; those without a name
    of their own are left out."""
    while True:
        window = window_of(interval, at_ns)
        if has_name_of_its_own(interval, window.opens_ns):
            yield window
        at_ns = window.closes_ns


def _wall(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(_EASTERN)


def _wall_ns(day: date, hour: int) -> int:
    """When the wall shows the hour of a day; 24 is midnight after it."""
    day, hour = day + timedelta(days=hour // 24), hour % 24
    wall = datetime(day.year, day.month, day.day, hour, tzinfo=_EASTERN)
    return int(wall.timestamp()) * NS_PER_S


def series_slug(asset: Asset, interval: Interval) -> str:
    """The venue's name of the series that an asset's rounds of one length belong to."""
    if interval is Interval.H1:
        return _HOURLY_SERIES[asset]
    return f"{asset.value}-up-or-down-{interval.value}"


def round_slug(asset: Asset, interval: Interval, opens_ns: int) -> str:
    """The venue's name of the round that opens at `opens_ns` (UTC ns).

    Numbered by unix seconds, except hourly rounds: those carry the coin's full name, the date
    with its year and the Eastern hour of the start. Without the year the name means last year's.
    """
    opens_s = opens_ns // NS_PER_S
    if interval is not Interval.H1:
        return f"{asset.value}-updown-{interval.value}-{opens_s}"
    start = _wall(opens_ns)
    hour = f"{start.hour % 12 or 12}{'am' if start.hour < 12 else 'pm'}"
    day = f"{_MONTHS[start.month - 1]}-{start.day}-{start.year}"
    return f"{_COINS[asset]}-up-or-down-{day}-{hour}-et"


_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_ASSETS = {coin: asset for asset, coin in _COINS.items()}


def asset_and_interval(slug: str) -> tuple[Asset, Interval] | None:
    """What a round's name says it is about; None for markets of other families."""
    numbered = _NUMBERED.fullmatch(slug)
    if numbered:
        return Asset(numbered[1]), Interval(numbered[2])
    hourly = _HOURLY.fullmatch(slug)
    return (_ASSETS[hourly[1]], Interval.H1) if hourly else None


def opens_of(slug: str) -> int:
    """When the round of that name opens, UTC ns. ValueError for names of other families."""
    numbered = _NUMBERED.fullmatch(slug)
    if numbered:
        return int(numbered[3]) * NS_PER_S
    hourly = _HOURLY_PARTS.fullmatch(slug)
    if hourly is None or hourly["month"] not in _MONTHS:
        raise ValueError(f"names no Up/Down round: {slug[:80]!r}")
    hour = int(hourly["hour"]) % 12 + (12 if hourly["half"] == "pm" else 0)
    day = date(int(hourly["year"]), _MONTHS.index(hourly["month"]) + 1, int(hourly["day"]))
    return _wall_ns(day, hour)


def is_round(slug: str) -> bool:
    """Whether a round of ours can have this name: it is of a window that there is."""
    found = asset_and_interval(slug)
    if found is None:
        return False
    try:
        opens_ns = opens_of(slug)
    except ValueError:
        return False
    return (
        round_slug(*found, opens_ns) == slug and window_of(found[1], opens_ns).opens_ns == opens_ns
    )


_HOURLY_PARTS = re.compile(
    r"(?:bitcoin|ethereum|solana|xrp)-up-or-down-(?P<month>[a-z]+)-(?P<day>[0-9]{1,2})"
    r"-(?P<year>[0-9]{4})-(?P<hour>[0-9]{1,2})(?P<half>am|pm)-et"
)
