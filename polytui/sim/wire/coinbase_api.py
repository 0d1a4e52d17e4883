"""Coinbase's public REST reads over a simulated world."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_S
from polytui.sim.wire.api_answer import RefusedError, json_answer
from polytui.sim.wire.coinbase_streams import PRODUCTS, CoinbaseMarkets, trade_row
from polytui.sim.wire.wire_text import iso_z, millis
from polytui.sim.world.world import World

_SECONDS = {
    "ONE_MINUTE": 60,
    "FIVE_MINUTE": 300,
    "FIFTEEN_MINUTE": 900,
    "THIRTY_MINUTE": 1800,
    "ONE_HOUR": 3600,
}
_MOST_CANDLES = 350
_MOST_TRADES = 1000


class CoinbaseApi:
    """Routes below the brokerage base."""

    def __init__(self, world: World, markets: CoinbaseMarkets) -> None:
        self._world = world
        self._markets = markets

    def routes(self) -> list[Route]:
        return [
            Route("/time", self.time),
            Route("/market/products/{product}/ticker", self.ticker),
            Route("/market/products/{product}/candles", self.candles),
        ]

    async def time(self, _request: Request) -> Response:
        now_ns = self._world.now_ns
        return json_answer(
            {
                "iso": iso_z(now_ns),
                "epochSeconds": str(now_ns // NS_PER_S),
                "epochMillis": str(millis(now_ns)),
            }
        )

    async def ticker(self, request: Request) -> Response:
        """The latest trades, newest first, and the bests."""
        asset = _asset(request)
        limit = min(int(request.query_params.get("limit", "100")), _MOST_TRADES)
        rows = [trade_row(*one) for one in self._markets.trades(asset, limit)]
        quote = self._markets.quote(asset)
        bests = {
            "best_bid": f"{quote.bid:.10g}" if quote else "",
            "best_ask": f"{quote.ask:.10g}" if quote else "",
        }
        return json_answer({"trades": rows[::-1], **bests})

    async def candles(self, request: Request) -> Response:
        """Newest first, times in seconds as text."""
        query, asset = request.query_params, _asset(request)
        seconds = _SECONDS.get(query.get("granularity", ""))
        if seconds is None:
            raise RefusedError(400, {"error": "INVALID_ARGUMENT", "message": "granularity"})
        start_ns = int(query.get("start", "0")) * NS_PER_S
        end_ns = int(query.get("end", self._world.now_ns // NS_PER_S)) * NS_PER_S
        bars = self._world.candles(
            asset, seconds, start_ns, end_ns, _MOST_CANDLES, venue=Exchange.COINBASE
        )
        rows = [
            {
                "start": str(bar.open_ns // NS_PER_S),
                "low": f"{bar.low:.10g}",
                "high": f"{bar.high:.10g}",
                "open": f"{bar.open:.10g}",
                "close": f"{bar.close:.10g}",
                "volume": f"{bar.volume:.8f}",
            }
            for bar in reversed(bars)
        ]
        return json_answer({"candles": rows})


def _asset(request: Request) -> Asset:
    product = request.path_params["product"]
    if product not in PRODUCTS:
        raise RefusedError(404, {"error": "NOT_FOUND", "message": f"product {product} not found"})
    return PRODUCTS[product]
