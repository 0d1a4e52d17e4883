"""What the wallet's commands would do: exact amounts, nothing the chain would take back, words."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import START_NS, make_round

from polytui.ledger.wallet_work import WorkKind
from polytui.model.errors import Fatal
from polytui.model.units import HALF, MICRO, Shares, Usd
from polytui.tools.open_wallet import HeldRoundThere
from polytui.tools.wallet_operation import OperationStep, WalletOperation, batches
from polytui.tools.wallet_plans import (
    approve_plan,
    merge_plan,
    redeem_plan,
    split_plan,
    wrap_plan,
)
from polytui.venues.polymarket.approvals import NEEDED, StandingApproval
from polytui.venues.polymarket.chain_calls import WITHOUT_END, Call
from polytui.venues.polymarket.chain_reads import DollarsThere, Payouts
from polytui.venues.polymarket.ethereum import checksummed

ROUND = attrs.evolve(make_round(START_NS), condition_id="0x" + "ab" * 32)
WALLET = "0x" + "12" * 20
ALL = [StandingApproval(one, WITHOUT_END, True) for one in NEEDED]
NONE = [StandingApproval(one, 0, False) for one in NEEDED]
EMPTY = HeldRoundThere(ROUND, Shares(0), Shares(0), Shares(0), Shares(0), None)
UP_WON = Payouts(MICRO, 0)

amounts = st.integers(0, 10**12).map(Shares)


@given(up=amounts, down=amounts, offered_up=amounts, offered_down=amounts, most=amounts)
def test_a_merge_takes_no_share_that_an_order_offers(
    up: Shares, down: Shares, offered_up: Shares, offered_down: Shares, most: Shares
) -> None:
    there = HeldRoundThere(ROUND, up, down, offered_up, offered_down, None)
    for limit in (None, most):
        operation = merge_plan([there], ALL, limit)
        taken = sum(step.work.up for step in operation.steps if step.work is not None)
        assert taken <= max(0, up - offered_up)
        assert taken <= max(0, down - offered_down)
        assert limit is None or taken <= limit
        if limit is None:
            assert taken == max(0, min(up - offered_up, down - offered_down))


@given(up=amounts, down=amounts, payout=st.sampled_from([(MICRO, 0), (0, MICRO), (HALF, HALF)]))
def test_a_redemption_brings_what_the_chain_pays(
    up: Shares, down: Shares, payout: tuple[int, int]
) -> None:
    there = attrs.evolve(EMPTY, up=up, down=down, payouts=Payouts(*payout))
    operation = redeem_plan([there], ALL)
    brought = sum(step.work.worth for step in operation.steps if step.work is not None)
    assert brought == up * payout[0] // MICRO + down * payout[1] // MICRO
    assert all(step.work and step.work.kind is WorkKind.REDEEM for step in operation.steps)


def test_a_round_with_a_result_is_not_merged_and_one_without_is_not_redeemed() -> None:
    decided = attrs.evolve(EMPTY, up=Shares(5), down=Shares(5), payouts=UP_WON)
    merged = merge_plan([decided], ALL, None)
    assert (merged.steps, "polytui redeem" in merged.notes[0]) == ((), True)
    open_one = attrs.evolve(decided, payouts=None)
    redeemed = redeem_plan([open_one], ALL)
    assert (redeemed.steps, "no result" in redeemed.notes[0]) == ((), True)


def test_pairs_that_orders_offer_are_named() -> None:
    there = HeldRoundThere(ROUND, Shares(5), Shares(5), Shares(5), Shares(0), None)
    operation = merge_plan([there], ALL, None)
    assert operation.steps == ()
    assert "polytui cancel-all" in operation.notes[0]


def test_what_may_not_be_moved_is_said_before_anything_is_sent() -> None:
    decided = attrs.evolve(EMPTY, up=Shares(5), payouts=UP_WON)
    pair = attrs.evolve(EMPTY, up=Shares(5), down=Shares(5))
    money = DollarsThere(Usd(9 * MICRO), Usd(0))
    for plan in (
        lambda: redeem_plan([decided], NONE),
        lambda: merge_plan([pair], NONE, None),
        lambda: split_plan(EMPTY, money, Usd(0), Usd(MICRO), NONE, START_NS),
    ):
        with pytest.raises(Fatal, match="polytui approve"):
            plan()


def test_only_what_is_missing_is_approved() -> None:
    one_missing = [attrs.evolve(ALL[0], left=0, stands=False), *ALL[1:]]
    operation = approve_plan(one_missing, ("v1", "v2"))
    assert [step.calls for step in operation.steps] == [(NEEDED[0].call,)]
    assert approve_plan(one_missing, ("v2",)).steps == ()
    assert len(approve_plan(NONE, ("v1", "v2")).steps) == len(NEEDED)
    words = approve_plan(NONE, ("v1", "v2")).steps[0].explained
    assert words[0].startswith(
        "allow exchange (0xE111180000d2663C0091e4f400237545B87B996B) to take"
    )


def test_nothing_neg_risk_and_nobody_who_redeems_for_all_is_let_in() -> None:
    spenders = {one.spender.lower() for one in NEEDED}
    assert not spenders & {
        "0xe2222d279d744050d28e00520010520000310f59",
        "0xada2005600dec949baf300f4c6120000bdb6eaab",
        "0xa1200000d0002264c9a1698e001292d00e1b00af",
    }


def test_wrapping_allows_no_more_than_it_takes() -> None:
    operation = wrap_plan(WALLET, DollarsThere(Usd(0), Usd(12_345_678)), None)
    assert operation.steps[0].explained == [
        "allow onramp (0x93070a847efEf7F70739046A929D47a521F5B8ee) to take up to 12.345678 USDC.e"
        " (0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174)",
        "wrap 12.345678 USDC.e (0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174) into pUSD of"
        f" {checksummed(WALLET)}, at onramp (0x93070a847efEf7F70739046A929D47a521F5B8ee)",
    ]
    assert wrap_plan(WALLET, DollarsThere(Usd(5), Usd(0)), None).steps == ()
    with pytest.raises(Fatal, match="more than"):
        wrap_plan(WALLET, DollarsThere(Usd(5), Usd(7)), Usd(8))


def test_no_set_is_made_of_money_that_orders_need_or_of_a_round_that_is_over() -> None:
    money = DollarsThere(Usd(9 * MICRO), Usd(0))
    made = split_plan(EMPTY, money, Usd(4 * MICRO), Usd(5 * MICRO), ALL, START_NS)
    assert (
        made.steps[0].explained[0].startswith("split 5 dollars into as many sets of round 0xabab")
    )
    with pytest.raises(Fatal, match="4 of it for orders"):
        split_plan(EMPTY, money, Usd(4 * MICRO), Usd(5 * MICRO + 1), ALL, START_NS)
    with pytest.raises(Fatal, match="is over"):
        split_plan(EMPTY, money, Usd(0), Usd(MICRO), ALL, ROUND.closes_ns)
    decided = attrs.evolve(EMPTY, payouts=UP_WON)
    with pytest.raises(Fatal, match="is over"):
        split_plan(decided, money, Usd(0), Usd(MICRO), ALL, START_NS)


# --- batches --------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 4), max_size=40), st.integers(1, 6))
def test_batches_hold_everything_once_in_order_and_no_more_than_fits(
    lengths: list[int], most: int
) -> None:
    steps = [
        OperationStep(tuple(Call("0x", bytes([number, at])) for at in range(length)), str(number))
        for number, length in enumerate(lengths)
    ]
    made = batches(steps, most)
    calls = [call for batch in made for step in batch for call in step.calls]
    assert calls == [call for step in steps for call in step.calls]
    assert all(0 < sum(len(step.calls) for step in batch) <= most for batch in made)
    whole = [step for batch in made for step in batch if len(step.calls) > 1]
    assert all(step in steps for step in whole)


def test_few_batches_are_made_where_few_will_do() -> None:
    steps = [OperationStep((Call("0x", b""),), "") for _ in range(41)]
    assert [len(batch) for batch in batches(steps, 20)] == [20, 20, 1]
    assert WalletOperation("merge", tuple(steps)).words == "merge: 41 things"
