"""Turning the venue's limits, over HTTP: enforced, warned of or off, and the tier of a signer."""

from __future__ import annotations

import msgspec
from attrs import define
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.exchange.rate_limits import TIERS, LimitMode
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.wire.desk.limited import LimitSettings, VenueLimits
from polytui.sim.wire.desk.private_request import address_of, bad
from polytui.sim.wire.form.api_answer import json_answer


class _Limits(msgspec.Struct, forbid_unknown_fields=True):
    signers: LimitMode | None = None
    addresses: LimitMode | None = None


class _TierOf(msgspec.Struct, forbid_unknown_fields=True):
    address: str
    tier: str


@define(eq=False)
class LimitsControl:
    """`POST /limits {"signers": "warning"}` and `POST /tier {"address": "0x", "tier": "Gold"}`."""

    limits: VenueLimits
    door: ControlDoor

    def routes(self) -> list[Route]:
        return [
            Route("/limits", self.turn, methods=["POST"]),
            Route("/tier", self.tier, methods=["POST"]),
        ]

    async def turn(self, request: Request) -> Response:
        """What is not named stays as it is; answers how both stand."""
        order, known = await self.door.read(request, _Limits), self.limits.settings
        chosen = LimitSettings(
            of_addresses=order.addresses or known.of_addresses,
            of_signers=order.signers or known.of_signers,
        )
        self.limits.turn(chosen)
        return json_answer(
            {"signers": chosen.of_signers.value, "addresses": chosen.of_addresses.value}
        )

    async def tier(self, request: Request) -> Response:
        """Of a signer, whatever it has traded, from now on."""
        order = await self.door.read(request, _TierOf)
        address = address_of(order.address, "address must be 0x and 40 hexadecimal digits")
        if not self.limits.signers.give(address, order.tier):
            raise bad(f"tier must be one of {', '.join(one.name for one in TIERS)}")
        return json_answer({"address": address, "tier": self.limits.tier_of(address)})
