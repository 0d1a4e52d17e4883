"""Prices that worlds have in common: those of one seed and asset that begin in the same hour.

A price path and the history before a world's first second are functions of time that remember
what was asked for. Whoever plays one world many times, as a comparison of strategies does, makes
them once, and so do sessions that follow each other within the hour. They know of each other by
identity, so what is forgotten takes what hangs on it along.
"""

from __future__ import annotations

from functools import lru_cache

from polytui.model.instrument import Asset
from polytui.sim.world.candles import TapeHistory
from polytui.sim.world.paths import BasisSettings, ExchangePath, PathSettings, SyntheticPath
from polytui.sim.world.recording import RecordedPath
from polytui.sim.world.swings import HOUR_S
from polytui.sim.world.walk import anchor_of

_ASSETS = 8
"""So many are kept, some megabytes each."""
_EXCHANGES = 3 * _ASSETS


def chainlink_of(seed: int, asset: Asset, settings: PathSettings, start_s: int) -> SyntheticPath:
    """It is the same for every start within an hour, its anchor."""
    return _anchored(seed, asset, settings, anchor_of(start_s))


@lru_cache(_ASSETS)
def _anchored(seed: int, asset: Asset, settings: PathSettings, anchor: int) -> SyntheticPath:
    return SyntheticPath(seed, asset, settings, anchor * HOUR_S + 1)


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
def history_of(name: str, path: ExchangePath, size: float, per_s: float) -> TapeHistory:
    return TapeHistory(name, path, size, per_s)


def forget_prices() -> None:
    """The next world makes its own."""
    for one in (_anchored, exchange_of, history_of):
        one.cache_clear()
