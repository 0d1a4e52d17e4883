"""Virtual orders: on their way until they are due, each side once, every millionth kept."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.attribution import StrategyPosition
from polytui.ledger.shadow import NEVER_NS, Sent, Shadow
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Fill, Quote, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd, cost_of, proceeds_of

UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
ENTER = Sent("round", "fade", Quote(UP, BUY, Price(510_000), Shares(20 * MICRO)), 5)
SALE = Sent(
    "round", "fade", Quote(UP, SELL, Price(600_000), Shares(20 * MICRO), TimeInForce.FAK), 9, UP
)
PAIR = Sent(
    "round", "fade", Quote(DOWN, BUY, Price(400_000), Shares(20 * MICRO), TimeInForce.FAK), 9, UP
)


def filled(price: float, shares: float = 20) -> Fill:
    at, size = Price(round(price * MICRO)), Shares(round(shares * MICRO))
    return Fill("", at, size, FeeSchedule().fee(at, size), is_taker=True)


def entered() -> Shadow:
    shadow = Shadow()
    shadow.fill(ENTER, [filled(0.50)])
    return shadow


def test_an_order_is_on_its_way_until_it_is_due() -> None:
    shadow = Shadow()
    assert shadow.next_due_ns == NEVER_NS
    shadow.send(evolve(ENTER, due_ns=7))
    shadow.send(evolve(ENTER, due_ns=5, strategy="sniper"))
    assert shadow.next_due_ns == 5
    assert shadow.is_waiting("round", "fade")
    assert not shadow.is_waiting("next", "fade")
    assert shadow.arrived(4) == []
    assert [sent.strategy for sent in shadow.arrived(6)] == ["sniper"]
    assert shadow.next_due_ns == 7
    assert [sent.strategy for sent in shadow.arrived(7)] == ["fade"]
    assert not shadow.is_waiting("round", "fade")
    assert shadow.arrived(100) == []


def test_it_pays_what_it_was_filled_at_with_the_fee() -> None:
    # 20 x 0.50, and 0.07 x 0.25 x 20 of fee, from the moment it was due
    assert entered().open("round") == (
        StrategyPosition("fade", UP, Shares(20_000_000), Usd(10_350_000), 5),
    )
    assert entered().position("round", "fade") == entered().open("round")[0]
    assert entered().position("round", "sniper") is None


def test_an_order_that_met_nobody_spends_no_side() -> None:
    shadow = Shadow()
    shadow.fill(ENTER, [])
    assert not shadow.has_entered("round", "fade", UP)
    shadow.fill(ENTER, [filled(0.50)])
    assert shadow.has_entered("round", "fade", UP)
    assert not shadow.has_entered("round", "fade", DOWN)
    assert not shadow.has_entered("round", "sniper", UP)
    assert not shadow.has_entered("next", "fade", UP)


@pytest.mark.parametrize("way", [SALE, PAIR])
def test_a_way_out_spends_no_side_and_is_remembered(way: Sent) -> None:
    shadow = entered()
    assert shadow.last_exit_ns("round", "fade") == 0
    shadow.send(way)
    assert shadow.last_exit_ns("round", "fade") == 9
    (sent,) = shadow.arrived(9)
    shadow.fill(sent, [filled(0.70 if way is SALE else 0.30)])
    assert not shadow.has_entered("round", "fade", DOWN)
    assert shadow.open("round") == ()
    # 14.00 - 0.29400 - 10.35, or 20 - 10.35 - 6.00 - 0.29400
    assert shadow.settle("round", DOWN) == {"fade": 3_356_000}
    result = shadow.results()["fade"]
    assert (result.entries, result.exits, result.wins, result.losses) == (1, 1, 1, 0)


def test_what_is_at_stake_is_held_or_on_its_way() -> None:
    shadow = entered()
    assert shadow.at_stake("fade") == 10_350_000
    shadow.send(evolve(ENTER, slug="next"))
    assert shadow.at_stake("fade") == 10_350_000 + 10_200_000
    shadow.send(SALE)
    assert shadow.at_stake("fade") == 10_350_000 + 10_200_000
    assert shadow.at_stake("sniper") == 0
    assert shadow.rounds_of("fade") == ["round"]


@pytest.mark.parametrize("is_settled", [True, False])
def test_a_round_that_is_over_takes_everything_of_it_along(is_settled: bool) -> None:
    shadow = entered()
    shadow.send(SALE)
    shadow.taken("round", "fade").take(BUY, Price(600_000), 5)
    if is_settled:
        shadow.settle("round", UP)
    else:
        shadow.forget("round")
    assert shadow.open("round") == ()
    assert shadow.arrived(100) == []
    assert shadow.next_due_ns == NEVER_NS
    assert not shadow.has_entered("round", "fade", UP)
    assert shadow.taken("round", "fade").state() == ()


def test_all_that_decides_is_in_the_state() -> None:
    base = entered().state()
    assert base == entered().state()
    for change in (
        lambda one: one.send(SALE),
        lambda one: one.taken("round", "fade").take(BUY, Price(600_000), 5),
        lambda one: one.fill(evolve(ENTER, strategy="sniper"), [filled(0.50)]),
    ):
        other = entered()
        change(other)
        assert other.state() != base
    spent = entered()
    spent.fill(SALE, [filled(0.60)])
    fresh = Shadow()
    assert spent.state()[2] != fresh.state()[2]


SIZES = st.integers(500, 6_000).map(lambda lots: lots / 100)
"""Five shares and more, as the venue takes them."""
DEALS = st.tuples(
    st.sampled_from(("a", "b")), st.sampled_from(list(Outcome)), st.integers(1, 99), SIZES
)


@given(st.lists(st.tuples(st.booleans(), DEALS), max_size=30), st.sampled_from(list(Outcome)))
def test_virtual_money_is_conserved(
    deals: list[tuple[bool, tuple[str, Outcome, int, float]]], winner: Outcome
) -> None:
    shadow = Shadow()
    flow = {"a": 0, "b": 0}
    held = {(name, outcome): 0 for name in flow for outcome in Outcome}
    for now_ns, (is_entry, (name, outcome, cents, size)) in enumerate(deals):
        fill = filled(cents / 100, size)
        side = BUY if is_entry else SELL
        if side is SELL and held[name, outcome] < fill.shares:
            continue
        quote = Quote(outcome, side, fill.price, fill.shares)
        shadow.fill(Sent("round", name, quote, now_ns, None if is_entry else outcome), [fill])
        if side is BUY:
            flow[name] -= cost_of(fill.price, fill.shares) + fill.fee
        else:
            flow[name] += proceeds_of(fill.price, fill.shares) - fill.fee
        held[name, outcome] += fill.shares if is_entry else -fill.shares
    pnls = shadow.settle("round", winner)
    for name in flow:
        assert pnls.get(name, 0) == flow[name] + held[name, winner]
