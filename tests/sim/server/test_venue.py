"""The venue's HTTP services in process, against a world the test moves by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from small_world import E18, SmallWorld
from starlette.applications import Starlette

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.sim.server.urls import Urls
from polytui.sim.wire.exchanges import Exchanges
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.world.calendar import SERIES


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


@pytest.fixture
def polymarket(world: SmallWorld) -> Polymarket:
    return Polymarket(world)


@pytest.fixture
async def http(world: SmallWorld, polymarket: Polymarket) -> AsyncIterator[httpx.AsyncClient]:
    routes = [*polymarket.mounts(), *Exchanges(world).mounts()]
    app = Starlette(routes=routes, exception_handlers=ERROR_HANDLERS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://venue") as client:
        yield client


async def fetch(http: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(http: httpx.AsyncClient, path: str, **params: Any) -> tuple[int, Any]:
    answer = await http.get(path, params=params)
    return answer.status_code, answer.json()


class TestGamma:
    @pytest.mark.trio
    async def test_an_event_as_the_venue_writes_it(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        event = await fetch(http, f"/gamma/events/slug/{world.first.slug}")
        assert event["title"] == "Bitcoin Up or Down - November 20, 3:00PM-3:05PM ET"
        assert event["startTime"] == "2026-11-20T20:00:00Z"
        assert event["endDate"] == "2026-11-20T20:05:00Z"
        assert event["startDate"] == "2026-11-19T20:10:00Z"
        assert event["closed"] is False
        assert "eventMetadata" not in event
        assert event["series"][0]["id"] == "10684"
        (market,) = event["markets"]
        assert market["eventStartTime"] == event["startTime"]
        assert market["outcomes"] == '["Up", "Down"]'
        tokens = [world.first.up_token, world.first.down_token]
        assert market["clobTokenIds"] == f'["{tokens[0]}", "{tokens[1]}"]'
        assert market["version"] == "v1"
        assert market["positionIds"] is None
        assert market["conditionId"] == world.first.condition_id
        assert market["feeSchedule"] == {
            "exponent": 1,
            "rate": 0.07,
            "takerOnly": True,
            "rebateRate": 0.2,
        }
        assert market["cryptoMarketConfig"] == {
            "id": "btc-5m-twap-60",
            "asset": "btc",
            "duration": "5m",
            "twapEnabled": True,
            "twapLookbackSeconds": 60,
        }
        assert json.loads(market["outcomePrices"]) == ["0.51", "0.49"]
        assert (market["bestBid"], market["bestAsk"], market["spread"]) == (0.5, 0.52, 0.02)
        assert market["orderPriceMinTickSize"] == 0.01
        assert market["orderMinSize"] == 5

    @pytest.mark.trio
    async def test_strike_comes_late_and_the_end_with_the_resolution(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        world.publish_strike(91_000 * E18 + 25 * 10**16)
        event = await fetch(http, f"/gamma/events/slug/{world.first.slug}")
        assert event["eventMetadata"] == {"priceToBeat": 91000.25}
        world.resolve(Outcome.UP)
        event = await fetch(http, f"/gamma/events/slug/{world.first.slug}")
        assert event["eventMetadata"] == {"priceToBeat": 91000.0, "finalPrice": 91001.5}
        market = event["markets"][0]
        assert (event["closed"], market["closed"], market["acceptingOrders"]) == (True, True, False)
        assert market["outcomePrices"] == '["1", "0"]'
        assert market["umaResolutionStatus"] == "resolved"
        assert market["closedTime"] == "2026-11-20 20:00:04+00"
        assert event["closedTime"] == market["umaEndDate"] == "2026-11-20T20:00:04Z"

    @pytest.mark.trio
    async def test_slugs_may_repeat(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        slugs = [world.second.slug, "no-such-round", world.first.slug]
        events = await fetch(http, "/gamma/events", slug=slugs)
        assert [event["slug"] for event in events] == [world.first.slug, world.second.slug]

    @pytest.mark.trio
    async def test_keyset_pages_by_cursor(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        world.list_round()
        query = {"series_id": "10684", "closed": "false", "order": "endDate", "limit": 2}
        first = await fetch(http, "/gamma/events/keyset", ascending="true", **query)
        assert [one["slug"] for one in first["events"]] == [world.first.slug, world.second.slug]
        cursor = first["next_cursor"]
        last = await fetch(
            http, "/gamma/events/keyset", ascending="true", after_cursor=cursor, **query
        )
        assert len(last["events"]) == 1
        assert "next_cursor" not in last
        newest = await fetch(http, "/gamma/events/keyset", ascending="false", **query)
        assert newest["events"][0]["slug"] == last["events"][0]["slug"]

    @pytest.mark.trio
    async def test_keyset_bounds_by_end(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        page = await fetch(
            http, "/gamma/events/keyset", series_id="10684", end_date_min="2026-11-20T20:05:00.001Z"
        )
        assert [one["slug"] for one in page["events"]] == [world.second.slug]
        other = await fetch(http, "/gamma/events/keyset", series_id="10192")
        assert other["events"] == []

    @pytest.mark.parametrize(
        "params",
        [
            {"offset": 3},
            {"limit": 0},
            {"limit": 101},
            {"limit": "many"},
            {"order": "beauty"},
            {"closed": "maybe"},
            {"end_date_min": "tomorrow"},
            {"after_cursor": "%%%"},
        ],
    )
    @pytest.mark.trio
    async def test_keyset_refuses_what_the_venue_refuses(
        self, http: httpx.AsyncClient, params: dict[str, Any]
    ) -> None:
        status, body = await refused(http, "/gamma/events/keyset", **params)
        assert status == 422
        assert body["type"] == "validation error"

    @pytest.mark.parametrize(
        "path", ["/gamma/events/slug/x", "/gamma/markets/slug/x", "/gamma/series/1"]
    )
    @pytest.mark.trio
    async def test_what_is_not_there(self, http: httpx.AsyncClient, path: str) -> None:
        assert await refused(http, path) == (
            404,
            {"type": "not found error", "error": "not found"},
        )

    @pytest.mark.trio
    async def test_markets_hide_the_closed(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        slug = world.first.slug
        assert len(await fetch(http, "/gamma/markets", slug=slug)) == 1
        world.resolve(Outcome.UP)
        assert await fetch(http, "/gamma/markets", slug=slug) == []
        assert len(await fetch(http, "/gamma/markets", slug=slug, closed="true")) == 1
        assert (await fetch(http, f"/gamma/markets/slug/{slug}"))["closed"] is True

    @pytest.mark.trio
    async def test_series_by_slug_and_id(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        for series in SERIES.values():
            (found,) = await fetch(http, "/gamma/series", slug=series.slug, exclude_events="true")
            assert found["id"] == series.series_id
            assert "events" not in found
        full = await fetch(http, "/gamma/series/10684")
        assert [one["slug"] for one in full["events"]] == list(world.rounds)


class TestClob:
    @pytest.mark.trio
    async def test_small_reads(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        token = world.first.up_token
        assert await fetch(http, "/clob/") == {"version": 2}
        assert await fetch(http, "/clob/version") == {"version": 2}
        assert await fetch(http, "/clob/ok") == "OK"
        assert await fetch(http, "/clob/time") == world.now_ns // 10**9
        assert await fetch(http, "/clob/price", token_id=token, side="BUY") == {"price": "0.5"}
        assert await fetch(http, "/clob/price", token_id=token, side="SELL") == {"price": "0.52"}
        assert await fetch(http, "/clob/midpoint", token_id=token) == {"mid": "0.51"}
        assert await fetch(http, "/clob/spread", token_id=token) == {"spread": "0.02"}
        assert await fetch(http, "/clob/tick-size", token_id=token) == {"minimum_tick_size": 0.01}
        assert await fetch(http, "/clob/neg-risk", token_id=token) == {"neg_risk": False}
        assert await fetch(http, "/clob/fee-rate", token_id=token) == {"base_fee": 1000}

    @pytest.mark.trio
    async def test_last_trade(
        self, world: SmallWorld, polymarket: Polymarket, http: httpx.AsyncClient
    ) -> None:
        path = "/clob/last-trade-price"
        up, down = world.first.up_token, world.first.down_token
        assert await fetch(http, path, token_id=up) == {"price": "0.5", "side": ""}
        polymarket.note(world.sweep(Outcome.UP, Side.BUY, 520_000, 10))
        assert await fetch(http, path, token_id=up) == {"price": "0.52", "side": "BUY"}
        assert await fetch(http, path, token_id=down) == {"price": "0.48", "side": "SELL"}
        book = await fetch(http, "/clob/book", token_id=down)
        assert book["last_trade_price"] == "0.480"

    @pytest.mark.trio
    async def test_parameters_and_market(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        condition = world.first.condition_id
        detail = await fetch(http, f"/clob/clob-markets/{condition}")
        assert detail["t"] == [
            {"t": world.first.up_token, "o": "Up"},
            {"t": world.first.down_token, "o": "Down"},
        ]
        assert detail["fd"] == {"r": 0.07, "e": 1, "to": True}
        assert (detail["mts"], detail["mos"], detail["itode"], detail["v"]) == (0.01, 5, True, "v1")
        world.refine()
        assert (await fetch(http, f"/clob/clob-markets/{condition}"))["mts"] == 0.001
        market = await fetch(http, f"/clob/markets/{condition}")
        assert [one["winner"] for one in market["tokens"]] == [False, False]
        assert [one["price"] for one in market["tokens"]] == [0.51, 0.49]
        world.resolve(Outcome.DOWN)
        market = await fetch(http, f"/clob/markets/{condition}")
        assert (market["closed"], market["accepting_orders"]) == (True, False)
        assert [(one["winner"], one["price"]) for one in market["tokens"]] == [
            (False, 0),
            (True, 1),
        ]

    @pytest.mark.trio
    async def test_books_leave_out_what_they_do_not_know(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        tokens = ["7", world.second.down_token, world.first.up_token]
        answer = await http.post("/clob/books", json=[{"token_id": token} for token in tokens])
        assert [book["asset_id"] for book in answer.json()] == tokens[1:]
        many = [{"token_id": "7"}] * 501
        answer = await http.post("/clob/books", json=many)
        assert (answer.status_code, answer.json()) == (400, {"error": "Payload exceeds the limit"})
        answer = await http.post("/clob/books", content=b"{")
        assert (answer.status_code, answer.json()) == (400, {"error": "Invalid payload"})

    @pytest.mark.trio
    async def test_errors(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        no_book = (404, {"error": "No orderbook exists for the requested token id"})
        missing = (404, {"error": "market not found"})
        assert await refused(http, "/clob/book", token_id="7") == no_book
        assert await refused(http, "/clob/midpoint") == (400, {"error": "Invalid token id"})
        assert await refused(http, "/clob/markets/0x1") == missing
        assert await refused(http, "/clob/clob-markets/0x1") == missing
        assert await refused(http, "/clob/tick-size", token_id="7") == missing
        assert await refused(http, "/clob/fee-rate", token_id="7") == (
            404,
            {"error": "fee rate not found for market"},
        )
        assert await refused(http, "/clob/price", token_id=world.first.up_token, side="HOLD") == (
            400,
            {"error": "Invalid side"},
        )
        world.resolve(Outcome.UP)
        assert await refused(http, "/clob/book", token_id=world.first.up_token) == no_book

    @pytest.mark.trio
    async def test_the_primary_token_is_only_the_smaller_number(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        found = await fetch(http, f"/clob/markets-by-token/{world.first.down_token}")
        assert int(found["primary_token_id"]) < int(found["secondary_token_id"])
        assert found["condition_id"] == world.first.condition_id


class TestUnrouted:
    @pytest.mark.parametrize("path", ["/clob/nothing", "/nothing", "/data-api/v1/x"])
    @pytest.mark.trio
    async def test_an_unknown_path_is_json(self, http: httpx.AsyncClient, path: str) -> None:
        assert await refused(http, path) == (404, {"error": "not found"})

    @pytest.mark.trio
    async def test_gamma_says_what_sort_of_error(self, http: httpx.AsyncClient) -> None:
        status, body = await refused(http, "/gamma/nothing")
        assert (status, body) == (404, {"type": "not found error", "error": "not found"})

    @pytest.mark.trio
    async def test_another_method_is_json_and_names_the_right_one(
        self, http: httpx.AsyncClient
    ) -> None:
        answer = await http.delete("/clob/book")
        assert (answer.status_code, answer.json()) == (405, {"error": "method not allowed"})
        assert "GET" in answer.headers["allow"]


class TestBinance:
    @pytest.mark.trio
    async def test_klines_have_twelve_columns_and_a_weight(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        params = {"symbol": "BTCUSDT", "interval": "1m", "limit": 3}
        answer = await http.get("/binance/api/v3/klines", params=params)
        rows = answer.json()
        assert [row[0] for row in rows] == [
            (world.now_ns // 60_000_000_000 - back) * 60_000 for back in (2, 1, 0)
        ]
        assert rows[0] == [
            rows[0][0],
            "100.00000000",
            "102.00000000",
            "99.00000000",
            "101.50000000",
            "2.00000000",
            rows[0][0] + 59_999,
            "201.50000000",
            7,
            "1.00000000",
            "100.75000000",
            "0",
        ]
        assert answer.headers["x-mbx-used-weight-1m"] == "2"
        answer = await http.get("/binance/api/v3/ping")
        assert answer.json() == {}
        assert answer.headers["x-mbx-used-weight-1m"] == "3"

    @pytest.mark.trio
    async def test_klines_from_a_start_are_the_oldest_first(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        start_ms = world.now_ns // 10**6 - 3_600_000
        rows = await fetch(
            http,
            "/binance/api/v3/klines",
            symbol="ETHUSDT",
            interval="5m",
            startTime=start_ms,
            limit=2,
        )
        assert len(rows) == 2
        assert 0 <= rows[0][0] - start_ms < 300_000

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"interval": "1m"}, -1102),
            ({"symbol": "MOONUSDT", "interval": "1m"}, -1121),
            ({"symbol": "BTCUSDT", "interval": "7m"}, -1120),
            ({"symbol": "BTCUSDT", "interval": "1m", "limit": "x"}, -1100),
        ],
    )
    @pytest.mark.trio
    async def test_errors(self, http: httpx.AsyncClient, params: dict[str, Any], code: int) -> None:
        status, body = await refused(http, "/binance/api/v3/klines", **params)
        assert (status, body["code"]) == (400, code)
        assert body["msg"]

    @pytest.mark.trio
    async def test_time_and_exchange_info(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        now = await fetch(http, "/binance/api/v3/time")
        assert now == {"serverTime": world.now_ns // 10**6}
        every = await fetch(http, "/binance/api/v3/exchangeInfo")
        names = [one["symbol"] for one in every["symbols"]]
        assert names == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"]
        one = await fetch(http, "/binance/api/v3/exchangeInfo", symbol="SOLUSDT")
        assert [symbol["status"] for symbol in one["symbols"]] == ["TRADING"]


def test_urls_are_one_json_line() -> None:
    urls = Urls(
        *(f"http://{name}" for name in "abcdefghijklmnopqrs"),
        epoch_ns=1,
        anchor_ns=2,
        speed=20.0,
        control_token="t",
    )
    line = urls.to_json()
    assert "\n" not in line
    assert Urls(**json.loads(line)) == urls
