"""Bybit's wire: the taker's side, the book's rules, and who is asked to begin again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polytui.model.events import ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.venues.bybit import BybitStreams
from polytui.venues.feed import IGNORED, NOTHING, Parsed

NOW = 1_800_000_000_000_000_000
TRADE = {
    "i": "2290000001227213949", "T": 1791457528951, "p": "82680", "v": "0.001185", "S": "Buy",
    "seq": 115115351336, "s": "BTCUSDT", "BT": False, "RPI": False,
}  # fmt: skip


def trades(codec: BybitStreams, *rows: dict[str, Any]) -> Parsed:
    frame = {"topic": "publicTrade.BTCUSDT", "ts": 1, "type": "snapshot", "data": rows}
    return codec.parse(json.dumps(frame), NOW)


def book(
    codec: BybitStreams,
    u: int,
    bids: list[tuple[str, str]],
    asks: list[tuple[str, str]],
    kind: str = "delta",
) -> Parsed:
    data = {"s": "BTCUSDT", "b": bids, "a": asks, "u": u, "seq": 7}
    frame = {"topic": "orderbook.50.BTCUSDT", "ts": 1, "type": kind, "data": data, "cts": 1000}
    return codec.parse(json.dumps(frame), NOW)


def begun() -> BybitStreams:
    codec = BybitStreams(Asset.BTC)
    bids, asks = [("100", "2"), ("99", "3")], [("101", "1"), ("102", "4")]
    assert book(codec, 10, bids, asks, "snapshot").events
    return codec


def quote(parsed: Parsed) -> tuple[float, float, float, float]:
    (event,) = parsed.events
    assert isinstance(event, ExchangeQuoted)
    return event.bid, event.bid_size, event.ask, event.ask_size


def test_it_asks_for_both_topics_in_one_request() -> None:
    (text,) = BybitStreams(Asset.SOL).hello()
    assert json.loads(text)["args"] == ["publicTrade.SOLUSDT", "orderbook.50.SOLUSDT"]


def test_trades_carry_the_takers_side_and_blocks_are_no_price() -> None:
    parsed = trades(
        BybitStreams(Asset.BTC),
        TRADE,
        {**TRADE, "i": "2290000001227213950", "S": "Sell"},
        {**TRADE, "i": "2290000001227213951", "BT": True},
    )
    first, second = parsed.events
    assert first == ExchangeTraded(
        Asset.BTC, "bybit", 2290000001227213949, 82680.0, 0.001185, Side.BUY,
        1_791_457_528_951_000_000, NOW,
    )  # fmt: skip
    assert isinstance(second, ExchangeTraded)
    assert second.taker_side is Side.SELL


def test_trades_that_come_again_are_dropped_and_history_is_taken_once() -> None:
    codec = BybitStreams(Asset.BTC)
    trades(codec, {**TRADE, "i": "100"}, {**TRADE, "i": "105"})
    again = trades(codec, {**TRADE, "i": "105"}, {**TRADE, "i": "109"})
    assert (len(again.events), again.duplicates) == (1, 1)
    assert [codec.mend(trade_id) for trade_id in (99, 103, 103, 105)] == [
        False, True, False, False,
    ]  # fmt: skip


def test_a_snapshot_then_changes_and_only_news_is_told() -> None:
    codec = begun()
    assert quote(book(codec, 11, [("100", "5")], [])) == (100, 5, 101, 1)
    assert book(codec, 12, [("99", "0")], []) == Parsed(is_data=True, stream="quotes")
    assert quote(book(codec, 13, [("100", "0"), ("98", "1")], [("100.5", "2")])) == (
        98,
        1,
        100.5,
        2,
    )


def test_depth_is_of_the_ten_best_levels() -> None:
    codec = BybitStreams(Asset.BTC)
    bids = [(str(100 - n), "1") for n in range(20)]
    (event,) = book(codec, 5, bids, [("101", "2"), ("102", "3")], "snapshot").events
    assert isinstance(event, ExchangeQuoted)
    assert (event.bid_depth, event.ask_depth) == (10.0, 5.0)


def test_a_later_snapshot_and_a_restart_replace_everything() -> None:
    codec = begun()
    assert quote(book(codec, 50, [("90", "1")], [("91", "1")], "snapshot")) == (90, 1, 91, 1)
    assert quote(book(codec, 1, [("80", "1")], [("81", "1")])) == (80, 1, 81, 1)
    assert quote(book(codec, 2, [("80.5", "1")], [])) == (80.5, 1, 81, 1)


def test_a_jump_asks_for_a_new_snapshot_and_believes_nothing_until_then() -> None:
    codec = begun()
    parsed = book(codec, 14, [("100", "9")], [])
    assert (parsed.lost, parsed.events) == (3, ())
    asked = [json.loads(text) for text in parsed.replies]
    assert [one["op"] for one in asked] == ["unsubscribe", "subscribe"]
    assert book(codec, 15, [("100", "9")], []).duplicates == 1
    assert quote(book(codec, 40, [("70", "1")], [("71", "1")], "snapshot")) == (70, 1, 71, 1)


def test_a_crossed_book_is_not_believed() -> None:
    parsed = book(begun(), 11, [("103", "1")], [])
    assert parsed.events == ()
    assert len(parsed.replies) == 2


@pytest.mark.parametrize(
    ("frame", "parsed"),
    [
        ({"success": True, "ret_msg": "subscribe", "op": "subscribe"}, NOTHING),
        ({"success": True, "ret_msg": "pong", "op": "ping"}, NOTHING),
        ({"op": "pong", "args": ["1"]}, NOTHING),
        (
            {"success": False, "ret_msg": "error:already subscribed,topic:x", "op": "subscribe"},
            NOTHING,
        ),
        (
            {"success": False, "ret_msg": "args size >10", "op": "subscribe"},
            Parsed(refused="args size >10"),
        ),
        ({"topic": "tickers.BTCUSDT", "data": {}}, IGNORED),
        ({"topic": "publicTrade.ETHUSDT", "data": []}, IGNORED),
    ],
)
def test_what_is_no_data(frame: dict[str, Any], parsed: Parsed) -> None:
    assert BybitStreams(Asset.BTC).parse(json.dumps(frame), NOW) == parsed


@pytest.mark.parametrize(
    "change",
    [{"p": "-1"}, {"v": "0"}, {"p": None}, {"S": "Both"}, {"T": 0}, {"i": "x"}, {"s": "ETHUSDT"}],
)
def test_trades_that_are_not_believed(change: dict[str, Any]) -> None:
    assert trades(BybitStreams(Asset.BTC), {**TRADE, **change}).rejected


@pytest.mark.parametrize("spoilt", [{**TRADE, "p": "-1"}, {**TRADE, "T": "soon"}, {}, 7, None])
def test_one_spoilt_trade_of_a_frame_is_lost_alone(spoilt: Any) -> None:
    rows = ({**TRADE, "i": "1"}, spoilt, {**TRADE, "i": "3"})
    parsed = trades(BybitStreams(Asset.BTC), *rows)
    assert [event.trade_id for event in parsed.events] == [1, 3]  # type: ignore[union-attr]
    assert parsed.rejected
    assert parsed.is_data


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"retCode": 10404, "retMsg": "topic not found", "op": "subscribe"}, "10404 topic"),
        ({"success": False, "retMsg": "args size >10", "op": "subscribe"}, "args size >10"),
        ({"retCode": 10006, "retMsg": "Too many visits"}, "10006 Too many visits"),
    ],
)
def test_what_it_refuses_is_told_in_either_of_its_spellings(
    frame: dict[str, Any], words: str
) -> None:
    assert BybitStreams(Asset.BTC).parse(json.dumps(frame), NOW).refused.startswith(words)
    pong = {"retCode": 0, "retMsg": "pong", "op": "ping"}
    assert BybitStreams(Asset.BTC).parse(json.dumps(pong), NOW) == NOTHING
