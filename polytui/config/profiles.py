"""Limits that ship under a name, for whoever has said none of their own."""

from __future__ import annotations

from typing import Any

import attrs

from polytui.config.deciding import StrategySettings
from polytui.config.schema import DemoSettings, RiskSettings, Settings

LIVE_FIRST = RiskSettings(
    max_order_usd=5.0,
    max_position_usd=5.0,
    max_round_usd=5.0,
    max_net_usd=5.0,
    max_asset_usd=10.0,
    max_account_usd=20.0,
    max_closing_usd=10.0,
    max_open_positions=4,
    max_interval_positions=4,
    max_asset_positions=2,
    max_trades_per_day=5,
    max_daily_loss_usd=10.0,
    max_drawdown_usd=10.0,
)
"""`live-first`: five dollars at a time, five trades a day, and the day is over at ten lost."""
_USUAL = RiskSettings()


def has_own_limits(settings: Settings) -> bool:
    """Whether anything in `[risk]` is other than it ships: a file that `config init` wrote names
    every limit and sets none."""
    return settings.risk != _USUAL


def adapted_to_live(settings: Settings, _: DemoSettings) -> Settings:
    """Real money without limits of one's own trades with those of `live-first`, and no strategy
    stakes more than they allow."""
    if has_own_limits(settings):
        return settings
    stake_usd = LIVE_FIRST.max_order_usd
    tables: dict[str, Any] = {
        field.name: attrs.evolve(table, stake_usd=min(table.stake_usd, stake_usd))
        for field in attrs.fields(Settings)
        if isinstance(table := getattr(settings, field.name), StrategySettings)
    }
    return attrs.evolve(settings, risk=LIVE_FIRST, **tables)


def limits_said(adapted: Settings) -> str:
    """For people, before anything trades: whose limits these are, and the three that matter."""
    risk = adapted.risk
    whose = "profile live-first" if risk == LIVE_FIRST else "your own limits of [risk]"
    return (
        f"{whose}: {risk.max_order_usd:g} USD an order, {risk.max_daily_loss_usd:g} USD lost a day,"
        f" {risk.max_trades_per_day} trades a day"
    )
