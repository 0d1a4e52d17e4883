"""RTDS and PolyBolt: Chainlink's points, exact, and the venues' quirks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.events import ChainlinkPriced
from polytui.model.instrument import Asset, PriceKind
from polytui.venues.feed import IGNORED, NOTHING, Parsed
from polytui.venues.polymarket.price_streams import PolyBolt, Rtds

NOW = 1_800_000_000_000_000_000
CREDENTIALS = ApiKey("the-key", Secret("the-secret"), Secret("the-passphrase"))


def rtds(topic: str, **payload: Any) -> Parsed:
    frame = {"topic": topic, "type": "update", "timestamp": 1_790_877_851_173, "payload": payload}
    return Rtds(Asset.ETH).parse(json.dumps(frame), NOW)


def bolt(codec: PolyBolt, **frame: Any) -> Parsed:
    return codec.parse(json.dumps(frame), NOW)


def test_rtds_says_hello_with_one_topic_a_frame_and_no_space_in_the_filter() -> None:
    frames = [json.loads(text) for text in Rtds(Asset.XRP).hello()]
    assert [frame["action"] for frame in frames] == ["subscribe", "subscribe"]
    (spot,), (twap,) = (frame["subscriptions"] for frame in frames)
    assert spot == {
        "topic": "crypto_prices_chainlink",
        "type": "*",
        "filters": '{"symbol":"xrp/usd"}',
    }
    assert twap["topic"] == "crypto_prices_twap_sixty"
    assert " " not in twap["filters"]


def test_rtds_takes_the_exact_value_and_both_times() -> None:
    parsed = rtds(
        "crypto_prices_twap_sixty",
        full_accuracy_value="2695888685950540709888",
        symbol="eth/usd",
        timestamp=1_790_877_850_000,
        value=2695.88868,
        window_s=60,
    )
    event = ChainlinkPriced(
        Asset.ETH,
        "rtds",
        PriceKind.TWAP,
        2695.8886859505407,
        60,
        1_790_877_850_000_000_000,
        1_790_877_851_173_000_000,
        NOW,
    )
    assert parsed == Parsed((event,), is_data=True, stream="average")


def test_rtds_spot_history_is_told_from_binance_by_the_slash() -> None:
    points = [{"timestamp": 1_790_877_849_000 + step, "value": 2.5 + step} for step in (0, 1000)]
    parsed = rtds("crypto_prices", symbol="eth/usd", data=points)
    assert [(event.kind, event.window_s) for event in parsed.events] == [(PriceKind.SPOT, 0)] * 2  # type: ignore[union-attr]
    assert all(event.venue_ns == event.observed_ns for event in parsed.events)  # type: ignore[union-attr]
    assert parsed.is_data
    assert rtds("crypto_prices", symbol="ethusdt", data=points) == IGNORED
    assert rtds("crypto_prices", symbol="eth/usd", data=[]) == NOTHING


def test_rtds_ignores_other_assets_and_topics() -> None:
    point = {"timestamp": 1, "value": 2.0}
    assert rtds("crypto_prices_chainlink", symbol="btc/usd", **point) == IGNORED
    assert rtds("crypto_prices_new_kind", symbol="eth/usd", **point) == IGNORED
    assert rtds("activity", anything=1) == IGNORED
    codec = Rtds(Asset.ETH)
    for text in ("", "  ", "PONG", "pong"):
        assert codec.parse(text, NOW) == NOTHING


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"value": -1.0}, "not a price"),
        ({"value": 0}, "not a price"),
        ({"value": 1e300}, "not a price"),
        ({"value": None}, "without value"),
        ({"value": "2.0"}, "Expected"),
        ({"value": 2.0, "full_accuracy_value": "2.0"}, "integer x 10^18"),
        ({"value": 2.0, "full_accuracy_value": "-2" + "0" * 18}, "integer x 10^18"),
        ({"value": 2.0, "full_accuracy_value": "2"}, "but full_accuracy_value"),
        ({"value": 2.0, "full_accuracy_value": "3" + "0" * 18}, "but full_accuracy_value"),
        ({"value": 2.0, "timestamp": -1}, "not milliseconds"),
        ({"value": 2.0, "timestamp": None}, "without timestamp"),
        ({"value": 2.0, "symbol": ""}, "without symbol"),
        ({"value": 2.0, "window_s": 30}, "window of 30 s"),
        ({"data": [{"timestamp": 2, "value": -2.0}, {"value": 2.0}]}, "not a price"),
        ({"data": {"timestamp": 2, "value": 2.0}}, "Expected"),
    ],
)
def test_rtds_points_that_are_not_believed(payload: dict[str, Any], reason: str) -> None:
    whole = {"symbol": "eth/usd", "timestamp": 1_790_877_850_000, **payload}
    parsed = rtds("crypto_prices_twap_sixty", **whole)
    assert reason in parsed.rejected
    assert not parsed.events


def test_rtds_refusal_of_a_subscription_is_told_in_words() -> None:
    frame = {"body": {"message": "topic: x not found"}, "statusCode": 401}
    parsed = Rtds(Asset.BTC).parse(json.dumps(frame), NOW)
    assert parsed.refused == "subscription refused with 401: topic: x not found"


def test_polybolt_authenticates_first_and_subscribes_in_reply() -> None:
    codec = PolyBolt(Asset.BTC, CREDENTIALS)
    (auth,) = codec.hello()
    assert json.loads(auth) == {
        "op": "auth",
        "rid": "auth",
        "auth": {
            "apiKey": "the-key",
            "secret": "the-secret",
            "passphrase": "the-passphrase",
        },
    }
    parsed = bolt(codec, op="authed", rid="auth")
    assert not parsed.is_data
    (reply,) = parsed.replies
    assert json.loads(reply)["subscriptions"] == [
        {"channel": "price.crypto", "filter": {"symbol": "btcusd"}},
        {"channel": "price.crypto.twap", "filter": {"symbol": "btcusd", "window_seconds": 60}},
    ]


def test_credentials_never_show() -> None:
    for text in (repr(CREDENTIALS), str(CREDENTIALS), f"{PolyBolt(Asset.BTC, CREDENTIALS)!r}"):
        assert "the-" not in text
    assert "***" in repr(CREDENTIALS)


def test_polybolt_update_and_snapshot() -> None:
    codec = PolyBolt(Asset.BTC, CREDENTIALS)
    point = {"timestamp": 1_795_204_800_000, "full_accuracy_value": "91235.012345678901234567"}
    payload = {"symbol": "btcusd", "source": "chainlink", "window_seconds": 60}
    head = {"v": 1, "channel": "price.crypto.twap", "ts": 1_795_204_801_390}
    update = bolt(codec, **head, seq=2, payload={**payload, **point, "value": 91235.01})
    (event,) = update.events
    assert event == ChainlinkPriced(
        Asset.BTC,
        "polybolt",
        PriceKind.TWAP,
        91235.012345678901,
        60,
        1_795_204_800_000_000_000,
        1_795_204_801_390_000_000,
        NOW,
    )
    past = bolt(codec, **head, seq=3, snapshot=True, payload={**payload, "data": [point, point]})
    assert len(past.events) == 2
    assert past.events[0].venue_ns == 1_795_204_800_000_000_000  # type: ignore[union-attr]
    spot = {**head, "channel": "price.crypto"}
    (other,) = bolt(codec, **spot, seq=1, payload={"symbol": "btcusd", **point}).events
    assert (other.kind, other.window_s) == (PriceKind.SPOT, 0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "spoilt", [{"timestamp": 2, "value": -2.0}, {"value": 2.0}, {"timestamp": [], "value": 2.0}, 7]
)
def test_one_spoilt_point_of_a_history_is_lost_alone(spoilt: Any) -> None:
    good = {"timestamp": 1_790_877_850_000, "value": 2.0}
    parsed = rtds("crypto_prices_twap_sixty", symbol="eth/usd", data=[good, spoilt, good])
    assert len(parsed.events) == 2
    assert parsed.rejected
    assert (parsed.is_data, parsed.stream) == (True, "")


def test_polybolt_counts_what_was_lost_and_forgets_on_reconnect() -> None:
    codec = PolyBolt(Asset.BTC, CREDENTIALS)
    payload = {"symbol": "btcusd", "timestamp": 1, "value": 2.0}
    head = {"v": 1, "ts": 5, "payload": payload}
    for channel, seq in [("price.crypto", 5), ("price.crypto", 6), ("price.crypto.twap", 1)]:
        assert bolt(codec, **head, channel=channel, seq=seq).lost == 0
    assert bolt(codec, **head, channel="price.crypto", seq=9).lost == 2
    assert bolt(codec, **head, channel="price.crypto.twap", seq=2, dropped=3).lost == 3
    again = bolt(codec, **head, channel="price.crypto", seq=9)
    assert again == Parsed(duplicates=1), "and no sign of life"
    codec.hello()
    for seq in (1, 2):
        assert bolt(codec, **head, channel="price.crypto", seq=seq).lost == 0


@pytest.mark.parametrize(
    ("frame", "parsed"),
    [
        ({"op": "subscribed", "channel": "price.crypto"}, NOTHING),
        ({"op": "unsubscribed", "channel": "price.crypto"}, NOTHING),
        ({"op": "pong", "rid": "p1"}, NOTHING),
        ({"op": "something_new"}, IGNORED),
        ({"op": "error", "code": "auth_unavailable"}, IGNORED),
        ({"op": "error", "code": "rate_limited"}, IGNORED),
        ({"v": 1, "channel": "price.equity", "seq": 1}, IGNORED),
    ],
)
def test_polybolt_answers_that_are_no_data(frame: dict[str, Any], parsed: Parsed) -> None:
    assert bolt(PolyBolt(Asset.BTC, CREDENTIALS), **frame) == parsed


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ({"v": 2, "channel": "price.crypto", "seq": 1}, "unknown version 2"),
        ({"v": 1, "channel": "price.crypto", "seq": 0}, "seq 0"),
        ({"v": 1, "channel": "price.crypto", "seq": 10**30}, "seq 1000"),
        ({"v": 1, "channel": "price.crypto", "seq": 1}, "truncated"),
        ({}, "neither op nor channel"),
    ],
)
def test_polybolt_frames_that_are_rejected(frame: dict[str, Any], reason: str) -> None:
    parsed = bolt(PolyBolt(Asset.BTC, CREDENTIALS), **frame)
    assert reason in parsed.rejected


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (
            {"op": "error", "code": "auth_invalid"},
            "auth_invalid: it does not take this API key; prices come from rtds alone. polytui"
            " doctor tries the key",
        ),
        ({"op": "error", "code": "bad_filter", "channel": "c"}, "bad_filter on c"),
        ({"op": "error"}, "no code"),
    ],
)
def test_what_polybolt_refuses_is_told_in_its_words(frame: dict[str, Any], words: str) -> None:
    assert bolt(PolyBolt(Asset.BTC, CREDENTIALS), **frame) == Parsed(refused=words)


@pytest.mark.parametrize("other", [{"symbol": "ethusd"}, {"symbol": "btcusd", "source": "pyth"}])
def test_polybolt_ignores_other_symbols_and_sources(other: dict[str, str]) -> None:
    payload = {**other, "timestamp": 1, "value": 2.0}
    codec = PolyBolt(Asset.BTC, CREDENTIALS)
    assert bolt(codec, v=1, channel="price.crypto", seq=1, ts=5, payload=payload) == IGNORED
