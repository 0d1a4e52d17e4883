"""Settings under which nothing ends a day: a halt would hide what comes after it."""

from __future__ import annotations

import attrs

from polytui.config.schema import Settings

_NO_LIMIT_USD = 1e6


def open_handed(settings: Settings) -> Settings:
    """The same, without a limit of what may be lost."""
    risk = attrs.evolve(
        settings.risk,
        max_drawdown_usd=_NO_LIMIT_USD,
        max_drawdown_pct=100.0,
        max_daily_loss_usd=_NO_LIMIT_USD,
        max_losses_in_a_row=1_000,
    )
    return attrs.evolve(settings, risk=risk)
