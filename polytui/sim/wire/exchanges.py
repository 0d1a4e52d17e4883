"""The exchanges of the simulated venue: three sets of streams and reads over one world."""

from __future__ import annotations

from starlette.routing import Mount

from polytui.sim.wire.form.session import ClientSession
from polytui.sim.wire.spot.binance_api import BinanceApi
from polytui.sim.wire.spot.binance_clocked import BinanceClocked
from polytui.sim.wire.spot.binance_reads import BinanceReads
from polytui.sim.wire.spot.binance_streams import BinanceFrames, BinanceSession
from polytui.sim.wire.spot.binance_ws_api import BinanceWsApiSession
from polytui.sim.wire.spot.bybit_api import BybitApi
from polytui.sim.wire.spot.bybit_frames import BybitFrames
from polytui.sim.wire.spot.bybit_streams import BybitSession
from polytui.sim.wire.spot.coinbase_api import CoinbaseApi
from polytui.sim.wire.spot.coinbase_exchange_api import CoinbaseExchangeApi
from polytui.sim.wire.spot.coinbase_exchange_feed import CoinbaseExchangeFeed
from polytui.sim.wire.spot.coinbase_markets import CoinbaseMarkets
from polytui.sim.wire.spot.coinbase_streams import CoinbaseSession
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

BINANCE_PREFIX = "/binance"
BINANCE_WS_API = "/ws-api/v3"
BYBIT_PATH = "/bybit/v5/public/spot"
COINBASE_PATH = "/coinbase"
COINBASE_EXCHANGE_PATH = "/coinbase-exchange"
BYBIT_PREFIX = "/bybit"


class Exchanges:
    """Sessions and routes that share one numbering of trades."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._binance = BinanceFrames()
        self._bybit = BybitFrames(world)
        self._coinbase = CoinbaseMarkets(world)
        self._binance_reads = BinanceReads(world, self._binance)
        self._binance_clocked = BinanceClocked(world, self._binance, self._binance_reads)
        self._sessions = 0

    def note(self, world_event: WorldEvent) -> None:
        """Must see every world event, before any session publishes it."""
        self._binance.note(world_event)
        self._bybit.note(world_event)
        self._coinbase.note(world_event)

    def open_session(self, target: str) -> ClientSession | None:
        """A session for the path of an upgrade; None for a path of no service."""
        path = target.partition("?")[0]
        if path == BYBIT_PATH:
            self._sessions += 1
            return BybitSession(self._bybit, self._sessions)
        if path in (COINBASE_PATH, COINBASE_PATH + "/"):
            return CoinbaseSession(self._coinbase)
        if path in (COINBASE_EXCHANGE_PATH, COINBASE_EXCHANGE_PATH + "/"):
            return CoinbaseExchangeFeed(self._coinbase)
        inner = target.removeprefix(BINANCE_PREFIX)
        if path == BINANCE_PREFIX + BINANCE_WS_API:
            return BinanceWsApiSession(self._binance_reads)
        is_ours = inner != target and BinanceSession.knows(inner)
        return self.binance_session(inner) if is_ours else None

    def binance_session(self, target: str) -> BinanceSession:
        """`target` from `/ws` or `/stream` on, with its query."""
        return BinanceSession(self._binance, target, self._binance_clocked.open)

    def restart_bybit(self) -> None:
        """Its books begin again with update 1."""
        self._bybit.restart()

    def mounts(self) -> list[Mount]:
        binance = BinanceApi(self._world, self._binance_reads)
        older = CoinbaseExchangeApi(self._world, self._coinbase)
        return [
            Mount(BINANCE_PREFIX, routes=binance.routes()),
            Mount(BYBIT_PREFIX, routes=BybitApi(self._world, self._bybit).routes()),
            Mount(COINBASE_PATH, routes=CoinbaseApi(self._world, self._coinbase).routes()),
            Mount(COINBASE_EXCHANGE_PATH, routes=older.routes()),
        ]
