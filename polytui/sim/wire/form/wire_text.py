"""Numbers and times the way the simulated venues print them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from polytui.model.units import NS_PER_MS, NS_PER_S, format_micro

E18 = 10**18


@lru_cache(maxsize=4096)
def price_text(price: int) -> str:
    """Millionths as the CLOB prints a price: no trailing zeros, "0.9"."""
    return format_micro(price)


def three_decimals(price: int) -> str:
    """Millionths as `last_trade_price` is printed: "0.920"."""
    return format_micro(price, 3)


def millis(at_ns: int) -> int:
    return at_ns // NS_PER_MS


def plain_e18(value_e18: int) -> str:
    """Dollars x 10^18 as a plain decimal with up to 18 places."""
    whole, fraction = divmod(value_e18, E18)
    digits = f"{fraction:018d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def float_e18(value_e18: int) -> float:
    return value_e18 / E18


def iso_z(at_ns: int) -> str:
    """UTC nanoseconds as Gamma prints a whole second: "2026-11-20T20:00:00Z"."""
    return f"{_utc(at_ns):%Y-%m-%dT%H:%M:%SZ}"


def iso_spaced(at_ns: int) -> str:
    """The other spelling Gamma uses for `closedTime`: "2026-11-20 20:05:55+00"."""
    return f"{_utc(at_ns):%Y-%m-%d %H:%M:%S+00}"


def parse_iso(text: str) -> int:
    """UTC nanoseconds of an ISO instant (UTC where it names no zone); ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000) * NS_PER_MS


def _utc(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC)


def parse_object(text: str) -> dict[str, Any] | None:
    """The JSON object a client sent; None for anything else, however malformed."""
    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
