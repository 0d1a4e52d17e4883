"""The relayer, a node of the chain and the website's prices on the venue's port."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from polytui.net.clock import Clock
from polytui.sim.exchange.hex_text import is_address
from polytui.sim.exchange.on_chain import OnChain
from polytui.sim.exchange.relayer_keys import relayer_key
from polytui.sim.server.chain_control import ChainControl
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.wire.chain.relayer_api import RelayerApi
from polytui.sim.wire.chain.rpc_api import RpcApi
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.prices.crypto_price_api import CryptoPriceApi, CryptoPriceSettings
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth
from polytui.sim.world.world import World

RELAYER_PREFIX, RPC_PATH = "/relayer", "/rpc"


class _Owner(msgspec.Struct, forbid_unknown_fields=True):
    address: str


class ChainServices:
    """Everything of the chain that strangers reach over HTTP, the Data API apart."""

    def __init__(
        self,
        world: World,
        listing: Listing,
        on_chain: OnChain,
        auth: VenueAuth,
        prices: CryptoPriceSettings,
    ) -> None:
        self._world = world
        self._on_chain = on_chain
        self._relayer = RelayerApi(world, on_chain.relayer, on_chain.wallets, auth)
        self._rpc = RpcApi(world, on_chain)
        self._prices = CryptoPriceApi(world, listing, prices)

    def routes(self) -> list[BaseRoute]:
        return [
            Mount(RELAYER_PREFIX, routes=self._relayer.routes()),
            *self._rpc.routes(RPC_PATH),
            *self._prices.routes(),
        ]

    def controls(self, clock: Clock, door: ControlDoor) -> list[Route]:
        """`POST /relayer-key {"address": "0x..."}`: the key that the website gives an owner; and
        what goes wrong on the chain."""

        async def hand_out(request: Request) -> Response:
            address = (await door.read(request, _Owner)).address
            if not is_address(address):
                raise RefusedError(400, {"error": "address must be 0x and 40 hexadecimal digits"})
            return json_answer({"key": relayer_key(self._world.seed, address.lower())})

        troubles = ChainControl(self._world, self._on_chain, clock, door)
        return [Route("/relayer-key", hand_out, methods=["POST"]), *troubles.routes()]
