"""RTDS and PolyBolt without a socket, quirks included."""

from __future__ import annotations

import json
from typing import Any

import pytest
from small_world import E18, START_NS, SmallWorld

from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Side
from polytui.sim.wire.prices.activity import Activity
from polytui.sim.wire.prices.polybolt import PolyBoltSession
from polytui.sim.wire.prices.price_points import PricePoints
from polytui.sim.wire.prices.rtds import RtdsSession
from polytui.sim.world.world import World, WorldSettings

TWAP_VALUE = 91_234 * E18 + 561_234_567_890_123_456
SECOND_MS = START_NS // 10**6
# The small world begins three and a quarter seconds in; the first observation is at +3.75 s.


@pytest.fixture
def world() -> SmallWorld:
    world = SmallWorld()
    world.observe(91_200 * E18 + 5 * 10**17, None)
    return world


def parsed(texts: list[str]) -> list[Any]:
    return [json.loads(text) for text in texts]


def subscribe(topic: str, symbol: str | None, space: str = "") -> str:
    filters = "" if symbol is None else f'{{"symbol":{space}"{symbol}"}}'
    entry = {"topic": topic, "type": "update", "filters": filters}
    return json.dumps({"action": "subscribe", "subscriptions": [entry]})


def items(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "channel": channel,
            "filter": {"symbol": symbol, **({"window_seconds": 60} if "twap" in channel else {})},
        }
        for channel, symbol in pairs
    ]


@pytest.fixture
def of_btc() -> World:
    """A whole world, in which only BTC is played."""
    return World(WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,), messages=0.004))


def test_polybolt_has_nothing_of_an_asset_that_is_not_played(of_btc: World) -> None:
    session = PolyBoltSession(PricePoints(of_btc))
    auth = {"apiKey": "k", "secret": "s", "passphrase": "p"}
    session.receive(json.dumps({"op": "auth", "rid": "1", "auth": auth}))
    wanted = items(("price.crypto", "ethusd"), ("price.crypto.twap", "ethusd"))
    asked = {"op": "subscribe", "rid": "2", "subscriptions": wanted}
    *acks, spot, twap = parsed(session.receive(json.dumps(asked)))
    assert [ack["op"] for ack in acks] == ["subscribed", "subscribed"]
    assert spot["payload"]["data"] == twap["payload"]["data"] == []


@pytest.mark.parametrize(
    ("topic", "symbol"),
    [("crypto_prices_chainlink", "eth/usd"), ("crypto_prices", "ethusdt")],
)
def test_rtds_has_nothing_of_an_asset_that_is_not_played(
    of_btc: World, topic: str, symbol: str
) -> None:
    session = RtdsSession(PricePoints(of_btc), Activity(of_btc))
    for history in parsed(session.receive(subscribe(topic, symbol))):
        assert history["payload"]["data"] == []


class TestRtds:
    @pytest.fixture
    def session(self, world: SmallWorld) -> RtdsSession:
        return RtdsSession(PricePoints(world), Activity(world))

    def test_an_empty_text_comes_on_connect(self, session: RtdsSession) -> None:
        assert session.opening() == [""]

    def test_spot_history_is_mislabelled_and_updates_are_not(
        self, world: SmallWorld, session: RtdsSession
    ) -> None:
        (history,) = parsed(session.receive(subscribe("crypto_prices_chainlink", "btc/usd")))
        assert (history["topic"], history["type"]) == ("crypto_prices", "subscribe")
        assert history["payload"]["symbol"] == "btc/usd"
        assert history["payload"]["data"] == [{"timestamp": SECOND_MS + 2000, "value": 91200.5}]
        tick = world.observe(91_201 * E18, TWAP_VALUE)
        (update,) = parsed(session.publish(tick))
        assert update["topic"] == "crypto_prices_chainlink"
        assert update["timestamp"] == tick.at_ns // 10**6
        assert update["payload"] == {
            "full_accuracy_value": "91201000000000000000000",
            "symbol": "btc/usd",
            "timestamp": tick.observed_ns // 10**6,
            "value": 91201.0,
        }

    def test_twap_has_its_own_topic_exact_values_and_a_window(
        self, world: SmallWorld, session: RtdsSession
    ) -> None:
        world.observe(91_201 * E18, TWAP_VALUE)
        (history,) = parsed(session.receive(subscribe("crypto_prices_twap_sixty", "btc/usd")))
        assert history["topic"] == "crypto_prices_twap_sixty"
        assert history["payload"]["window_s"] == 60
        assert history["payload"]["data"][0]["full_accuracy_value"] == str(TWAP_VALUE)
        (update,) = parsed(session.publish(world.observe(91_202 * E18, TWAP_VALUE + 1)))
        assert update["payload"]["full_accuracy_value"] == str(TWAP_VALUE + 1)
        assert update["payload"]["window_s"] == 60

    def test_binance_topic_ticks_once_a_second_with_plain_decimals(
        self, world: SmallWorld, session: RtdsSession
    ) -> None:
        (history,) = parsed(session.receive(subscribe("crypto_prices", "btcusdt")))
        assert history["payload"]["symbol"] == "btcusdt"
        assert len(history["payload"]["data"]) == 120
        assert session.publish(world.trade(91_300.25, 0.5)) == []
        frames = parsed(
            [text for _ in range(4) for text in session.publish(world.trade(91_301.5, 0.5))]
        )
        assert [one["payload"]["timestamp"] for one in frames] == [
            SECOND_MS + 1000 * n for n in (5, 6)
        ]
        assert len(frames) == 2
        assert frames[1]["payload"]["full_accuracy_value"] == "91301.50000000"

    def test_without_a_symbol_there_is_no_history_but_every_asset(
        self, world: SmallWorld, session: RtdsSession
    ) -> None:
        assert session.receive(subscribe("crypto_prices_chainlink", None)) == []
        assert len(session.publish(world.observe(91_202 * E18, None))) == 1

    def test_a_space_in_the_filter_gives_history_and_then_silence(
        self, world: SmallWorld, session: RtdsSession
    ) -> None:
        text = subscribe("crypto_prices_chainlink", "btc/usd", space=" ")
        assert len(session.receive(text)) == 1
        assert session.publish(world.observe(91_202 * E18, None)) == []

    def test_one_bad_topic_refuses_the_whole_array(
        self, world: SmallWorld, session: RtdsSession
    ) -> None:
        frame = json.loads(subscribe("crypto_prices_chainlink", "btc/usd"))
        frame["subscriptions"].append({"topic": "crypto_price", "type": "update"})
        (refusal,) = parsed(session.receive(json.dumps(frame)))
        assert refusal["statusCode"] == 401
        assert refusal["body"]["message"] == "leger GetTopics error: crypto_price not found"
        assert session.publish(world.observe(91_202 * E18, None)) == []

    def test_a_bare_word_filter_is_refused(self, session: RtdsSession) -> None:
        entry = {"topic": "crypto_prices_chainlink", "type": "*", "filters": "btc/usd"}
        text = json.dumps({"action": "subscribe", "subscriptions": [entry]})
        assert parsed(session.receive(text))[0]["statusCode"] == 400

    def test_unsubscribe(self, world: SmallWorld, session: RtdsSession) -> None:
        text = subscribe("crypto_prices_chainlink", "btc/usd")
        session.receive(text)
        assert session.receive(text.replace("subscribe", "unsubscribe", 1)) == []
        assert session.publish(world.observe(91_202 * E18, None)) == []

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"action":"subscribe"}', '{"action":1}'])
    def test_bad_frames_are_refused(self, session: RtdsSession, text: str) -> None:
        assert parsed(session.receive(text))[0]["statusCode"] == 400


class TestPolyBolt:
    @pytest.fixture
    def session(self, world: SmallWorld) -> PolyBoltSession:
        return PolyBoltSession(PricePoints(world), now_s=lambda: 0.0)

    def say(self, session: PolyBoltSession, **frame: Any) -> list[Any]:
        return parsed(session.receive(json.dumps(frame)))

    def auth(self, session: PolyBoltSession) -> None:
        given = {"apiKey": "k", "secret": "s", "passphrase": "p"}
        assert self.say(session, op="auth", rid="1", auth=given) == [{"op": "authed", "rid": "1"}]

    def test_nothing_without_credentials(self, session: PolyBoltSession) -> None:
        wanted = items(("price.crypto", "btcusd"))
        assert self.say(session, op="subscribe", rid="2", subscriptions=wanted) == [
            {"op": "error", "rid": "2", "channel": "price.crypto", "code": "auth_required"}
        ]
        given = {"apiKey": "k", "secret": "", "passphrase": "p"}
        (answer,) = self.say(session, op="auth", rid="1", auth=given)
        assert answer["code"] == "auth_invalid"

    def test_acks_in_order_then_snapshots_then_numbered_updates(
        self, world: SmallWorld, session: PolyBoltSession
    ) -> None:
        world.observe(91_201 * E18, TWAP_VALUE)
        self.auth(session)
        wanted = items(("price.crypto.twap", "btcusd"), ("price.crypto", "btcusd"))
        answers = self.say(session, op="subscribe", rid="2", subscriptions=wanted)
        assert [one.get("op") for one in answers] == ["subscribed", "subscribed", None, None]
        snapshot = answers[2]
        assert (snapshot["channel"], snapshot["seq"], snapshot["snapshot"]) == (
            "price.crypto.twap",
            1,
            True,
        )
        assert snapshot["payload"]["window_seconds"] == 60
        assert [point["full_accuracy_value"] for point in snapshot["payload"]["data"]] == [
            "91234.561234567890123456"
        ]
        assert len(answers[3]["payload"]["data"]) == 2
        updates = parsed(session.publish(world.observe(91_202 * E18, TWAP_VALUE)))
        assert {one["channel"]: one["seq"] for one in updates} == {
            "price.crypto": 2,
            "price.crypto.twap": 2,
        }
        spot = next(one for one in updates if one["channel"] == "price.crypto")
        assert spot["payload"]["full_accuracy_value"] == "91202"
        assert "snapshot" not in spot

    def test_codes_for_what_is_wrong(self, session: PolyBoltSession) -> None:
        self.auth(session)
        wanted = [
            {"channel": "price.moon", "filter": {"symbol": "btcusd"}},
            {"channel": "price.crypto", "filter": {"symbol": "pepeusd"}},
            {"channel": "price.crypto.twap", "filter": {"symbol": "btcusd", "window_seconds": 30}},
            {"channel": "price.crypto"},
        ]
        answers = self.say(session, op="subscribe", rid="2", subscriptions=wanted)
        assert [one["code"] for one in answers] == [
            "bad_channel",
            "bad_filter",
            "bad_filter",
            "bad_filter",
        ]
        assert self.say(session, op="dance", rid="3")[0]["code"] == "bad_op"
        assert parsed(session.receive("nonsense")) == [{"op": "error", "code": "bad_op"}]

    def test_too_many_subscribe_frames_in_a_second(self, session: PolyBoltSession) -> None:
        self.auth(session)
        wanted = items(("price.crypto", "btcusd"))
        answers = [
            self.say(session, op="subscribe", rid=str(n), subscriptions=wanted)[0]
            for n in range(21)
        ]
        assert [one["op"] for one in answers] == ["subscribed"] * 20 + ["error"]
        assert answers[-1]["code"] == "rate_limited"

    def test_the_ninth_auth_hangs_up(self, session: PolyBoltSession) -> None:
        for _ in range(8):
            self.say(session, op="auth", rid="1", auth={})
        assert session.closing is None
        (answer,) = self.say(session, op="auth", rid="1", auth={})
        assert answer["code"] == "auth_attempts"
        assert session.closing == (4001, "auth attempts")

    def test_a_frame_too_large_hangs_up(self, session: PolyBoltSession) -> None:
        assert session.receive("x" * 70_000) == []
        assert session.closing == (4008, "frame too large")

    def test_ping_and_unsubscribe(self, world: SmallWorld, session: PolyBoltSession) -> None:
        self.auth(session)
        assert self.say(session, op="ping", rid="p1") == [{"op": "pong", "rid": "p1"}]
        wanted = items(("price.crypto", "btcusd"))
        self.say(session, op="subscribe", rid="2", subscriptions=wanted)
        (gone,) = self.say(session, op="unsubscribe", rid="3", subscriptions=wanted)
        assert gone == {"op": "unsubscribed", "rid": "3", "channel": "price.crypto"}
        assert session.publish(world.observe(91_202 * E18, None)) == []


class TestActivity:
    @pytest.fixture
    def session(self, world: SmallWorld) -> RtdsSession:
        return RtdsSession(PricePoints(world), Activity(world))

    def ask(self, verb: str, kind: str, filters: str = "") -> str:
        entry = {"topic": "activity", "type": kind, "filters": filters}
        return json.dumps({"action": verb, "subscriptions": [entry]})

    def test_a_trade_is_told_with_its_market_and_its_takers_side(
        self, world: SmallWorld, session: RtdsSession
    ) -> None:
        assert session.receive(self.ask("subscribe", "trades")) == []
        swept = world.sweep(Outcome.UP, Side.BUY, 530_000, 85)
        frames = parsed(session.publish(swept))
        assert [(one["topic"], one["type"]) for one in frames] == [("activity", "trades")] * 2
        first = frames[0]["payload"]
        assert (first["price"], first["size"], first["side"]) == (0.52, 80.25, "BUY")
        assert (first["asset"], first["outcome"]) == (world.first.up_token, "Up")
        assert (first["conditionId"], first["eventSlug"]) == (
            world.first.condition_id,
            world.first.slug,
        )
        hashes = {one["payload"]["transactionHash"] for one in frames}
        assert len(hashes) == 2

    @pytest.mark.parametrize(
        ("kind", "slug", "count"),
        [
            ("*", "", 2),
            ("orders_matched", "own", 1),
            ("trades", "other", 0),
            ("comments", "", 0),
        ],
    )
    def test_it_is_told_to_whom_it_concerns(
        self, world: SmallWorld, session: RtdsSession, kind: str, slug: str, count: int
    ) -> None:
        slugs = {"own": world.first.slug, "other": world.second.slug}
        filters = json.dumps({"event_slug": slugs[slug]}) if slug else ""
        session.receive(self.ask("subscribe", kind, filters))
        swept = world.sweep(Outcome.UP, Side.BUY, 520_000, 5)
        assert len(session.publish(swept)) == count
        session.receive(self.ask("unsubscribe", kind, filters))
        assert session.publish(swept) == []

    def test_who_needs_a_word_is_told_so_by_the_switch(self, world: SmallWorld) -> None:
        limits = [
            RtdsSession(PricePoints(world), Activity(world), needs_text_pings=needs).quiet_limit_s
            for needs in (False, True)
        ]
        assert limits == [None, 228.0]
