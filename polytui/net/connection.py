"""One WebSocket connection, and the one seam to what reads it: trio-websocket, or wsproto alone
(`direct_connection.py`), by a setting.

Three defaults of trio-websocket are dangerous and are guarded here: a peer that never answers the
upgrade would hang the connect for ever (one deadline spans dialling, TLS and upgrade, and is
lifted afterwards); pings would go unanswered while messages wait to be read (a long queue); and
a send cancelled half-way would corrupt the stream in silence (every send is shielded, bounded,
and closes the stream when it is cut short). It also stops reading without closing after a frame
that is not UTF-8, so the stream is closed here, whatever ended the connection.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import h11
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import ProtocolError

from polytui.model.plain_text import plain
from polytui.net.dial import CLOSED_TOO_SOON, Ended, GuardedStream, closed_with
from polytui.net.direct_connection import DirectConnection
from polytui.net.retry_after import retry_after_s
from polytui.net.socket_settings import SocketSettings

_QUEUED_FRAMES = 8192
"""The library answers no ping while its queue is full."""
_MOST_WORDS = 120
_MOST_OF_AN_ANSWER = 4 << 20
"""Bytes until the upgrade is done; the first frames of a book may come with its answer."""
REFUSED_PAUSE_S = 300.0

OpenStream = Callable[[], Awaitable[trio.abc.Stream]]


class Connection(Protocol):
    """One open WebSocket connection, its errors mapped."""

    async def receive(self) -> str | bytes:
        """The next message; Ended where there is none any more."""

    async def send(self, text: str) -> None:
        """Send a whole text frame, or end the connection."""


class QueuedConnection:
    """One that trio-websocket reads in a task of its own."""

    def __init__(self, socket: WebSocketConnection, stream: GuardedStream) -> None:
        self._socket = socket
        self._stream = stream

    async def receive(self) -> str | bytes:
        try:
            return await self._socket.get_message()
        except ConnectionClosed as closed:
            raise self._end(closed) from None

    async def send(self, text: str) -> None:
        """Send a whole text frame, or end the connection."""
        try:
            await self._socket.send_message(text)
        except ConnectionClosed as closed:
            raise self._end(closed) from None

    def _end(self, closed: ConnectionClosed) -> Ended:
        if self._stream.fault:
            return Ended(self._stream.fault)
        if closed.reason is None:
            return Ended("the connection is closing")
        return closed_with(int(closed.reason.code), closed.reason.reason)


@asynccontextmanager
async def open_connection(
    open_stream: OpenStream, host_header: str, resource: str, settings: SocketSettings
) -> AsyncIterator[Connection]:
    """Dial and upgrade within the connect deadline; the stream is closed at once on leaving.

    One scope holds it all, with its deadline lifted after the upgrade: the library's reader task
    outlives the connecting, so a scope round the connecting alone could not.
    """
    deadline = trio.current_time() + settings.connect_timeout_s
    with trio.CancelScope(deadline=deadline) as connecting:
        stream = GuardedStream(await open_stream(), settings.send_timeout_s)
        # The library keeps the whole body of a refusal, however long the peer makes it.
        stream.allowance = _MOST_OF_AN_ANSWER
        try:
            if settings.is_direct:
                direct = DirectConnection(stream, settings.max_frame_bytes)
                await direct.upgrade(host_header, resource)
                stream.allowance = connecting.deadline = math.inf
                yield direct
            else:
                async with trio.open_nursery() as nursery:
                    socket = await _upgrade(nursery, stream, host_header, resource, settings)
                    stream.allowance = connecting.deadline = math.inf
                    yield QueuedConnection(socket, stream)
                    nursery.cancel_scope.cancel()
        finally:
            await stream.aclose()
    if connecting.cancelled_caught:
        raise Ended(f"no WebSocket answer within {settings.connect_timeout_s:g} s")


async def _upgrade(
    nursery: trio.Nursery,
    stream: GuardedStream,
    host_header: str,
    resource: str,
    settings: SocketSettings,
) -> WebSocketConnection:
    """The handshake, raced against the stream's end: the library would wait on for ever."""
    async with trio.open_nursery() as race:
        race.start_soon(_fail_when_ended, stream)
        socket = await wrap_client_stream(
            nursery,
            stream,  # type: ignore[arg-type]  # annotated too narrowly: any trio stream works
            host_header,
            resource,
            message_queue_size=_QUEUED_FRAMES,
            max_message_size=settings.max_frame_bytes,
            receive_buffer_size=None,
        )
        race.cancel_scope.cancel()
    return socket


async def _fail_when_ended(stream: GuardedStream) -> None:
    await stream.ended.wait()
    raise Ended(stream.fault or CLOSED_TOO_SOON)


CONNECTION_FAULTS = (Ended, HandshakeError, ProtocolError, h11.ProtocolError, UnicodeError)
"""What can end a connection; anything else is a fault of ours and goes up. wsproto decodes some
headers of the answer without a guard."""


def why_ended(group: BaseExceptionGroup[BaseException]) -> Ended:
    """The most telling reason among those that ended a connection."""
    leaves = _leaves(group)
    for leaf in leaves:
        if isinstance(leaf, ConnectionRejected):
            return _refusal(leaf)
    for leaf in leaves:
        if isinstance(leaf, Ended):
            return leaf
    return Ended(f"the peer does not speak WebSocket: {plain(leaves[0])}")


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for item in group.exceptions:
        found += _leaves(item) if isinstance(item, BaseExceptionGroup) else [item]
    return found


def _refusal(error: ConnectionRejected) -> Ended:
    headers = {name.lower(): value.decode(errors="replace") for name, value in error.headers}
    asked_s = retry_after_s(headers.get(b"retry-after", ""), headers.get(b"date", ""))
    after_s = min(asked_s or 0.0, REFUSED_PAUSE_S)
    body = plain((error.body or b"")[:_MOST_WORDS].decode(errors="replace"), _MOST_WORDS)
    status = error.status_code
    return Ended(f"upgrade refused with HTTP {status}: {body}", after_s=after_s, status=status)
