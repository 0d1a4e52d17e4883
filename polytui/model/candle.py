"""A candle: what was traded in a stretch of time."""

from __future__ import annotations

from attrs import frozen


@frozen
class Candle:
    """One bar, [opens_ns, opens_ns + its length). Prices and volume in the exchange's units."""

    opens_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    """Coins."""
    trades: int
