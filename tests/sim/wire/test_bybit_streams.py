"""Bybit's simulated streams: the venue's rules, and a book that adds up to what the world said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from small_world import SmallWorld

from polytui.model.events import ExchangeQuoted, ExchangeTraded, MarketEvent
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S
from polytui.sim.wire.exchanges import BYBIT_PATH, Exchanges
from polytui.sim.wire.spot.bybit_frames import BybitFrames
from polytui.sim.wire.spot.bybit_streams import BybitSession
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import ExchangeQuote, ExchangeTrade, WorldEvent
from polytui.venues.bybit import PING, BybitStreams

T0 = 1_795_204_800 * NS_PER_S
TOPICS = ["publicTrade.BTCUSDT", "orderbook.50.BTCUSDT"]


def trade(price: float = 82_680.0, size: float = 0.001185, **changes: Any) -> ExchangeTrade:
    given = {"at_ns": T0 + 951_000_000, "asset": Asset.BTC, "is_buyer_maker": False, **changes}
    return ExchangeTrade(price=price, size=size, venue=Exchange.BYBIT, **given)


def quote(
    bid: float = 82_679.9, ask: float = 82_680.0, at_ns: int = T0, asset: Asset = Asset.BTC
) -> ExchangeQuote:
    return ExchangeQuote(at_ns, asset, bid, 0.4182, ask, 0.913, Exchange.BYBIT)


class Client:
    """One session and its frames, as parsed JSON."""

    def __init__(self, frames: BybitFrames | None = None) -> None:
        self.frames = frames or BybitFrames(SmallWorld())
        self.session = BybitSession(self.frames, 7)

    def ask(self, op: str, *args: Any, **more: Any) -> list[Any]:
        return self.say(json.dumps({"req_id": "r1", "op": op, "args": args, **more}))

    def say(self, text: str) -> list[Any]:
        return [json.loads(answer) for answer in self.session.receive(text)]

    def see(self, world_event: WorldEvent) -> list[Any]:
        self.frames.note(world_event)
        return [json.loads(text) for text in self.session.publish(world_event)]


@pytest.fixture
def client() -> Client:
    client = Client()
    (answer,) = client.ask("subscribe", *TOPICS)
    assert answer["success"] is True
    return client


# --- control --------------------------------------------------------------------------------------


def test_an_acknowledgement_names_the_operation_in_its_message() -> None:
    client = Client()
    (answer,) = client.ask("subscribe", *TOPICS)
    assert answer == {
        "success": True,
        "ret_msg": "subscribe",
        "conn_id": answer["conn_id"],
        "req_id": "r1",
        "op": "subscribe",
    }
    (answer,) = client.ask("unsubscribe", *TOPICS)
    assert (answer["success"], answer["ret_msg"]) == (True, "unsubscribe")
    assert client.see(trade()) == []


def test_a_pong_says_op_ping() -> None:
    (answer,) = Client().say(PING)
    assert {**answer, "conn_id": ""} == {
        "success": True,
        "ret_msg": "pong",
        "conn_id": "",
        "op": "ping",
    }


def test_more_than_ten_topics_refuse_the_whole_request() -> None:
    kinds = ("publicTrade", "orderbook.50")
    known = [f"{kind}.{asset.value.upper()}USDT" for asset in Asset for kind in kinds]
    client = Client()
    (refusal,) = client.ask("subscribe", *known, *known[:3])
    assert (refusal["success"], refusal["ret_msg"]) == (False, "args size >10")
    (refusal,) = client.ask("subscribe", *known, "publicTrade.MOON", "publicTrade.SUN")
    assert refusal["ret_msg"] == "Invalid symbol :[publicTrade.MOON]", "ten are not too many"
    assert client.see(trade()) == []
    (answer,) = client.ask("subscribe", *known)
    assert answer["success"] is True
    assert len(client.see(trade())) == 1


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("publicTrade.MOONUSDT", "Invalid symbol :[publicTrade.MOONUSDT]"),
        ("orderbook.500.BTCUSDT", "error:handler not found,topic:orderbook.500.BTCUSDT"),
        ("publicTrade.BTCUSDT", "error:already subscribed,topic:publicTrade.BTCUSDT"),
        (5, "Invalid symbol :[5]"),
    ],
)
def test_one_bad_topic_refuses_the_whole_request(client: Client, topic: Any, words: str) -> None:
    (refusal,) = client.ask("subscribe", "publicTrade.ETHUSDT", topic)
    assert (refusal["success"], refusal["ret_msg"], refusal["op"]) == (False, words, "subscribe")
    assert client.see(trade(asset=Asset.ETH)) == []


def test_a_topic_that_was_left_may_be_joined_again(client: Client) -> None:
    client.see(quote())
    client.ask("unsubscribe", TOPICS[1])
    answer, snapshot = client.ask("subscribe", TOPICS[1])
    assert (answer["success"], snapshot["type"]) == (True, "snapshot")


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"op":"dance"}', '{"op":"subscribe"}'])
def test_what_is_no_request_is_refused(text: str) -> None:
    (refusal,) = Client().say(text)
    assert refusal["success"] is False
    assert refusal["ret_msg"].startswith("error:")


def test_ten_minutes_of_silence_end_it_and_the_venue_does_not_ping() -> None:
    session = Client().session
    assert (session.quiet_limit_s, session.ping_every_s, session.opening()) == (600.0, None, [])


# --- trades ---------------------------------------------------------------------------------------


def test_a_trade_has_the_takers_side_and_plain_numbers(client: Client) -> None:
    (frame,) = client.see(trade())
    ((row),) = frame.pop("data")
    assert frame == {
        "topic": "publicTrade.BTCUSDT",
        "ts": T0 // 10**6 + 954,
        "type": "snapshot",
    }
    assert (row["T"], row["p"], row["v"], row["S"]) == (
        T0 // 10**6 + 951,
        "82680",
        "0.001185",
        "Buy",
    )
    assert (row["s"], row["BT"], type(row["i"])) == ("BTCUSDT", False, str)
    (frame,) = client.see(trade(is_buyer_maker=True))
    assert frame["data"][0]["S"] == "Sell"


def test_ids_rise_but_not_by_one_and_are_the_same_for_all(client: Client) -> None:
    other = Client(client.frames)
    other.ask("subscribe", TOPICS[0])
    seen = []
    for number in range(20):
        world_event = trade(at_ns=T0 + number * NS_PER_S)
        (one,), (two,) = client.see(world_event), other.see(world_event)
        assert one == two
        seen.append(one["data"][0])
    steps = [int(b["i"]) - int(a["i"]) for a, b in pairwise(seen)]
    assert min(steps) >= 1 < max(steps)
    assert all(a["seq"] < b["seq"] for a, b in pairwise(seen))


def test_other_exchanges_and_assets_are_not_told(client: Client) -> None:
    elsewhere = ExchangeTrade(T0, Asset.BTC, 1.0, 1.0, False, Exchange.COINBASE)
    assert client.see(elsewhere) == []
    assert client.see(trade(asset=Asset.ETH)) == []


# --- the book -------------------------------------------------------------------------------------


def test_the_first_book_is_a_snapshot_and_each_later_one_the_next_change(client: Client) -> None:
    frames = [client.see(quote(bid, bid + 0.1, T0 + index * 20_000_000))[0]
              for index, bid in enumerate([82_679.9, 82_680.3, 82_680.3, 82_600.0])]  # fmt: skip
    assert [frame["type"] for frame in frames] == ["snapshot", "delta", "delta", "delta"]
    assert [b["data"]["u"] - a["data"]["u"] for a, b in pairwise(frames)] == [1, 1, 1]
    assert [len(frames[0]["data"][side]) for side in "ba"] == [50, 50]
    assert all(
        frame["ts"] >= frame["cts"] == (T0 // 10**6 + 20 * n) for n, frame in enumerate(frames)
    )
    assert (frames[2]["data"]["b"], frames[2]["data"]["a"]) == ([], []), "nothing has changed"


def test_a_change_makes_the_snapshot_that_another_client_gets(client: Client) -> None:
    (first,) = client.see(quote())
    book = {side: dict(first["data"][side]) for side in "ba"}
    for index, bid in enumerate([82_681.7, 82_670.0, 82_679.95]):
        (change,) = client.see(quote(bid, bid + 0.1, T0 + (index + 1) * NS_PER_S))
        for side in "ba":
            book[side] |= dict(change["data"][side])
            book[side] = {price: size for price, size in book[side].items() if size != "0"}
        _, whole = Client(client.frames).ask("subscribe", TOPICS[1])
        assert {side: dict(whole["data"][side]) for side in "ba"} == book
        assert whole["data"]["u"] == change["data"]["u"]
        assert max(map(float, book["b"])) == bid < min(map(float, book["a"]))
        assert [len(book[side]) for side in "ba"] == [50, 50]


def test_a_snapshot_for_a_newcomer_has_the_time_of_the_book() -> None:
    frames = BybitFrames(SmallWorld())
    frames.note(quote(at_ns=T0 + 5 * NS_PER_S))
    _, snapshot = Client(frames).ask("subscribe", TOPICS[1])
    assert snapshot["cts"] == T0 // 10**6 + 5000
    assert snapshot["ts"] >= snapshot["cts"]


def test_who_subscribes_before_the_first_quote_gets_a_snapshot_with_it() -> None:
    client = Client()
    assert len(client.ask("subscribe", TOPICS[1])) == 1
    assert [frame["type"] for frame in client.see(quote())] == ["snapshot"]
    assert [frame["type"] for frame in client.see(quote(82_679.0, at_ns=T0 + 1))] == ["delta"]


def test_a_restart_is_a_snapshot_with_update_one(client: Client) -> None:
    client.see(quote())
    client.frames.restart()
    (frame,) = client.see(quote(82_000.0, 82_001.0, T0 + NS_PER_S))
    assert (frame["type"], frame["data"]["u"]) == ("snapshot", 1)
    (frame,) = client.see(quote(82_000.5, 82_001.0, T0 + 2 * NS_PER_S))
    assert (frame["type"], frame["data"]["u"]) == ("delta", 2)


# --- what the codec reads is what the world said --------------------------------------------------


@pytest.fixture(scope="module")
def world_events() -> list[WorldEvent]:
    settings = WorldSettings(9, T0 + 60 * NS_PER_S, (Asset.BTC, Asset.XRP), (Interval.M5,))
    return list(World(settings).run_until(T0 + 150 * NS_PER_S))


def heard(asset: Asset, world_events: list[WorldEvent]) -> Iterator[tuple[WorldEvent, MarketEvent]]:
    """Each event of a client that listens from the start, with what caused it."""
    exchanges = Exchanges(SmallWorld())
    session, codec = exchanges.open_session(BYBIT_PATH), BybitStreams(asset)
    assert session is not None
    for text in codec.hello():
        for answer in session.receive(text):
            assert not codec.parse(answer, 1).refused
    for world_event in world_events:
        exchanges.note(world_event)
        for frame in session.publish(world_event):
            parsed = codec.parse(frame, world_event.at_ns)
            assert (parsed.rejected, parsed.refused, parsed.lost, parsed.replies) == ("", "", 0, ())
            yield from ((world_event, event) for event in parsed.events)


@pytest.mark.parametrize("asset", [Asset.BTC, Asset.XRP])
def test_every_trade_and_every_new_best_arrives_as_it_was(
    asset: Asset, world_events: list[WorldEvent]
) -> None:
    ours = [
        one
        for one in world_events
        if isinstance(one, ExchangeTrade | ExchangeQuote)
        and (one.venue, one.asset) == (Exchange.BYBIT, asset)
    ]
    pairs = list(heard(asset, world_events))
    for cause, event in pairs:
        if isinstance(cause, ExchangeTrade):
            assert isinstance(event, ExchangeTraded)
            side = Side.SELL if cause.is_buyer_maker else Side.BUY
            assert (event.price, event.size, event.taker_side) == (cause.price, cause.size, side)
        else:
            assert isinstance(cause, ExchangeQuote)
            assert isinstance(event, ExchangeQuoted)
            said = (cause.bid, cause.bid_size, cause.ask, cause.ask_size)
            assert (event.bid, event.bid_size, event.ask, event.ask_size) == said
            assert min(event.bid_depth, event.ask_depth) > 0
        assert event.venue_ns == cause.at_ns // 10**6 * 10**6
    causes = [cause for cause, _ in pairs]
    assert [one for one in ours if one not in causes] == [], "every one changes the bests here"
    assert len(causes) == len(ours) > 100


def test_a_lost_change_is_noticed_and_mended_by_a_new_snapshot(
    world_events: list[WorldEvent],
) -> None:
    client, codec = Client(), BybitStreams(Asset.BTC)
    for text in codec.hello():
        client.say(text)
    books, lost, mended = 0, 0, []
    for world_event in world_events:
        client.frames.note(world_event)
        for frame in client.session.publish(world_event):
            books += '"orderbook.' in frame
            if books == 3 and '"orderbook.' in frame:
                continue
            parsed = codec.parse(frame, 1)
            lost += parsed.lost
            for reply in parsed.replies:
                for answer in client.session.receive(reply):
                    mended += codec.parse(answer, 1).events
    assert books > 10
    assert (lost, len(mended)) == (1, 1)
