"""Binance's public REST reads over a simulated world, and what it says to the other routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.wire_text import millis
from polytui.sim.wire.spot.binance_reads import READS, BinanceReads
from polytui.sim.wire.spot.binance_rows import MICRO_NS, MILLI_NS
from polytui.sim.world.world import World

_MINUTE_NS = 60 * NS_PER_S
_MOST_WEIGHT, _BAN_WEIGHT = 6_000, 9_000
_DEPTH_WEIGHTS = ((100, 5), (500, 25), (1_000, 50), (10**9, 250))
_EACH = {
    "exchangeInfo": 20,
    "trades": 25,
    "historicalTrades": 25,
    "aggTrades": 4,
    "klines": 2,
    "uiKlines": 2,
    "avgPrice": 2,
}
_ONE_AND_ALL = {"ticker/24hr": (2, 80), "ticker/price": (2, 4), "ticker/bookTicker": (2, 4)}
_MANY = ("ticker", "ticker/tradingDay")
_WEIGHT_OF_MANY = 4
_KEYED = (
    "account",
    "account/commission",
    "allOrderList",
    "allOrders",
    "myAllocations",
    "myPreventedMatches",
    "myTrades",
    "openOrderList",
    "openOrders",
    "order",
    "order/cancelReplace",
    "order/oco",
    "order/test",
    "orderList",
    "rateLimit/order",
    "sor/order",
    "userDataStream",
)
"""What is asked with a key."""
_EVERY_METHOD = ["GET", "POST", "PUT", "DELETE"]


class BinanceApi:
    """Routes under `/api/v3`. The used weight is counted per world minute: above the limit
    comes 429, and who goes on is banned with 418. Accounts are for those with a key, which
    nobody has here."""

    def __init__(self, world: World, reads: BinanceReads) -> None:
        self._world = world
        self._reads = reads
        self._minute = 0
        self._used = 0

    def routes(self) -> list[Route]:
        return [
            *(Route(f"/api/v3/{endpoint}", self._endpoint(endpoint)) for endpoint in READS),
            *(Route(f"/api/v3/{name}", self.account, methods=_EVERY_METHOD) for name in _KEYED),
            Route("/sapi/{rest:path}", self.account, methods=_EVERY_METHOD),
            Route("/{rest:path}", self.nothing, methods=_EVERY_METHOD),
        ]

    def _endpoint(self, endpoint: str) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            params = dict(request.query_params)
            used = self._spend(_weight(endpoint, params))
            unit = request.headers.get("x-mbx-time-unit", "").upper()
            unit_ns = MICRO_NS if unit == "MICROSECOND" else MILLI_NS
            document = self._reads.read(endpoint, params, unit_ns)
            return json_answer(document, headers={"x-mbx-used-weight-1m": str(used)})

        return answer

    async def account(self, request: Request) -> Response:
        if request.headers.get("x-mbx-apikey"):
            words = "Invalid API-key, IP, or permissions for action."
            raise RefusedError(401, {"code": -2015, "msg": words})
        raise RefusedError(401, {"code": -2014, "msg": "API-key format invalid."})

    async def nothing(self, request: Request) -> Response:
        body = {
            "timestamp": millis(self._world.now_ns),
            "status": 404,
            "error": "Not Found",
            "message": "No message available",
            "path": request.url.path,
        }
        raise RefusedError(404, body)

    def _spend(self, weight: int) -> int:
        minute = self._world.now_ns // _MINUTE_NS
        if minute != self._minute:
            self._minute, self._used = minute, 0
        self._used += weight
        if self._used > _MOST_WEIGHT:
            raise self._too_much()
        return self._used

    def _too_much(self) -> RefusedError:
        """First the request to wait, then the ban (venue rule)."""
        wait_s = 60 - self._world.now_ns // NS_PER_S % 60
        is_ban = self._used > _BAN_WEIGHT
        body = {"code": -1003, "msg": "Too much request weight used; please use WebSocket streams."}
        return RefusedError(418 if is_ban else 429, body, {"retry-after": str(wait_s)})


def _weight(endpoint: str, params: Mapping[str, str]) -> int:
    if endpoint in _ONE_AND_ALL:
        one, every = _ONE_AND_ALL[endpoint]
        return one if "symbol" in params else every
    if endpoint in _MANY:
        return _WEIGHT_OF_MANY * (1 + params.get("symbols", "").count(","))
    if endpoint == "depth":
        limit = params.get("limit", "100")
        count = int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 7 else 0
        return next(weight for most, weight in _DEPTH_WEIGHTS if count <= most)
    return _EACH.get(endpoint, 1)
