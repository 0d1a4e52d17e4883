"""How much a key has traded, which decides how fast it may go on."""

from __future__ import annotations

from collections.abc import Iterable

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.venue_trade import TradeStatus, VenueTrade

_MONTH_NS = 30 * 86_400 * NS_PER_S


def month_volume_usd(trades: Iterable[VenueTrade], api_key: str, now_ns: int) -> int:
    """Dollars of a key's thirty days in millionths, as taker and as maker."""
    volume = 0
    for trade in trades:
        if now_ns - trade.matched_ns > _MONTH_NS or trade.status is TradeStatus.FAILED:
            continue
        if trade.taker_api_key == api_key:
            volume += trade.cost
        volume += sum(part.usd for part in trade.maker_parts if part.api_key == api_key)
    return volume
