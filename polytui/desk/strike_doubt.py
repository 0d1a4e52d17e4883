"""A strike that nobody confirmed may be off by so much that it matters: how much that is."""

from __future__ import annotations

from polytui.config.schema import Settings
from polytui.desk.prices import DeskPrices
from polytui.desk.round import DeskRound
from polytui.market.fair_value import fair_up
from polytui.model.effects import Reason, Why
from polytui.model.units import NS_PER_MS
from polytui.strategy.proposal import View

_BPS = 10_000


def strike_block(
    market_round: DeskRound, view: View, prices: DeskPrices, settings: Settings
) -> Why | None:
    """Why nobody may enter: fair value would be another one if the strike were off."""
    market, most = settings.market, settings.gates.max_strike_doubt_bps
    off = prices.strike_doubt(market_round, settings.clock.max_ahead_ms * NS_PER_MS)
    if not off:
        return None
    moved = 1.0
    if off < view.strike:
        forecast = prices.settlement_forecast(market_round.round, view.price, view.now_ns, market)
        others = [fair_up(forecast, view.strike + way * off, market) for way in (-1, 1)]
        moved = max(abs(other - view.fair_up) for other in others)
    if moved * _BPS <= most:
        return None
    return Why(Reason.STRIKE_UNSURE, moved * _BPS, most, "bps")
