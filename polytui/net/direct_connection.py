"""A WebSocket connection whose frames are read by the task that wants them.

wsproto is what trio-websocket drives from a task of its own, with a queue between that task and
ours: two changes of task for each frame, which cost twice what reading it does (ADR 0018). Here
nobody stands between. So a ping is answered when the next frame is asked for, which a feed does as
soon as it has taken the last one; nothing waits unread, and there is no queue that could be full.
"""

from __future__ import annotations

from collections.abc import Iterator

import trio
from trio_websocket import ConnectionRejected
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from polytui.net.dial import CLOSED_TOO_SOON, Ended, GuardedStream, closed_with

_FRAMES_A_TURN = 32
"""So many are taken before other tasks have their turn, however many came at once."""
_TOO_BIG = 1009
_CUT_OFF = 1006
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError)


class DirectConnection:
    """State: the wire's own, the parts of a message that is not whole yet, how it ended."""

    def __init__(self, stream: GuardedStream, most: int) -> None:
        """`most`: of a message, in characters of a text and bytes of others."""
        self._stream = stream
        self._most = most
        self._wire = WSConnection(ConnectionType.CLIENT)
        self._events: Iterator[Event] = iter(())
        self._parts: list[str | bytes | bytearray] = []
        self._size = 0
        self._turn = 0
        self._lock = trio.Lock()
        self._ended: Ended | None = None

    # --- the upgrade ----------------------------------------------------------------------------

    async def upgrade(self, host_header: str, resource: str) -> None:
        """Ended, ConnectionRejected or a ProtocolError where the peer does not."""
        await self._answer(Request(host=host_header, target=resource))
        refusal: RejectConnection | None = None
        body = bytearray()
        while True:
            for event in self._events:
                match event:
                    case AcceptConnection():
                        return
                    case RejectConnection():
                        refusal = event
                        if not event.has_body:
                            raise _rejected(event, b"")
                    case RejectData() if refusal is not None:
                        body += event.data
                        if event.body_finished:
                            raise _rejected(refusal, bytes(body))
                    case _:
                        raise Ended("the peer does not speak WebSocket")
            if not await self._read():
                raise Ended(self._stream.fault or CLOSED_TOO_SOON)

    # --- afterwards -----------------------------------------------------------------------------

    async def receive(self) -> str | bytes:
        """The next message, whole; Ended where there is none any more."""
        if self._ended is not None:
            raise self._ended
        if self._turn >= _FRAMES_A_TURN:
            self._turn = 0
            await trio.lowlevel.checkpoint()
        while True:
            for event in self._events:
                if isinstance(event, TextMessage | BytesMessage):
                    message = self._message(event)
                    if message is not None:
                        self._turn += 1
                        return message
                    if self._size > self._most:
                        raise await self._refuse()
                else:
                    await self._heed(event)
            self._turn = 0
            try:
                is_open = await self._read()
            except ProtocolError:
                is_open = False
            if not is_open:
                raise self._end(_CUT_OFF)

    def _message(self, event: TextMessage | BytesMessage) -> str | bytes | None:
        """A message that is whole; None for a part of one, or of one that is too long."""
        self._size += len(event.data)
        if self._size > self._most or not event.message_finished:
            if event.data:  # a peer may send parts of nothing without end
                self._parts.append(event.data)
            return None
        data: str | bytes | bytearray = event.data
        if self._parts:
            parts, self._parts = [*self._parts, data], []
            data = _joined(parts)
        self._size = 0
        return data if isinstance(data, str) else bytes(data)

    async def _refuse(self) -> Ended:
        self._parts.clear()
        words = f"Exceeded maximum message size: {self._most} bytes"
        await self._answer(CloseConnection(code=_TOO_BIG, reason=words))
        return self._end(_TOO_BIG, words)

    async def _heed(self, event: Event) -> None:
        if isinstance(event, Ping):
            await self._answer(event.response())
        elif isinstance(event, CloseConnection):
            ended = self._end(int(event.code), event.reason)
            if self._wire.state is ConnectionState.REMOTE_CLOSING:
                await self._answer(event.response())
            raise ended

    def _end(self, code: int, reason: str | None = None) -> Ended:
        if self._stream.fault:
            self._ended = Ended(self._stream.fault)
        elif self._ended is None:
            self._ended = closed_with(code, reason)
        return self._ended

    async def send(self, text: str) -> None:
        """Send a whole text frame, or end the connection."""
        if self._ended is not None:
            raise self._ended
        try:
            await self._say(TextMessage(data=text))
        except _GONE:
            raise self._end(_CUT_OFF) from None

    async def _answer(self, event: Event) -> None:
        """If the peer has gone meanwhile, reading says so."""
        try:
            await self._say(event)
        except (ProtocolError, *_GONE):
            return

    async def _say(self, event: Event) -> None:
        """One at a time, and each whole: the stream's sends are shielded and bounded."""
        async with self._lock:
            await self._stream.send_all(self._wire.send(event))

    async def _read(self) -> bool:
        """False at the end of the stream, of whatever kind. A frame that is not UTF-8 or breaks the
        protocol comes as the closing of the connection."""
        try:
            data = await self._stream.receive_some(None)
        except _GONE:
            return False
        if not data:
            return False
        self._wire.receive_data(bytes(data))
        self._events = self._wire.events()
        return True


def _joined(parts: list[str | bytes | bytearray]) -> str | bytes:
    if isinstance(parts[0], str):
        return "".join([part for part in parts if isinstance(part, str)])
    return b"".join([part for part in parts if not isinstance(part, str)])


def _rejected(event: RejectConnection, body: bytes) -> ConnectionRejected:
    return ConnectionRejected(event.status_code, tuple(event.headers), body)
