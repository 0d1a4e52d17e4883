"""No input whatsoever makes a codec raise, and what it believes is sane.

Real frames are mutated as bytes (cut, flipped, inserted) and as JSON (values replaced by wrong
types, negatives, huge numbers, NaN), and plain noise is thrown in as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Protocol

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.events import BookSnapshotted, ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.units import MICRO
from polytui.venues.binance import BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Parsed
from polytui.venues.polymarket.gamma_events import parse_event
from polytui.venues.polymarket.gamma_frames import GammaFrames
from polytui.venues.polymarket.price_streams import PolyBolt, Rtds
from polytui.venues.polymarket.streams import MarketChannel
from polytui.venues.polymarket.user_channel import UserChannel

EXAMPLES = max(80, settings.get_profile(settings.get_current_profile_name()).max_examples)
"""Frames per codec and property: 80 in the suite (test_mutants has more), 5,000 by `make fuzz`."""
NOW = 1_800_000_000_000_000_000
PRICES = ("price", "value", "bid", "ask", "tick", "strike")
LEVELS = {
    "bids": [{"price": "0.01", "size": "12480.06"}, {"price": "0.49", "size": "5"}],
    "asks": [{"price": "0.99", "size": "11489.94"}, {"price": "0.5", "size": "7.5"}],
}
BOOK = {"market": "0x1", "asset_id": "7", "timestamp": "1776081408433", "hash": "de", **LEVELS}
CHANGE = {
    "asset_id": "7",
    "price": "0.301",
    "size": "1000",
    "side": "BUY",
    "hash": "b7",
    "best_bid": "0.301",
    "best_ask": "0.397",
}
MARKET_FRAMES: list[Any] = [
    [{"event_type": "book", "tick_size": "0.01", "last_trade_price": "", **BOOK}],
    BOOK,
    {"event_type": "price_change", "timestamp": "1790658674035", "price_changes": [CHANGE] * 2},
    {
        "event_type": "last_trade_price",
        "market": "0x1",
        "asset_id": "7",
        "price": "0.456",
        "size": "219.217767",
        "side": "BUY",
        "timestamp": "1750428146322",
    },
    {
        "event_type": "tick_size_change",
        "asset_id": "7",
        "old_tick_size": "0.01",
        "new_tick_size": "0.001",
        "timestamp": "1757908892351",
    },
    {"event_type": "market_resolved", "market": "0x1", "winning_asset_id": "7", "assets_ids": []},
]
POINT = {"timestamp": 1780726209000, "value": 61164.12, "full_accuracy_value": "61164" + "0" * 18}
RTDS_FRAMES: list[Any] = [
    {
        "topic": "crypto_prices_chainlink",
        "timestamp": 1780726209100,
        "payload": {"symbol": "btc/usd", "timestamp": 1, "value": 2.5},
    },
    {
        "topic": "crypto_prices_twap_sixty",
        "timestamp": 1780726209100,
        "payload": {"symbol": "btc/usd", "window_s": 60, "data": [{**POINT, "value": 61164.0}]},
    },
    {"statusCode": 401, "body": {"message": "not found"}},
]
BOLT_FRAMES: list[Any] = [
    {"op": "authed", "rid": "auth"},
    {"op": "error", "code": "auth_invalid"},
    {
        "v": 1,
        "channel": "price.crypto.twap",
        "seq": 2,
        "ts": 1795204801390,
        "payload": {
            "symbol": "btcusd",
            "value": 91235.01,
            "full_accuracy_value": "91235.012345678901234567",
            "timestamp": 1795204800000,
            "window_seconds": 60,
        },
    },
]
TRADE = {
    "e": "aggTrade",
    "s": "BTCUSDT",
    "a": 1,
    "p": "64348.95",
    "q": "0.00009",
    "T": 1781416576889,
    "m": True,
}
BINANCE_FRAMES: list[Any] = [
    TRADE,
    {"stream": "btcusdt@aggTrade", "data": TRADE},
    {"u": 1, "s": "BTCUSDT", "b": "61837.63", "B": "3.78", "a": "61837.64", "A": "1.5"},
    {"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": 1770123456789}},
    {"result": None, "id": 1},
]
TICKER = {
    "product_id": "BTC-USD",
    "best_bid": "68900",
    "best_bid_quantity": "1.5",
    "best_ask": "68901",
    "best_ask_quantity": "0.5",
}
COINBASE_TRADE = {
    "product_id": "BTC-USD",
    "trade_id": "929248657",
    "price": "88355.59",
    "size": "0.00136573",
    "time": "2025-12-31T06:00:12.44524Z",
    "side": "SELL",
}
COINBASE_FRAMES: list[Any] = [
    {
        "channel": "market_trades",
        "timestamp": "2026-04-07T14:30:03.000412Z",
        "sequence_num": 3,
        "events": [{"type": "update", "trades": [COINBASE_TRADE]}],
    },
    {
        "channel": "l2_data",
        "timestamp": "2026-04-07T14:30:03Z",
        "sequence_num": 4,
        "events": [
            {
                "type": "snapshot",
                "product_id": "BTC-USD",
                "updates": [
                    {"side": "bid", "price_level": "68900.00", "new_quantity": "2.0"},
                    {"side": "offer", "price_level": "68901.00", "new_quantity": "0.5"},
                ],
            }
        ],
    },
    {
        "channel": "ticker",
        "timestamp": "2026-04-07T14:30:03.000412Z",
        "events": [{"type": "update", "tickers": [TICKER]}],
    },
    {
        "type": "ticker",
        "product_id": "BTC-USD",
        "best_bid": "1",
        "best_bid_size": "2",
        "best_ask": "3",
        "best_ask_size": "4",
        "time": "2026-04-28T13:08:03.474418Z",
    },
]
BYBIT_BOOK = {"s": "BTCUSDT", "u": 5, "b": [["82679.9", "0.4"]], "a": [["82680", "0.9"]]}
BYBIT_FRAMES: list[Any] = [
    {
        "topic": "publicTrade.BTCUSDT",
        "ts": 1791457528952,
        "type": "snapshot",
        "data": [
            {
                "i": "2290000001227213949",
                "T": 1791457528951,
                "p": "82680",
                "v": "0.001185",
                "S": "Buy",
                "s": "BTCUSDT",
                "BT": False,
            }
        ],
    },
    {"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "cts": 1, "data": BYBIT_BOOK},
    {"topic": "orderbook.50.BTCUSDT", "type": "delta", "data": {**BYBIT_BOOK, "u": 1}},
    {"success": True, "ret_msg": "pong", "op": "ping"},
    {"success": False, "ret_msg": "args size >10", "op": "subscribe"},
]
USER_ORDER = {
    "event_type": "order",
    "id": "0xff" + "35" * 31,
    "owner": "9180014b",
    "market": "0xbd",
    "asset_id": "52",
    "side": "SELL",
    "original_size": "10",
    "size_matched": "0",
    "price": "0.57",
    "associate_trades": None,
    "type": "PLACEMENT",
    "status": "LIVE",
    "timestamp": "1782753357257",
}
MAKER_ORDER = {
    "order_id": "0xff",
    "owner": "9180014b",
    "matched_amount": "10",
    "price": "0.57",
    "asset_id": "52",
    "side": "SELL",
}
USER_TRADE = {
    "event_type": "trade",
    "type": "TRADE",
    "id": "28c4d2eb",
    "taker_order_id": "0x06bc",
    "market": "0xbd",
    "asset_id": "52",
    "side": "BUY",
    "size": "10",
    "price": "0.57",
    "status": "MATCHED",
    "owner": "9180014b",
    "trade_owner": "9180014b",
    "maker_orders": [MAKER_ORDER],
    "trader_side": "TAKER",
    "timestamp": 1782753357,
}
USER_FRAMES: list[Any] = [
    USER_ORDER,
    USER_TRADE,
    {**USER_TRADE, "trader_side": "MAKER", "status": "TRADE_STATUS_FAILED"},
    [USER_ORDER, USER_TRADE],
]
GAMMA_EVENT = {
    "slug": "btc-updown-5m-1778584200",
    "eventMetadata": {"priceToBeat": 80912.4173},
    "markets": [
        {
            "slug": "btc-updown-5m-1778584200",
            "conditionId": "0x" + "a5" * 32,
            "eventStartTime": "2026-05-12T11:10:00Z",
            "endDate": "2026-05-12T11:15:00Z",
            "version": "v1",
            "outcomes": '["Up", "Down"]',
            "outcomePrices": '["0.515", "0.485"]',
            "clobTokenIds": '["48", "14"]',
            "orderPriceMinTickSize": 0.01,
            "orderMinSize": 5,
            "feesEnabled": True,
            "feeSchedule": {"exponent": 1, "rate": 0.07, "takerOnly": True, "rebateRate": 0.2},
            "cryptoMarketConfig": {"twapEnabled": True, "twapLookbackSeconds": 60},
            "resolutionSource": "https://data.chain.link/streams/btc-usd-twap-60s-streams",
        }
    ],
}


class Reads(Protocol):
    """All that is asked of a codec here."""

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed: ...


class Plain:
    """A reader whose events are not those of a desk, as a codec."""

    def __init__(self, source: UserChannel | GammaFrames) -> None:
        self._source = source

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        events, parsed = self._source.read(frame)
        return replace(parsed, events=events, is_data=bool(events))  # type: ignore[arg-type]


CODECS: list[tuple[Callable[[], Reads], list[Any]]] = [
    (lambda: MarketChannel(["7"]), MARKET_FRAMES),
    (lambda: Rtds(Asset.BTC), RTDS_FRAMES),
    (lambda: PolyBolt(Asset.BTC, ApiKey("k", Secret("s"), Secret("p"))), BOLT_FRAMES),
    (lambda: BinanceStreams(Asset.BTC), BINANCE_FRAMES),
    (lambda: CoinbaseStreams(Asset.BTC), COINBASE_FRAMES),
    (lambda: BybitStreams(Asset.BTC), BYBIT_FRAMES),
    (lambda: Plain(UserChannel()), USER_FRAMES),
    (lambda: Plain(GammaFrames()), [GAMMA_EVENT, [GAMMA_EVENT] * 2]),
]
NAMES = ["clob-market", "rtds", "polybolt", "binance", "coinbase", "bybit", "clob-user", "gamma"]
every_codec = pytest.mark.parametrize(("make", "frames"), CODECS, ids=NAMES)

WEIRD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        10**30,
        -0.5,
        1e300,
        math.nan,
        math.inf,
        "",
        "NaN",
        "-1",
        "1e5",
        "1_0",
        "٣",
        "²",
        "\ud800",
        "0.1234567",
        "9" * 50,
        "9" * 5000,
        [],
        {},
        [[]],
        [None],
    ]
) | st.text(max_size=10)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here]
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            found += paths(item, (*here, key))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def removed(value: Any, path: tuple[Any, ...]) -> Any:
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = removed(value[path[0]], path[1:])
    return copy


SEPARATORS = (None, (",", ":"))
"""With spaces, and without them as most venues write: codecs know the beginnings of those."""


@st.composite
def mutated_json(draw: st.DrawFn, frames: list[Any]) -> str:
    value = draw(st.sampled_from(frames))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths(value)))
        if path and draw(st.booleans()):
            value = removed(value, path)
        else:
            value = replaced(value, path, draw(WEIRD))
        if not isinstance(value, (dict, list)):
            break
    return json.dumps(value, separators=draw(st.sampled_from(SEPARATORS)))


@st.composite
def mutated_bytes(draw: st.DrawFn, frames: list[Any]) -> bytes:
    data = bytearray(json.dumps(draw(st.sampled_from(frames))).encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        junk = draw(st.binary(max_size=4))
        data[at : at + draw(st.integers(0, 6))] = junk
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


def check(parsed: Parsed) -> None:
    assert isinstance(parsed, Parsed)
    assert not (parsed.rejected and parsed.ignored)
    assert parsed.events or not (parsed.rejected and parsed.is_data), "no life but by an item"
    assert parsed.is_data or not parsed.events
    assert not (parsed.refused and (parsed.events or parsed.rejected))
    assert parsed.lost >= 0 <= parsed.duplicates
    assert len(parsed.rejected) <= 160
    assert parsed.rejected.isascii()
    assert parsed.rejected.isprintable()
    for event in parsed.events:
        for number in numbers(to_builtins(event)):
            assert math.isfinite(number)
            assert number >= 0
        for name, price in prices(to_builtins(event)):
            assert price > 0, (name, event)
        if isinstance(event, BookSnapshotted):
            check_book(event)
        if isinstance(event, ExchangeQuoted):
            assert event.bid < event.ask
        if isinstance(event, ExchangeTraded):
            assert event.price > 0 < event.size


def prices(value: Any) -> list[tuple[str, float]]:
    """What must not be zero, wherever it stands in an event."""
    if isinstance(value, dict):
        here = [(name, value[name]) for name in PRICES if value.get(name) is not None]
        return here + [pair for item in value.values() for pair in prices(item)]
    if isinstance(value, (list, tuple)):
        return [pair for item in value for pair in prices(item)]
    return []


def numbers(value: Any) -> list[float]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [value]
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in numbers(item)]
    return []


def check_book(book: BookSnapshotted) -> None:
    bids, asks = [p for p, _ in book.bids], [p for p, _ in book.asks]
    assert bids == sorted(set(bids))
    assert asks == sorted(set(asks), reverse=True)
    assert all(0 < price < MICRO for price in bids + asks)
    assert not (bids and asks) or bids[-1] < asks[-1]


@every_codec
def test_the_unspoilt_frames_are_believed(make: Callable[[], Reads], frames: list[Any]) -> None:
    for frame in frames:
        parsed = make().parse(json.dumps(frame), NOW)
        check(parsed)
        if (
            "statusCode" in frame
            or "code" in frame
            or ("ret_msg" in frame and not frame["success"])
        ):
            assert parsed.refused
        elif frame == RTDS_FRAMES[0]:
            assert parsed.events
        else:
            assert not parsed.rejected, (parsed.rejected, frame)


@every_codec
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_spoilt_json_never_raises(
    make: Callable[[], Reads], frames: list[Any], data: st.DataObject
) -> None:
    frame = data.draw(mutated_json(frames))
    text_view, bytes_view = make().parse(frame, NOW), make().parse(frame.encode(), NOW)
    check(text_view)
    assert text_view == bytes_view


@every_codec
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_spoilt_bytes_never_raise(
    make: Callable[[], Reads], frames: list[Any], data: st.DataObject
) -> None:
    raw = data.draw(mutated_bytes(frames))
    check(make().parse(raw, NOW))
    check(make().parse(raw.decode(errors="surrogateescape"), NOW))


@every_codec
@given(raw=st.binary(max_size=200), text=st.text(max_size=200))
@example(raw=b"[" * 100_000, text="{" * 10)
@example(raw=b'{"payload":' + b'{"a":' * 50_000, text="\ud800")
@example(raw=b'{"timestamp":' + b"9" * 10_000 + b"}", text="[]")
def test_noise_never_raises(
    make: Callable[[], Reads], frames: list[Any], raw: bytes, text: str
) -> None:
    check(make().parse(raw, NOW))
    check(make().parse(text, NOW))


@every_codec
def test_every_proper_beginning_of_a_frame_is_rejected_or_means_nothing(
    make: Callable[[], Reads], frames: list[Any]
) -> None:
    for frame in frames:
        raw = json.dumps(frame)
        for end in range(1, len(raw)):
            parsed = make().parse(raw[:end], NOW)
            check(parsed)
            assert parsed.rejected, raw[:end]


@given(frame=mutated_json([GAMMA_EVENT]))
@settings(max_examples=2 * EXAMPLES, deadline=None)
def test_a_spoilt_event_of_gamma_is_a_typed_error_or_a_sane_round(frame: str) -> None:
    try:
        rounds = parse_event(frame.encode())
    except (Rejected, Retry, Unknown, Fatal):
        return
    for found in rounds:
        assert found.up_token != found.down_token
        assert found.closes_ns - found.opens_ns == found.interval.ns
        assert MICRO % found.tick == 0
