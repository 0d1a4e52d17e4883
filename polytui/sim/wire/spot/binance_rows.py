"""Binance's rows and documents: what its reads and its streams print of bars, trades and books."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.spot.day_figures import DayFigures
from polytui.sim.wire.spot.quoted_book import LOT, TICKS, QuotedBook
from polytui.sim.world.candles import TapeBar
from polytui.sim.world.ladder import LadderSide
from polytui.sim.world.world_events import ExchangeTrade

MILLI_NS, MICRO_NS = NS_PER_MS, 1_000
"""The two units a client may ask times in."""
SYMBOLS = {f"{asset.value.upper()}USDT": asset for asset in Asset}
NAMES = {asset: symbol for symbol, asset in SYMBOLS.items()}

_ORDER_TYPES = [
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]


def decimal(value: float) -> str:
    return f"{value:.8f}"


def levels(side: LadderSide) -> list[list[str]]:
    return [[decimal(price), decimal(size)] for price, size in side.items()]


def depth_document(book: QuotedBook, count: int, update: int) -> dict[str, Any]:
    bids, asks = book.sides(count)
    return {"lastUpdateId": update, "bids": levels(bids), "asks": levels(asks)}


def agg_row(number: int, trade_id: int, trade: ExchangeTrade, unit_ns: int) -> dict[str, Any]:
    return {
        "a": number,
        "p": decimal(trade.price),
        "q": decimal(trade.size),
        "f": trade_id,
        "l": trade_id,
        "T": trade.at_ns // unit_ns,
        "m": trade.is_buyer_maker,
        "M": True,
    }


def trade_row(trade_id: int, trade: ExchangeTrade, unit_ns: int) -> dict[str, Any]:
    return {
        "id": trade_id,
        "price": decimal(trade.price),
        "qty": decimal(trade.size),
        "quoteQty": decimal(trade.price * trade.size),
        "time": trade.at_ns // unit_ns,
        "isBuyerMaker": trade.is_buyer_maker,
        "isBestMatch": True,
    }


def kline_row(bar: TapeBar, closes_ns: int, unit_ns: int) -> list[int | str]:
    """Turnover is volume at the bar's middle; half of it is counted as bought by takers."""
    turnover = bar.volume * (bar.open + bar.close) / 2
    return [
        bar.open_ns // unit_ns,
        *(decimal(price) for price in (bar.open, bar.high, bar.low, bar.close)),
        decimal(bar.volume),
        closes_ns // unit_ns - 1,
        decimal(turnover),
        bar.trades,
        decimal(bar.volume / 2),
        decimal(turnover / 2),
        "0",
    ]


def ticker_document(
    symbol: str, day: DayFigures, last_id: int, now_ns: int, unit_ns: int, *, is_full: bool
) -> dict[str, Any]:
    """What both kinds of 24 h ticker have, the full kind with what is made of it."""
    made = {
        "priceChange": decimal(day.change),
        "priceChangePercent": f"{day.change_part * 100:.3f}",
        "weightedAvgPrice": decimal(day.average),
    }
    return {
        "symbol": symbol,
        **(made if is_full else {}),
        "lastPrice": decimal(day.last),
        "openPrice": decimal(day.open),
        "highPrice": decimal(day.high),
        "lowPrice": decimal(day.low),
        "volume": decimal(day.volume),
        "quoteVolume": decimal(day.turnover),
        "openTime": day.since_ns // unit_ns,
        "closeTime": now_ns // unit_ns,
        "firstId": max(0, last_id - day.trades + 1),
        "lastId": last_id,
        "count": day.trades,
    }


def bests(book: QuotedBook) -> dict[str, str]:
    quote = book.quote
    figures = (quote.bid, quote.bid_size, quote.ask, quote.ask_size) if quote else (0.0,) * 4
    return dict(
        zip(("bidPrice", "bidQty", "askPrice", "askQty"), map(decimal, figures), strict=True)
    )


def info_document(symbols: list[str], now_ns: int, unit_ns: int) -> dict[str, Any]:
    def limit(kind: str, interval: str, count: int, most: int) -> Mapping[str, Any]:
        return {
            "rateLimitType": kind,
            "interval": interval,
            "intervalNum": count,
            "limit": most,
        }

    return {
        "timezone": "UTC",
        "serverTime": now_ns // unit_ns,
        "rateLimits": [
            limit("REQUEST_WEIGHT", "MINUTE", 1, 6_000),
            limit("ORDERS", "SECOND", 10, 100),
            limit("ORDERS", "DAY", 1, 200_000),
            limit("RAW_REQUESTS", "MINUTE", 5, 300_000),
        ],
        "exchangeFilters": [],
        "symbols": [_symbol_document(symbol) for symbol in symbols],
    }


def _symbol_document(symbol: str) -> dict[str, Any]:
    tick = decimal(TICKS[SYMBOLS[symbol]])
    lot = decimal(LOT)
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": symbol.removesuffix("USDT"),
        "baseAssetPrecision": 8,
        "quoteAsset": "USDT",
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": _ORDER_TYPES,
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick,
                "maxPrice": decimal(1_000_000),
                "tickSize": tick,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": lot,
                "maxQty": decimal(9_000_000),
                "stepSize": lot,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": decimal(5),
                "applyMinToMarket": True,
                "maxNotional": decimal(9_000_000),
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_INTERVALS = ["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d"]
SECONDS = {text: int(text[:-1]) * UNITS_S[text[-1]] for text in _INTERVALS}
"""Lengths of the intervals that are whole multiples since the epoch; weeks and months are not."""


def closes_ns(bar: TapeBar, seconds: int) -> int:
    return bar.open_ns + seconds * NS_PER_S
