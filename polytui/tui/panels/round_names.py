"""Rounds as people call them: by their time, and not by seconds since 1970."""

from __future__ import annotations

import re

from polytui.model.units import NS_PER_S
from polytui.tui.panels import figures

_SLUG = re.compile(r"\b([a-z]{3,5})-updown-(\d{1,3})(m|h)-(\d{10})\b")
_AS_TYPED = re.compile(r"(`[^`]*`)")
_SECONDS = {"m": 60, "h": 3_600}


def rounds_named(text: str) -> str:
    """With each slug as "BTC 5m 15:00-15:05", UTC; what is meant to be typed stays as it is."""
    if "-updown-" not in text:
        return text
    parts = _AS_TYPED.split(text)
    return "".join(one if one.startswith("`") else _SLUG.sub(_name, one) for one in parts)


def _name(found: re.Match[str]) -> str:
    asset, count, unit, opens = found.groups()
    opens_ns = int(opens) * NS_PER_S
    closes_ns = opens_ns + int(count) * _SECONDS[unit] * NS_PER_S
    return f"{asset.upper()} {count}{unit} {figures.span(opens_ns, closes_ns)}"
