"""The world that a demo's settings ask for."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from polytui.config.schema import DemoSettings
from polytui.model.instrument import Asset, Interval
from polytui.sim.world.crowd import CrowdSettings
from polytui.sim.world.named_worlds import paths_of
from polytui.sim.world.opinion import OpinionSettings
from polytui.sim.world.world import WorldSettings


def world_of(
    demo: DemoSettings,
    *,
    seed: int,
    start_ns: int,
    assets: tuple[Asset, ...],
    intervals: tuple[Interval, ...],
    prices: Path | None = None,
) -> WorldSettings:
    """Its sort of prices, its number of messages and the delay of its crowd."""
    opinion = OpinionSettings(delay_s=demo.crowd_delay_s)
    return WorldSettings(
        seed=seed,
        start_ns=start_ns,
        assets=assets,
        intervals=intervals,
        prices=prices,
        paths=paths_of(demo.world),
        messages=demo.messages,
        crowd=evolve(CrowdSettings(), opinion=opinion),
    )
