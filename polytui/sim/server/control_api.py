"""Making trouble on purpose, over HTTP: on the venue's sockets, and in its markets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.net.clock import FASTEST, SLOWEST, Clock
from polytui.sim.server.connections import EVERYONE, SERVICES, Connections
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.server.network_faults import KINDS
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.world.market_faults import KINDS as MARKET_FAULTS

_Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=86_400.0)]
_MOST_VALUE = 1_000_000


class _Drop(msgspec.Struct, forbid_unknown_fields=True):
    who: str = EVERYONE


class _Mute(msgspec.Struct, forbid_unknown_fields=True):
    seconds: _Seconds
    who: str = EVERYONE


class _Spell(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    who: str = EVERYONE
    seconds: _Seconds = 5.0
    value: Annotated[int, msgspec.Meta(ge=0, le=_MOST_VALUE)] = 0


class _Speed(msgspec.Struct, forbid_unknown_fields=True):
    speed: Annotated[float, msgspec.Meta(ge=SLOWEST, le=FASTEST)]
    at_monotonic_ns: int
    """When it changes, on the machine's monotonic clock: ahead, so that everybody knows by then."""


_Order = TypeVar("_Order", _Drop, _Mute, _Spell, _Speed)
_SUDDEN = ("drop", "close", "restart", "shutdown")
"""What happens at once and does not last."""
_MARKET = (*MARKET_FAULTS, "fees")
"""What happens to the books themselves, whoever listens."""
_USUAL_CODE = 1012


class ControlApi:
    """`POST /drop {"who": "all"}`, `POST /mute {"who": "market", "seconds": 5}` and
    `POST /fault {"kind": "gap", "who": "binance", "seconds": 5, "value": 0}` and
    `POST /speed {"speed": 4.0, "at_monotonic_ns": 123}`,
    each with `Authorization: Bearer <token>`."""

    def __init__(
        self,
        connections: Connections,
        restart_bybit: Callable[[], None],
        market: Callable[[str, float], None],
        clock: Clock,
        door: ControlDoor,
    ) -> None:
        """`market` is told a kind of trouble for the books, and real seconds."""
        self._door = door
        self._market = market
        self._clock = clock
        self._connections = connections
        self._restart_bybit = restart_bybit

    def routes(self) -> list[Route]:
        return [
            Route("/drop", self.drop, methods=["POST"]),
            Route("/mute", self.mute, methods=["POST"]),
            Route("/fault", self.fault, methods=["POST"]),
            Route("/speed", self.speed, methods=["POST"]),
        ]

    async def drop(self, request: Request) -> Response:
        """Cut TCP streams without a closing frame; answers how many."""
        order = await self._order(request, _Drop)
        return json_answer({"dropped": self._connections.drop(order.who)})

    async def mute(self, request: Request) -> Response:
        """Sockets stay open and answer, but carry no data for `seconds` of real time."""
        order = await self._order(request, _Mute)
        self._connections.mute(order.who, order.seconds)
        return json_answer({"muted_s": order.seconds})

    async def speed(self, request: Request) -> Response:
        """The world runs at another speed from a moment on."""
        order = await self._order(request, _Speed)
        self._clock.turn(order.speed, order.at_monotonic_ns)
        return json_answer({"speed": order.speed})

    async def fault(self, request: Request) -> Response:
        """Any kind of `sim/server/network_faults.py`, or a sudden one: drop, close (with the code
        `value`), restart (Bybit's books), shutdown (Binance announces, then closes); or one of
        all books: `sim/world/market_faults.py`, and fees (of the next rounds nobody has read)."""
        order = await self._order(request, _Spell)
        if order.kind in KINDS:
            self._connections.begin(order.kind, order.who, order.seconds, order.value)
        elif order.kind in _MARKET:
            self._market(order.kind, order.seconds)
        elif order.kind == "drop":
            self._connections.drop(order.who)
        elif order.kind == "close":
            await self._connections.close(order.who, order.value or _USUAL_CODE, "fault")
        elif order.kind == "restart":
            self._restart_bybit()
        elif order.kind == "shutdown":
            self._connections.shut_down(order.who)
        else:
            raise RefusedError(
                400, {"error": f"kind must be one of {', '.join(KINDS + _SUDDEN + _MARKET)}"}
            )
        return json_answer({"kind": order.kind, "who": order.who})

    async def _order(self, request: Request, kind: type[_Order]) -> _Order:
        order = await self._door.read(request, kind)
        if not isinstance(order, _Speed) and order.who not in (EVERYONE, *SERVICES):
            known = ", ".join((EVERYONE, *SERVICES))
            raise RefusedError(400, {"error": f"who must be one of {known}"})
        return order
