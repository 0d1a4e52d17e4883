"""A newcomer at the venue, over real sockets: from a key of his own to shares in his wallet."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trio
from stranger import Stranger
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from polytui.model.instrument import Asset, Interval
from polytui.net.clock import WallClock
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.wire.desk.desk import DeskSettings
from polytui.sim.wire.desk.user_channel import UserChannelSettings
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.world.world import WorldSettings

pytestmark = pytest.mark.trio
START_NS = 1_795_204_860 * 10**9
SPEED = 40.0
ROUND = "btc-updown-5m-1795204800"


class Newcomer:
    """Somebody with an address of the venue, and no key yet."""

    def __init__(self, urls: Urls, http: httpx.AsyncClient) -> None:
        self.urls = urls
        self.http = http
        # Who does not know that the world has a time of its own stamps with the machine's.
        self.stranger = Stranger(http, 77, lambda: WallClock().now_ns() // 10**9)
        self.tokens: list[str] = []

    async def control(self, route: str, **document: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.urls.control_token}"}
        answer = await self.http.post(f"/control/{route}", json=document, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def find_round(self) -> None:
        answer = await self.http.get(f"/gamma/events/slug/{ROUND}")
        self.tokens = json.loads(answer.json()["markets"][0]["clobTokenIds"])

    async def best_ask(self) -> float:
        answer = await self.http.get("/clob/price", params=self._asked("SELL"))
        return float(answer.json()["price"])

    def _asked(self, side: str) -> dict[str, str]:
        return {"token_id": self.tokens[0], "side": side}


@asynccontextmanager
async def newcomer(
    desk: DeskSettings | None = None, *, dollars: str = "1000"
) -> AsyncIterator[Newcomer]:
    """With a key and money, at a venue that plays forty times as fast."""
    await load_ethereum()
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,))
    settings = VenueSettings(world, speed=SPEED, desk=desk or DeskSettings())
    with trio.fail_after(40):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(settings, task_status=task_status)

            urls = await nursery.start(run)
            parts = urlsplit(urls.clob)
            base = f"http://{parts.netloc}"
            async with httpx.AsyncClient(base_url=base, timeout=10) as http:
                one = Newcomer(urls, http)
                await one.stranger.come_in()
                await one.control("faucet", owner=one.stranger.address, dollars=dollars)
                await one.find_round()
                yield one
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def user_socket(urls: Urls) -> AsyncIterator[WebSocketConnection]:
    """Over a stream of our own: the library leaves one open where the server hangs up first."""
    parts = urlsplit(urls.user_ws)
    assert parts.port is not None
    stream = await trio.open_tcp_stream("127.0.0.1", parts.port)
    async with stream, trio.open_nursery() as nursery:
        yield await wrap_client_stream(nursery, stream, parts.netloc, parts.path)
        nursery.cancel_scope.cancel()


async def frames_until(socket: WebSocketConnection, kind: str, **wanted: str) -> list[Any]:
    """Everything up to a frame of this kind in which these values stand."""
    frames = []
    while True:
        frame = json.loads(await socket.get_message())
        frames.append(frame)
        if frame["event_type"] == kind and wanted.items() <= frame.items():
            return frames


async def test_a_newcomer_trades_with_the_crowd() -> None:
    async with newcomer() as one:
        anna = one.stranger
        token = one.tokens[0]
        async with user_socket(one.urls) as socket:
            await socket.send_message(anna.subscription())
            await socket.send_message("PING")
            assert await socket.get_message() == "PONG"
            # A bid far below rests; one for twenty dollars at any price takes from the crowd.
            resting = await anna.place(anna.order(token, "BUY", 0.1, 10, postOnly=True))
            assert resting["status"] == "live"
            (placement,) = await frames_until(socket, "order", type="PLACEMENT")
            assert placement["id"] == resting["orderID"]
            taken = await anna.place(anna.order(token, "BUY", 19.8, 20, "FAK"))
            assert taken["status"] == "matched"
            bought = float(taken["takingAmount"])
            spent = float(taken["makingAmount"])
            assert bought > 0
            trade_ids = set(taken["tradeIDs"])
            mined: set[str] = set()
            while mined != trade_ids:
                frame = (await frames_until(socket, "trade", status="MINED"))[-1]
                assert frame["trader_side"] == "TAKER"
                assert frame["transaction_hash"].startswith("0x")
                mined.add(frame["id"])
        held = await anna.read("/balance-allowance", asset_type="CONDITIONAL", token_id=token)
        assert int(held["balance"]) == round(bought * 10**6)
        left = await anna.read("/balance-allowance", asset_type="COLLATERAL")
        fees = 1000 - spent - int(left["balance"]) / 10**6
        assert 0 < fees < spent * 0.07
        cancelled = await anna.ask("DELETE", "/cancel-all")
        assert cancelled.json()["canceled"] == [resting["orderID"]]
        rows = (await anna.read("/data/trades"))["data"]
        assert {row["id"] for row in rows} == trade_ids


async def test_an_answer_that_is_lost_leaves_an_order_that_is_there() -> None:
    async with newcomer() as one:
        anna = one.stranger
        await one.control("orders", kind="lose_answer")
        order = anna.order(one.tokens[0], "BUY", 0.1, 10)
        with pytest.raises(httpx.RemoteProtocolError):
            await anna.ask("POST", "/order", order)
        (row,) = (await anna.read("/data/orders"))["data"]
        again = await anna.ask("POST", "/order", order)
        assert again.status_code == 400
        assert again.json()["error"] == f"order {row['id']} is invalid. Duplicated."


async def test_wrong_credentials_are_shown_the_door() -> None:
    async with newcomer() as one, user_socket(one.urls) as socket:
        auth = {"apiKey": "x", "secret": "y", "passphrase": "z"}
        await socket.send_message(json.dumps({"type": "user", "auth": auth}))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.get_message()
        assert closed.value.reason.code == 1008


async def test_the_user_channel_may_fall_silent() -> None:
    async with newcomer() as one, user_socket(one.urls) as socket:
        anna = one.stranger
        await socket.send_message(anna.subscription())
        await socket.send_message("PING")
        assert await socket.get_message() == "PONG"
        await one.control("mute", who="user", seconds=60)
        await anna.place(anna.order(one.tokens[0], "BUY", 0.1, 10))
        await socket.send_message("PING")
        assert await socket.get_message() == "PONG"
        with trio.move_on_after(0.5):
            raise AssertionError(await socket.get_message())


async def test_a_hostile_channel_still_tells_everything() -> None:
    desk = DeskSettings(UserChannelSettings(is_hostile=True), linger_s=0.02)
    async with newcomer(desk) as one, user_socket(one.urls) as socket:
        anna = one.stranger
        await socket.send_message(anna.subscription())
        placed = set()
        for _ in range(12):
            answer = await anna.place(anna.order(one.tokens[0], "BUY", 0.1, 10))
            placed.add(answer["orderID"])
        await anna.ask("DELETE", "/cancel-all")
        gone: set[str] = set()
        while gone != placed:
            frame = json.loads(await socket.get_message())
            if frame["type"] == "CANCELLATION":
                gone.add(frame["id"])


@pytest.mark.parametrize("path", ["/clob/nothing", "/clob/data/nothing", "/control/nothing"])
async def test_a_path_that_nobody_serves_is_json(path: str) -> None:
    async with newcomer() as one:
        answer = await one.http.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "not found"})
        wrong = await one.http.put("/clob/order")
        assert (wrong.status_code, wrong.json()) == (405, {"error": "method not allowed"})
