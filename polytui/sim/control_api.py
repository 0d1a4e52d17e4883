"""Making trouble on purpose: cut or silence the venue's sockets, over HTTP."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.api_answer import RefusedError, json_answer
from polytui.sim.connections import EVERYONE, SERVICES, Connections


class _Drop(msgspec.Struct, forbid_unknown_fields=True):
    who: str = EVERYONE


class _Mute(msgspec.Struct, forbid_unknown_fields=True):
    seconds: float
    who: str = EVERYONE


_Order = TypeVar("_Order", _Drop, _Mute)


class ControlApi:
    """`POST /drop {"who": "all"}` and `POST /mute {"who": "market", "seconds": 5}`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def routes(self) -> list[Route]:
        return [
            Route("/drop", self.drop, methods=["POST"]),
            Route("/mute", self.mute, methods=["POST"]),
        ]

    async def drop(self, request: Request) -> Response:
        """Cut TCP streams without a closing frame; answers how many."""
        order = await _order(request, _Drop)
        return json_answer({"dropped": self._connections.drop(order.who)})

    async def mute(self, request: Request) -> Response:
        """Sockets stay open and answer, but carry no data for `seconds` of real time."""
        order = await _order(request, _Mute)
        self._connections.mute(order.who, order.seconds)
        return json_answer({"muted_s": order.seconds})


async def _order(request: Request, kind: type[_Order]) -> _Order:
    try:
        order = msgspec.json.decode(await request.body(), type=kind)
    except msgspec.MsgspecError as error:
        raise RefusedError(400, {"error": str(error)}) from None
    if order.who not in (EVERYONE, *SERVICES):
        known = ", ".join((EVERYONE, *SERVICES))
        raise RefusedError(400, {"error": f"who must be one of {known}"})
    return order
