"""The server's end of a WebSocket: frames in, batches of texts out, and no way to block.

A peer that does not read is cut, never waited for; texts that are ready together leave in one
write. trio-websocket does the handshake and the control frames over a stream whose writes are
serialised here, so that our batches and its pongs cannot mix.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

import trio
from attrs import field, frozen
from attrs.validators import gt
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    WebSocketRequest,
    wrap_server_stream,
)
from wsproto.utilities import ProtocolError

from polytui.net.serve import open_listening_socket

_SHORT, _MIDDLE = 126, 1 << 16
_FINAL_TEXT = 0x81


@frozen
class PeerSettings:
    most_peers: int = field(default=256, validator=gt(0))
    """Connections at once, their handshakes done or not; one more is cut."""
    handshake_s: float = field(default=5.0, validator=gt(0))
    closing_s: float = field(default=1.0, validator=gt(0))
    pong_s: float = field(default=60.0, validator=gt(0))
    """A ping that is not answered for so long cuts the connection."""
    backlog_chars: int = field(default=4 << 20, validator=gt(0))
    """Text a slow peer may leave waiting before it is cut."""
    max_frame_chars: int = field(default=1 << 20, validator=gt(0))


class _SharedStream(trio.abc.Stream):
    """A stream two writers may use: each write goes out whole."""

    def __init__(self, inner: trio.abc.Stream) -> None:
        self.heard_at = trio.current_time()
        """When anything came last, be it a control frame."""
        self._inner = inner
        self._lock = trio.StrictFIFOLock()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        async with self._lock:
            await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        async with self._lock:
            await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._inner.receive_some(max_bytes)
        self.heard_at = trio.current_time()
        return data

    async def aclose(self) -> None:
        await self._inner.aclose()


class Peer:
    """One client of a WebSocket server."""

    def __init__(
        self,
        request: WebSocketRequest,
        stream: _SharedStream,
        scope: trio.CancelScope,
        settings: PeerSettings,
    ) -> None:
        self.target: str = request.path
        """Path and query of the upgrade request."""
        self._request = request
        self._stream = stream
        self._scope = scope
        self._settings = settings
        self._connection: WebSocketConnection | None = None
        self._waiting: list[str] = []
        self._backlog = 0
        self._ready = trio.Event()

    @property
    def host(self) -> str:
        """As its request has it."""
        return str(self._request._event.host)  # the library names it nowhere else

    @property
    def origin(self) -> str:
        """Of the page that asks; empty for a program."""
        found = [value for name, value in self._request.headers if name.lower() == b"origin"]
        return b", ".join(found).decode("latin-1")

    async def accept(self) -> None:
        self._connection = await self._request.accept()

    async def refuse(self, status: int) -> None:
        """Answer the upgrade with an HTTP error."""
        await self._request.reject(status)

    def push(self, texts: Iterable[str]) -> None:
        """Queue texts for sending, in order; a peer too far behind is cut instead."""
        before = len(self._waiting)
        self._waiting += texts
        self._backlog += sum(len(text) for text in self._waiting[before:])
        if self._backlog > self._settings.backlog_chars:
            self.cut()
        elif len(self._waiting) > before:
            self._ready.set()

    def cut(self) -> None:
        """End the TCP stream at once, without a closing frame."""
        self._scope.cancel()

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye with a code, as long as the peer takes part in it."""
        if self._connection is not None:
            with trio.move_on_after(self._settings.closing_s):
                await self._connection.aclose(code, reason)

    async def texts(
        self, quiet_limit_s: Callable[[], float | None], *, hears_pings: bool = False
    ) -> AsyncGenerator[str, None]:
        """What the peer says, until it is gone or says nothing for so long as is allowed then.
        `hears_pings`: a control frame is as good as something said."""
        if self._connection is None:
            raise RuntimeError("accept the peer first")
        said_at = trio.current_time()
        while True:
            limit = quiet_limit_s()
            since = max(said_at, self._stream.heard_at) if hears_pings else said_at
            message: str | bytes | None = None
            with trio.CancelScope(deadline=math.inf if limit is None else since + limit):
                try:
                    message = await self._connection.get_message()
                except ConnectionClosed:
                    return
            if message is not None:
                said_at = trio.current_time()
                yield message if isinstance(message, str) else message.decode(errors="replace")
            elif not (hears_pings and self._stream.heard_at > since):
                return

    async def send_ready(self) -> None:
        """Write what `push` queued, for ever; everything that is ready goes in one write."""
        while True:
            await self._ready.wait()
            self._ready = trio.Event()
            batch, self._waiting, self._backlog = self._waiting, [], 0
            try:
                await self._stream.send_all(b"".join(map(text_frame, batch)))
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self.cut()

    async def keep_pinging(self, every_s: float) -> None:
        """Protocol pings, as a venue sends them; an unanswered one cuts the peer."""
        while self._connection is not None:
            await trio.sleep(every_s)
            with trio.move_on_after(self._settings.pong_s) as patience:
                try:
                    await self._connection.ping()
                except ConnectionClosed:
                    return
            if patience.cancelled_caught:
                self.cut()


def text_frame(text: str) -> bytes:
    """An unmasked, unfragmented text frame, as a server sends it (RFC 6455, section 5.2)."""
    data = text.encode()
    length = len(data)
    if length < _SHORT:
        return bytes((_FINAL_TEXT, length)) + data
    if length < _MIDDLE:
        return bytes((_FINAL_TEXT, _SHORT)) + length.to_bytes(2, "big") + data
    return bytes((_FINAL_TEXT, _SHORT + 1)) + length.to_bytes(8, "big") + data


async def serve_peers(
    host: str,
    port: int,
    converse: Callable[[Peer], Awaitable[None]],
    *,
    settings: PeerSettings | None = None,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Accept WebSockets until cancelled; starts with the bound port.

    `converse` gets each peer before its upgrade is answered; when it returns, the peer is gone.
    """
    limits = settings or PeerSettings()
    listening = open_listening_socket(host, port)
    bound = int(listening.getsockname()[1])
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))

    here = 0

    async def serve_one(stream: trio.SocketStream) -> None:
        nonlocal here
        if here >= limits.most_peers:
            await trio.aclose_forcefully(stream)
            return
        here += 1
        try:
            await serve_peer(stream, converse, limits)
        finally:
            here -= 1

    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, serve_one, [listener])
        task_status.started(bound)


async def serve_peer(
    stream: trio.abc.Stream,
    converse: Callable[[Peer], Awaitable[None]],
    settings: PeerSettings,
) -> None:
    """One accepted stream, from handshake to end; what a peer does wrong ends only its own."""
    shared = _SharedStream(stream)
    try:
        async with trio.open_nursery() as nursery:
            with trio.move_on_after(settings.handshake_s):
                request = await wrap_server_stream(
                    nursery,
                    shared,
                    message_queue_size=256,
                    max_message_size=settings.max_frame_chars,
                    receive_buffer_size=None,
                )
                peer = Peer(request, shared, nursery.cancel_scope, settings)
                nursery.start_soon(_converse_and_end, peer, converse, nursery.cancel_scope)
                return
            nursery.cancel_scope.cancel()
    except* (
        ConnectionClosed,
        ProtocolError,
        UnicodeError,  # of a header, which wsproto does not catch
        trio.BrokenResourceError,
        trio.ClosedResourceError,
    ):
        pass
    finally:
        await trio.aclose_forcefully(stream)


async def _converse_and_end(
    peer: Peer, converse: Callable[[Peer], Awaitable[None]], scope: trio.CancelScope
) -> None:
    await converse(peer)
    scope.cancel()
