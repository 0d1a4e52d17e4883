"""Binance's streams without a socket."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from small_world import SmallWorld

from polytui.model.instrument import Asset
from polytui.sim.wire.spot.binance_streams import BinanceFrames, BinanceSession
from polytui.sim.world.world_events import ExchangeQuote


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


def parsed(texts: list[str]) -> list[Any]:
    return [json.loads(text) for text in texts]


def test_raw_trade_shapes_have_eight_decimals(world: SmallWorld) -> None:
    session = BinanceSession(BinanceFrames(), "/ws/btcusdt@aggTrade/btcusdt@trade")
    trade = world.trade(91_234.5, 0.0125)
    aggregate, single = parsed(session.publish(trade))
    at_ms = trade.at_ns // 10**6
    assert list(aggregate) == ["e", "E", "s", "a", "p", "q", "f", "l", "T", "m", "M"]
    assert (aggregate["e"], aggregate["s"], aggregate["T"]) == ("aggTrade", "BTCUSDT", at_ms)
    assert (aggregate["p"], aggregate["q"]) == ("91234.50000000", "0.01250000")
    assert aggregate["m"] is True
    assert list(single) == ["e", "E", "s", "t", "p", "q", "T", "m", "M"]
    assert single["t"] == aggregate["f"] == aggregate["l"]


def test_combined_events_carry_their_stream(world: SmallWorld) -> None:
    session = BinanceSession(BinanceFrames(), "/stream?streams=btcusdt@trade/btcusdt@bookTicker")
    (event,) = parsed(session.publish(world.trade(91_234.5, 0.01)))
    assert event["stream"] == "btcusdt@trade"
    assert event["data"]["e"] == "trade"
    quote = ExchangeQuote(world.now_ns, Asset.BTC, 91_234.0, 1.5, 91_234.01, 2.25)
    (event,) = parsed(session.publish(quote))
    assert event["stream"] == "btcusdt@bookTicker"
    assert list(event["data"]) == ["u", "s", "b", "B", "a", "A"]
    assert (event["data"]["b"], event["data"]["A"]) == ("91234.00000000", "2.25000000")


def test_ids_are_continuous_and_the_same_for_every_client(world: SmallWorld) -> None:
    frames = BinanceFrames()
    one, two = (BinanceSession(frames, "/ws/btcusdt@aggTrade") for _ in range(2))
    seen = []
    for _ in range(5):
        trade = world.trade(91_000.0, 0.01)
        (first,), (second,) = parsed(one.publish(trade)), parsed(two.publish(trade))
        assert first == second
        seen.append(first)
    assert [b["a"] - a["a"] for a, b in pairwise(seen)] == [1] * 4
    assert [b["f"] - a["l"] for a, b in pairwise(seen)] == [1] * 4


def test_ids_go_on_while_nobody_listens(world: SmallWorld) -> None:
    frames = BinanceFrames()
    session = BinanceSession(frames, "/ws/btcusdt@trade")
    (first,) = parsed(session.publish(world.trade(91_000.0, 0.01)))
    frames.note(world.trade(91_000.0, 0.01))
    (third,) = parsed(session.publish(world.trade(91_000.0, 0.01)))
    assert third["t"] == first["t"] + 2


def test_subscribe_list_and_unsubscribe_are_acknowledged_unwrapped(world: SmallWorld) -> None:
    session = BinanceSession(BinanceFrames(), "/stream")
    assert session.publish(world.trade(91_000.0, 0.01)) == []
    ask = {"method": "SUBSCRIBE", "params": ["btcusdt@trade", "moon@trade"], "id": 1}
    assert parsed(session.receive(json.dumps(ask))) == [{"result": None, "id": 1}]
    assert len(session.publish(world.trade(91_000.0, 0.01))) == 1
    listed = parsed(session.receive('{"method":"LIST_SUBSCRIPTIONS","id":"a"}'))
    assert listed == [{"result": ["btcusdt@trade", "moon@trade"], "id": "a"}]
    session.receive('{"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":3}')
    assert session.publish(world.trade(91_000.0, 0.01)) == []


def test_the_combined_property_can_be_set(world: SmallWorld) -> None:
    session = BinanceSession(BinanceFrames(), "/ws/btcusdt@trade")
    ask = '{"method":"GET_PROPERTY","params":["combined"],"id":1}'
    assert parsed(session.receive(ask)) == [{"result": False, "id": 1}]
    session.receive('{"method":"SET_PROPERTY","params":["combined",true],"id":2}')
    (event,) = parsed(session.publish(world.trade(91_000.0, 0.01)))
    assert event["stream"] == "btcusdt@trade"


def test_microseconds_for_those_who_ask(world: SmallWorld) -> None:
    frames = BinanceFrames()
    micro = BinanceSession(frames, "/ws/btcusdt@trade?timeUnit=MICROSECOND")
    milli = BinanceSession(frames, "/ws/btcusdt@trade")
    trade = world.trade(91_000.0, 0.01)
    assert parsed(micro.publish(trade))[0]["T"] == trade.at_ns // 1000
    assert parsed(milli.publish(trade))[0]["T"] == trade.at_ns // 10**6


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 3),
        ("[]", 3),
        ("{}", 2),
        ('{"method":"DANCE","id":1}', 2),
        ('{"method":"SUBSCRIBE","params":[1]}', 2),
        ('{"method":"SET_PROPERTY","params":["colour",true]}', 0),
        ('{"method":"SET_PROPERTY","params":["combined","yes"]}', 1),
    ],
)
def test_errors_are_flat_objects(text: str, code: int) -> None:
    (answer,) = parsed(BinanceSession(BinanceFrames(), "/ws").receive(text))
    assert answer["code"] == code
    assert answer["msg"]


@pytest.mark.parametrize(
    ("target", "is_known"),
    [
        ("/ws", True),
        ("/ws/a@trade", True),
        ("/stream?streams=a", True),
        ("/wsx", False),
        ("/", False),
    ],
)
def test_which_paths_are_served(target: str, is_known: bool) -> None:
    assert BinanceSession.knows(target) is is_known
