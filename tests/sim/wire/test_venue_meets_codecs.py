"""The venue's frames read by the bot's own codecs: nothing is rejected, nothing is missing."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.events import BookSnapshotted, MarketEvent
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, parse_micro
from polytui.sim.wire.exchanges import BYBIT_PATH, COINBASE_PATH, Exchanges
from polytui.sim.wire.form.session import ClientSession
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.wire.rounds.documents import event_of
from polytui.sim.world.world import World, WorldSettings
from polytui.venues.binance import BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Codec
from polytui.venues.polymarket.gamma_events import parse_event
from polytui.venues.polymarket.price_streams import PolyBolt, Rtds
from polytui.venues.polymarket.streams import MarketChannel

START_NS = 1_795_204_920 * NS_PER_S


class Conversation:
    """One codec and one session, talking without a socket."""

    def __init__(self, codec: Codec, session: ClientSession) -> None:
        self.codec = codec
        self.session = session
        self.events: list[MarketEvent] = []
        self.rejected: list[str] = []
        self.lost = 0
        self.hear(session.opening())
        for text in codec.hello():
            self.say(text)

    def say(self, text: str) -> None:
        self.hear(self.session.receive(text))

    def hear(self, texts: list[str]) -> None:
        for text in texts:
            parsed = self.codec.parse(text, START_NS)
            self.events += parsed.events
            self.lost += parsed.lost + (parsed.gap.missed if parsed.gap else 0)
            if parsed.rejected:
                self.rejected.append(f"{parsed.rejected}: {text[:200]}")
            for reply in parsed.replies:
                self.say(reply)

    def kinds(self) -> Counter[str]:
        return Counter(type(event).__name__ for event in self.events)


@pytest.fixture
def world() -> World:
    return World(WorldSettings(5, START_NS, tuple(Asset), tuple(Interval)))


def test_every_listed_round_is_understood_as_it_is(world: World) -> None:
    for round_ in world.rounds.values():
        assert parse_event(json.dumps(event_of(world, round_))) == (round_,)


def test_a_whole_round_of_frames_is_understood() -> None:
    world = World(WorldSettings(5, START_NS, (Asset.BTC, Asset.ETH), (Interval.M5, Interval.M15)))
    round_ = next(
        one
        for one in world.rounds.values()
        if (one.asset, one.interval) == (Asset.BTC, Interval.M5) and one.closes_ns > START_NS
    )
    polymarket, exchanges = Polymarket(world), Exchanges(world)
    binance = BinanceStreams(Asset.BTC)
    market = Conversation(
        MarketChannel((round_.up_token, round_.down_token)), polymarket.market_session()
    )
    bybit, coinbase = exchanges.open_session(BYBIT_PATH), exchanges.open_session(COINBASE_PATH)
    assert bybit is not None
    assert coinbase is not None
    others = (
        Conversation(BybitStreams(Asset.BTC), bybit),
        Conversation(CoinbaseStreams(Asset.BTC), coinbase),
    )
    rtds = Conversation(Rtds(Asset.BTC), polymarket.rtds_session())
    bolt = PolyBolt(Asset.BTC, ApiKey("key", Secret("secret"), Secret("passphrase")))
    relay = Conversation(bolt, polymarket.polybolt_session())
    exchange = Conversation(binance, exchanges.binance_session("/ws"))
    talks = (market, rtds, relay, exchange, *others)
    for world_event in world.run_until(round_.closes_ns + 200 * NS_PER_S):
        polymarket.note(world_event)
        exchanges.note(world_event)
        for talk in talks:
            talk.hear(talk.session.publish(world_event))
    assert [talk.rejected for talk in talks] == [[], [], [], [], [], []]
    seen = market.kinds()
    assert min(seen[name] for name in ("BookSnapshotted", "BookChanged", "TradePrinted")) > 10
    assert seen["RoundSettled"] == 1
    assert rtds.kinds()["ChainlinkPriced"] > 500
    assert relay.kinds()["ChainlinkPriced"] > 500
    for talk in (exchange, *others):
        assert {"ExchangeTraded", "ExchangeQuoted"} == set(talk.kinds())
        assert talk.lost == 0


def test_snapshots_are_the_worlds_books(world: World) -> None:
    round_ = next(one for one in world.rounds.values() if one.closes_ns > START_NS)
    talk = Conversation(
        MarketChannel((round_.up_token, round_.down_token)),
        Polymarket(world).market_session(),
    )
    book = world.book(round_.slug)
    for outcome, event in zip((Outcome.UP, Outcome.DOWN), talk.events, strict=True):
        assert isinstance(event, BookSnapshotted)
        assert list(event.bids) == book.levels(outcome, Side.BUY)[::-1]
        assert list(event.asks) == book.levels(outcome, Side.SELL)[::-1]
        assert event.tick == parse_micro("0.01")
