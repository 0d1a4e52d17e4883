"""The market channel without a socket: what a client reads, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from py_clob_client_v2.clob_types import OrderBookSummary, OrderSummary
from py_clob_client_v2.utilities import generate_orderbook_summary_hash
from small_world import SmallWorld

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import format_micro
from polytui.sim.wire.clob.market_channel import MarketSession
from polytui.sim.wire.rounds.market_frames import MarketFrames

Open = Callable[..., MarketSession]


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


@pytest.fixture
def open_session(world: SmallWorld) -> Open:
    frames = MarketFrames(world)

    def open_one(*tokens: str, custom: bool = False) -> MarketSession:
        session = MarketSession(frames)
        frame = {"type": "market", "assets_ids": list(tokens), "custom_feature_enabled": custom}
        session.receive(json.dumps(frame))
        return session

    return open_one


def parsed(texts: list[str]) -> list[Any]:
    return [json.loads(text) for text in texts]


def reference_hash(world: SmallWorld, outcome: Outcome, timestamp: str) -> str:
    """The official client's hash of the world's own book."""
    round_ = world.first
    book = world.book(round_.slug)
    last = world.last_trade(round_.slug, outcome)

    def side(of: Side) -> list[OrderSummary]:
        worst_first = reversed(book.levels(outcome, of))
        return [OrderSummary(price=format_micro(p), size=format_micro(s)) for p, s in worst_first]

    summary = OrderBookSummary(
        market=round_.condition_id,
        asset_id=round_.token_of(outcome),
        timestamp=timestamp,
        bids=side(Side.BUY),
        asks=side(Side.SELL),
        min_order_size="5",
        neg_risk=False,
        tick_size=format_micro(book.tick),
        last_trade_price="" if last is None else format_micro(last, 3),
        hash="",
    )
    return str(generate_orderbook_summary_hash(summary))


def test_first_answer_is_an_array_of_books_worst_level_first(world: SmallWorld) -> None:
    session = MarketSession(MarketFrames(world))
    tokens = [world.first.up_token, world.first.down_token]
    answers = parsed(session.receive(json.dumps({"type": "market", "assets_ids": tokens})))
    assert len(answers) == 1
    up, down = answers[0]
    assert up["event_type"] == "book"
    assert up["asset_id"] == world.first.up_token
    assert up["bids"] == [
        {"price": "0.01", "size": "3149725.72"},
        {"price": "0.49", "size": "35.5"},
        {"price": "0.5", "size": "120"},
    ]
    assert [level["price"] for level in up["asks"]] == ["0.99", "0.53", "0.52"]
    assert [level["price"] for level in down["bids"]] == ["0.01", "0.47", "0.48"]
    assert [level["price"] for level in down["asks"]] == ["0.99", "0.51", "0.5"]
    assert up["tick_size"] == "0.01"
    assert up["last_trade_price"] == ""
    assert up["hash"] == reference_hash(world, Outcome.UP, up["timestamp"])
    assert down["hash"] == reference_hash(world, Outcome.DOWN, down["timestamp"])


def test_a_move_is_one_mirrored_pair_with_hashes_of_the_resulting_books(
    world: SmallWorld, open_session: Open
) -> None:
    session = open_session(world.first.up_token)
    texts = session.publish(world.move(Side.BUY, 510_000, 7.123456))
    (frame,) = parsed(texts)
    assert frame["event_type"] == "price_change"
    assert frame["market"] == world.first.condition_id
    up, down = frame["price_changes"]
    assert (up["price"], up["size"], up["side"]) == ("0.51", "7.123456", "BUY")
    assert (down["price"], down["size"], down["side"]) == ("0.49", "7.123456", "SELL")
    assert (up["best_bid"], up["best_ask"]) == ("0.51", "0.52")
    assert (down["best_bid"], down["best_ask"]) == ("0.48", "0.49")
    assert up["hash"] == reference_hash(world, Outcome.UP, frame["timestamp"])
    assert down["hash"] == reference_hash(world, Outcome.DOWN, frame["timestamp"])


def test_a_removed_level_has_size_zero_and_an_empty_side_best_0_or_1(
    world: SmallWorld, open_session: Open
) -> None:
    session = open_session(world.first.up_token)
    for price in (520_000, 530_000):
        session.publish(world.move(Side.SELL, price, 0))
    (frame,) = parsed(session.publish(world.move(Side.SELL, 990_000, 0)))
    up, down = frame["price_changes"]
    assert up["size"] == "0"
    assert (up["best_bid"], up["best_ask"]) == ("0.5", "1")
    assert (down["best_bid"], down["best_ask"]) == ("0", "0.5")
    assert up["hash"] == reference_hash(world, Outcome.UP, frame["timestamp"])


def test_a_sweep_is_several_changes_of_one_timestamp_then_books_then_trades(
    world: SmallWorld, open_session: Open
) -> None:
    session = open_session(world.first.up_token, world.first.down_token)
    swept = world.sweep(Outcome.UP, Side.BUY, 530_000, 85.25)
    frames = parsed(session.publish(swept))
    kinds = [frame["event_type"] for frame in frames]
    assert kinds == ["price_change"] * 2 + ["book"] * 2 + ["last_trade_price"] * 2
    assert len({frame["timestamp"] for frame in frames}) == 1
    changes = [change for frame in frames[:2] for change in frame["price_changes"]]
    ups = [one for one in changes if one["asset_id"] == world.first.up_token]
    assert [(one["price"], one["size"]) for one in ups] == [("0.52", "0"), ("0.53", "5")]
    assert {(one["best_bid"], one["best_ask"]) for one in ups} == {("0.5", "0.53")}
    final = reference_hash(world, Outcome.UP, frames[0]["timestamp"])
    assert {one["hash"] for one in ups} == {final}
    book = frames[2]
    assert book["hash"] == final
    assert "tick_size" not in book
    assert "last_trade_price" not in book
    assert [level["price"] for level in book["asks"]] == ["0.99", "0.53"]
    trades = [(one["price"], one["size"], one["side"]) for one in frames[4:]]
    assert trades == [("0.52", "80.25", "BUY"), ("0.53", "5", "BUY")]
    assert {one["asset_id"] for one in frames[4:]} == {world.first.up_token}


def test_a_sweep_of_down_takes_ups_bids_and_prints_downs_prices(
    world: SmallWorld, open_session: Open
) -> None:
    session = open_session(world.first.down_token)
    frames = parsed(session.publish(world.sweep(Outcome.DOWN, Side.BUY, 500_000, 20)))
    assert [frame["event_type"] for frame in frames] == ["price_change", "book", "last_trade_price"]
    up, _down = frames[0]["price_changes"]
    assert (up["price"], up["size"], up["side"]) == ("0.5", "100", "BUY")
    assert frames[1]["asset_id"] == world.first.down_token
    assert frames[2]["price"] == "0.5"
    assert frames[1]["hash"] == reference_hash(world, Outcome.DOWN, frames[1]["timestamp"])


def test_a_tick_change_is_told_for_both_tokens_and_followed_by_books(
    world: SmallWorld, open_session: Open
) -> None:
    session = open_session(world.first.up_token, world.first.down_token)
    frames = parsed(session.publish(world.refine()))
    kinds = [frame["event_type"] for frame in frames]
    assert kinds == ["tick_size_change"] * 2 + ["book"] * 2
    assert (frames[0]["old_tick_size"], frames[0]["new_tick_size"]) == ("0.01", "0.001")
    assert frames[2]["tick_size"] == "0.001"
    (moved,) = parsed(session.publish(world.move(Side.BUY, 511_000, 3)))
    digest = moved["price_changes"][0]["hash"]
    assert digest == reference_hash(world, Outcome.UP, moved["timestamp"])


def test_custom_frames_only_for_those_who_asked(world: SmallWorld, open_session: Open) -> None:
    plain = open_session(world.first.up_token)
    custom = open_session(world.first.up_token, custom=True)
    moved = world.move(Side.BUY, 510_000, 5)
    assert [one["event_type"] for one in parsed(plain.publish(moved))] == ["price_change"]
    best = parsed(custom.publish(moved))[1]
    assert best["event_type"] == "best_bid_ask"
    assert (best["best_bid"], best["best_ask"], best["spread"]) == ("0.51", "0.52", "0.01")
    listed = world.list_round()
    assert plain.publish(listed) == []
    (news,) = parsed(custom.publish(listed))
    assert news["event_type"] == "new_market"
    assert news["slug"] == listed.round.slug
    assert news["clob_token_ids"] == [listed.round.up_token, listed.round.down_token]
    resolved = world.resolve(Outcome.DOWN)
    assert plain.publish(resolved) == []
    (end,) = parsed(custom.publish(resolved))
    assert end["winning_asset_id"] == world.first.down_token
    assert end["winning_outcome"] == "Down"


def test_what_does_not_change_the_best_sends_no_best_bid_ask(
    world: SmallWorld, open_session: Open
) -> None:
    custom = open_session(world.first.up_token, custom=True)
    frames = parsed(custom.publish(world.move(Side.BUY, 480_000, 5)))
    assert [frame["event_type"] for frame in frames] == ["price_change"]


def test_sessions_share_one_text_for_one_happening(world: SmallWorld, open_session: Open) -> None:
    one, two = open_session(world.first.up_token), open_session(world.first.down_token)
    moved = world.move(Side.BUY, 510_000, 5)
    assert one.publish(moved)[0] is two.publish(moved)[0]


def test_subscribe_and_unsubscribe_later(world: SmallWorld, open_session: Open) -> None:
    session = open_session(world.first.up_token)
    later = {"operation": "subscribe", "assets_ids": [world.second.up_token]}
    ((book,),) = parsed(session.receive(json.dumps(later)))
    assert book["asset_id"] == world.second.up_token
    assert (book["bids"], book["asks"]) == ([], [])
    gone = {"operation": "unsubscribe", "assets_ids": [world.first.up_token]}
    assert session.receive(json.dumps(gone)) == []
    assert session.publish(world.move(Side.BUY, 510_000, 5)) == []


def test_a_token_already_subscribed_is_refused(world: SmallWorld, open_session: Open) -> None:
    session = open_session(world.first.up_token)
    again = {"operation": "subscribe", "assets_ids": [world.first.up_token]}
    assert session.receive(json.dumps(again)) == ["duplicate assets"]


def test_unknown_tokens_are_left_out(world: SmallWorld) -> None:
    session = MarketSession(MarketFrames(world))
    assert session.receive('{"type":"market","assets_ids":["123"]}') == ["[]"]


def test_initial_dump_can_be_declined(world: SmallWorld) -> None:
    session = MarketSession(MarketFrames(world))
    frame = {"type": "market", "assets_ids": [world.first.up_token], "initial_dump": False}
    assert session.receive(json.dumps(frame)) == []
    assert len(session.publish(world.move(Side.BUY, 510_000, 5))) == 1


def test_ping_is_answered(world: SmallWorld) -> None:
    assert MarketSession(MarketFrames(world)).receive("PING") == ["PONG"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"type":"market"}',
        '{"type":"market","assets_ids":"x"}',
        '{"operation":"dance","assets_ids":[]}',
        '{"type":"market","assets_ids":[1]}',
    ],
)
def test_bad_frames_get_a_short_error(world: SmallWorld, text: str) -> None:
    assert MarketSession(MarketFrames(world)).receive(text) == ["INVALID OPERATION"]


def test_a_frame_nested_without_end_is_a_bad_frame(world: SmallWorld) -> None:
    assert MarketSession(MarketFrames(world)).receive("[" * 60_000) == ["INVALID OPERATION"]


def test_a_gap_in_watching_is_never_carried_into_the_next_subscription(
    world: SmallWorld, open_session: Open
) -> None:
    session = open_session(world.first.up_token)
    session.publish(world.move(Side.BUY, 510_000, 5))
    session.close()
    world.move(Side.BUY, 505_000, 9)
    back = open_session(world.first.up_token)
    (frame,) = parsed(back.publish(world.move(Side.BUY, 470_000, 1)))
    digest = frame["price_changes"][0]["hash"]
    assert digest == reference_hash(world, Outcome.UP, frame["timestamp"])


def test_rest_and_stream_agree_on_the_hash_of_an_unchanged_book(
    world: SmallWorld,
) -> None:
    frames = MarketFrames(world)
    session = MarketSession(frames)
    session.receive(json.dumps({"type": "market", "assets_ids": [world.first.up_token]}))
    (frame,) = parsed(session.publish(world.move(Side.BUY, 510_000, 5)))
    world.now_ns += 10**9
    rest = json.loads(frames.rest_book(world.first, Outcome.UP))
    assert rest["timestamp"] == frame["timestamp"]
    assert rest["hash"] == frame["price_changes"][0]["hash"]
    assert list(rest) == [
        "market",
        "asset_id",
        "timestamp",
        "hash",
        "bids",
        "asks",
        "min_order_size",
        "tick_size",
        "neg_risk",
        "last_trade_price",
    ]
