"""What happens to the venue's answers on their way, and to requests; each of them counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import trio

POSTS = ("POST /order", "POST /orders")
CANCELS = ("DELETE /order", "DELETE /orders", "DELETE /cancel-all", "DELETE /cancel-market-orders")
Spoil = Callable[[httpx.Request, httpx.Response], Awaitable[httpx.Response]]

NONSENSE: tuple[bytes, ...] = (
    b"",
    b"<html><body>502 Bad Gateway</body></html>",
    b"null",
    b"[]",
    b"{}",
    b'{"success": true}',
    b'{"data": 7, "next_cursor": [], "orderID": 5, "status": null, "canceled": "all"}',
    b'[{"success": "yes", "status": {}}]',
    b'{"orderID":"0x00","status":"LIVE","success":true,"makingAmount":"NaN"}',
    b'{"balance": "-1e400", "allowances": []}',
    b"\xff\xfe\x00\x00",
    b'{"error": "' + b"x" * 5_000 + b'"}',
    b"[" * 2_000,
)


def named(request: httpx.Request) -> str:
    """Of a private request: its method and path, without an order's own name."""
    path = request.url.path.removeprefix("/clob")
    if path.startswith("/data/order/"):
        path = "/data/order/"
    return f"{request.method} {path}"


class Spoilt:
    """State: how many answers are spoilt yet, and how many were, by what was asked."""

    def __init__(self, spoil: Spoil, *paths: str, most: int = 1_000_000) -> None:
        self._spoil = spoil
        self._paths = paths
        self.left = most
        self.hits: Counter[str] = Counter()

    async def __call__(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        what = named(request)
        if not self.left or what not in self._paths:
            return response
        self.left -= 1
        self.hits[what] += 1
        return await self._spoil(request, response)


async def lose(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    raise httpx.ReadError("the line was cut", request=request)


async def break_off(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """The stream ends in the middle of the body."""
    words = "peer closed connection without sending complete message body"
    raise httpx.RemoteProtocolError(words, request=request)


async def halve(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """A 200 that was cut by something that thinks it is whole."""
    return httpx.Response(
        response.status_code, content=response.content[: len(response.content) // 2]
    )


def after(seconds: float) -> Spoil:
    async def late(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        await trio.sleep(seconds)
        return response

    return late


class Nonsense:
    """One kind after another, in an answer that says that all is well, or that it is not."""

    def __init__(self) -> None:
        self._count = 0

    async def __call__(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = NONSENSE[self._count % len(NONSENSE)]
        status = 200 if self._count // len(NONSENSE) % 2 == 0 else response.status_code
        self._count += 1
        return httpx.Response(status, content=body)
