"""A session that hangs up is let finish, whatever happens in the world meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed, wrap_client_stream

from polytui.model.instrument import Asset
from polytui.net.peer import PeerSettings, serve_peer
from polytui.sim.server.connections import Connections
from polytui.sim.world.world_events import ChainlinkTicked, WorldEvent

TICK = ChainlinkTicked(2, Asset.BTC, 1, 1, None)


class Leaving:
    """Hangs up at the first word, and something happens at the same moment."""

    WANTS: ClassVar[tuple[type, ...]] = (ChainlinkTicked,)
    ping_every_s: ClassVar[float | None] = None
    quiet_limit_s = None

    def __init__(self, happen: Callable[[], None]) -> None:
        self._happen = happen
        self.closing: tuple[int, str] | None = None
        self.published = 0

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        self.closing = (1008, text)
        self._happen()
        return []

    def publish(self, world_event: WorldEvent) -> list[str]:
        self.published += 1
        return ["too late"]

    def close(self) -> None: ...


@pytest.mark.trio
async def test_a_goodbye_is_not_cut_short_by_the_next_event() -> None:
    here, there = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:

        async def hand_out() -> None:
            connections.hand_out(TICK)

        session = Leaving(lambda: nursery.start_soon(hand_out))
        connections = Connections(lambda _: session)
        nursery.start_soon(serve_peer, there, connections.converse, PeerSettings())
        socket = await wrap_client_stream(nursery, here, "venue", "/ws/user")
        await socket.send_message("goodbye")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.get_message()
        assert closed.value.reason.code == 1008
        assert session.published == 0
        nursery.cancel_scope.cancel()
    await here.aclose()
