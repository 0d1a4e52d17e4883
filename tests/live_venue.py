"""The whole venue in process, in virtual time: as in `virtual_engine.py`, with its private side, a
chain and a redeemer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import trio
from live_bench import in_turn
from live_told import Told
from starlette.applications import Starlette
from virtual_engine import (
    OPENS_NS,
    VirtualClock,
    VirtualVenue,
)

from polytui.config.api_key import ApiKey
from polytui.config.relayer_key import RelayerKey
from polytui.config.secrets import Secret
from polytui.execution.arming import Armed, arm_simulated
from polytui.execution.throwaway import throwaway_wallet
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Usd
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.names import hash_of, uuid_of, wallet_of
from polytui.sim.exchange.on_chain import OnChain, OnChainSettings
from polytui.sim.exchange.relayer_keys import relayer_key
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.signed_order import SignedOrder
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.server.back_office import BackOffice
from polytui.sim.server.chain_services import ChainServices
from polytui.sim.server.pump import Doorbell, Pump
from polytui.sim.wire.desk.desk import DeskSettings
from polytui.sim.wire.desk.limited import LimitSettings
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.wire.prices.crypto_price_api import CryptoPriceSettings
from polytui.sim.wire.rounds.quirks import NO_QUIRKS
from polytui.sim.wire.signed.wallet_addresses import derived_wallets
from polytui.venues.polymarket.wallet import Wallet, WalletType

_PACE_S = 0.02
_TOKEN = "a venue's token"
_STRANGER = wallet_of("a stranger")


class LiveVenue(VirtualVenue):
    """With everything that is private: orders, wallets, a chain."""

    def __init__(
        self,
        clock: VirtualClock,
        seed: int = 7,
        rules: ExchangeRules | None = None,
        desk: DeskSettings | None = None,
        on_chain: OnChainSettings | None = None,
    ) -> None:
        super().__init__(clock, (Asset.BTC,), seed, messages=0.01)
        self.bell = Doorbell()
        self.exchange = Exchange(
            self.world, rules or ExchangeRules(), now=clock.now_ns, on_request=self.bell.ring
        )
        self.wallets = Wallets(derived_wallets)
        self.office = BackOffice.over(
            self.exchange, self.wallets, desk or DeskSettings(), LimitSettings()
        )
        self.on_chain = OnChain(
            self.world,
            self.exchange.holdings,
            self.wallets,
            on_chain or OnChainSettings(),
            self.exchange.recheck,
        )
        self.refusals: Counter[str] = Counter()
        """Words of refusals of orders, by how often they were said."""
        self.told: defaultdict[int, Told] = defaultdict(Told)
        """By mind."""
        self._met = 0
        self.after: Callable[[httpx.Request, httpx.Response], Awaitable[httpx.Response]] | None
        self.after = None
        """Spoils what the venue answered: it has done what it was asked."""
        self._polymarket = Polymarket(self.world, NO_QUIRKS, self.office.desk, self.on_chain)
        chain = ChainServices(
            self.world,
            self.office.listing,
            self.on_chain,
            self.office.auth,
            CryptoPriceSettings(),
        )
        app = Starlette(
            routes=[
                *chain.routes(),
                *self._polymarket.mounts(),
                *self._exchanges.mounts(),
                *self.office.website(),
            ],
            exception_handlers={what: in_turn(do) for what, do in ERROR_HANDLERS.items()},
        )
        self._inner = httpx.ASGITransport(app)
        self.wallet = throwaway_wallet(_TOKEN)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        pump = Pump(
            self.world, self.clock, self._polymarket, self._exchanges, self.connections, self.bell
        )
        async with trio.open_nursery() as self._accepting:
            task_status.started()
            await pump.run(_PACE_S)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        response = await super().answer(request)
        self._note_refusals(request, response)
        return response if self.after is None else await self.after(request, response)

    def _note_refusals(self, request: httpx.Request, response: httpx.Response) -> None:
        if request.method != "POST" or not request.url.path.startswith("/clob/order"):
            return
        text = response.text
        for word in ("Duplicated", "tick", "not enough balance"):
            self.refusals[word] += word in text
        if request.url.path.endswith("orders") and response.status_code == 200:
            taken = {bool(one.get("orderID")) and one.get("success") for one in response.json()}
            self.refusals["half a batch"] += len(taken) == 2

    def meet(self, venue_id: str, most: int = 1_000 * MICRO) -> bool:
        """A stranger takes the other side of an order that works, so many shares of it at most;
        whether there was one."""
        order = self.exchange.order(venue_id)
        if order is None or order.status is not OrderStatus.LIVE:
            return False
        signed, listed = order.signed, self.world.find(order.signed.token_id)
        assert listed is not None
        price = -(-signed.dollars * MICRO // signed.shares)
        token = signed.token_id
        if signed.side is Side.BUY:
            token = listed.up_token if token == listed.down_token else listed.down_token
            price = MICRO - price
        shares = min(most, signed.shares // 10_000 * 10_000)
        self.exchange.fund(_STRANGER, Usd(1_000 * MICRO))
        self._met += 1
        meets = SignedOrder(
            hash_of(f"stranger {self._met}"), _STRANGER, _STRANGER, uuid_of(_STRANGER), token,
            Side.BUY, price * shares // MICRO, shares,
        )  # fmt: skip
        self.exchange.place([meets])
        return True

    def fund(self, dollars: float) -> None:
        wallet = self.wallet
        self.wallets.register(self.funder, wallet.owner.lower(), int(wallet.kind))
        self.wallets.deploy(self.funder)
        self.exchange.fund(self.funder, Usd(round(dollars * MICRO)))

    def arm(self, wallet: Wallet | None = None, api_key: ApiKey | None = None) -> Armed:
        return arm_simulated(wallet or self.wallet, api_key, ["http://127.0.0.1:1"])

    def arm_with_relayer(self) -> Armed:
        """With the key that the website gives the wallet's owner."""
        owner = self.wallet.owner
        key = RelayerKey(Secret(relayer_key(self.world.seed, owner.lower())), owner)
        return arm_simulated(self.wallet, None, ["http://127.0.0.1:1"], key)

    def take_wallet(self, kind: WalletType, dollars: float = 1_000) -> None:
        """Another one of the same key, with money, and with gas where it pays its own."""
        self.wallet = throwaway_wallet(_TOKEN, kind)
        self.fund(dollars)

    @property
    def funder(self) -> str:
        return self.wallet.funder.lower()

    @property
    def key(self) -> str:
        """The id of the wallet's API key."""
        (found,) = self.office.keys.all_of(self.wallet.owner.lower())
        return found

    def working(self) -> list[VenueOrder]:
        return self.exchange.orders_of(self.funder)

    def usd(self) -> int:
        """As the chain has them."""
        return self.exchange.holdings.usd(self.funder)

    def unredeemed(self, token_id: str) -> int:
        """What the shares of a token are worth that won, and that nobody has redeemed yet."""
        listed = self.world.find(token_id)
        winner = None if listed is None else self.world.status(listed.slug).winner
        if listed is None or winner is None or listed.token_of(winner) != token_id:
            return 0
        return self.exchange.holdings.shares(self.funder, token_id)


def venue_of(starts_before_s: float = 30.0, **given: Any) -> LiveVenue:
    return LiveVenue(VirtualClock(OPENS_NS - int(starts_before_s * NS_PER_S)), **given)
