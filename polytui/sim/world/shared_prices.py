"""Prices that worlds have in common: those of one seed, asset and beginning.

A price path and the history before a world's first second are functions of time that remember
what was asked for. Whoever plays one world many times, as a comparison of strategies does, makes
them once. They know of each other by identity, so what is forgotten takes what hangs on it along.
"""

from __future__ import annotations

from functools import lru_cache

from polytui.model.instrument import Asset
from polytui.sim.world.candles import TapePast
from polytui.sim.world.paths import BasisSettings, ExchangePath, PathSettings, SyntheticPath
from polytui.sim.world.recording import RecordedPath

_ASSETS = 8
"""So many are kept, some megabytes each."""
_EXCHANGES = 3 * _ASSETS


@lru_cache(_ASSETS)
def chainlink_of(seed: int, asset: Asset, settings: PathSettings, start_s: int) -> SyntheticPath:
    return SyntheticPath(seed, asset, settings, start_s)


@lru_cache(_EXCHANGES)
def exchange_of(
    seed: int,
    asset: Asset,
    chainlink: SyntheticPath | RecordedPath,
    settings: BasisSettings,
    venue: str,
) -> ExchangePath:
    """`venue` is empty for the first of them."""
    return ExchangePath(seed, asset, chainlink, settings, venue)


@lru_cache(_EXCHANGES)
def past_of(
    name: str, path: ExchangePath, size: float, first_s: int, start_s: int, per_s: float
) -> TapePast:
    return TapePast(name, path, size, first_s, start_s, per_s)


def forget_prices() -> None:
    """The next world makes its own."""
    for one in (chainlink_of, exchange_of, past_of):
        one.cache_clear()
