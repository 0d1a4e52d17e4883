"""A running venue on real loopback sockets, at fifty times the speed: every route, every stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.sources import THIN
from polytui.sim.world.world import WorldSettings

START_NS = 1_795_204_920 * NS_PER_S  # two minutes into a round
PATIENCE_S = 180.0
"""For a machine that is busy with other things."""
TOLD = {"price_change", "best_bid_ask", "last_trade_price", "book"}
"""Kinds of what a market channel says by itself."""
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def venue_settings(
    late_s: int = 0, messages: float = THIN, *, is_small: bool = False, **changes: Any
) -> VenueSettings:
    world = WorldSettings(
        seed=7,
        start_ns=START_NS + late_s * NS_PER_S,
        assets=(Asset.BTC,) if is_small else (Asset.BTC, Asset.ETH),
        intervals=(Interval.M5,) if is_small else (Interval.M5, Interval.M15),
        messages=messages,
    )
    return VenueSettings(world=world, **{"speed": 50.0, **changes})


@asynccontextmanager
async def open_venue(
    late_s: int = 0, messages: float = THIN, *, is_small: bool = False
) -> AsyncIterator[Urls]:
    """`late_s`: into the time that is left of the round of five minutes. Small: of one asset and
    one interval, for whoever waits for minutes of it on a busy machine."""
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                settings = venue_settings(late_s, messages, is_small=is_small)
                await run_venue(settings, task_status=task_status)

            yield await nursery.start(run)
            nursery.cancel_scope.cancel()


def given(urls: Urls) -> dict[str, str]:
    return {"Authorization": f"Bearer {urls.control_token}"}


async def read_until(
    socket: WebSocketConnection, is_enough: Callable[[list[Any]], bool]
) -> list[Any]:
    seen: list[Any] = []
    while not is_enough(seen):
        text = await socket.get_message()
        seen.append(json.loads(text) if text[:1] in ("{", "[") else text)
    return seen


async def open_round(http: httpx.AsyncClient, urls: Urls) -> dict[str, Any]:
    """The market of the 5m round of BTC that closes next, by way of the series."""
    series = (
        await http.get(f"{urls.gamma}/series?slug=btc-up-or-down-5m&exclude_events=true")
    ).json()
    query = f"series_id={series[0]['id']}&closed=false&order=endDate&ascending=true&limit=3"
    since = (
        f"&end_date_min={(await http.get(f'{urls.clob}/time')).json() and '2026-11-20T20:02:00Z'}"
    )
    page = (await http.get(f"{urls.gamma}/events/keyset?{query}{since}")).json()
    market: dict[str, Any] = page["events"][0]["markets"][0]
    return market


@pytest.mark.trio
async def test_the_market_channel_over_a_socket() -> None:
    async with open_venue() as urls, httpx.AsyncClient() as http:
        tokens = json.loads((await open_round(http, urls))["clobTokenIds"])
        async with open_websocket_url(urls.market_ws) as socket:
            frame = {"type": "market", "assets_ids": tokens, "custom_feature_enabled": True}
            await socket.send_message(json.dumps(frame))
            await socket.send_message("PING")
            frames = await read_until(
                socket,
                lambda seen: "PONG" in seen and {_kind(one) for one in seen} >= TOLD,
            )
        assert [book["asset_id"] for book in frames[0]] == tokens
        changes = [one for one in frames if _kind(one) == "price_change"]
        assert all(len(one["price_changes"]) == 2 for one in changes)


def _kind(frame: Any) -> str:
    return str(frame.get("event_type")) if isinstance(frame, dict) else ""


@pytest.mark.trio
async def test_the_price_relays_over_sockets() -> None:
    async with open_venue() as urls:
        async with open_websocket_url(urls.rtds_ws) as socket:
            filters = '{"symbol":"eth/usd"}'
            entry = {"topic": "crypto_prices_twap_sixty", "type": "update", "filters": filters}
            await socket.send_message(json.dumps({"action": "subscribe", "subscriptions": [entry]}))
            blank, history, update = await read_until(socket, lambda seen: len(seen) == 3)
        assert blank == ""
        assert len(history["payload"]["data"]) > 50
        assert update["payload"]["window_s"] == 60
        async with open_websocket_url(urls.polybolt_ws) as socket:
            given = {"apiKey": "k", "secret": "s", "passphrase": "p"}
            await socket.send_message(json.dumps({"op": "auth", "rid": "1", "auth": given}))
            item = {"channel": "price.crypto", "filter": {"symbol": "btcusd"}}
            ask = {"op": "subscribe", "rid": "2", "subscriptions": [item]}
            await socket.send_message(json.dumps(ask))
            frames = await read_until(socket, lambda seen: len(seen) == 5)
        assert [one.get("op") for one in frames[:2]] == ["authed", "subscribed"]
        assert frames[2]["snapshot"] is True
        assert [one["seq"] for one in frames[2:]] == [1, 2, 3]


@pytest.mark.trio
async def test_binance_over_a_socket_and_its_klines() -> None:
    async with open_venue() as urls, httpx.AsyncClient() as http:
        target = "stream?streams=btcusdt@aggTrade/ethusdt@bookTicker"
        async with open_websocket_url(f"{urls.binance_ws}/{target}") as socket:
            await socket.send_message('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            frames = await read_until(
                socket,
                lambda seen: {"btcusdt@aggTrade", "ethusdt@bookTicker", None} <= _streams(seen),
            )
        trades = [one["data"] for one in frames if one.get("stream") == "btcusdt@aggTrade"]
        ids = [one["a"] for one in trades]
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        answer = await http.get(
            f"{urls.binance_rest}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=5"
        )
        rows = answer.json()
        assert [len(row) for row in rows] == [12] * 5
        assert int(answer.headers["x-mbx-used-weight-1m"]) >= 2
        assert abs(float(trades[-1]["p"]) - float(rows[-1][4])) < float(rows[-1][4]) * 0.01


def _streams(frames: list[Any]) -> set[str | None]:
    return {one.get("stream") for one in frames}


@pytest.mark.trio
async def test_rest_and_stream_books_agree() -> None:
    async with open_venue() as urls, httpx.AsyncClient() as http:
        market = await open_round(http, urls)
        tokens = json.loads(market["clobTokenIds"])
        asked = [{"token_id": token} for token in tokens]
        books = (await http.post(f"{urls.clob}/books", json=asked)).json()
        assert [book["asset_id"] for book in books] == tokens
        up, down = books
        assert [level["size"] for level in up["bids"]] == [level["size"] for level in down["asks"]]
        assert float(up["bids"][-1]["price"]) < float(up["asks"][-1]["price"])
        for path, key in (("price", "price"), ("midpoint", "mid"), ("spread", "spread")):
            answer = await http.get(
                f"{urls.clob}/{path}", params={"token_id": tokens[0], "side": "BUY"}
            )
            assert 0 < float(answer.json()[key]) < 1
        detail = (await http.get(f"{urls.clob}/clob-markets/{market['conditionId']}")).json()
        assert [one["t"] for one in detail["t"]] == tokens


@pytest.mark.trio
async def test_a_round_opens_closes_and_is_resolved_everywhere() -> None:
    async with open_venue(120, 0.005, is_small=True) as urls, httpx.AsyncClient() as http:
        market = await open_round(http, urls)
        tokens = json.loads(market["clobTokenIds"])
        async with open_websocket_url(urls.market_ws) as socket:
            frame = {"type": "market", "assets_ids": tokens, "custom_feature_enabled": True}
            await socket.send_message(json.dumps(frame))
            frames = await read_until(
                socket, lambda seen: bool(seen) and _kind(seen[-1]) == "market_resolved"
            )
        resolved = frames[-1]
        event = (await http.get(f"{urls.gamma}/events/slug/{market['slug']}")).json()
        assert event["closed"] is True
        metadata = event["eventMetadata"]
        is_up = metadata["finalPrice"] >= metadata["priceToBeat"]
        assert resolved["winning_outcome"] == ("Up" if is_up else "Down")
        prices = json.loads(event["markets"][0]["outcomePrices"])
        assert prices == (["1", "0"] if is_up else ["0", "1"])
        detail = (await http.get(f"{urls.clob}/markets/{market['conditionId']}")).json()
        winners = [one["token_id"] for one in detail["tokens"] if one["winner"]]
        assert winners == [resolved["winning_asset_id"]]
        gone = await http.get(f"{urls.clob}/book", params={"token_id": tokens[0]})
        assert gone.status_code == 404


async def upgrade(urls: Urls, path: str) -> trio.SocketStream:
    """A WebSocket as bare TCP, its upgrade answered: what a venue really puts on the line."""
    host, port = urls.rtds_ws.removeprefix("ws://").split("/")[0].split(":")
    stream = await trio.open_tcp_stream(host, int(port))
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in UPGRADE.items())]
    await stream.send_all("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += await stream.receive_some(1)
    assert answer.startswith(b"HTTP/1.1 101 ")
    return stream


async def read_to_end(stream: trio.SocketStream) -> bytes:
    return b"".join([bytes(chunk) async for chunk in stream])


@pytest.mark.trio
async def test_drop_cuts_every_socket_without_a_closing_frame() -> None:
    async with open_venue() as urls, httpx.AsyncClient() as http:
        async with (
            await upgrade(urls, "/rtds") as relay,
            await upgrade(urls, "/ws/market") as books,
        ):
            answer = await http.post(
                f"{urls.control}/drop", json={"who": "all"}, headers=given(urls)
            )
            assert answer.json() == {"dropped": 2}
            # The relay's blank text frame and nothing after it; the market channel never spoke.
            assert await read_to_end(relay) == b"\x81\x00"
            assert await read_to_end(books) == b""
        again = await http.post(f"{urls.control}/drop", json={"who": "all"}, headers=given(urls))
        assert again.json() == {"dropped": 0}
        async with open_websocket_url(f"{urls.binance_ws}/ws/btcusdt@trade") as socket:
            assert "e" in json.loads(await socket.get_message())


@pytest.mark.trio
async def test_mute_keeps_sockets_open_and_answering_but_silent() -> None:
    async with (
        open_venue() as urls,
        httpx.AsyncClient() as http,
        open_websocket_url(f"{urls.binance_ws}/ws/btcusdt@trade") as socket,
    ):
        await socket.get_message()
        before = trio.current_time()
        await http.post(
            f"{urls.control}/mute", json={"who": "binance", "seconds": 1}, headers=given(urls)
        )
        await socket.send_message('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        await read_until(socket, lambda seen: bool(seen) and "result" in seen[-1])
        await socket.get_message()
        assert trio.current_time() - before > 0.9, "however late the answers came"


@pytest.mark.trio
async def test_bad_orders_to_the_control_are_refused() -> None:
    async with open_venue() as urls, httpx.AsyncClient() as http:
        for path, order in (("drop", {"who": "moon"}), ("mute", {"who": "all"}), ("drop", [])):
            answer = await http.post(f"{urls.control}/{path}", json=order, headers=given(urls))
            assert answer.status_code == 400
            assert answer.json()["error"]


@pytest.mark.trio
async def test_an_unknown_path_is_refused() -> None:
    async with open_venue() as urls, httpx.AsyncClient() as http:
        base = urls.rtds_ws.removesuffix("/rtds")
        answer = await http.get(
            f"{base.replace('ws', 'http', 1)}/nowhere",
            headers=UPGRADE,
        )
        assert answer.status_code == 404


@pytest.mark.trio
async def test_a_port_in_use_is_one_clear_line() -> None:
    with trio.fail_after(PATIENCE_S):
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        async with listeners[0]:
            port = listeners[0].socket.getsockname()[1]
            with pytest.raises(Fatal, match=f"^port {port} on 127.0.0.1 is in use; .*$"):
                await run_venue(venue_settings(port=port))
