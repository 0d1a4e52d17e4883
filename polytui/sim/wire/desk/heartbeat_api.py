"""Heartbeats over HTTP: a chain of ids, and the older beat without one."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.exchange.exchange import Exchange
from polytui.sim.wire.desk.private_request import body_of
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth


class _Beat(msgspec.Struct):
    heartbeat_id: str | None = ""


class HeartbeatApi:
    """`POST /v1/heartbeats` and `POST /heartbeats`."""

    def __init__(self, exchange: Exchange, auth: VenueAuth) -> None:
        self._exchange = exchange
        self._auth = auth

    def routes(self) -> list[Route]:
        return [
            Route("/v1/heartbeats", self.beat, methods=["POST"]),
            Route("/heartbeats", self.touch, methods=["POST"]),
        ]

    async def beat(self, request: Request) -> Response:
        """The wrong id is answered with the right one, in a key that clients look for."""
        caller = await self._auth.l2(request)
        beat = await body_of(request, _Beat, "Invalid payload")
        answer = self._exchange.beat(caller.api_key, beat.heartbeat_id or "")
        document = {"heartbeat_id": answer.heartbeat_id}
        if not answer.is_accepted:
            raise RefusedError(400, {"error_msg": "Invalid Heartbeat ID", **document})
        return json_answer(document)

    async def touch(self, request: Request) -> Response:
        caller = await self._auth.l2(request)
        self._exchange.touch(caller.api_key)
        return json_answer({"status": "ok"})
