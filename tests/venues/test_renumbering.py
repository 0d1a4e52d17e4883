"""Numberings that restart on a connection that lives: they flow again, and repeats do not.

Every stream that counts is here; one that is added and counts must be added.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.instrument import Asset
from polytui.venues.binance import BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.continuity import DUPLICATE, RisingNumber, TradeLine
from polytui.venues.decode import TradeAccount
from polytui.venues.feed import Parsed
from polytui.venues.polymarket.price_streams import PolyBolt

NOW = 1_800_000_000_000_000_000
START_MS = 1_799_999_000_000
HIGH, LOW = 6_000_000, 100
"""Where a numbering begins, and where it begins anew."""


def iso(ms: int) -> str:
    return f"2027-01-15T{7 + ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}Z"


def binance_trade(number: int, ms: int) -> Any:
    return {
        "e": "aggTrade", "s": "BTCUSDT", "a": number, "p": "90000.1", "q": "0.1",
        "T": START_MS + ms, "m": True,
    }  # fmt: skip


def binance_quote(number: int, ms: int) -> Any:
    bid = f"{90000 + number % 97}.0"
    return {"u": number, "s": "BTCUSDT", "b": bid, "B": "1", "a": "95000", "A": "1"}


def bybit_trade(number: int, ms: int) -> Any:
    row = {"i": str(number), "T": START_MS + ms, "p": "1", "v": "2", "S": "Buy", "s": "BTCUSDT"}
    return {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "data": [row]}


def coinbase(number: int, channel: str, ms: int, *events: Any) -> Any:
    return {"channel": channel, "timestamp": iso(ms), "sequence_num": number, "events": events}


def coinbase_ticker(number: int, ms: int) -> Any:
    ticker = {
        "product_id": "BTC-USD", "price": "1", "best_bid": str(number), "best_bid_quantity": "1",
        "best_ask": "9000000", "best_ask_quantity": "1",
    }  # fmt: skip
    return coinbase(number, "ticker", ms, {"type": "update", "tickers": [ticker]})


def coinbase_trade(number: int, ms: int) -> Any:
    row = {
        "product_id": "BTC-USD", "trade_id": str(number), "price": "1", "size": "1",
        "time": iso(ms), "side": "BUY",
    }  # fmt: skip
    return coinbase(-1, "market_trades", ms, {"type": "update", "trades": [row]})


def polybolt(channel: str) -> Callable[[int, int], Any]:
    def make(number: int, ms: int) -> Any:
        payload = {"symbol": "btcusd", "value": 90000.5, "timestamp": START_MS + ms}
        ts = START_MS + ms
        return {"v": 1, "channel": channel, "seq": number, "ts": ts, "payload": payload}

    return make


@frozen
class Numbering:
    codec: Callable[[], Any]
    frame: Callable[[int, int], Any]
    stream: str
    has_times: bool = True

    def feed(self, codec: Any, numbers: range, from_ms: int) -> list[Parsed]:
        return [
            codec.parse(json.dumps(self.frame(number, from_ms + at * 1000)), NOW)
            for at, number in enumerate(numbers)
        ]


NUMBERINGS = {
    "binance trades": Numbering(lambda: BinanceStreams(Asset.BTC), binance_trade, "trades"),
    "binance quotes": Numbering(
        lambda: BinanceStreams(Asset.BTC), binance_quote, "quotes", has_times=False
    ),
    "bybit trades": Numbering(lambda: BybitStreams(Asset.BTC), bybit_trade, "trades"),
    "coinbase sequence": Numbering(lambda: CoinbaseStreams(Asset.BTC), coinbase_ticker, "quotes"),
    "coinbase trades": Numbering(lambda: CoinbaseStreams(Asset.BTC), coinbase_trade, "trades"),
    "polybolt spot": Numbering(
        lambda: PolyBolt(Asset.BTC, ApiKey("", Secret(""), Secret(""))),
        polybolt("price.crypto"),
        "spot",
    ),
    "polybolt average": Numbering(
        lambda: PolyBolt(Asset.BTC, ApiKey("", Secret(""), Secret(""))),
        polybolt("price.crypto.twap"),
        "average",
    ),
}
EACH = pytest.mark.parametrize("name", NUMBERINGS)
TIMED = pytest.mark.parametrize("name", [k for k, one in NUMBERINGS.items() if one.has_times])


@EACH
def test_a_restarted_numbering_flows_again_after_two_frames(name: str) -> None:
    numbering = NUMBERINGS[name]
    codec = numbering.codec()
    assert all(one.events for one in numbering.feed(codec, range(HIGH, HIGH + 20), 0))
    again = numbering.feed(codec, range(LOW, LOW + 500), 20_000)
    assert [bool(one.events) for one in again] == [False, False] + [True] * 498
    assert all(one == Parsed(duplicates=1) for one in again[:2]), "no sign of life until believed"
    assert {one.stream for one in again[2:]} == {numbering.stream}
    assert not any(one.gap or one.lost for one in again[3:])


@EACH
def test_and_again_after_a_second_restart_or_one_absurd_number(name: str) -> None:
    numbering = NUMBERINGS[name]
    codec = numbering.codec()
    numbering.feed(codec, range(HIGH, HIGH + 20), 0)
    numbering.feed(codec, range(1 << 39, (1 << 39) + 1), 21_000)
    after = numbering.feed(codec, range(HIGH + 20, HIGH + 40), 22_000)
    assert sum(bool(one.events) for one in after) >= 18
    once_more = numbering.feed(codec, range(LOW, LOW + 20), 60_000)
    assert sum(bool(one.events) for one in once_more) == 18


@TIMED
def test_a_stretch_that_comes_again_stays_dropped_and_proves_no_life(name: str) -> None:
    numbering = NUMBERINGS[name]
    codec = numbering.codec()
    numbering.feed(codec, range(HIGH, HIGH + 50), 0)
    again = numbering.feed(codec, range(HIGH, HIGH + 50), 0)
    assert all(one == Parsed(duplicates=1) for one in again)
    assert numbering.feed(codec, range(HIGH + 50, HIGH + 51), 50_000)[0].events


def bybit_book(codec: BybitStreams, u: int, ms: int, kind: str = "delta") -> Parsed:
    levels = {"b": [["100", str(u % 7 + 1)]], "a": [["101", "1"]]}
    data = {"s": "BTCUSDT", "u": u, **levels}
    frame = {
        "topic": "orderbook.50.BTCUSDT", "type": kind, "data": data, "cts": START_MS + ms,
    }  # fmt: skip
    return codec.parse(json.dumps(frame), NOW)


def test_a_bybit_book_that_counts_anew_is_asked_for_once_and_believed_from_its_snapshot() -> None:
    codec = BybitStreams(Asset.BTC)
    bybit_book(codec, 9_000, 0, "snapshot")
    assert bybit_book(codec, 9_001, 1).events
    frames = [bybit_book(codec, 50 + at, 2 + at) for at in range(500)]
    assert sum(len(one.replies) for one in frames) == 2, "left and joined, once"
    assert not any(one.events or one.is_data for one in frames), "the watchdog sees silence"
    assert bybit_book(codec, 600, 600, "snapshot").events
    assert bybit_book(codec, 601, 601).events


def test_a_bybit_snapshot_that_is_crossed_again_and_again_is_not_asked_for_each_time() -> None:
    codec = BybitStreams(Asset.BTC)

    def crossed(u: int) -> Parsed:
        data = {"s": "BTCUSDT", "u": u, "b": [["102", "1"]], "a": [["101", "1"]]}
        frame = {"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "data": data, "cts": 1}
        return codec.parse(json.dumps(frame), NOW)

    asked = [len(crossed(10 + at).replies) for at in range(50)]
    assert asked == [2] + [0] * 49
    bybit_book(codec, 100, 1, "snapshot")
    assert len(crossed(200).replies) == 2, "a book that was true may be asked for again"


def test_a_coinbase_book_that_stays_crossed_is_asked_for_once() -> None:
    codec = CoinbaseStreams(Asset.BTC, ("level2",))

    def book(number: int, bid: str) -> Parsed:
        updates = [
            {"side": "bid", "price_level": bid, "new_quantity": "1"},
            {"side": "offer", "price_level": "101", "new_quantity": "1"},
        ]
        event = {"type": "snapshot", "product_id": "BTC-USD", "updates": updates}
        return codec.parse(json.dumps(coinbase(number, "l2_data", number * 1000, event)), NOW)

    assert [len(book(number, "102").replies) for number in range(1, 30)] == [2] + [0] * 28
    assert book(40, "100").events
    assert len(book(41, "102").replies) == 2


def test_what_was_dropped_of_bybits_new_numbering_can_be_given_again() -> None:
    numbering, codec = NUMBERINGS["bybit trades"], BybitStreams(Asset.BTC)
    numbering.feed(codec, range(HIGH, HIGH + 5), 0)
    again = numbering.feed(codec, range(LOW, LOW + 5), 5_000)
    assert [one.lost for one in again] == [0, 0, 1, 0, 0]
    assert [codec.mend(number) for number in (LOW, LOW + 1, LOW + 2, HIGH)] == [
        True, True, False, True,
    ]  # fmt: skip


def test_what_was_dropped_of_a_new_line_is_a_gap_with_its_times() -> None:
    numbering, codec = NUMBERINGS["binance trades"], BinanceStreams(Asset.BTC)
    numbering.feed(codec, range(HIGH, HIGH + 5), 0)
    gap = numbering.feed(codec, range(LOW, LOW + 3), 5_000)[-1].gap
    assert gap is not None
    assert (gap.first_id, gap.last_id) == (LOW, LOW + 1)
    assert (gap.after_ns, gap.before_ns) == (
        (START_MS + 4_000) * 1_000_000,
        (START_MS + 7_000) * 1_000_000,
    )
    assert codec.line.mend(LOW)


def test_later_times_alone_are_no_restart_and_neither_are_rising_numbers() -> None:
    line = TradeLine()
    for number in range(1_000, 1_010):
        line.take(number, number)
    assert [line.take(number, 2_000 - number) for number in (900, 899, 898, 897)] == [DUPLICATE] * 4
    assert [line.take(number, 1_000) for number in (900, 901, 902, 903)] == [DUPLICATE] * 4
    count = RisingNumber()
    count.take(50, 7)
    assert [count.take(number, 6) for number in (1, 2, 3, 4)] == [DUPLICATE] * 4


def test_an_account_of_recorded_trades_follows_a_restart() -> None:
    account = TradeAccount()
    for number, ns in [(HIGH, 10), (HIGH + 1, 20), (LOW, 30), (LOW + 1, 40), (LOW + 2, 50)]:
        account.take(number, ns)
    assert account.summary()["last_id"] == LOW + 2
