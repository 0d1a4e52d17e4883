"""Coinbase's wire: one count for all channels, newest first, and the maker's side."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polytui.model.events import ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import IGNORED, Gap, Parsed

NOW = 1_800_000_000_000_000_000


def trade(number: int, side: str = "SELL", **changes: Any) -> dict[str, Any]:
    return {
        "product_id": "BTC-USD",
        "trade_id": str(number),
        "price": "88355.59",
        "size": "0.00136573",
        "time": "2025-12-31T06:00:12.44524Z",
        "side": side,
        **changes,
    }


def message(codec: CoinbaseStreams, channel: str, number: int, *events: Any) -> Parsed:
    frame = {
        "channel": channel,
        "timestamp": "2025-12-31T06:00:12.5Z",
        "sequence_num": number,
        "events": events,
    }
    return codec.parse(json.dumps(frame), NOW)


def trades(codec: CoinbaseStreams, number: int, *rows: Any, kind: str = "update") -> Parsed:
    return message(codec, "market_trades", number, {"type": kind, "trades": rows})


def ids(parsed: Parsed) -> list[int]:
    return [event.trade_id for event in parsed.events if isinstance(event, ExchangeTraded)]


def test_each_subscription_has_its_own_token_and_nobody_prints_it() -> None:
    tokens = iter(["first", "second"])
    codec = CoinbaseStreams(Asset.ETH, ("market_trades", "heartbeats"), lambda: next(tokens))
    frames = [json.loads(text) for text in codec.hello()]
    assert [frame["jwt"] for frame in frames] == ["first", "second"]
    assert frames[0]["product_ids"] == ["ETH-USD"]
    assert "product_ids" not in frames[1]
    assert "first" not in repr(codec)


def test_a_batch_is_read_oldest_first_and_the_taker_is_the_other_side() -> None:
    parsed = trades(CoinbaseStreams(Asset.BTC), 1, trade(12, "BUY"), trade(11), trade(10))
    assert ids(parsed) == [10, 11, 12]
    sides = [event.taker_side for event in parsed.events if isinstance(event, ExchangeTraded)]
    assert sides == [Side.BUY, Side.BUY, Side.SELL]


def test_the_snapshot_after_a_reconnect_fills_what_was_missed() -> None:
    codec = CoinbaseStreams(Asset.BTC)
    trades(codec, 1, trade(10))
    codec.hello()
    parsed = trades(codec, 0, trade(13), trade(12), trade(11), trade(10), kind="snapshot")
    assert ids(parsed) == [11, 12, 13]
    assert (parsed.duplicates, parsed.gap) == (1, None)
    assert all(event.is_history for event in parsed.events if isinstance(event, ExchangeTraded))


def test_a_jump_of_trades_is_a_gap_with_ids() -> None:
    codec = CoinbaseStreams(Asset.BTC)
    trades(codec, 1, trade(10))
    assert trades(codec, 2, trade(15)).gap == Gap(11, 14)


def test_one_count_for_all_channels() -> None:
    codec = CoinbaseStreams(Asset.BTC)
    beat = {"heartbeat_counter": 1}
    assert message(codec, "heartbeats", 5, beat).lost == 0
    assert trades(codec, 6, trade(1)).lost == 0
    assert message(codec, "heartbeats", 9, beat).lost == 2
    late = trades(codec, 8, trade(2))
    assert late == Parsed(duplicates=1), "and no sign of life"
    codec.hello()
    assert message(codec, "heartbeats", 0, beat).lost == 0


def test_a_ticker_batch_without_bests_proves_only_life() -> None:
    codec = CoinbaseStreams(Asset.BTC, ("ticker_batch",))
    parsed = message(codec, "ticker_batch", 1, {"tickers": [{"product_id": "BTC-USD"}]})
    assert parsed == Parsed(is_data=True, stream="quotes")


def level(side: str, price: str, size: str) -> dict[str, str]:
    return {"side": side, "price_level": price, "new_quantity": size, "event_time": ""}


def book(codec: CoinbaseStreams, number: int, kind: str, *updates: Any) -> Parsed:
    event = {"type": kind, "product_id": "BTC-USD", "updates": updates}
    return message(codec, "l2_data", number, event)


def test_the_whole_book_where_it_is_wanted() -> None:
    codec = CoinbaseStreams(Asset.BTC, ("level2", "heartbeats"))
    assert book(codec, 1, "update", level("bid", "1", "1")).events == ()
    levels = (level("bid", "100.00", "2"), level("bid", "99", "1"), level("offer", "101", "3"))
    (event,) = book(codec, 2, "snapshot", *levels).events
    assert isinstance(event, ExchangeQuoted)
    assert (event.bid, event.ask, event.bid_depth) == (100.0, 101.0, 3.0)
    (event,) = book(codec, 3, "update", level("bid", "100.0", "0.000")).events
    assert isinstance(event, ExchangeQuoted)
    assert event.bid == 99.0
    crossed = book(codec, 4, "update", level("bid", "102", "1"))
    assert crossed.events == ()
    assert len(crossed.replies) == 2


def test_usdc_is_an_alias_and_other_products_are_not_ours() -> None:
    codec = CoinbaseStreams(Asset.BTC)
    assert ids(trades(codec, 1, trade(1, product_id="BTC-USDC"))) == [1]
    assert trades(codec, 2, trade(2, product_id="ETH-USD")) == IGNORED


@pytest.mark.parametrize(
    "change",
    [{"price": "-1"}, {"size": "NaN"}, {"side": ""}, {"trade_id": "1e5"}, {"time": "now"}],
)
def test_trades_that_are_not_believed(change: dict[str, Any]) -> None:
    assert trades(CoinbaseStreams(Asset.BTC), 1, trade(1, **change)).rejected


def test_trades_go_by_their_ids_wherever_they_stand_in_the_frame() -> None:
    codec = CoinbaseStreams(Asset.BTC)
    first = message(
        codec,
        "market_trades",
        1,
        {"type": "update", "trades": [trade(12), trade(10)]},
        {"type": "update", "trades": [trade(11), trade(13)]},
    )
    assert (ids(first), first.gap, first.duplicates) == ([10, 11, 12, 13], None, 0)
    second = trades(codec, 2, trade(14), trade(16), trade(15))
    assert (ids(second), second.gap) == ([14, 15, 16], None)


@pytest.mark.parametrize("spoilt", [trade(11, price="x"), trade(11, side="BOTH"), {}, 7, None])
def test_one_spoilt_trade_of_a_frame_is_lost_alone(spoilt: Any) -> None:
    parsed = trades(CoinbaseStreams(Asset.BTC), 1, trade(10), spoilt, trade(12))
    assert ids(parsed) == [10, 12]
    assert parsed.gap == Gap(11, 11)
    assert parsed.rejected


def test_one_spoilt_ticker_is_lost_alone() -> None:
    good = {
        "product_id": "BTC-USD", "best_bid": "1", "best_bid_quantity": "1", "best_ask": "2",
        "best_ask_quantity": "1",
    }  # fmt: skip
    for spoilt in ({**good, "best_bid": "3"}, {**good, "best_ask": 2}, 7):
        event = {"type": "update", "tickers": [spoilt, good]}
        parsed = message(CoinbaseStreams(Asset.BTC), "ticker", 1, event)
        assert len(parsed.events) == 1
        assert parsed.rejected


def test_a_change_that_cannot_be_read_makes_the_whole_book_unknown() -> None:
    codec = CoinbaseStreams(Asset.BTC, ("level2",))
    bid = {"side": "bid", "price_level": "1", "new_quantity": "1"}
    offer = {"side": "offer", "price_level": "2", "new_quantity": "1"}
    head = {"product_id": "BTC-USD"}
    whole = {**head, "type": "snapshot", "updates": [bid, offer]}
    assert message(codec, "l2_data", 1, whole).events
    spoilt = {**head, "type": "update", "updates": [{**bid, "new_quantity": "-1"}]}
    parsed = message(codec, "l2_data", 2, spoilt)
    assert parsed.rejected
    assert len(parsed.replies) == 2, "a new snapshot"
    assert not message(codec, "l2_data", 3, {**spoilt, "updates": [bid]}).events
    assert message(codec, "l2_data", 4, whole).events
