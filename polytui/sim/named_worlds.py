"""Worlds with a name: what sort of prices a session is played against.

    lifelike   volatilities and small jumps as one sees them
    calm       a third of the volatility, hardly a jump
    trending   a drift that lasts for minutes: the next minute's return goes like the last one's
    jumpy      large jumps, about one in each round of five minutes

Only prices differ. The crowd judges in all of them as if prices had neither drift nor jumps, by
the variance of their seconds alone, so a strategy that reads trends has something to find in the
trending one. That is a choice of this simulation; a profit earned against this crowd proves
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import evolve

from polytui.model.instrument import Asset
from polytui.sim.paths import LIFELIKE, PathSettings


class WorldName(str, Enum):
    LIFELIKE = "lifelike"
    CALM = "calm"
    TRENDING = "trending"
    JUMPY = "jumpy"


_CALMER = 1.0 / 3.0


def paths_of(name: str) -> Mapping[Asset, PathSettings]:
    """How each asset moves in the world of that name; ValueError for a name of none."""
    world = WorldName(name)
    return {asset: _turned(world, settings) for asset, settings in LIFELIKE.items()}


def _turned(world: WorldName, settings: PathSettings) -> PathSettings:
    match world:
        case WorldName.LIFELIKE:
            return settings
        case WorldName.CALM:
            volatility = settings.volatility * _CALMER
            return evolve(settings, volatility=volatility, jumps_per_day=4.0, jump_bps=2.0)
        case WorldName.TRENDING:
            return evolve(settings, trend=0.7)
        case WorldName.JUMPY:
            return evolve(settings, jumps_per_day=300.0, jump_bps=15.0)
