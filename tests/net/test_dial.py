"""What is simulated talks to this machine: the connected peer is looked at, not the name."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from polytui.model.errors import Fatal
from polytui.model.web_address import web_address
from polytui.net.dial import Trust, dial

pytestmark = pytest.mark.trio


def outer_address() -> str:
    """Another address of this very machine than loopback's, as a stranger would see it; empty
    without one. Nothing is sent: a UDP socket that connects only looks up its route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


@asynccontextmanager
async def listening(host: str) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port, and what whoever came said."""
    heard: list[bytes] = []

    async def hear(stream: trio.SocketStream) -> None:
        heard.extend([bytes(chunk) async for chunk in stream])

    (listener,) = await trio.open_tcp_listeners(0, host=host)
    port = listener.socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, hear, [listener])
        yield port, heard
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("is_loopback_only", [False, True])
async def test_this_machine_is_dialled_either_way(is_loopback_only: bool) -> None:
    async with listening("127.0.0.1") as (port, _):
        address = web_address(f"ws://127.0.0.1:{port}/ws", "ws")
        await (await dial(address, Trust(is_loopback_only=is_loopback_only))).aclose()


async def test_a_name_that_leads_elsewhere_is_hung_up_on_before_a_byte() -> None:
    """The name says nothing: what counts is where the connection ends."""
    host = outer_address()
    if not host or host.startswith("127."):
        pytest.skip("this machine has no address but loopback's")
    resolved = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0))]

    class Elsewhere(trio.abc.HostnameResolver):
        async def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):
            return [(*one[:4], (one[4][0], port)) for one in resolved]

        async def getnameinfo(self, sockaddr, flags):
            raise NotImplementedError

    before = trio.socket.set_custom_hostname_resolver(Elsewhere())
    try:
        async with listening(host) as (port, heard):
            address = web_address(f"ws://localhost:{port}/ws", "ws")
            with pytest.raises(Fatal, match=f"is {host}, another machine"):
                await dial(address, Trust(is_loopback_only=True))
            await (await dial(address, Trust())).aclose()
            await trio.testing.wait_all_tasks_blocked()
            assert heard == []
    finally:
        trio.socket.set_custom_hostname_resolver(before)
