"""Streams to other machines: dialled, secured, and whole or fatal in what they send."""

from __future__ import annotations

import ssl
from functools import cache
from urllib.parse import urlsplit

import trio
from attrs import frozen

from polytui.model.errors import Fatal


@cache
def tls_context() -> ssl.SSLContext:
    """One context for the whole process: loading the authorities takes 18 ms."""
    return ssl.create_default_context()


@frozen
class Address:
    """Where a WebSocket URL leads."""

    host: str
    port: int
    resource: str
    is_tls: bool

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in (80, 443) else f"{host}:{self.port}"


def address_of(name: str, url: str) -> Address:
    """The address of a ws:// or wss:// URL; Fatal, naming the feed, for anything else."""
    advice = "write it as wss://host[:port]/path"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Fatal(f"{name}: bad WebSocket URL {url!r} ({error}); {advice}") from None
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise Fatal(f"{name}: bad WebSocket URL {url!r}; {advice}")
    is_tls = parts.scheme == "wss"
    query = f"?{parts.query}" if parts.query else ""
    return Address(
        parts.hostname, port or (443 if is_tls else 80), (parts.path or "/") + query, is_tls
    )


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


class GuardedStream(trio.abc.Stream):
    """A stream whose sends are whole or fatal, and whose end can be awaited."""

    def __init__(self, stream: trio.abc.Stream, send_timeout_s: float) -> None:
        self._stream = stream
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
        return data

    async def aclose(self) -> None:
        self.ended.set()
        await trio.aclose_forcefully(self._stream)


async def dial(address: Address) -> trio.abc.Stream:
    """An open TCP or TLS stream; Ended with the reason in words when there is none to be had."""
    where = f"{address.host}:{address.port}"
    try:
        stream = await trio.open_tcp_stream(address.host, address.port)
        if not address.is_tls:
            return stream
        return await _secure(stream, address.host)
    except OSError as error:
        raise Ended(f"cannot connect to {where}: {error}; is it reachable?") from None
    except trio.BrokenResourceError as error:
        raise Ended(f"TLS with {where} failed: {error.__cause__ or error}") from None


async def _secure(stream: trio.SocketStream, host: str) -> trio.abc.Stream:
    secure = trio.SSLStream(stream, tls_context(), server_hostname=host, https_compatible=True)
    try:
        await secure.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return secure
