"""A line over TLS, by records: what came that nobody asked for is nobody's answer."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from attrs import define
from certificates import Certificates

from polytui.net.http_line import HttpLine, HttpLineLimits

pytestmark = pytest.mark.trio

ASK = b"GET / HTTP/1.1\r\nHost: venue\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STALE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nnone"
LIMITS = HttpLineLimits(connect_s=2, write_s=2, read_s=2, total_s=5, most_bytes=10_000)


@define(eq=False)
class InOneSegment(trio.abc.Stream):
    """What is sent waits for `flush`, and goes out by one call of the system."""

    below: trio.SocketStream
    held: bytes = b""
    is_held: bool = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.held += bytes(data)
        if not self.is_held:
            await self.flush()

    async def flush(self) -> None:
        held, self.held = self.held, b""
        await self.below.send_all(held)

    async def wait_send_all_might_not_block(self) -> None:
        await self.below.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return bytes(await self.below.receive_some(max_bytes))

    async def aclose(self) -> None:
        await self.below.aclose()


@asynccontextmanager
async def a_line(certificates: Certificates, *records: bytes) -> AsyncIterator[HttpLine]:
    """To a peer that answers each request with these records, all of them in one segment."""

    async def answer(raw: trio.SocketStream) -> None:
        below = InOneSegment(raw)
        stream = trio.SSLStream(
            below, certificates.server("good"), server_side=True, https_compatible=True
        )
        try:
            while await stream.receive_some():
                below.is_held = True
                for record in records:
                    await stream.send_all(record)
                below.is_held = False
                await below.flush()
        except trio.BrokenResourceError:
            pass
        finally:
            await trio.aclose_forcefully(stream)

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            nursery.start_soon(trio.serve_listeners, answer, [listener])
            raw = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
            context = ssl.create_default_context(cafile=certificates.authority)
            stream = trio.SSLStream(
                raw, context, server_hostname="127.0.0.1", https_compatible=True
            )
            await stream.do_handshake()
            line = HttpLine(stream, LIMITS)
            try:
                yield line
            finally:
                await line.close()
            nursery.cancel_scope.cancel()


async def test_a_line_over_tls_is_asked_again(certificates: Certificates) -> None:
    async with a_line(certificates, OK[:20], OK[20:]) as line:
        for _ in range(3):
            answer = await line.exchange(ASK, is_shielded=False)
            assert (answer.status, answer.body) == (200, b"ok")
            assert line.is_whole
            assert line.is_silent


@pytest.mark.parametrize("unasked", [STALE, STALE[:9]])
async def test_a_record_behind_the_answer_ends_the_line(
    certificates: Certificates, unasked: bytes
) -> None:
    """Off the socket already, so that no poll sees it, and never read, so that h11 does not."""
    async with a_line(certificates, OK, unasked) as line:
        answer = await line.exchange(ASK, is_shielded=False)
        assert (answer.status, answer.body) == (200, b"ok")
        assert not line.is_whole, "it would have taken the second for the next request's answer"
