"""The sockets of the simulated venue: who listens, and who gets what of a world event."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

import trio
from attrs import define

from polytui.net.peer import Peer
from polytui.sim.server.network_faults import NetworkFaults, Spell
from polytui.sim.wire.form.session import Announcing, ClientSession, HearingPings
from polytui.sim.world.world_events import WorldEvent

EVERYONE = "all"


@define(eq=False)
class _Connection:
    service: str
    session: ClientSession
    peer: Peer


class Connections:
    """Every open WebSocket with its session. Handing out a world event never waits."""

    def __init__(self, open_session: Callable[[str], ClientSession | None]) -> None:
        self._open_session = open_session
        self._open: list[_Connection] = []
        self._listening: dict[type, list[_Connection]] = {}
        self._network_faults = NetworkFaults()

    def hand_out(self, world_event: WorldEvent) -> None:
        """Give each session its say about a world event and queue what it says."""
        network_faults = self._network_faults
        for connection in self._listening.get(type(world_event), ()):
            if _has_ended(connection.session):
                continue
            texts = connection.session.publish(world_event)
            service = connection.service
            if not network_faults.is_calm(service):
                texts = network_faults.bend(service, connection, texts, trio.current_time())
            if texts:
                connection.peer.push(texts)
            if _has_ended(connection.session):
                connection.peer.cut()

    def begin(self, kind: str, who: str, seconds: float, value: int) -> None:
        """NetworkFaults of one kind over a service (or all) for some real seconds."""
        until = trio.current_time() + seconds
        for service in SERVICES if who == EVERYONE else (who,):
            self._network_faults.begin(service, Spell(kind, until, value))
            if kind == "refuse":
                self.drop(service)

    async def close(self, who: str, code: int, reason: str) -> int:
        """Say goodbye with a code to every client of a service; how many there were."""
        chosen = [one for one in self._open if who in (EVERYONE, one.service)]
        async with trio.open_nursery() as nursery:
            for connection in chosen:
                nursery.start_soon(self._close_one, connection, code, reason)
        return len(chosen)

    async def _close_one(self, connection: _Connection, code: int, reason: str) -> None:
        await connection.peer.close(code, reason)
        connection.peer.cut()

    def shut_down(self, who: str) -> int:
        """Announce the end to those clients whose service has a word for it."""
        told = 0
        for connection in self._open:
            if connection.service == who and isinstance(connection.session, Announcing):
                connection.peer.push(connection.session.shut_down())
                told += 1
        return told

    def drop(self, who: str) -> int:
        """Cut the TCP streams of a service (or of "all") at once; how many there were."""
        chosen = [one for one in self._open if who in (EVERYONE, one.service)]
        for connection in chosen:
            connection.peer.cut()
        return len(chosen)

    def mute(self, who: str, seconds: float) -> None:
        """Keep sockets open but give them no data for some real seconds; answers still come."""
        self.begin("silence", who, seconds, 0)

    async def converse(self, peer: Peer) -> None:
        """The whole life of one client, from its upgrade request to its end."""
        session = self._open_session(peer.target)
        if session is None:
            await peer.refuse(404)
            return
        status = self._network_faults.refusal(_service_of(peer.target), trio.current_time())
        if status:
            await peer.refuse(status)
            return
        await peer.accept()
        connection = _Connection(_service_of(peer.target), session, peer)
        self._join(connection)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(peer.send_ready)
                if session.ping_every_s is not None:
                    nursery.start_soon(peer.keep_pinging, session.ping_every_s)
                await self._listen(peer, session)
                nursery.cancel_scope.cancel()
        finally:
            self._leave(connection)

    async def _listen(self, peer: Peer, session: ClientSession) -> None:
        peer.push(session.opening())
        hears_pings = isinstance(session, HearingPings) and session.hears_pings
        texts = peer.texts(lambda: session.quiet_limit_s, hears_pings=hears_pings)
        # Closed by name: a generator that is left half-way is otherwise closed by the collector.
        async with aclosing(texts):
            async for text in texts:
                peer.push(session.receive(text))
                if session.closing is not None:
                    await peer.close(*session.closing)
                    return

    def _join(self, connection: _Connection) -> None:
        self._open.append(connection)
        for kind in connection.session.WANTS:
            self._listening.setdefault(kind, []).append(connection)

    def _leave(self, connection: _Connection) -> None:
        self._open.remove(connection)
        for kind in connection.session.WANTS:
            self._listening[kind].remove(connection)
        connection.session.close()


SERVICES = {
    "market": "/ws/market",
    "user": "/ws/user",
    "rtds": "/rtds",
    "polybolt": "/polybolt",
    "binance": "/binance",
    "bybit": "/bybit",
    "coinbase": "/coinbase",
}
"""Names for `drop` and `mute`, by the path their sockets begin with."""


def _service_of(target: str) -> str:
    return next(name for name, path in SERVICES.items() if target.startswith(path))


def _has_ended(session: ClientSession) -> bool:
    """Whether it only says goodbye from here on."""
    return session.closing is not None
