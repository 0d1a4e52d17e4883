"""The door of a server that is for programs of this machine: who may come in, and with how much.

A page in somebody's browser can reach a server on loopback, under a name of its own that leads
here (then `Host` is that name) or from its own page (then `Origin` is). Both are refused. Bodies
are read here, bounded in bytes and seconds, before anybody behind the door sees the request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from typing import Any

import trio
from attrs import define, field, frozen
from attrs.validators import gt

from polytui.model.errors import Fatal
from polytui.model.web_address import WebAddress, web_address

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


@frozen
class DoorSettings:
    body_bytes: int = field(default=1 << 18, validator=gt(0))
    body_s: float = field(default=3.0, validator=gt(0))
    """From the end of the headers to the end of the body."""
    unfinished: int = field(default=64, validator=gt(0))
    """Requests that may be under way at once."""


@define(eq=False)
class _Refused(Exception):
    status: int
    words: str


def may_come_in(host: str, origin: str, own: str) -> bool:
    """Whether a request meant this server (`own`: the address it was told to listen on), and comes
    from no page of somebody else's. `host` and `origin` as in the headers, empty where absent."""
    try:
        meant = web_address(f"http://{host}", "http")
        if not (meant.is_loopback or meant.host in ("localhost", own)):
            return False
        return not origin or _same(web_address(origin, "http", "https"), meant)
    except ValueError:
        return False


def check_is_loopback(host: str) -> None:
    """Fatal for an address to listen on that others than this machine could reach."""
    try:
        is_own = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_own = False
    if not is_own:
        raise Fatal(
            f"{host!r} is no address of this machine alone, and this server has no lock on its "
            "doors; listen on 127.0.0.1 or ::1"
        )


def _same(page: WebAddress, meant: WebAddress) -> bool:
    return (page.scheme, page.host, page.port) == (meant.scheme, meant.host, meant.port)


@define(eq=False)
class Door:
    """An ASGI app behind a door. State: how many requests are under way."""

    app: App
    own: str
    settings: DoorSettings = field(factory=DoorSettings)
    under_way: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.under_way += 1
        try:
            body = await self._admitted(scope, receive)
            await self.app(scope, _given(body, receive), send)
        except _Refused as refusal:
            await _answer(send, refusal)
        finally:
            self.under_way -= 1

    async def _admitted(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body of a request that may come in; _Refused otherwise."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if self.under_way > self.settings.unfinished:
            raise _Refused(503, "too many requests are under way")
        if not may_come_in(_one(headers, b"host"), _one(headers, b"origin"), self.own):
            raise _Refused(403, "this server is for programs of this machine alone")
        if _one(headers, b"content-length") and _one(headers, b"transfer-encoding"):
            raise _Refused(400, "a request of two lengths")
        with trio.move_on_after(self.settings.body_s):
            return await self._body(receive)
        raise _Refused(408, f"no whole request within {self.settings.body_s:g} s")

    async def _body(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self.settings.body_bytes:
                raise _Refused(413, f"more than {self.settings.body_bytes} bytes")
            if not message.get("more_body", False):
                return bytes(body)


def _one(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """The value of a header; of one that comes twice something that is none."""
    found = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return found[0] if len(found) == 1 else ", ".join(found)


def _given(body: bytes, receive: Receive) -> Receive:
    """What was read already, and then whatever else comes: the end of the connection."""
    is_given = False

    async def give() -> dict[str, Any]:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


async def _answer(send: Send, refusal: _Refused) -> None:
    body = f'{{"error":"{refusal.words}"}}'.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # What is left of the request is not read.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
