"""Peers that send too much, too slowly, or in somebody's name: over real loopback sockets, each
with the bound it must keep (bytes taken, seconds, memory)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random
import re
import resource
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache

import pytest
import trio
import trio.lowlevel
from attrs import define
from certificates import Certificates
from each_way import sockets
from test_ws import Recorder

from polytui.model.errors import Fatal, Rejected, Retry
from polytui.net.dial import Trust
from polytui.net.http import Http, HttpSettings
from polytui.net.ws import SocketState, StayingSocket

pytestmark = pytest.mark.trio
ONCE = HttpSettings(tries=1, total_s=2.0, read_s=5.0, max_body_bytes=1 << 20)
MB = 1 << 20
GONE = (trio.BrokenResourceError, trio.ClosedResourceError)
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@define(eq=False)
class Peer:
    """A byte-level server. State: how many bytes it got rid of."""

    speak: Callable[[Peer, trio.abc.Stream], Awaitable[None]]
    port: int = 0
    sent: int = 0
    request: bytes = b""

    async def send(self, stream: trio.abc.Stream, data: bytes) -> None:
        await stream.send_all(data)
        self.sent += len(data)

    async def meet(self, stream: trio.abc.Stream) -> None:
        with suppress(*GONE, OSError):
            async with stream:
                self.request = bytes(await stream.receive_some(65_536))
                await self.speak(self, stream)


@asynccontextmanager
async def listening(peer: Peer) -> AsyncIterator[Peer]:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    peer.port = listener.socket.getsockname()[1]
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, peer.meet, [listener])
            yield peer
            nursery.cancel_scope.cancel()


@contextmanager
def growing_less_than(most_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most_bytes


def packed(head: str, body: bytes) -> Peer:
    """Answers every question with this, whole."""

    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        lines = f"{_HEAD}{head}Content-Length: {len(body)}\r\n\r\n".encode()
        await peer.send(stream, lines + body)
        await stream.receive_some(1)

    return Peer(speak)


async def ask(peer: Peer, settings: HttpSettings = ONCE) -> bytes:
    fault: Exception | None = None
    async with listening(peer):
        http = Http(f"http://127.0.0.1:{peer.port}", settings)
        try:
            return await http.get("/x")
        except (Retry, Rejected, Fatal) as error:
            fault = error  # out of the nursery as itself
        finally:
            await http.close()
    raise fault


# --- bodies -------------------------------------------------------------------------------------


@cache
def zeros(megabytes: int) -> bytes:
    return gzip.compress(bytes(megabytes * MB), 9, mtime=0)


async def test_one_layer_of_gzip_is_read() -> None:
    body = gzip.compress(b'{"a":1}')
    assert await ask(packed("Content-Encoding: gzip\r\n", body)) == b'{"a":1}'
    assert await ask(packed("Content-Encoding: identity\r\n", b"[]")) == b"[]"


async def test_what_unpacks_to_too_much_is_left_packed() -> None:
    bomb = zeros(300)
    assert len(bomb) < MB, "it fits by what is sent"
    with growing_less_than(8 * MB), pytest.raises(Retry, match="more than 1048576 bytes"):
        await ask(packed("Content-Encoding: gzip\r\n", bomb))


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,gzip", "deflate", "br", "zstd", "x\x1bz"])
async def test_what_was_not_asked_for_is_not_unpacked(encoding: str) -> None:
    bomb = gzip.compress(zeros(300), 9)
    assert len(bomb) < 20_000
    with growing_less_than(8 * MB), pytest.raises(Retry) as caught:
        await ask(packed(f"Content-Encoding: {encoding}\r\n", bomb))
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (gzip.compress(b"x" * 999)[:-9], "cut off"),
        (gzip.compress(b"[]") + gzip.compress(b"[]"), "something behind its end"),
        (b"no gzip at all", "no gzip"),
    ],
    ids=["cut off", "more behind it", "no gzip"],  # packed bytes have the time in them
)
async def test_spoilt_gzip_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(Retry, match=words):
        await ask(packed("Content-Encoding: gzip\r\n", body))


async def test_an_answer_without_end_is_not_taken() -> None:
    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        await stream.send_all(f"{_HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
        while True:
            await peer.send(stream, b"10000\r\n" + bytes(0x10000) + b"\r\n")

    endless = Peer(speak)
    with growing_less_than(8 * MB), pytest.raises(Retry, match="more than 1048576 bytes"):
        await ask(endless)
    assert endless.sent < 16 * MB, "the kernel's buffers and little more"


async def test_a_refusal_without_end_is_a_refusal() -> None:
    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        await stream.send_all(b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await peer.send(stream, b"10000\r\n" + bytes(0x10000) + b"\r\n")

    endless = Peer(speak)
    with growing_less_than(8 * MB), pytest.raises(Rejected) as caught:
        await ask(endless)
    assert caught.value.status == 403
    assert endless.sent < 16 * MB


@pytest.mark.parametrize("where", ["headers", "body"])
async def test_nothing_outlives_its_total_time(where: str) -> None:
    """A byte at a time, each well within the time of one read."""

    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        if where == "body":
            await stream.send_all(f"{_HEAD}Content-Length: 1000\r\n\r\n".encode())
        while True:
            await peer.send(stream, b"H")
            await trio.sleep(0.1)

    began = trio.current_time()
    with pytest.raises(Retry, match="no answer within 1 s"):
        await ask(Peer(speak), HttpSettings(tries=1, total_s=1.0, read_s=5.0))
    assert trio.current_time() - began < 4.0


async def test_two_lengths_are_none() -> None:
    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        head = f"{_HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        await peer.send(stream, head.encode() + b"2\r\n[]\r\n0\r\n\r\n")
        await stream.receive_some(1)

    with pytest.raises(Retry, match="two lengths"):
        await ask(Peer(speak))


async def test_words_of_a_refusal_are_cut_and_do_nothing() -> None:
    evil = "\x1b[2J\u202e\u200b\n2026-01-01T00:00:00.000 INFO  forged" + "x" * 9_000

    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        body = evil.encode()
        head = f"HTTP/1.1 404 No\r\nContent-Length: {len(body)}\r\n\r\n"
        await peer.send(stream, head.encode() + body)

    with pytest.raises(Rejected) as caught:
        await ask(Peer(speak))
    words = str(caught.value)
    assert words.isprintable()
    assert "\\x1b[2J\\u202e\\u200b\\n2026" in words
    assert len(words) < 400


# --- sockets ------------------------------------------------------------------------------------


async def first_end(peer: Peer, most_s: float = 20.0) -> str:
    """Why the first connection to it ended, in words."""
    link = Recorder()
    async with listening(peer), trio.open_nursery() as nursery:
        url = f"ws://127.0.0.1:{peer.port}/"
        settings = sockets(max_frame_bytes=MB)
        socket = StayingSocket("feed", url, settings, link, rng=random.Random(1))
        nursery.start_soon(socket.run)
        with trio.fail_after(most_s):
            await link.until_state(SocketState.DOWN)
        nursery.cancel_scope.cancel()
    return next(words for state, words in link.states if state is SocketState.DOWN)


@pytest.mark.usefixtures("each_way")
async def test_a_refused_upgrade_without_end_is_left() -> None:
    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        await stream.send_all(b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await peer.send(stream, b"10000\r\n" + bytes(0x10000) + b"\r\n")

    endless = Peer(speak)
    with growing_less_than(40 * MB):
        assert "too much before the WebSocket upgrade" in await first_end(endless)
    assert endless.sent < 32 * MB


@pytest.mark.usefixtures("each_way")
@pytest.mark.parametrize(
    "line", [b"Sec-WebSocket-Protocol: \xff\xfe", b"X: \xff", b"Sec-WebSocket-Accept: \xff"]
)
async def test_headers_that_are_no_text_end_a_connection_and_nothing_else(line: bytes) -> None:
    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        head = b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        await peer.send(stream, head + line + b"\r\n\r\n")
        await stream.receive_some(1)

    assert (await first_end(Peer(speak))).isprintable()


def upgraded(request: bytes) -> bytes:
    """The answer to an upgrade (RFC 6455, section 4.2.2)."""
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", request, re.IGNORECASE)
    assert key is not None
    salted = key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(salted).digest())
    head = b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"


@pytest.mark.usefixtures("each_way")
async def test_a_frame_of_700_mb_is_not_kept() -> None:
    async def speak(peer: Peer, stream: trio.abc.Stream) -> None:
        await stream.send_all(upgraded(peer.request) + b"\x81\x7f" + (700 * MB).to_bytes(8, "big"))
        while peer.sent < 700 * MB:
            await peer.send(stream, b"x" * 65_536)

    peer = Peer(speak)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    assert "1009" in await first_end(peer)
    assert time.monotonic() - began < 15.0
    assert peer.sent < 32 * MB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 64 << 10


# --- certificates -------------------------------------------------------------------------------


@define(eq=False)
class SecureVenue:
    """Answers questions and upgrades in TLS. State: which certificate it shows."""

    certificates: Certificates
    shows: str = "good"
    port: int = 0

    async def meet(self, raw: trio.SocketStream) -> None:
        stream = trio.SSLStream(
            raw, self.certificates.server(self.shows), server_side=True, https_compatible=True
        )
        with suppress(*GONE, OSError):
            async with raw:
                await stream.receive_some(65_536)
                await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await trio.lowlevel.checkpoint()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SecureVenue]:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listener.socket.getsockname()[1]
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.serve_listeners, self.meet, [listener])
                yield self
                nursery.cancel_scope.cancel()


@pytest.mark.usefixtures("believing")
async def test_a_certificate_switched_in_mid_session_is_tried_again_and_told_once(
    certificates: Certificates,
) -> None:
    told: list[str] = []
    trust = Trust(told.append)
    async with SecureVenue(certificates).open() as venue:
        http = Http(f"https://127.0.0.1:{venue.port}", ONCE, trust=trust)
        assert await http.get("/a") == b"ok"
        venue.shows = "portal"
        for _ in range(3):
            with pytest.raises(Retry, match="certificate"):
                await http.get("/b")
        with pytest.raises(Retry, match="certificate"):
            await http.post("/order", b"{}")
        assert len(told) == 1
        assert "certificate of 127.0.0.1 is refused" in told[0]
        venue.shows = "good"
        assert await http.get("/c") == b"ok"
        venue.shows = "portal"
        with pytest.raises(Retry):
            await http.get("/d")
        assert len(told) == 2, "it was believed in between"
        await http.close()


@pytest.mark.usefixtures("believing")
async def test_a_certificate_refused_from_the_start_is_fatal(certificates: Certificates) -> None:
    async with SecureVenue(certificates, "portal").open() as venue:
        http = Http(f"https://127.0.0.1:{venue.port}", ONCE)
        with pytest.raises(Fatal, match="clock and certificate authorities"):
            await http.get("/a")
        await http.close()


@pytest.mark.usefixtures("believing", "each_way")
async def test_a_socket_whose_certificate_is_refused_comes_back(certificates: Certificates) -> None:
    told: list[str] = []
    link = Recorder()
    async with SecureVenue(certificates, "portal").open() as venue, trio.open_nursery() as nursery:
        url = f"wss://127.0.0.1:{venue.port}/"
        settings = sockets(backoff_first_s=0.01, backoff_cap_s=0.05)
        trust = Trust(told.append)
        socket = StayingSocket(
            "feed", url, settings, link, rng=random.Random(1), trust=trust
        )  # fmt: skip
        nursery.start_soon(socket.run)
        await link.until_state(SocketState.DOWN)
        await link.until_state(SocketState.DOWN, 3)
        assert len(told) == 1
        venue.shows = "good"
        await link.until(lambda: trust.has_believed and len(link.states) > 3)
        nursery.cancel_scope.cancel()
    assert "TLS with 127.0.0.1" in link.states[0][1]
