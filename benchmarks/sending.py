"""From an order that was decided to its bytes on the socket, beside the venue's own client.

    decision -> channel -> VenueClient -> preflight, sign -> paces, L2 headers -> httpx -> socket

Both speak HTTP/1.1 over loopback, through connections that stand, to somebody in another process
who reads and answers. The clock stops when the socket has taken the last byte: httpcore's own seam
for networks is where that is seen, for both alike. Beside the time stands what of it our processor
had to do: on a busy machine the rest was somebody else's.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import py_clob_client_v2.http_helpers.helpers as peer_http
import trio
from attrs import define, field, frozen
from py_clob_client_v2.client import ClobClient
from py_clob_client_v2.clob_types import (
    ApiCreds,
    OrderArgsV2,
    PartialCreateOrderOptions,
)

from benchmarks.result import Result
from benchmarks.signing import KEY, ROUND, TOKEN, an_order, percentile_us
from polytui.config.api_key import ApiKey
from polytui.config.execution import ExecutionSettings
from polytui.config.secrets import Secret
from polytui.execution.client import AccountNews, Word
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_wire import ClobOrderWire
from polytui.execution.venue_client import VenueClient
from polytui.model.effects import Effect, Place, Stamp
from polytui.model.events import BookSnapshotted, RoundFound
from polytui.model.instrument import Asset
from polytui.model.units import LOT, MICRO, Price, Shares, Usd
from polytui.net.clock import WallClock
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.wallet import WalletType, wallet_of

if TYPE_CHECKING:
    from typing_extensions import Buffer

_BUDGET_US = 300.0
_ORDERS = 500
_RUN = 25
_WARM = 50
_LEVELS = 40
_API_KEY = ("00000000-0000-4000-8000-000000000000", "c2VjcmV0IG9mIG5vYm9keQ==", "nobody's")
_DONE_WITHIN_S = 120.0


def sending() -> list[Result]:
    with _somebody() as url, _pinned(-1):
        ours, theirs = trio.run(_turn_about, url)
    took, worked = [one.took_ns for one in ours], [one.worked_ns for one in ours]
    p50, p99 = percentile_us(took, 0.5), percentile_us(took, 0.99)
    peer_us = percentile_us([one.took_ns for one in theirs], 0.5)
    peer = f"py-clob-client-v2 {version('py-clob-client-v2')} create_and_post_order"
    own = f"processor {percentile_us(worked, 0.5):,.0f} us, p99 {p99:,.0f} us"
    peer_worked_us = percentile_us([one.worked_ns for one in theirs], 0.5)
    its = f"p50 {peer_us:,.0f} us, processor {peer_worked_us:,.0f} us"
    note = f"{own}; {peer} in the same run: {its}"
    return [
        Result(
            "decision_to_socket", round(p50, 1), None, "us", _BUDGET_US, peer,
            round(peer_us / p50, 2), note,
        )
    ]  # fmt: skip


@frozen
class _Moment:
    """By the clock of the machine, and by that of this thread's work."""

    at_ns: int = field(factory=time.perf_counter_ns)
    work_ns: int = field(factory=time.thread_time_ns)


@frozen
class _Sent:
    """What one order took until its bytes were on the socket."""

    began: _Moment
    ended: _Moment

    @property
    def took_ns(self) -> int:
        return self.ended.at_ns - self.began.at_ns

    @property
    def worked_ns(self) -> int:
        return self.ended.work_ns - self.began.work_ns


async def _turn_about(url: str) -> tuple[list[_Sent], list[_Sent]]:
    """In short runs by turns: what else the machine does hits both."""
    ours, theirs = list[_Sent](), list[_Sent]()
    with trio.fail_after(_DONE_WITHIN_S):
        async with trio.open_nursery() as nursery:
            our_desk = _OurDesk(url, nursery)
            await our_desk.begin()
            peer = _Peer(url)
            for number in range(-_WARM, 0):
                await our_desk.send(number)
                peer.send(number)
            for begun in range(0, _ORDERS, _RUN):
                for number in range(begun, begun + _RUN):
                    ours.append(await our_desk.send(number))
                for number in range(begun, begun + _RUN):
                    theirs.append(peer.send(number))
            nursery.cancel_scope.cancel()
    return ours, theirs


# --- we ---------------------------------------------------------------------------------------


@define(eq=False)
class _OurDesk:
    """One asset of a live session without a mind. State: when bytes were last on the socket."""

    url: str
    nursery: trio.Nursery
    sent: _Moment = field(factory=_Moment)
    _effects: trio.MemorySendChannel[Effect] = field(init=False)
    _answered: trio.Event = field(factory=trio.Event)

    async def begin(self) -> None:
        wallet = wallet_of(Secret(KEY), WalletType.EOA)
        key, secret, passphrase = _API_KEY
        api_key = ApiKey(key, Secret(secret), Secret(passphrase))
        trio.socket.set_custom_socket_factory(_Sockets(self._note))
        http = Http(self.url, HttpSettings())
        clock, books = WallClock(), LiveBooks()
        account = ClobAccount(http, wallet, api_key, clock)
        account.paces.know("elite")
        wire = ClobOrderWire(
            Asset.BTC, account, OrderSigner(wallet), books, lambda told: None, _no_look,
            lambda order: Usd(10**12), lambda order: Shares(10**12),
        )  # fmt: skip
        client = VenueClient(Asset.BTC, wire, clock, ExecutionSettings(), self.nursery)
        await client.open(1)
        client.observe(RoundFound(ROUND))
        client.observe(_a_book())
        self._effects, effects = trio.open_memory_channel[Effect](8)
        self.nursery.start_soon(client.run, effects, self._deliver)
        await account.warm()

    def _note(self) -> None:
        self.sent = _Moment()

    def _deliver(self, news: Word | AccountNews) -> None:
        self._answered.set()

    async def send(self, number: int) -> _Sent:
        order = an_order(number, Shares((1_000 + number) * LOT), time.time_ns())
        effect = Place(order, Stamp.grant(order.quote, Usd(0)))
        self._answered = trio.Event()
        began = _Moment()
        self._effects.send_nowait(effect)
        await self._answered.wait()
        return _Sent(began, self.sent)


async def _no_look(venue_id: str) -> list[tuple[Asset, Word]]:
    return []


def _a_book() -> BookSnapshotted:
    def level(cents: int) -> tuple[Price, Shares]:
        return Price(cents * 10_000), Shares(100 * MICRO)

    bids = tuple(level(52 - cents) for cents in reversed(range(_LEVELS)))
    asks = tuple(level(53 + cents) for cents in reversed(range(_LEVELS)))
    now_ns = time.time_ns()
    return BookSnapshotted(TOKEN, bids, asks, Price(10_000), now_ns, now_ns)


# --- the peer ---------------------------------------------------------------------------------


class _Peer:
    """The venue's own client, told beforehand all that it would ask. State: as above."""

    def __init__(self, url: str) -> None:
        logging.getLogger("py_clob_client_v2").disabled = True
        self._client = ClobClient(url, 137, key=KEY, creds=ApiCreds(*_API_KEY))
        self._options = PartialCreateOrderOptions(tick_size="0.01", neg_risk=False, version=2)
        self._sent = _Moment()
        pool = peer_http._http_client._transport._pool
        pool._network_backend = _Network(pool._network_backend, self._note)

    def _note(self) -> None:
        self._sent = _Moment()

    def send(self, number: int) -> _Sent:
        asked = OrderArgsV2(token_id=TOKEN, price=0.52, size=(1_000 + number) / 100, side="BUY")
        began = _Moment()
        self._client.create_and_post_order(asked, self._options, defer_exec=True)
        return _Sent(began, self._sent)


# --- the network, and who is at its other end -------------------------------------------------


class _Sockets(trio.abc.SocketFactory):
    """Trio's own sockets, which tell when they have taken something."""

    def __init__(self, note: Callable[[], None]) -> None:
        self._note = note

    def socket(self, family: int = 0, type: int = 0, proto: int = 0) -> trio.socket.SocketType:
        trio.socket.set_custom_socket_factory(None)
        try:
            return _Socket(trio.socket.socket(family, type, proto), self._note)
        finally:
            trio.socket.set_custom_socket_factory(self)


class _Socket(trio.socket.SocketType):
    """A socket of Trio's that writes as those do, and stops the clock before others have their
    turn."""

    def __init__(self, inner: trio.socket.SocketType, note: Callable[[], None]) -> None:
        self._inner = inner
        self._note = note

    def __getattribute__(self, name: str) -> Any:
        if name in ("_inner", "_note", "send", "__class__"):
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "_inner"), name)

    async def send(self, data: Buffer, flags: int = 0) -> int:
        await trio.lowlevel.checkpoint_if_cancelled()
        plain: socket.socket = getattr(self._inner, "_sock")  # noqa: B009 - it has no other name
        taken = plain.send(data, flags)
        self._note()
        await trio.lowlevel.cancel_shielded_checkpoint()
        return taken


class _Network:
    """httpcore's network; streams of it tell when they have written."""

    def __init__(self, inner: Any, note: Callable[[], None]) -> None:
        self._inner = inner
        self._note = note

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def connect_tcp(self, *arguments: Any, **options: Any) -> Any:
        stream = self._inner.connect_tcp(*arguments, **options)
        write, note = stream.write, self._note

        def written(buffer: bytes, timeout: float | None = None) -> None:
            write(buffer, timeout)
            note()

        stream.write = written
        return stream


class _Answers(BaseHTTPRequestHandler):
    """Reads, and answers what ends the matter: nothing of it is measured."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._say(200, {"minimum_tick_size": 0.01})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        is_peer = self.headers.get("User-Agent") == "py_clob_client_v2"
        said = {"success": True, "orderID": "0x0"} if is_peer else {"error": "not enough balance"}
        self._say(200 if is_peer else 400, said)

    def _say(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


def _serve(ready: Connection) -> None:
    _pin(0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    ready.send(server.server_address[1])
    server.serve_forever()


@contextmanager
def _somebody() -> Iterator[str]:
    """The address of a process that answers, until the block ends."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.kill()
        process.join()


@contextmanager
def _pinned(which: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    _pin(which)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _pin(which: int) -> None:
    """To one of the processors that this process may use."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[which]})
