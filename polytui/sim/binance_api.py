"""Binance's public REST reads over a simulated world."""

from __future__ import annotations

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.api_answer import RefusedError, json_answer
from polytui.sim.binance_streams import SYMBOLS
from polytui.sim.candles import Candle
from polytui.sim.wire_text import millis
from polytui.sim.world import World

_MINUTE_NS = 60 * NS_PER_S
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_INTERVALS = ["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]
_SECONDS = {text: int(text[:-1]) * _UNITS_S[text[-1]] for text in _INTERVALS}
_MOST, _USUAL = 1000, 500
_WEIGHTS = {"ping": 1, "time": 1, "klines": 2, "exchangeInfo": 20}
_MANDATORY = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."


class BinanceApi:
    """Routes under `/api/v3`. The used weight is counted per world minute and never limited."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._minute = 0
        self._used = 0

    def routes(self) -> list[Route]:
        return [
            Route("/api/v3/ping", self.ping),
            Route("/api/v3/time", self.time),
            Route("/api/v3/klines", self.klines),
            Route("/api/v3/exchangeInfo", self.exchange_info),
        ]

    async def ping(self, _request: Request) -> Response:
        return self._answer({}, "ping")

    async def time(self, _request: Request) -> Response:
        return self._answer({"serverTime": millis(self._world.now_ns)}, "time")

    async def klines(self, request: Request) -> Response:
        """Rows of twelve columns, oldest first; the last may still be open."""
        query = request.query_params
        asset = _asset(query.get("symbol", ""))
        seconds = _SECONDS.get(query.get("interval", ""))
        if seconds is None:
            raise _error(-1120, "Invalid interval.")
        limit = max(1, min(_number(query, "limit", _USUAL), _MOST))
        start_ns, end_ns = self._span(query, seconds, limit)
        bars = self._world.candles(asset, seconds, start_ns, end_ns, limit)
        return self._answer([_row(bar, seconds) for bar in bars], "klines")

    async def exchange_info(self, request: Request) -> Response:
        asked = request.query_params.get("symbol")
        symbols = list(SYMBOLS) if asked is None else [f"{_asset(asked).value.upper()}USDT"]
        limits = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
        return self._answer(
            {
                "timezone": "UTC",
                "serverTime": millis(self._world.now_ns),
                "rateLimits": [{**limits, "limit": 6000}],
                "exchangeFilters": [],
                "symbols": [_symbol(name) for name in symbols],
            },
            "exchangeInfo",
        )

    def _span(self, query: QueryParams, seconds: int, limit: int) -> tuple[int, int]:
        """First and last opening time asked for; without a start, the latest `limit` bars."""
        end_ns = _number(query, "endTime", millis(self._world.now_ns)) * NS_PER_MS
        end_ns = min(end_ns, self._world.now_ns)
        length_ns = seconds * NS_PER_S
        if "startTime" in query:
            return _number(query, "startTime", 0) * NS_PER_MS, end_ns
        return end_ns - end_ns % length_ns - (limit - 1) * length_ns, end_ns

    def _answer(self, document: object, endpoint: str) -> Response:
        minute = self._world.now_ns // _MINUTE_NS
        if minute != self._minute:
            self._minute, self._used = minute, 0
        self._used += _WEIGHTS[endpoint]
        return json_answer(document, headers={"x-mbx-used-weight-1m": str(self._used)})


def _row(bar: Candle, seconds: int) -> list[int | str]:
    """Turnover is volume at the bar's middle; half of it is counted as bought by takers."""
    opens_ms = millis(bar.open_ns)
    turnover = bar.volume * (bar.open + bar.close) / 2
    return [
        opens_ms,
        *(f"{price:.8f}" for price in (bar.open, bar.high, bar.low, bar.close)),
        f"{bar.volume:.8f}",
        opens_ms + seconds * 1000 - 1,
        f"{turnover:.8f}",
        bar.trades,
        f"{bar.volume / 2:.8f}",
        f"{turnover / 2:.8f}",
        "0",
    ]


def _symbol(name: str) -> dict[str, object]:
    return {
        "symbol": name,
        "status": "TRADING",
        "baseAsset": name.removesuffix("USDT"),
        "baseAssetPrecision": 8,
        "quoteAsset": "USDT",
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "isSpotTradingAllowed": True,
        "filters": [],
    }


def _asset(symbol: str) -> Asset:
    if not symbol:
        raise _error(-1102, _MANDATORY.format("symbol"))
    if symbol not in SYMBOLS:
        raise _error(-1121, "Invalid symbol.")
    return SYMBOLS[symbol]


def _number(query: QueryParams, name: str, usual: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise _error(-1100, f"Illegal characters found in parameter '{name}'.")
    return int(text)


def _error(code: int, message: str) -> RefusedError:
    return RefusedError(400, {"code": code, "msg": message})
