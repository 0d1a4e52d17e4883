"""One feed: what its frames become, what is counted, and what its health says."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock
from virtual_engine import VirtualClock, open_engine, quick_settings

from polytui.feeds.attendant import UNATTENDED, Attendant
from polytui.feeds.feed import Feed
from polytui.model.events import (
    ChainlinkPriced,
    Event,
    FeedDown,
    FeedStale,
    FeedUp,
    FrameRejected,
    TickSizeChanged,
)
from polytui.model.instrument import Asset
from polytui.model.snapshot import FeedState
from polytui.net.socket_settings import SocketSettings
from polytui.net.ws import SocketState, SocketWatcher, StayingSocket
from polytui.venues.polymarket.streams import MarketChannel

pytestmark = pytest.mark.trio
UP = "7" * 70
NS = 10**9


class Desk:
    """Keeps what a feed delivers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.frames: list[tuple[int, int]] = []

    def deliver(self, event: Event) -> None:
        self.events.append(event)

    def deliver_frame(self, events: object, received_perf_ns: int) -> None:
        assert isinstance(events, tuple)
        self.events += events
        self.frames.append((len(events), received_perf_ns))


class Carer(Attendant):
    """Keeps what it is told of a feed."""

    def __init__(self) -> None:
        self.came: list[bool] = []
        self.states: list[FeedState] = []

    def came_up(self, *, is_again: bool) -> None:
        self.came.append(is_again)

    def changed(self, feed: str, state: FeedState) -> None:
        self.states.append(state)


def make_feed(attendant: Attendant = UNATTENDED) -> tuple[Feed, Desk]:
    desk = Desk()

    def make_socket(link: SocketWatcher) -> StayingSocket:
        return StayingSocket(
            "book", "ws://127.0.0.1:1", SocketSettings(), link, rng=random.Random(1)
        )

    clock = VirtualClock(1_795_204_800 * NS)
    codec, deliver = MarketChannel((UP,)), (desk.deliver, desk.deliver_frame)
    feed = Feed("book", codec, *deliver, clock, make_socket, attendant=attendant)  # type: ignore[arg-type]
    return feed, desk


def tick_frame(tick: str = "0.001") -> str:
    return json.dumps(
        {
            "event_type": "tick_size_change",
            "asset_id": UP,
            "market": "0x" + "a" * 64,
            "old_tick_size": "0.01",
            "new_tick_size": tick,
            "timestamp": "1795204800123",
        }
    )


async def test_a_good_frame_is_delivered_once_with_the_time_it_was_read(
    autojump_clock: MockClock,
) -> None:
    feed, desk = make_feed()
    assert feed.receive(tick_frame(), 12_345) is True
    assert [type(event) for event in desk.events] == [TickSizeChanged]
    assert desk.frames == [(1, 12_345)]
    await trio.sleep(1.5)
    view = feed.view(feed._clock.now_ns())
    assert (view.messages, view.rejected, view.ignored, view.age_ms) == (1, 0, 0, 1500)


@pytest.mark.parametrize(
    "frame",
    [
        tick_frame()[:-9],
        tick_frame().encode()[:30] + b"\xff\xfe" + b"x" * 300,
        tick_frame("-0.01"),
        '{"event_type":"book"}',
        "[" * 5000,
    ],
    ids=["cut short", "not UTF-8", "a negative tick", "no fields", "deep"],
)
async def test_a_bad_frame_is_counted_and_told_and_changes_nothing(
    frame: str | bytes, autojump_clock: MockClock
) -> None:
    feed, desk = make_feed()
    assert feed.receive(frame, 1) is False, "it does not prove that the feed lives"
    (event,) = desk.events
    assert isinstance(event, FrameRejected)
    assert (event.feed, event.length) == ("book", len(frame))
    assert event.reason
    assert len(event.sample) <= 200
    assert event.sample.isascii()
    assert "\n" not in event.sample
    view = feed.view(0)
    assert (view.messages, view.rejected, view.age_ms) == (1, 1, -1)


async def test_an_unknown_message_is_ignored_and_counted(autojump_clock: MockClock) -> None:
    feed, desk = make_feed()
    assert feed.receive('{"event_type":"horoscope","asset_id":"1"}', 1) is False
    assert feed.receive("PONG", 1) is False
    assert desk.events == []
    view = feed.view(0)
    assert (view.messages, view.ignored, view.rejected) == (2, 1, 0)


async def test_health_travels_with_the_data(autojump_clock: MockClock) -> None:
    carer = Carer()
    feed, desk = make_feed(carer)
    assert feed.view(0).state is FeedState.CONNECTING
    feed.changed(SocketState.UP, "")
    feed.receive(tick_frame(), 1)
    await trio.sleep(30)
    feed.changed(SocketState.STALE, "no data for 30 s")
    assert feed.state is FeedState.STALE
    feed.changed(SocketState.DOWN, "no data for 30 s")
    assert feed.state is FeedState.DOWN
    feed.changed(SocketState.UP, "")
    kinds = [FeedUp, TickSizeChanged, FeedStale, FeedDown, FeedUp]
    assert [type(event) for event in desk.events] == kinds
    stale = desk.events[2]
    assert isinstance(stale, FeedStale)
    assert stale.age_ms == 30_000
    assert carer.came == [False, True]
    assert carer.states == [FeedState.UP, FeedState.STALE, FeedState.DOWN, FeedState.UP]
    assert (feed.connects, feed.stales, feed.view(0).reconnects) == (2, 1, 1)


async def test_a_frame_that_broke_the_socket_is_a_rejected_one(autojump_clock: MockClock) -> None:
    feed, desk = make_feed()
    feed.changed(SocketState.SPOILED, "closed with 1009: too big")
    feed.changed(SocketState.DOWN, "closed with 1009: too big")
    rejected, down = desk.events
    assert isinstance(rejected, FrameRejected)
    assert rejected.reason == "closed with 1009: too big"
    assert isinstance(down, FeedDown)
    assert feed.rejected == 1


async def test_a_codec_answers_and_a_silent_venue_is_left_and_met_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """PolyBolt subscribes only after it was let in; then the relay falls silent for a minute."""
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=5) as engine:
        await trio.sleep(5)
        feeds = engine.run_of(Asset.BTC).feeds
        assert feeds["polybolt"].messages > 5
        engine.venue.connections.mute("polybolt", 60)
        await trio.sleep(20)
        assert feeds["polybolt"].stales >= 1
        assert (feeds["rtds"].stales, feeds["book"].stales) == (0, 0)
        await trio.sleep(60)
        assert feeds["polybolt"].state is FeedState.UP
        totals = engine.run_of(Asset.BTC).feed_totals()["polybolt"]
        assert totals.stale == feeds["polybolt"].stales >= 2
        assert totals.reconnects >= 2
    sources = {event.feed for _, event in engine.events(ChainlinkPriced)}  # type: ignore[attr-defined]
    assert {"polybolt", "rtds"} <= {name.split(".")[0] for name in sources}


async def test_a_frame_with_one_spoilt_item_is_believed_and_told_as_rejected(
    autojump_clock: MockClock,
) -> None:
    feed, desk = make_feed()
    frame = f"[{tick_frame()},{tick_frame('-0.01')}]"
    assert feed.receive(frame, 1) is True, "one item proves that it lives"
    assert [type(event) for event in desk.events] == [TickSizeChanged, FrameRejected]
    assert (feed.view(0).rejected, feed.view(0).messages) == (1, 1)


async def test_no_age_is_negative_though_our_clock_is_set_back(autojump_clock: MockClock) -> None:
    feed, _ = make_feed()
    feed.receive(tick_frame(), 1)
    assert feed.age_ms(feed._clock.now_ns() - 3600 * NS) == 0
