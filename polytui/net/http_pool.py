"""httpx's client and its connections, exchanged for fresh ones where they may have been spoiled.

Two things spoil them for ever. A request that is cancelled while it waits for a connection keeps
its place in the pool; nobody waits there (`net/http.py` lets fewer in), and a pool that is full all
the same, twice in a row, is thrown away. And over HTTP/2, where all requests share a connection,
one that is left in the middle (cancelled, out of time, too long) takes with it what it had half
written, and what the peer still sends of it counts against everybody (httpcore 1.0). So after such
a one the next request begins a client of its own; those under way end where they are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import trio
from attrs import define, field

from polytui.net.http_answer import HttpAnswer, read_answer

_FULL_MOST = 2
_WHOLE = (httpx.PoolTimeout, httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL)
"""They left nothing behind on a connection."""


@define(eq=False)
class _Client:
    client: httpx.AsyncClient
    users: int = 0
    """Requests under way."""


@define(eq=False)
class HttpPool:
    """State: the client that the next request takes, older ones whose requests are under way, and
    how often it was full in a row."""

    build: Callable[[], httpx.AsyncClient]
    is_shared: bool
    """Whether requests may share a connection."""
    rebuilds: int = 0
    _current: _Client = field(init=False)
    _retired: list[_Client] = field(factory=list, init=False)
    _full: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._current = _Client(self.build())

    async def exchange(self, request: httpx.Request, most: int) -> HttpAnswer:
        """One request, and its whole answer. Errors are httpx's."""
        async with self._client() as client:
            if client.cookies:
                client.cookies.set_cookie_header(request)
            answer = await client.send(request, stream=True)
            try:
                whole = await read_answer(answer, most)
            finally:
                await answer.aclose()
        self._full = 0
        return whole

    async def close(self) -> None:
        """Whatever is under way is cut."""
        for held in (self._current, *self._retired):
            await held.client.aclose()

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        held = self._current
        held.users += 1
        try:
            yield held.client
        except httpx.PoolTimeout:
            self._full += 1
            if self._full >= _FULL_MOST:
                self.rebuilds += 1
                self._retire(held)
            raise
        except _WHOLE:
            raise
        except BaseException:
            if self.is_shared:
                self._retire(held)
            raise
        finally:
            held.users -= 1
            if not held.users and held in self._retired:
                self._retired.remove(held)
                await trio.aclose_forcefully(_Closing(held.client))

    def _retire(self, held: _Client) -> None:
        if held is self._current:
            self._full = 0
            self._retired.append(held)
            self._current = _Client(self.build())


class _Closing(trio.abc.AsyncResource):
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def aclose(self) -> None:
        await self._client.aclose()
