"""Everything behind the private routes, put together over one exchange."""

from __future__ import annotations

from attrs import frozen
from starlette.routing import Route

from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock, WallClock
from polytui.sim.exchange.api_keys import ApiKeys
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.rate_limits import SignerLimits
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.server.exchange_control import ExchangeControl
from polytui.sim.server.faucet import Faucet
from polytui.sim.server.limits_control import LimitsControl
from polytui.sim.wire.desk.desk import DeskSettings, OrderDesk
from polytui.sim.wire.desk.geoblock_api import GeoblockApi, GeoblockSwitch
from polytui.sim.wire.desk.limited import LimitSettings, VenueLimits
from polytui.sim.wire.desk.order_payload import OrderPayloads
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth


@frozen
class BackOffice:
    """Who trades, what they are told, and what goes wrong for them on purpose."""

    exchange: Exchange
    listing: Listing
    wallets: Wallets
    keys: ApiKeys
    auth: VenueAuth
    payloads: OrderPayloads
    limits: VenueLimits
    geoblock: GeoblockSwitch
    desk: OrderDesk

    @classmethod
    def over(
        cls, exchange: Exchange, wallets: Wallets, settings: DeskSettings, limited: LimitSettings
    ) -> BackOffice:
        world = exchange.world
        listing, keys, geoblock = Listing(world), ApiKeys(world.seed), GeoblockSwitch()

        def present_s() -> tuple[int, int]:
            # Strangers stamp with the machine's clock, unless they ask the venue for its own.
            return exchange.now_ns() // NS_PER_S, WallClock().now_ns() // NS_PER_S

        def volume_usd(address: str) -> int:
            trading = keys.all_of(address)
            return sum(exchange.month_volume_usd(one) for one in trading)

        auth = VenueAuth(keys, present_s)
        limits = VenueLimits(exchange.now_ns, limited, SignerLimits(volume_usd))
        payloads = OrderPayloads(listing.by_token, wallets, lambda: exchange.now_ns() // NS_PER_S)
        desk = OrderDesk(
            exchange,
            listing,
            keys,
            wallets,
            auth,
            payloads,
            limits,
            geoblock.check,
            settings,
        )
        return cls(exchange, listing, wallets, keys, auth, payloads, limits, geoblock, desk)

    def website(self) -> list[Route]:
        """Routes at the root of the port."""
        return GeoblockApi(self.geoblock).routes()

    def controls(self, clock: Clock, door: ControlDoor) -> list[Route]:
        """Routes under `/control`."""
        control = ExchangeControl(
            self.exchange,
            self.wallets,
            self.listing,
            self.desk.troubles,
            self.payloads,
            self.geoblock,
            clock,
            door,
        )
        faucet = Faucet(self.exchange, self.wallets, self.desk.seen, door)
        limits = LimitsControl(self.limits, door)
        return [*control.routes(), *faucet.routes(), *limits.routes()]
