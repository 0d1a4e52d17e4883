"""What is held and what it cost, to the millionth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.positions import Positions
from polytui.model.events import HeldRound
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Fill, Holding, Side
from polytui.model.units import MICRO, Price, Shares, Usd


def of_all(positions: Positions, name: str) -> int:
    """A sum over every round."""
    return sum(getattr(positions.of(str(slug)), name) for slug, *_ in positions.state())  # type: ignore[misc]


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
    assert of_all(positions, "total_cost") == 6_500_000
    assert of_all(positions, "cash_flow") == -6_500_000


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_is_sold_beyond_what_is_held_is_owed(outcome: Outcome) -> None:
    positions = Positions()
    book(positions, Side.BUY, 0.50, 10)
    book(positions, Side.SELL, 0.50, 12, outcome=outcome)
    position, owed = positions.of("round"), 2 if outcome is Outcome.UP else 12
    assert position.shares(outcome) == 0
    assert (position.owed(outcome), position.pays(outcome)) == (owed * MICRO, -owed * MICRO)
    assert position.cash_flow == 1 * MICRO
    # At the dollar that each may cost, whoever wins: no limit is looser for it.
    assert position.carried == (0 if outcome is Outcome.UP else 5 * MICRO) - owed * MICRO
    assert position.is_open


def test_the_next_purchase_pays_back_first_with_its_part_of_the_cost() -> None:
    positions = Positions()
    book(positions, Side.SELL, 0.60, 4)
    book(positions, Side.BUY, 0.50, 10, fee=0.1)
    position = positions.of("round")
    assert (position.up, position.up_owed, position.up_cost) == (6_000_000, 0, 3_060_000)
    assert positions.settle("round", Outcome.UP) == (6_000_000, 6_000_000 + 2_400_000 - 5_100_000)


def test_a_round_settles_at_a_dollar_for_each_winning_share() -> None:
    positions = Positions()
    book(positions, Side.BUY, 0.53, 10, fee=0.17437)
    book(positions, Side.BUY, 0.30, 5, outcome=Outcome.DOWN)
    assert positions.settle("round", Outcome.UP) == (10_000_000, 10_000_000 - 6_974_370)
    assert of_all(positions, "total_cost") == 0
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


# --- counted at its cost, pairs at a dollar -------------------------------------------------------


@pytest.mark.parametrize(
    ("up", "down", "carried"),
    [
        ((0, 0.0), (0, 0.0), 0),
        ((10, 5.0), (0, 0.0), 5_000_000),
        ((0, 0.0), (10, 5.0), 5_000_000),
        # Ten pairs are ten dollars, whatever was paid for them.
        ((10, 5.0), (10, 1.0), 10_000_000),
        ((10, 9.0), (10, 9.0), 10_000_000),
        # Four of ten are paired: six are left of what five dollars bought.
        ((10, 5.0), (4, 1.2), 4_000_000 + 3_000_000),
        ((4, 1.2), (10, 5.0), 4_000_000 + 3_000_000),
        # A fraction of a millionth is counted against us.
        ((0.000003, 0.000002), (0.000001, 0.0), 1 + 1),
        ((0.000003, 0.000001), (0.000001, 0.0), 1 + 0),
    ],
)
def test_what_is_held_is_carried_at_its_cost_and_pairs_at_a_dollar(
    up: tuple[float, float], down: tuple[float, float], carried: int
) -> None:
    held = [
        Holding(outcome, Shares(round(shares * MICRO)), Usd(round(cost * MICRO)))
        for outcome, (shares, cost) in zip(Outcome, (up, down), strict=True)
    ]
    positions = Positions()
    positions.restore(HeldRound(LISTED, tuple(one for one in held if one.shares), Usd(0)))
    assert of_all(positions, "carried") == positions.of("round").carried == carried


def test_rounds_are_carried_together_and_pair_nothing_with_each_other() -> None:
    positions = Positions()
    up, down = (Fill("t", Price(400_000), Shares(MICRO), Usd(0), True) for _ in Outcome)
    positions.fill("one", Outcome.UP, Side.BUY, up)
    positions.fill("other", Outcome.DOWN, Side.BUY, down)
    assert of_all(positions, "carried") == 800_000


def test_what_a_sale_won_is_there_before_the_round_is_settled() -> None:
    positions = Positions()
    book(positions, Side.BUY, 0.50, 10)
    assert of_all(positions, "carried") + of_all(positions, "cash_flow") == 0
    book(positions, Side.SELL, 0.60, 4, fee=0.05)
    assert (
        of_all(positions, "carried") + of_all(positions, "cash_flow") == 350_000
    )  # 2.35 for what cost 2.00
    book(positions, Side.SELL, 0.30, 6)
    assert of_all(positions, "carried") + of_all(positions, "cash_flow") == 350_000 - 1_200_000


TRADES = st.lists(
    st.tuples(
        st.sampled_from(list(Outcome)),
        st.booleans(),
        st.integers(1, MICRO - 1).map(Price),
        st.integers(1, 50_000_000).map(Shares),
        st.integers(0, 2_000_000).map(Usd),
    ),
    max_size=12,
)
Trades = list[tuple[Outcome, bool, Price, Shares, Usd]]


def traded(trades: Trades) -> Positions:
    """Sales are of what is there."""
    positions = Positions()
    for outcome, is_sale, price, shares, fee in trades:
        held = positions.of("round").shares(outcome)
        side = Side.SELL if is_sale and held else Side.BUY
        size = min(shares, held) if side is Side.SELL else shares
        positions.fill("round", outcome, side, Fill("t", price, Shares(size), fee, True))
    return positions


@given(TRADES, st.integers(1, MICRO - 1).map(Price), st.sampled_from([*Outcome, None]))
def test_what_is_wholly_paired_is_booked_before_it_settles_to_the_millionth(
    trades: Trades, price: Price, winner: Outcome | None
) -> None:
    """By half sales and odd prices; whoever wins, and nobody."""
    positions = traded(trades)
    position = positions.of("round")
    less = Outcome.UP if position.up < position.down else Outcome.DOWN
    if missing := Shares(abs(position.up - position.down)):
        positions.fill("round", less, Side.BUY, Fill("t", price, missing, Usd(7), True))
    booked = of_all(positions, "carried") + of_all(positions, "cash_flow")
    _, pnl = positions.settle("round", winner)
    assert booked == pnl
    assert (of_all(positions, "carried"), of_all(positions, "cash_flow")) == (0, 0)


@given(TRADES)
def test_who_only_buys_one_side_has_won_and_lost_nothing_yet(trades: Trades) -> None:
    positions = traded(
        [(Outcome.DOWN, False, price, shares, fee) for *_, price, shares, fee in trades]
    )
    assert (
        of_all(positions, "carried")
        == of_all(positions, "total_cost")
        == -of_all(positions, "cash_flow")
    )
