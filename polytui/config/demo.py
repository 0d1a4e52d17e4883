"""What a demo does differently with the settings that a person wrote."""

from __future__ import annotations

import attrs

from polytui.config.schema import RiskSettings, Settings
from polytui.config.strategy_tables import strategy_tables, with_tables

_USUAL = RiskSettings()


def adapted_to_demo(settings: Settings, began: Settings) -> Settings:
    """Strategies that the demo which `began` names trade besides those that are enabled, and an
    asset may lose more rounds in a row, unless a person has said how many: a demo is there to show
    every kind, and nobody's money is in it. So it does not begin small either."""
    demo = began.demo
    known = strategy_tables(settings)
    tables = {
        name: attrs.evolve(known[name], is_enabled=True)
        for name in demo.strategies
        if name in known
    }
    risk = settings.risk
    if risk.max_losses_in_a_row == _USUAL.max_losses_in_a_row:
        risk = attrs.evolve(risk, max_losses_in_a_row=demo.max_losses_in_a_row)
    live = attrs.evolve(settings.live, ramp_rounds=0)
    return with_tables(attrs.evolve(settings, risk=risk, live=live), tables)
