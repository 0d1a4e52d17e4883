"""Bybit's public REST reads over a simulated world."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.api_answer import json_answer
from polytui.sim.wire.bybit_streams import SYMBOLS, BybitFrames
from polytui.sim.wire.wire_text import millis
from polytui.sim.world.world import World

_MINUTES = {"1": 1, "3": 3, "5": 5, "15": 15, "30": 30, "60": 60, "120": 120, "240": 240}
_MOST_TRADES = 60
_BAD_PARAMETER = 10001


class BybitApi:
    """Routes under `/v5/market`. Errors come with status 200 and a code (venue rule)."""

    def __init__(self, world: World, frames: BybitFrames) -> None:
        self._world = world
        self._frames = frames

    def routes(self) -> list[Route]:
        return [
            Route("/v5/market/time", self.time),
            Route("/v5/market/kline", self.kline),
            Route("/v5/market/recent-trade", self.recent_trade),
            Route("/v5/market/orderbook", self.orderbook),
        ]

    async def time(self, _request: Request) -> Response:
        now_ns = self._world.now_ns
        result = {"timeSecond": str(now_ns // NS_PER_S), "timeNano": str(now_ns)}
        return self._answer(result)

    async def kline(self, request: Request) -> Response:
        """Newest first; the first may still be open."""
        query = request.query_params
        asset, minutes = _asset(request), _MINUTES.get(query.get("interval", ""))
        if asset is None or minutes is None:
            return self._refusal("Invalid period!" if asset else "Not supported symbols")
        limit = min(int(query.get("limit", "200")), 1000)
        now_ns, length_ns = self._world.now_ns, minutes * 60 * NS_PER_S
        end_ns = min(int(query.get("end", millis(now_ns))) * NS_PER_MS, now_ns)
        start_ns = end_ns - end_ns % length_ns - (limit - 1) * length_ns
        if "start" in query:
            start_ns = max(start_ns, int(query["start"]) * NS_PER_MS)
        bars = self._world.candles(
            asset, minutes * 60, start_ns, end_ns, limit, venue=Exchange.BYBIT
        )
        rows = [
            [
                str(millis(bar.open_ns)),
                *(f"{price:.10g}" for price in (bar.open, bar.high, bar.low, bar.close)),
                f"{bar.volume:.8f}",
                f"{bar.volume * (bar.open + bar.close) / 2:.8f}",
            ]
            for bar in reversed(bars)
        ]
        return self._answer({"symbol": query["symbol"], "category": "spot", "list": rows})

    async def recent_trade(self, request: Request) -> Response:
        """Newest first, at most sixty."""
        asset = _asset(request)
        if asset is None:
            return self._refusal("Not supported symbols")
        limit = min(int(request.query_params.get("limit", "60")), _MOST_TRADES)
        rows = [
            {
                "execId": str(trade_id),
                "symbol": request.query_params["symbol"],
                "price": f"{trade.price:.10g}",
                "size": f"{trade.size:.8f}",
                "side": "Sell" if trade.is_buyer_maker else "Buy",
                "time": str(millis(trade.at_ns)),
                "isBlockTrade": False,
                "isRPITrade": False,
                "seq": str(trade_id),
            }
            for trade_id, trade in reversed(self._frames.trades(asset)[-limit:])
        ]
        return self._answer({"category": "spot", "list": rows})

    async def orderbook(self, request: Request) -> Response:
        asset = _asset(request)
        if asset is None:
            return self._refusal("Not supported symbols")
        book, now_ms = self._frames.book(asset), millis(self._world.now_ns)
        limit = min(int(request.query_params.get("limit", "1")), 50)
        sides = {
            name: [list(level) for level in list(side.items())[:limit]]
            for name, side in (("b", book.bids), ("a", book.asks))
        }
        names = {"s": request.query_params["symbol"], "ts": now_ms, "cts": now_ms}
        return self._answer({**names, **sides, "u": book.update, "seq": book.sequence})

    def _answer(self, result: dict[str, Any]) -> Response:
        return self._say(0, "OK", result)

    def _refusal(self, words: str) -> Response:
        return self._say(_BAD_PARAMETER, words, {})

    def _say(self, code: int, words: str, result: dict[str, Any]) -> Response:
        now_ms = millis(self._world.now_ns)
        head = {"retCode": code, "retMsg": words, "result": result}
        return json_answer({**head, "retExtInfo": {}, "time": now_ms})


def _asset(request: Request) -> Asset | None:
    return SYMBOLS.get(request.query_params.get("symbol", ""))
