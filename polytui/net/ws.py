"""A WebSocket that stays up: connected anew when it ends, relieved before it must, given up when
it falls silent. One connection of it is `net/connection.py`'s.
"""

from __future__ import annotations

import math
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import NoReturn, Protocol

import trio
from wsproto.utilities import ProtocolError

from polytui.model.errors import Retry
from polytui.model.web_address import WebAddress
from polytui.net.clock import wall_ahead_s
from polytui.net.connection import (
    CONNECTION_FAULTS,
    REFUSED_PAUSE_S,
    Connection,
    OpenStream,
    open_connection,
    why_ended,
)
from polytui.net.dial import Ended, Trust, address_of, dial
from polytui.net.socket_settings import CloseRule, SocketSettings

_MOST_DOUBLINGS = 30
_LONGEST_NAP_S = 1.0
"""Until it is noticed that the machine slept."""
_REFUSED_HERE = (403, 451)
"""This place is not served by that host, now or later."""
_FINAL_PAUSE_S = 3600.0
_NEXT_URL_AFTER = 4
"""Failed connects in a row after which another host is tried."""


class SocketState(str, Enum):
    """What a watcher is told about its socket."""

    UP = "up"
    STALE = "stale"
    SPOILED = "spoiled"
    """The peer sent a frame that cannot be read; DOWN follows."""
    DOWN = "down"


class SocketWatcher(Protocol):
    """The watcher's side of a socket. All three are called in the socket's own task."""

    def greet(self) -> Sequence[str]:
        """Frames to send first on every connection."""

    def receive(self, frame: str | bytes, received_perf_ns: int) -> bool:
        """One frame, read at `received_perf_ns` (time.perf_counter_ns). True if it was data."""

    def changed(self, state: SocketState, detail: str) -> None:
        """The connection's state, with the reason in words."""


class _Life:
    """One connection from dialling to its end. State: the connection, its heir if one took over."""

    def __init__(self, socket: StayingSocket, *, is_heir: bool) -> None:
        self.scope = trio.CancelScope()
        self.over = trio.Event()
        self.has_data = trio.Event()
        self.ended = Ended("cut on our side")
        self.connection: Connection | None = None
        self.heir: _Life | None = None
        self.connected_since: float | None = None
        self.lasted_s = 0.0
        self.replies: deque[str] = deque()
        self._socket = socket
        self._is_heir = is_heir
        self._data_at = 0.0
        self._rotation = trio.Event()

    async def run(self) -> None:
        """Live until the connection ends; `ended` says why. Faults of ours go up."""
        try:
            with self.scope:
                await self._connect_and_read()
        except* CONNECTION_FAULTS as group:
            self.ended = why_ended(group)
        finally:
            if self.connected_since is not None:
                self.lasted_s = trio.current_time() - self.connected_since
            self.connected_since = self.connection = None
            self.over.set()

    def rotate(self) -> None:
        self._rotation.set()

    async def _connect_and_read(self) -> None:
        socket = self._socket
        address, settings = socket.address, socket.settings
        async with (
            open_connection(
                socket.open_stream, address.origin, address.resource, settings
            ) as connection,
            trio.open_nursery() as nursery,
        ):
            self._data_at = self.connected_since = trio.current_time()
            # Before the greeting: what is subscribed while it goes out must not fall between.
            self.connection = connection
            for text in socket.link.greet():
                await connection.send(text)
            if not self._is_heir:
                socket.told_up()
            nursery.start_soon(self._watch_silence)
            nursery.start_soon(self._be_relieved)
            if settings.keepalive_text:
                nursery.start_soon(self._keep_alive, connection)
            await self._read(connection)

    async def _read(self, connection: Connection) -> NoReturn:
        socket, replies = self._socket, self.replies
        receive = socket.link.receive
        while True:
            frame = await connection.receive()
            received_perf_ns = time.perf_counter_ns()
            socket.messages += 1
            socket.reading = self
            if receive(frame, received_perf_ns):
                self._data_at = trio.current_time()
                self.has_data.set()
            while replies:
                await connection.send(replies.popleft())

    async def _watch_silence(self) -> NoReturn:
        """Trio's clock stands still while the machine sleeps. What lay in the socket by then looks
        like data, and whoever sent it may have hung up long ago."""
        silence_s, slept_s = self._socket.settings.silence_s, 0.0
        while slept_s < silence_s and (due := self._data_at + silence_s) > trio.current_time():
            ahead_s = wall_ahead_s()
            await trio.sleep_until(min(due, trio.current_time() + _LONGEST_NAP_S))
            slept_s = wall_ahead_s() - ahead_s
        detail = f"no data for {silence_s:g} s"
        if slept_s >= silence_s:
            detail = f"this machine slept for {slept_s:.0f} s, or its clock was set"
        if not self._is_heir or self.has_data.is_set():
            self._socket.link.changed(SocketState.STALE, detail)
        raise Ended(detail)

    async def _keep_alive(self, connection: Connection) -> NoReturn:
        while True:
            await trio.sleep(self._socket.settings.keepalive_every_s)
            await connection.send(self._socket.settings.keepalive_text)

    async def _be_relieved(self) -> None:
        """When it is time, another connection is made; at its first data this one ends."""
        after_s = self._socket.settings.rotate_after_s or math.inf
        with trio.move_on_after(after_s):
            await self._rotation.wait()
        failures = 0
        while True:
            heir = _Life(self._socket, is_heir=True)
            self._socket.start_life(heir)
            try:
                await _first_of(heir.has_data, heir.over)
                if heir.has_data.is_set():
                    self.heir = heir
                    self.scope.cancel()
                    return
            finally:
                if self.heir is None:
                    heir.scope.cancel()
            failures += 1
            await trio.sleep(self._socket.backoff_s(failures))


async def _first_of(one: trio.Event, other: trio.Event) -> None:
    async with trio.open_nursery() as nursery:

        async def wait(event: trio.Event) -> None:
            await event.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(wait, one)
        nursery.start_soon(wait, other)


class StayingSocket:
    """Connects, greets, reads, and begins again for ever. State: the life of the moment."""

    def __init__(
        self,
        name: str,
        url: str | Sequence[str],
        settings: SocketSettings,
        link: SocketWatcher,
        *,
        rng: random.Random,
        open_stream: OpenStream | None = None,
        trust: Trust | None = None,
    ) -> None:
        """Fatal for a bad URL. Of several URLs the next serves where one refuses this place or
        cannot be reached. `open_stream` replaces dialling, for tests on memory streams."""
        urls = [url] if isinstance(url, str) else url
        self.name = name
        self.settings = settings
        self.link = link
        self.messages = 0
        self.reconnects = 0
        self.spoiled = 0
        self.reading: _Life | None = None
        """Whose frame `Link.receive` was given: its replies go back the same way."""
        self._addresses = [address_of(name, one) for one in dict.fromkeys(urls)]
        self._at = 0
        self._rng = rng
        self._given_stream = open_stream
        self._trust = trust or Trust()
        self._life: _Life | None = None
        self._lives: trio.Nursery | None = None
        self._started: Callable[[], None] = lambda: None
        self._refusals = 0

    @property
    def address(self) -> WebAddress:
        return self._addresses[self._at]

    @property
    def connected_since(self) -> float | None:
        """trio.current_time() of the last upgrade; None while down."""
        return None if self._life is None else self._life.connected_since

    async def run(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> NoReturn:
        """Stay connected until cancelled.

        `started` comes with the first attempt's end, good or bad: readiness does not hang on a
        venue that is away, and `Link.changed` has told which it was.
        """
        is_started, failures = False, 0

        def started() -> None:
            nonlocal is_started
            if not is_started:
                is_started = True
                task_status.started()

        self._started = started
        async with trio.open_nursery() as self._lives:
            while True:
                life = await self._live()
                self._report(life.ended)
                started()
                is_healthy = life.lasted_s >= self.settings.healthy_after_s
                failures = 0 if is_healthy else failures + 1
                await trio.sleep(self._pause_s(life.ended, failures))
                self.reconnects += 1

    async def _live(self) -> _Life:
        """A connection and those that relieve it, to the end of the last."""
        self._life = life = _Life(self, is_heir=False)
        self.start_life(life)
        while True:
            await life.over.wait()
            if life.heir is None:
                return life
            self._life = life = life.heir

    def start_life(self, life: _Life) -> None:
        assert self._lives is not None
        self._lives.start_soon(life.run)

    def told_up(self) -> None:
        self._refusals = 0
        self.link.changed(SocketState.UP, f"{self.name} connected")
        self._started()

    async def send(self, text: str) -> None:
        """Send one text frame whole. Retry when there is no connection, or none any more."""
        connection = self._life.connection if self._life else None
        if connection is None:
            raise Retry(f"{self.name} is not connected; wait for the reconnect")
        try:
            await connection.send(text)
        except (Ended, ProtocolError) as ended:
            raise Retry(f"{self.name}: {ended}; wait for the reconnect") from None

    def reply(self, text: str) -> None:
        """Send `text` as soon as the `Link.receive` that calls this has returned."""
        if self.reading is not None:
            self.reading.replies.append(text)

    def cut(self) -> None:
        """Close the TCP stream at once, without a goodbye; `run` reconnects."""
        if self._life is not None:
            self._life.scope.cancel()

    def rotate(self) -> None:
        """Make a new connection now and leave this one once the new one has data."""
        if self._life is not None:
            self._life.rotate()

    async def open_stream(self) -> trio.abc.Stream:
        return await (self._given_stream() if self._given_stream else self._dial())

    async def _dial(self) -> trio.abc.Stream:
        return await dial(self.address, self._trust)

    def _report(self, ended: Ended) -> None:
        if ended.is_spoiled:
            self.spoiled += 1
            self.link.changed(SocketState.SPOILED, ended.detail)
        self.link.changed(SocketState.DOWN, ended.detail)

    def _pause_s(self, ended: Ended, failures: int) -> float:
        """How long to stay away, and to whom to go then."""
        rule = self.settings.close_rules.get(ended.code, CloseRule())
        if rule.is_final:
            return _FINAL_PAUSE_S
        if ended.status in _REFUSED_HERE:
            self._refusals += 1
            self._go_to_next()
            return REFUSED_PAUSE_S if self._refusals >= len(self._addresses) else 0.0
        if failures and failures % _NEXT_URL_AFTER == 0:
            self._go_to_next()
        pause_s = max(ended.after_s, self.backoff_s(failures))
        return self._rng.uniform(0.0, rule.most_wait_s) if rule.most_wait_s else pause_s

    def _go_to_next(self) -> None:
        self._at = (self._at + 1) % len(self._addresses)

    def backoff_s(self, failures: int) -> float:
        """Exponential with full jitter, so that four sockets do not come back as one wave."""
        settings = self.settings
        ceiling = settings.backoff_first_s * 2.0 ** min(failures, _MOST_DOUBLINGS)
        return self._rng.uniform(0.0, min(settings.backoff_cap_s, ceiling))
