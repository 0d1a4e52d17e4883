"""`make trio`: what each says of its trades is read in one form, and what differs is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from benchmarks.three_traders.agreement import CROWD, Agreement, Has, Meeting
from benchmarks.three_traders.legs import (
    Leg,
    LegKey,
    Told,
    leg_of,
    told_by_client,
    told_by_journal,
    told_by_venue,
)
from polytui.execution.live_fills import fill_of
from polytui.journal.codec import FORMAT, Header, encode_header, encode_record
from polytui.journal.seal import sealed
from polytui.model.events import Event, Filled, Reversed
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, Shares, Usd
from polytui.venues.polymarket.user_channel import UserMatch

OURS, THEIRS = "0x" + "aa" * 20, "0x" + "bb" * 20
UP, DOWN = "71", "72"
RATES = {UP: 70_000, DOWN: 70_000}


def part(wallet: str, token: str, side: str, price: str, size: str) -> dict[str, str]:
    return {"order": "0x1", "wallet": wallet, "token": token, "side": side, "price": price,
            "size": size}  # fmt: skip


def row(**changes: Any) -> dict[str, Any]:
    """Buys seven shares of Up at 0.333 from whoever sells Up or buys Down."""
    usual = {
        "trade": "t1", "order": "0x2", "wallet": OURS, "token": UP, "side": "BUY",
        "price": "0.333", "size": "7", "role": "TAKER", "status": "CONFIRMED",
        "parts": [
            part(THEIRS, UP, "SELL", "0.333", "3.000001"),
            part(THEIRS, DOWN, "BUY", "0.667", "3.999999"),
        ],
    }  # fmt: skip
    return {**usual, **changes}


def venue_fill(**changes: Any) -> dict[str, Any]:
    usual = {
        "trade_id": "t1", "status": "CONFIRMED", "order_id": "0x2", "token_id": UP, "side": "BUY",
        "price": "0.333", "shares": "7", "usd": "2.331001", "fee": "0.10883", "is_taker": True,
    }  # fmt: skip
    return {**usual, **changes}


KEY = LegKey("t1", "TAKER", UP, "BUY")


def test_a_clients_list_comes_to_what_the_venue_moved() -> None:
    told = told_by_client([row()], OURS, RATES)
    there = told_by_venue({"fills": [venue_fill()]})
    assert told.legs == there.legs == {KEY: Leg(333_000, 7 * MICRO, 108_831)}
    assert told.flow == there.flow == -2_331_001 - 108_830
    assert told.held() == {UP: 7 * MICRO}


def test_our_own_reckoning_of_a_trade_is_the_same_leg() -> None:
    """The benchmark reckons by itself: two mistakes alike are not to hide each other."""
    parts = ((Price(333_000), Shares(3_000_001)), (Price(333_000), Shares(3_999_999)))
    match = UserMatch("o", UP, Side.BUY, Price(333_000), Shares(7 * MICRO), is_taker=True,
                      parts=parts)  # fmt: skip
    ours = fill_of(match, "o", "t1", Outcome.UP, FeeSchedule())
    (leg,) = told_by_client([row()], OURS, RATES).legs.values()
    assert (ours.price, ours.shares, ours.fee) == (leg.price, leg.shares, leg.fee)


def test_of_a_makers_parts_its_own_count_and_are_one_leg() -> None:
    told = told_by_client([row(role="MAKER")], THEIRS, RATES)
    sells, buys = LegKey("t1", "MAKER", UP, "SELL"), LegKey("t1", "MAKER", DOWN, "BUY")
    assert set(told.legs) == {sells, buys}
    assert told.legs[sells].fee == -1, "the fraction that the taker paid for"
    twice = row(role="MAKER", parts=[part(THEIRS, UP, "SELL", "0.333", "1")] * 2)
    assert told_by_client([twice], THEIRS, RATES).legs[sells].shares == 2 * MICRO


def test_what_the_chain_took_back_is_no_trade() -> None:
    told = told_by_client([row(status="FAILED")], OURS, RATES)
    there = told_by_venue({"fills": [venue_fill(status="FAILED")]})
    assert (told.legs, told.flow, told.failed) == (there.legs, 0, {"t1"})


@pytest.mark.parametrize(
    "leg",
    [Leg(334_000, 7_000_000, 0), Leg(333_000, 6_999_999, 0), Leg(333_000, 7_000_000, 1)],
    ids=["price", "shares", "fee"],
)
def test_any_figure_that_differs_is_a_difference(leg: Leg) -> None:
    there, said = Told(), Told()
    there.add(KEY, Leg(333_000, 7_000_000, 0))
    said.add(KEY, leg)
    assert len(differences(said, there)) == 1


@pytest.mark.parametrize(("name", "other"), [("role", "MAKER"), ("side", "SELL")])
def test_another_role_or_side_is_another_leg(name: str, other: str) -> None:
    there, said = Told(), Told()
    there.add(KEY, Leg(333_000, 7_000_000, 0))
    said.add(KEY._replace(**{name: other}), Leg(333_000, 7_000_000, 0))
    assert len(differences(said, there)) == 2, "one that is missing, one that nobody else has"


def test_a_trade_that_one_does_not_tell_of_is_a_difference_on_either_side() -> None:
    there, said = told_by_venue({"fills": [venue_fill()]}), Told()
    assert len(differences(said, there)) == len(differences(there, said)) == 1
    assert differences(Told(failed={"t9"}), Told()) == ["us: trade t9 failed as us says alone"]


def differences(said: Told, there: Told) -> list[str]:
    agreement = Agreement()
    agreement.compare("us", said, there)
    return agreement.differences


def test_money_and_shares_are_held_to_the_millionth() -> None:
    agreement = Agreement()
    agreement.hold("us", "its ledger", Has(10, {UP: 5, DOWN: 3}), Has(10, {UP: 5, DOWN: 3}))
    assert agreement.differences == []
    paid = Has(10, {UP: 5, DOWN: 3}).after({UP: True, DOWN: False})
    assert paid == Has(15, {})
    agreement.hold("us", "its ledger", paid, Has(14, {DOWN: 1}))
    assert len(agreement.differences) == 2


def test_who_met_whom_is_counted_once_and_who_never_did_is_told() -> None:
    trade = {
        "id": "t1", "maker_address": OURS, "asset_id": UP, "side": "BUY",
        "maker_orders": [
            {"maker_address": THEIRS, "asset_id": DOWN, "matched_amount": "2.5"},
            {"maker_address": "0xcc", "asset_id": UP, "matched_amount": "1"},
        ],
    }  # fmt: skip
    agreement = Agreement()
    agreement.meet([trade, trade], {OURS: "us", THEIRS: "them"})
    assert agreement.meetings == {
        Meeting("us", "them", "mint"): 1,
        Meeting("us", CROWD, "cross"): 1,
    }
    assert agreement.shares[Meeting("us", "them", "mint")] == 2_500_000
    assert list(agreement.never(("us", "them"), is_each_way=False)) == []
    assert list(agreement.never(("us", "them"), is_each_way=True)) == [
        "them never took from us",
        "no cross between any two of them",
        "no merge between any two of them",
    ]
    assert list(agreement.never(("us", "another"), is_each_way=False)) == [
        "us and another never met"
    ]


def test_of_a_journal_each_fill_counts_once_and_a_reversed_one_not_at_all(tmp_path: Path) -> None:
    fill = Filled("o1", "t1", Price(333_000), Shares(7_000_000), Usd(108_831), True, UP, Side.BUY)
    other = attrs.evolve(fill, order_id="o2", trade_id="t2", is_taker=False, fee=Usd(0))
    gone = Reversed("o2", "t2", UP, Side.BUY, other.price, other.shares, other.fee, "FAILED")
    told = told_by_journal(journal_of(tmp_path, [fill, fill, other, gone]))
    assert told.legs == {KEY: leg_of("BUY", 333_000, 7_000_000, 2_331_001, 108_830)}
    assert told.failed == {"t2"}


def journal_of(folder: Path, events: list[Event]) -> Path:
    header = encode_header(Header(FORMAT, "0", "demo", "made", 5))
    lines = [encode_record(n, n, "btc", one, (), True) for n, one in enumerate(events, 1)]
    path = folder / "journal.jsonl"
    path.write_bytes(sealed([header, *lines]))
    return path
