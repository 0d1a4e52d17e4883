"""Calls move money as the contracts would, all of a batch or none, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chain_yard import ANN, BOB, CEM, PEOPLE, ChainYard
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.instrument import Outcome
from polytui.model.units import MICRO, Shares
from polytui.sim.exchange.approvals import MOST_ALLOWANCE
from polytui.sim.exchange.calls import (
    ApproveAllCall,
    ApproveCall,
    ChainCall,
    MergeCall,
    NothingCall,
    RedeemCall,
    RevertingCall,
    SplitCall,
    TransferCall,
    TransferSharesCall,
)
from polytui.sim.exchange.contracts import (
    AUTO_REDEEMER,
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK_COLLATERAL_ADAPTER,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
    USDC_E,
)
from polytui.sim.exchange.effects import CallRevertError, Effects
from polytui.sim.exchange.wallet_acts import ActKind, WalletActs

TEN = 10 * MICRO


def split(yard: ChainYard, amount: int = TEN, target: str = COLLATERAL_ADAPTER) -> SplitCall:
    return SplitCall(target, yard.first.condition_id, amount)


def merge(yard: ChainYard, amount: int = TEN) -> MergeCall:
    return MergeCall(COLLATERAL_ADAPTER, yard.first.condition_id, amount)


def redeem(yard: ChainYard) -> RedeemCall:
    return RedeemCall(COLLATERAL_ADAPTER, yard.first.condition_id)


def test_a_set_costs_a_dollar_and_is_worth_one() -> None:
    yard = ChainYard()
    yard.perform(ANN, split(yard))
    assert yard.shares(ANN) == (TEN, TEN)
    assert yard.holdings.usd(ANN) == 90 * MICRO
    yard.perform(ANN, merge(yard, 4 * MICRO))
    assert yard.shares(ANN) == (6 * MICRO, 6 * MICRO)
    assert yard.holdings.usd(ANN) == 94 * MICRO
    assert [act.kind for act in yard.yard.acts.of(ANN)] == [ActKind.SPLIT, ActKind.MERGE]
    yard.assert_conserved()


def test_winners_are_paid_a_dollar_a_share_once_there_is_a_result_and_only_once() -> None:
    yard = ChainYard()
    yard.perform(ANN, split(yard))
    token = yard.first.up_token
    yard.perform(ANN, TransferSharesCall(CONDITIONAL_TOKENS, ANN, BOB, token, 3 * MICRO))
    with pytest.raises(CallRevertError, match="result for condition not received yet"):
        yard.perform(BOB, redeem(yard))
    yard.play_until_resolved()
    is_up = yard.world.status(yard.first.slug).winner is Outcome.UP
    yard.perform(BOB, redeem(yard))
    yard.perform(ANN, redeem(yard))
    yard.perform(ANN, redeem(yard))
    assert yard.holdings.usd(BOB) == (103 if is_up else 100) * MICRO
    assert yard.holdings.usd(ANN) == (97 if is_up else 100) * MICRO
    assert yard.shares(ANN) == yard.shares(BOB) == (0, 0)
    # The loser's share has a row of its own, with nothing paid.
    assert [(act.kind.value, act.usd > 0) for act in yard.yard.acts.of(ANN)[2:]] == [
        ("REDEEM", is_up),
        ("REDEEM", not is_up),
    ]
    yard.assert_conserved()


def test_the_redeemer_comes_later_to_those_who_let_it() -> None:
    yard = ChainYard()
    yard.perform(ANN, split(yard))
    yard.perform(BOB, split(yard))
    yard.perform(BOB, ApproveAllCall(CONDITIONAL_TOKENS, AUTO_REDEEMER, False))
    yard.play_until_resolved()
    resolved_ns = yard.world.status(yard.first.slug).resolved_ns or 0
    assert yard.shares(ANN) == (TEN, TEN)
    yard.play((resolved_ns - yard.world.now_ns) / 1e9 + 119.0)
    assert yard.shares(ANN) == (TEN, TEN)
    yard.play(2.0)
    assert yard.shares(ANN) == (0, 0)
    assert yard.holdings.usd(ANN) == 100 * MICRO
    assert yard.shares(BOB) == (TEN, TEN)
    yard.assert_conserved()


Made = Callable[[ChainYard], ChainCall]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda yard: split(yard, 101 * MICRO), "ERC20: transfer amount exceeds balance"),
        (merge, "ERC1155: insufficient balance for transfer"),
        (lambda yard: split(yard, target=NEG_RISK_COLLATERAL_ADAPTER), "condition not prepared"),
        (lambda _: SplitCall(COLLATERAL_ADAPTER, "0x" + "ab" * 32, 1), "condition not prepared"),
        (lambda yard: split(yard, target=ROUTER), "^$"),
        (lambda _: TransferCall(PUSD, BOB, 101 * MICRO), "ERC20: transfer amount exceeds balance"),
        (lambda _: TransferCall(USDC_E, BOB, 1), "ERC20: transfer amount exceeds balance"),
        (
            lambda yard: TransferSharesCall(CONDITIONAL_TOKENS, ANN, BOB, yard.first.up_token, 1),
            "ERC1155: insufficient balance for transfer",
        ),
        (
            lambda yard: TransferSharesCall(POSITION_MANAGER, ANN, BOB, yard.first.up_token, 1),
            "ERC1155: insufficient balance for transfer",
        ),
        (
            lambda yard: TransferSharesCall(CONDITIONAL_TOKENS, CEM, BOB, yard.first.up_token, 1),
            "ERC1155: caller is not token owner or approved",
        ),
        (lambda _: RevertingCall(PUSD), "^$"),
    ],
)
def test_what_cannot_be_done_says_why_and_takes_back_what_came_before(
    make: Made, words: str
) -> None:
    yard = ChainYard()
    before = yard.holdings.approvals.allowance(ANN, PUSD, ROUTER)
    calls = (ApproveCall(PUSD, ROUTER, 5), TransferCall(PUSD, BOB, 1), make(yard))
    assert yard.yard.effects.try_out(ANN, calls) is not None
    with pytest.raises(CallRevertError, match=words):
        yard.perform(ANN, *calls)
    assert yard.holdings.usd(BOB) == yard.holdings.usd(ANN) == 100 * MICRO
    assert yard.holdings.approvals.allowance(ANN, PUSD, ROUTER) == before
    assert not any(yard.yard.acts.of(one) for one in PEOPLE)
    yard.assert_conserved()


def test_nothing_is_taken_that_was_not_allowed() -> None:
    yard = ChainYard(is_approved=False)
    with pytest.raises(CallRevertError, match="exceeds allowance"):
        yard.perform(ANN, split(yard))
    yard.perform(ANN, ApproveCall(PUSD, COLLATERAL_ADAPTER, TEN), split(yard))
    with pytest.raises(CallRevertError, match="exceeds allowance"):
        yard.perform(ANN, split(yard, 1))
    with pytest.raises(CallRevertError, match="not token owner or approved"):
        yard.perform(ANN, merge(yard))
    yard.perform(ANN, ApproveAllCall(CONDITIONAL_TOKENS, COLLATERAL_ADAPTER, True), merge(yard))
    assert yard.holdings.usd(ANN) == 100 * MICRO


def test_rounds_of_the_second_protocol_are_redeemed_outcome_by_outcome_at_the_router() -> None:
    yard = ChainYard(v2_share=1.0)
    name = yard.first.condition_id
    assert yard.first.protocol == "v2"
    with pytest.raises(CallRevertError):
        yard.perform(ANN, split(yard))
    yard.perform(ANN, SplitCall(ROUTER, name, TEN), MergeCall(ROUTER, name, 4 * MICRO))
    assert yard.shares(ANN) == (6 * MICRO, 6 * MICRO)
    with pytest.raises(CallRevertError, match="result for condition not received yet"):
        yard.perform(ANN, RedeemCall(ROUTER, name, 0, 1))
    yard.perform(ANN, ApproveAllCall(POSITION_MANAGER, AUTO_REDEEMER, False))
    yard.play_until_resolved()
    for wallet, amount in ((ANN, 6 * MICRO + 1), (BOB, 1)):
        with pytest.raises(CallRevertError, match="ERC1155: insufficient balance"):
            yard.perform(wallet, RedeemCall(ROUTER, name, 0, amount))
    yard.perform(ANN, RedeemCall(ROUTER, name, 0, 2 * MICRO), RedeemCall(ROUTER, name, 1, 1))
    assert yard.shares(ANN) == (4 * MICRO, 6 * MICRO - 1)
    is_up = yard.world.status(yard.first.slug).winner is Outcome.UP
    assert yard.holdings.usd(ANN) == 94 * MICRO + (2 * MICRO if is_up else 1)
    yard.assert_conserved()


def test_nobody_redeems_what_was_never_minted() -> None:
    yard = ChainYard(v2_share=1.0)
    yard.play_until_resolved()
    with pytest.raises(CallRevertError, match="ERC1155: insufficient balance"):
        yard.perform(ANN, RedeemCall(ROUTER, yard.first.condition_id, 1, 1))


def test_those_who_may_have_less_are_named_once_it_is_done() -> None:
    yard, told = ChainYard(), list[str]()
    effects = Effects(yard.world, yard.holdings, WalletActs(), told.append)
    effects.try_out(ANN, (split(yard),))
    with pytest.raises(CallRevertError):
        effects.perform(ANN, (split(yard), RevertingCall(PUSD)), "0x1")
    assert told == []
    effects.perform(ANN, (split(yard), TransferCall(PUSD, BOB, 1)), "0x2")
    assert told == [ANN]
    yard.perform(ANN, ApproveAllCall(CONDITIONAL_TOKENS, BOB, True))
    token = yard.first.up_token
    effects.perform(BOB, (TransferSharesCall(CONDITIONAL_TOKENS, ANN, CEM, token, 1),), "0x3")
    assert told == [ANN, BOB, ANN]


def test_trying_out_changes_nothing() -> None:
    yard = ChainYard()
    calls = (split(yard), TransferCall(PUSD, BOB, TEN), NothingCall("0x" + "11" * 20))
    assert yard.yard.effects.try_out(ANN, calls) is None
    assert yard.holdings.usd(ANN) == yard.holdings.usd(BOB) == 100 * MICRO
    assert yard.shares(ANN) == (0, 0)
    assert yard.holdings.sets(yard.first.condition_id) is None or (
        yard.holdings.outstanding(yard.first.up_token) == Shares(0)
    )


amounts = st.one_of(st.integers(0, 150 * MICRO), st.just(MOST_ALLOWANCE))
people = st.sampled_from(PEOPLE)


@st.composite
def batches(draw: st.DrawFn) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """(who, [(what, whom, how much)]) again and again."""
    kinds = ("split", "merge", "redeem", "pay", "hand", "approve", "let", "revert")
    call = st.tuples(st.sampled_from(kinds), people, amounts)
    return draw(st.lists(st.tuples(people, st.lists(call, min_size=1, max_size=4)), max_size=25))


def _made(yard: ChainYard, who: str, kind: str, whom: str, amount: int) -> ChainCall:
    first = yard.first
    token = first.up_token if amount % 2 else first.down_token
    return {
        "split": split(yard, amount),
        "merge": merge(yard, amount),
        "redeem": redeem(yard),
        "pay": TransferCall(PUSD, whom, amount),
        "hand": TransferSharesCall(CONDITIONAL_TOKENS, who, whom, token, amount),
        "approve": ApproveCall(PUSD, COLLATERAL_ADAPTER, amount),
        "let": ApproveAllCall(CONDITIONAL_TOKENS, COLLATERAL_ADAPTER, bool(amount % 2)),
        "revert": RevertingCall(PUSD),
    }[kind]


@given(batches(), st.integers(0, 25))
def test_random_batches_that_may_revert_conserve_dollars_and_shares(
    rows: list[tuple[str, list[tuple[str, str, int]]]], resolves_after: int
) -> None:
    yard = ChainYard()
    for number, (who, wishes) in enumerate(rows):
        if number == resolves_after:
            yard.play_until_resolved()
        calls = [_made(yard, who, *wish) for wish in wishes]
        before = _everything(yard)
        expected = yard.yard.effects.try_out(who, calls)
        assert _everything(yard) == before
        if expected is None:
            yard.perform(who, *calls)
        else:
            with pytest.raises(CallRevertError) as revert:
                yard.perform(who, *calls)
            assert str(revert.value) == expected
            assert _everything(yard) == before
        yard.assert_conserved()


def _everything(yard: ChainYard) -> object:
    holdings, first = yard.holdings, yard.first
    approvals = holdings.approvals
    return (
        [(holdings.usd(one), yard.shares(one)) for one in PEOPLE],
        [approvals.allowance(one, PUSD, COLLATERAL_ADAPTER) for one in PEOPLE],
        [approvals.is_approved(one, CONDITIONAL_TOKENS, COLLATERAL_ADAPTER) for one in PEOPLE],
        sum(sets.locked for sets in holdings.every_set()),
        holdings.outstanding(first.up_token),
        [len(yard.yard.acts.of(one)) for one in PEOPLE],
    )
