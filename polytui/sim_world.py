"""Which simulated world a command line asks for, and serving it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import attrs
import trio

from polytui.config.checks import UTC_TIME
from polytui.config.schema import Settings
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.net.clock import WallClock
from polytui.sim.world.demo_world import world_of
from polytui.sim.world.recording import read_prices
from polytui.sim.world.world import WorldSettings

_HISTORY_S = 240
_LEAD_S = 60
"""A demo begins so long before a boundary: time to connect, nothing to wait for."""


def world_settings(
    settings: Settings, intervals: tuple[Interval, ...], prices: Path | None
) -> WorldSettings:
    demo = settings.demo
    return world_of(
        demo,
        seed=demo.seed,
        start_ns=start_ns(demo.start),
        assets=settings.session.assets,
        intervals=intervals,
        prices=prices,
    )


def serve_venue(
    world: WorldSettings,
    *,
    speed: float,
    port: int,
    is_at_machine_time: bool,
    is_hostile: bool,
    v2_share: float,
    heartbeat_s: float,
    is_traded: bool,
    until_stdin_closes: bool,
) -> None:
    """The simulated venue until it is told to end. `is_traded`: its parent sends orders at once."""
    # Here and not above: an engine asks this module for its world and serves nothing.
    from polytui.sim.exchange.rules import ExchangeRules
    from polytui.sim.server.hostility import on_bad_days
    from polytui.sim.server.venue import VenueSettings, serve_forever

    venue = VenueSettings(
        world=attrs.evolve(world, v2_share=v2_share),
        port=port,
        speed=speed,
        is_at_machine_time=is_at_machine_time,
        rules=ExchangeRules(heartbeat_s=heartbeat_s),
    )
    if is_hostile:
        venue = on_bad_days(venue)
    greeting = sys.stderr if sys.stderr.isatty() else None

    async def serve() -> None:
        await serve_forever(
            venue,
            sys.stdout,
            until_stdin_closes=until_stdin_closes,
            is_traded=is_traded,
            greeting=greeting,
        )

    trio.run(serve)


def starting_with(settings: Settings, prices: Path) -> Settings:
    """Begin where the recording has history enough, a minute before a boundary. The recording is
    of BTC; the other assets move by their seed."""
    if Asset.BTC not in settings.session.assets:
        raise Fatal("--prices is a recording of BTC: add btc to --assets, or leave it out")
    first_s = read_prices(prices).first_ns // NS_PER_S
    every_s = Interval.M5.seconds
    boundary_s = -(-(first_s + _HISTORY_S) // every_s) * every_s
    start = _written(boundary_s - _LEAD_S)
    return attrs.evolve(settings, demo=attrs.evolve(settings.demo, start=start))


def check_length(settings: Settings, prices: Path) -> None:
    """Fatal when the recording ends before the rounds that the session is to play."""
    seconds = max(interval.seconds for interval in settings.session.intervals)
    left_s = read_prices(prices).last_ns // NS_PER_S - start_ns(settings.demo.start) // NS_PER_S
    there = max(0, (left_s - _LEAD_S) // seconds)
    if settings.session.rounds > there:
        raise Fatal(f"{prices} has {there} rounds after the start, not {settings.session.rounds}")


def machine_time() -> str:
    """This machine's clock as a world's start: its whole second."""
    return _written(WallClock().now_ns() // NS_PER_S)


def start_ns(text: str) -> int:
    """UTC nanoseconds of "2026-11-20T14:59:00Z"; Fatal with the right form for anything else."""
    if not UTC_TIME.holds(text):
        raise Fatal(f"expected {UTC_TIME.expected}, got start {text!r}")
    return int(datetime.fromisoformat(text).timestamp()) * NS_PER_S


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
