"""Streams to other machines: dialled, secured, and whole or fatal in what they send."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable
from functools import cache

import trio
from attrs import define, field

from polytui.model.errors import Fatal
from polytui.model.plain_text import plain
from polytui.model.web_address import WebAddress, web_address
from polytui.net.loopback import elsewhere, is_loopback

_MOST_REFUSED = 64
"""Hosts are those of the settings; this only bounds what a mistake would keep."""

CLOSED_TOO_SOON = "the peer closed before the WebSocket upgrade"
_MOST_WORDS = 120
_SPOILED_CODES = (1002, 1007, 1009)
"""Close codes for frames that break the protocol, are not UTF-8, or are too big (RFC 6455)."""


@cache
def tls_context() -> ssl.SSLContext:
    """One context for the whole process: loading the authorities takes 18 ms."""
    return ssl.create_default_context()


@cache
def http_tls_context() -> ssl.SSLContext:
    """One of its own for HTTP: httpx writes into it that it speaks HTTP/2, which no WebSocket here
    does."""
    return ssl.create_default_context()


@define(eq=False)
class Trust:
    """Whether certificates are believed on this machine. State: whether one ever was, who is
    refused now, and who is told.

    Before the first is believed a refusal is a fault of this machine (its clock, its authorities,
    a captive portal). After that it is somebody else's, and passes: nothing ends because of it.
    """

    tell: Callable[[str], None] = field(default=lambda words: None)
    """Told once for each host, until it is believed again."""
    has_believed: bool = False
    is_loopback_only: bool = False
    """Nothing leaves this machine: a peer that turns out to be another one is hung up on."""
    _refused: set[str] = field(factory=set, init=False)

    def believed(self, host: str) -> None:
        self.has_believed = True
        self._refused.discard(host)

    def refused(self, host: str, words: str) -> None:
        if host not in self._refused and len(self._refused) < _MOST_REFUSED:
            self._refused.add(host)
            self.tell(
                f"the certificate of {host} is refused ({words}): somebody answers in its place, a"
                " network's log-in page perhaps; nothing is sent there, it is tried again"
            )


def address_of(name: str, url: str) -> WebAddress:
    """The address of a ws:// or wss:// URL; Fatal, naming the feed, for anything else."""
    try:
        return web_address(url, "wss", "ws")
    except ValueError as error:
        advice = "write it as wss://host[:port]/path"
        raise Fatal(f"{name}: bad WebSocket URL {plain(url)!r} ({error}); {advice}") from None


def untrusted(error: BaseException) -> str:
    """Why a certificate was refused, if that is what `error` comes from; else empty."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return plain(getattr(link, "verify_message", "") or link)
        link = link.__cause__ or link.__context__
    return ""


class Ended(Exception):
    """The end of one connection: why, and how long the peer asked us to stay away."""

    def __init__(
        self,
        detail: str,
        *,
        after_s: float = 0.0,
        is_spoiled: bool = False,
        status: int = 0,
        code: int = 0,
    ) -> None:
        super().__init__(detail)
        self.status = status
        """Of HTTP, where the upgrade was refused; 0 otherwise."""
        self.code = code
        """Of the closing frame; 0 without one."""
        self.detail = detail
        self.after_s = after_s
        self.is_spoiled = is_spoiled


def closed_with(code: int, reason: str | None) -> Ended:
    """The end of a connection that was closed with a code."""
    words = plain(reason or "", _MOST_WORDS)
    detail = f"closed with {code}" + (f": {words}" if words else "")
    return Ended(detail, is_spoiled=code in _SPOILED_CODES, code=code)


class GuardedStream(trio.abc.Stream):
    """A stream whose sends are whole or fatal, and whose end can be awaited."""

    def __init__(self, stream: trio.abc.Stream, send_timeout_s: float) -> None:
        self._stream = stream
        self.allowance = math.inf
        """Bytes that the peer may still send."""
        self._send_timeout_s = send_timeout_s
        self.ended = trio.Event()
        self.fault = ""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        deadline = trio.current_time() + self._send_timeout_s
        with trio.CancelScope(deadline=deadline, shield=True) as scope:
            try:
                await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self.ended.set()
                raise
        if scope.cancelled_caught:
            self.fault = f"the peer took no bytes for {self._send_timeout_s:g} s"
            await self.aclose()
            raise trio.BrokenResourceError(self.fault)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        try:
            data = await self._stream.receive_some(max_bytes)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.ended.set()
            raise
        if not data:
            self.ended.set()
        self.allowance -= len(data)
        if self.allowance < 0:
            self.fault = "the peer sent too much before the WebSocket upgrade"
            await self.aclose()
            raise trio.BrokenResourceError(self.fault)
        return data

    async def aclose(self) -> None:
        self.ended.set()
        await trio.aclose_forcefully(self._stream)


async def dial(
    address: WebAddress, trust: Trust, is_loopback_only: bool = False
) -> trio.abc.Stream:
    """An open TCP or TLS stream; Ended with the reason in words when there is none to be had.
    `is_loopback_only`, also as `trust` has it: Fatal where it leads to another machine."""
    where = f"{address.host}:{address.port}"
    try:
        stream = await trio.open_tcp_stream(address.host, address.port)
        if is_loopback_only or trust.is_loopback_only:
            await _check_peer(stream, where)
        if not address.is_secure:
            return stream
        secure = await _secure(stream, address.host)
    except OSError as error:
        raise Ended(f"cannot connect to {where}: {error}; is it reachable?") from None
    except trio.BrokenResourceError as error:
        if why := untrusted(error):
            trust.refused(address.host, why)
        raise Ended(f"TLS with {where} failed: {plain(error.__cause__ or error)}") from None
    trust.believed(address.host)
    return secure


async def _check_peer(stream: trio.SocketStream, where: str) -> None:
    """Of the connection as it stands, before a byte goes out: a name leads where its server wants.
    Fatal where it is another machine's."""
    peer = str(stream.socket.getpeername()[0])
    if is_loopback(peer):
        return
    await trio.aclose_forcefully(stream)
    raise elsewhere(where, peer)


async def _secure(stream: trio.SocketStream, host: str) -> trio.abc.Stream:
    secure = trio.SSLStream(stream, tls_context(), server_hostname=host, https_compatible=True)
    try:
        await secure.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return secure
