"""Everything a simulated world depends on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen
from attrs.validators import ge, gt, le, min_len

from polytui.model.instrument import Asset, Interval
from polytui.model.instrument import Exchange as Venue
from polytui.model.units import NS_PER_S
from polytui.sim.world.crowd import CrowdSettings
from polytui.sim.world.paths import LIFELIKE, BasisSettings, PathSettings
from polytui.sim.world.resolver import ResolverSettings
from polytui.sim.world.sources import BUSY, THIN, ExchangeSettings

LEAST_HISTORY_S = 180
"""So much of a price file must lie before the world's start: averages and strikes need it."""


@frozen
class WorldSettings:
    """One seed and one start are one world."""

    seed: int
    start_ns: int
    assets: tuple[Asset, ...] = field(validator=min_len(1))
    intervals: tuple[Interval, ...] = field(validator=min_len(1))
    prices: Path | None = None
    """Recorded Chainlink ticks for `prices_asset`; the other assets move by their seed."""
    prices_asset: Asset = Asset.BTC
    rounds_ahead_s: int = field(default=86_400, validator=gt(0))
    """Rounds are listed this long before their open."""
    crowd_ahead: float = field(default=1.5, validator=ge(0.0))
    """A crowd arrives so many interval lengths before the open; earlier books are empty."""
    chainlink_history_s: int = field(default=900, validator=ge(LEAST_HISTORY_S))
    candle_history_s: int = field(default=86_400, validator=ge(3_600))
    """How far candles reach back before the start."""
    paths: Mapping[Asset, PathSettings] = LIFELIKE
    basis: BasisSettings = BasisSettings()
    """Of Binance, the first of the venues; the others' are in `paths.BASES`."""
    venues: tuple[Venue, ...] = tuple(Venue)
    """Exchanges that trade; Binance settles hourly rounds and is always there."""
    messages: float = field(default=THIN, validator=[gt(0.0), le(1.0)])
    """Share of a real day's messages; what moves, and how far, is the same at any."""
    exchanges: Mapping[Asset, ExchangeSettings] = BUSY
    crowd: CrowdSettings = CrowdSettings()
    resolver: ResolverSettings = ResolverSettings()
    beat_s: float = field(default=0.0, validator=ge(0.0))
    """Above 0 all that moves happens on whole multiples of so many seconds (`beats.py`): fewer
    moments, for who plays thousands of rounds and asks nothing that is over within a beat."""
    v2_share: float = field(default=0.0, validator=[ge(0.0), le(1.0)])
    """Share of the rounds that are of the second protocol: position ids, another signature."""

    @property
    def beat_ns(self) -> int:
        return int(self.beat_s * NS_PER_S)
