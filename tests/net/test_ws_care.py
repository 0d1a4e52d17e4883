"""A socket that is cared for: other hosts, relief before a life's end, codes that forbid return."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import trio
from each_way import sockets
from hypothesis import given
from hypothesis import strategies as st
from test_ws import Peer, Recorder
from trio_websocket import WebSocketConnection

from polytui.model.web_address import WebAddress
from polytui.net.dial import Trust
from polytui.net.socket_settings import CloseRule, SocketSettings
from polytui.net.ws import SocketState, StayingSocket

URLS = ("ws://first/", "ws://second/")
TICK_S = 1.0
REFUSAL = b"HTTP/1.1 451 No\r\nContent-Length: 0\r\n\r\n"


def socket_of(peer: Peer, link: Recorder, settings: SocketSettings, seed: int = 1) -> StayingSocket:
    return StayingSocket(
        "feed", URLS, settings, link, rng=random.Random(seed), open_stream=peer.dial
    )


class Hosts:
    """A peer that keeps the hosts that were dialled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.peer = Peer()
        self.dialled: list[str] = []
        monkeypatch.setattr("polytui.net.ws.dial", self._dial)

    async def _dial(self, address: WebAddress, trust: Trust) -> trio.abc.Stream:
        self.dialled.append(address.host)
        return await self.peer.dial()

    def socket(self, link: Recorder, settings: SocketSettings) -> StayingSocket:
        return StayingSocket("feed", URLS, settings, link, rng=random.Random(1))

    async def answer(self, times: int, said: bytes = b"") -> None:
        for _ in range(times):
            stream = await self.peer.stream()
            if said:
                await stream.receive_some(4096)  # the request
                await stream.send_all(said)
            await stream.aclose()


# --- other hosts --------------------------------------------------------------------------------


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_host_that_fails_four_times_in_a_row_is_left_for_the_other_and_met_again(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts, link = Hosts(monkeypatch), Recorder()
    nursery.start_soon(hosts.socket(link, sockets()).run)
    await hosts.answer(9)
    assert hosts.dialled[:9] == ["first"] * 4 + ["second"] * 4 + ["first"]


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_host_that_refuses_this_place_is_left_at_once(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts, link = Hosts(monkeypatch), Recorder()
    nursery.start_soon(hosts.socket(link, sockets()).run)
    await hosts.answer(1, REFUSAL)
    await hosts.peer.accept(nursery)
    await link.until_state(SocketState.UP)
    assert hosts.dialled == ["first", "second"]
    assert hosts.peer.dialled_at[1] == hosts.peer.dialled_at[0], "no pause: it is another host"


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_when_every_host_refuses_this_place_none_is_asked_for_minutes(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts, link = Hosts(monkeypatch), Recorder()
    nursery.start_soon(hosts.socket(link, sockets()).run)
    await hosts.answer(3, REFUSAL)
    first, second, third = hosts.peer.dialled_at[:3]
    assert (second - first, third - second) == (0.0, pytest.approx(300.0))


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_socket_in_which_the_machine_slept_is_left_whatever_lay_in_it(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wall went on and Trio's clock stood still. A short sleep is as a short silence."""
    ahead_s = 1_000.0
    monkeypatch.setattr("polytui.net.ws.wall_ahead_s", lambda: ahead_s)
    peer, link = Peer(), Recorder()
    nursery.start_soon(socket_of(peer, link, sockets(silence_s=15.0)).run)
    server = await peer.accept(nursery)
    await link.until_state(SocketState.UP)

    async def talk() -> None:
        while True:
            await server.send_message("data")
            await trio.sleep(0.1)

    async with trio.open_nursery() as talking:
        talking.start_soon(talk)
        await trio.sleep(60)
        ahead_s += 14.0
        await trio.sleep(60)
        assert [state for state, _ in link.states] == [SocketState.UP]
        ahead_s += 600.0
        slept_at = trio.current_time()
        words = await link.until_state(SocketState.DOWN)
        talking.cancel_scope.cancel()
    assert trio.current_time() - slept_at <= 1.0
    assert words == "this machine slept for 600 s, or its clock was set"
    assert [state for state, _ in link.states][1:] == [SocketState.STALE, SocketState.DOWN]
    await peer.accept(nursery)


# --- relief -------------------------------------------------------------------------------------


class Ticker:
    """A venue whose frames are numbered by the second, the same on every connection."""

    def __init__(self, peer: Peer, nursery: trio.Nursery) -> None:
        self.connections: list[WebSocketConnection] = []
        self.is_quiet: Callable[[int], bool] = lambda _: False
        self._peer = peer
        self._nursery = nursery

    async def accept(self) -> None:
        while True:
            self.connections.append(await self._peer.accept(self._nursery))

    async def tick(self) -> None:
        number = 0
        while True:
            await trio.sleep(TICK_S)
            number += 1
            for index, connection in enumerate(self.connections):
                if not connection.closed and not self.is_quiet(index):
                    await connection.send_message(str(number))


def numbers(link: Recorder) -> list[int]:
    return [int(frame) for frame in link.frames]


def start_ticker(
    nursery: trio.Nursery, settings: SocketSettings
) -> tuple[Ticker, Recorder, StayingSocket]:
    peer, link = Peer(), Recorder(["subscribe"])
    socket, ticker = socket_of(peer, link, settings), Ticker(peer, nursery)
    nursery.start_soon(ticker.accept)
    nursery.start_soon(ticker.tick)
    nursery.start_soon(socket.run)
    return ticker, link, socket


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_connection_is_relieved_before_its_end_and_no_frame_is_missed(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ticker, link, socket = start_ticker(nursery, sockets(rotate_after_s=60.5))
    await trio.sleep(60.4)
    assert len(ticker.connections) == 1
    await trio.sleep(0.3)
    assert len(ticker.connections) == 2
    assert not ticker.connections[0].closed, "it serves until the new one has data"
    await trio.sleep(10)
    assert ticker.connections[0].closed
    assert sorted(set(numbers(link))) == list(range(1, max(numbers(link)) + 1))
    assert len(numbers(link)) <= max(numbers(link)) + 1, "one frame at most came by both"
    assert [state for state, _ in link.states] == [SocketState.UP], "nobody needs to hear of it"
    assert socket.reconnects == 0
    await trio.sleep(130)
    assert len(ticker.connections) == 4, "the heir is relieved in its turn"
    assert sorted(set(numbers(link))) == list(range(1, max(numbers(link)) + 1))


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_new_connection_that_stays_silent_relieves_nobody(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    settings = sockets(rotate_after_s=20.5, silence_s=5.0)
    ticker, link, _ = start_ticker(nursery, settings)
    ticker.is_quiet = lambda index: 0 < index < 3
    await trio.sleep(45)
    assert len(ticker.connections) == 4, "tried again until one had data"
    assert numbers(link)[-1] >= 44
    assert sorted(set(numbers(link))) == list(range(1, max(numbers(link)) + 1))
    assert [state for state, _ in link.states] == [SocketState.UP]
    assert ticker.connections[0].closed


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_connection_that_dies_while_its_relief_is_silent_is_made_again(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ticker, link, _ = start_ticker(nursery, sockets(rotate_after_s=20.5))
    ticker.is_quiet = lambda index: index == 1
    await trio.sleep(22)
    assert len(ticker.connections) == 2
    await ticker.connections[0].aclose(1006 - 5, "going away")
    await link.until_state(SocketState.UP, 2)
    last = numbers(link)[-1]
    await trio.sleep(3)
    assert numbers(link)[-1] > last
    assert ticker.connections[1].closed, "a relief nobody waits for does not stay open"


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_an_announced_end_is_answered_with_relief_at_once(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ticker, link, socket = start_ticker(nursery, sockets())

    def react(frame: str | bytes) -> bool:
        if frame == "5":
            socket.rotate()
        return True

    link.react = react
    await trio.sleep(5.5)
    assert len(ticker.connections) == 2
    await trio.sleep(1)
    assert ticker.connections[0].closed
    await trio.sleep(5)
    assert sorted(set(numbers(link))) == list(range(1, max(numbers(link)) + 1))
    assert [state for state, _ in link.states] == [SocketState.UP]


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_after_relief_sending_and_cutting_mean_the_new_connection(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ticker, link, socket = start_ticker(nursery, sockets(rotate_after_s=10.5))
    await trio.sleep(15)
    heir = ticker.connections[1]
    await socket.send("hello")
    assert [await heir.get_message(), await heir.get_message()] == ["subscribe", "hello"]
    assert socket.connected_since == pytest.approx(trio.current_time() - 4.5)
    socket.cut()
    assert await link.until_state(SocketState.DOWN) == "cut on our side"
    await link.until_state(SocketState.UP, 2)


# --- codes that forbid return -------------------------------------------------------------------

RULES = {
    4001: CloseRule(is_final=True),
    4003: CloseRule(most_wait_s=10.0),
}


async def closed_with(
    nursery: trio.Nursery, code: int, seed: int, settings: SocketSettings
) -> float:
    """How long a socket stays away after a close code."""
    peer, link = Peer(), Recorder()
    nursery.start_soon(socket_of(peer, link, settings, seed).run)
    server = await peer.accept(nursery)
    await link.until_state(SocketState.UP)
    await server.aclose(code, "no")
    await link.until_state(SocketState.DOWN)
    told_at = trio.current_time()
    await peer.accept(nursery)
    return trio.current_time() - told_at


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_final_code_is_not_answered_with_another_try_for_an_hour(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    away_s = await closed_with(nursery, 4001, 1, sockets(close_rules=RULES))
    assert away_s == pytest.approx(3_600.0)


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_code_that_asks_all_to_spread_out_is_obeyed(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    settings = sockets(close_rules=RULES)
    away_s = [await closed_with(nursery, 4003, seed, settings) for seed in range(12)]
    assert all(0.0 <= one <= 10.0 for one in away_s)
    assert max(away_s) - min(away_s) > 4.0
    assert len(set(away_s)) == len(away_s)


@pytest.mark.trio
@pytest.mark.usefixtures("each_way")
async def test_a_code_without_a_rule_comes_back_soon(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    away_s = await closed_with(nursery, 1012, 1, sockets(close_rules=RULES))
    assert away_s <= 0.5


# --- backoff ------------------------------------------------------------------------------------


@given(
    failures=st.integers(0, 10_000),
    first_s=st.floats(0.01, 10.0),
    cap_s=st.floats(0.01, 100.0),
    seed=st.integers(0, 1_000),
)
def test_backoff_stays_between_nothing_and_its_ceiling(
    failures: int, first_s: float, cap_s: float, seed: int
) -> None:
    settings: Any = sockets(backoff_first_s=first_s, backoff_cap_s=cap_s)
    peer: Any = object()
    socket = StayingSocket(
        "feed", URLS, settings, Recorder(), rng=random.Random(seed), open_stream=peer
    )
    ceiling = min(cap_s, first_s * 2.0 ** min(failures, 1_000))
    assert 0.0 <= socket.backoff_s(failures) <= ceiling


def test_sockets_that_fell_together_do_not_come_back_together() -> None:
    pauses = [socket_of(Peer(), Recorder(), sockets(), seed).backoff_s(6) for seed in range(20)]
    assert len(set(pauses)) == 20
    assert max(pauses) - min(pauses) > 5.0, "the whole span is used, not a part of it"
