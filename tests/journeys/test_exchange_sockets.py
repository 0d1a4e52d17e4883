"""The exchanges of a running venue on real loopback sockets: books that are kept and read, and a
client that sends protocol pings alone."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import trio
from test_venue_sockets import open_venue, read_until
from trio_websocket import ConnectionClosed, WebSocketConnection, open_websocket_url


async def asked(socket: WebSocketConnection, frame: dict[str, Any], count: int) -> list[Any]:
    await socket.send_message(json.dumps(frame))
    return await read_until(socket, lambda seen: len(seen) >= count)


@pytest.mark.trio
async def test_books_of_every_exchange_are_told_and_read() -> None:
    async with open_venue() as urls, httpx.AsyncClient() as http:
        older = {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["level2_batch"]}
        async with open_websocket_url(f"{urls.coinbase_exchange_ws}/") as socket:
            _, first, *later = await asked(socket, older, 6)
        assert first["type"] == "snapshot"
        assert {one["type"] for one in later} == {"l2update"}
        bybit = {"op": "subscribe", "args": ["orderbook.200.ETHUSDT", "kline.1.ETHUSDT"]}
        async with open_websocket_url(urls.bybit_ws) as socket:
            answer, *frames = await asked(socket, bybit, 12)
        assert answer["success"] is True
        topics = {one["topic"].split(".")[0] for one in frames}
        assert topics == {"orderbook", "kline"}
        async with open_websocket_url(f"{urls.binance_ws}/ws/btcusdt@depth@100ms") as socket:
            events = await read_until(socket, lambda seen: len(seen) >= 5)
            read = (await http.get(f"{urls.binance_rest}/api/v3/depth?symbol=BTCUSDT")).json()
        assert [len(read[side]) for side in ("bids", "asks")] == [100, 100]
        assert read["lastUpdateId"] >= events[-1]["u"] >= events[0]["U"]
        async with open_websocket_url(f"{urls.binance_ws}/ws-api/v3") as socket:
            (answer,) = await asked(socket, {"id": 1, "method": "time"}, 1)
        assert answer["status"] == 200
        for base, path in (
            (urls.coinbase_exchange_rest, "/products/ETH-USD/book?level=3"),
            (urls.coinbase_rest, "/market/product_book?product_id=ETH-USD"),
            (urls.bybit_rest, "/v5/market/orderbook?category=spot&symbol=ETHUSDT"),
        ):
            assert (await http.get(f"{base}{path}")).status_code == 200


@pytest.mark.trio
async def test_protocol_pings_are_answered_on_every_relay_and_cut_nobody() -> None:
    async with open_venue() as urls:
        for url in (urls.market_ws, urls.rtds_ws, urls.polybolt_ws):
            async with open_websocket_url(url) as socket:
                for payload in (b"a", b"b"):
                    with trio.fail_after(20):
                        await socket.ping(payload)
                await socket.send_message("PING")
                with trio.move_on_after(0.2):
                    try:
                        while True:
                            await socket.get_message()
                    except ConnectionClosed:
                        pytest.fail(f"{url} hung up")
