"""Letters: who gets which, for how long, and throwing them away."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from desk_values import START_NS, order_told, placed, signed, trade, trade_told

from polytui.model.units import NS_PER_S, Shares
from polytui.sim.exchange.account_events import OrderChange
from polytui.sim.exchange.api_keys import ApiKeys
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.exchange.venue_trade import TradeStatus
from polytui.sim.wire.desk.notices import Notices

ANNA, BERT = "0x" + "a1" * 20, "0x" + "b2" * 20


class Box:
    def __init__(self) -> None:
        keys = ApiKeys(7)
        anna, bert = keys.create(ANNA, 0, START_NS), keys.create(BERT, 0, START_NS)
        assert anna is not None
        assert bert is not None
        self.anna = placed(signed(1, api_key=anna.api_key), matched=Shares(10_000_000))
        self.bert = placed(signed(2, api_key=bert.api_key))
        self.orders: dict[str, VenueOrder] = {one.order_id: one for one in (self.anna, self.bert)}
        self.notices = Notices(keys, self.orders.get)

    def read(self, address: str = ANNA, at_ns: int = START_NS) -> list[dict[str, Any]]:
        return self.notices.read(address, at_ns)

    def cancel(self, at_ns: int = START_NS) -> None:
        self.notices.note(order_told(self.anna, OrderChange.CANCELLATION, at_ns))


def test_a_cancelled_order_is_told_as_the_venue_writes_it() -> None:
    box = Box()
    box.notices.note(order_told(box.anna))
    assert box.read() == []
    box.cancel()
    (letter,) = box.read()
    payload = letter.pop("payload")
    assert letter == {
        "id": 1,
        "type": 1,
        "owner": box.anna.api_key,
        "timestamp": START_NS // NS_PER_S,
    }
    assert payload["order_id"] == box.anna.order_id
    assert (payload["side"], payload["type"], payload["price"]) == ("BUY", "GTC", "0.52")
    sizes = [payload[f"{name}_size"] for name in ("original", "matched", "remaining")]
    assert sizes == ["10", "10", "0"]
    assert (payload["outcome"], payload["outcome_index"]) == ("Up", 0)
    assert (payload["trade_id"], payload["transaction_hash"]) == ("", "")
    assert box.read(BERT) == []


def test_both_sides_hear_of_a_fill_once_it_is_mined_and_of_one_that_failed() -> None:
    box = Box()
    made = trade(transaction_hash="0xab")
    for status in TradeStatus:
        box.notices.note(trade_told(evolve(made, status=status)))
    for address in (ANNA, BERT):
        letters = box.read(address)
        assert sorted(letter["type"] for letter in letters) == [2, 8]
        assert {letter["payload"]["trade_id"] for letter in letters} == {made.trade_id}
        assert letters[0]["payload"]["transaction_hash"] == "0xab"
    assert box.read(ANNA)[0]["payload"]["order_id"] != box.read(BERT)[0]["payload"]["order_id"]


def test_an_order_that_met_two_of_one_maker_is_told_once() -> None:
    box = Box()
    made = trade()
    twice = evolve(made, maker_parts=made.maker_parts * 2, status=TradeStatus.MINED)
    box.notices.note(trade_told(twice))
    assert len(box.read(BERT)) == 1


def test_the_crowd_gets_no_letters() -> None:
    box = Box()
    del box.orders[box.bert.order_id]
    box.notices.note(trade_told(trade(status=TradeStatus.MINED)))
    assert len(box.read(ANNA)) == 1
    assert box.read(BERT) == box.read("") == []


def test_letters_are_kept_two_days_and_the_newest_comes_first() -> None:
    box = Box()
    hour_ns = 3600 * NS_PER_S
    for hours in (0, 1, 2):
        box.cancel(START_NS + hours * hour_ns)
    assert [letter["id"] for letter in box.read()] == [3, 2, 1]
    assert [letter["id"] for letter in box.read(at_ns=START_NS + 48 * hour_ns)] == [3, 2, 1]
    assert [letter["id"] for letter in box.read(at_ns=START_NS + 48 * hour_ns + 1)] == [3, 2]
    assert box.read(at_ns=START_NS + 99 * hour_ns) == []


def test_only_ones_own_letters_can_be_thrown_away() -> None:
    box = Box()
    for _ in range(3):
        box.cancel()
    box.notices.drop(BERT, {1, 2, 3})
    box.notices.drop(ANNA, {2, 99})
    assert [letter["id"] for letter in box.read()] == [3, 1]


def test_a_box_is_bounded() -> None:
    box = Box()
    for _ in range(1_005):
        box.cancel()
    assert [box.read()[0]["id"], box.read()[-1]["id"]] == [1_005, 6]
