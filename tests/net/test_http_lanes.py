"""What `Http.ask` is for: any method with a body, headers of the moment, lanes, and whose answer it
is. The network is replaced at the byte level, time is virtual."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
import trio

from polytui.model.errors import Fatal, Unknown
from polytui.net.dial import Trust
from polytui.net.http import Http, HttpSettings
from polytui.net.loopback import is_loopback

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


def http_of(handler: Handler, settings: HttpSettings | None = None) -> Http:
    return Http("http://venue.test", settings or HttpSettings(), httpx.MockTransport(handler))


@pytest.mark.trio
async def test_a_delete_carries_its_body_to_the_byte() -> None:
    asked: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=b"{}")

    await http_of(answer).ask("DELETE", "/orders", body=b'["0xab"]')
    assert (asked[0].method, asked[0].content) == ("DELETE", b'["0xab"]')
    assert asked[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [200, 204, 302, 400, 403, 425, 500, 503])
@pytest.mark.trio
async def test_an_answer_is_given_whatever_its_status(status: int) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=b"words", headers={"Retry-After": "7"})

    given = await http_of(answer).ask("POST", "/order", body=b"{}")
    assert (given.status, given.body, given.retry_after_s) == (status, b"words", 7.0)
    assert "words" not in repr(given)
    assert "Retry" not in repr(given), "headers hold secrets, too"


@pytest.mark.trio
async def test_headers_of_the_moment_are_made_when_it_is_the_requests_turn(
    autojump_clock: trio.testing.MockClock,
) -> None:
    stamps: list[tuple[float, str]] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        stamps.append((trio.current_time(), request.headers["stamp"]))
        await trio.sleep(3.0)
        return httpx.Response(200)

    http = http_of(answer, HttpSettings(requests_per_s=0.1, burst=1))
    narrow = http.lane("narrow", 1)

    def stamp() -> dict[str, str]:
        return {"stamp": f"{trio.current_time():.3f}"}

    for lane in (None, narrow):
        stamps.clear()
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask_stamped, http, stamp, lane)
        assert all(told == f"{at:.3f}" for at, told in stamps), "behind a pace or behind others"
        assert len({told for _, told in stamps}) == 3


async def ask_stamped(http: Http, stamp: Callable[[], dict[str, str]], lane: object) -> None:
    await http.ask("GET", "/x", is_read=True, stamp=stamp, lane=lane)


@pytest.mark.trio
async def test_a_lane_waits_for_nobody_else(autojump_clock: trio.testing.MockClock) -> None:
    """Eight reads hang and a hundred wait; what has a lane of its own is answered at once."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await trio.sleep(0.1 if request.method == "DELETE" else 8.0)
        return httpx.Response(200)

    http = http_of(answer)
    lane = http.lane("cancels", 2)
    assert http.lane("cancels", 2) is lane
    async with trio.open_nursery() as nursery:
        for _ in range(108):
            nursery.start_soon(lambda: http.ask("GET", "/slow", is_read=True))
        await trio.sleep(1.0)
        start = trio.current_time()
        await http.ask("DELETE", "/order", body=b"{}", lane=lane)
        assert trio.current_time() - start == pytest.approx(0.1)
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_lanes_never_ask_for_more_than_the_pool_has() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200)

    http = http_of(answer)
    http.lane("one", 30)
    with pytest.raises(ValueError, match="at once"):
        http.lane("another", 11)


@pytest.mark.trio
async def test_a_write_may_be_left_where_it_is_told_so(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A cancel may be sent again: nobody must wait for its answer."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await trio.sleep_forever()
        raise AssertionError

    http = http_of(answer, HttpSettings(total_s=3.0))
    start = trio.current_time()
    with trio.move_on_after(1.0):
        await http.ask("DELETE", "/cancel-all", is_shielded=False)
    assert trio.current_time() - start == pytest.approx(1.0)
    with pytest.raises(Unknown):
        await http.ask("DELETE", "/cancel-all", is_shielded=False)


@pytest.mark.trio
async def test_again_asks_as_long_as_nothing_happened(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    http, asked = http_of(answer, HttpSettings(tries=4)), 0

    async def once() -> str:
        nonlocal asked
        asked += 1
        if asked < 4:
            await http.ask("GET", "/x", is_read=True)
        return "told"

    assert await http.again(once) == "told"
    assert asked == 4


@pytest.mark.trio
async def test_warming_is_nobodys_trouble() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/gone":
            raise httpx.ConnectError("no route")
        return httpx.Response(500)

    assert await http_of(answer).warm("/time"), "any answer means a connection"
    assert not await http_of(answer).warm("/gone")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["192.0.2.2", "10.0.0.1", "0.0.0.0", "::", "fe80::1%eth0", "::ffff:192.0.2.2", "localhost", ""],
)
def test_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


class Elsewhere(trio.socket.SocketType):
    """A socket that stands to a machine of the network, as far as its address tells; what it is
    really connected to is a listener of the test."""

    def __init__(self, inner: trio.socket.SocketType) -> None:
        self._inner = inner
        self.sent = b""

    def __getattribute__(self, name: str) -> object:
        own = ("_inner", "sent", "getpeername", "send", "sendto")
        if name in own or name.startswith("__"):
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "_inner"), name)

    def getpeername(self) -> tuple[str, int]:
        return ("192.0.2.99", 80)

    async def send(self, data: bytes, flags: int = 0) -> int:
        self.sent += bytes(data)
        return await self._inner.send(data, flags)


class Elsewheres(trio.abc.SocketFactory):
    """State: the sockets that were made."""

    def __init__(self) -> None:
        self.made: list[Elsewhere] = []

    def socket(self, family: int, type: int, proto: int) -> trio.socket.SocketType:
        trio.socket.set_custom_socket_factory(None)
        try:
            one = Elsewhere(trio.socket.socket(family, type, proto))
        finally:
            trio.socket.set_custom_socket_factory(self)
        self.made.append(one)
        return one


@pytest.mark.parametrize("is_loopback_only", ["itself", "by trust", ""])
@pytest.mark.trio
async def test_nothing_is_sent_to_a_peer_that_is_not_this_machine(is_loopback_only: str) -> None:
    heard: list[bytes] = []

    async def serve(stream: trio.SocketStream) -> None:
        while data := await stream.receive_some(65536):
            heard.append(bytes(data))
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    sockets = Elsewheres()
    by_trust = Trust(is_loopback_only=is_loopback_only == "by trust")
    http = Http(
        f"http://127.0.0.1:{port}",
        HttpSettings(tries=1),
        trust=by_trust,
        is_loopback_only=is_loopback_only == "itself",
    )
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, serve, [listener])
            trio.socket.set_custom_socket_factory(sockets)
            if is_loopback_only:
                for ask in (http.get("/a"), http.post("/order", b"{}")):
                    with pytest.raises(Fatal, match=r"is 192.0.2.99, another machine"):
                        await ask
                assert len(sockets.made) == 2
                assert not heard
                assert all(one.fileno() == -1 for one in sockets.made), "closed at once"
            else:
                assert await http.get("/a") == b"ok"
            assert any(one.sent for one in sockets.made) is not bool(is_loopback_only)
            await http.close()
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_this_machine_is_asked_where_only_it_may_be() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        while await stream.receive_some(65536):
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    http = Http(
        f"http://127.0.0.1:{listener.socket.getsockname()[1]}",
        HttpSettings(tries=1),
        is_loopback_only=True,
    )
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, serve, [listener])
            assert await http.get("/a") == b"ok"
            await http.close()
            nursery.cancel_scope.cancel()
