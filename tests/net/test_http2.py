"""HTTP/2 over loopback TLS: one connection for all, and what a request may do to others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import h2.config
import h2.connection
import h2.events
import pytest
import trio
from attrs import define, field
from certificates import Certificates

from polytui.model.errors import Unknown
from polytui.net.http import Http, HttpSettings

pytestmark = [pytest.mark.trio, pytest.mark.usefixtures("believing")]


@define
class _Asked:
    method: str
    path: str
    body: bytes = b""


@define(eq=False)
class Http2Venue:
    """Answers every path with its name; `/slow...` once it is told to. State: what was asked, by
    connection, and how many connections are open."""

    certificates: Certificates
    port: int = 0
    asked: list[list[_Asked]] = field(factory=list)
    open_now: int = 0
    release: trio.Event = field(factory=trio.Event)
    came: trio.Event = field(factory=trio.Event)
    gone: trio.Event = field(factory=trio.Event)

    async def meet(self, raw: trio.SocketStream) -> None:
        context = self.certificates.server("good")
        context.set_alpn_protocols(["h2"])
        stream = trio.SSLStream(raw, context, server_side=True, https_compatible=True)
        await stream.do_handshake()
        assert stream.selected_alpn_protocol() == "h2"
        asked: dict[int, _Asked] = {}
        mine: list[_Asked] = []
        self.asked.append(mine)
        self.open_now += 1
        link = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        link.initiate_connection()
        sending = trio.Lock()

        async def flush() -> None:
            async with sending:
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    await stream.send_all(link.data_to_send())

        async def answer(stream_id: int) -> None:
            one = asked[stream_id]
            if one.path.startswith("/slow"):
                self.came.set()
                await self.release.wait()
            link.send_headers(stream_id, [(":status", "200")])
            link.send_data(stream_id, one.path.encode(), end_stream=True)
            await flush()

        await flush()
        try:
            async with raw, trio.open_nursery() as nursery:
                with suppress(trio.BrokenResourceError):
                    while data := await stream.receive_some(65536):
                        for event in link.receive_data(bytes(data)):
                            if isinstance(event, h2.events.RequestReceived):
                                heads = dict(event.headers)
                                asked[event.stream_id] = one = _Asked(
                                    heads[b":method"].decode(), heads[b":path"].decode()
                                )
                                mine.append(one)
                            elif isinstance(event, h2.events.DataReceived):
                                asked[event.stream_id].body += event.data
                            elif isinstance(event, h2.events.StreamEnded):
                                nursery.start_soon(answer, event.stream_id)
                        await flush()
                nursery.cancel_scope.cancel()
        finally:
            self.open_now -= 1
            self.gone.set()

    @asynccontextmanager
    async def open(self, settings: HttpSettings | None = None) -> AsyncIterator[Http]:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listener.socket.getsockname()[1]
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.serve_listeners, self.meet, [listener])
                http = Http(f"https://127.0.0.1:{self.port}", settings or HttpSettings(tries=1))
                yield http
                await http.close()
                nursery.cancel_scope.cancel()


async def test_everything_shares_one_connection_and_a_body_goes_with_any_method(
    certificates: Certificates,
) -> None:
    venue = Http2Venue(certificates)
    async with venue.open() as http:
        assert await http.warm("/time")
        told: list[bytes] = []

        async def ask(path: str) -> None:
            told.append(await http.get(path))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "/slow")
            await venue.came.wait()
            answer = await http.ask("DELETE", "/orders", body=b'["0xab"]')
            assert answer.body == b"/orders", "answered while the other one waits"
            venue.release.set()
        assert told == [b"/slow"]
    assert [[(one.method, one.path, one.body) for one in mine] for mine in venue.asked] == [
        [("GET", "/time", b""), ("GET", "/slow", b""), ("DELETE", "/orders", b'["0xab"]')]
    ]


async def test_a_cancelled_read_spoils_nothing_for_others(certificates: Certificates) -> None:
    """What it left half done stays with its connection, which takes no more; who waits for an
    answer there gets it, and then it is closed."""
    venue = Http2Venue(certificates)
    async with venue.open() as http:
        told: list[bytes] = []

        async def post() -> None:
            told.append((await http.ask("POST", "/slow-order", body=b"{}")).body)

        async with trio.open_nursery() as nursery:
            await http.warm("/time")
            nursery.start_soon(post)
            await venue.came.wait()
            with trio.move_on_after(0.05):
                await http.get("/slow-read")
            assert await http.get("/next") == b"/next"
            assert venue.open_now == 2
            venue.release.set()
        assert told == [b"/slow-order"]
        await venue.gone.wait()
        assert venue.open_now == 1, "the old one is closed"
        assert await http.get("/last") == b"/last"
    first, second = venue.asked
    assert [one.path for one in first] == ["/time", "/slow-order", "/slow-read"]
    assert [one.path for one in second] == ["/next", "/last"]


async def test_a_request_out_of_time_takes_nobody_with_it(certificates: Certificates) -> None:
    venue = Http2Venue(certificates)
    async with venue.open(HttpSettings(tries=1, total_s=1.5)) as http:
        await http.warm("/time")
        with pytest.raises(Unknown, match=r"no answer within 1.5 s"):
            await http.ask("POST", "/slow-order", body=b"{}")
        assert await http.get("/next") == b"/next"
    assert [len(mine) for mine in venue.asked] == [2, 1]


async def test_http2_can_be_switched_off(certificates: Certificates) -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    agreed: list[str | None] = []

    async def meet(raw: trio.SocketStream) -> None:
        context = certificates.server("good")
        context.set_alpn_protocols(["h2", "http/1.1"])
        stream = trio.SSLStream(raw, context, server_side=True, https_compatible=True)
        await stream.do_handshake()
        agreed.append(stream.selected_alpn_protocol())
        async with raw:
            await stream.receive_some(65536)
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, meet, [listener])
            url = f"https://127.0.0.1:{listener.socket.getsockname()[1]}"
            http = Http(url, HttpSettings(tries=1, may_use_http2=False))
            assert await http.get("/a") == b"ok"
            await http.close()
            nursery.cancel_scope.cancel()
    assert agreed == ["http/1.1"]
