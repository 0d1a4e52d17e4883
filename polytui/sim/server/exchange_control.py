"""Trouble for those who trade, over HTTP: the half of `/control` that reaches the back office.

Seconds are real ones, as everywhere on this port; what the exchange is told runs in the world's
time, which is so much faster as the venue plays it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_S, Price, parse_micro
from polytui.net.clock import Clock
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.modes import EngineMode
from polytui.sim.exchange.wallets import SIGNATURE_TYPES, Wallets
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.wire.desk.desk_troubles import ENDLESS, TROUBLES, DeskTroubles
from polytui.sim.wire.desk.geoblock_api import GeoblockSwitch
from polytui.sim.wire.desk.order_payload import OrderPayloads
from polytui.sim.wire.desk.private_request import address_of, bad
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.rounds.listing import Listing

_Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=86_400.0)]
_Times = Annotated[int, msgspec.Meta(ge=ENDLESS, le=1_000_000)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
_TICKS = {one: parse_micro(one) for one in ("0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001")}
"""The grids the venue has."""


class _Engine(msgspec.Struct, forbid_unknown_fields=True):
    mode: Literal["normal", "restart", "post_only", "cancel_only", "disabled"]
    seconds: _Seconds = 5.0
    post_only_seconds: _Seconds | None = None
    """After a restart; by default what the exchange's rules say, in the world's time."""


class _Orders(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    times: _Times = 1
    """-1: without end."""
    seconds: _Seconds = 86_400.0
    value: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0


class _Whereabouts(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["open", "blocked", "unreadable"]
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] = "XX"


class _TradeFate(msgspec.Struct, forbid_unknown_fields=True):
    kind: Literal["fail", "retry", "none"]
    times: _Count = 1


class _Heartbeat(msgspec.Struct, forbid_unknown_fields=True):
    api_key: str


class _Tick(msgspec.Struct, forbid_unknown_fields=True):
    tick: str
    slug: str = ""
    token_id: str = ""


class _Standing(msgspec.Struct, forbid_unknown_fields=True):
    address: str
    state: Literal["open", "closed_only", "banned"]


class _WalletKinds(msgspec.Struct, forbid_unknown_fields=True):
    takes_only_deposit_wallets: bool


class ExchangeControl:
    """`POST /engine`, `/orders`, `/geoblock`, `/trades`, `/heartbeat`, `/tick`, `/standing` and
    `/wallets`."""

    def __init__(
        self,
        exchange: Exchange,
        wallets: Wallets,
        listing: Listing,
        troubles: DeskTroubles,
        payloads: OrderPayloads,
        geoblock: GeoblockSwitch,
        clock: Clock,
        door: ControlDoor,
    ) -> None:
        self._exchange = exchange
        self._wallets = wallets
        self._listing = listing
        self._troubles = troubles
        self._payloads = payloads
        self._geoblock = geoblock
        self._clock = clock
        self._door = door

    def routes(self) -> list[Route]:
        asked = {
            "/engine": self.engine,
            "/orders": self.orders,
            "/geoblock": self.geoblock,
            "/trades": self.trades,
            "/heartbeat": self.heartbeat,
            "/tick": self.tick,
            "/standing": self.standing,
            "/wallets": self.wallets,
        }
        return [Route(path, answer, methods=["POST"]) for path, answer in asked.items()]

    async def engine(self, request: Request) -> Response:
        """The engine restarts, or takes only some orders, for a while; "normal" ends it."""
        order = await self._door.read(request, _Engine)
        modes, now_ns = self._exchange.modes, self._exchange.now_ns()
        if order.mode == "normal":
            for mode in EngineMode:
                modes.end(mode)
        elif order.mode == "restart":
            after = order.post_only_seconds
            usual_ns = int(self._exchange.rules.restart_post_only_s * NS_PER_S)
            after_ns = usual_ns if after is None else self._world_ns(after)
            modes.restart(now_ns, self._world_ns(order.seconds), after_ns)
        else:
            modes.begin(EngineMode(order.mode), now_ns + self._world_ns(order.seconds))
        return json_answer({"mode": modes.mode(now_ns).value})

    async def orders(self, request: Request) -> Response:
        """A kind of `sim/wire/desk/desk_troubles.py` for the next requests that post orders."""
        order = await self._door.read(request, _Orders)
        if order.kind not in TROUBLES:
            raise bad(f"kind must be one of {', '.join(TROUBLES)}")
        until = trio.current_time() + order.seconds
        self._troubles.begin(order.kind, order.times, until, order.value)
        return json_answer({"kind": order.kind, "times": order.times})

    async def geoblock(self, request: Request) -> Response:
        """Where the venue thinks that everybody is."""
        order = await self._door.read(request, _Whereabouts)
        self._geoblock.turn(order.state, order.country)
        return json_answer({"state": order.state})

    async def trades(self, request: Request) -> Response:
        """The next matches fail on the chain in the end, or go through at a later try; "none" takes
        back what was asked."""
        order = await self._door.read(request, _TradeFate)
        if order.kind == "fail":
            self._exchange.fail_next(order.times)
        elif order.kind == "retry":
            self._exchange.retry_next(order.times)
        else:
            self._exchange.spare_next()
        return json_answer({"kind": order.kind, "times": order.times})

    async def heartbeat(self, request: Request) -> Response:
        """As if a key had not beaten for too long."""
        order = await self._door.read(request, _Heartbeat)
        self._exchange.expire_heartbeat(order.api_key)
        return json_answer({"api_key": order.api_key})

    async def tick(self, request: Request) -> Response:
        """Another grid for a round, by its slug or one of its tokens."""
        order = await self._door.read(request, _Tick)
        if order.tick not in _TICKS:
            raise bad(f"tick must be one of {', '.join(_TICKS)}")
        self._exchange.set_tick(self._slug_of(order), Price(_TICKS[order.tick]))
        return json_answer({"tick": order.tick})

    async def standing(self, request: Request) -> Response:
        """Of an address and of every wallet that it signs for."""
        order = await self._door.read(request, _Standing)
        address = address_of(order.address, "address must be 0x and 40 hexadecimal digits")
        found = (self._wallets.wallet_of(address, one) for one in SIGNATURE_TYPES)
        meant = {address, *(wallet for wallet in found if wallet is not None)}
        modes = self._exchange.modes
        for wallet in meant:
            for state, members in (("closed_only", modes.closed_only), ("banned", modes.banned)):
                if state == order.state:
                    members.add(wallet)
                else:
                    members.discard(wallet)
        return json_answer({"addresses": sorted(meant), "state": order.state})

    async def wallets(self, request: Request) -> Response:
        """Whether orders of other wallets than deposit wallets are refused."""
        order = await self._door.read(request, _WalletKinds)
        takes_only = order.takes_only_deposit_wallets
        self._payloads.take_only_deposit_wallets(takes_only)
        return json_answer({"takes_only_deposit_wallets": takes_only})

    def _slug_of(self, order: _Tick) -> str:
        if order.slug in self._exchange.world.rounds:
            return order.slug
        found = self._listing.by_token(order.token_id)
        if found is None:
            raise RefusedError(404, {"error": "no such round: give its slug or one of its tokens"})
        return found[0].slug

    def _world_ns(self, seconds: float) -> int:
        return int(seconds * self._clock.speed * NS_PER_S)
