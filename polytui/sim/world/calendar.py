"""When rounds open and close, and what the venue calls them.

Five and fifteen minute rounds and hours fall on multiples of UTC time. Four-hour rounds start
at 0, 4, 8, 12, 16 and 20 o'clock on the wall in New York, so they leave the UTC grid in winter,
and the one that holds a change of clocks lasts three or five hours. Slugs of hourly rounds name
the hour on that wall (venue rule); the rest carry the second they open at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S

EASTERN = ZoneInfo("America/New_York")

_HOURS_4H = 4
_COIN = {
    Asset.BTC: "bitcoin",
    Asset.ETH: "ethereum",
    Asset.SOL: "solana",
    Asset.XRP: "xrp",
}
_COIN_TITLE = {Asset.BTC: "Bitcoin", Asset.ETH: "Ethereum", Asset.SOL: "Solana", Asset.XRP: "XRP"}
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
_UNIX_SLUG = re.compile(r"(btc|eth|sol|xrp)-updown-(5m|15m|4h)-(\d{9,11})")
_HOUR_SLUG = re.compile(
    r"(bitcoin|ethereum|solana|xrp)-up-or-down-([a-z]+)-(\d{1,2})-(\d{4})-(\d{1,2})(am|pm)-et"
)


@frozen
class CalendarWindow:
    """One round's life, [opens_ns, closes_ns)."""

    opens_ns: int
    closes_ns: int


@frozen
class Series:
    """The venue's listing of all rounds of one asset and interval."""

    series_id: str
    slug: str
    title: str
    recurrence: str


def _series(interval: Interval, ids: tuple[str, str, str, str]) -> dict[Asset, Series]:
    return {
        asset: Series(
            series_id,
            _series_slug(asset, interval),
            f"{asset.value.upper()} Up or Down {interval.value}",
            "hourly" if interval is Interval.H1 else interval.value,
        )
        for asset, series_id in zip(Asset, ids, strict=True)
    }


def _series_slug(asset: Asset, interval: Interval) -> str:
    if interval is not Interval.H1:
        return f"{asset.value}-up-or-down-{interval.value}"
    # The hourly series of Solana alone spells the coin out (venue listing).
    name = "solana" if asset is Asset.SOL else asset.value
    return f"{name}-up-or-down-hourly"


SERIES: dict[tuple[Asset, Interval], Series] = {
    (asset, interval): series
    for interval, ids in (
        (Interval.M5, ("10684", "10683", "10686", "10685")),
        (Interval.M15, ("10192", "10191", "10423", "10422")),
        (Interval.H1, ("10114", "10117", "10122", "10123")),
        (Interval.H4, ("10331", "10332", "10333", "10327")),
    )
    for asset, series in _series(interval, ids).items()
}
"""Ids and slugs as the venue lists them."""


def window_at(interval: Interval, at_ns: int) -> CalendarWindow:
    """The window that holds `at_ns`."""
    if interval is Interval.H4:
        return _wall_window(at_ns)
    opens_ns = at_ns - at_ns % interval.ns
    return CalendarWindow(opens_ns, opens_ns + interval.ns)


def windows(interval: Interval, from_ns: int, until_ns: int) -> Iterator[CalendarWindow]:
    """The windows that open in [from_ns, until_ns), in order.

    In the autumn night in which New York's clocks go back, two hours have one slug; the venue's
    practice is unknown, and only the first is listed here.
    """
    window = window_at(interval, from_ns)
    while window.opens_ns < until_ns:
        is_second_of_name = interval is Interval.H1 and _eastern(window.opens_ns).fold == 1
        if window.opens_ns >= from_ns and not is_second_of_name:
            yield window
        window = window_at(interval, window.closes_ns)


def round_slug(asset: Asset, interval: Interval, opens_ns: int) -> str:
    """What the venue calls the round of `asset` that opens at `opens_ns`."""
    if interval is not Interval.H1:
        return f"{asset.value}-updown-{interval.value}-{opens_ns // NS_PER_S}"
    wall = _eastern(opens_ns)
    hour, half = _twelve(wall)
    month = _MONTHS[wall.month - 1]
    return f"{_COIN[asset]}-up-or-down-{month}-{wall.day}-{wall.year}-{hour}{half.lower()}-et"


def parse_slug(slug: str) -> tuple[Asset, Interval, CalendarWindow] | None:
    """The round a slug names; None for a slug that names none, off the grid included."""
    by_second = _UNIX_SLUG.fullmatch(slug)
    if by_second:
        asset, interval = Asset(by_second[1]), Interval(by_second[2])
        opens_ns = int(by_second[3]) * NS_PER_S
    else:
        by_hour = _HOUR_SLUG.fullmatch(slug)
        opened = _hour_of(by_hour) if by_hour else None
        if by_hour is None or opened is None:
            return None
        asset = next(asset for asset, coin in _COIN.items() if coin == by_hour[1])
        interval, opens_ns = Interval.H1, opened
    window = window_at(interval, opens_ns)
    # The round trip refuses every other spelling: off the grid, leading zeros, hour 0.
    is_listed = window.opens_ns == opens_ns and round_slug(asset, interval, opens_ns) == slug
    return (asset, interval, window) if is_listed else None


def round_title(asset: Asset, interval: Interval, window: CalendarWindow) -> str:
    """ "Bitcoin Up or Down - May 12, 7:10AM-7:15AM ET"; hours: "... - November 20, 3PM ET"."""
    opens, closes = _eastern(window.opens_ns), _eastern(window.closes_ns)
    day = f"{_MONTHS[opens.month - 1].capitalize()} {opens.day}"
    start = f"{_COIN_TITLE[asset]} Up or Down - {day}, "
    if interval is Interval.H1:
        hour, half = _twelve(opens)
        return f"{start}{hour}{half} ET"
    return f"{start}{_clock_face(opens)}-{_clock_face(closes)} ET"


def _eastern(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(EASTERN)


def _twelve(wall: datetime) -> tuple[int, str]:
    return (wall.hour - 1) % 12 + 1, "AM" if wall.hour < 12 else "PM"


def _clock_face(wall: datetime) -> str:
    hour, half = _twelve(wall)
    return f"{hour}:{wall.minute:02d}{half}"


def _hour_of(parts: re.Match[str]) -> int | None:
    """The first instant at which New York's wall shows the hour of a slug."""
    if parts[2] not in _MONTHS:
        return None
    hour = int(parts[5]) % 12 + (12 if parts[6] == "pm" else 0)
    month = _MONTHS.index(parts[2]) + 1
    try:
        wall = datetime(int(parts[4]), month, int(parts[3]), hour, tzinfo=EASTERN)
    except ValueError:
        return None
    return int(wall.timestamp()) * NS_PER_S


def _wall_window(at_ns: int) -> CalendarWindow:
    wall = _eastern(at_ns)
    # Wall arithmetic on purpose: datetimes of one zone are added without the change of clocks.
    opens = wall.replace(hour=wall.hour // _HOURS_4H * _HOURS_4H, minute=0, second=0, fold=0)
    closes = (opens + timedelta(hours=_HOURS_4H)).replace(fold=0)
    return CalendarWindow(int(opens.timestamp()) * NS_PER_S, int(closes.timestamp()) * NS_PER_S)
