"""Results that come late, or to nothing: what the chain pays, and when; wrapped dollars."""

from __future__ import annotations

import pytest
from chain_yard import ANN, BOB, DOWN, UP, ChainYard

from polytui.model.units import HALF, MICRO, NS_PER_S
from polytui.sim.exchange.calls import (
    ApproveCall,
    MergeCall,
    RedeemCall,
    SplitCall,
    TransferCall,
    WrapCall,
)
from polytui.sim.exchange.contracts import COLLATERAL_ADAPTER, ONRAMP, USDC_E
from polytui.sim.exchange.effects import CallRevertError
from polytui.sim.world.registry import Verdict

HOURS = 3 * 3_600 * NS_PER_S


def resolved(yard: ChainYard) -> None:
    while not yard.world.status(yard.first.slug).is_resolved:
        yard.play(10.0)


def test_a_result_three_hours_late_is_three_hours_late() -> None:
    on_time, late = ChainYard(), ChainYard()
    late.world.rule(late.first.slug, Verdict(HOURS))
    for yard in (on_time, late):
        resolved(yard)
    first, second = (yard.world.status(yard.first.slug) for yard in (on_time, late))
    assert second.resolved_ns is not None
    assert first.resolved_ns is not None
    assert second.resolved_ns - first.resolved_ns == HOURS
    assert second.winner is first.winner
    with pytest.raises(ValueError, match="has its result"):
        late.world.rule(late.first.slug, Verdict())
    with pytest.raises(KeyError):
        late.world.rule("no such round", Verdict())


@pytest.mark.parametrize("winner", [UP, DOWN])
def test_a_winner_that_somebody_named_is_paid(winner: object) -> None:
    yard = ChainYard()
    yard.world.rule(yard.first.slug, Verdict(winner=UP if winner is UP else DOWN))
    resolved(yard)
    assert yard.world.status(yard.first.slug).winner is winner


def test_a_void_round_pays_half_a_dollar_a_share_and_rounds_down() -> None:
    yard, condition = ChainYard(), ""
    condition = yard.first.condition_id
    yard.world.rule(yard.first.slug, Verdict(is_void=True))
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, condition, 10 * MICRO + 1))
    yard.perform(ANN, MergeCall(COLLATERAL_ADAPTER, condition, 4 * MICRO))
    resolved(yard)
    status = yard.world.status(yard.first.slug)
    assert (status.is_resolved, status.winner) == (True, None)
    assert [status.payout(one) for one in (UP, DOWN)] == [HALF, HALF]
    yard.perform(ANN, RedeemCall(COLLATERAL_ADAPTER, condition))
    assert yard.shares(ANN) == (0, 0)
    # Each half of 6.000001 is 3.0000005: what no wallet can be paid stays where it was locked.
    assert yard.holdings.usd(ANN) == 100 * MICRO - 1
    sets = yard.holdings.sets(condition)
    assert sets is not None
    assert (sets.payouts, sets.locked) == ((HALF, HALF), 1)


def test_wrapping_takes_what_was_allowed_and_gives_as_much() -> None:
    yard = ChainYard()
    yard.holdings.fund_usdc_e(ANN, 5 * MICRO)
    call = WrapCall(ONRAMP, BOB, 2 * MICRO)
    with pytest.raises(CallRevertError, match="allowance"):
        yard.perform(ANN, call)
    yard.perform(ANN, ApproveCall(USDC_E, ONRAMP, 3 * MICRO), call)
    assert (yard.holdings.usdc_e(ANN), yard.holdings.usd(BOB)) == (3 * MICRO, 102 * MICRO)
    assert yard.holdings.approvals.allowance(ANN, USDC_E, ONRAMP) == MICRO
    with pytest.raises(CallRevertError, match="allowance"):
        yard.perform(ANN, call)
    with pytest.raises(CallRevertError, match="exceeds balance"):
        yard.perform(ANN, ApproveCall(USDC_E, ONRAMP, 9 * MICRO), WrapCall(ONRAMP, ANN, 4 * MICRO))
    assert yard.holdings.usdc_e(ANN) == 3 * MICRO
    yard.perform(ANN, TransferCall(USDC_E, BOB, MICRO))
    assert (yard.holdings.usdc_e(ANN), yard.holdings.usdc_e(BOB)) == (2 * MICRO, MICRO)
    yard.assert_conserved()
