"""The exchanges of the simulated venue: Binance's streams and reads over one world."""

from __future__ import annotations

from starlette.routing import Mount

from polytui.sim.binance_api import BinanceApi
from polytui.sim.binance_streams import BinanceFrames, BinanceSession
from polytui.sim.happenings import Happening
from polytui.sim.session import Session
from polytui.sim.world import World

BINANCE_PREFIX = "/binance"


class Exchanges:
    """Sessions and routes that share one numbering of trades."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._binance = BinanceFrames()

    def note(self, happening: Happening) -> None:
        """Must see every happening, before any session publishes it."""
        self._binance.note(happening)

    def open_session(self, target: str) -> Session | None:
        """A session for the path of an upgrade; None for a path of no service."""
        inner = target.removeprefix(BINANCE_PREFIX)
        is_ours = inner != target and BinanceSession.knows(inner)
        return self.binance_session(inner) if is_ours else None

    def binance_session(self, target: str) -> BinanceSession:
        """`target` from `/ws` or `/stream` on, with its query."""
        return BinanceSession(self._binance, target)

    def mounts(self) -> list[Mount]:
        return [Mount(BINANCE_PREFIX, routes=BinanceApi(self._world).routes())]
