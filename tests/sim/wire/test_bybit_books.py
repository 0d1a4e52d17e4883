"""Bybit's depths, tickers and candles, and its reads: one market, in the venue's own words."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.exchanges import BYBIT_PATH, Exchanges
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.spot.bybit_streams import BybitSession
from polytui.sim.world.world import World, WorldSettings

START_NS = 1_795_204_800 * NS_PER_S


class Venue:
    """A world of one asset, and a client that joins once something was quoted."""

    def __init__(self, asset: Asset = Asset.BTC) -> None:
        self.world = World(WorldSettings(5, START_NS, (asset,), (Interval.M5,)))
        self.exchanges = Exchanges(self.world)
        session = self.exchanges.open_session(BYBIT_PATH)
        assert isinstance(session, BybitSession)
        self.session = session
        self.play(5)
        app = Starlette(routes=self.exchanges.mounts(), exception_handlers=ERROR_HANDLERS)
        transport = httpx.ASGITransport(app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://venue/bybit/v5")

    def join(self, *topics: str) -> list[Any]:
        text = json.dumps({"op": "subscribe", "args": topics})
        answer, *first = map(json.loads, self.session.receive(text))
        assert answer["success"], answer
        return first

    def play(self, seconds: float) -> list[tuple[int, Any]]:
        told = []
        for world_event in self.world.run_until(self.world.now_ns + int(seconds * NS_PER_S)):
            self.exchanges.note(world_event)
            texts = self.session.publish(world_event)
            told.extend((world_event.at_ns, json.loads(text)) for text in texts)
        return told

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200
        return answer.json()


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.mark.parametrize("depth", [50, 200, 1000])
@pytest.mark.trio
async def test_each_depth_is_kept_by_its_deltas_as_it_is_read(venue: Venue, depth: int) -> None:
    (snapshot,) = venue.join(f"orderbook.{depth}.BTCUSDT")
    book = {side: dict(snapshot["data"][side]) for side in "ba"}
    told = [frame for _, frame in venue.play(20)]
    assert {frame["type"] for frame in told} == {"delta"}
    updates = [snapshot["data"]["u"], *(frame["data"]["u"] for frame in told)]
    assert all(b == a + 1 for a, b in pairwise(updates))
    for frame in told:
        for side in "ba":
            book[side] |= dict(frame["data"][side])
            book[side] = {price: size for price, size in book[side].items() if size != "0"}
    read = await venue.get("/market/orderbook", category="spot", symbol="BTCUSDT", limit=depth)
    assert {side: dict(read["result"][side]) for side in "ba"} == book
    assert read["result"]["u"] == updates[-1]
    assert [len(book[side]) for side in "ba"] == [depth, depth]


def test_the_best_alone_comes_whole_and_again_where_nothing_moves() -> None:
    venue = Venue(Asset.XRP)
    venue.join("orderbook.1.XRPUSDT")
    told = venue.play(120)
    assert {frame["type"] for _, frame in told} == {"snapshot"}
    assert {len(frame["data"][side]) for _, frame in told for side in "ba"} == {1}
    again = [
        (at_ns, frame)
        for (_, before), (at_ns, frame) in pairwise(told)
        if frame["data"]["u"] == before["data"]["u"]
    ]
    assert again, "nothing was quoted for three seconds, somewhere in two minutes"
    assert all(at_ns // NS_PER_MS - frame["cts"] >= 3_000 for at_ns, frame in again)


@pytest.mark.trio
async def test_tickers_have_the_last_trade_and_the_day(venue: Venue) -> None:
    venue.join("tickers.BTCUSDT", "publicTrade.BTCUSDT")
    told = [frame for _, frame in venue.play(30)]
    trades = [one["data"][0]["p"] for one in told if one["topic"].startswith("publicTrade")]
    tickers = [one["data"] for one in told if one["topic"].startswith("tickers")]
    assert [one["lastPrice"] for one in tickers] == trades
    read = await venue.get("/market/tickers", category="spot", symbol="BTCUSDT")
    (row,) = read["result"]["list"]
    assert (row["lastPrice"], row["highPrice24h"]) == (trades[-1], tickers[-1]["highPrice24h"])
    assert float(row["bid1Price"]) < float(row["ask1Price"])
    assert float(row["lowPrice24h"]) <= float(row["lastPrice"]) <= float(row["highPrice24h"])


@pytest.mark.trio
async def test_a_candle_is_confirmed_once_and_is_then_the_one_that_is_read(venue: Venue) -> None:
    venue.join("kline.1.BTCUSDT")
    told = [frame["data"][0] for _, frame in venue.play(130)]
    confirmed = [one for one in told if one["confirm"]]
    assert len(confirmed) == 2
    rows = (
        await venue.get("/market/kline", category="spot", symbol="BTCUSDT", interval="1", limit=4)
    )["result"]["list"]
    read = {row[0]: row[1:6] for row in rows}
    for one in confirmed:
        names = ("open", "high", "low", "close", "volume")
        assert read[str(one["start"])] == [one[name] for name in names]
    assert len(told) > 100


@pytest.mark.trio
async def test_spot_lists_what_is_traded_and_the_rest_lists_nothing(venue: Venue) -> None:
    spot = await venue.get("/market/instruments-info", category="spot")
    assert [one["symbol"] for one in spot["result"]["list"]] == ["BTCUSDT"]
    assert spot["result"]["list"][0]["priceFilter"]["tickSize"] == "0.01"
    linear = await venue.get("/market/instruments-info", category="linear")
    assert linear["result"] == {"category": "linear", "list": [], "nextPageCursor": ""}


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("/market/orderbook", {"category": "spot", "symbol": "NOPE"}, "Not supported symbols"),
        ("/market/orderbook", {"category": "spot", "symbol": "ETHUSDT"}, "Not supported symbols"),
        ("/market/orderbook", {"category": "linear", "symbol": "BTCUSDT"}, "Not supported"),
        ("/market/orderbook", {"symbol": "BTCUSDT"}, "Illegal category"),
        ("/market/tickers", {"category": "stocks"}, "Illegal category"),
        ("/market/kline", {"symbol": "BTCUSDT", "interval": "2"}, "Invalid period!"),
        ("/market/kline", {"symbol": "BTCUSDT", "interval": "1", "start": "soon"}, "start illegal"),
        ("/market/recent-trade", {"category": "spot", "symbol": "BTCUSDT", "limit": "x"}, "limit"),
        ("/order/realtime", {}, "empty value: apiTimestamp[] apiKey[] apiSignature[]"),
    ],
)
@pytest.mark.trio
async def test_what_is_wrong_has_a_code_and_status_200(
    venue: Venue, path: str, params: dict[str, str], words: str
) -> None:
    document = await venue.get(path, **params)
    assert document["retCode"] == 10001
    assert words in document["retMsg"]


@pytest.mark.trio
async def test_a_wrong_path_is_a_404(venue: Venue) -> None:
    answer = await venue.http.get("/market/nope")
    assert (answer.status_code, answer.json()["retCode"]) == (404, 404)


def test_a_symbol_that_is_not_traded_here_is_none(venue: Venue) -> None:
    text = json.dumps({"op": "subscribe", "args": ["tickers.ETHUSDT"]})
    (answer,) = map(json.loads, venue.session.receive(text))
    assert (answer["success"], answer["ret_msg"]) == (False, "Invalid symbol :[tickers.ETHUSDT]")
