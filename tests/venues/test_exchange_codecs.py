"""Binance and Coinbase: whose side a trade was on, both shapes of everything, and candles."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from polytui.model.candle import Candle
from polytui.model.errors import Rejected, Retry
from polytui.model.events import ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.net.http import Http, HttpSettings
from polytui.venues.binance import BinanceStreams
from polytui.venues.binance_rest import Binance
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import IGNORED, NOTHING, Parsed

NOW = 1_800_000_000_000_000_000
AGG_TRADE = {
    "e": "aggTrade",
    "E": 1781416576889,
    "s": "BTCUSDT",
    "a": 3988316038,
    "p": "64348.95000000",
    "q": "0.00009000",
    "f": 6407186253,
    "l": 6407186253,
    "T": 1781416576889,
    "m": True,
    "M": True,
}
TRADE = {
    "e": "trade",
    "E": 1787315652708,
    "s": "BTCUSDT",
    "t": 6595931385,
    "p": "76650.00000000",
    "q": "0.00040000",
    "T": 1787315652707,
    "m": False,
    "M": True,
}
QUOTE = {
    "u": 50093239212,
    "s": "BTCUSDT",
    "b": "61837.63000000",
    "B": "3.78826000",
    "a": "61837.64000000",
    "A": "1.54698000",
}


def binance(frame: Any, codec: BinanceStreams | None = None) -> Parsed:
    return (codec or BinanceStreams(Asset.BTC)).parse(json.dumps(frame), NOW)


def combined(stream: str, data: Any) -> dict[str, Any]:
    return {"stream": stream, "data": data}


def test_streams_by_subscription_or_by_url() -> None:
    codec = BinanceStreams(Asset.SOL)
    assert codec.path == "/stream?streams=solusdt@aggTrade/solusdt@bookTicker"
    assert json.loads(codec.hello()[0]) == {
        "method": "SUBSCRIBE",
        "params": ["solusdt@aggTrade", "solusdt@bookTicker"],
        "id": 2,
    }
    assert BinanceStreams(Asset.SOL, ("trade",), is_in_url=True).hello() == ()


def test_trades_raw_and_combined_with_the_takers_side() -> None:
    sold = ExchangeTraded(
        Asset.BTC,
        "binance",
        3988316038,
        64348.95,
        0.00009,
        Side.SELL,
        1_781_416_576_889_000_000,
        NOW,
    )
    for frame in (AGG_TRADE, combined("btcusdt@aggTrade", AGG_TRADE)):
        assert binance(frame) == Parsed((sold,), is_data=True, stream="trades")
    for frame in (TRADE, combined("btcusdt@trade", TRADE)):
        (bought,) = binance(frame).events
        assert isinstance(bought, ExchangeTraded)
        assert (bought.trade_id, bought.taker_side) == (6595931385, Side.BUY)


def test_quotes_carry_no_time() -> None:
    quote = ExchangeQuoted(Asset.BTC, "binance", 61837.63, 3.78826, 61837.64, 1.54698, 0, NOW)
    for frame in (QUOTE, combined("btcusdt@bookTicker", QUOTE)):
        assert binance(frame) == Parsed((quote,), is_data=True, stream="quotes")


def test_shutdown_is_announced_and_the_rest_ignored() -> None:
    codec = BinanceStreams(Asset.BTC)
    shutdown = {"e": "serverShutdown", "E": 1770123456789}
    for frame in (shutdown, combined("!serverShutdown", shutdown)):
        assert binance(frame, codec) == Parsed(ignored=1, is_closing=True)
    for frame in (
        combined("btcusdt@depth@100ms", {"e": "depthUpdate", "s": "BTCUSDT", "u": 1, "b": []}),
        combined("btcusdt@depth20@100ms", {"lastUpdateId": 1, "bids": [], "asks": []}),
        combined("btcusdt@kline_1m", {"e": "kline", "s": "BTCUSDT", "k": {}}),
        combined("ethusdt@aggTrade", {**AGG_TRADE, "s": "ETHUSDT"}),
        {**QUOTE, "s": "ETHUSDT"},
        {"e": "somethingNew"},
        {"anything": "else"},
    ):
        assert binance(frame, codec) == IGNORED


def test_acknowledgements_and_both_shapes_of_errors() -> None:
    assert binance({"result": None, "id": 1}) == NOTHING
    assert binance({"result": ["btcusdt@aggTrade"], "id": "x"}) == NOTHING
    flat = {"code": 2, "msg": "Invalid request: unknown variant", "id": 1}
    assert binance(flat) == Parsed(refused="2 Invalid request: unknown variant")
    nested = {"error": {"code": 2, "msg": "Invalid request"}, "id": 1}
    assert "Invalid request" in binance(nested).refused


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"p": "0.0"}, "not above zero"),
        ({"p": "-1"}, "not a plain decimal"),
        ({"q": "NaN"}, "not a plain decimal"),
        ({"T": 1781416576889123456}, "not microseconds"),
        ({"a": -5}, "trade id"),
        ({"m": "true"}, "Expected `bool`"),
        ({"p": None}, "Expected `str`"),
    ],
)
def test_trades_that_are_not_believed(change: dict[str, Any], reason: str) -> None:
    for frame in ({**AGG_TRADE, **change}, combined("btcusdt@aggTrade", {**AGG_TRADE, **change})):
        assert reason in binance(frame).rejected


@pytest.mark.parametrize(
    "change", [{"b": "61837.64"}, {"b": "70000"}, {"A": "-1"}, {"a": "inf"}, {"u": -1}]
)
def test_quotes_that_are_not_believed(change: dict[str, Any]) -> None:
    assert binance({**QUOTE, **change}).rejected


def test_coinbase_in_both_shapes() -> None:
    codec = CoinbaseStreams(Asset.BTC)
    ticker = {
        "type": "ticker",
        "product_id": "BTC-USD",
        "price": "68900.5",
        "best_bid": "68900",
        "best_bid_quantity": "1.5",
        "best_ask": "68901",
        "best_ask_quantity": "0.5",
    }
    batch = {
        "channel": "ticker",
        "client_id": "",
        "timestamp": "2026-10-03T10:20:00.118203991Z",
        "sequence_num": 12,
        "events": [{"type": "update", "tickers": [ticker, {**ticker, "product_id": "ETH-USD"}]}],
    }
    quote = ExchangeQuoted(
        Asset.BTC, "coinbase", 68900.0, 1.5, 68901.0, 0.5, 1_791_022_800_118_203_991, NOW
    )
    assert codec.parse(json.dumps(batch), NOW) == Parsed((quote,), is_data=True, stream="quotes")
    flat = {
        "type": "ticker",
        "product_id": "BTC-USD",
        "best_bid": "68900",
        "best_bid_size": "1.5",
        "best_ask": "68901",
        "best_ask_size": "0.5",
        "time": "2026-10-03T10:20:00.118203991Z",
    }
    assert codec.parse(json.dumps(flat), NOW) == Parsed((quote,), is_data=True, stream="quotes")
    assert codec.parse(json.dumps({**flat, "product_id": "SOL-USD"}), NOW) == IGNORED


def test_coinbase_answers() -> None:
    codec = CoinbaseStreams(Asset.ETH)
    asked = [json.loads(text)["channel"] for text in codec.hello()]
    assert asked == ["market_trades", "ticker", "heartbeats"]
    listed = {"channel": "subscriptions", "events": [{"subscriptions": {"ticker": ["ETH-USD"]}}]}
    assert codec.parse(json.dumps(listed), NOW) == NOTHING
    beat = {"channel": "heartbeats", "events": [{"heartbeat_counter": 42}]}
    assert codec.parse(json.dumps(beat), NOW) == Parsed(is_data=True, stream="beats")
    assert codec.parse(json.dumps({"type": "subscriptions", "channels": []}), NOW) == IGNORED
    refusal = {"type": "error", "message": "too many L2 streams"}
    assert codec.parse(json.dumps(refusal), NOW) == Parsed(refused="too many L2 streams")
    assert codec.parse("{}", NOW).rejected == "neither channel nor type"


def candles_from(body: bytes) -> tuple[Binance, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=body)

    http = Http("http://b.test", HttpSettings(tries=1), httpx.MockTransport(answer))
    return Binance(http), asked


@pytest.mark.trio
async def test_klines() -> None:
    row = (
        b'[[1781416560000,"64350.01","64355.0","64341.2","64348.95","3.4122",1781416619999,'
        b'"219573.11",253,"1.7","109390.0","0"]]'
    )
    binance_rest, asked = candles_from(row)
    assert await binance_rest.klines(Asset.BTC, "1m", 2) == (
        Candle(
            1_781_416_560_000_000_000,
            64350.01,
            64355.0,
            64341.2,
            64348.95,
            3.4122,
            253,
        ),
    )
    assert str(asked[0].url) == ("http://b.test/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=2")


@pytest.mark.trio
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", Retry),
        (b'{"code":0}', Rejected),
        (b"[[1]]", Rejected),
        (b'[[1781416560000,"x","1","1","1","1",1781416619999,"1",1,"1","1","0"]]', Retry),
    ],
)
async def test_klines_that_are_not_believed(body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await candles_from(body)[0].klines(Asset.BTC, "1m", 2)
