"""Bybit's public REST reads over a simulated world, and what it says to the other routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.wire_text import millis
from polytui.sim.wire.spot.bybit_frames import MINUTES, NAMES, SYMBOLS, BybitFrames, day_row, plain
from polytui.sim.wire.spot.calendar_bars import MONTHLY, WEEKLY, joined
from polytui.sim.wire.spot.quoted_book import LOT, TICKS
from polytui.sim.world.candles import TapeBar
from polytui.sim.world.ladder import LadderSide
from polytui.sim.world.world import World

_CALENDAR = {"W": WEEKLY, "M": MONTHLY}
_MOST_TRADES, _MOST_LEVELS, _MOST_BARS = 60, 1_000, 1_000
_HOUR_S = 3_600
_EVERY_BAR = 10**6
_SPOT = "spot"
_CATEGORIES = (_SPOT, "linear", "inverse", "option")
_BAD_PARAMETER, _BAD_KEY, _NO_PATH = 10001, 10003, 404
_EVERY_METHOD = ["GET", "POST", "PUT", "DELETE"]
_PRIVATE = ("account", "order", "position", "asset", "user", "spot-lever-token", "execution")


class _BybitRefusal(RefusedError):
    """Errors come with status 200 and a code (venue rule)."""

    def __init__(self, now_ns: int, words: str, code: int = _BAD_PARAMETER) -> None:
        super().__init__(200, _said(now_ns, code, words, {}))


class BybitApi:
    """Routes under `/v5`. Spot is traded; the other categories exist and list nothing."""

    def __init__(self, world: World, frames: BybitFrames) -> None:
        self._world = world
        self._frames = frames

    def routes(self) -> list[Route]:
        return [
            Route("/v5/market/time", self.time),
            Route("/v3/public/time", self.time),
            Route("/v5/system/status", self.status),
            Route("/v5/market/kline", self.kline),
            Route("/v5/market/recent-trade", self.recent_trade),
            Route("/v5/market/orderbook", self.orderbook),
            Route("/v5/market/tickers", self.tickers),
            Route("/v5/market/instruments-info", self.instruments),
            *(
                Route(f"/v5/{kind}/{{rest:path}}", self.account, methods=_EVERY_METHOD)
                for kind in _PRIVATE
            ),
            Route("/{rest:path}", self.nothing, methods=_EVERY_METHOD),
        ]

    async def time(self, _request: Request) -> Response:
        now_ns = self._world.now_ns
        result = {"timeSecond": str(now_ns // NS_PER_S), "timeNano": str(now_ns)}
        return self._answer(result)

    async def status(self, _request: Request) -> Response:
        """Nothing is under maintenance."""
        return self._answer({"list": []})

    async def kline(self, request: Request) -> Response:
        """Newest first; the first may still be open."""
        query = request.query_params
        self._category(query, usual=_SPOT)
        asset, interval = self._asset(query), query.get("interval", "")
        limit = self._number(query, "limit", 200, _MOST_BARS)
        now_ns = self._world.now_ns
        end_ns = self._number(query, "end", millis(now_ns), 10**14) * NS_PER_MS
        start_ns = self._number(query, "start", 0, 10**14) * NS_PER_MS
        bars = self._bars(asset, interval, start_ns, min(end_ns, now_ns), limit)
        rows = [
            [
                str(millis(bar.open_ns)),
                *(plain(price) for price in (bar.open, bar.high, bar.low, bar.close)),
                plain(bar.volume),
                plain(bar.volume * (bar.open + bar.close) / 2),
            ]
            for bar in reversed(bars)
        ]
        return self._answer({"symbol": NAMES[asset], "category": _SPOT, "list": rows})

    def _bars(
        self, asset: Asset, interval: str, start_ns: int, end_ns: int, limit: int
    ) -> list[TapeBar]:
        if interval in _CALENDAR:
            hours = self._world.candles(asset, _HOUR_S, 0, end_ns, _EVERY_BAR, venue=Exchange.BYBIT)
            whole = [bar for bar, _ in joined(hours, _CALENDAR[interval])]
            return [bar for bar in whole if bar.open_ns >= start_ns][-limit:]
        minutes = MINUTES.get(interval)
        if minutes is None:
            raise self._refusal("Invalid period!")
        length_ns = minutes * 60 * NS_PER_S
        first_ns = max(start_ns, end_ns - end_ns % length_ns - (limit - 1) * length_ns)
        return self._world.candles(
            asset, minutes * 60, first_ns, end_ns, limit, venue=Exchange.BYBIT
        )

    async def recent_trade(self, request: Request) -> Response:
        """Newest first, at most sixty."""
        query = request.query_params
        if self._category(query) != _SPOT:
            raise self._refusal("Not supported symbols")
        asset = self._asset(query)
        limit = self._number(query, "limit", _MOST_TRADES, _MOST_TRADES)
        rows = [
            {
                "execId": str(trade_id),
                "symbol": NAMES[asset],
                "price": plain(trade.price),
                "size": plain(trade.size),
                "side": "Sell" if trade.is_buyer_maker else "Buy",
                "time": str(millis(trade.at_ns)),
                "isBlockTrade": False,
                "isRPITrade": False,
                "seq": str(trade_id),
            }
            for trade_id, trade in reversed(self._frames.trades(asset)[-limit:])
        ]
        return self._answer({"category": _SPOT, "list": rows})

    async def orderbook(self, request: Request) -> Response:
        query = request.query_params
        if self._category(query) != _SPOT:
            raise self._refusal("Not supported symbols")
        asset = self._asset(query)
        limit = self._number(query, "limit", 1, _MOST_LEVELS)
        market = self._frames.market(asset)
        bids, asks = market.book.sides(limit)
        at_ms = millis(market.changed_ns or self._world.now_ns)
        return self._answer(
            {
                "s": NAMES[asset],
                "b": _levels(bids),
                "a": _levels(asks),
                "ts": millis(self._world.now_ns),
                "u": market.update,
                "seq": market.sequence,
                "cts": at_ms,
            }
        )

    async def tickers(self, request: Request) -> Response:
        category = self._category(request.query_params)
        rows = [self._ticker(asset) for asset in self._listed(request.query_params, category)]
        return self._answer({"category": category, "list": rows})

    async def instruments(self, request: Request) -> Response:
        query = request.query_params
        category = self._category(query)
        listed = self._listed(query, category)
        if query.get("status", "Trading") != "Trading":
            listed = []
        if query.get("baseCoin"):
            listed = [asset for asset in listed if asset.value.upper() == query["baseCoin"]]
        rows = [_instrument(asset) for asset in listed]
        # Only spot has no pages (venue rule).
        pages = {} if category == _SPOT else {"nextPageCursor": ""}
        return self._answer({"category": category, "list": rows, **pages})

    async def account(self, request: Request) -> Response:
        if request.headers.get("x-bapi-api-key"):
            raise self._refusal("API key is invalid.", _BAD_KEY)
        raise self._refusal("empty value: apiTimestamp[] apiKey[] apiSignature[]")

    async def nothing(self, _request: Request) -> Response:
        words = "Cannot find path. You are sending a wrong path."
        raise RefusedError(404, _said(self._world.now_ns, _NO_PATH, words, {}))

    def _ticker(self, asset: Asset) -> dict[str, str]:
        quote = self._frames.market(asset).book.quote
        bests = (quote.bid, quote.bid_size, quote.ask, quote.ask_size) if quote else ()
        names = ("bid1Price", "bid1Size", "ask1Price", "ask1Size")
        said = dict.fromkeys(names, "") | dict(zip(names, map(plain, bests), strict=False))
        return {**day_row(NAMES[asset], self._frames.days.of(asset), self._frames.last(asset)),
                **said}  # fmt: skip

    def _listed(self, query: Mapping[str, str], category: str) -> list[Asset]:
        """Those asked for; other categories list none, and know no symbol."""
        if "symbol" in query:
            if category != _SPOT:
                raise self._refusal("Not supported symbols")
            return [self._asset(query)]
        return list(self._world.assets) if category == _SPOT else []

    def _asset(self, query: Mapping[str, str]) -> Asset:
        asset = SYMBOLS.get(query.get("symbol", ""))
        if asset is None or not self._frames.is_traded(asset):
            raise self._refusal("Not supported symbols")
        return asset

    def _category(self, query: Mapping[str, str], usual: str = "") -> str:
        category = query.get("category", usual)
        if category not in _CATEGORIES:
            raise self._refusal("Illegal category")
        return category

    def _number(self, query: Mapping[str, str], name: str, usual: int, most: int) -> int:
        text = query.get(name) or str(usual)
        if not (text.isascii() and text.isdigit()) or len(text) > 15:
            raise self._refusal(f"params error: {name} illegal")
        return max(1, min(int(text), most)) if name == "limit" else min(int(text), most)

    def _answer(self, result: dict[str, Any]) -> Response:
        return json_answer(_said(self._world.now_ns, 0, "OK", result))

    def _refusal(self, words: str, code: int = _BAD_PARAMETER) -> RefusedError:
        return _BybitRefusal(self._world.now_ns, words, code)


def _said(now_ns: int, code: int, words: str, result: dict[str, Any]) -> dict[str, Any]:
    head = {"retCode": code, "retMsg": words, "result": result}
    return {**head, "retExtInfo": {}, "time": millis(now_ns)}


def _levels(side: LadderSide) -> list[list[str]]:
    return [[plain(price), plain(size)] for price, size in side.items()]


def _instrument(asset: Asset) -> dict[str, Any]:
    lot, tick = plain(LOT), plain(TICKS[asset])
    return {
        "symbol": NAMES[asset],
        "baseCoin": asset.value.upper(),
        "quoteCoin": "USDT",
        "innovation": "0",
        "symbolType": "",
        "status": "Trading",
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": lot,
            "quotePrecision": "0.0000001",
            "minOrderQty": lot,
            "maxOrderQty": "9000000",
            "minOrderAmt": "5",
            "maxOrderAmt": "9000000",
            "maxLimitOrderQty": "9000000",
            "maxMarketOrderQty": "4500000",
            "postOnlyMaxLimitOrderSize": "9000000",
        },
        "priceFilter": {"tickSize": tick},
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }
