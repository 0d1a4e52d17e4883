"""Binance's public REST reads over a simulated world."""

from __future__ import annotations

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.api_answer import RefusedError, json_answer
from polytui.sim.wire.binance_streams import SYMBOLS, BinanceFrames
from polytui.sim.wire.wire_text import millis
from polytui.sim.world.candles import TapeBar
from polytui.sim.world.world import World
from polytui.sim.world.world_events import ExchangeTrade

_MINUTE_NS = 60 * NS_PER_S
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_INTERVALS = ["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]
_SECONDS = {text: int(text[:-1]) * _UNITS_S[text[-1]] for text in _INTERVALS}
_MOST, _USUAL = 1000, 500
_MOST_WEIGHT, _BAN_WEIGHT = 6_000, 9_000
_WEIGHTS = {"aggTrades": 4, "ping": 1, "time": 1, "klines": 2, "exchangeInfo": 20}
_MANDATORY = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."


class BinanceApi:
    """Routes under `/api/v3`. The used weight is counted per world minute: above the limit
    comes 429, and who goes on is banned with 418."""

    def __init__(self, world: World, frames: BinanceFrames) -> None:
        self._world = world
        self._frames = frames
        self._minute = 0
        self._used = 0

    def routes(self) -> list[Route]:
        return [
            Route("/api/v3/ping", self.ping),
            Route("/api/v3/time", self.time),
            Route("/api/v3/klines", self.klines),
            Route("/api/v3/aggTrades", self.agg_trades),
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

    async def agg_trades(self, request: Request) -> Response:
        """From an id on, or within a time, oldest first; without either the newest."""
        query = request.query_params
        asset = _asset(query.get("symbol", ""))
        limit = max(1, min(_number(query, "limit", _USUAL), _MOST))
        trades = self._frames.trades(asset)
        first_id = _number(query, "fromId", 0)
        start_ms, end_ms = _number(query, "startTime", 0), _number(query, "endTime", 10**14)
        found = [
            one
            for one in trades
            if one[0] >= first_id and start_ms <= millis(one[2].at_ns) <= end_ms
        ]
        is_bounded = bool(first_id or start_ms)
        page = found[:limit] if is_bounded else found[-limit:]
        return self._answer([_agg_row(*one) for one in page], "aggTrades")

    def kline(self, name: str) -> str:
        """The payload of a kline stream: the candle in progress."""
        symbol, _, interval = name.partition("@kline_")
        asset, seconds = SYMBOLS.get(symbol.upper()), _SECONDS.get(interval)
        now_ns = self._world.now_ns
        if asset is None or seconds is None:
            return "{}"
        start_ns = now_ns - now_ns % (seconds * NS_PER_S)
        (bar,) = self._world.candles(asset, seconds, start_ns, now_ns, 1)[-1:] or (None,)
        if bar is None:
            return "{}"
        opens, o, h, low, c, volume, closes, turnover, trades, *_ = _row(bar, seconds)
        head = f'{{"e":"kline","E":{millis(now_ns)},"s":"{symbol.upper()}","k":'
        return (
            f'{head}{{"t":{opens},"T":{closes},"s":"{symbol.upper()}","i":"{interval}","f":1,"L":1,'
            f'"o":"{o}","c":"{c}","h":"{h}","l":"{low}","v":"{volume}","n":{trades},"x":false,'
            f'"q":"{turnover}","V":"0","Q":"0","B":"0"}}}}'
        )

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
        if self._used > _MOST_WEIGHT:
            raise self._too_much()
        return json_answer(document, headers={"x-mbx-used-weight-1m": str(self._used)})

    def _too_much(self) -> RefusedError:
        """First the request to wait, then the ban (venue rule)."""
        wait_s = 60 - self._world.now_ns // NS_PER_S % 60
        is_ban = self._used > _BAN_WEIGHT
        body = {"code": -1003, "msg": "Too much request weight used; please use WebSocket streams."}
        return RefusedError(418 if is_ban else 429, body, {"retry-after": str(wait_s)})


def _agg_row(number: int, trade_id: int, trade: ExchangeTrade) -> dict[str, object]:
    return {
        "a": number,
        "p": f"{trade.price:.8f}",
        "q": f"{trade.size:.8f}",
        "f": trade_id,
        "l": trade_id,
        "T": millis(trade.at_ns),
        "m": trade.is_buyer_maker,
        "M": True,
    }


def _row(bar: TapeBar, seconds: int) -> list[int | str]:
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
