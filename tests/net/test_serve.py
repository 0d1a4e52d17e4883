"""Serving HTTP on real loopback: the bound port, ports in use, and peers that stop reading."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from polytui.model.errors import Fatal
from polytui.net.serve import ServeSettings, open_listening_socket, serve_asgi

HOST = "127.0.0.1"
PATIENCE_S = 20.0


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Says hello, or talks without end."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while scope["path"] == "/endless":
        await send({"type": "http.response.body", "body": bytes(16 << 20), "more_body": True})
    await send({"type": "http.response.body", "body": b"hello"})


async def start(nursery: trio.Nursery, shutdown: trio.Event | None = None) -> int:
    async def run(*, task_status: trio.TaskStatus[int]) -> None:
        settings = ServeSettings(unread_timeout_s=1.0, graceful_timeout_s=0.2)
        await serve_asgi(
            app, HOST, 0, settings=settings, shutdown=shutdown, task_status=task_status
        )

    port: int = await nursery.start(run)
    return port


@pytest.mark.trio
async def test_it_answers_on_the_port_it_reports_and_ends_on_request() -> None:
    shutdown = trio.Event()
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            port = await start(nursery, shutdown)
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://{HOST}:{port}/hello")
            assert answer.text == "hello"
            shutdown.set()


@pytest.mark.trio
async def test_a_peer_that_stops_reading_does_not_hold_the_end() -> None:
    with trio.fail_after(PATIENCE_S):
        async with AsyncExitStack() as outlives_the_server, trio.open_nursery() as nursery:
            port = await start(nursery)
            stuck = await trio.open_tcp_stream(HOST, port)
            await outlives_the_server.enter_async_context(stuck)
            await stuck.send_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            await stuck.receive_some(100)
            # Now the server sits in a send that nobody will ever take.
            await trio.testing.wait_all_tasks_blocked(0.05)
            nursery.cancel_scope.cancel()


def test_a_port_in_use_says_what_to_do() -> None:
    with open_listening_socket(HOST, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Fatal, match=f"^port {port} on 127.0.0.1 is in use; stop the program"):
            open_listening_socket(HOST, port)


def test_an_address_of_another_machine_is_fatal_too() -> None:
    with pytest.raises(Fatal, match=r"^cannot listen on 192\.0\.2\.1:0 "):
        open_listening_socket("192.0.2.1", 0)
