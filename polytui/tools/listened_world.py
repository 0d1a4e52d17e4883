"""Where a tool listens: at the real venues, or at one of our own."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from polytui.config.schema import Settings
from polytui.runtime.modes import Surroundings, opener_of
from polytui.runtime.plan import Plan


def world_of(
    settings: Settings, folder: Path, options: dict[str, Any]
) -> AbstractAsyncContextManager[Surroundings]:
    """The real venues, or one of our own that is simulated on this machine."""
    mode = "demo" if options["is_demo"] else "paper"
    plan = Plan(mode, settings, folder, is_on_paper=True)
    return opener_of(plan)(settings, folder, options["config"], None)
