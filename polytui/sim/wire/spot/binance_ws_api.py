"""Binance's WebSocket API for one client: the public reads, asked by a method's name."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from polytui.model.units import NS_PER_MS
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.form.wire_text import parse_object
from polytui.sim.wire.spot.binance_reads import BinanceReads
from polytui.sim.world.world_events import WorldEvent

_ENDPOINTS = {
    "ping": "ping",
    "time": "time",
    "exchangeInfo": "exchangeInfo",
    "depth": "depth",
    "trades.recent": "trades",
    "trades.historical": "historicalTrades",
    "trades.aggregate": "aggTrades",
    "klines": "klines",
    "uiKlines": "uiKlines",
    "avgPrice": "avgPrice",
    "ticker": "ticker",
    "ticker.24hr": "ticker/24hr",
    "ticker.tradingDay": "ticker/tradingDay",
    "ticker.price": "ticker/price",
    "ticker.book": "ticker/bookTicker",
}
_LIMITS = [
    {
        "rateLimitType": "REQUEST_WEIGHT",
        "interval": "MINUTE",
        "intervalNum": 1,
        "limit": 6_000,
        "count": 2,
    }
]
_KEYED = ("session", "account", "order", "orders", "openOrders", "allOrders", "myTrades", "sor")
"""What begins so is asked with a key, which nobody has here."""


class BinanceWsApiSession:
    """One connection to `/ws-api/v3`. It answers and says nothing of its own."""

    WANTS: ClassVar[tuple[type, ...]] = ()
    ping_every_s: ClassVar[float | None] = 20.0
    quiet_limit_s: ClassVar[float | None] = None

    def __init__(self, reads: BinanceReads) -> None:
        self._reads = reads
        self.closing: tuple[int, str] | None = None

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        request = parse_object(text)
        if request is None:
            return [_answer(None, 400, error={"code": -1135, "msg": "Invalid JSON Request"})]
        params = request.get("params") or {}
        # Not a parameter of any method: whether the limits are told with the answer.
        tells = params.pop("returnRateLimits", True) if isinstance(params, dict) else True
        limits = {"rateLimits": _LIMITS} if tells is not False else {}
        try:
            result = self._result(request.get("method"), params)
        except RefusedError as refused:
            return [_answer(request.get("id"), refused.status, error=refused.body, **limits)]
        return [_answer(request.get("id"), 200, result=result, **limits)]

    def publish(self, _world_event: WorldEvent) -> list[str]:
        return []

    def close(self) -> None:
        pass

    def _result(self, method: Any, params: Any) -> Any:
        if not isinstance(method, str):
            raise RefusedError(400, {"code": -1102, "msg": "Mandatory parameter 'method' was not "
                                     "sent, was empty/null, or malformed."})  # fmt: skip
        if not isinstance(params, dict):
            message = "Illegal characters found in parameter 'params'."
            raise RefusedError(400, {"code": -1100, "msg": message})
        if method.partition(".")[0] in _KEYED:
            raise RefusedError(401, {"code": -2014, "msg": "API-key format invalid."})
        if method not in _ENDPOINTS:
            message = f"Unknown method '{method[:64]}'."
            raise RefusedError(400, {"code": -1130, "msg": message})
        asked = {name: _text(value) for name, value in params.items()}
        return self._reads.read(_ENDPOINTS[method], asked, NS_PER_MS)


def _text(value: Any) -> str:
    """A parameter as it would stand in a query."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _answer(request_id: Any, status: int, **content: Any) -> str:
    return msgspec.json.encode({"id": request_id, "status": status, **content}).decode()
