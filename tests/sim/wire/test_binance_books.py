"""Binance's books, tickers and candles: what a stream tells and what is read are one market."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import httpx
import pytest
from small_world import SmallWorld
from starlette.applications import Starlette

from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.exchanges import Exchanges
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.spot.binance_ws_api import BinanceWsApiSession
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import ExchangeQuote, ExchangeTrade

START_NS = 1_795_204_800 * NS_PER_S


@pytest.fixture
def world() -> World:
    return World(WorldSettings(11, START_NS, (Asset.BTC, Asset.XRP), (Interval.M5,), messages=0.2))


@pytest.fixture
def exchanges(world: World) -> Exchanges:
    return Exchanges(world)


@pytest.fixture
def http(exchanges: Exchanges) -> httpx.AsyncClient:
    app = Starlette(routes=exchanges.mounts(), exception_handlers=ERROR_HANDLERS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://venue/binance")


def play(exchanges: Exchanges, world: World, seconds: float, *names: str) -> list[Any]:
    """What a combined connection is told of the next seconds, with the moment of each."""
    session = exchanges.binance_session(f"/stream?streams={'/'.join(names)}")
    told = []
    for world_event in world.run_until(world.now_ns + int(seconds * NS_PER_S)):
        exchanges.note(world_event)
        texts = session.publish(world_event)
        told.extend((world_event.at_ns, json.loads(text)) for text in texts)
    return told


def book_of(document: Any) -> dict[str, dict[str, str]]:
    return {"b": dict(document["bids"]), "a": dict(document["asks"])}


@pytest.mark.trio
async def test_a_book_kept_as_the_venue_says_is_the_book_that_is_read(
    world: World, exchanges: Exchanges, http: httpx.AsyncClient
) -> None:
    """Buffer events, read the book in the middle of one, drop what is older, apply the rest."""
    for world_event in world.run_until(world.now_ns + 2 * NS_PER_S):
        exchanges.note(world_event)
    session = exchanges.binance_session("/ws/btcusdt@depth@100ms")
    events: list[Any] = []
    snapshot: Any = None
    for number, world_event in enumerate(world.run_until(world.now_ns + 6 * NS_PER_S)):
        exchanges.note(world_event)
        events += [json.loads(text) for text in session.publish(world_event)]
        is_quote = isinstance(world_event, ExchangeQuote) and world_event.asset is Asset.BTC
        if snapshot is None and number > 60 and is_quote:
            snapshot = (await http.get("/api/v3/depth?symbol=BTCUSDT&limit=5000")).json()
    assert all(b["U"] == a["u"] + 1 for a, b in pairwise(events))
    later = [event for event in events if event["u"] > snapshot["lastUpdateId"]]
    assert later[0]["U"] <= snapshot["lastUpdateId"] + 1 <= later[0]["u"]
    assert len(events) > len(later) > 20
    book = book_of(snapshot)
    for event in later:
        for side in "ba":
            book[side] |= dict(event[side])
            book[side] = {price: size for price, size in book[side].items() if float(size)}
        assert max(map(float, book["b"])) < min(map(float, book["a"]))
    read = (await http.get("/api/v3/depth?symbol=BTCUSDT&limit=5000")).json()
    if read["lastUpdateId"] == later[-1]["u"]:
        assert book == book_of(read)
    best = (await http.get("/api/v3/ticker/bookTicker?symbol=BTCUSDT")).json()
    assert [best["bidPrice"], best["bidQty"]] == read["bids"][0]


def test_partial_books_come_ten_times_a_second_and_whole(
    world: World, exchanges: Exchanges
) -> None:
    told = play(exchanges, world, 3, "btcusdt@depth20@100ms", "btcusdt@depth5")
    fast = [one["data"] for _, one in told if one["stream"].endswith("@100ms")]
    slow = [one["data"] for _, one in told if one["stream"] == "btcusdt@depth5"]
    assert 20 <= len(fast) <= 31
    assert 1 <= len(slow) <= 3
    assert {len(one[side]) for one in fast for side in ("bids", "asks")} == {20}
    assert {len(one["bids"]) for one in slow} == {5}


def test_two_clients_are_told_the_same_text(world: World, exchanges: Exchanges) -> None:
    one, two = (exchanges.binance_session("/ws/btcusdt@depth") for _ in range(2))
    texts: list[list[str]] = [[], []]
    for world_event in world.run_until(world.now_ns + 4 * NS_PER_S):
        exchanges.note(world_event)
        for heard, session in zip(texts, (one, two), strict=True):
            heard += session.publish(world_event)
    assert texts[0] == texts[1]
    assert len(texts[0]) >= 3


@pytest.mark.trio
async def test_the_day_of_the_ticker_stream_is_the_day_that_is_read(
    world: World, exchanges: Exchanges, http: httpx.AsyncClient
) -> None:
    told = play(exchanges, world, 4, "btcusdt@ticker", "!miniTicker@arr", "xrpusdt@ticker_1h")
    by_stream = {one["stream"]: one["data"] for _, one in told}
    day, minis = by_stream["btcusdt@ticker"], by_stream["!miniTicker@arr"]
    read = (await http.get("/api/v3/ticker/24hr?symbol=BTCUSDT")).json()
    pairs = {"o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "n": "count"}
    assert {day[short] for short in pairs} == {read[name] for name in pairs.values()}
    assert float(day["l"]) <= float(day["c"]) <= float(day["h"])
    assert float(read["lastPrice"]) - float(read["openPrice"]) == pytest.approx(
        float(read["priceChange"]), abs=1e-6
    )
    assert [one["s"] for one in minis] == ["BTCUSDT", "XRPUSDT"]
    assert by_stream["xrpusdt@ticker_1h"]["e"] == "1hTicker"


def test_a_candle_is_told_until_it_is_closed_and_once_as_closed(
    world: World, exchanges: Exchanges
) -> None:
    told = play(exchanges, world, 130, "btcusdt@kline_1m")
    candles = [one["data"]["k"] for _, one in told]
    closed = [one for one in candles if one["x"]]
    assert [b["t"] - a["t"] for a, b in pairwise(closed)] == [60_000] * (len(closed) - 1)
    assert len(closed) == 2
    for one in candles:
        assert float(one["l"]) <= min(float(one["o"]), float(one["c"]))
        assert one["L"] - one["f"] + 1 == one["n"]
    assert all((one["T"] < at_ns // NS_PER_MS) is one["x"] for (at_ns, _), one in
               zip(told, candles, strict=True))  # fmt: skip


def test_microseconds_are_for_those_who_asked(world: World, exchanges: Exchanges) -> None:
    session = exchanges.binance_session("/ws/btcusdt@depth@100ms?timeUnit=MICROSECOND")
    stamps = []
    for world_event in world.run_until(world.now_ns + NS_PER_S):
        exchanges.note(world_event)
        stamps += [(json.loads(t)["E"], world_event.at_ns) for t in session.publish(world_event)]
    assert stamps
    assert all(stamp == at_ns // 1000 for stamp, at_ns in stamps)


REFUSED = [
    ("depth", {}, 400, -1102),
    ("depth", {"symbol": "NOPEUSDT"}, 400, -1121),
    ("depth", {"symbol": "ETHUSDT"}, 400, -1121),
    ("depth", {"symbol": "BTCUSDT", "limit": "many"}, 400, -1100),
    ("depth", {"symbol": "BTCUSDT", "levels": "5"}, 400, -1104),
    ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, 400, -1120),
    ("klines", {"symbol": "BTCUSDT", "interval": "1d", "timeZone": "15:00"}, 400, -1130),
    ("ticker", {}, 400, -1102),
    ("ticker", {"symbol": "BTCUSDT", "windowSize": "60m"}, 400, -1130),
    ("ticker/24hr", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, 400, -1128),
    ("ticker/price", {"symbols": "BTCUSDT"}, 400, -1100),
    ("account", {}, 401, -2014),
]


@pytest.mark.parametrize(("endpoint", "params", "status", "code"), REFUSED)
@pytest.mark.trio
async def test_what_is_wrong_is_refused_in_the_venues_numbers(
    http: httpx.AsyncClient, endpoint: str, params: dict[str, str], status: int, code: int
) -> None:
    answer = await http.get(f"/api/v3/{endpoint}", params=params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.trio
async def test_an_unknown_path_is_a_404_in_json(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v3/nope")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


@pytest.mark.trio
async def test_only_what_is_traded_is_listed_with_its_steps(http: httpx.AsyncClient) -> None:
    listed = (await http.get("/api/v3/exchangeInfo")).json()["symbols"]
    assert [one["symbol"] for one in listed] == ["BTCUSDT", "XRPUSDT"]
    steps = {one["filters"][0]["tickSize"] for one in listed}
    assert steps == {"0.01000000", "0.00010000"}


@pytest.mark.trio
async def test_weeks_and_months_are_of_the_calendar(http: httpx.AsyncClient) -> None:
    for interval, opens in (("1w", 0), ("1M", None)):
        rows = (await http.get(f"/api/v3/klines?symbol=BTCUSDT&interval={interval}")).json()
        assert all(b[0] == a[6] + 1 for a, b in pairwise(rows))
        days = [(row[0] // 86_400_000 + 3) % 7 for row in rows]
        assert opens is None or set(days) == {opens}, "weeks begin on Mondays"
    shifted = (await http.get("/api/v3/klines?symbol=BTCUSDT&interval=1d&timeZone=%2B05:30")).json()
    assert {row[0] % 86_400_000 for row in shifted} == {86_400_000 - 19_800_000}


def test_the_websocket_api_answers_what_is_read(exchanges: Exchanges) -> None:
    session = exchanges.open_session("/binance/ws-api/v3")
    assert isinstance(session, BinanceWsApiSession)
    ask = {"id": "x", "method": "ticker.price", "params": {"symbol": "BTCUSDT"}}
    (answer,) = map(json.loads, session.receive(json.dumps(ask)))
    assert (answer["id"], answer["status"], answer["result"]["symbol"]) == ("x", 200, "BTCUSDT")
    for method, params, status, code in (
        ("depth", {"symbol": "NOPE"}, 400, -1121),
        ("depth", {"symbol": "BTCUSDT", "limit": True}, 400, -1100),
        ("dance", {}, 400, -1130),
        ("order.place", {}, 401, -2014),
    ):
        text = json.dumps({"id": 1, "method": method, "params": params})
        (answer,) = map(json.loads, session.receive(text))
        assert (answer["status"], answer["error"]["code"]) == (status, code)
    (answer,) = map(json.loads, session.receive("["))
    assert answer["error"]["code"] == -1135


def test_other_exchanges_do_not_move_its_book() -> None:
    exchanges = Exchanges(SmallWorld())
    session = exchanges.binance_session("/ws/btcusdt@depth@100ms")
    elsewhere = ExchangeQuote(START_NS, Asset.BTC, 1.0, 1.0, 2.0, 1.0, Exchange.BYBIT)
    exchanges.note(elsewhere)
    later = ExchangeTrade(START_NS + NS_PER_S, Asset.BTC, 1.0, 1.0, False)
    exchanges.note(later)
    assert session.publish(elsewhere) + session.publish(later) == []
