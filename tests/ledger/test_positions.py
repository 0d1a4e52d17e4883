"""What is held and what it cost, to the millionth."""

from __future__ import annotations

import pytest

from polytui.ledger.positions import NotHeld, Positions
from polytui.model.events import HeldRound
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Fill, Holding, Side
from polytui.model.units import MICRO, Price, Shares, Usd

LISTED = Round(
    "round",
    Asset.BTC,
    Interval.M5,
    "0x1",
    "111",
    "222",
    0,
    Interval.M5.ns,
    SettlementRule.TWAP,
)


def book(
    positions: Positions,
    side: Side,
    price: float,
    shares: float,
    fee: float = 0.0,
    outcome: Outcome = Outcome.UP,
) -> int:
    fill = Fill(
        "t",
        Price(round(price * MICRO)),
        Shares(round(shares * MICRO)),
        Usd(round(fee * MICRO)),
        True,
    )
    return positions.fill("round", outcome, side, fill)


def test_a_buy_costs_its_price_and_its_fee() -> None:
    positions = Positions()
    assert book(positions, Side.BUY, 0.53, 10, fee=0.17437) == -5_474_370
    position = positions.of("round")
    assert (position.up, position.up_cost, position.cash_flow) == (
        10_000_000,
        5_474_370,
        -5_474_370,
    )
    assert (position.fees, position.fills) == (174_370, 1)


def test_a_sale_takes_its_part_of_the_cost_along() -> None:
    positions = Positions()
    book(positions, Side.BUY, 0.50, 10)
    assert book(positions, Side.SELL, 0.60, 4, fee=0.05) == 2_350_000
    position = positions.of("round")
    assert (position.up, position.up_cost, position.cash_flow) == (6_000_000, 3_000_000, -2_650_000)
    book(positions, Side.SELL, 0.60, 6)
    assert positions.of("round").total_cost == 0
    assert positions.holdings("round") == ()


def test_both_sides_are_kept_apart() -> None:
    positions = Positions()
    book(positions, Side.BUY, 0.50, 10)
    book(positions, Side.BUY, 0.30, 5, outcome=Outcome.DOWN)
    assert positions.holdings("round") == (
        Holding(Outcome.UP, Shares(10_000_000), Usd(5_000_000)),
        Holding(Outcome.DOWN, Shares(5_000_000), Usd(1_500_000)),
    )
    assert positions.total_cost == 6_500_000
    assert positions.open_flow == -6_500_000


@pytest.mark.parametrize("outcome", list(Outcome))
def test_selling_more_than_is_held_is_a_fault_and_changes_nothing(outcome: Outcome) -> None:
    positions = Positions()
    book(positions, Side.BUY, 0.50, 10)
    before = positions.state()
    with pytest.raises(NotHeld, match="round"):
        book(positions, Side.SELL, 0.50, 10.000001, outcome=outcome)
    assert positions.state() == before


def test_a_round_settles_at_a_dollar_for_each_winning_share() -> None:
    positions = Positions()
    book(positions, Side.BUY, 0.53, 10, fee=0.17437)
    book(positions, Side.BUY, 0.30, 5, outcome=Outcome.DOWN)
    assert positions.settle("round", Outcome.UP) == (10_000_000, 10_000_000 - 6_974_370)
    assert positions.total_cost == 0
    assert positions.settle("round", Outcome.UP) == (0, 0)


def test_what_was_held_before_a_crash_is_held_after_it() -> None:
    positions = Positions()
    held = HeldRound(LISTED, (Holding(Outcome.DOWN, Shares(7), Usd(3)),), Usd(-5))
    positions.restore(held)
    assert positions.holdings("round") == held.holdings
    assert positions.settle("round", Outcome.DOWN) == (7, 2)


def test_looking_at_a_round_does_not_make_a_position() -> None:
    positions = Positions()
    positions.of("round").up = Shares(5)
    assert positions.of("round").up == 0
    assert positions.state() == ()
