"""Rounds as people call them: by their time, not by seconds since 1970 or an hour of New York."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from polytui.model.units import NS_PER_S
from polytui.tui.panels import figures

_NUMBERED = re.compile(r"\b([a-z]{3,5})-updown-(\d{1,3})(m|h)-(\d{10})\b")
_HOURLY = re.compile(
    r"\b(bitcoin|ethereum|solana|xrp)-up-or-down-([a-z]+-\d{1,2}-\d{4}-\d{1,2}[ap]m)-et\b"
)
_COINS = {"bitcoin": "BTC", "ethereum": "ETH", "solana": "SOL", "xrp": "XRP"}
_AS_TYPED = re.compile(r"(`[^`]*`)")
_SECONDS = {"m": 60, "h": 3_600}
_EASTERN = ZoneInfo("America/New_York")


def rounds_named(text: str) -> str:
    """With each slug as "BTC 5m 15:00-15:05", UTC; what is meant to be typed stays as it is."""
    if "-updown-" not in text and "-up-or-down-" not in text:
        return text
    parts = _AS_TYPED.split(text)
    return "".join(one if one.startswith("`") else _named(one) for one in parts)


def _named(text: str) -> str:
    return _HOURLY.sub(_hour, _NUMBERED.sub(_number, text))


def _number(found: re.Match[str]) -> str:
    asset, count, unit, opens = found.groups()
    return _words(asset.upper(), f"{count}{unit}", int(opens), int(count) * _SECONDS[unit])


def _hour(found: re.Match[str]) -> str:
    """The hour is the wall's in New York; what is no hour stays as it is."""
    try:
        wall = datetime.strptime(found[2], "%B-%d-%Y-%I%p").replace(tzinfo=_EASTERN)
    except ValueError:
        return found[0]
    return _words(_COINS[found[1]], "1h", int(wall.timestamp()), _SECONDS["h"])


def _words(asset: str, interval: str, opens_s: int, length_s: int) -> str:
    span = figures.span(opens_s * NS_PER_S, (opens_s + length_s) * NS_PER_S)
    return f"{asset} {interval} {span}"
