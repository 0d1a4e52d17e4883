"""`/notifications`: reading an account's letters and throwing them away."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.wire.desk.balance_api import signature_type_of
from polytui.sim.wire.desk.notices import Notices
from polytui.sim.wire.desk.private_request import bad, only
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth
from polytui.sim.world.world import World

_WORDS = "Invalid payload"
_MOST_IDS = 1000


class NoticesApi:
    def __init__(self, notices: Notices, world: World, auth: VenueAuth) -> None:
        self._notices = notices
        self._world = world
        self._auth = auth

    def routes(self) -> list[Route]:
        return [
            Route("/notifications", self.read),
            Route("/notifications", self.drop, methods=["DELETE"]),
        ]

    async def read(self, request: Request) -> Response:
        caller = await self._auth.l2(request)
        signature_type_of(only(request, ("signature_type",), _WORDS))
        return json_answer(self._notices.read(caller.address, self._world.now_ns))

    async def drop(self, request: Request) -> Response:
        """By `ids`, with commas between them."""
        caller = await self._auth.l2(request)
        asked = only(request, ("ids", "signature_type"), _WORDS)
        signature_type_of(asked)
        ids = asked.get("ids", "").split(",")
        if len(ids) > _MOST_IDS or not all(one.isascii() and one.isdigit() for one in ids):
            raise bad(_WORDS)
        self._notices.drop(caller.address, {int(one[:18]) for one in ids})
        return json_answer("OK")
