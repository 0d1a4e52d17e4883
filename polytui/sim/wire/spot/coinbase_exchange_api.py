"""Coinbase Exchange's public REST reads: the older service, whose books have three levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.wire_text import iso_z, parse_iso
from polytui.sim.wire.spot.coinbase_markets import (
    BASE_STEP,
    COIN_NAMES,
    LEAST_USD,
    NAMES,
    CoinbaseMarkets,
    decimal,
    orders_at,
    rfc3339,
)
from polytui.sim.wire.spot.quoted_book import TICKS
from polytui.sim.world.candles import TapeBar
from polytui.sim.world.ladder import LadderSide
from polytui.sim.world.world import World
from polytui.sim.world.world_events import ExchangeTrade

_SECONDS = (60, 300, 900, 3_600, 21_600, 86_400)
_MOST_CANDLES = 300
_SPARK_S, _SPARKS = 3_600, 24
_MOST_TRADES = 1_000
_EVERY_METHOD = ["GET", "POST", "PUT", "DELETE"]
_KEYED = (
    "accounts",
    "address-book",
    "coinbase-accounts",
    "conversions",
    "deposits",
    "fees",
    "fills",
    "loans",
    "orders",
    "payment-methods",
    "profiles",
    "reports",
    "transfers",
    "users",
    "withdrawals",
)
"""What is asked with a key, which nobody has here."""


class CoinbaseExchangeApi:
    """Routes of `api.exchange.coinbase.com`."""

    def __init__(self, world: World, markets: CoinbaseMarkets) -> None:
        self._world = world
        self._markets = markets

    def routes(self) -> list[Route]:
        return [
            Route("/time", self.time),
            Route("/currencies", self.currencies),
            Route("/currencies/{coin}", self.currency),
            Route("/products", self.products),
            Route("/products/spark-lines", self.spark_lines),
            Route("/products/volume-summary", self.volumes),
            Route("/products/{product}", self.product),
            Route("/products/{product}/book", self.book),
            Route("/products/{product}/ticker", self.ticker),
            Route("/products/{product}/trades", self.trades),
            Route("/products/{product}/candles", self.candles),
            Route("/products/{product}/stats", self.stats),
            *(Route(f"/{name}", self.account, methods=_EVERY_METHOD) for name in _KEYED),
            *(
                Route(f"/{name}/{{rest:path}}", self.account, methods=_EVERY_METHOD)
                for name in _KEYED
            ),
            Route("/{rest:path}", self.nothing, methods=_EVERY_METHOD),
        ]

    async def time(self, _request: Request) -> Response:
        now_ns = self._world.now_ns
        return json_answer({"iso": iso_z(now_ns), "epoch": now_ns // 10**6 / 1000})

    async def currencies(self, _request: Request) -> Response:
        return json_answer([currency_document(coin) for coin in self._coins()])

    async def currency(self, request: Request) -> Response:
        coin = request.path_params["coin"]
        if coin not in self._coins():
            raise _refused(404, "NotFound")
        return json_answer(currency_document(coin))

    async def products(self, _request: Request) -> Response:
        return json_answer([product_document(asset) for asset in self._markets.assets])

    async def product(self, request: Request) -> Response:
        return json_answer(product_document(self._asset(request)))

    async def book(self, request: Request) -> Response:
        """Level 1: the bests; 2: every level, with how many orders it has; 3: every order."""
        asset, level = self._asset(request), request.query_params.get("level", "1")
        if level not in ("1", "2", "3"):
            raise _refused(400, "Invalid level")
        market = self._markets.market(asset)
        bids, asks = market.book.sides(1 if level == "1" else None)
        rows = _orders if level == "3" else _levels
        return json_answer(
            {
                "bids": rows(NAMES[asset], bids),
                "asks": rows(NAMES[asset], asks),
                "sequence": market.sequence,
                "auction_mode": False,
                "auction": None,
                "time": rfc3339(self._world.now_ns),
            }
        )

    async def ticker(self, request: Request) -> Response:
        asset = self._asset(request)
        day, quote = self._markets.day(asset), self._markets.quote(asset)
        last = self._markets.trades(asset, 1)
        number, size, at_ns = 0, 0.0, self._world.now_ns
        if last:
            number, size, at_ns = last[0][0], last[0][1].size, last[0][1].at_ns
        return json_answer(
            {
                "ask": decimal(quote.ask) if quote else "0",
                "bid": decimal(quote.bid) if quote else "0",
                "volume": f"{day.volume:.8f}",
                "trade_id": number,
                "price": decimal(self._markets.last(asset)),
                "size": f"{size:.8f}",
                "time": rfc3339(at_ns),
                "rfq_volume": "0",
            }
        )

    async def trades(self, request: Request) -> Response:
        """Newest first; `after` an id are older ones, `before` it newer ones (venue words)."""
        query, asset = request.query_params, self._asset(request)
        limit = min(_number(query, "limit", _MOST_TRADES), _MOST_TRADES)
        newer, older = _number(query, "before", -1), _number(query, "after", 10**15)
        kept = [one for one in self._markets.trades(asset, _MOST_TRADES) if newer < one[0] < older]
        page = kept[::-1][:limit]
        cursors = {"cb-before": str(page[0][0]), "cb-after": str(page[-1][0])} if page else {}
        return json_answer([_trade(*one) for one in page], headers=cursors)

    async def candles(self, request: Request) -> Response:
        """Rows of time, low, high, open, close and volume, newest first."""
        query, asset = request.query_params, self._asset(request)
        seconds = _number(query, "granularity", 60)
        if seconds not in _SECONDS:
            raise _refused(400, "Unsupported granularity")
        now_ns = self._world.now_ns
        end_ns = _moment_ns(query, "end", now_ns)
        start_ns = _moment_ns(query, "start", end_ns - _MOST_CANDLES * seconds * NS_PER_S)
        if (end_ns - start_ns) // NS_PER_S > _MOST_CANDLES * seconds:
            raise _refused(
                400,
                "granularity too small for the requested time range. Count of aggregations "
                f"requested exceeds {_MOST_CANDLES}",
            )
        bars = self._markets.candles(asset, seconds, start_ns, end_ns, _MOST_CANDLES)
        rows = [[bar.open_ns // NS_PER_S, *_prices(bar), bar.volume] for bar in reversed(bars)]
        return json_answer(rows)

    async def stats(self, request: Request) -> Response:
        asset = self._asset(request)
        day, last = self._markets.day(asset), self._markets.last(asset)
        return json_answer(
            {
                "open": decimal(day.open),
                "high": decimal(max(day.high, last)),
                "low": decimal(min(day.low, last)),
                "last": decimal(last),
                "volume": f"{day.volume:.8f}",
                # There is no history beyond a day.
                "volume_30day": f"{day.volume:.8f}",
                "rfq_volume_24hour": "0",
                "rfq_volume_30day": "0",
                "conversions_volume_24hour": "0",
                "conversions_volume_30day": "0",
            }
        )

    async def spark_lines(self, _request: Request) -> Response:
        """Hours of each product, newest first: time, low, high, open and close."""
        now_ns = self._world.now_ns
        return json_answer(
            {
                NAMES[asset]: [
                    [bar.open_ns // NS_PER_S, *_prices(bar)]
                    for bar in reversed(self._markets.candles(asset, _SPARK_S, 0, now_ns, _SPARKS))
                ]
                for asset in self._markets.assets
            }
        )

    async def volumes(self, _request: Request) -> Response:
        rows = []
        for asset in self._markets.assets:
            volume = f"{self._markets.day(asset).volume:.8f}"
            names = {"id": NAMES[asset], "base_currency": asset.value.upper()}
            names |= {"quote_currency": "USD", "display_name": f"{asset.value.upper()}/USD"}
            spans = ("24hour", "30day")
            sums = {f"{kind}_volume_{span}": volume for kind in ("total", "spot") for span in spans}
            rows.append({**names, "market_types": ["spot"], **sums})
        return json_answer(rows)

    async def account(self, request: Request) -> Response:
        has_key = request.headers.get("cb-access-key")
        raise _refused(401, "Invalid API Key" if has_key else "CB-ACCESS-KEY header is required")

    async def nothing(self, _request: Request) -> Response:
        raise _refused(404, "Route not found")

    def _coins(self) -> list[str]:
        return [*(asset.value.upper() for asset in self._markets.assets), "USD"]

    def _asset(self, request: Request) -> Asset:
        """By its first name alone: this service knows no others."""
        product = request.path_params["product"]
        asset = self._markets.named(product)
        if asset is None or NAMES[asset] != product:
            raise _refused(404, "NotFound")
        return asset


def product_document(asset: Asset) -> dict[str, Any]:
    coin = asset.value.upper()
    return {
        "id": NAMES[asset],
        "base_currency": coin,
        "quote_currency": "USD",
        "quote_increment": decimal(TICKS[asset]),
        "base_increment": BASE_STEP,
        "display_name": f"{coin}/USD",
        "min_market_funds": LEAST_USD,
        "margin_enabled": False,
        "post_only": False,
        "limit_only": False,
        "cancel_only": False,
        "status": "online",
        "status_message": "",
        "trading_disabled": False,
        "fx_stablecoin": False,
        "max_slippage_percentage": "0.02000000",
        "auction_mode": False,
        "high_bid_limit_percentage": "",
    }


def currency_document(coin: str) -> dict[str, Any]:
    names = {asset.value.upper(): name for asset, name in COIN_NAMES.items()}
    is_coin = coin in names
    return {
        "id": coin,
        "name": names.get(coin, "United States Dollar"),
        "min_size": BASE_STEP if is_coin else "0.01",
        "status": "online",
        "message": "",
        "max_precision": BASE_STEP if is_coin else "0.01",
        "convertible_to": [],
        "details": {"type": "crypto" if is_coin else "fiat", "min_withdrawal_amount": 0.0001},
        "default_network": "",
        "supported_networks": [],
        "display_name": coin,
    }


def _prices(bar: TapeBar) -> tuple[float, ...]:
    """Low, high, open and close (venue order), with the digits that a price has."""
    return tuple(float(decimal(one)) for one in (bar.low, bar.high, bar.open, bar.close))


def _trade(number: int, trade: ExchangeTrade) -> dict[str, Any]:
    """`side` is the maker's."""
    return {
        "trade_id": number,
        "side": "buy" if trade.is_buyer_maker else "sell",
        "size": f"{trade.size:.8f}",
        "price": decimal(trade.price),
        "time": rfc3339(trade.at_ns),
    }


def _levels(product: str, side: LadderSide) -> list[list[Any]]:
    return [
        [decimal(price), f"{size:.8f}", sum(1 for _ in orders_at(product, price, size))]
        for price, size in side.items()
    ]


def _orders(product: str, side: LadderSide) -> list[list[Any]]:
    return [
        [decimal(price), f"{part:.8f}", order_id]
        for price, size in side.items()
        for order_id, part in orders_at(product, price, size)
    ]


def _moment_ns(query: Mapping[str, str], name: str, usual: int) -> int:
    """Seconds since the epoch, or an ISO instant."""
    text = query.get(name, "")
    if not text:
        return usual
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return int(text) * NS_PER_S
    try:
        return parse_iso(text)
    except (ValueError, OverflowError):
        raise _refused(400, f"Invalid {name}") from None


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise _refused(400, f"Invalid {name}")
    return int(text)


def _refused(status: int, words: str) -> RefusedError:
    return RefusedError(status, {"message": words})
