"""The order desk: everything of the CLOB that is private, put together over one exchange."""

from __future__ import annotations

from collections.abc import Callable

import trio
from attrs import field, frozen
from attrs.validators import ge
from starlette.routing import Route

from polytui.sim.exchange.api_keys import ApiKeys
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.wire.desk.account_api import AccountApi
from polytui.sim.wire.desk.accounts import Accounts
from polytui.sim.wire.desk.auth_api import AuthApi
from polytui.sim.wire.desk.balance_api import BalanceApi
from polytui.sim.wire.desk.desk_troubles import DeskTroubles
from polytui.sim.wire.desk.heartbeat_api import HeartbeatApi
from polytui.sim.wire.desk.limited import VenueLimits
from polytui.sim.wire.desk.notices import Notices
from polytui.sim.wire.desk.notices_api import NoticesApi
from polytui.sim.wire.desk.odd_reads import OddReads
from polytui.sim.wire.desk.order_payload import OrderPayloads
from polytui.sim.wire.desk.orders_api import OrdersApi
from polytui.sim.wire.desk.rebates_api import RebatesApi
from polytui.sim.wire.desk.rewards_api import RewardsApi
from polytui.sim.wire.desk.seen_balances import SeenBalances
from polytui.sim.wire.desk.user_channel import UserChannelSettings, UserSession
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth
from polytui.sim.world.chance import Chance
from polytui.sim.world.world_events import AccountEvent, WorldEvent


@frozen
class DeskSettings:
    user_channel: UserChannelSettings = UserChannelSettings()
    linger_s: float = field(default=0.0, validator=ge(0.0))
    """Every other answer comes so many real seconds after the world has moved: what the user
    channel says of it is there before."""


class OrderDesk:
    """State: what the CLOB believes of balances, its letters, and the troubles of the day."""

    def __init__(
        self,
        exchange: Exchange,
        listing: Listing,
        keys: ApiKeys,
        wallets: Wallets,
        auth: VenueAuth,
        payloads: OrderPayloads,
        limits: VenueLimits,
        check_region: Callable[[], None],
        settings: DeskSettings,
    ) -> None:
        """`check_region` refuses whoever comes from a blocked one."""
        self.troubles = DeskTroubles()
        self.seen = SeenBalances(exchange.holdings)
        self._keys = keys
        self._settings = settings
        self._notices = Notices(keys, exchange.order)
        self._chance = Chance(f"{exchange.world.seed}:desk")
        world, accounts = exchange.world, Accounts(exchange, keys)
        modes = exchange.modes
        is_hostile = settings.user_channel.is_hostile
        odd_reads = OddReads(str(exchange.world.seed)) if is_hostile else None
        self._apis = (
            AuthApi(
                auth,
                keys,
                wallets,
                exchange.now_ns,
                modes.is_closed_only,
                limits.tier_of,
            ),
            OrdersApi(
                exchange,
                accounts,
                auth,
                payloads,
                limits,
                self.troubles,
                check_region,
                self._linger,
            ),
            AccountApi(accounts, auth, odd_reads),
            BalanceApi(self.seen, wallets, auth),
            HeartbeatApi(exchange, auth),
            NoticesApi(self._notices, world, auth),
            RewardsApi(accounts, world, listing, auth),
            RebatesApi(exchange, listing),
        )

    def routes(self) -> list[Route]:
        """To be mounted beside the public ones."""
        return [route for api in self._apis for route in api.routes()]

    def note(self, world_event: WorldEvent) -> None:
        """Must see every world event, before any session publishes it."""
        if isinstance(world_event, AccountEvent):
            self.seen.note(world_event)
            self._notices.note(world_event)

    def user_session(self, *, hears_pings: bool = True) -> UserSession:
        return UserSession(self._keys, self._settings.user_channel, hears_pings=hears_pings)

    async def _linger(self) -> None:
        if self._settings.linger_s and self._chance.random() < 0.5:
            await trio.sleep(self._settings.linger_s)
