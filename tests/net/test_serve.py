"""Serving HTTP on real loopback: the bound port, ports in use, and peers that stop reading."""

from __future__ import annotations

import resource
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from polytui.model.errors import Fatal
from polytui.net.serve import ServeSettings, let_many_connect, open_listening_socket, serve_asgi

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


@pytest.mark.trio
async def test_a_connection_is_kept_for_as_long_as_it_is_told() -> None:
    """Of two that ask nothing, the server of one lets go."""

    async def kept_s(nursery: trio.Nursery, keep_alive_s: float) -> float:
        async def run(*, task_status: trio.TaskStatus[int]) -> None:
            settings = ServeSettings(keep_alive_s=keep_alive_s, graceful_timeout_s=0.2)
            await serve_asgi(app, HOST, 0, settings=settings, task_status=task_status)

        stream = await trio.open_tcp_stream(HOST, await nursery.start(run))
        began = trio.current_time()
        async with stream:
            with trio.move_on_after(2.0):
                assert await stream.receive_some() == b""
        return trio.current_time() - began

    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            assert await kept_s(nursery, 0.2) < 1.5
            assert await kept_s(nursery, 30.0) > 1.9
            nursery.cancel_scope.cancel()


def test_a_process_takes_as_many_files_as_its_user_may() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 700), hard))
        let_many_connect(710)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (710, hard)
        let_many_connect(300)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (710, hard), "never fewer"
        if hard != resource.RLIM_INFINITY:
            let_many_connect(hard + 1)
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
