"""Lines over loopback: the same bytes and outcomes as by httpx, and never a byte sent twice."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trio
from attrs import define, field
from certificates import Certificates
from trio.testing import MockClock

from polytui.model.errors import Rejected, Retry, Unknown
from polytui.net.clock import wall_ahead_s
from polytui.net.http import Http, HttpSettings, Lane
from polytui.net.http_answer import HttpAnswer

pytestmark = pytest.mark.trio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GONE = (trio.BrokenResourceError, trio.ClosedResourceError)
HASTY = HttpSettings(tries=1, read_s=0.2, write_s=0.2, total_s=0.5)
Reply = Callable[[trio.abc.Stream], Awaitable[None]]


@define
class Asked:
    connection: int
    raw: bytes

    @property
    def path(self) -> str:
        return self.raw.split(b" ", 2)[1].decode()

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


@define(eq=False)
class Venue:
    """Answers every request with `ok`, or as `replies` has it for its path. State: what was asked,
    and which connections came, are open, and were hung up on."""

    certificates: Certificates | None = None
    replies: dict[str, Reply] = field(factory=dict)
    asked: list[Asked] = field(factory=list)
    came: int = 0
    open: dict[int, trio.abc.Stream] = field(factory=dict)
    port: int = 0
    _changed: trio.Event = field(factory=trio.Event)

    async def meet(self, raw: trio.SocketStream) -> None:
        stream: trio.abc.Stream = raw
        if self.certificates is not None:
            context = self.certificates.server("good")
            stream = trio.SSLStream(raw, context, server_side=True, https_compatible=True)
        number, self.came = self.came, self.came + 1
        self.open[number] = stream
        try:
            with suppress(*GONE):
                while request := await _a_request(stream):
                    one = Asked(number, request)
                    self.asked.append(one)
                    self._tell()
                    reply = self.replies.get(one.path)
                    await (reply(stream) if reply else stream.send_all(OK))
        finally:
            self.open.pop(number, None)
            self._tell()
            await trio.aclose_forcefully(stream)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            await self._changed.wait()

    async def hang_up(self) -> None:
        """On everybody, and see to it that they can know."""
        for stream in list(self.open.values()):
            await stream.aclose()
        await self.until(lambda: not self.open)

    def orders(self) -> list[Asked]:
        return [one for one in self.asked if one.path != "/time"]


async def _a_request(stream: trio.abc.Stream) -> bytes:
    """Up to the end of its body; empty where no more come."""
    read = b""
    while True:
        head, end, body = read.partition(b"\r\n\r\n")
        if end:
            lengths = [
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ]
            if len(body) >= sum(lengths):
                return read
        data = await stream.receive_some(65_536)
        if not data:
            return b""
        read += data


@define(eq=False)
class Desk:
    venue: Venue
    http: Http
    lane: Lane

    async def order(self, path: str = "/order", body: bytes = b'{"order":1}') -> HttpAnswer:
        return await self.http.ask("POST", path, body=body, lane=self.lane, stamp=_stamp)


def _stamp() -> dict[str, str]:
    return {"POLY_SIGNATURE": "abc=", "POLY_PASSPHRASE": "a secret"}


@asynccontextmanager
async def a_desk(
    venue: Venue, settings: HttpSettings | None = None, *, lines: int = 1, within_s: float = 20.0
) -> AsyncIterator[Desk]:
    """With so many lines that stand."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    venue.port = listener.socket.getsockname()[1]
    scheme = "https" if venue.certificates else "http"
    with trio.fail_after(within_s):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, venue.meet, [listener])
            http = Http(
                f"{scheme}://127.0.0.1:{venue.port}",
                settings or HttpSettings(tries=1),
                headers={"Poly-App": "polytui"},
            )
            assert await http.warm("/time", lines)
            yield Desk(venue, http, http.lane("orders", 8, is_direct=True))
            await http.close()
            nursery.cancel_scope.cancel()


def replying(*pieces: bytes, is_last: bool = False) -> Reply:
    """In so many pieces; and then hung up, perhaps."""

    async def reply(stream: trio.abc.Stream) -> None:
        for piece in pieces:
            await stream.send_all(piece)
        if is_last:
            await stream.aclose()

    return reply


async def never(stream: trio.abc.Stream) -> None:
    """Until the other one hangs up."""
    while await stream.receive_some():
        pass


# --- the same request, the same answer ------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("POST", b'{"a": 1}'),
        ("POST", None),
        ("DELETE", b'["0xab"]'),
        ("DELETE", None),
        ("GET", None),
    ],
)
async def test_a_line_sends_the_bytes_that_httpx_would(method: str, body: bytes | None) -> None:
    venue = Venue()
    async with a_desk(venue) as desk:
        for lane in (None, desk.lane):
            answer = await desk.http.ask(method, "/some/o rder", body=body, lane=lane, stamp=_stamp)
            assert (answer.status, answer.body) == (200, b"ok")
        by_pool, by_line = venue.orders()
        assert by_pool.connection != by_line.connection
        assert by_pool.raw == by_line.raw
        assert b"Poly-App: polytui" in by_line.raw


GZIPPED = gzip.compress(b"x" * 1_000, mtime=0)


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
            % (len(GZIPPED), GZIPPED),
            b"x" * 1_000,
        ),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 425 Too Early\r\nRetry-After: 2\r\nContent-Length: 3\r\n\r\nno!", b"no!"),
    ],
)
async def test_every_form_of_answer_leaves_the_line_as_it_was(reply: bytes, body: bytes) -> None:
    half = len(reply) // 2
    venue = Venue(replies={"/order": replying(reply[:half], reply[half:])})
    async with a_desk(venue) as desk:
        for _ in range(3):
            assert (await desk.order()).body == body
        assert desk.http.header("Retry-After") == ("2" if b"425" in reply else "")
        assert len({one.connection for one in venue.orders()}) == 1
        assert desk.http.lines.opened == 1


@pytest.mark.parametrize(
    "reply",
    [
        OK + b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
async def test_an_answer_after_which_nothing_can_be_trusted_is_the_last_of_its_line(
    reply: bytes,
) -> None:
    venue = Venue(replies={"/order": replying(reply)})
    async with a_desk(venue) as desk:
        assert (await desk.order()).status == 200
        await desk.order("/next")
        first, second = venue.orders()
        assert first.connection != second.connection


async def test_orders_at_once_take_a_line_each_and_then_the_pool() -> None:
    venue = Venue(replies={"/held": never})
    async with a_desk(venue, lines=2) as desk:
        assert (venue.came, desk.http.lines.opened) == (3, 2)
        async with trio.open_nursery() as nursery:

            async def held() -> None:
                with suppress(Unknown):
                    await desk.http.ask(
                        "POST", "/held", body=b"", lane=desk.lane, is_shielded=False
                    )

            for count in (1, 2, 3):
                nursery.start_soon(held)
                await venue.until(lambda count=count: len(venue.orders()) == count)  # type: ignore[misc]
            assert len({one.connection for one in venue.orders()}) == 3
            assert venue.came == 3, "the pool's own connection stood as well"
            nursery.cancel_scope.cancel()
        await venue.until(lambda: len(venue.open) == 0)


async def test_what_is_not_in_a_hurry_leaves_the_lines_alone() -> None:
    venue = Venue()
    async with a_desk(venue) as desk:
        await desk.order()
        await desk.http.get("/book")
        await desk.http.ask("GET", "/list", params={"a": 1}, lane=desk.lane, is_read=True)
        order, book, listed = venue.orders()
        assert order.connection != book.connection == listed.connection
        assert listed.path == "/list?a=1"


async def test_over_tls(certificates: Certificates, believing: None) -> None:
    venue = Venue(certificates)
    async with a_desk(venue) as desk:
        assert (await desk.order()).body == b"ok"
        assert (venue.came, desk.http.lines.opened) == (2, 1)
        line = venue.orders()[0].connection
        await venue.open[line].aclose()
        await venue.until(lambda: line not in venue.open)
        assert (await desk.order()).body == b"ok"
        assert [one.connection == line for one in venue.orders()] == [True, False]


# --- what goes wrong ------------------------------------------------------------------------------


async def test_a_line_that_was_closed_while_it_asked_nothing_is_never_written_to() -> None:
    venue = Venue()
    async with a_desk(venue, lines=2) as desk:
        await venue.hang_up()
        assert (await desk.order()).body == b"ok"
        (one,) = venue.orders()
        assert one.connection == 3, "a connection of its own"


async def test_words_that_nobody_asked_for_end_a_line() -> None:
    """They would be taken for the answer to the next order."""
    venue = Venue()
    async with a_desk(venue, lines=2) as desk:
        for stream in venue.open.values():
            await stream.send_all(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        assert (await desk.order()).status == 200


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 2",),
        (CUT,),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",),
        (b"220 mail.test ESMTP\r\n",),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nok",),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,),
    ],
)
async def test_half_an_answer_is_an_open_question_and_the_order_is_not_sent_again(
    pieces: tuple[bytes, ...],
) -> None:
    venue = Venue(replies={"/order": replying(*pieces, is_last=True)})
    async with a_desk(venue) as desk:
        with pytest.raises(Unknown, match="look before sending it again"):
            await desk.order()
        assert len(venue.orders()) == 1
        await desk.order("/next")
        first, second = venue.orders()
        assert first.connection != second.connection


async def test_a_cut_refusal_is_a_refusal() -> None:
    cut = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 90\r\n\r\n{"
    venue = Venue(replies={"/order": replying(cut, is_last=True)})
    async with a_desk(venue) as desk:
        answer = await desk.order()
        assert (answer.status, answer.body) == (400, b"")


async def test_an_answer_without_end_is_not_kept() -> None:
    async def endless(stream: trio.abc.Stream) -> None:
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        while True:
            await stream.send_all(b"x" * 65_536)

    venue = Venue(replies={"/order": endless})
    async with a_desk(venue, HttpSettings(tries=1, max_body_bytes=1_000)) as desk:
        with pytest.raises(Unknown, match="more than 1000 bytes of answer"):
            await desk.order()
        await venue.until(lambda: len(venue.open) == 1)


async def drip(stream: trio.abc.Stream) -> None:
    """Never so slow that one would think it dead."""
    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
    while True:
        await stream.send_all(b"x")
        await trio.sleep(0.05)


@pytest.mark.parametrize(
    ("reply", "words"),
    [(never, "ReadTimeout"), (replying(CUT), "ReadTimeout"), (drip, r"no answer within 0\.5 s")],
)
async def test_deadlines_hold_and_the_line_goes_with_them(reply: Reply, words: str) -> None:
    venue = Venue(replies={"/order": reply})
    async with a_desk(venue, HASTY) as desk:
        began = trio.current_time()
        with pytest.raises(Unknown, match=words):
            await desk.order()
        assert trio.current_time() - began < 2.0
        assert (await desk.order("/next")).body == b"ok"
        first, second = venue.orders()
        assert first.connection != second.connection


async def test_a_venue_that_reads_nothing_holds_nobody_up() -> None:
    """Half the request is on the wire: an open question, and in the time for writing."""

    async def deaf_from_here_on(stream: trio.abc.Stream) -> None:
        await stream.send_all(OK)
        await trio.sleep_forever()

    venue = Venue(replies={"/turn": deaf_from_here_on})
    settings = HttpSettings(tries=1, write_s=0.2, read_s=5.0, total_s=9.0)
    async with a_desk(venue, settings) as desk:
        await desk.order("/turn")
        began = trio.current_time()
        with pytest.raises(Unknown, match="WriteTimeout"):
            await desk.order("/order", b"x" * (64 << 20))
        assert trio.current_time() - began < 2.0
        await desk.order("/next")
        assert venue.orders()[-1].connection != venue.orders()[0].connection


async def test_an_answer_that_comes_before_the_request_was_taken_counts() -> None:
    """Who refuses a body does not read it: what he said is known, not what broke."""
    too_big = b"HTTP/1.1 413 Too Big\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")

    async def meet(stream: trio.SocketStream) -> None:
        async with stream:
            assert b"/time" in await stream.receive_some(65_536)
            await stream.send_all(OK)
            await stream.receive_some(1_000)
            await stream.send_all(too_big)

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, meet, [listener])
            http = Http(
                f"http://127.0.0.1:{listener.socket.getsockname()[1]}", HttpSettings(tries=1)
            )
            assert await http.warm("/time", 1)
            lane = http.lane("orders", 1, is_direct=True)
            answer = await http.ask("POST", "/order", body=b"x" * (8 << 20), lane=lane)
            assert answer.status == 413
            await http.close()
            nursery.cancel_scope.cancel()


async def test_an_order_is_shielded_and_a_cancel_is_not() -> None:
    venue = Venue(replies={"/cancel": never})
    async with a_desk(venue, lines=2) as desk:

        async def late(stream: trio.abc.Stream) -> None:
            leaving.cancel()
            await stream.send_all(OK)

        venue.replies["/order"] = late
        with trio.CancelScope() as leaving:
            assert (await desk.order()).status == 200
        async with trio.open_nursery() as leaving:

            async def leave() -> None:
                await venue.until(lambda: len(venue.orders()) == 2)
                leaving.cancel_scope.cancel()

            leaving.start_soon(leave)
            await desk.http.ask("DELETE", "/cancel", lane=desk.lane, is_shielded=False)
        await venue.until(lambda: len(venue.open) == 2)
        await desk.order("/next")
        _, cancel, after = venue.orders()
        assert after.connection != cancel.connection


async def test_what_is_cancelled_before_its_turn_never_goes_out() -> None:
    venue = Venue()
    async with a_desk(venue) as desk:
        with trio.CancelScope() as gone:
            gone.cancel()
            await desk.order()
        assert gone.cancelled_caught
        await desk.order("/next")
        assert [one.path for one in venue.orders()] == ["/next"]


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "\x00", "ä", "a\r\n"])
async def test_a_header_cannot_become_two(value: str) -> None:
    venue = Venue()
    async with a_desk(venue) as desk:
        with pytest.raises(Rejected) as caught:
            await desk.http.ask(
                "POST", "/order", body=b"", lane=desk.lane, stamp=lambda: {"Key": value}
            )
        assert value not in str(caught.value)
        await desk.order("/next")
        assert [one.path for one in venue.orders()] == ["/next"]


# --- kept warm ------------------------------------------------------------------------------------


async def test_lines_are_kept_and_those_that_were_lost_are_replaced(
    mock_clock: MockClock,
) -> None:
    venue = Venue()
    async with a_desk(venue, lines=2, within_s=100.0) as desk:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(desk.http.keep_warm, "/time", 2)
            await trio.testing.wait_all_tasks_blocked()
            asked = len(venue.asked)
            mock_clock.jump(5.1)
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert len(venue.asked) == asked, "they rest for a while"
            mock_clock.jump(10.0)
            await venue.until(lambda: len(venue.asked) == asked + 2)
            assert {one.connection for one in venue.asked[-2:]} == {1, 2}
            await trio.testing.wait_all_tasks_blocked(0.05)
            await venue.hang_up()
            mock_clock.jump(5.1)
            await venue.until(lambda: len(venue.asked) == asked + 4)
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert desk.http.lines.opened == 4
            nursery.cancel_scope.cancel()
        await desk.order()
        assert venue.orders()[0].connection in (3, 4)


async def test_nobody_is_sent_over_a_line_that_nobody_kept(mock_clock: MockClock) -> None:
    venue = Venue()
    async with a_desk(venue, within_s=100.0) as desk:
        mock_clock.jump(51.0)
        await desk.order()
        assert venue.orders()[0].connection != 1


async def test_nor_over_one_that_stood_while_the_machine_slept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its monotonic clock stood still, and what the server said of it may be lost."""
    venue = Venue()
    async with a_desk(venue, within_s=100.0) as desk:
        ahead_s = wall_ahead_s()
        monkeypatch.setattr("polytui.net.http_line.wall_ahead_s", lambda: ahead_s + 600.0)
        await desk.order()
        assert venue.orders()[0].connection != 1


async def test_a_venue_that_cannot_be_reached_has_no_lines() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    http = Http(f"http://127.0.0.1:{port}", HttpSettings(tries=1))
    assert not await http.warm("/time", 2)
    lane = http.lane("orders", 1, is_direct=True)
    with pytest.raises(Retry, match="is it reachable"):
        await http.ask("POST", "/order", body=b"", lane=lane)
    assert http.lines.opened == 0
    await http.close()


async def test_a_line_that_is_asking_when_all_close_goes_when_it_is_answered() -> None:
    venue = Venue()
    async with a_desk(venue) as desk:

        async def late(stream: trio.abc.Stream) -> None:
            await desk.http.lines.close()
            await stream.send_all(OK)

        venue.replies["/order"] = late
        assert (await desk.order()).body == b"ok"
        await venue.until(lambda: len(venue.open) == 1)
