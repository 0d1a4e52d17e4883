"""Registering a builder's code, over HTTP, as the website does."""

from __future__ import annotations

import msgspec
from attrs import define
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.exchange.builder_codes import BuilderCodes
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.wire.desk.private_request import bad
from polytui.sim.wire.form.api_answer import json_answer


class _Builder(msgspec.Struct, forbid_unknown_fields=True):
    code: str


@define(eq=False)
class BuildersControl:
    """`POST /builder {"code": "0x..."}`."""

    codes: BuilderCodes
    door: ControlDoor

    def routes(self) -> list[Route]:
        return [Route("/builder", self.register, methods=["POST"])]

    async def register(self, request: Request) -> Response:
        code = (await self.door.read(request, _Builder)).code
        if not self.codes.register(code):
            raise bad("code must be 0x and 64 hexadecimal digits that are not all zero")
        return json_answer({"code": code.lower()})
