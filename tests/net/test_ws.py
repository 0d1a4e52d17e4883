"""The staying socket against a byte-level peer on memory streams, in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import trio
from each_way import sockets
from trio.testing import lockstep_stream_pair, memory_stream_pair
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from polytui.model.errors import Fatal, Retry
from polytui.net.connection import open_connection
from polytui.net.socket_settings import SocketSettings
from polytui.net.ws import SocketState, StayingSocket

pytestmark = [pytest.mark.trio, pytest.mark.usefixtures("each_way")]


class Peer:
    """Hands the client one end of a memory stream per dial; the other end waits here."""

    def __init__(self, pair: Callable[[], Any] = memory_stream_pair) -> None:
        self._pair = pair
        self._send, self._receive = trio.open_memory_channel[trio.abc.Stream](100)
        self.dialled_at: list[float] = []

    async def dial(self) -> trio.abc.Stream:
        ours, theirs = self._pair()
        self.dialled_at.append(trio.current_time())
        self._send.send_nowait(theirs)
        return ours

    async def stream(self) -> trio.abc.Stream:
        return await self._receive.receive()

    async def accept(self, nursery: trio.Nursery) -> WebSocketConnection:
        request = await wrap_server_stream(nursery, await self.stream())
        return await request.accept()


class Recorder:
    """A watcher that keeps all it is told, and lets a test wait for it."""

    def __init__(self, greeting: Sequence[str] = ()) -> None:
        self.greeting = greeting
        self.frames: list[str | bytes] = []
        self.stamps: list[int] = []
        self.states: list[tuple[SocketState, str]] = []
        self._changed = trio.Event()
        self.react: Callable[[str | bytes], bool] = lambda frame: frame != "PONG"

    def greet(self) -> Sequence[str]:
        return self.greeting

    def receive(self, frame: str | bytes, received_perf_ns: int) -> bool:
        self.frames.append(frame)
        self.stamps.append(received_perf_ns)
        self._wake()
        return self.react(frame)

    def changed(self, state: SocketState, detail: str) -> None:
        self.states.append((state, detail))
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        with trio.fail_after(1000):
            while not condition():
                await self._changed.wait()

    async def until_state(self, state: SocketState, times: int = 1) -> str:
        await self.until(lambda: [s for s, _ in self.states].count(state) >= times)
        return [detail for s, detail in self.states if s is state][times - 1]


def socket_of(peer: Peer, link: Recorder, settings: SocketSettings | None = None) -> StayingSocket:
    return StayingSocket(
        "feed",
        "ws://127.0.0.1:1/x?y=1",
        settings or sockets(),
        link,
        rng=random.Random(1),
        open_stream=peer.dial,
    )


async def test_greets_reads_in_place_and_counts(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder(["hello", "again"])
    socket = socket_of(peer, link)
    nursery.start_soon(socket.run)
    server = await peer.accept(nursery)
    assert server.path == "/x?y=1"
    assert [await server.get_message(), await server.get_message()] == ["hello", "again"]
    await server.send_message("one")
    await server.send_message(b"two")
    await link.until(lambda: len(link.frames) == 2)
    assert link.frames == ["one", b"two"]
    assert socket.messages == 2
    assert 0 < link.stamps[0] <= link.stamps[1]
    assert link.states == [(SocketState.UP, "feed connected")]
    assert socket.connected_since is not None


async def test_started_with_the_first_attempts_end_good_or_bad(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder()
    nursery.start_soon(peer.accept, nursery)
    await nursery.start(socket_of(peer, link).run)
    assert [state for state, _ in link.states] == [SocketState.UP]
    dead, other = Peer(), Recorder()
    before = trio.current_time()
    await nursery.start(socket_of(dead, other).run)
    assert [state for state, _ in other.states] == [SocketState.DOWN]
    assert trio.current_time() - before == pytest.approx(SocketSettings().connect_timeout_s)


async def test_peer_that_never_answers_the_upgrade_is_left_at_the_deadline(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder()
    nursery.start_soon(socket_of(peer, link, sockets(connect_timeout_s=2.0)).run)
    detail = await link.until_state(SocketState.DOWN, 3)
    assert detail == "no WebSocket answer within 2 s"
    assert peer.dialled_at[1] - peer.dialled_at[0] >= 2.0
    stream = await peer.stream()
    while data := await stream.receive_some():
        assert data.startswith(b"GET /x?y=1 HTTP/1.1")


async def test_dialling_that_hangs_is_left_at_the_deadline(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    async def hang() -> trio.abc.Stream:
        await trio.sleep_forever()
        raise AssertionError

    link = Recorder()
    socket = StayingSocket("f", "ws://h/", sockets(), link, rng=random.Random(1), open_stream=hang)
    nursery.start_soon(socket.run)
    assert await link.until_state(SocketState.DOWN, 2) == "no WebSocket answer within 5 s"


async def test_connect_deadline_is_lifted_after_the_upgrade(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder()
    nursery.start_soon(socket_of(peer, link).run)
    server = await peer.accept(nursery)
    for _ in range(10):
        await trio.sleep(10)
        await server.send_message("tick")
    await link.until(lambda: len(link.frames) == 10)
    assert [state for state, _ in link.states] == [SocketState.UP]


async def test_trio_websocket_answers_pings_while_nobody_reads(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer = Peer()
    done = trio.Event()

    async def serve() -> None:
        server = await peer.accept(nursery)
        for index in range(500):
            await server.send_message(str(index))
        with trio.fail_after(1):
            await server.ping(b"there?")
        done.set()

    nursery.start_soon(serve)
    async with open_connection(peer.dial, "h", "/", SocketSettings()) as connection:
        await done.wait()
        assert [await connection.receive() for _ in range(500)] == [str(n) for n in range(500)]


async def test_pings_are_answered_between_the_frames_of_a_busy_feed(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    """A feed takes its frames in one go, without waiting for anything: a ping behind them waits so
    long and no longer, and what comes after it is read."""
    peer, link = Peer(), Recorder()
    nursery.start_soon(socket_of(peer, link).run)
    server = await peer.accept(nursery)
    for index in range(500):
        await server.send_message(str(index))
    with trio.fail_after(1):
        await server.ping(b"there?")
    await server.send_message("after")
    await link.until(lambda: len(link.frames) == 501)
    assert link.frames == [*map(str, range(500)), "after"]


async def test_a_burst_lets_others_have_their_turn(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, turns = Peer(), 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async def serve() -> None:
        server = await peer.accept(nursery)
        for index in range(640):
            await server.send_message(str(index))
        nursery.start_soon(other)

    nursery.start_soon(serve)
    async with open_connection(peer.dial, "h", "/", sockets()) as connection:
        while not turns:
            await trio.lowlevel.checkpoint()
        before = turns
        for _ in range(640):
            await connection.receive()
        assert turns - before >= 640 // 32 - 1
    nursery.cancel_scope.cancel()


async def test_reads_as_much_as_the_stream_gives(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    asked: list[int | None] = []

    class Wide(trio.abc.Stream):
        def __init__(self, stream: trio.abc.Stream) -> None:
            self.stream = stream

        async def send_all(self, data: bytes | bytearray | memoryview) -> None:
            await self.stream.send_all(data)

        async def wait_send_all_might_not_block(self) -> None:
            await self.stream.wait_send_all_might_not_block()

        async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
            asked.append(max_bytes)
            return await self.stream.receive_some(max_bytes)

        async def aclose(self) -> None:
            await self.stream.aclose()

    def pair() -> tuple[trio.abc.Stream, trio.abc.Stream]:
        ours, theirs = memory_stream_pair()
        return Wide(ours), theirs

    peer, link = Peer(pair), Recorder()
    nursery.start_soon(socket_of(peer, link).run)
    server = await peer.accept(nursery)
    await server.send_message("x" * 100_000)
    await link.until(lambda: bool(link.frames))
    assert set(asked) == {None}


async def test_send_cut_short_kills_the_stream_and_says_retry(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(lockstep_stream_pair), Recorder()
    socket = socket_of(peer, link)
    nursery.start_soon(socket.run)
    stream = await peer.stream()
    async with trio.open_nursery() as reading:
        request = await wrap_server_stream(reading, stream)
        await request.accept()
        await link.until_state(SocketState.UP)
        reading.cancel_scope.cancel()  # the peer stops reading, its stream stays open
    before = trio.current_time()
    with pytest.raises(Retry, match="took no bytes for 2 s"):
        await socket.send("never read")
    assert trio.current_time() - before == pytest.approx(SocketSettings().send_timeout_s)
    assert await link.until_state(SocketState.DOWN) == "the peer took no bytes for 2 s"
    await peer.accept(nursery)
    await link.until_state(SocketState.UP, 2)


def unmasked(frame: bytes) -> str:
    assert frame[0] == 0x81
    assert frame[1] == 0x80 | (len(frame) - 6)
    return bytes(byte ^ frame[2 + index % 4] for index, byte in enumerate(frame[6:])).decode()


async def test_send_cancelled_half_way_still_goes_out_whole(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(lockstep_stream_pair), Recorder()
    socket = socket_of(peer, link)
    nursery.start_soon(socket.run)
    stream = await peer.stream()
    async with trio.open_nursery() as reading:
        request = await wrap_server_stream(reading, stream)
        await request.accept()
        await link.until_state(SocketState.UP)
        reading.cancel_scope.cancel()  # from here the test reads the bytes itself

    async def send_impatiently() -> None:
        with trio.move_on_after(1.0):
            await socket.send("cancelled half-way")
        await socket.send("next")
        sent.set()

    sent = trio.Event()
    nursery.start_soon(send_impatiently)
    await trio.sleep(0.5)
    begun = await stream.receive_some(5)
    await trio.sleep(1.0)
    assert unmasked(bytes(begun + await stream.receive_some(100))) == "cancelled half-way"
    assert unmasked(bytes(await stream.receive_some(100))) == "next"
    await sent.wait()  # before the end of the test closes the stream under it


async def test_silence_is_stale_once_then_down_and_pong_is_not_data(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder(["sub"])
    nursery.start_soon(socket_of(peer, link).run)
    server = await peer.accept(nursery)
    await link.until_state(SocketState.UP)
    await trio.sleep(10)
    await server.send_message("data")
    for _ in range(3):
        await trio.sleep(4)
        await server.send_message("PONG")
    before_end = trio.current_time()
    detail = await link.until_state(SocketState.DOWN)
    assert trio.current_time() - before_end == pytest.approx(3.0)
    assert detail == "no data for 15 s"
    assert [s for s, _ in link.states] == [SocketState.UP, SocketState.STALE, SocketState.DOWN]
    again = await peer.accept(nursery)
    assert await again.get_message() == "sub"


async def test_keepalive_text_at_intervals(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder()
    settings = sockets(keepalive_text="PING", keepalive_every_s=5.0, silence_s=60.0)
    nursery.start_soon(socket_of(peer, link, settings).run)
    server = await peer.accept(nursery)
    start = trio.current_time()
    assert [await server.get_message() for _ in range(3)] == ["PING"] * 3
    assert trio.current_time() - start == pytest.approx(15.0)


async def test_backoff_is_jittered_bounded_and_reset_by_health(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder()
    socket = socket_of(peer, link, sockets(backoff_first_s=1.0, backoff_cap_s=8.0))

    async def refuse(times: int) -> None:
        for _ in range(times):
            await (await peer.stream()).aclose()

    nursery.start_soon(socket.run)
    await refuse(40)
    gaps = [b - a for a, b in zip(peer.dialled_at, peer.dialled_at[1:], strict=False)]
    assert all(0 <= gap <= 8.0 for gap in gaps)
    assert all(gap <= 2.0 ** (n + 1) for n, gap in enumerate(gaps[:3]))
    assert max(gaps) > 4.0
    assert len(set(gaps)) == len(gaps)
    server = await peer.accept(nursery)
    for _ in range(7):
        await trio.sleep(10)
        await server.send_message("tick")
    await server.aclose()
    closed_at = trio.current_time()
    await peer.accept(nursery)
    assert peer.dialled_at[-1] - closed_at <= 1.0
    assert socket.reconnects == 41


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 451 No\r\nContent-Length: 7\r\n\r\nblocked", "HTTP 451: blocked"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "HTTP 403"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "does not speak WebSocket"),
        (b"\x00\xff" * 50 + b"\r\n\r\n", "does not speak WebSocket"),
        (b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n", "does not speak WebSocket"),
        (b"", "closed before the WebSocket upgrade"),
    ],
)
async def test_wrong_answers_to_the_upgrade_are_a_clean_reconnect(
    nursery: trio.Nursery,
    autojump_clock: trio.testing.MockClock,
    answer: bytes,
    told: str,
) -> None:
    peer, link = Peer(), Recorder()
    nursery.start_soon(socket_of(peer, link).run)
    stream = await peer.stream()
    await stream.send_all(answer)
    if not answer:
        await stream.aclose()
    assert told in await link.until_state(SocketState.DOWN)
    await peer.accept(nursery)
    await link.until_state(SocketState.UP)


@pytest.mark.parametrize(
    "headers",
    [
        b"Retry-After: 30\r\n",
        b"retry-after: Thu, 26 Nov 2026 14:00:30 GMT\r\nDate: Thu, 26 Nov 2026 14:00:00 GMT\r\n",
    ],
)
async def test_retry_after_of_a_refused_upgrade_is_honoured(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, headers: bytes
) -> None:
    peer, link = Peer(), Recorder()
    nursery.start_soon(socket_of(peer, link).run)
    stream = await peer.stream()
    await stream.send_all(b"HTTP/1.1 429 Slow\r\n" + headers + b"Content-Length: 0\r\n\r\n")
    await link.until_state(SocketState.DOWN)
    told_at = trio.current_time()
    await peer.accept(nursery)
    assert trio.current_time() - told_at >= 30.0


def text_frame(payload: bytes) -> bytes:
    head = bytes([0x81, len(payload)]) if len(payload) < 126 else b"\x81\x7e"
    return head + (b"" if len(payload) < 126 else len(payload).to_bytes(2, "big")) + payload


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (text_frame(b'{"a":"\xff\xfe"}'), "can't decode"),
        (text_frame(b"y" * 1000), "maximum message size"),
        (text_frame(b"y" * 1000) + text_frame(b"y" * 1000) + b"\x89\x00", "maximum message size"),
        (b"\xf3\x80\x80\x80", "closed with 1002"),
    ],
)
async def test_unreadable_frames_are_spoiled_then_a_clean_reconnect(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, raw: bytes, told: str
) -> None:
    peer, link = Peer(), Recorder()
    socket = socket_of(peer, link, sockets(max_frame_bytes=500))
    nursery.start_soon(socket.run)
    stream = await peer.stream()
    async with trio.open_nursery() as reading:
        server = await (await wrap_server_stream(reading, stream)).accept()
        await server.send_message("good")
        await link.until(lambda: link.frames == ["good"])
        await stream.send_all(raw)
        detail = await link.until_state(SocketState.SPOILED)
        await link.until_state(SocketState.DOWN)
        reading.cancel_scope.cancel()
    assert told in detail
    assert socket.spoiled == 1
    assert trio.current_time() - peer.dialled_at[0] < 1.0
    await peer.accept(nursery)
    await link.until_state(SocketState.UP, 2)
    assert socket.messages == 1


async def test_close_code_and_reason_are_told_after_the_last_frame(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder()
    nursery.start_soon(socket_of(peer, link).run)
    server = await peer.accept(nursery)
    await server.send_message("last")
    await server.aclose(4003, "draining")
    assert await link.until_state(SocketState.DOWN) == "closed with 4003: draining"
    assert link.frames == ["last"]


async def test_lost_tcp_is_down_and_send_says_retry(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder()
    socket = socket_of(peer, link)
    with pytest.raises(Retry, match="not connected"):
        await socket.send("too early")
    nursery.start_soon(socket.run)
    server = await peer.accept(nursery)
    await link.until_state(SocketState.UP)
    await socket.send("in time")
    assert await server.get_message() == "in time"
    await trio.aclose_forcefully(server._stream)
    assert await link.until_state(SocketState.DOWN) == "closed with 1006"
    with pytest.raises(Retry, match="not connected"):
        await socket.send("too late")


async def test_cut_closes_at_once_without_a_goodbye_and_reconnects(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder()
    socket = socket_of(peer, link)
    nursery.start_soon(socket.run)
    server = await peer.accept(nursery)
    await link.until_state(SocketState.UP)
    before = trio.current_time()
    socket.cut()
    with pytest.raises(ConnectionClosed) as closed:
        await server.get_message()
    assert closed.value.reason.code == 1006
    assert trio.current_time() == before
    assert await link.until_state(SocketState.DOWN) == "cut on our side"
    await peer.accept(nursery)
    await link.until_state(SocketState.UP, 2)
    assert socket.reconnects == 1


async def test_reply_goes_out_after_the_frame_that_asked_for_it(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(), Recorder(["auth"])
    socket = socket_of(peer, link)

    def react(frame: str | bytes) -> bool:
        if frame == "authed":
            socket.reply("subscribe")
        return False

    link.react = react
    nursery.start_soon(socket.run)
    server = await peer.accept(nursery)
    assert await server.get_message() == "auth"
    await server.send_message("authed")
    assert await server.get_message() == "subscribe"


async def test_subscribing_while_the_greeting_goes_out_is_not_lost(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    peer, link = Peer(lockstep_stream_pair), Recorder(["first"])
    socket = socket_of(peer, link)
    nursery.start_soon(socket.run)
    server = await peer.accept(nursery)
    while socket.connected_since is None:
        await trio.lowlevel.checkpoint()
    await socket.send("second")
    assert [await server.get_message(), await server.get_message()] == ["first", "second"]


@pytest.mark.parametrize("fault", [KeyError("watcher bug"), OSError("watcher bug")])
async def test_a_fault_of_the_watcher_goes_up_and_is_not_taken_for_the_networks(
    autojump_clock: trio.testing.MockClock, fault: Exception
) -> None:
    peer, link = Peer(), Recorder()

    def explode(frame: str | bytes) -> bool:
        raise fault

    link.react = explode

    async def session() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket_of(peer, link).run)
            server = await peer.accept(nursery)
            await server.send_message("bang")

    with pytest.raises(ExceptionGroup) as caught:
        await session()
    assert caught.value.subgroup(type(fault)) is not None
    assert caught.value.split(type(fault))[1] is None


async def test_cancelled_run_leaves_at_once(autojump_clock: trio.testing.MockClock) -> None:
    peer, link = Peer(), Recorder()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(socket_of(peer, link).run)
        await peer.accept(nursery)
        await link.until_state(SocketState.UP)
        before = trio.current_time()
        nursery.cancel_scope.cancel()
    assert trio.current_time() == before


@pytest.mark.parametrize("url", ["http://h/", "ws://", "wss://h:99999/", "ws://[::1/", "nonsense"])
async def test_bad_url_is_fatal_with_advice(url: str) -> None:
    with pytest.raises(Fatal, match="write it as wss://"):
        StayingSocket("feed", url, sockets(), Recorder(), rng=random.Random(1))


async def test_refused_port_is_down_with_words_and_tls_to_a_plain_peer_too() -> None:
    """Real loopback sockets: a closed port, and a listener that speaks no TLS."""
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]

    async def answer_plainly(stream: trio.SocketStream) -> None:
        await stream.receive_some(1000)
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    link, tls = Recorder(), Recorder()
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, answer_plainly, [listener])
            secure = StayingSocket(
                "tls", f"wss://127.0.0.1:{port}/", sockets(), tls, rng=random.Random(1)
            )
            await nursery.start(secure.run)
            nursery.cancel_scope.cancel()
        await listener.aclose()
        async with trio.open_nursery() as nursery:
            refused = StayingSocket(
                "plain", f"ws://127.0.0.1:{port}/", sockets(), link, rng=random.Random(1)
            )
            await nursery.start(refused.run)
            nursery.cancel_scope.cancel()
    assert tls.states[0][0] is SocketState.DOWN
    assert "TLS with 127.0.0.1" in tls.states[0][1]
    assert link.states[0][0] is SocketState.DOWN
    assert f"cannot connect to 127.0.0.1:{port}" in link.states[0][1]
