"""Trouble on the chain, over HTTP: results, the relayer, the node, other programs of a key.

Seconds are real ones, as everywhere on this port; `value` of a trouble is the world's milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from attrs import define
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Outcome
from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock
from polytui.sim.exchange.chain_troubles import (
    ENDLESS_TROUBLE,
    NODE_TROUBLES,
    RELAYER_TROUBLES,
    ChainTroubles,
)
from polytui.sim.exchange.on_chain import OnChain
from polytui.sim.exchange.relayer import BatchKind
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, EOA, PROXY, SAFE
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.wire.desk.private_request import address_of, bad
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.world.registry import Verdict
from polytui.sim.world.world import World

_KINDS = {PROXY: BatchKind.PROXY, SAFE: BatchKind.SAFE, DEPOSIT_WALLET: BatchKind.WALLET}


class _Result(msgspec.Struct, forbid_unknown_fields=True):
    slug: str
    result: Literal["prices", "up", "down", "void"] = "prices"
    seconds: Annotated[float, msgspec.Meta(ge=0.0, le=604_800.0)] = 0.0
    """How much later than it would be."""


class _OnTheWay(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    times: Annotated[int, msgspec.Meta(ge=ENDLESS_TROUBLE, le=1_000_000)] = 1
    """-1: without end."""
    value: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] = 0


class _Nonce(msgspec.Struct, forbid_unknown_fields=True):
    owner: str
    signature_type: Literal[0, 1, 2, 3]


class _Quota(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    left: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


@define(eq=False)
class ChainControl:
    """`POST /result`, `/relayer`, `/node`, `/nonce` and `/quota`."""

    world: World
    on_chain: OnChain
    clock: Clock
    door: ControlDoor

    def routes(self) -> list[Route]:
        asked = {
            "/result": self.result,
            "/relayer": self.relayer,
            "/node": self.node,
            "/nonce": self.nonce,
            "/quota": self.quota,
        }
        return [Route(path, answer, methods=["POST"]) for path, answer in asked.items()]

    async def result(self, request: Request) -> Response:
        """Of a round that has none yet."""
        order = await self.door.read(request, _Result)
        late_ns = int(order.seconds * self.clock.speed * NS_PER_S)
        winner = Outcome(order.result) if order.result in ("up", "down") else None
        verdict = Verdict(late_ns, order.result == "void", winner)
        try:
            self.world.rule(order.slug, verdict)
        except KeyError:
            raise RefusedError(404, {"error": "no such round: give its slug"}) from None
        except ValueError as error:
            raise RefusedError(409, {"error": str(error)}) from None
        return json_answer({"slug": order.slug, "result": order.result})

    async def relayer(self, request: Request) -> Response:
        """A kind of `sim/exchange/chain_troubles.py` for the next batches that are submitted."""
        return await self._begin(request, RELAYER_TROUBLES, self.on_chain.relayer.troubles)

    async def node(self, request: Request) -> Response:
        """The same for the next transactions that are sent to the node."""
        return await self._begin(request, NODE_TROUBLES, self.on_chain.chain.troubles)

    async def nonce(self, request: Request) -> Response:
        """Another program of the same key has sent something, and that is done."""
        order = await self.door.read(request, _Nonce)
        owner = address_of(order.owner, "owner must be 0x and 40 hexadecimal digits")
        wallet = self.on_chain.wallets.wallet_of(owner, order.signature_type)
        if wallet is None:
            raise bad("this owner has no such wallet")
        if order.signature_type == EOA:
            nonce = self.on_chain.chain.use_nonce(wallet)
        else:
            nonce = self.on_chain.relayer.use_nonce(wallet, _KINDS[order.signature_type])
        return json_answer({"wallet": wallet, "nonce": nonce})

    async def quota(self, request: Request) -> Response:
        """A key of the relayer's, or a builder's, has so many batches left and never more."""
        order = await self.door.read(request, _Quota)
        self.on_chain.relayer.leave(order.key, order.left)
        return json_answer({"left": order.left})

    async def _begin(
        self, request: Request, kinds: tuple[str, ...], troubles: ChainTroubles
    ) -> Response:
        order = await self.door.read(request, _OnTheWay)
        if order.kind not in kinds:
            raise bad(f"kind must be one of {', '.join(kinds)}")
        troubles.begin(order.kind, order.times, order.value)
        return json_answer({"kind": order.kind, "times": order.times})
