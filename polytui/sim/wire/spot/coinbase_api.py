"""Coinbase Advanced Trade's public REST reads over a simulated world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.wire_text import iso_z, millis
from polytui.sim.wire.spot.coinbase_markets import (
    ALIASES,
    BASE_STEP,
    COIN_NAMES,
    LEAST_USD,
    MOST_USD,
    NAMES,
    CoinbaseMarkets,
    decimal,
    rfc3339,
    trade_row,
)
from polytui.sim.wire.spot.coinbase_streams import candle_row
from polytui.sim.wire.spot.quoted_book import TICKS
from polytui.sim.world.ladder import LadderSide
from polytui.sim.world.world import World

_MINUTE_S = 60
GRANULARITIES = {
    "ONE_MINUTE": _MINUTE_S,
    "FIVE_MINUTE": 5 * _MINUTE_S,
    "FIFTEEN_MINUTE": 15 * _MINUTE_S,
    "THIRTY_MINUTE": 30 * _MINUTE_S,
    "ONE_HOUR": 60 * _MINUTE_S,
    "TWO_HOUR": 120 * _MINUTE_S,
    "FOUR_HOUR": 240 * _MINUTE_S,
    "SIX_HOUR": 360 * _MINUTE_S,
    "ONE_DAY": 1440 * _MINUTE_S,
}
_MOST_CANDLES = 350
_MOST_TRADES = 1_000
_MOST_LEVELS = 10_000
_TYPES = ("SPOT", "FUTURE", "UNKNOWN_PRODUCT_TYPE")
_KINDS_OF_PRICE = ("spot", "buy", "sell")
_EVERY_METHOD = ["GET", "POST", "PUT", "DELETE"]
_KEYED = (
    "accounts",
    "best_bid_ask",
    "cfm",
    "convert",
    "intx",
    "key_permissions",
    "orders",
    "payment_methods",
    "portfolios",
    "product_book",
    "products",
    "transaction_summary",
)
"""What is asked with a key, which nobody has here."""


class CoinbaseApi:
    """Routes below the brokerage base, and what there is of the older `/v2`."""

    def __init__(self, world: World, markets: CoinbaseMarkets) -> None:
        self._world = world
        self._markets = markets

    def routes(self) -> list[Route]:
        """Under the brokerage's own path as well: some clients have only the host to set."""
        own = "/api/v3/brokerage"
        return [
            *(
                Route(f"{base}{path}", endpoint)
                for base in ("", own)
                for path, endpoint in (
                    ("/time", self.time),
                    ("/market/products", self.products),
                    ("/market/products/{product}", self.product),
                    ("/market/products/{product}/ticker", self.ticker),
                    ("/market/products/{product}/candles", self.candles),
                    ("/market/product_book", self.book),
                )
            ),
            *(Route(f"{own}/{name}", self.account, methods=_EVERY_METHOD) for name in _KEYED),
            *(
                Route(f"{own}/{name}/{{rest:path}}", self.account, methods=_EVERY_METHOD)
                for name in _KEYED
            ),
            Route("/v2/time", self.old_time),
            Route("/v2/currencies", self.currencies),
            Route("/v2/currencies/crypto", self.coins),
            Route("/v2/exchange-rates", self.rates),
            Route("/v2/prices/{product}/{kind}", self.price),
            Route("/{rest:path}", self.nothing, methods=_EVERY_METHOD),
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

    async def products(self, request: Request) -> Response:
        """Spot is traded; there are no futures here."""
        query = request.query_params
        kind = query.get("product_type", _TYPES[0])
        if kind not in _TYPES:
            raise _invalid(f"unknown product type: {kind}")
        asked = query.getlist("product_ids") or list(map(NAMES.__getitem__, self._markets.assets))
        listed = [asset for asset in map(self._markets.named, asked) if asset is not None]
        if kind == "FUTURE":
            listed = []
        offset, limit = _number(query, "offset", 0), _number(query, "limit", 10**6)
        rows = [self._product(asset, NAMES[asset]) for asset in listed]
        return json_answer({"products": rows[offset : offset + limit], "num_products": len(rows)})

    async def product(self, request: Request) -> Response:
        asset = self._asset(request.path_params["product"])
        return json_answer(self._product(asset, request.path_params["product"]))

    async def ticker(self, request: Request) -> Response:
        """The latest trades, newest first, and the bests."""
        query, asset = request.query_params, self._asset(request.path_params["product"])
        limit = min(_number(query, "limit", 100), _MOST_TRADES)
        start_ns, end_ns = _span_ns(query, self._world.now_ns)
        found = [
            one
            for one in self._markets.trades(asset, _MOST_TRADES)
            if start_ns <= one[1].at_ns < end_ns + NS_PER_S
        ]
        rows = [trade_row(*one) for one in found[-limit:]] if limit else []
        quote = self._markets.quote(asset)
        bests = {
            "best_bid": decimal(quote.bid) if quote else "",
            "best_ask": decimal(quote.ask) if quote else "",
        }
        return json_answer({"trades": rows[::-1], **bests})

    async def candles(self, request: Request) -> Response:
        """Newest first, times in seconds as text."""
        query, asset = request.query_params, self._asset(request.path_params["product"])
        seconds = GRANULARITIES.get(query.get("granularity", ""))
        if seconds is None:
            raise _invalid("granularity")
        start_ns, end_ns = _span_ns(query, self._world.now_ns)
        if start_ns and (end_ns - start_ns) // (seconds * NS_PER_S) > _MOST_CANDLES:
            raise _invalid(f"number of candles requested should be less than {_MOST_CANDLES}")
        limit = max(1, min(_number(query, "limit", _MOST_CANDLES), _MOST_CANDLES))
        bars = self._markets.candles(asset, seconds, start_ns, end_ns, limit)
        return json_answer({"candles": [candle_row(bar) for bar in reversed(bars)]})

    async def book(self, request: Request) -> Response:
        query = request.query_params
        asset = self._asset(query.get("product_id", ""))
        limit = min(_number(query, "limit", _MOST_LEVELS), _MOST_LEVELS)
        book = self._markets.market(asset).book
        bids, asks = book.sides(limit)
        quote = book.quote
        middle = (quote.bid + quote.ask) / 2 if quote else 0.0
        spread = quote.ask - quote.bid if quote else 0.0
        return json_answer(
            {
                "pricebook": {
                    "product_id": NAMES[asset],
                    "bids": _levels(bids),
                    "asks": _levels(asks),
                    "time": rfc3339(quote.at_ns if quote else self._world.now_ns),
                },
                "last": decimal(self._markets.last(asset)),
                "mid_market": decimal(middle),
                "spread_bps": decimal(spread / middle * 10_000 if middle else 0.0),
                "spread_absolute": decimal(spread),
            }
        )

    async def account(self, _request: Request) -> Response:
        raise RefusedError(401, {"error": "Unauthorized", "error_details": "", "message": ""})

    async def nothing(self, request: Request) -> Response:
        words = f"no route for {request.method} {request.url.path}"[:200]
        raise RefusedError(404, {"error": "NOT_FOUND", "error_details": words, "message": words})

    async def old_time(self, _request: Request) -> Response:
        now_ns = self._world.now_ns
        return json_answer({"data": {"iso": iso_z(now_ns), "epoch": now_ns // NS_PER_S}})

    async def currencies(self, _request: Request) -> Response:
        dollar = {"id": "USD", "name": "United States Dollar", "min_size": "0.01000000"}
        return json_answer({"data": [dollar]})

    async def coins(self, _request: Request) -> Response:
        rows = [
            {
                "asset_id": f"{number:08x}-0000-4000-8000-000000000000",
                "code": asset.value.upper(),
                "name": COIN_NAMES[asset],
                "color": "#000000",
                "sort_index": 100 + number,
                "exponent": 8,
                "type": "crypto",
                "address_regex": "",
            }
            for number, asset in enumerate(self._markets.assets)
        ]
        return json_answer({"data": rows})

    async def rates(self, request: Request) -> Response:
        """Coins for a unit of the currency: dollars, or one of the coins."""
        currency = request.query_params.get("currency", "USD").upper()
        prices = {asset.value.upper(): self._markets.last(asset) for asset in self._markets.assets}
        prices["USD"] = 1.0
        if currency not in prices:
            words = f"Currency is invalid: {currency}"[:200]
            raise RefusedError(400, {"errors": [{"id": "invalid_request", "message": words}]})
        rates = {name: f"{prices[currency] / price:.18g}" for name, price in prices.items()}
        return json_answer({"data": {"currency": currency, "rates": rates}})

    async def price(self, request: Request) -> Response:
        asset = self._markets.named(request.path_params["product"].upper())
        kind = request.path_params["kind"]
        if asset is None or kind not in _KINDS_OF_PRICE:
            error = {"id": "not_found", "message": "Invalid base currency"}
            raise RefusedError(404, {"errors": [error]})
        quote = self._markets.quote(asset)
        last = self._markets.last(asset)
        amounts = {"spot": last, "buy": quote.ask, "sell": quote.bid} if quote else {}
        amount = decimal(amounts.get(kind, last))
        return json_answer(
            {"data": {"amount": amount, "base": asset.value.upper(), "currency": "USD"}}
        )

    def _product(self, asset: Asset, asked: str) -> dict[str, Any]:
        day, last, quote = (
            self._markets.day(asset),
            self._markets.last(asset),
            self._markets.quote(asset),
        )
        coin, own = asset.value.upper(), NAMES[asset]
        dollars = "USDC" if asked in ALIASES else "USD"
        change = (last / day.open - 1) * 100 if day.open else 0.0
        return {
            "product_id": asked,
            "price": decimal(last),
            "price_percentage_change_24h": f"{change:.8f}",
            "volume_24h": f"{day.volume:.8f}",
            "volume_percentage_change_24h": "0",
            "base_increment": BASE_STEP,
            "quote_increment": decimal(TICKS[asset]),
            "quote_min_size": LEAST_USD,
            "quote_max_size": MOST_USD,
            "base_min_size": BASE_STEP,
            "base_max_size": "3400",
            "base_name": COIN_NAMES[asset],
            "quote_name": "US Dollar" if dollars == "USD" else "USDC",
            "watched": False,
            "is_disabled": False,
            "new": False,
            "status": "online",
            "cancel_only": False,
            "limit_only": False,
            "post_only": False,
            "trading_disabled": False,
            "auction_mode": False,
            "product_type": "SPOT",
            "quote_currency_id": dollars,
            "base_currency_id": coin,
            "fcm_trading_session_details": None,
            "mid_market_price": decimal((quote.bid + quote.ask) / 2) if quote else "",
            "alias": "" if asked == own else own,
            "alias_to": [],
            "base_display_symbol": coin,
            "quote_display_symbol": "USD",
            "view_only": False,
            "price_increment": decimal(TICKS[asset]),
            "display_name": f"{coin}-{dollars}",
            "product_venue": "CBE",
            "approximate_quote_24h_volume": f"{day.turnover:.2f}",
        }

    def _asset(self, product: str) -> Asset:
        asset = self._markets.named(product)
        if asset is None:
            words = f"product {product[:40]} not found"
            raise RefusedError(404, {"error": "NOT_FOUND", "message": words})
        return asset


def _levels(side: LadderSide) -> list[dict[str, str]]:
    return [{"price": decimal(price), "size": f"{size:.8f}"} for price, size in side.items()]


def _span_ns(query: Mapping[str, str], now_ns: int) -> tuple[int, int]:
    start_s = _number(query, "start", 0)
    return start_s * NS_PER_S, _number(query, "end", now_ns // NS_PER_S) * NS_PER_S


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise _invalid(f"{name} is not a number")
    return int(text)


def _invalid(words: str) -> RefusedError:
    words = words[:200]
    body = {"error": "INVALID_ARGUMENT", "error_details": words, "message": words}
    return RefusedError(400, body)
