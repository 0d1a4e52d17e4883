"""Somebody who quotes all the time, so that whatever goes wrong meets orders in every state."""

from __future__ import annotations

from typing import Any

from virtual_engine import (
    quick_settings,
)

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.market.book import NO_ASK, NO_BID
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares
from polytui.strategy.proposal import QuoteSet, Rung, View

_TURN_NS = 3 * NS_PER_S


class Ladder:
    """Quotes that never rest for long: both sides behind the market, a purchase at the ask, what is
    held at the ask and then at the bid. So there are orders of every kind, and most of them go."""

    name = "ladder"

    def thresholds(self, settings: Settings) -> StrategySettings:
        return settings.distance_fade

    def quote(self, view: View, settings: Settings) -> QuoteSet:
        if view.left_s < 15.0:
            return QuoteSet(())
        turn = view.now_ns // _TURN_NS % 4
        behind = [self._behind(view, outcome, turn) for outcome in Outcome]
        return QuoteSet(tuple(filter(None, [*behind, self._takes(view, turn)])))

    def _behind(self, view: View, outcome: Outcome, turn: int) -> Rung | None:
        """A bid of our own, at another price each time."""
        price = view.side(outcome).best_bid - turn * view.tick
        if price <= NO_BID + view.tick:
            return None
        quote = Quote(
            outcome, Side.BUY, Price(price), Shares(12 * MICRO), is_post_only=turn % 2 == 1
        )
        return Rung(f"bid {outcome.value}", quote)

    def _takes(self, view: View, turn: int) -> Rung | None:
        for outcome in Outcome:
            side = view.side(outcome)
            if side.held >= 5 * MICRO and turn in (1, 3):
                price = side.best_bid if turn == 3 else side.best_ask
                if NO_BID < price < NO_ASK:
                    whole = Shares(side.held // 10_000 * 10_000)
                    return Rung("out", Quote(outcome, Side.SELL, price, whole))
        outcome = Outcome.UP if turn == 0 else Outcome.DOWN
        ask = view.side(outcome).best_ask
        if turn in (0, 2) and NO_BID < ask < NO_ASK and view.side(outcome).held < 15 * MICRO:
            return Rung("in", Quote(outcome, Side.BUY, ask, Shares(7 * MICRO)))
        return None


LADDER = Ladder()
_WIDE = {
    "max_order_usd": 1e6, "max_position_usd": 1e6, "max_round_usd": 1e6, "max_net_usd": 1e6,
    "max_asset_usd": 1e6, "max_account_usd": 1e6, "max_closing_usd": 1e6,
    "max_trades_per_day": 1_000_000, "max_daily_loss_usd": 1e6, "max_drawdown_usd": 1e6,
    "max_drawdown_pct": 100.0, "max_working_orders": 20, "max_losses_in_a_row": 1_000,
}  # fmt: skip
_PATIENT = {
    "max_reject_share": 1.0,
    "critical_latency_ms": 60_000.0,
    "stale_latency_ms": 60_000.0,
}
"""Answers of ten seconds are what some of these tests are about."""
_OFF = {"is_enabled": False}


def live_settings(**tables: Any) -> Settings:
    """For a session in which the ladder alone trades, as much as it likes."""
    usual: dict[str, Any] = {
        "session": {"assets": (Asset.BTC,)},
        "market": {"volatility_warmup_s": 5.0, "volatility_youth_s": 0.0},
        "gates": {"after_open_s": 1.0},
        "risk": _WIDE,
        "breakers": _PATIENT,
        "confluence": _OFF,
        "momentum_score": _OFF,
        "settlement_sniper": _OFF,
        "predictor": _OFF,
        "distance_fade": {"min_edge_bps": 1e6},
        "live": {"ramp_rounds": 0},
    }
    return quick_settings(**{**usual, **tables})
