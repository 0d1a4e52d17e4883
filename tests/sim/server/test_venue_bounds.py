"""The simulated venue over real loopback sockets: nobody who means harm holds it up."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
import trio
from test_venue_door import open_venue

from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval
from polytui.net.guard import check_is_loopback
from polytui.net.serve import ServeSettings
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.world import WorldSettings

pytestmark = pytest.mark.trio
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError)
START_NS = 1_795_204_800 * 10**9


async def answer_of(url: str, method: str, path: str, *lines: str, body: bytes = b"") -> bytes:
    """Head and body of the whole answer; nothing where the connection was ended without one."""
    parts = urlsplit(url)
    assert parts.port is not None
    head = [f"{method} {path} HTTP/1.1", *lines]
    if not any(one.lower().startswith("host:") for one in lines):
        head.insert(1, f"Host: {parts.netloc}")
    if not any(one.lower().startswith("content-length:") for one in lines):
        head.append(f"Content-Length: {len(body)}")
    head += ["Connection: close", "", ""]
    stream = await trio.open_tcp_stream("127.0.0.1", parts.port)
    answer = b""
    async with stream:
        with suppress(*_GONE):
            await stream.send_all("\r\n".join(head).encode("latin-1") + body)
        with suppress(*_GONE):
            while chunk := await stream.receive_some(65536):
                answer += chunk
    return answer


def read(answer: bytes) -> tuple[int, dict[str, str], object]:
    """Status, headers and the body, which must be JSON."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert headers["content-type"] == "application/json"
    return int(first.split()[1]), headers, json.loads(body)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "192.168.1.1", "10.0.0.1", "example.com", "127.0.0.1.evil.example",
     "localhost.evil.example", "2130706433", "fe80::1", " 127.0.0.1"],
)  # fmt: skip
async def test_the_venue_listens_on_this_machine_alone(host: str) -> None:
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,))
    with trio.fail_after(20), pytest.raises(Fatal, match=r"listen on 127\.0\.0\.1"):
        await run_venue(VenueSettings(world, host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
async def test_addresses_of_this_machine_are_its_own(host: str) -> None:
    check_is_loopback(host)


async def test_a_request_that_is_refused_is_answered_in_json() -> None:
    async with open_venue() as urls:
        for method, path, lines, body, status in (
            ("GET", "/nowhere", (), b"", 404),
            ("GET", "/clob/nowhere", (), b"", 404),
            ("GET", "/clob/%ff%00%zz", (), b"", 404),
            ("POST", "/clob/time", (), b"", 405),
            ("TRACE", "/clob/time", (), b"", 405),
            ("GET", "http://evil.example/clob/time", (), b"", 404),
            ("GET", "/clob/time", ("Host: evil.example",), b"", 403),
            ("GET", "/clob/time", ("Origin: https://evil.example",), b"", 403),
            ("POST", "/clob/books", ("Content-Length: 900000000",), bytes(1 << 19), 413),
            ("POST", "/clob/books", (), b"[" * 200_000, 400),
            ("POST", "/clob/books", (), b'{"a":' * 40_000, 400),
            ("POST", "/clob/books", (), b"\xff\xfe", 400),
        ):
            found, _, document = read(await answer_of(urls.clob, method, path, *lines, body=body))
            assert found == status, (method, path, lines)
            assert isinstance(document, dict)
            assert document["error"], document


@pytest.mark.parametrize(
    "lines",
    [
        [f"X-{number}: y" for number in range(30_000)],
        ["X: " + "a" * (1 << 20)],
        ["X" * (1 << 20) + ": y"],
        ["Cookie: " + "a=b; " * 50_000],
    ],
    ids=["many", "long", "long name", "cookies"],
)
async def test_a_flood_of_headers_is_refused_before_it_is_over(lines: list[str]) -> None:
    async with open_venue() as urls:
        answer = await answer_of(urls.clob, "GET", "/clob/time", *lines)
        assert answer[:12] in (b"HTTP/1.1 431", b"HTTP/1.1 400", b"")
        assert read(await answer_of(urls.clob, "GET", "/clob/time"))[0] == 200


@contextmanager
def files(count: int) -> Iterator[None]:
    """Both ends of every socket are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip(f"this machine lets a process have {hard} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def drip(stream: trio.SocketStream) -> None:
    """A head that grows by a byte now and then and is never whole, until the venue has enough."""
    with suppress(*_GONE):
        await stream.send_all(b"GET /clob/time HTTP/1.1\r\nX: ")
        while True:
            await stream.send_all(b"a")
            await trio.sleep(0.2)


async def test_a_thousand_sockets_that_ask_nothing_keep_nobody_else_out() -> None:
    with files(4096):
        async with open_venue(serve=ServeSettings(keep_alive_s=4.0)) as urls:
            port = urlsplit(urls.clob).port
            assert port is not None
            silent = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(1_000)]
            began = trio.current_time()
            assert read(await answer_of(urls.clob, "GET", "/clob/time"))[0] == 200
            assert trio.current_time() - began < 3.0
            with trio.fail_after(15):
                async with await trio.open_tcp_stream("127.0.0.1", port) as dripping:
                    await drip(dripping)
                for stream in silent:
                    with suppress(*_GONE):
                        assert await stream.receive_some() == b"", "ended by the venue"
                    await stream.aclose()


async def test_who_asks_too_much_is_told_when_to_come_back() -> None:
    async with open_venue() as urls:
        answers = [read(await answer_of(urls.clob, "GET", "/clob/ok")) for _ in range(101)]
        assert [status for status, _, _ in answers] == [200] * 100 + [429]
        _, headers, document = answers[-1]
        assert document == {"error": "Too Many Requests"}
        assert 1 <= int(headers["retry-after"]) <= 10
        assert read(await answer_of(urls.clob, "GET", "/clob/time"))[0] == 200


async def test_a_refused_host_costs_nobodys_allowance() -> None:
    async with open_venue() as urls:
        for _ in range(150):
            answer = await answer_of(urls.clob, "GET", "/clob/ok", "Host: evil.example")
            assert read(answer)[0] == 403
        assert read(await answer_of(urls.clob, "GET", "/clob/ok"))[0] == 200
