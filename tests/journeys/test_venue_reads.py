"""The public reads of a running venue on a real socket: pages to their end, a past that grows."""

from __future__ import annotations

import json

import httpx
import pytest
import trio

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.sources import THIN
from polytui.sim.world.world import WorldSettings

START_NS = 1_795_204_920 * NS_PER_S
PATIENCE_S = 120.0
"""For a machine that is busy with other things."""


@pytest.mark.trio
async def test_lists_end_and_a_market_has_a_past() -> None:
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M15,), messages=THIN)
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(VenueSettings(world, speed=50.0), task_status=task_status)

            urls: Urls = await nursery.start(run)
            async with httpx.AsyncClient(timeout=30) as http:
                await _look(http, urls)
            nursery.cancel_scope.cancel()


async def _look(http: httpx.AsyncClient, urls: Urls) -> None:
    seen: list[str] = []
    query = {"limit": "40", "closed": "false", "order": "endDate"}
    while True:
        page = (await http.get(f"{urls.gamma}/markets/keyset", params=query)).json()
        seen += [one["conditionId"] for one in page["markets"]]
        if "next_cursor" not in page:
            break
        query["after_cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) > 90
    cursor, known = "MA==", set()
    while cursor != "LTE=":
        page = (await http.get(f"{urls.clob}/markets", params={"next_cursor": cursor})).json()
        known |= {one["condition_id"] for one in page["data"]}
        cursor = page["next_cursor"]
    assert set(seen) <= known
    market = (await http.get(f"{urls.gamma}/markets?limit=1&order=endDate")).json()[0]
    token = json.loads(market["clobTokenIds"])[0]
    # Two world minutes are over in three seconds.
    while True:
        params = {"market": token, "interval": "1h"}
        points = (await http.get(f"{urls.clob}/prices-history", params=params)).json()["history"]
        if len(points) > 2:
            break
    assert all(0 < one["p"] < 1 for one in points)
    assert [one["t"] % 60 for one in points[:-1]] == [0] * (len(points) - 1)
    answer = await http.get(f"{urls.clob}/no-such-route")
    assert (answer.status_code, answer.json()) == (404, {"error": "not found"})
