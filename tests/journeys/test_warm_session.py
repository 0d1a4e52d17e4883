"""A live session over loopback: connections stand before its first order, and are kept."""

from __future__ import annotations

import attrs
import pytest
import trio
from live_accounts import control

from polytui.config.schema import EndpointSettings, Settings
from polytui.execution.arming import arm_simulated
from polytui.execution.client import AccountNeeds
from polytui.execution.live import open_live
from polytui.execution.throwaway import throwaway_wallet
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock
from polytui.net.http import Http
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.world import WorldSettings

pytestmark = pytest.mark.trio
START_NS = 1_795_204_800 * NS_PER_S
LINES = 3


def endpoints(urls: Urls) -> EndpointSettings:
    names = {one.name for one in attrs.fields(EndpointSettings)}
    return EndpointSettings(**{k: v for k, v in attrs.asdict(urls).items() if k in names})


async def test_lines_stand_before_the_first_order_and_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("polytui.net.http_lines._TEND_EVERY_S", 0.05)
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,))
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(VenueSettings(world), task_status=task_status)

            urls: Urls = await nursery.start(run)
            wallet = throwaway_wallet("somebody's token")
            await control(
                urls, "/faucet", owner=wallet.owner, wallet=wallet.funder,
                signature_type=int(wallet.kind), dollars="100",
            )  # fmt: skip
            needs = AccountNeeds(
                Settings(endpoints=endpoints(urls)),
                Clock(urls.epoch_ns, urls.anchor_ns, urls.speed),
                armed=arm_simulated(wallet, None, [urls.clob]),
                session="a session",
            )
            async with open_live(needs):
                lines = needs.pools.get(urls.clob, Http).lines  # type: ignore[arg-type]
                assert lines.opened == LINES
                while line := lines.take():
                    await line.close()  # as a venue does that has heard nothing for long
                while lines.opened < 2 * LINES:
                    await trio.sleep(0.01)
            assert lines.asked >= 2 * LINES
            await needs.pools.close()
            nursery.cancel_scope.cancel()
