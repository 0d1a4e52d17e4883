"""Exact money: prices, shares and dollars as integers in millionths, the chain's own unit.

Floats think (features, probabilities), integers trade. They meet here and nowhere else.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NewType

Price = NewType("Price", int)
"""Dollars per share, in millionths: 0.53 is 530_000."""
Shares = NewType("Shares", int)
"""Outcome tokens, in millionths."""
Usd = NewType("Usd", int)
"""Dollars (pUSD), in millionths."""

MICRO = 1_000_000
ONE = Price(MICRO)
"""What one share of the winner pays."""
HALF = Price(MICRO // 2)
"""What every share of a round pays that was cancelled."""
LOT = Shares(10_000)
"""Order sizes come in hundredths of a share (venue rule, "Maximum lot size is 2" decimals)."""

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
NS_PER_US = 1_000


def age_ms(now_ns: int, then_ns: int) -> int:
    """Milliseconds since `then_ns`, never negative; -1 where 0 says that it never was."""
    return max(0, now_ns - then_ns) // NS_PER_MS if then_ns else -1


def parse_micro(text: str) -> int:
    """A plain decimal string ("0.53", "12", ".5") in millionths, exactly.

    Raises ValueError for signs, exponents, blanks and more than six decimals: the venues
    never send them, so a string that has one is not a number we may trust.
    """
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if len(fraction) <= 6 and len(digits) <= 18 and digits.isascii() and digits.isdigit():
        return int(digits) * _SCALES[len(fraction)]
    return _parse_odd(text, whole, fraction)


_SCALES = (1_000_000, 100_000, 10_000, 1_000, 100, 10, 1)
"""Millionths in one unit of the last decimal, by how many decimals there are."""


def _parse_odd(text: str, whole: str, fraction: str) -> int:
    """Of more than six decimals, where the rest is nothing; ValueError for what is no number."""
    if len(fraction) > 6:
        rest = fraction[6:]
        if rest.strip("0"):
            raise ValueError(f"more than six decimals: {text[:40]!r}")
        fraction = fraction[:6]
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"not a plain decimal: {text[:40]!r}")
    if len(digits) > 18:
        raise ValueError(f"too large: {text[:40]!r}")
    return int(digits) * _SCALES[len(fraction)]


def parse_price(text: str) -> Price:
    """A price string in [0, 1] dollars; ValueError outside."""
    price = parse_micro(text)
    if price > MICRO:
        raise ValueError(f"price above one dollar: {text[:40]!r}")
    return Price(price)


def format_micro(value: int, least_decimals: int = 0) -> str:
    """The shortest plain decimal of `value` millionths with at least `least_decimals` places."""
    sign = "-" if value < 0 else ""
    whole, fraction = divmod(abs(value), MICRO)
    digits = f"{fraction:06d}".rstrip("0").ljust(least_decimals, "0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def to_float(value: int) -> float:
    """Millionths to a float, for thinking only."""
    return value / MICRO


def usd_from_float(value: float) -> Usd:
    """Dollars as a setting writes them (1000.0) to millionths, exactly as printed."""
    return Usd(int((Decimal(repr(value)) * MICRO).to_integral_value()))


def is_on_tick(price: Price, tick: Price) -> bool:
    """Whether the venue would take this price: on the grid and inside [tick, 1 - tick]."""
    return price % tick == 0 and tick <= price <= MICRO - tick


def complement(price: Price) -> Price:
    """The other outcome's price: buying Up at p is selling Down at 1 - p."""
    return Price(MICRO - price)


def cost_of(price: Price, shares: Shares) -> Usd:
    """Dollars paid for `shares` at `price`; a fraction of a millionth is rounded against us."""
    return Usd(-(-price * shares // MICRO))


def proceeds_of(price: Price, shares: Shares) -> Usd:
    """Dollars received for `shares` at `price`; a fraction of a millionth is rounded against us."""
    return Usd(price * shares // MICRO)


def floor_to_lot(shares: int) -> Shares:
    """The largest whole number of lots in `shares`."""
    return Shares(shares // LOT * LOT)
