"""What the venues still tell of days that are over, asked of the simulated one."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from small_world import START_NS
from starlette.applications import Starlette

from polytui.backtest.data_set import open_data
from polytui.backtest.played_rounds import STAND_IN
from polytui.backtest.sources.midpoints import AROUND
from polytui.backtest.sources.tables import rows_of
from polytui.config.schema import DemoSettings
from polytui.model.errors import Fatal, Retry
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.net.http import Http, HttpSettings
from polytui.sim.wire.exchanges import Exchanges
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.world.demo_world import world_of
from polytui.sim.world.world import World
from polytui.tools.history import HistoryFetcher, HistoryPlan, HistoryVenues
from polytui.tools.kept_rows import KeptRows
from polytui.venues.binance_rest import Binance
from polytui.venues.polymarket.gamma import Gamma

NOW_NS = START_NS + 540 * NS_PER_S


def test_rows_go_on_where_a_killed_process_left_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    KeptRows(path, ("a", "b")).add([{"a": 1, "b": "x"}, {"a": 2, "b": None}])
    with path.open("ab") as file:
        file.write(b"3,to")
    kept = KeptRows(path, ("a", "b"))
    assert list(kept.rows()) == [("1", "x"), ("2", None)]
    kept.add([{"a": 3, "b": "y"}])
    assert [row[1] for row in rows_of(path, ("a",))] == ["1", "2", "3"]
    with pytest.raises(Fatal, match="has other columns than a, c"):
        KeptRows(path, ("a", "c"))


@pytest.fixture(scope="module")
def venue() -> Starlette:
    """A simulated venue nine minutes after its first round opened."""
    demo = DemoSettings(messages=0.01)
    world = World(
        world_of(demo, seed=5, start_ns=START_NS, assets=(Asset.BTC,), intervals=(Interval.M5,))
    )
    polymarket, exchanges = Polymarket(world), Exchanges(world)
    for event in world.run_until(NOW_NS):
        polymarket.note(event)
        exchanges.note(event)
    mounts = [*polymarket.mounts(), *exchanges.mounts()]
    return Starlette(routes=mounts, exception_handlers=ERROR_HANDLERS)


class Asked:
    """A fetcher over memory: what it asked for, and when the venue goes away."""

    def __init__(self, venue: Starlette, folder: Path, away_after: int = 1_000) -> None:
        self.paths: list[str] = []
        self._inner, self._left = httpx.ASGITransport(venue), away_after
        transport = httpx.MockTransport(self._answer)
        binance, gamma, clob = (
            Http(f"http://venue/{name}", HttpSettings(retry_first_s=0.01), transport)
            for name in ("binance", "gamma", "clob")
        )
        plan = HistoryPlan(
            folder, (Asset.BTC,), (Interval.M5,), START_NS, START_NS + 3_600 * NS_PER_S, NOW_NS
        )
        venues = HistoryVenues(Binance(binance), Gamma(gamma), clob)
        self.fetcher = HistoryFetcher(plan, venues, lambda _: None)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self._left -= 1
        if self._left < 0:
            raise httpx.ConnectError("the network is away", request=request)
        self.paths.append(request.url.path)
        response = await self._inner.handle_async_request(request)
        return httpx.Response(response.status_code, content=await response.aread())


@pytest.mark.trio
async def test_days_that_are_over_are_fetched_once_and_can_be_played(
    venue: Starlette, tmp_path: Path
) -> None:
    first = Asked(venue, tmp_path)
    summary = await first.fetcher.fetch()
    assert (summary["rounds"], summary["midpoints"] >= 5) == (1, True)
    assert summary["candles"] == 3 * 60 + 9
    opens = [int(row[1]) for row in rows_of(tmp_path / "candles-btc.csv", ("open_time",))]
    assert opens == list(range(opens[0], opens[0] + len(opens) * 60_000, 60_000))
    data = open_data([tmp_path])
    assert data.coverage.modelled == (AROUND, STAND_IN)
    assert data.coverage.used == 1
    assert sum(1 for _ in data.moments()) > 1_000
    again = Asked(venue, tmp_path)
    assert "rounds" not in await again.fetcher.fetch()
    assert again.paths == [], "what is there is not asked for again"


@pytest.mark.trio
async def test_a_fetch_that_was_stopped_goes_on(venue: Starlette, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    await Asked(venue, whole).fetcher.fetch()
    parts = tmp_path / "parts"
    parts.mkdir()
    with pytest.raises(Retry):
        await Asked(venue, parts, away_after=2).fetcher.fetch()
    await Asked(venue, parts).fetcher.fetch()
    for path in whole.iterdir():
        assert (parts / path.name).read_bytes() == path.read_bytes()
