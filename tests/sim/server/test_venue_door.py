"""The simulated venue over real loopback sockets, asked by those for whom it is not."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio

from polytui.model.instrument import Asset, Interval
from polytui.net.guard import DoorSettings
from polytui.net.serve import ServeSettings
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.world import WorldSettings

pytestmark = pytest.mark.trio
START_NS = 1_795_204_800 * 10**9
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError)
_ORDER = b'{"who":"all"}'


@asynccontextmanager
async def open_venue(**settings: Any) -> AsyncIterator[Urls]:
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,))
    with trio.fail_after(40):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(VenueSettings(world, **settings), task_status=task_status)

            yield await nursery.start(run)
            nursery.cancel_scope.cancel()


async def status_of(url: str, head: str, body: bytes = b"") -> int:
    """Of one raw request; 0 where the connection was ended without an answer."""
    parts = urlsplit(url)
    assert parts.port is not None
    stream = await trio.open_tcp_stream("127.0.0.1", parts.port)
    async with stream:
        with suppress(*_GONE):
            await stream.send_all(head.encode("latin-1") + b"\r\n" + body)
        answer = b""
        with suppress(*_GONE):
            while b"\r\n" not in answer and (chunk := await stream.receive_some(4096)):
                answer += chunk
        return int(answer.split()[1]) if answer else 0


def given(urls: Urls) -> tuple[str, str]:
    return f"Authorization: Bearer {urls.control_token}", "Content-Type: application/json"


def drop(urls: Urls, *lines: str, length: int = len(_ORDER)) -> str:
    host = urlsplit(urls.control).netloc
    given = [line for line in lines if line]
    if not any(line.startswith("Host:") for line in given):
        given.append(f"Host: {host}")
    return "\r\n".join(["POST /control/drop HTTP/1.1", *given, f"Content-Length: {length}", ""])


async def test_who_may_make_trouble() -> None:
    async with open_venue() as urls:
        token, json = (
            f"Authorization: Bearer {urls.control_token}",
            "Content-Type: application/json",
        )
        own = f"Origin: http://{urlsplit(urls.control).netloc}"
        for lines, status in (
            ((token, json), 200),
            ((token, json, own), 200),
            ((token, f"{json}; charset=utf-8"), 200),
            ((json,), 401),
            (("Authorization: Bearer x", json), 401),
            ((f"Authorization: {urls.control_token}", json), 401),
            ((token, "Content-Type: text/plain"), 415),
            ((token,), 415),
            ((token, json, "Origin: https://evil.example"), 403),
            ((token, json, "Origin: null"), 403),
            ((token, json, "Origin: http://127.0.0.1:1"), 403),
            ((token, json, "Host: evil.example"), 403),
            ((token, json, "Host: 127.0.0.1.evil.example"), 403),
            ((token, json, "Host: 127.0.0.1@evil.example"), 403),
            ((token, json, "Host: localhost"), 200),
        ):
            assert await status_of(urls.control, drop(urls, *lines), _ORDER) == status, lines
        assert urls.control_token not in (urls.gamma, urls.control)
    async with open_venue() as other:
        assert other.control_token != urls.control_token


async def test_questions_from_pages_are_refused_as_well() -> None:
    async with open_venue() as urls:
        host = urlsplit(urls.gamma).netloc
        for line, status in (
            (f"Host: {host}", 200),
            ("Host: rebound.evil.example", 403),
            (f"Host: {host}\r\nOrigin: https://evil.example", 403),
            (f"Host: {host}\r\nHost: evil.example", 400),
        ):
            head = f"GET /clob/time HTTP/1.1\r\n{line}\r\n"
            assert await status_of(urls.clob, head) in (status, 400 if status == 400 else status)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("", "", 101),
        ("evil.example", "", 403),
        ("", "https://evil.example", 403),
        ("\xff\xfe", "", 400),
    ],
)
async def test_upgrades_from_pages_are_refused(host: str, origin: str, status: int) -> None:
    async with open_venue() as urls:
        lines = [
            "GET /rtds HTTP/1.1", f"Host: {host or urlsplit(urls.rtds_ws).netloc}",
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            *([f"Origin: {origin}"] if origin else []), "",
        ]  # fmt: skip
        found = await status_of(urls.rtds_ws, "\r\n".join(lines))
        assert found in (status, 0 if status == 400 else status)
        good = ["GET /clob/time HTTP/1.1", f"Host: {urlsplit(urls.clob).netloc}", ""]
        assert await status_of(urls.clob, "\r\n".join(good)) == 200, "it lives"


async def test_bodies_have_a_length_and_a_time() -> None:
    async with open_venue() as urls:
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        token, json = (
            f"Authorization: Bearer {urls.control_token}",
            "Content-Type: application/json",
        )
        head = drop(urls, token, json, length=700 << 20)
        assert await status_of(urls.control, head, bytes(2 << 20)) == 413
        began = trio.current_time()
        assert await status_of(urls.control, drop(urls, token, json), b"{") == 408
        assert trio.current_time() - began < 8.0
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
        assert grown_kb < 32 << 10


async def test_unfinished_requests_are_bounded_and_forgotten() -> None:
    async with open_venue(door=DoorSettings()) as urls:
        token, json = (
            f"Authorization: Bearer {urls.control_token}",
            "Content-Type: application/json",
        )
        statuses: list[int] = []

        async def dawdle() -> None:
            statuses.append(await status_of(urls.control, drop(urls, token, json), b"{"))

        async with trio.open_nursery() as nursery:
            for _ in range(80):
                nursery.start_soon(dawdle)
        assert statuses.count(503) == 80 - 64
        assert statuses.count(408) == 64
        assert await status_of(urls.control, drop(urls, token, json), _ORDER) == 200


async def test_a_head_that_never_ends_is_ended() -> None:
    async with open_venue(serve=ServeSettings(keep_alive_s=1.0)) as urls:
        parts = urlsplit(urls.clob)
        assert parts.port is not None
        began, stream = trio.current_time(), await trio.open_tcp_stream("127.0.0.1", parts.port)
        async with stream:
            with suppress(*_GONE):
                await stream.send_all(b"GET /clob/time HTTP/1.1\r\nHost: 127")
                while await stream.receive_some(100):
                    pass
        assert trio.current_time() - began < 10.0
