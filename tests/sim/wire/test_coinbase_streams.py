"""Coinbase's simulated streams: one count, deadlines, newest first, and the world's own figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
import trio
from small_world import SmallWorld
from trio.testing import MockClock, memory_stream_pair
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from polytui.model.events import ExchangeQuoted, ExchangeTraded, MarketEvent
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.orders import Side
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.net.peer import PeerSettings, serve_peer
from polytui.sim.server.connections import Connections
from polytui.sim.wire.exchanges import COINBASE_PATH, Exchanges
from polytui.sim.wire.spot.coinbase_markets import CoinbaseMarkets, rfc3339
from polytui.sim.wire.spot.coinbase_streams import CoinbaseSession
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import ChainlinkTicked, ExchangeQuote, ExchangeTrade, WorldEvent
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import ns_of_rfc3339

T0 = 1_795_204_800 * NS_PER_S  # 2026-11-20 20:00:00 UTC


def trade(at_ns: int = T0, *, asset: Asset = Asset.BTC, sold: bool = True) -> ExchangeTrade:
    return ExchangeTrade(at_ns, asset, 88_355.59, 0.00136573, sold, Exchange.COINBASE)


def quote(bid: float, ask: float, at_ns: int = T0) -> ExchangeQuote:
    return ExchangeQuote(at_ns, Asset.BTC, bid, 1.5, ask, 0.5, Exchange.COINBASE)


def second(number: int) -> ChainlinkTicked:
    """What passes the time of a world in which nobody trades."""
    return ChainlinkTicked(T0 + number * NS_PER_S, Asset.BTC, T0, 88_000 * 10**18, None)


class Client:
    """One session and its frames, as parsed JSON."""

    def __init__(self, *channels: str, markets: CoinbaseMarkets | None = None) -> None:
        self.session = CoinbaseSession(markets or CoinbaseMarkets(SmallWorld()))
        self.frames: list[Any] = []
        for channel in channels:
            self.ask("subscribe", channel)

    def ask(self, verb: str, channel: str, *products: str) -> list[Any]:
        asked: dict[str, Any] = {"type": verb, "channel": channel}
        if channel != "heartbeats":
            asked["product_ids"] = products or ["BTC-USD"]
        return self.keep(self.session.receive(json.dumps(asked)))

    def see(self, world_event: WorldEvent) -> list[Any]:
        return self.keep(self.session.publish(world_event))

    def keep(self, texts: list[str]) -> list[Any]:
        frames = [json.loads(text) for text in texts]
        self.frames += frames
        return frames


# --- subscribing ----------------------------------------------------------------------------------


def test_an_acknowledgement_lists_all_that_is_active() -> None:
    client = Client("market_trades")
    client.ask("subscribe", "market_trades", "ETH-USD")
    (answer,) = client.ask("subscribe", "heartbeats")
    assert answer["channel"] == "subscriptions"
    listed = {"market_trades": ["BTC-USD", "ETH-USD"], "heartbeats": ["heartbeats"]}
    assert answer["events"] == [{"subscriptions": listed}]
    (answer,) = client.ask("unsubscribe", "market_trades", "BTC-USD")
    assert answer["events"][0]["subscriptions"]["market_trades"] == ["ETH-USD"]
    assert client.see(trade(T0 + NS_PER_S)) == []
    assert [frame["channel"] for frame in client.see(second(2))] == ["heartbeats"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "invalid message"),
        ("[]", "invalid message"),
        ('{"type":"dance"}', "invalid message"),
        ('{"type":"subscribe","channel":"moon"}', "channel not supported: moon"),
        (
            '{"type":"subscribe","channel":"ticker","product_ids":["MOON-USD"]}',
            "product_id not found",
        ),
        ('{"type":"subscribe","channel":"ticker","product_ids":"BTC-USD"}', "product_id not found"),
    ],
)
def test_an_error_has_no_channel_and_keeps_the_deadline(text: str, words: str) -> None:
    session = Client().session
    (answer,) = session.receive(text)
    assert json.loads(answer) == {"type": "error", "message": words}
    assert session.quiet_limit_s == 5.0


def test_usdc_is_an_alias_that_is_answered_in_dollars() -> None:
    client = Client()
    frames = client.ask("subscribe", "market_trades", "BTC-USDC")
    assert frames[-1]["events"][0]["subscriptions"] == {"market_trades": ["BTC-USD"]}


# --- the envelope ---------------------------------------------------------------------------------


def test_one_number_counts_every_message_of_a_connection_from_zero() -> None:
    client = Client("market_trades", "ticker", "level2", "heartbeats")
    client.see(quote(88_355.0, 88_356.0))
    for number in range(1, 8):
        client.see(trade(T0 + number * 300 * NS_PER_MS))
        client.see(second(number))
    channels = Counter(frame["channel"] for frame in client.frames)
    assert set(channels) == {"subscriptions", "market_trades", "ticker", "l2_data", "heartbeats"}
    assert [frame["sequence_num"] for frame in client.frames] == list(range(len(client.frames)))
    keys = ["channel", "client_id", "timestamp", "sequence_num", "events"]
    assert all(list(frame) == keys for frame in client.frames)


def test_another_connection_counts_for_itself() -> None:
    markets = CoinbaseMarkets(SmallWorld())
    Client("market_trades", "ticker", markets=markets)
    late = Client("heartbeats", markets=markets)
    assert [frame["sequence_num"] for frame in late.frames] == [0]


@pytest.mark.parametrize(
    ("at_ns", "text"),
    [
        (T0, "2026-11-20T20:00:00Z"),
        (T0 + 500_000_000, "2026-11-20T20:00:00.5Z"),
        (T0 + 44_524_000, "2026-11-20T20:00:00.044524Z"),
        (T0 + 1, "2026-11-20T20:00:00.000000001Z"),
    ],
)
def test_times_have_as_many_decimals_as_they_need(at_ns: int, text: str) -> None:
    assert rfc3339(at_ns) == text
    assert ns_of_rfc3339(text) == at_ns


def test_an_answer_has_the_time_of_the_world() -> None:
    markets = CoinbaseMarkets(SmallWorld())
    markets.note(second(7))
    (answer,) = Client("heartbeats", markets=markets).frames
    assert answer["timestamp"] == "2026-11-20T20:00:07Z"


# --- channels -------------------------------------------------------------------------------------


def test_the_first_trades_are_a_snapshot_and_batches_are_newest_first() -> None:
    markets = CoinbaseMarkets(SmallWorld())
    for number in range(30):
        markets.note(trade(T0 - 30 + number))
    client = Client("market_trades", markets=markets)
    (event,) = client.frames[0]["events"]
    ids = [int(row["trade_id"]) for row in event["trades"]]
    assert (event["type"], len(ids)) == ("snapshot", 20)
    assert [a - b for a, b in pairwise(ids)] == [1] * 19
    client.see(trade(T0 + 100))
    (frame,) = client.see(second(1))
    (event,) = frame["events"]
    assert (event["type"], [row["trade_id"] for row in event["trades"]]) == (
        "update",
        [str(ids[0] + 1)],
    )


def test_trades_are_told_in_steps_of_two_hundred_milliseconds() -> None:
    client = Client("market_trades")
    client.see(trade(T0))
    for number in range(1, 20):
        client.see(trade(T0 + number * 50 * NS_PER_MS))
    batches = [
        [int(row["trade_id"]) for row in frame["events"][0]["trades"]]
        for frame in client.frames
        if frame["channel"] == "market_trades" and frame["events"][0]["type"] == "update"
    ]
    assert max(map(len, batches)) > 1
    assert all(batch == sorted(batch, reverse=True) for batch in batches)
    told = [number for batch in batches for number in sorted(batch)]
    assert [b - a for a, b in pairwise(told)] == [1] * (len(told) - 1)
    times = [
        ns_of_rfc3339(frame["timestamp"])
        for frame in client.frames
        if frame["channel"] == "market_trades" and frame["events"][0]["type"] == "update"
    ]
    assert all(b - a >= 200 * NS_PER_MS for a, b in pairwise(times))


def test_the_side_of_a_trade_is_the_makers() -> None:
    client = Client("market_trades")
    client.see(trade(T0, sold=True))
    client.see(trade(T0 + NS_PER_S, sold=False))
    client.see(second(3))
    rows = [
        row
        for frame in client.frames
        for event in frame["events"]
        for row in event.get("trades", [])
    ]
    assert [row["side"] for row in rows] == ["BUY", "SELL"]
    assert rows[0] == {
        "product_id": "BTC-USD",
        "trade_id": "929000001",
        "price": "88355.59",
        "size": "0.00136573",
        "time": "2026-11-20T20:00:00Z",
        "side": "BUY",
    }


def test_a_ticker_comes_with_each_trade_and_has_the_bests() -> None:
    client = Client("ticker")
    assert client.see(trade()) == [], "there is no quote yet"
    assert client.see(quote(68_900.0, 68_901.0)) == []
    (frame,) = client.see(trade(T0 + 1))
    ((ticker),) = frame["events"][0]["tickers"]
    assert frame["events"][0]["type"] == "update"
    assert (ticker["best_bid"], ticker["best_bid_quantity"]) == ("68900", "1.50000000")
    assert (ticker["best_ask"], ticker["best_ask_quantity"]) == ("68901", "0.50000000")


def test_a_ticker_batch_comes_every_five_seconds_without_bests() -> None:
    client = Client("ticker_batch")
    client.see(quote(68_900.0, 68_901.0))
    frames = [frame for number in range(1, 21) for frame in client.see(second(number))]
    times = [ns_of_rfc3339(frame["timestamp"]) for frame in frames]
    assert [b - a for a, b in pairwise(times)] == [5 * NS_PER_S] * (len(times) - 1)
    assert len(times) >= 4
    assert not any("best_bid" in frame["events"][0]["tickers"][0] for frame in frames)


def test_the_book_is_a_snapshot_first_and_then_what_changes() -> None:
    client = Client()
    client.session.publish(quote(68_900.0, 68_901.0))
    frames = [client.ask("subscribe", "level2")[0]]
    frames += client.see(quote(68_899.5, 68_901.0, T0 + 1))
    assert [frame["channel"] for frame in frames] == ["l2_data"] * 2
    assert [frame["events"][0]["type"] for frame in frames] == ["snapshot", "update"]
    levels = [
        [
            (one["side"], one["price_level"], one["new_quantity"])
            for one in frame["events"][0]["updates"]
        ]
        for frame in frames
    ]
    whole = {side: [one for one in levels[0] if one[0] == side] for side in ("bid", "offer")}
    assert min(map(len, whole.values())) >= 1000
    assert whole["bid"][0] == ("bid", "68900", "1.50000000")
    assert whole["offer"][0] == ("offer", "68901", "0.50000000")
    assert levels[1] == [("bid", "68899.5", "1.50000000"), ("bid", "68900", "0")]
    (again, _) = client.ask("subscribe", "level2")
    assert again["events"][0]["type"] == "snapshot"


def test_heartbeats_come_once_a_second_and_count() -> None:
    client = Client("heartbeats")
    for number in range(1, 6):
        client.see(second(number))
        client.see(trade(T0 + number * NS_PER_S + 1))
    beats = [frame for frame in client.frames if frame["channel"] == "heartbeats"]
    assert [frame["events"][0]["heartbeat_counter"] for frame in beats] == [1, 2, 3, 4, 5]


# --- who is cut off -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channels", "cut_after_s"), [(("ticker",), 76), (("ticker", "heartbeats"), None)]
)
def test_a_quiet_connection_is_cut_unless_heartbeats_keep_it(
    channels: tuple[str, ...], cut_after_s: int | None
) -> None:
    markets = CoinbaseMarkets(SmallWorld())
    markets.note(second(0))
    client = Client(*channels, markets=markets)
    closed = None
    for number in range(1, 200):
        client.see(second(number))
        if client.session.closing and closed is None:
            closed = number
    assert closed == cut_after_s
    assert (client.session.closing is None) is (cut_after_s is None)


@asynccontextmanager
async def connected() -> AsyncIterator[WebSocketConnection]:
    """A client of the venue on a memory stream."""
    exchanges = Exchanges(SmallWorld())
    connections = Connections(exchanges.open_session)
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_peer, theirs, connections.converse, PeerSettings())
        yield await wrap_client_stream(nursery, ours, "venue", COINBASE_PATH)
        nursery.cancel_scope.cancel()


@pytest.mark.trio
@pytest.mark.parametrize("first", [None, "junk", '{"type":"subscribe","channel":"moon"}'])
async def test_who_does_not_subscribe_within_five_seconds_is_dropped(
    first: str | None, autojump_clock: MockClock
) -> None:
    async with connected() as socket:
        began = trio.current_time()
        if first is not None:
            await socket.send_message(first)
            assert json.loads(await socket.get_message())["type"] == "error"
        with pytest.raises(ConnectionClosed), trio.fail_after(60):
            await socket.get_message()
        assert trio.current_time() - began == pytest.approx(5.0, abs=0.1)


@pytest.mark.trio
async def test_who_subscribes_in_time_stays(autojump_clock: MockClock) -> None:
    async with connected() as socket:
        await trio.sleep(4.9)
        await socket.send_message('{"type":"subscribe","channel":"heartbeats"}')
        assert json.loads(await socket.get_message())["channel"] == "subscriptions"
        with trio.move_on_after(60) as waiting:
            await socket.get_message()
        assert waiting.cancelled_caught


# --- what the codec reads is what the world said --------------------------------------------------


@pytest.fixture(scope="module")
def world_events() -> list[WorldEvent]:
    settings = WorldSettings(9, T0 + 60 * NS_PER_S, (Asset.BTC, Asset.XRP), (Interval.M5,))
    return list(World(settings).run_until(T0 + 150 * NS_PER_S))


def heard(codec: CoinbaseStreams, world_events: list[WorldEvent]) -> list[MarketEvent]:
    exchanges = Exchanges(SmallWorld())
    session = exchanges.open_session(COINBASE_PATH)
    assert session is not None
    texts = [answer for text in codec.hello() for answer in session.receive(text)]
    for world_event in world_events:
        exchanges.note(world_event)
        texts += session.publish(world_event)
    found = [codec.parse(text, 1) for text in texts]
    assert [one for one in found if one.rejected or one.refused or one.lost or one.gap] == []
    return [event for one in found for event in one.events]


def of_coinbase(asset: Asset, world_events: list[WorldEvent]) -> list[WorldEvent]:
    return [
        one
        for one in world_events
        if isinstance(one, ExchangeTrade | ExchangeQuote)
        and (one.venue, one.asset) == (Exchange.COINBASE, asset)
    ]


@pytest.mark.parametrize("asset", [Asset.BTC, Asset.XRP])
def test_trades_and_tickers_are_the_worlds(asset: Asset, world_events: list[WorldEvent]) -> None:
    events = heard(CoinbaseStreams(asset), world_events)
    trades = [one for one in events if isinstance(one, ExchangeTraded)]
    quotes = [one for one in events if isinstance(one, ExchangeQuoted)]
    said = of_coinbase(asset, world_events)
    made = [one for one in said if isinstance(one, ExchangeTrade)]
    assert 50 < len(trades) <= len(made) <= len(trades) + 5, "the last batch may be waiting"
    for event, one in zip(trades, made, strict=False):
        side = Side.SELL if one.is_buyer_maker else Side.BUY
        told = (event.price, event.size, event.taker_side, event.venue_ns, event.is_history)
        assert told == (one.price, one.size, side, one.at_ns, False)
    latest: ExchangeQuote | None = None
    bests = []
    for one in said:
        if isinstance(one, ExchangeQuote):
            latest = one
        elif latest is not None:
            bests.append((latest.bid, latest.bid_size, latest.ask, latest.ask_size, one.at_ns))
    assert [(q.bid, q.bid_size, q.ask, q.ask_size, q.venue_ns) for q in quotes] == bests


def test_the_whole_book_is_the_worlds(world_events: list[WorldEvent]) -> None:
    codec = CoinbaseStreams(Asset.BTC, ("level2", "heartbeats"))
    events = heard(codec, world_events)
    said = [one for one in of_coinbase(Asset.BTC, world_events) if isinstance(one, ExchangeQuote)]
    assert len(said) > 50
    assert [
        (one.bid, one.bid_size, one.ask, one.ask_size, one.venue_ns)
        for one in events
        if isinstance(one, ExchangeQuoted)
    ] == [(one.bid, one.bid_size, one.ask, one.ask_size, one.at_ns) for one in said]
