"""How much a key has traded, which decides how fast it may go on: sums by day, so that asking costs
the same however much was traded, and trades may be forgotten."""

from __future__ import annotations

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.venue_trade import VenueTrade

_DAY_NS = 86_400 * NS_PER_S
_DAYS = 30


class Volumes:
    """State: dollars in millionths, by key and by day (UTC) of the match."""

    def __init__(self) -> None:
        self._by_key: dict[str, dict[int, int]] = {}

    def add(self, trade: VenueTrade) -> None:
        """It was matched: everybody in it has traded what he pays or gets for his part."""
        self._count(trade, 1)

    def take_back(self, trade: VenueTrade) -> None:
        """It failed, so it never happened."""
        self._count(trade, -1)

    def month_usd(self, api_key: str, now_ns: int) -> int:
        """Of today and the thirty days before it."""
        first = now_ns // _DAY_NS - _DAYS
        days = self._by_key.get(api_key, {})
        return sum(usd for day, usd in days.items() if day >= first)

    def _count(self, trade: VenueTrade, sign: int) -> None:
        day = trade.matched_ns // _DAY_NS
        parts = [(part.api_key, part.usd) for part in trade.maker_parts]
        for api_key, usd in ((trade.taker_api_key, trade.cost), *parts):
            # The crowd has no key.
            if api_key:
                days = self._by_key.setdefault(api_key, {})
                days[day] = days.get(day, 0) + sign * usd
                while (oldest := next(iter(days))) < day - _DAYS:
                    del days[oldest]
