"""The odd forms: everything still comes, in forms that were seen, and the same way twice."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from desk_values import START_NS, TAKER_KEY, order_told, placed, signed, trade, trade_told

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S, Shares
from polytui.sim.exchange.account_events import OrderChange
from polytui.sim.exchange.api_keys import ApiKeys
from polytui.sim.exchange.signed_order import OrderType
from polytui.sim.exchange.venue_order import OrderStatus
from polytui.sim.exchange.venue_trade import TradeStatus
from polytui.sim.wire.desk.account_documents import order_document, trade_document
from polytui.sim.wire.desk.odd_forms import OddForms
from polytui.sim.wire.desk.odd_reads import OddReads
from polytui.sim.wire.desk.user_channel import UserChannelSettings, UserSession
from polytui.sim.wire.desk.user_frames import order_frame, trade_frame
from polytui.sim.world.world_events import ChainlinkTicked

Frames = list[dict[str, Any]]
ROUNDS = 300


def a_life(number: int) -> Frames:
    """An order that rests, is matched in part and cancelled; its trade is mined and fails."""
    order = placed(signed(number))
    part = evolve(order, matched=Shares(2_000_000), trade_ids=("t",))
    gone = evolve(part, status=OrderStatus.CANCELED)
    mine = trade(taker_order_id=order.order_id, trade_id=f"t{number}")
    failed = evolve(mine, status=TradeStatus.FAILED)
    return [
        order_frame(order_told(order)),
        order_frame(order_told(part, OrderChange.UPDATE)),
        trade_frame(trade_told(mine), TAKER_KEY),
        order_frame(order_told(gone, OrderChange.CANCELLATION)),
        trade_frame(trade_told(failed), TAKER_KEY),
    ]


def played(name: str = "anna", rounds: int = ROUNDS) -> Frames:
    odd = OddForms(name)
    out: Frames = []
    for number in range(rounds):
        for frame in a_life(number):
            out += odd.order(frame) if frame["event_type"] == "order" else odd.trade(frame)
        out += odd.late()
    return out


def identity(frame: dict[str, Any]) -> tuple[str, str, str]:
    status = frame["status"].removeprefix("TRADE_STATUS_") if frame["type"] == "TRADE" else ""
    return frame["id"], frame["type"], status


def test_nothing_is_lost() -> None:
    told = {identity(frame) for number in range(ROUNDS) for frame in a_life(number)}
    assert told <= {identity(frame) for frame in played()}


def test_a_session_happens_again_and_another_accounts_does_not() -> None:
    assert played() == played()
    assert played("anna", 20) != played("bert", 20)


def test_every_odd_order_of_events_is_seen() -> None:
    seen = [identity(frame) for frame in played()]
    at: dict[tuple[str, str, str], list[int]] = {}
    for index, name in enumerate(seen):
        at.setdefault(name, []).append(index)
    ids = [f"0x{number:064x}" for number in range(ROUNDS)]
    late = [o for o in ids if at[o, "PLACEMENT", ""][-1] > at[o, "CANCELLATION", ""][0]]
    early = [
        number
        for number, o in enumerate(ids)
        if at[f"t{number}", "TRADE", "MATCHED"][0] < at[o, "UPDATE", ""][0]
    ]
    twice = [name for name, places in at.items() if len(places) > 1]
    assert min(len(late), len(early), len(twice)) > ROUNDS // 10
    # What is held back does not wait for ever: at the latest until the next second.
    assert all(at[o, "UPDATE", ""] for o in ids)


def test_every_odd_spelling_is_seen_and_every_usual_one_too() -> None:
    frames = played()
    orders = [frame for frame in frames if frame["event_type"] == "order"]
    trades = [frame for frame in frames if frame["event_type"] == "trade"]
    for odd, usual in (
        (
            [f for f in orders if len(f["created_at"]) == 13],
            [f for f in orders if len(f["created_at"]) == 10],
        ),
        (
            [f for f in orders if len(f["timestamp"]) == 10],
            [f for f in orders if len(f["timestamp"]) == 13],
        ),
        ([f for f in orders if f["side"] == "buy"], [f for f in orders if f["side"] == "BUY"]),
        (
            [f for f in orders if f["size_matched"] == ""],
            [f for f in orders if f["size_matched"] == "0"],
        ),
        (
            [f for f in orders if f["size_matched"] is None],
            [f for f in orders if f["size_matched"] == "2"],
        ),
        (
            [f for f in orders if f["status"] == "ORDER_STATUS_LIVE"],
            [f for f in orders if f["status"] == "LIVE"],
        ),
        (
            [f for f in orders if f["status"] == "INVALID"],
            [f for f in orders if f["status"] == "CANCELED"],
        ),
        ([f for f in trades if "match_time" in f], [f for f in trades if "matchtime" in f]),
        (
            [f for f in trades if f.get("trader_side") == "taker"],
            [f for f in trades if f.get("trader_side") == "TAKER"],
        ),
        ([f for f in trades if "trader_side" not in f], [f for f in trades if "trader_side" in f]),
        (
            [f for f in trades if "maker_orders" not in f],
            [f for f in trades if "maker_orders" in f],
        ),
        (
            [f for f in trades if f.get("maker_orders") and "token_id" in f["maker_orders"][0]],
            [f for f in trades if f.get("maker_orders") and "asset_id" in f["maker_orders"][0]],
        ),
        (
            [f for f in trades if f["status"] == "MATCHED_NOT_BROADCASTED"],
            [f for f in trades if f["status"] == "MATCHED"],
        ),
        (
            [f for f in trades if f["status"] == "TRADE_STATUS_FAILED"],
            [f for f in trades if f["status"] == "FAILED"],
        ),
    ):
        assert len(odd) > 5
        assert len(usual) > 5


def test_a_killed_order_may_have_no_size_outcome_or_time() -> None:
    words = "order couldn't be fully filled. FOK orders are fully filled or killed."
    order = placed(signed(order_type=OrderType.FOK), status=OrderStatus.CANCELED, words=words)
    frame = order_frame(order_told(order, OrderChange.CANCELLATION))
    odd = OddForms("anna")
    seen = [one for _ in range(60) for one in odd.order(frame)]
    bare = [one for one in seen if one["outcome"] == ""]
    assert 5 < len(bare) < 50
    assert all(one["size_matched"] == "" and not one["created_at"].strip("0") for one in bare)


def test_the_frames_that_were_given_stay_as_they_were() -> None:
    frames = a_life(1)
    before = json.dumps(frames)
    odd = OddForms("anna")
    for _ in range(50):
        for frame in frames:
            (odd.order if frame["event_type"] == "order" else odd.trade)(frame)
    assert json.dumps(frames) == before


def test_a_hostile_channel_lets_go_of_what_it_held_with_the_next_second() -> None:
    keys = ApiKeys(7)
    key = keys.create("0x" + "a1" * 20, 0, START_NS)
    assert key is not None
    session = UserSession(keys, UserChannelSettings(is_hostile=True))
    session.receive(
        json.dumps(
            {
                "type": "user",
                "auth": {
                    "apiKey": key.api_key,
                    "secret": key.secret,
                    "passphrase": key.passphrase,
                },
            }
        )
    )
    second = ChainlinkTicked(START_NS + NS_PER_S, Asset.BTC, START_NS, 1, None)
    held = 0
    for number in range(40):
        told = order_told(placed(signed(number, api_key=key.api_key)))
        if not session.publish(told):
            held += 1
            assert session.publish(second)
        assert session.publish(second) == []
    assert 5 < held < 35


def test_rows_of_the_reads_have_odd_spellings_too() -> None:
    odd = OddReads("7")
    order, made = order_document(placed()), trade_document(trade(), TAKER_KEY)
    before = json.dumps([order, made])
    orders = [odd.order(order) for _ in range(100)]
    trades = [odd.trade(made) for _ in range(100)]
    assert json.dumps([order, made]) == before
    for rows, name, forms in (
        (orders, "status", {"LIVE", "ORDER_STATUS_LIVE"}),
        (orders, "created_at", {START_NS // NS_PER_S, START_NS // NS_PER_S * 1000}),
        (orders, "size_matched", {"0", ""}),
        (orders, "side", {"BUY", "buy"}),
        (trades, "status", {"TRADE_STATUS_MATCHED", "MATCHED"}),
        (trades, "match_time", {"1795204800", "1795204800000"}),
        (trades, "trader_side", {"TAKER", "taker"}),
        (trades, "transaction_hash", {"", None}),
    ):
        assert {row[name] for row in rows} == forms, name
    assert {type(row["associate_trades"]) for row in orders} == {list, type(None)}
    assert {len(row["maker_orders"]) for row in trades} == {0, 1}
