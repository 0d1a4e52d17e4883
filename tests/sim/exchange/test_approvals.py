"""What a wallet has allowed, and that nobody else's word counts."""

from __future__ import annotations

import pytest

from polytui.sim.exchange.approvals import MOST_ALLOWANCE, Approvals
from polytui.sim.exchange.contracts import (
    AUTO_REDEEMER,
    CONDITIONAL_TOKENS,
    CTF_EXCHANGE,
    POSITION_MANAGER,
    PUSD,
    PUSD_SPENDERS,
    ROUTER,
    SHARE_OPERATORS,
    USDC_E,
)

ANN, BOB = "0x" + "aa" * 20, "0x" + "bb" * 20


def test_an_allowance_shrinks_by_what_is_spent_and_ends() -> None:
    approvals = Approvals()
    assert not approvals.spend(ANN, PUSD, ROUTER, 1)
    approvals.approve(ANN, PUSD, ROUTER, 10)
    assert approvals.spend(ANN, PUSD, ROUTER, 4)
    assert not approvals.spend(ANN, PUSD, ROUTER, 7)
    assert approvals.allowance(ANN, PUSD, ROUTER) == 6
    assert approvals.allowance(BOB, PUSD, ROUTER) == 0
    assert approvals.allowance(ANN, USDC_E, ROUTER) == 0
    assert approvals.allowance(ANN, PUSD, CTF_EXCHANGE) == 0


def test_one_without_end_does_not_shrink() -> None:
    approvals = Approvals()
    approvals.approve(ANN, PUSD, ROUTER, MOST_ALLOWANCE)
    assert approvals.spend(ANN, PUSD, ROUTER, 10**12)
    assert approvals.allowance(ANN, PUSD, ROUTER) == MOST_ALLOWANCE


def test_operators_are_of_one_kind_of_shares_and_can_be_dismissed() -> None:
    approvals = Approvals()
    approvals.approve_all(ANN, CONDITIONAL_TOKENS, AUTO_REDEEMER, True)
    assert approvals.is_approved(ANN, CONDITIONAL_TOKENS, AUTO_REDEEMER)
    assert not approvals.is_approved(ANN, POSITION_MANAGER, AUTO_REDEEMER)
    assert not approvals.is_approved(BOB, CONDITIONAL_TOKENS, AUTO_REDEEMER)
    assert approvals.approved_for(CONDITIONAL_TOKENS, AUTO_REDEEMER) == [ANN]
    approvals.approve_all(ANN, CONDITIONAL_TOKENS, AUTO_REDEEMER, False)
    assert not approvals.is_approved(ANN, CONDITIONAL_TOKENS, AUTO_REDEEMER)


def test_a_new_account_of_the_website_has_allowed_everything() -> None:
    approvals = Approvals()
    approvals.approve_everything(ANN)
    assert all(approvals.allowance(ANN, PUSD, who) == MOST_ALLOWANCE for who in PUSD_SPENDERS)
    assert all(approvals.is_approved(ANN, *pair) for pair in SHARE_OPERATORS)


def _spend_and_break(approvals: Approvals) -> None:
    with approvals.atomic():
        approvals.spend(ANN, PUSD, ROUTER, 5)
        approvals.approve_all(ANN, CONDITIONAL_TOKENS, ROUTER, True)
        approvals.approve_all(ANN, CONDITIONAL_TOKENS, AUTO_REDEEMER, False)
        raise ZeroDivisionError


def test_what_is_done_before_a_fault_is_taken_back() -> None:
    approvals = Approvals()
    approvals.approve(ANN, PUSD, ROUTER, 5)
    approvals.approve_all(ANN, CONDITIONAL_TOKENS, AUTO_REDEEMER, True)
    with pytest.raises(ZeroDivisionError):
        _spend_and_break(approvals)
    assert approvals.allowance(ANN, PUSD, ROUTER) == 5
    assert not approvals.is_approved(ANN, CONDITIONAL_TOKENS, ROUTER)
    assert approvals.is_approved(ANN, CONDITIONAL_TOKENS, AUTO_REDEEMER)


def _nest(approvals: Approvals) -> None:
    with approvals.atomic():
        with approvals.atomic():
            approvals.approve(ANN, PUSD, ROUTER, 5)
        _spend_and_break(approvals)


def test_what_is_done_inside_goes_with_what_is_around_it() -> None:
    approvals = Approvals()
    with pytest.raises(ZeroDivisionError):
        _nest(approvals)
    assert approvals.allowance(ANN, PUSD, ROUTER) == 0
    approvals.approve(ANN, PUSD, ROUTER, 7)
    with pytest.raises(ZeroDivisionError):
        _spend_and_break(approvals)
    assert approvals.allowance(ANN, PUSD, ROUTER) == 7
