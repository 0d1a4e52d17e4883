"""The sockets of the simulated venue: who listens, and who gets what of a happening."""

from __future__ import annotations

from collections.abc import Callable

import trio
from attrs import define

from polytui.net.peer import Peer
from polytui.sim.happenings import Happening
from polytui.sim.session import Session

EVERYONE = "all"


@define(eq=False)
class _Connection:
    service: str
    session: Session
    peer: Peer


class Connections:
    """Every open WebSocket with its session. Handing out a happening never waits."""

    def __init__(self, open_session: Callable[[str], Session | None]) -> None:
        self._open_session = open_session
        self._open: list[_Connection] = []
        self._listening: dict[type, list[_Connection]] = {}
        self._muted_until: dict[str, float] = {}

    def hand_out(self, happening: Happening) -> None:
        """Give each session its say about a happening and queue what it says."""
        for connection in self._listening.get(type(happening), ()):
            texts = connection.session.publish(happening)
            if texts and not self._is_muted(connection.service):
                connection.peer.push(texts)

    def drop(self, who: str) -> int:
        """Cut the TCP streams of a service (or of "all") at once; how many there were."""
        chosen = [one for one in self._open if who in (EVERYONE, one.service)]
        for connection in chosen:
            connection.peer.cut()
        return len(chosen)

    def mute(self, who: str, seconds: float) -> None:
        """Keep sockets open but give them no data for some real seconds; answers still come."""
        self._muted_until[who] = trio.current_time() + seconds

    async def converse(self, peer: Peer) -> None:
        """The whole life of one client, from its upgrade request to its end."""
        session = self._open_session(peer.target)
        if session is None:
            await peer.refuse(404)
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

    async def _listen(self, peer: Peer, session: Session) -> None:
        peer.push(session.opening())
        async for text in peer.texts(session.quiet_limit_s):
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

    def _is_muted(self, service: str) -> bool:
        if not self._muted_until:
            return False
        now = trio.current_time()
        return any(now < self._muted_until.get(one, 0.0) for one in (EVERYONE, service))


SERVICES = {"market": "/ws/market", "rtds": "/rtds", "polybolt": "/polybolt", "binance": "/binance"}
"""Names for `drop` and `mute`, by the path their sockets begin with."""


def _service_of(target: str) -> str:
    return next(name for name, path in SERVICES.items() if target.startswith(path))
