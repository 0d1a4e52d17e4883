"""How Polymarket names assets, series and rounds.

Rounds of 5m, 15m and 4h are numbered by the unix second of their start (4h on the Eastern
grid); hourly ones carry the coin's full name, the date with its year and the Eastern hour.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

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
    start = datetime.fromtimestamp(opens_s, UTC).astimezone(_EASTERN)
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
