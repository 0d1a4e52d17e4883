"""Streams that fall silent on a live socket: told at the limit, asked for again, then cut."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream
from virtual_engine import VirtualClock

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.feeds.feed import Feed
from polytui.feeds.watchdog import watch_ages
from polytui.model.events import Event, FeedDown, FeedStale, FeedUp
from polytui.model.instrument import Asset
from polytui.model.snapshot import FeedState
from polytui.net.socket_settings import SocketSettings
from polytui.net.ws import SocketWatcher, StayingSocket
from polytui.venues.binance import QUOTES, TRADES, BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Codec
from polytui.venues.polymarket.price_streams import AVERAGE, SPOT, PolyBolt, Rtds

pytestmark = pytest.mark.trio
NS = 10**9
OPENS_MS = 1_795_204_800_000
NAP_S = 0.06
"""The watchdog may look so much later than a limit."""
HEALTH = (FeedUp, FeedStale, FeedDown)


class Venue:
    """The far end of one feed's socket, and what the feed delivers at the near end."""

    def __init__(self, codec: Codec, limits_s: dict[str, float]) -> None:
        self.events: list[tuple[float, Event]] = []
        self.heard: list[str] = []
        self.connections: list[WebSocketConnection] = []
        self._dialled, self._accepting = trio.open_memory_channel[trio.abc.Stream](10)
        self._codec = codec
        self._began = trio.current_time()
        clock = VirtualClock(OPENS_MS * 10**6)
        self.feed = Feed(
            codec.feed,
            codec,
            self._deliver,
            self._deliver_frame,
            clock,  # type: ignore[arg-type]
            self._make_socket,
            limits_s,
        )

    def _make_socket(self, link: SocketWatcher) -> StayingSocket:
        settings = SocketSettings(silence_s=1_000.0)
        rng = random.Random(1)
        return StayingSocket("feed", "ws://h/", settings, link, rng=rng, open_stream=self._dial)

    async def _dial(self) -> trio.abc.Stream:
        ours, theirs = memory_stream_pair()
        self._dialled.send_nowait(theirs)
        return ours

    def _deliver(self, event: Event) -> None:
        self.events.append((trio.current_time() - self._began, event))

    def _deliver_frame(self, events: Sequence[Event], _: int) -> None:
        for event in events:
            self._deliver(event)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """The socket, the watchdog and the venue; ready when the first connection stands."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._accept, nursery)
            await nursery.start(self.feed.socket.run)
            nursery.start_soon(watch_ages, [self.feed])
            task_status.started()

    async def _accept(self, nursery: trio.Nursery) -> None:
        async for stream in self._accepting:
            connection = await (await wrap_server_stream(nursery, stream)).accept()
            self.connections.append(connection)
            nursery.start_soon(self._hear, connection)

    async def _hear(self, connection: WebSocketConnection) -> None:
        try:
            while True:
                self.heard.append(await connection.get_message())
        except ConnectionClosed:
            return

    async def say(self, frame: str) -> None:
        await self.connections[-1].send_message(frame)
        await trio.lowlevel.checkpoint()
        await trio.testing.wait_all_tasks_blocked()

    async def at(self, seconds: float) -> None:
        """Sleep until so long after the beginning."""
        await trio.sleep_until(self._began + seconds)

    def health(self) -> list[tuple[float, type, str]]:
        """(when, kind, stream) of all that was told of the feed's health."""
        return [
            (when, type(event), getattr(event, "stream", ""))
            for when, event in self.events
            if isinstance(event, HEALTH)
        ]


def trade(number: int) -> str:
    data = {"e": "aggTrade", "s": "BTCUSDT", "a": number, "p": "90000.1", "q": "0.1"}
    data |= {"T": OPENS_MS + number, "m": True}
    return json.dumps({"stream": "btcusdt@aggTrade", "data": data})


def quote(number: int) -> str:
    data = {"u": number, "s": "BTCUSDT", "b": "90000.0", "B": "1", "a": "90000.1", "A": "1"}
    return json.dumps({"stream": "btcusdt@bookTicker", "data": data})


def binance() -> Venue:
    return Venue(BinanceStreams(Asset.BTC, is_in_url=True), {TRADES: 10.0, QUOTES: 2.0})


async def test_a_silent_stream_is_told_at_its_limit_and_not_before(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    venue = binance()
    await nursery.start(venue.run)
    await venue.at(1.5)
    await venue.say(quote(1))
    await venue.at(3.45)
    assert venue.feed.state is FeedState.UP
    assert venue.heard == []
    await venue.at(3.5 + NAP_S)
    when, kind, stream = venue.health()[-1]
    assert (kind, stream) == (FeedStale, QUOTES)
    assert 3.5 <= when <= 3.5 + NAP_S
    stale = venue.events[-1][1]
    assert isinstance(stale, FeedStale)
    assert 2_000 <= stale.age_ms <= 2_000 + NAP_S * 1000
    assert venue.feed.state is FeedState.STALE


async def test_a_silent_stream_is_asked_for_again_once_and_is_up_when_it_is_heard(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    venue = binance()
    await nursery.start(venue.run)
    await venue.at(3.9)
    asked = [json.loads(text) for text in venue.heard]
    assert [(one["method"], one["params"]) for one in asked] == [
        ("UNSUBSCRIBE", ["btcusdt@bookTicker"]),
        ("SUBSCRIBE", ["btcusdt@bookTicker"]),
    ]
    assert venue.feed.state is FeedState.STALE
    await venue.say(quote(1))
    assert venue.feed.state is FeedState.UP
    assert [kind for _, kind, _ in venue.health()] == [FeedUp, FeedStale, FeedUp]
    kinds = [type(event).__name__ for _, event in venue.events]
    assert kinds[-2:] == ["ExchangeQuoted", "FeedUp"]


async def test_at_twice_the_limit_the_socket_is_cut_and_made_again(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    venue = binance()
    await nursery.start(venue.run)
    await venue.at(3.9)
    assert len(venue.connections) == 1
    await venue.at(5.0)
    (down,) = [when for when, kind, _ in venue.health() if kind is FeedDown]
    assert 4.0 <= down <= 4.0 + NAP_S
    assert len(venue.connections) == 2
    assert [kind for _, kind, _ in venue.health()] == [FeedUp, FeedStale, FeedDown, FeedUp]
    await venue.at(5.9)
    assert venue.feed.state is FeedState.UP, "a new connection has limits of its own"


@pytest.mark.parametrize(("slept_s", "told"), [(3.0, FeedStale), (600.0, FeedDown)])
async def test_what_the_machine_slept_for_is_silence(
    nursery: trio.Nursery,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    slept_s: float,
    told: type,
) -> None:
    """Trio's clock stood still, the wall's did not."""
    ahead_s = 1_000.0
    monkeypatch.setattr("polytui.feeds.watchdog.wall_ahead_s", lambda: ahead_s)
    venue = binance()
    await nursery.start(venue.run)
    await venue.at(1.2)
    await venue.say(quote(1))
    await venue.say(trade(1))
    ahead_s += slept_s
    await venue.at(2.2 + NAP_S)
    assert venue.health()[1][1] is told


async def test_two_streams_of_one_socket_are_judged_apart(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """Quotes that flow do not hide that no trade comes; nor do they cure it."""
    venue = binance()
    await nursery.start(venue.run)
    for second in range(1, 13):
        await venue.at(second)
        await venue.say(quote(second))
    told = [(kind, stream) for _, kind, stream in venue.health()]
    assert told == [(FeedUp, ""), (FeedStale, TRADES)]
    assert venue.feed.state is FeedState.STALE
    assert {name for text in venue.heard for name in json.loads(text)["params"]} == {
        "btcusdt@aggTrade"
    }
    await venue.say(trade(1))
    assert venue.feed.state is FeedState.UP


async def test_a_feed_is_up_again_only_when_every_silent_stream_was_heard(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    venue = Venue(BinanceStreams(Asset.BTC, is_in_url=True), {TRADES: 2.0, QUOTES: 2.0})
    await nursery.start(venue.run)
    await venue.at(2.5)
    told = [(kind, stream) for _, kind, stream in venue.health()]
    assert told == [(FeedUp, ""), (FeedStale, TRADES), (FeedStale, QUOTES)]
    assert venue.feed.stales == 1, "one feed fell silent"
    await venue.say(quote(1))
    assert venue.feed.state is FeedState.STALE
    await venue.say(trade(1))
    assert venue.feed.state is FeedState.UP


async def test_a_bad_frame_is_no_sign_of_life(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    venue = binance()
    await nursery.start(venue.run)
    await venue.at(1.0)
    await venue.say(quote(1)[:-20])
    await venue.at(2.0 + NAP_S)
    assert venue.health()[-1][1:] == (FeedStale, QUOTES)


def bybit_book(kind: str, update: int, bid: str = "90000.0") -> str:
    book = {"s": "BTCUSDT", "b": [[bid, "1"]], "a": [["90000.1", "1"]], "u": update, "seq": 1}
    return json.dumps(
        {"topic": "orderbook.50.BTCUSDT", "type": kind, "data": book, "cts": OPENS_MS}
    )


def coinbase_trades(kind: str, trade_id: int, number: int) -> str:
    row = {"product_id": "BTC-USD", "trade_id": str(trade_id), "price": "90000", "size": "0.1"}
    row |= {"time": "2026-11-20T20:00:00Z", "side": "BUY"}
    stamp = "2026-11-20T20:00:00Z"
    events = [{"type": kind, "trades": [row]}]
    head = {"channel": "market_trades", "timestamp": stamp, "sequence_num": number}
    return json.dumps({**head, "events": events})


def rtds_point(is_batch: bool) -> str:
    point = {"timestamp": OPENS_MS, "value": 90000.0, "full_accuracy_value": f"{90000 * 10**18}"}
    body = {"data": [point]} if is_batch else point
    head = {"topic": "crypto_prices_chainlink", "type": "update", "timestamp": OPENS_MS}
    return json.dumps({**head, "payload": {"symbol": "btc/usd", **body}})


def bolt_point(is_batch: bool, number: int) -> str:
    point = {"timestamp": OPENS_MS, "value": 90000.0, "full_accuracy_value": "90000"}
    body = {"data": [point]} if is_batch else point
    head = {"channel": "price.crypto", "v": 1, "seq": number, "ts": OPENS_MS, "dropped": 0}
    return json.dumps({**head, "payload": {"symbol": "btcusd", "source": "chainlink", **body}})


@pytest.mark.parametrize(
    ("codec", "stream", "answer", "live", "again"),
    [
        (
            BybitStreams(Asset.BTC),
            QUOTES,
            bybit_book("snapshot", 7),
            bybit_book("delta", 8),
            bybit_book("snapshot", 9),
        ),
        (
            CoinbaseStreams(Asset.BTC),
            TRADES,
            coinbase_trades("snapshot", 5, 0),
            coinbase_trades("update", 6, 1),
            coinbase_trades("snapshot", 6, 2),
        ),
        (Rtds(Asset.BTC), SPOT, rtds_point(True), rtds_point(False), rtds_point(True)),
        (
            PolyBolt(Asset.BTC, ApiKey("a", Secret("b"), Secret("c"))),
            SPOT,
            bolt_point(True, 1),
            bolt_point(False, 2),
            bolt_point(True, 3),
        ),
    ],
    ids=["bybit's book", "coinbase's trades", "RTDS's history", "PolyBolt's history"],
)
async def test_the_answer_to_a_subscription_does_not_count_as_life(
    nursery: trio.Nursery,
    autojump_clock: MockClock,
    codec: Codec,
    stream: str,
    answer: str,
    live: str,
    again: str,
) -> None:
    """A venue that answers every subscription and then says nothing must not stay up for ever."""
    venue = Venue(codec, {stream: 5.0})
    await nursery.start(venue.run)
    await venue.at(5.5)
    assert venue.feed.state is FeedState.STALE
    assert any("subscribe" in text for text in venue.heard)
    await venue.say(answer)
    assert len(venue.events) > 2, "what it holds is taken all the same"
    assert venue.feed.state is FeedState.STALE
    await venue.at(6.0)
    await venue.say(live)
    assert venue.feed.state is FeedState.UP
    await venue.at(10.8)
    assert venue.feed.state is FeedState.UP, "its age counts from the live frame"
    await venue.at(11.0 + NAP_S)
    assert venue.feed.state is FeedState.STALE
    await venue.at(15.5)
    await venue.say(again)
    await venue.at(16.0 + NAP_S)
    assert FeedDown in [kind for _, kind, _ in venue.health()]


async def test_the_average_and_the_spot_of_a_relay_are_two_streams(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    venue = Venue(Rtds(Asset.BTC), {SPOT: 6.0, AVERAGE: 6.0})
    await nursery.start(venue.run)
    for second in range(1, 7):
        await venue.at(second)
        await venue.say(rtds_point(False))
    await venue.at(6.5)
    assert venue.health()[-1][1:] == (FeedStale, AVERAGE)
    assert "crypto_prices_twap_sixty" in venue.heard[-1]
