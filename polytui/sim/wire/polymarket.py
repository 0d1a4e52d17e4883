"""The Polymarket half of the simulated venue: listing, books and price relays of one world."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.routing import Mount

from polytui.sim.exchange.builder_codes import BuilderCodes
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.on_chain import OnChain, OnChainSettings
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.wire.clob.api import ClobApi
from polytui.sim.wire.clob.market_channel import MarketSession
from polytui.sim.wire.data.accounting import AccountingApi
from polytui.sim.wire.data.api import DataApiRoutes
from polytui.sim.wire.data.markets import DataMarkets
from polytui.sim.wire.data.rankings import DataRankings
from polytui.sim.wire.desk.desk import OrderDesk
from polytui.sim.wire.form.session import ClientSession
from polytui.sim.wire.gamma.api import GammaApi
from polytui.sim.wire.gamma.catalogue import GammaCatalogue
from polytui.sim.wire.prices.activity import Activity
from polytui.sim.wire.prices.polybolt import PolyBoltSession
from polytui.sim.wire.prices.price_points import PricePoints
from polytui.sim.wire.prices.rtds import RtdsSession
from polytui.sim.wire.rounds.market_frames import MarketFrames
from polytui.sim.wire.rounds.public_record import PublicRecord
from polytui.sim.wire.rounds.quirks import NO_QUIRKS, Quirks
from polytui.sim.wire.signed.wallet_addresses import derived_wallets
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

MARKET_PATH = "/ws/market"
USER_PATH = "/ws/user"
RTDS_PATH = "/rtds"
POLYBOLT_PATH = "/polybolt/ws"


class Polymarket:
    """Sessions and routes that share what they write, so that a world event is written once."""

    def __init__(
        self,
        world: World,
        quirks: Quirks = NO_QUIRKS,
        desk: OrderDesk | None = None,
        on_chain: OnChain | None = None,
    ) -> None:
        """Without `desk` nobody can trade, and private routes are unknown; without `on_chain`
        nobody has anything."""
        self._quirks = quirks
        self._desk = desk
        self._on_chain = on_chain or OnChain(
            world, Holdings(), Wallets(derived_wallets), OnChainSettings()
        )
        self.builder_codes = BuilderCodes()
        self._frames = MarketFrames(world)
        self._record = PublicRecord(world)
        self._points = PricePoints(world)
        self._activity = Activity(world)
        self._world = world

    def note(self, world_event: WorldEvent) -> None:
        """Must see every world event, before any session publishes it."""
        self._frames.note(world_event)
        self._points.of(world_event)
        self._record.note(world_event)
        if self._desk is not None:
            self._desk.note(world_event)
        self._on_chain.note(world_event)

    def open_session(self, target: str) -> ClientSession | None:
        """A session for the path of an upgrade; None for a path of no service."""
        path = urlsplit(target).path
        if path == MARKET_PATH:
            return self.market_session()
        if path == RTDS_PATH:
            return self.rtds_session()
        if path == USER_PATH and self._desk is not None:
            return self._desk.user_session(hears_pings=not self._quirks.needs_text_pings)
        return self.polybolt_session() if path == POLYBOLT_PATH else None

    def market_session(self) -> MarketSession:
        return MarketSession(self._frames, hears_pings=not self._quirks.needs_text_pings)

    def rtds_session(self) -> RtdsSession:
        return RtdsSession(
            self._points, self._activity, needs_text_pings=self._quirks.needs_text_pings
        )

    def polybolt_session(self) -> PolyBoltSession:
        return PolyBoltSession(self._points)

    def mounts(self) -> list[Mount]:
        """The HTTP services, each under a prefix of its own."""
        listing, zombies = self._frames.listing, self._quirks.zombies
        gamma = GammaApi(GammaCatalogue(self._world, listing, self._record, zombies))
        clob = ClobApi(self._world, self._frames, self._record, self._quirks, self.builder_codes)
        index, holdings = self._on_chain.index, self._on_chain.holdings
        markets = DataMarkets(self._world, index, holdings, self._frames.listing, self._record)
        data = DataApiRoutes(self._world, index, markets)
        rankings = DataRankings(self._world, index)
        accounting = AccountingApi(index, holdings, data.valued)
        private = [] if self._desk is None else self._desk.routes()
        return [
            Mount("/gamma", routes=gamma.routes()),
            Mount("/clob", routes=[*clob.routes(), *private]),
            Mount("/data-api", routes=[*data.routes(), *rankings.routes(), *accounting.routes()]),
        ]
