"""How the private reads and the user channel spell an order and a trade."""

from __future__ import annotations

import pytest
from desk_values import (
    CONDITION,
    DOWN_TOKEN,
    MAKER,
    MAKER_KEY,
    START_NS,
    TAKER,
    TAKER_KEY,
    UP_TOKEN,
    order_told,
    placed,
    signed,
    trade,
    trade_told,
)

from polytui.model.units import Shares
from polytui.sim.exchange.account_events import OrderChange
from polytui.sim.exchange.signed_order import OrderType
from polytui.sim.exchange.venue_order import OrderStatus
from polytui.sim.exchange.venue_trade import TradeStatus
from polytui.sim.wire.desk.account_documents import order_document, trade_document
from polytui.sim.wire.desk.user_frames import order_frame, trade_frame

SECOND = 1_795_204_800


def test_an_order_as_the_reads_spell_it() -> None:
    gtd = signed(order_type=OrderType.GTD, expiration_s=SECOND + 600)
    order = placed(gtd, matched=Shares(2_500_000), trade_ids=("t1",))
    assert order_document(order) == {
        "id": f"0x{1:064x}",
        "status": "LIVE",
        "owner": TAKER_KEY,
        "maker_address": TAKER,
        "market": CONDITION,
        "asset_id": UP_TOKEN,
        "side": "BUY",
        "original_size": "10",
        "size_matched": "2.5",
        "price": "0.52",
        "outcome": "Up",
        "expiration": str(SECOND + 600),
        "order_type": "GTD",
        "associate_trades": ["t1"],
        "created_at": SECOND,
    }


def test_a_list_of_trades_is_never_null_where_one_reads() -> None:
    assert order_document(placed())["associate_trades"] == []
    assert order_frame(order_told(placed()))["associate_trades"] is None


def test_a_trade_as_the_reads_spell_it() -> None:
    mined = trade(status=TradeStatus.MINED, transaction_hash="0xab", bucket_index=2)
    assert trade_document(mined, MAKER_KEY) == {
        "id": "28c4d2eb-bbea-40e7-a9f0-b2fdb56b2c2e",
        "taker_order_id": f"0x{1:064x}",
        "market": CONDITION,
        "asset_id": UP_TOKEN,
        "side": "BUY",
        "size": "10",
        "fee_rate_bps": "1000",
        "price": "0.57",
        "status": "TRADE_STATUS_MINED",
        "match_time": str(SECOND),
        "match_time_nano": f"{SECOND}257000000",
        "last_update": str(SECOND + 8),
        "outcome": "Up",
        "bucket_index": 2,
        "owner": TAKER_KEY,
        "maker_address": TAKER,
        "transaction_hash": "0xab",
        "err_msg": "",
        "maker_orders": [
            {
                "order_id": f"0x{2:064x}",
                "owner": MAKER_KEY,
                "maker_address": MAKER,
                "matched_amount": "10",
                "price": "0.43",
                "fee_rate_bps": "0",
                "asset_id": DOWN_TOKEN,
                "outcome": "Down",
                "side": "BUY",
            }
        ],
        "trader_side": "MAKER",
    }
    assert trade_document(mined, TAKER_KEY)["trader_side"] == "TAKER"


def test_an_order_as_the_stream_spells_it() -> None:
    told = order_told(placed(), at_ns=START_NS + 257_000_000)
    assert order_frame(told) == {
        "event_type": "order",
        "id": f"0x{1:064x}",
        "owner": TAKER_KEY,
        "market": CONDITION,
        "asset_id": UP_TOKEN,
        "side": "BUY",
        "order_owner": TAKER_KEY,
        "original_size": "10",
        "size_matched": "0",
        "price": "0.52",
        "associate_trades": None,
        "outcome": "Up",
        "type": "PLACEMENT",
        "created_at": str(SECOND),
        "expiration": "0",
        "order_type": "GTC",
        "status": "LIVE",
        "maker_address": TAKER,
        "timestamp": f"{SECOND}257",
    }


def test_a_trade_as_the_stream_spells_it() -> None:
    frame = trade_frame(trade_told(trade(), START_NS + 300_000_000), MAKER_KEY)
    assert frame["maker_orders"][0]["outcome_index"] == 1
    rest = {name: value for name, value in frame.items() if name != "maker_orders"}
    assert rest == {
        "event_type": "trade",
        "type": "TRADE",
        "id": "28c4d2eb-bbea-40e7-a9f0-b2fdb56b2c2e",
        "taker_order_id": f"0x{1:064x}",
        "market": CONDITION,
        "asset_id": UP_TOKEN,
        "side": "BUY",
        "size": "10",
        "price": "0.57",
        "fee_rate_bps": "0",
        "status": "MATCHED",
        "matchtime": str(SECOND),
        "last_update": str(SECOND + 8),
        "outcome": "Up",
        "owner": TAKER_KEY,
        "trade_owner": TAKER_KEY,
        "maker_address": TAKER,
        "transaction_hash": "",
        "bucket_index": 0,
        "trader_side": "MAKER",
        "timestamp": f"{SECOND}300",
    }


@pytest.mark.parametrize(
    ("order_type", "matched", "change", "original"),
    [
        (OrderType.FOK, 0, OrderChange.CANCELLATION, "5.2"),
        (OrderType.FAK, 0, OrderChange.CANCELLATION, "5.2"),
        (OrderType.FAK, 1_000_000, OrderChange.CANCELLATION, "10"),
        (OrderType.FOK, 0, OrderChange.PLACEMENT, "10"),
        (OrderType.GTC, 0, OrderChange.CANCELLATION, "10"),
    ],
)
def test_a_killed_purchase_for_dollars_names_its_dollars(
    order_type: OrderType, matched: int, change: OrderChange, original: str
) -> None:
    order = placed(signed(order_type=order_type), matched=Shares(matched))
    assert order_frame(order_told(order, change))["original_size"] == original


def test_the_venues_reason_follows_the_status() -> None:
    words = "order couldn't be fully filled. FOK orders are fully filled or killed."
    order = placed(status=OrderStatus.CANCELED, words=words)
    frame = order_frame(order_told(order, OrderChange.CANCELLATION))
    assert (frame["type"], frame["status"]) == ("CANCELLATION", f"CANCELED_{words}")
    assert order_document(order)["status"] == "CANCELED"
