"""What a demo does differently with the settings that a person wrote."""

from __future__ import annotations

import attrs

from polytui.config.schema import DemoSettings, Settings


def with_demo_strategies(settings: Settings, demo: DemoSettings) -> Settings:
    """Those that `demo` names trade besides those that are enabled: a demo is there to show every
    kind, and nobody's money is in it."""
    tables = {
        name: attrs.evolve(getattr(settings, name), is_enabled=True) for name in demo.strategies
    }
    return attrs.evolve(settings, **tables)
