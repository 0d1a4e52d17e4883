"""Pacing, budgets and error mapping of Http, with the network replaced at the byte level."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from itertools import pairwise

import httpx
import pytest
import trio

from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.net.http import Http, HttpSettings

pytestmark = pytest.mark.trio
SETTINGS = HttpSettings()
Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Venue:
    """Answers with the next of `answers` (the last one for ever), and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[float, httpx.Request]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((trio.current_time(), request))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=answer.content, request=request
        )


def http_of(handler: Handler, settings: HttpSettings = SETTINGS) -> Http:
    return Http("http://venue.test/base/", settings, httpx.MockTransport(handler))


async def test_get_returns_the_body_and_repeats_keys_of_sequences() -> None:
    venue = Venue(httpx.Response(200, content=b"[1]"))
    http = http_of(venue)
    assert await http.get("/events", {"slug": ["a b", "c"], "limit": 5}) == b"[1]"
    assert str(venue.asked[0][1].url) == "http://venue.test/base/events?slug=a+b&slug=c&limit=5"
    await http.close()


async def test_post_sends_the_very_bytes() -> None:
    venue = Venue(httpx.Response(200, content=b"{}"))
    http = http_of(venue)
    assert await http.post("/order", b'{"b": 1,"a":2}') == b"{}"
    request = venue.asked[0][1]
    assert request.content == b'{"b": 1,"a":2}'
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "fault",
    [
        httpx.Response(500, content=b"oops"),
        httpx.Response(503),
        httpx.ConnectError("no route"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
    ],
)
async def test_reads_are_tried_again_with_doubling_pauses(
    autojump_clock: trio.testing.MockClock, fault: httpx.Response | Exception
) -> None:
    venue = Venue(fault, fault, httpx.Response(200, content=b"ok"))
    assert await http_of(venue).get("/x") == b"ok"
    times = [at for at, _ in venue.asked]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([0.25, 0.5])


async def test_a_question_in_a_post_is_tried_again(autojump_clock: trio.testing.MockClock) -> None:
    venue = Venue(httpx.Response(502), httpx.Response(200, content=b"[]"))
    assert await http_of(venue).post("/books", b"[]", is_read=True) == b"[]"
    assert len(venue.asked) == 2


async def test_tries_are_bounded_and_the_last_error_is_told(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = Venue(httpx.Response(500, content=b"order manager\nnot ready"))
    with pytest.raises(Retry, match=r"GET http://venue.test/base/x: HTTP 500 order manager\\n"):
        await http_of(venue).get("/x")
    assert len(venue.asked) == SETTINGS.tries


BY_DATE = {
    "Date": "Thu, 26 Nov 2026 14:00:00 GMT",
    "Retry-After": "Thu, 26 Nov 2026 14:00:07 GMT",
}


@pytest.mark.parametrize("headers", [{"Retry-After": "7"}, BY_DATE])
async def test_retry_after_is_honoured(
    autojump_clock: trio.testing.MockClock, headers: dict[str, str]
) -> None:
    venue = Venue(httpx.Response(429, headers=headers), httpx.Response(200))
    await http_of(venue).get("/x")
    assert venue.asked[1][0] - venue.asked[0][0] == pytest.approx(7.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 422, 451, 302])
async def test_refusals_are_proven_and_never_tried_again(status: int) -> None:
    venue = Venue(httpx.Response(status, content=b'{"error":"no"}'))
    with pytest.raises(Rejected) as caught:
        await http_of(venue).get("/x")
    assert caught.value.status == status
    assert '{"error":"no"}; ' in str(caught.value)
    assert len(venue.asked) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (httpx.Response(500), Unknown),
        (httpx.Response(502), Unknown),
        (httpx.Response(503, headers={"Retry-After": "79"}), Retry),
        (httpx.Response(425), Retry),
        (httpx.Response(429), Retry),
        (httpx.Response(400), Rejected),
        (httpx.ConnectError("refused"), Retry),
        (httpx.ConnectTimeout("slow"), Retry),
        (httpx.PoolTimeout("full"), Retry),
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.WriteError("cut"), Unknown),
        (httpx.RemoteProtocolError("cut"), Unknown),
    ],
)
async def test_a_post_goes_out_once_whatever_happens(
    fault: httpx.Response | Exception, kind: type[Exception]
) -> None:
    venue = Venue(fault)
    with pytest.raises(kind) as caught:
        await http_of(venue).post("/order", b"{}")
    assert len(venue.asked) == 1
    if isinstance(caught.value, Retry) and isinstance(fault, httpx.Response):
        assert caught.value.after_s == (79.0 if "Retry-After" in fault.headers else None)


async def test_total_time_bounds_one_try(autojump_clock: trio.testing.MockClock) -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        await trio.sleep_forever()
        raise AssertionError

    http = http_of(hang, HttpSettings(total_s=3.0, tries=1))
    start = trio.current_time()
    with pytest.raises(Retry, match="no answer within 3 s"):
        await http.get("/x")
    with pytest.raises(Unknown, match="look before sending it again"):
        await http.post("/order", b"{}")
    assert trio.current_time() - start == pytest.approx(6.0)


async def test_a_cancelled_post_is_finished_and_a_cancelled_get_is_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    finished: list[str] = []

    async def slow(request: httpx.Request) -> httpx.Response:
        await trio.sleep(2.0)
        finished.append(request.method)
        return httpx.Response(200)

    http = http_of(slow)
    with trio.move_on_after(1.0):
        await http.get("/x")
    with trio.move_on_after(1.0):
        await http.post("/order", b"{}")
    assert finished == ["POST"]


async def test_a_post_cancelled_before_its_turn_never_goes_out(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = Venue(httpx.Response(200))
    http = http_of(venue, HttpSettings(requests_per_s=0.1, burst=1))
    await http.post("/order", b"1")
    with trio.move_on_after(5.0) as waiting:
        await http.post("/order", b"2")
    assert waiting.cancelled_caught
    assert [request.content for _, request in venue.asked] == [b"1"]


async def test_burst_then_pace(autojump_clock: trio.testing.MockClock) -> None:
    venue = Venue(httpx.Response(200))
    http = http_of(venue, HttpSettings(requests_per_s=2.0, burst=3))
    await trio.sleep(100)
    start = trio.current_time()
    for _ in range(7):
        await http.get("/x")
    assert [at - start for at, _ in venue.asked] == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5, 2.0])


async def test_never_more_at_once_than_connections(autojump_clock: trio.testing.MockClock) -> None:
    running, most = 0, 0

    async def count(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await trio.sleep(1.0)
        running -= 1
        return httpx.Response(200)

    http = http_of(count, HttpSettings(max_connections=3, requests_per_s=1000, burst=1000))
    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(http.get, "/x")
    assert most == 3


async def test_full_pool_twice_in_a_row_rebuilds_the_client(
    autojump_clock: trio.testing.MockClock,
) -> None:
    full, good = httpx.PoolTimeout("full"), httpx.Response(200)
    http = http_of(Venue(full, good, full, good))
    await http.get("/x")
    await http.get("/x")
    assert http.rebuilds == 0
    http = http_of(Venue(full, full, good))
    await http.get("/x")
    assert http.rebuilds == 1


async def test_untrusted_certificate_is_fatal() -> None:
    error = httpx.ConnectError("verify failed")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    with pytest.raises(Fatal, match="certificate authorities"):
        await http_of(Venue(error)).get("/x")


@pytest.mark.parametrize("url", ["ftp://h", "nonsense", "http://", "http://h:port", ""])
async def test_bad_url_is_fatal_with_advice(url: str) -> None:
    with pytest.raises(Fatal, match="write it as https://"):
        Http(url, SETTINGS)


async def test_over_loopback_keeps_one_connection_and_maps_a_closed_port() -> None:
    """Real loopback sockets: a byte-level server that answers twice on one connection."""
    connections = 0

    async def serve(stream: trio.SocketStream) -> None:
        nonlocal connections
        connections += 1
        while await stream.receive_some(65536):
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    http = Http(f"http://127.0.0.1:{port}", HttpSettings(tries=1))
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, serve, [listener])
            assert [await http.get("/a"), await http.get("/b")] == [b"ok", b"ok"]
            assert connections == 1
            await http.close()
            nursery.cancel_scope.cancel()
        await listener.aclose()
        gone = Http(f"http://127.0.0.1:{port}", HttpSettings(tries=1))
        with pytest.raises(Retry, match="is it reachable"):
            await gone.get("/a")
        await gone.close()


@pytest.mark.parametrize(
    "fault",
    [httpx.InvalidURL("too long"), httpx.UnsupportedProtocol("x"), httpx.LocalProtocolError("x")],
)
async def test_what_somebody_elses_id_makes_of_a_path_ends_nothing(fault: Exception) -> None:
    with pytest.raises((Rejected, Retry)):
        await Http("http://v.test", HttpSettings(tries=1), httpx.MockTransport(Venue(fault))).get(
            "/x"
        )
