"""Two relays of Chainlink: which of them serves is said whenever it changes, and truly."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock
from virtual_engine import VirtualClock, VirtualEngine, open_engine, quick_settings

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.feeds.feed import Feed
from polytui.feeds.relays import Relays
from polytui.model.events import ChainlinkPriced
from polytui.model.instrument import Asset, PriceKind
from polytui.net.socket_settings import SocketSettings
from polytui.net.ws import SocketState, SocketWatcher, StayingSocket
from polytui.venues.polymarket.price_streams import PolyBolt, Rtds

pytestmark = pytest.mark.trio
BTC = Asset.BTC
UP, STALE, DOWN = SocketState.UP, SocketState.STALE, SocketState.DOWN


class Stage:
    """Both relays' feeds without a network: their sockets are told what has become of them."""

    def __init__(self, *relays: str) -> None:
        relays = relays or ("polybolt", "rtds")
        codecs = (PolyBolt(BTC, ApiKey("a", Secret("b"), Secret("c"))), Rtds(BTC))
        self.said: list[tuple[str, str]] = []
        names = [codec.feed for codec in codecs if codec.feed in relays]
        self.relays = Relays(names, lambda level, text: self.said.append((level, text)))
        self.feeds = [self._feed(codec) for codec in codecs if codec.feed in relays]

    def _feed(self, codec: Any) -> Feed:
        def make_socket(link: SocketWatcher) -> StayingSocket:
            return StayingSocket("relay", "ws://h/", SocketSettings(), link, rng=random.Random(1))

        clock: Any = VirtualClock(0)
        return Feed(
            codec.feed,
            codec,
            lambda _: None,
            lambda *_: None,
            clock,
            make_socket,
            attendant=self.relays,
        )

    def becomes(self, name: str, state: SocketState) -> list[tuple[str, str]]:
        """What is said when a relay's socket changes."""
        before = len(self.said)
        next(feed for feed in self.feeds if feed.name == name).changed(state, "")
        return self.said[before:]


async def test_a_usual_start_needs_no_words(autojump_clock: MockClock) -> None:
    stage = Stage()
    stage.becomes("polybolt", UP)
    stage.becomes("rtds", UP)
    assert stage.said == []
    assert stage.relays.serving == "polybolt"


@pytest.mark.parametrize("how", [STALE, DOWN])
async def test_the_other_relay_takes_over_and_gives_back(
    autojump_clock: MockClock, how: SocketState
) -> None:
    stage = Stage()
    stage.becomes("polybolt", UP)
    stage.becomes("rtds", UP)
    fallen = [("warn", "Chainlink: polybolt is silent, rtds serves")]
    assert stage.becomes("polybolt", how) == fallen
    assert stage.becomes("polybolt", DOWN) == [], "it is said once"
    back = [("info", "Chainlink: polybolt serves")]
    assert stage.becomes("polybolt", UP) == back, "and does not call the other silent"
    assert stage.relays.serving == "polybolt"


async def test_a_start_on_the_second_relay_is_said(autojump_clock: MockClock) -> None:
    stage = Stage()
    assert stage.becomes("polybolt", DOWN) == []
    assert stage.becomes("rtds", UP) == [("warn", "Chainlink: rtds serves")]


async def test_a_relay_that_nobody_leans_on_falls_without_words(autojump_clock: MockClock) -> None:
    stage = Stage()
    stage.becomes("polybolt", UP)
    stage.becomes("rtds", UP)
    assert stage.becomes("rtds", DOWN) == []
    assert stage.becomes("rtds", UP) == []


async def test_no_relay_at_all_is_an_error_that_says_what_follows(
    autojump_clock: MockClock,
) -> None:
    stage = Stage()
    stage.becomes("polybolt", UP)
    stage.becomes("rtds", UP)
    stage.becomes("rtds", DOWN)
    silent = [("error", "Chainlink: silent on every relay, entries are blocked")]
    assert stage.becomes("polybolt", DOWN) == silent
    assert stage.becomes("rtds", UP) == [("warn", "Chainlink: rtds serves")]
    assert stage.becomes("polybolt", UP) == [("info", "Chainlink: polybolt serves")]


def said_of_chainlink(engine: VirtualEngine) -> list[str]:
    return [text for text in engine.texts("btc") if text.startswith("Chainlink")]


async def test_the_engine_goes_on_with_rtds_while_polybolt_is_away(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)}, sockets={"backoff_cap_s": 1.0})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=5) as engine:
        await trio.sleep(10)
        away_ns = engine.session.clock.now_ns()
        engine.venue.connections.begin("refuse", "polybolt", 20.0, 0)
        await trio.sleep(19)
        back_ns = engine.session.clock.now_ns()
        assert said_of_chainlink(engine) == ["Chainlink: polybolt is silent, rtds serves"]
        await trio.sleep(5)
        assert said_of_chainlink(engine)[1:] == ["Chainlink: polybolt serves"]
        ticks = engine.venue.world.chainlink_history(BTC, away_ns - 10 * 10**9)
        said = [tick.observed_ns for tick in ticks]
    told = [
        event for _, event in engine.events(ChainlinkPriced) if isinstance(event, ChainlinkPriced)
    ]
    meanwhile = [event for event in told if away_ns < event.received_ns < back_ns]
    assert {event.feed for event in meanwhile} == {"rtds"}
    seen = {event.observed_ns for event in meanwhile if event.kind is PriceKind.SPOT}
    assert len(seen) > 15
    assert sorted(seen) == [one for one in said if min(seen) <= one <= max(seen)], "none is lost"


async def test_without_credentials_rtds_serves_alone_and_is_the_usual_one(
    autojump_clock: MockClock,
) -> None:
    stage = Stage("rtds")
    assert stage.becomes("rtds", UP) == []
