"""The server's end of a WebSocket over memory streams, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from trio_websocket import WebSocketConnection, wrap_client_stream

from polytui.net.peer import Peer, PeerSettings, serve_peer, text_frame

Converse = Callable[[Peer], Awaitable[None]]
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
Stream = trio.StapledStream[trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream]


async def echo(peer: Peer) -> None:
    await peer.accept()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(peer.send_ready)
        nursery.start_soon(peer.keep_pinging, 20.0)
        async for text in peer.texts(lambda: None):
            peer.push([text, text.upper()])
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def serving(
    converse: Converse, settings: PeerSettings | None = None
) -> AsyncIterator[Stream]:
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_peer, theirs, converse, settings or PeerSettings())
        yield ours
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def talking(
    converse: Converse, settings: PeerSettings | None = None
) -> AsyncIterator[WebSocketConnection]:
    async with serving(converse, settings) as stream, trio.open_nursery() as nursery:
        connection = await wrap_client_stream(
            nursery, stream, "venue", "/ws?a=b", message_queue_size=100
        )
        yield connection
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536])
@pytest.mark.trio
async def test_texts_of_every_length_arrive_whole(length: int, autojump_clock: object) -> None:
    async with talking(echo) as connection:
        await connection.send_message("é" * (length // 2) + "a" * (length % 2))
        answer = await connection.get_message()
        assert len(answer.encode()) == length


def test_the_shortest_frame_is_the_one_of_the_rfc() -> None:
    assert text_frame("Hello") == b"\x81\x05Hello"


@pytest.mark.trio
async def test_texts_leave_in_the_order_they_were_pushed(autojump_clock: object) -> None:
    async with talking(echo) as connection:
        for word in ("a", "b", "c"):
            await connection.send_message(word)
        answers = [await connection.get_message() for _ in range(6)]
        assert answers == ["a", "A", "b", "B", "c", "C"]


@pytest.mark.trio
async def test_batches_and_pongs_do_not_mix(autojump_clock: object) -> None:
    async with talking(echo) as connection:
        for number in range(20):
            await connection.send_message(str(number) * 1000)
            await connection.ping()
        answers = [await connection.get_message() for _ in range(40)]
        assert answers[::2] == [str(number) * 1000 for number in range(20)]


@pytest.mark.trio
async def test_a_peer_that_does_not_read_is_cut(autojump_clock: object) -> None:
    ended = trio.Event()

    async def flood(peer: Peer) -> None:
        await peer.accept()
        try:
            peer.push(["x" * 600] * 2)
            await trio.sleep_forever()
        finally:
            ended.set()

    async with talking(flood, PeerSettings(backlog_chars=1000)):
        await ended.wait()


@pytest.mark.trio
async def test_a_cut_closes_the_stream_without_a_closing_frame(autojump_clock: object) -> None:
    async def cut(peer: Peer) -> None:
        await peer.accept()
        peer.cut()
        await trio.sleep_forever()

    async with serving(cut) as stream:
        await stream.send_all(UPGRADE)
        answer = b"".join([bytes(chunk) async for chunk in stream])
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert answer.endswith(b"\r\n\r\n")


@pytest.mark.trio
async def test_a_peer_that_never_upgrades_is_given_up(autojump_clock: object) -> None:
    async with serving(echo, PeerSettings(handshake_s=5.0)) as stream:
        before = trio.current_time()
        assert await stream.receive_some(10) == b""
        assert trio.current_time() - before == pytest.approx(5.0)


@pytest.mark.trio
async def test_a_peer_that_does_not_answer_pings_is_cut(autojump_clock: object) -> None:
    async with serving(echo) as stream:
        await stream.send_all(UPGRADE)
        before = trio.current_time()
        received = b"".join([bytes(chunk) async for chunk in stream])
        assert received.partition(b"\r\n\r\n")[2][0] == 0x89
        assert trio.current_time() - before == pytest.approx(80.0)


@pytest.mark.parametrize(
    "junk", [b"\x00\x01\x02 nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100_000]
)
@pytest.mark.trio
async def test_junk_instead_of_an_upgrade_ends_only_its_own(
    junk: bytes, autojump_clock: object
) -> None:
    async with serving(echo) as stream:
        await stream.send_all(junk)
        async for _ in stream:
            pass


@pytest.mark.parametrize("frame", [b"\x81\x85\x00\x00\x00\x00\xff\xfe\xfd\xfc\xfb", b"\xff\x7f"])
@pytest.mark.trio
async def test_a_broken_frame_ends_only_its_own(frame: bytes, autojump_clock: object) -> None:
    async with serving(echo) as stream:
        await stream.send_all(UPGRADE + frame)
        async for _ in stream:
            pass


@pytest.mark.trio
async def test_a_silent_peer_ends_where_the_service_says_so(autojump_clock: object) -> None:
    async def listen(peer: Peer) -> None:
        await peer.accept()
        async for _ in peer.texts(lambda: 60.0):
            pass

    async with serving(listen) as stream:
        await stream.send_all(UPGRADE)
        before = trio.current_time()
        async for _ in stream:
            pass
        assert trio.current_time() - before == pytest.approx(60.0)


@pytest.mark.parametrize(("hears_pings", "lives_s"), [(True, 300.0), (False, 60.0)])
@pytest.mark.trio
async def test_protocol_pings_are_heard_where_the_service_says_so(
    hears_pings: bool, lives_s: float, autojump_clock: object
) -> None:
    ended = trio.Event()

    async def listen(peer: Peer) -> None:
        await peer.accept()
        async for _text in peer.texts(lambda: 60.0, hears_pings=hears_pings):
            pass
        ended.set()

    began = trio.current_time()
    async with talking(listen) as connection:
        with trio.move_on_after(300):
            while not ended.is_set():
                with trio.move_on_after(10):
                    await connection.ping()
                await trio.sleep(10)
    assert trio.current_time() - began == pytest.approx(lives_s, abs=21)


@pytest.mark.trio
async def test_who_stops_pinging_is_silent_from_then_on(autojump_clock: object) -> None:
    ended_at = 0.0

    async def listen(peer: Peer) -> None:
        nonlocal ended_at
        await peer.accept()
        async for _text in peer.texts(lambda: 60.0, hears_pings=True):
            pass
        ended_at = trio.current_time()

    async with talking(listen) as connection:
        await trio.sleep(50)
        await connection.ping()
        pinged_at = trio.current_time()
        await trio.sleep(200)
    assert ended_at - pinged_at == pytest.approx(60.0, abs=1.0)
