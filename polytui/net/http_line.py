"""One connection of HTTP/1.1 that stands, for requests that wait for nothing else.

A request goes out in one piece, its bytes made by whoever asks. What h11 has to be told of it is
told once they are on the socket, and h11 alone reads what comes back. Which request it was does not
matter to it: only answers to HEAD and CONNECT are framed otherwise, and nobody asks those here.

A line is left in the middle by nobody: whoever goes wrong, is cancelled or out of time takes it
down with him. An answer after whose end something follows ends it as well.
"""

from __future__ import annotations

import select
from collections.abc import AsyncIterator
from contextlib import suppress

import h11
import httpx
import trio
from attrs import frozen

from polytui.net.clock import wall_ahead_s
from polytui.net.http_answer import HttpAnswer, whole_answer

_MOST_HEAD = 100 * 1024
"""Bytes of an answer's headers."""
_SOME_REQUEST = h11.Request(
    method="POST", target="/", headers=[("Host", "venue"), ("Content-Length", "0")]
)
_SWITCHING = 101
"""To another protocol, which nobody asked for."""
_CLOSED = (trio.BrokenResourceError, trio.ClosedResourceError)
_Patience = trio.CancelScope
_Event = h11.Event | type[h11.PAUSED]


@frozen
class HttpLineLimits:
    """How long in real seconds, and how much."""

    connect_s: float
    write_s: float
    read_s: float
    """Between two pieces of an answer."""
    total_s: float
    most_bytes: int
    """Of an answer's body."""


class HttpLine:
    """State: a stream, what h11 knows of it, and when it last had an answer."""

    def __init__(self, stream: trio.abc.Stream, limits: HttpLineLimits) -> None:
        self._stream = stream
        self._limits = limits
        self._link = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD)
        self._poll = select.poll()
        self._poll.register(_file_of(stream), select.POLLIN)
        self._note_use()
        self.is_whole = True
        """Every answer that it had was whole: it may be asked again."""

    def _note_use(self) -> None:
        self._used_at, self._ahead_s = trio.current_time(), wall_ahead_s()

    @property
    def rested_s(self) -> float:
        """Since its last answer; what the machine slept for counts, as it does for the server."""
        slept_s = max(0.0, wall_ahead_s() - self._ahead_s)
        return trio.current_time() - self._used_at + slept_s

    @property
    def is_silent(self) -> bool:
        """Nothing came that nobody asked for. Where something did it is the end of the connection,
        and a request would be sent to nobody; or an answer to nothing, and the next request would
        take it for its own."""
        return not _has_unread(self._stream) and not self._poll.poll(0)

    async def exchange(self, request: bytes, *, is_shielded: bool) -> HttpAnswer:
        """One request that may have been seen from now on, and its whole answer. Errors are
        httpx's; trio.TooSlowError where all of it took too long."""
        limits, self.is_whole = self._limits, False
        ends_at = trio.current_time() + limits.total_s
        first_at = min(ends_at, trio.current_time() + limits.write_s)
        error: type[httpx.TimeoutException] = httpx.WriteTimeout
        with _Patience(deadline=first_at, shield=is_shielded) as patience:
            try:
                await self._write(request)
                error = httpx.ReadTimeout
                answer = await self._answer(patience, ends_at)
                self._end_of_answer()
            finally:
                if not self.is_whole:
                    await self.close()
            return answer
        if trio.current_time() >= ends_at:
            raise trio.TooSlowError
        raise error("")

    async def close(self) -> None:
        self.is_whole = False
        await trio.aclose_forcefully(self._stream)

    async def _write(self, request: bytes) -> None:
        with suppress(*_CLOSED):  # it may have answered before it hung up: reading tells
            await self._stream.send_all(request)
        self._link.send(_SOME_REQUEST)
        self._link.send(h11.EndOfMessage())

    async def _answer(self, patience: _Patience, ends_at: float) -> HttpAnswer:
        limits = self._limits

        async def event() -> _Event:
            while (found := self._next_event()) is None:
                patience.deadline = min(ends_at, trio.current_time() + limits.read_s)
                await self._read()
            return found

        async def chunks() -> AsyncIterator[bytes]:
            while isinstance(found := await event(), h11.Data):
                yield bytes(found.data)

        head = await event()
        while isinstance(head, h11.InformationalResponse) and head.status_code != _SWITCHING:
            head = await event()
        if not isinstance(head, h11.Response):
            raise httpx.RemoteProtocolError("an answer that is none of HTTP")
        headers = httpx.Headers(head.headers.raw_items())
        return await whole_answer(head.status_code, headers, chunks(), limits.most_bytes)

    def _next_event(self) -> _Event | None:
        """None where more has to be read first."""
        try:
            found = self._link.next_event()
        except h11.RemoteProtocolError as fault:
            raise httpx.RemoteProtocolError(str(fault)) from None
        return found if isinstance(found, h11.Event) or found is h11.PAUSED else None

    async def _read(self) -> None:
        try:
            data = await self._stream.receive_some()
        except _CLOSED as fault:
            raise httpx.ReadError(str(fault)) from None
        if not data and self._link.their_state is h11.SEND_RESPONSE:
            raise httpx.RemoteProtocolError("the venue hung up without an answer")
        self._link.receive_data(bytes(data))

    def _end_of_answer(self) -> None:
        link = self._link
        is_over = link.our_state is h11.DONE and link.their_state is h11.DONE
        if is_over and not link.trailing_data[0] and not _has_unread(self._stream):
            link.start_next_cycle()
            self._note_use()
            self.is_whole = True


def _has_unread(stream: trio.abc.Stream) -> bool:
    """Whether TLS holds bytes that came off the socket and that nobody read. Two records may come
    in one piece: then neither the socket nor h11 knows of the second. What is deciphered already
    Trio tells openly; the records behind it stand in a buffer that it has no public word for."""
    if not isinstance(stream, trio.SSLStream):
        return False
    return bool(stream.pending() or stream._incoming.pending)


def _file_of(stream: trio.abc.Stream) -> int:
    """The descriptor of what is below TLS."""
    below = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
    assert isinstance(below, trio.SocketStream)
    return below.socket.fileno()
