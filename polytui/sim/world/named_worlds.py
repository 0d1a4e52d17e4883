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

import math
from collections.abc import Mapping
from enum import Enum

from attrs import evolve

from polytui.model.instrument import Asset
from polytui.sim.world.paths import LIFELIKE, PathSettings
from polytui.sim.world.walk import YEAR_S, WalkSettings


class WorldName(str, Enum):
    LIFELIKE = "lifelike"
    CALM = "calm"
    TRENDING = "trending"
    JUMPY = "jumpy"


_CALMER = 1.0 / 3.0
_TREND = 0.9
_LARGE_BPS = 15.0
_LARGE_PER_DAY = 300.0


def paths_of(name: str) -> Mapping[Asset, PathSettings]:
    """How each asset moves in the world of that name; ValueError for a name of none."""
    world = WorldName(name)
    return {
        asset: evolve(settings, walk=_turned(world, settings.walk))
        for asset, settings in LIFELIKE.items()
    }


def _turned(world: WorldName, walk: WalkSettings) -> WalkSettings:
    match world:
        case WorldName.LIFELIKE:
            return walk
        case WorldName.CALM:
            volatility = _whole(walk) * _CALMER
            return evolve(walk, volatility=volatility, jumps_per_day=4.0, jump_bps=2.0)
        case WorldName.TRENDING:
            return evolve(walk, trend=_TREND)
        case WorldName.JUMPY:
            return evolve(
                walk,
                volatility=_whole(walk),
                jumps_per_day=_LARGE_PER_DAY,
                jump_bps=_LARGE_BPS,
            )


def _whole(walk: WalkSettings) -> float:
    """Annualised volatility with the small jumps that a lifelike price has all the time."""
    jumps = walk.jumps_per_day / 86_400 * (walk.jump_bps / 10_000) ** 2 * YEAR_S
    return math.sqrt(walk.volatility**2 + jumps)
