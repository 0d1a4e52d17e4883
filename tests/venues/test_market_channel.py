"""The market channel's codec: subscriptions, every message, and what it refuses to believe."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polytui.model.events import (
    BookChanged,
    BookSnapshotted,
    LevelChange,
    RoundSettled,
    TickSizeChanged,
    TradePrinted,
)
from polytui.model.orders import Side
from polytui.model.units import Price, Shares
from polytui.venues.feed import IGNORED, NOTHING, Parsed
from polytui.venues.polymarket.streams import MarketChannel
from polytui.venues.polymarket.wire_book import book_hash

NOW = 1_800_000_000_000_000_000
UP, DOWN = "7667" + "1" * 73, "5417" + "9" * 73
BOOK: dict[str, Any] = {
    "event_type": "book",
    "market": "0x28",
    "asset_id": UP,
    "timestamp": "1790658661234",
    "hash": "55",
    "bids": [{"price": "0.001", "size": "220045"}, {"price": "0.3", "size": "5000"}],
    "asks": [{"price": "0.999", "size": "1000"}, {"price": "0.397", "size": "100.09"}],
    "tick_size": "0.001",
    "last_trade_price": "0.255",
}
SNAPSHOT = BookSnapshotted(
    UP,
    ((1_000, 220_045_000_000), (300_000, 5_000_000_000)),
    ((999_000, 1_000_000_000), (397_000, 100_090_000)),
    Price(1_000),
    1_790_658_661_234_000_000,
    NOW,
)


def parse(frame: Any, *tokens: str) -> Parsed:
    text = frame if isinstance(frame, str) else json.dumps(frame)
    return MarketChannel(tokens).parse(text, NOW)


def test_hello_carries_the_tokens_of_the_moment() -> None:
    channel = MarketChannel([UP])
    assert json.loads(channel.hello()[0]) == {
        "type": "market",
        "assets_ids": [UP],
        "custom_feature_enabled": True,
    }
    added = channel.subscribe([UP, DOWN, DOWN])
    assert added is not None
    assert json.loads(added) == {
        "operation": "subscribe",
        "assets_ids": [DOWN],
        "custom_feature_enabled": True,
    }
    assert channel.subscribe([DOWN]) is None
    assert json.loads(channel.hello()[0])["assets_ids"] == [UP, DOWN]
    dropped = channel.unsubscribe([UP, "1"])
    assert dropped is not None
    assert json.loads(dropped) == {"operation": "unsubscribe", "assets_ids": [UP]}
    assert channel.unsubscribe([UP]) is None
    assert channel.tokens == (DOWN,)


def test_book_as_object_array_and_without_event_type() -> None:
    rest = {key: value for key, value in BOOK.items() if key != "event_type"}
    for frame in (BOOK, [BOOK], rest):
        assert parse(frame) == Parsed((SNAPSHOT,), is_data=True, stream="book")


def test_post_trade_book_without_tick_and_empty_book() -> None:
    bare = {**BOOK, "bids": [], "asks": []}
    del bare["tick_size"], bare["last_trade_price"]
    (event,) = parse(bare).events
    assert event == BookSnapshotted(UP, (), (), None, SNAPSHOT.venue_ns, NOW)


def test_price_change_is_one_event_with_all_changes() -> None:
    frame = {
        "event_type": "price_change",
        "market": "0x28",
        "timestamp": "1790658674035",
        "price_changes": [
            {"asset_id": UP, "price": "0.301", "size": "1000", "side": "BUY", "hash": "b7"},
            {
                "asset_id": DOWN,
                "price": "0.699",
                "size": "0",
                "side": "SELL",
                "best_bid": "0",
                "best_ask": "1",
            },
        ],
    }
    first = LevelChange(UP, Side.BUY, Price(301_000), Shares(1_000_000_000), None, None)
    second = LevelChange(DOWN, Side.SELL, Price(699_000), Shares(0), Price(0), Price(1_000_000))
    event = BookChanged((first, second), 1_790_658_674_035_000_000, NOW)
    assert parse(frame) == Parsed((event,), is_data=True, stream="book")


def leg(**other: Any) -> dict[str, Any]:
    """One leg of a match, as the venue's documentation shows it."""
    told = {
        "event_type": "last_trade_price", "market": "0x6a", "asset_id": UP, "price": "0.456",
        "size": "219.217767", "fee_rate_bps": "0", "side": "SELL", "timestamp": "1750428146322",
        "transaction_hash": "0xeeef",
    }  # fmt: skip
    return {**told, **other}


def test_a_trade_that_comes_twice_is_one() -> None:
    """In a frame of its own, in an array, and after a reconnect: it is read to fill our orders."""
    channel = MarketChannel([UP])
    one, other = json.dumps(leg()), json.dumps(leg(transaction_hash="0xeef0"))
    assert len(channel.parse(one, NOW).events) == 1
    again = channel.parse(one, NOW + 1)
    assert (again.events, again.is_data) == ((), False), "no news, and no proof of life"
    assert len(channel.parse(f"[{one},{other},{other}]", NOW).events) == 1
    channel.hello()
    assert channel.parse(other, NOW).events == ()


@pytest.mark.parametrize(
    "other",
    [
        {"price": "0.457"},
        {"size": "1"},
        {"side": "BUY"},
        {"asset_id": DOWN},
        {"timestamp": "1750428146323"},
        {"transaction_hash": "0xeef0"},
    ],
)
def test_trades_that_differ_in_anything_are_two(other: dict[str, Any]) -> None:
    channel = MarketChannel([UP, DOWN])
    frames = (json.dumps(leg()), json.dumps(leg(**other)))
    assert [len(channel.parse(frame, NOW).events) for frame in frames] == [1, 1]


def test_trades_without_a_transaction_cannot_be_told_apart_and_count() -> None:
    channel, frame = MarketChannel([UP]), json.dumps(leg(transaction_hash=""))
    assert [len(channel.parse(frame, NOW).events) for _ in range(2)] == [1, 1]


def test_trade_tick_and_resolution() -> None:
    trade = {
        "event_type": "last_trade_price",
        "market": "0x6a",
        "asset_id": UP,
        "price": "0.456",
        "size": "219.217767",
        "fee_rate_bps": "0",
        "side": "SELL",
        "timestamp": "1750428146322",
    }
    printed = TradePrinted(
        UP, Price(456_000), Shares(219_217_767), Side.SELL, 1_750_428_146_322_000_000, NOW
    )
    assert parse(trade).events == (printed,)
    tick = {
        "event_type": "tick_size_change",
        "asset_id": UP,
        "old_tick_size": "0.01",
        "new_tick_size": "0.001",
        "timestamp": "1757908892351",
    }
    changed = TickSizeChanged(UP, Price(1_000), 1_757_908_892_351_000_000, NOW)
    assert parse(tick).events == (changed,)
    resolved = {
        "event_type": "market_resolved",
        "market": "0x31",
        "assets_ids": [UP, DOWN],
        "winning_asset_id": DOWN,
        "winning_outcome": "Down",
        "timestamp": "1766790415550",
    }
    assert parse(resolved, UP).events == (
        RoundSettled("0x31", DOWN, "stream", NOW, 1_766_790_415_550_000_000),
    )
    assert parse(resolved, "1234") == IGNORED


def test_what_means_nothing_and_what_is_ignored() -> None:
    for frame in ("PONG", "", "[]"):
        assert parse(frame) == NOTHING
    assert MarketChannel().parse(b"PONG", NOW) == NOTHING
    for kind in ("best_bid_ask", "new_market", "something_new"):
        assert parse({"event_type": kind, "asset_id": UP}) == IGNORED
    odd_types = {"event_type": "something_new", "timestamp": 5, "bids": "x", "asset_id": None}
    assert parse(odd_types) == IGNORED
    assert parse([BOOK, {"event_type": "new_market"}]).events == (SNAPSHOT,)


def levels(*prices: str) -> list[dict[str, str]]:
    return [{"price": price, "size": "1"} for price in prices]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bids": levels("0.3", "0.2")}, "not sorted worst first"),
        ({"asks": levels("0.5", "0.6")}, "not sorted worst first"),
        ({"bids": levels("0.2", "0.2")}, "not sorted worst first"),
        ({"bids": levels("0.3", "0.397")}, "crossed book"),
        ({"bids": levels("0.3", "0.4")}, "crossed book"),
        ({"bids": levels("0")}, "no order can have this price"),
        ({"asks": levels("1")}, "no order can have this price"),
        ({"asks": levels("1.5")}, "above one dollar"),
        ({"asks": levels("-0.5")}, "not a plain decimal"),
        ({"asks": levels("5e-1")}, "not a plain decimal"),
        ({"bids": [{"price": "0.1", "size": "0"}]}, "without shares"),
        ({"bids": [{"price": "0.1"}]}, "missing required field `size`"),
        ({"bids": [{"price": 0.1, "size": "1"}]}, "Expected `str`"),
        ({"bids": None}, "book without bids or asks"),
        ({"asset_id": ""}, "not a token id"),
        ({"asset_id": "\ud800"}, "not a token id"),
        ({"timestamp": "soon"}, "not milliseconds"),
        ({"tick_size": "0.03"}, "not a tick size"),
        ({"tick_size": "0"}, "not a tick size"),
        ({"event_type": "price_change"}, "without changes"),
        ({"event_type": "last_trade_price"}, "not a plain decimal"),
    ],
)
def test_frames_that_are_not_believed(change: dict[str, Any], reason: str) -> None:
    parsed = parse({**BOOK, **change})
    assert reason in parsed.rejected
    assert not parsed.events
    assert not parsed.is_data


@pytest.mark.parametrize("text", ["INVALID OPERATION", "{", '{"a":1}', "5", "null", '["x"]', "[1]"])
def test_text_that_is_no_message_is_rejected(text: str) -> None:
    assert parse(text).rejected


def test_half_a_message_is_never_believed() -> None:
    parsed = parse({**BOOK, "bids": [*BOOK["bids"], {"price": "0.4"}]})
    assert parsed.rejected
    assert not parsed.events


SPOILT: tuple[Any, ...] = (
    {**BOOK, "timestamp": ""},
    {**BOOK, "asset_id": 7},
    {**BOOK, "asset_id": None},
    {**BOOK, "bids": "many"},
    {**BOOK, "hash": "\ud800", "asset_id": "\udfff"},
    "no object at all",
    None,
    {"event_type": "price_change", "timestamp": "1790658674035", "price_changes": []},
    {"event_type": "tick_size_change", "asset_id": UP, "new_tick_size": "0.003"},
)


@pytest.mark.parametrize("spoilt", SPOILT)
def test_one_spoilt_item_of_an_array_is_lost_alone(spoilt: Any) -> None:
    other = {**BOOK, "asset_id": DOWN}
    parsed = parse([BOOK, spoilt, other])
    assert [event.token_id for event in parsed.events] == [UP, DOWN]  # type: ignore[union-attr]
    assert "1 of 3 items" in parsed.rejected
    assert parse([spoilt]).rejected
    assert not parse([spoilt]).events


def test_what_nobody_uses_may_be_of_any_shape_beside_books() -> None:
    unused = {"event_type": "best_bid_ask", "asset_id": 7, "bids": {}}
    assert parse([BOOK, unused]) == Parsed((SNAPSHOT,), is_data=True, stream="book")
    assert parse(unused) == parse([unused]) == IGNORED


@pytest.mark.parametrize(
    "change", [{"price": "2"}, {"side": "BOTH"}, {"size": None}, {"price": 0.3}, {"asset_id": 7}]
)
def test_one_spoilt_change_of_a_frame_is_lost_alone(change: dict[str, Any]) -> None:
    good = {"asset_id": UP, "price": "0.301", "size": "10", "side": "BUY"}
    head = {"event_type": "price_change", "timestamp": "1790658674035"}
    for frame in ({**head, "price_changes": [{**good, **change}, good]},):
        for parsed in (parse(frame), parse([frame])):
            (event,) = parsed.events
            assert isinstance(event, BookChanged)
            assert [one.price for one in event.changes] == [301_000]
            assert parsed.rejected
    assert not parse({**head, "price_changes": [{**good, **change}]}).events


def test_half_a_surrogate_pair_spoils_no_frame_where_nobody_reads_it() -> None:
    text = json.dumps([{**BOOK, "hash": "x"}]).replace('"x"', '"\\\\ud83d \\ud83d\\ude00 \\udc00"')
    assert MarketChannel().parse(text, NOW) == Parsed((SNAPSHOT,), is_data=True, stream="book")


def test_a_winner_that_is_none_of_the_outcomes_is_nobodys() -> None:
    stray = "99" * 20
    resolved = {"event_type": "market_resolved", "market": "0x31", "winning_asset_id": stray}
    assert parse({**resolved, "assets_ids": [UP, DOWN]}, UP, DOWN).rejected
    assert parse({**resolved, "assets_ids": [stray, "5"]}, UP, DOWN) == IGNORED
    assert parse(resolved, UP, DOWN) == IGNORED


def test_bytes_that_are_not_utf8_are_rejected_even_in_an_unused_field() -> None:
    raw = json.dumps(BOOK).encode().replace(b'"55"', b'"\xff"')
    assert "utf-8" in MarketChannel().parse(raw, NOW).rejected


def test_caches_stay_bounded_under_a_stream_of_new_sizes() -> None:
    channel = MarketChannel()
    for size in range(1, 9000):
        frame = {**BOOK, "bids": [{"price": "0.1", "size": f"{size}.5"}]}
        (event,) = channel.parse(json.dumps(frame), NOW).events
        assert isinstance(event, BookSnapshotted)
        assert event.bids == ((100_000, size * 1_000_000 + 500_000),)


def test_hash_is_sha1_of_the_documented_text() -> None:
    """The text is written out by hand from the venue's rule; its digest by sha1sum."""
    assert (
        book_hash(
            "0xm",
            "7",
            "5",
            [("0.1", "2")],
            [],
            tick_size="0.01",
            last_trade_price="",
        )
        == "4c34dc1d359b0c6a0ec30b207b01dc004618a2f0"
    )


def test_a_book_of_450_000_levels_is_refused_in_words() -> None:
    rows = [{"price": f"{1 + n % 999}e-3", "size": "1"} for n in range(450_000)]
    fine = levels(*(f"0.{n:04d}" for n in range(1, 5_000)))
    for bids, words in ((rows, "450000 levels on a side"), (fine[::-1], "not sorted")):
        parsed = parse({**BOOK, "bids": bids, "asks": []}, BOOK["asset_id"])
        assert parsed.events == ()
        assert words in parsed.rejected
    assert parse({**BOOK, "bids": fine, "asks": []}, BOOK["asset_id"]).rejected == ""


@pytest.mark.parametrize("price", ["1e308", "1e-308", "0.5e0", "9" * 400, "NaN", "Infinity"])
def test_an_exponent_is_no_price(price: str) -> None:
    parsed = parse({**BOOK, "bids": levels(price), "asks": []}, BOOK["asset_id"])
    assert parsed.events == ()
    assert len(parsed.rejected) < 200
