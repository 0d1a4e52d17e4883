"""Numbers as people read them. Money, prices and shares come in millionths, times in ns."""

from __future__ import annotations

from datetime import UTC, datetime

from polytui.model.units import MICRO, NS_PER_S

_EIGHTHS = " ▏▎▍▌▋▊▉"
_ADDRESS_CELLS = 12
_LOCAL_FROM = 100
"""Cells of a screen that says local time beside UTC."""
_MINUTE_NS = 60 * NS_PER_S
_NO_AGE_S = 366 * 86_400.0


def money(micro: int) -> str:
    """Dollars and cents: "1,002.31"."""
    return f"{micro / MICRO:,.2f}"


def signed_money(micro: int) -> str:
    """A gain or loss: "+12.31", "-0.40", and "0.00" when it is neither."""
    return "0.00" if round(micro / MICRO, 2) == 0 else f"{micro / MICRO:+,.2f}"


def dollars(micro: int) -> str:
    """At most six cells: "12.31", "1,204", "125k", "12.3M"; a dash for nothing at all."""
    value = micro / MICRO
    if abs(value) < 1_000:
        return f"{value:.2f}" if micro else "–"
    if abs(value) < 100_000:
        return f"{value:,.0f}"
    is_thousands = abs(value) < 10_000_000
    return f"{value / 1_000:,.0f}k" if is_thousands else f"{value / 1_000_000:,.1f}M"


def signed_dollars(micro: int) -> str:
    """At most nine cells: "+12.31", "-1,204.50", "-12,045"; "0.00" when it is neither."""
    if abs(micro) < 10_000 * MICRO:
        return signed_money(micro)
    return f"+{dollars(micro)}" if micro > 0 else dollars(micro)


def shares(micro: int) -> str:
    """At most seven cells: "25.00", "1,234.5", "35,000", "1.25M"."""
    value = micro / MICRO
    if value < 1_000:
        return f"{value:.2f}"
    if value < 10_000:
        return f"{value:,.1f}"
    return f"{value:,.0f}" if value < 1_000_000 else f"{value / 1_000_000:.2f}M"


def whole_shares(micro: int) -> str:
    """For where `shares` has no room, at most seven cells: "25", "1,235", "1.25M"; less than one
    keeps its decimals."""
    value = micro / MICRO
    return f"{value:,.0f}" if 1 <= value < 999_999.5 else shares(micro)


def price(micro: int, tick: int = 10_000) -> str:
    """A share's price in dollars with the decimals of its tick: "0.53", "0.967"."""
    return f"{micro / MICRO:.{price_decimals(tick)}f}"


def price_decimals(tick: int) -> int:
    """0.01 needs two decimals, 0.001 three."""
    decimals = 2
    while decimals < 4 and tick % 10 ** (6 - decimals):
        decimals += 1
    return decimals


def coin_decimals(value: float) -> int:
    """Decimals that show about seven digits of an asset's price."""
    for limit, decimals in ((1_000.0, 2), (100.0, 3), (10.0, 4)):
        if abs(value) >= limit:
            return decimals
    return 5


def coin(value: float | None) -> str:
    """An asset's price in dollars: "92,013.40", "2.20340"; a dash when it is not known."""
    return "–" if value is None else f"{value:,.{coin_decimals(value)}f}"


def arrow(value: float) -> str:
    """The sign as a shape, so that colour is never alone."""
    if value > 0:
        return "▲"
    return "▼" if value < 0 else "="


def clock(at_ns: int) -> str:
    """UTC time of day."""
    seconds = at_ns // NS_PER_S % 86_400
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def local_clock(at_ns: int) -> str:
    """Hours and minutes where this terminal stands; empty where that is UTC."""
    there = datetime.fromtimestamp(at_ns // NS_PER_S).astimezone()
    return f"{there:%H:%M}" if there.utcoffset() else ""


def day(at_ns: int) -> str:
    """ "2026-11-20", UTC."""
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y-%m-%d}"


def span(opens_ns: int, closes_ns: int) -> str:
    """From when to when, UTC: "15:00-15:05"; as many digits as tell the two apart."""
    is_whole = opens_ns % _MINUTE_NS == closes_ns % _MINUTE_NS == 0
    digits = 5 if is_whole else 8
    return f"{clock(opens_ns)[:digits]}-{clock(closes_ns)[:digits]}"


def span_here(opens_ns: int, closes_ns: int, width: int) -> str:
    """The same, and on a screen wide enough what that is where this terminal stands."""
    here = (local_clock(opens_ns), local_clock(closes_ns))
    utc = span(opens_ns, closes_ns)
    return f"{utc} UTC, {'-'.join(here)} here" if here[0] and width >= _LOCAL_FROM else utc


def left(ns: int) -> str:
    """A span as a countdown: "02:31", "1:02:31"; negative spans are zero."""
    seconds = max(0, -(-ns // NS_PER_S))
    hours, rest = divmod(seconds, 3600)
    head = f"{hours}:" if hours else ""
    return f"{head}{rest // 60:02d}:{rest % 60:02d}"


def age(seconds: float) -> str:
    """How old something is, in words short enough for a corner: "0.4 s", "12 s", "3 min"; a dash
    for what no age can be: below zero, or longer than anything here has run."""
    if not 0 <= seconds < _NO_AGE_S:
        return "–"
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def bar(share: float, width: int) -> str:
    """A horizontal bar of `share` (0 to 1) of `width` cells, in eighths of a cell."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    tail = _EIGHTHS[rest] if rest else ""
    return "█" * full + tail


def short_address(address: str) -> str:
    """ "0x12ab..90ef": enough to tell one wallet from another."""
    return address if len(address) <= _ADDRESS_CELLS else f"{address[:6]}..{address[-4:]}"
