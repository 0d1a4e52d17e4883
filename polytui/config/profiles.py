"""Limits that ship under a name: of every limit that a person has not set."""

from __future__ import annotations

import attrs

from polytui.config.live import AS_WRITTEN
from polytui.config.schema import RiskSettings, Settings
from polytui.config.strategy_tables import strategy_tables, with_tables

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
_NAMES = tuple(
    field.name
    for field in attrs.fields(RiskSettings)
    if getattr(LIVE_FIRST, field.name) != getattr(_USUAL, field.name)
)
"""The limits that it has."""
_OF_A_STAKE = (
    "max_order_usd", "max_position_usd", "max_round_usd", "max_net_usd", "max_asset_usd",
    "max_closing_usd", "max_account_usd",
)  # fmt: skip
"""Limits that one stake must be within, or every order of it is refused."""


def adapted_to_live(settings: Settings, began: Settings) -> Settings:
    """Real money is traded with the limits of `live-first`, each until a person has set it to
    something else than it ships as; and no strategy stakes more than the limits allow. A file
    that names every limit as it ships sets none. The session that `began` with the limits as they
    are written goes on so."""
    if began.live.limits == AS_WRITTEN:
        return settings
    taken = {
        name: getattr(LIVE_FIRST, name)
        for name in _NAMES
        if getattr(settings.risk, name) == getattr(_USUAL, name)
    }
    risk = attrs.evolve(settings.risk, **taken)
    stake_usd = min(getattr(risk, name) for name in _OF_A_STAKE)
    tables = {
        name: attrs.evolve(table, stake_usd=min(table.stake_usd, stake_usd))
        for name, table in strategy_tables(settings).items()
    }
    return with_tables(attrs.evolve(settings, risk=risk), tables)


def limits_said(adapted: Settings) -> str:
    """For people, before anything trades: the three limits that matter, and which of all are
    whose."""
    risk = adapted.risk
    matter = (
        f"{risk.max_order_usd:g} USD an order, {risk.max_daily_loss_usd:g} USD lost a day,"
        f" {risk.max_trades_per_day} trades a day"
    )
    if adapted.live.limits == AS_WRITTEN:
        return f"limits of [risk] as they are written, by live.limits: {matter}"
    own = [name for name in _NAMES if getattr(risk, name) != getattr(LIVE_FIRST, name)]
    if not own:
        return f"profile live-first: {matter}"
    left = [name for name in _NAMES if name not in own]
    return f"{matter}; yours: {_named(risk, own)}; of profile live-first: {_named(risk, left)}"


def _named(risk: RiskSettings, names: list[str]) -> str:
    return ", ".join(f"{name} {getattr(risk, name):g}" for name in names) or "none"
