"""Settings of an engine in which the ladder of the benchmarks is the only one that trades."""

from __future__ import annotations

from typing import Any

from virtual_engine import (
    quick_settings,
)

from polytui.config.schema import Settings
from polytui.model.instrument import Asset

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
