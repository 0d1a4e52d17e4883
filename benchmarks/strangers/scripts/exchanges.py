"""What ccxt can read of Binance, Bybit and both of Coinbase's services, over HTTP and over sockets.

Its addresses are set by its own option `urls`: what is of an account, of derivatives or of other
things that these venues have and the simulated ones do not, leads to the simulated venue as well.
Those methods are called too, and have to be refused by the client or by the venue: "the rest".
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt
import ccxt.pro
from rows import Rows, Venue

BTC = "BTC/USDT"
BTC_USD = "BTC/USD"
WITHIN_S = 40.0
REST_WITHIN_S = 6.0
FLAWED = {
    ("coinbase", "watchOrders"): "the venue refuses, and the client does not tell who waits",
    ("coinbaseexchange", "watchTradesForSymbols"): (
        "the client waits for 'matches:BTC/USD' and tells 'matches:BTC-USD' alone"
    ),
}
"""What would wait for ever at any venue."""
LOGGED = ("coinbase",)
"""What has to be asked with a key before it is refused: these clients trip over having none."""


def refusal_of(error: Exception) -> str | None:
    return f"{type(error).__name__} {error}" if isinstance(error, ccxt.BaseError) else None


async def main() -> None:
    venue = Venue.told()
    for name, play in (
        ("binance", _binance),
        ("bybit", _bybit),
        ("coinbase", _coinbase),
        ("coinbaseexchange", _coinbase_exchange),
    ):
        exchange = play(venue)
        called: set[str] = set()
        rows = Rows("ccxt", refusal_of, prefix=f"{name}.", called=called)
        try:
            await _markets(rows, exchange)
            await _reads(rows, exchange)
            await _streams(rows, exchange)
            await _left(rows, exchange, lambda play=play: play(venue))
            await _unknown(rows, exchange)
            await _the_rest(rows, exchange, called)
        finally:
            await exchange.close()


def _binance(venue: Venue) -> Any:
    rest, ws = venue.urls["binance_rest"], venue.urls["binance_ws"]
    api = {"public": f"{rest}/api/v3", "private": f"{rest}/api/v3", "sapi": f"{rest}/sapi/v1"}
    sockets = {"spot": f"{ws}/ws", "margin": f"{ws}/ws", "ws-api": {"spot": f"{ws}/ws-api/v3"}}
    options = {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}}
    told = {"urls": {"api": {**api, "ws": sockets}}, "options": options}
    return _only_here(ccxt.pro.binance(told), rest)


def _bybit(venue: Venue) -> Any:
    rest, ws = venue.urls["bybit_rest"], venue.urls["bybit_ws"]
    api = dict.fromkeys(("spot", "futures", "v2", "public", "private"), rest)
    sockets = {"public": {"spot": ws}}
    options = {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}}
    told = {"urls": {"api": {**api, "ws": sockets}}, "options": options}
    return _only_here(ccxt.pro.bybit(told), rest)


def _coinbase(venue: Venue) -> Any:
    urls = {"rest": venue.urls["coinbase_rest"], "ws": venue.urls["coinbase_ws"]}
    return _only_here(ccxt.pro.coinbase({"urls": {"api": urls}}), urls["rest"])


def _coinbase_exchange(venue: Venue) -> Any:
    """Its books are for those with a key; any complete one is taken here."""
    rest, ws = venue.urls["coinbase_exchange_rest"], venue.urls["coinbase_exchange_ws"]
    keys = {"apiKey": "key", "secret": "c2VjcmV0", "password": "passphrase"}
    urls = {"public": rest, "private": rest, "ws": ws}
    return _only_here(ccxt.pro.coinbaseexchange({"urls": {"api": urls}, **keys}), rest)


def _only_here(exchange: Any, rest: str) -> Any:
    """No address of the client leads anywhere but to the venue."""

    def here(urls: Any) -> Any:
        if isinstance(urls, dict):
            return {name: here(one) for name, one in urls.items()}
        is_here = "127.0.0.1" in urls or "localhost" in urls
        return urls if is_here else rest.replace("http:", urls.partition(":")[0] + ":")

    exchange.urls["api"] = here(exchange.urls["api"])
    return exchange


def _symbol(exchange: Any) -> str:
    return BTC if exchange.id in ("binance", "bybit") else BTC_USD


async def _markets(rows: Rows, exchange: Any) -> None:
    symbol = _symbol(exchange)
    await rows.wait("fetchMarkets", exchange.fetch_markets, holds=lambda it: len(it) >= 1)
    await rows.wait(
        "loadMarkets",
        exchange.load_markets,
        holds=lambda it: it[symbol]["active"] and it[symbol]["precision"]["price"] == 0.01,
    )
    if exchange.has["fetchTime"]:
        await rows.wait("fetchTime", exchange.fetch_time, holds=lambda it: it > 1.7e12)
    if exchange.id.startswith("coinbase"):
        await rows.wait("fetchCurrencies", exchange.fetch_currencies, holds=lambda it: "BTC" in it)


async def _reads(rows: Rows, exchange: Any) -> None:
    symbol = _symbol(exchange)
    await rows.wait(
        "fetchTicker",
        lambda: exchange.fetch_ticker(symbol),
        holds=lambda it: it["last"] > 0 and it["bid"] < it["ask"],
    )
    await rows.wait("fetchTickers", exchange.fetch_tickers, holds=lambda it: it[symbol]["last"] > 0)
    await rows.wait("fetchOrderBook", lambda: exchange.fetch_order_book(symbol, 50), holds=_is_book)
    await rows.wait(
        "fetchTrades",
        lambda: exchange.fetch_trades(symbol, None, 20),
        holds=lambda it: it and all(one["price"] > 0 and one["side"] for one in it),
    )
    await rows.wait("fetchOHLCV", lambda: exchange.fetch_ohlcv(symbol, "1m"), holds=_are_candles)
    await rows.wait(
        "fetchOHLCV (since)",
        lambda: exchange.fetch_ohlcv(symbol, "5m", exchange.milliseconds() - 7_200_000, 12),
        holds=lambda it: len(it) in range(10, 14) and _are_candles(it),
    )
    if exchange.id == "binance":
        await _of_binance(rows, exchange)
    if exchange.id == "bybit":
        await rows.wait("fetchStatus", exchange.fetch_status, holds=lambda it: it["status"])
        await rows.wait(
            "fetchBidsAsks", exchange.fetch_bids_asks, holds=lambda it: it[symbol]["bid"] > 0
        )
    if exchange.id == "coinbaseexchange":
        await _of_coinbase_exchange(rows, exchange)
    if exchange.id == "coinbase":
        for kind in ("spot", "buy", "sell"):
            method = getattr(exchange, f"v2PublicGetPricesSymbol{kind.title()}")
            await rows.wait(
                f"v2PublicGetPricesSymbol{kind.title()}",
                lambda method=method: method({"symbol": "BTC-USD"}),
                holds=lambda it: float(it["data"]["amount"]) > 0,
            )


async def _of_binance(rows: Rows, exchange: Any) -> None:
    await rows.wait("fetchBidsAsks", exchange.fetch_bids_asks, holds=lambda it: it[BTC]["bid"] > 0)
    await rows.wait(
        "fetchLastPrices", exchange.fetch_last_prices, holds=lambda it: it[BTC]["price"] > 0
    )
    for method in ("publicGetTrades", "publicGetHistoricalTrades"):
        await rows.wait(
            f"fetchTrades ({method})",
            lambda method=method: exchange.fetch_trades(
                BTC, None, 5, {"fetchTradesMethod": method}
            ),
            holds=lambda it: len(it) == 5,
            refused="apiKey" if "Historical" in method and not exchange.apiKey else "",
        )
    await rows.wait(
        "fetchTicker (rolling)",
        lambda: exchange.public_get_ticker({"symbol": "BTCUSDT", "windowSize": "1h"}),
        holds=lambda it: float(it["lastPrice"]) > 0,
    )
    for method in ("AvgPrice", "TickerTradingDay", "UiKlines"):
        params = {"symbol": "BTCUSDT"} | ({"interval": "1w"} if method == "UiKlines" else {})
        call = getattr(exchange, f"publicGet{method}")
        await rows.wait(
            f"publicGet{method}", lambda call=call, params=params: call(params), holds=len
        )
    for name, args in (
        ("fetchTickerWs", (BTC,)),
        ("fetchOrderBookWs", (BTC, 20)),
        ("fetchOHLCVWs", (BTC, "1m")),
        ("fetchTradesWs", (BTC,)),
    ):
        call = getattr(exchange, name)
        refused = "only supports swap" if name in ("fetchTickerWs", "fetchOrderBookWs") else ""
        await rows.wait(name, _soon(lambda call=call, args=args: call(*args)), holds=len,
                        refused=refused)  # fmt: skip


async def _of_coinbase_exchange(rows: Rows, exchange: Any) -> None:
    for level in (1, 3):
        await rows.wait(
            f"fetchOrderBook (level {level})",
            lambda level=level: exchange.fetch_order_book(BTC_USD, None, {"level": level}),
            holds=lambda it: it["bids"][0][0] < it["asks"][0][0],
        )
    stats = {"fetchTickerMethod": "publicGetProductsIdStats"}
    exchange.options |= stats
    await rows.wait(
        "fetchTicker (stats)",
        lambda: exchange.fetch_ticker(BTC_USD),
        holds=lambda it: it["low"] <= it["last"] <= it["high"],
    )
    del exchange.options["fetchTickerMethod"]
    await rows.wait(
        "publicGetProductsId",
        lambda: exchange.public_get_products_id({"id": "BTC-USD"}),
        holds=lambda it: it["id"] == "BTC-USD",
    )


def _watching(symbol: str) -> list[tuple[str, tuple[Any, ...], Callable[[Any], object]]]:
    """Streams: their methods, what they are called with, and whether it makes sense."""
    return [
        ("watchTicker", (symbol,), lambda it: it["last"] > 0),
        ("watchTickers", ([symbol],), lambda it: it[symbol]["last"] > 0),
        ("watchBidsAsks", ([symbol],), lambda it: it[symbol]["bid"] < it[symbol]["ask"]),
        ("watchTrades", (symbol,), lambda it: it[-1]["price"] > 0),
        ("watchTradesForSymbols", ([symbol],), lambda it: it[-1]["price"] > 0),
        ("watchOHLCV", (symbol, "1m"), _are_candles),
        ("watchOHLCVForSymbols", ([[symbol, "1m"]],), lambda it: _are_candles(it[symbol]["1m"])),
        ("watchOrderBook", (symbol,), _is_book),
        ("watchOrderBookForSymbols", ([symbol],), _is_book),
    ]


async def _streams(rows: Rows, exchange: Any) -> None:
    """The book first: Bybit's bests go into the same book of the client, and spoil it."""
    symbol = _symbol(exchange)
    await rows.wait("watchOrderBook (kept)", _soon(lambda: _followed(exchange, symbol)), holds=bool)
    for name, args, holds in _watching(symbol):
        if exchange.has.get(name) and (exchange.id, name) not in FLAWED:
            call = getattr(exchange, name)
            await rows.wait(name, _soon(lambda call=call, args=args: call(*args)), holds=holds)


async def _left(rows: Rows, exchange: Any, again: Callable[[], Any]) -> None:
    """Streams that are left again, each by a client of its own: Coinbase's believes that it has
    left one when the venue says that it has none."""
    for name, args, _ in _watching(_symbol(exchange)):
        leave = f"unWatch{name.removeprefix('watch')}"
        if not (exchange.has.get(name) and exchange.has.get(leave)):
            continue
        other = again()
        other.set_markets(exchange.markets)
        try:
            await asyncio.wait_for(getattr(other, name)(*args), WITHIN_S)
            call = getattr(other, leave)
            await rows.wait(leave, _soon(lambda call=call, args=args: call(*args)))
        finally:
            await other.close()


async def _followed(exchange: Any, symbol: str) -> bool:
    """A book that is kept by a stream is the one that is read, whole, soon after: as many levels,
    and in the end the very same bests."""
    for _ in range(12):
        kept = await exchange.watch_order_book(symbol)
        if not _is_book(kept):
            raise ValueError(f"no book: {kept['bids'][:2]} {kept['asks'][:2]}")
    for _ in range(40):
        kept = await exchange.watch_order_book(symbol)
        read = await exchange.fetch_order_book(symbol, 20)
        same = [kept[side][0][:2] == read[side][0][:2] for side in ("bids", "asks")]
        if all(same) and _levels(kept) == _levels(read):
            return True
    raise ValueError(f"never the same: {_levels(kept)} and {_levels(read)}")


def _levels(book: Any) -> list[list[float]]:
    return [level[:2] for side in ("bids", "asks") for level in book[side][:10]]


async def _unknown(rows: Rows, exchange: Any) -> None:
    """What the venue does not have, in its own words."""
    words = {
        "binance": ("publicGetDepth", {"symbol": "NOPEUSDT"}, "Invalid symbol"),
        "bybit": (
            "publicGetV5MarketOrderbook",
            {"category": "spot", "symbol": "NOPEUSDT"},
            "Not supported symbols",
        ),
        "coinbase": (
            "v3PublicGetBrokerageMarketProductsProductId",
            {"product_id": "NOPE-USD"},
            "not found",
        ),
        "coinbaseexchange": ("publicGetProductsIdBook", {"id": "NOPE-USD"}, "NotFound"),
    }
    method, params, refused = words[exchange.id]
    call = getattr(exchange, method)
    await rows.wait(f"{method} (unknown)", lambda: call(params), refused=refused)


NAMED = {
    "symbol": None,
    "code": "BTC",
    "id": "1",
    "side": "buy",
    "type": "limit",
    "amount": 0.001,
    "price": 1_000.0,
    "timeout": 5_000,
}
"""Arguments by the names of parameters."""
KINDS = ("fetch", "watch", "create", "cancel", "edit", "transfer", "withdraw")


async def _the_rest(rows: Rows, exchange: Any, called: set[str]) -> None:
    """Every method that no row called: of accounts, of derivatives. One row for all who are
    refused, and one for each that is not."""
    if exchange.id in LOGGED:
        exchange.apiKey, exchange.secret = "key", "secret"
    else:
        exchange.apiKey = exchange.secret = exchange.password = None
    count = 0
    for name in sorted(name for name, has in exchange.has.items() if has is True):
        is_there = name.startswith(KINDS) and hasattr(exchange, name)
        if f"{exchange.id}.{name}" in called or not is_there:
            continue
        if words := FLAWED.get((exchange.id, name)):
            method = f"{exchange.id}.{name}"
            row = {"client": "ccxt", "method": method, "outcome": "skipped", "words": words}
            print(json.dumps(row), flush=True)
            continue
        call, args = getattr(exchange, name), _arguments(exchange, name)
        try:
            await asyncio.wait_for(call(*args), REST_WITHIN_S)
        except ccxt.BaseError:
            count += 1
        except Exception as error:
            await rows.wait(name, lambda error=error: _raise(error))
        else:
            await rows.wait(name, lambda: None)
    await rows.wait("the rest", lambda count=count: _raise(ccxt.NotSupported(f"{count} methods")),
                    refused="methods")  # fmt: skip


def _arguments(exchange: Any, name: str) -> list[Any]:
    symbol = _symbol(exchange)
    parameters = inspect.signature(getattr(exchange, name)).parameters.values()
    needed = [one.name for one in parameters if one.default is inspect.Parameter.empty]
    return [
        (NAMED.get(one, [symbol] if one.endswith("s") else "1") if one != "symbol" else symbol)
        for one in needed
    ]


def _raise(error: Exception) -> Any:
    raise error


def _is_book(book: Any) -> bool:
    bids, asks = book["bids"], book["asks"]
    is_sorted = bids == sorted(bids, reverse=True) and asks == sorted(asks)
    return bool(bids and asks and is_sorted and bids[0][0] < asks[0][0])


def _are_candles(rows: Any) -> bool:
    times = [row[0] for row in rows]
    return (
        bool(rows)
        and times == sorted(set(times))
        and all(row[3] <= min(row[1], row[4]) <= max(row[1], row[4]) <= row[2] for row in rows)
    )


def _soon(call: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    async def bounded() -> Any:
        return await asyncio.wait_for(call(), WITHIN_S)

    return bounded


if __name__ == "__main__":
    asyncio.run(main())
