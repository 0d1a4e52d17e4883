"""What each of the wallet's commands would do, from what the chain says that the wallet has. Pure.

Nothing is planned that the chain would take back: what is missing is said in words first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polytui.ledger.wallet_work import WalletWork, WorkKind, redemptions
from polytui.model.errors import Fatal
from polytui.model.instrument import Outcome, Round
from polytui.model.units import Shares, Usd, format_micro
from polytui.tools.open_wallet import HeldRoundThere
from polytui.tools.wallet_operation import OperationStep, WalletOperation
from polytui.venues.polymarket.approvals import StandingApproval
from polytui.venues.polymarket.chain_calls import approve, merge, redeem_held, split, wrap
from polytui.venues.polymarket.chain_reads import DollarsThere
from polytui.venues.polymarket.contracts import ONRAMP, USDC_E
from polytui.venues.polymarket.explained_calls import contract_name

MENDS = "polytui approve"


def approve_plan(
    approvals: Iterable[StandingApproval], protocols: Sequence[str]
) -> WalletOperation:
    """What is missing of those that rounds of these protocols need."""
    missing = [one for one in approvals if not one.stands and one.needed.protocol in protocols]
    steps = [
        OperationStep(
            (one.needed.call,),
            f"to {one.needed.purpose} in {one.needed.protocol} rounds:"
            f" {contract_name(one.needed.spender)}",
        )
        for one in missing
    ]
    return WalletOperation("approve", tuple(steps))


def wrap_plan(wallet: str, dollars: DollarsThere, wanted: Usd | None) -> WalletOperation:
    """All of it, or so much; Fatal for more than there is."""
    amount = dollars.usdc_e if wanted is None else wanted
    if not amount:
        return WalletOperation("wrap", notes=(f"there is no USDC.e in {wallet}",))
    if amount > dollars.usdc_e:
        raise Fatal(
            f"{format_micro(amount)} USDC.e are more than the {format_micro(dollars.usdc_e)} there"
        )
    calls = (approve(USDC_E, ONRAMP, amount), wrap(wallet, amount))
    step = OperationStep(calls, f"{format_micro(amount)} USDC.e into as many pUSD")
    return WalletOperation("wrap", (step,))


def split_plan(
    there: HeldRoundThere,
    dollars: DollarsThere,
    wanted_by_orders: Usd,
    amount: Usd,
    approvals: Iterable[StandingApproval],
    now_ns: int,
) -> WalletOperation:
    """Fatal where the round is over, or the money is not there or is needed by orders."""
    listed = there.round
    if there.payouts is not None or listed.closes_ns <= now_ns:
        raise Fatal(f"{listed.slug} is over: sets of it are worth what its winner is")
    free = dollars.pusd - wanted_by_orders
    if amount > free:
        kept = f", {format_micro(wanted_by_orders)} of it for orders" if wanted_by_orders else ""
        raise Fatal(
            f"{format_micro(amount)} are more than the {format_micro(dollars.pusd)} there{kept}"
        )
    _must_stand(approvals, listed, "split")
    step = OperationStep(
        (split(listed, amount),), f"{format_micro(amount)} dollars into sets of {listed.slug}"
    )
    return WalletOperation("split", (step,))


def merge_plan(
    rounds: Iterable[HeldRoundThere], approvals: Sequence[StandingApproval], most: Shares | None
) -> WalletOperation:
    """Pairs of rounds without a result that no order offers, up to `most` of each round."""
    steps, notes = [], []
    for there in rounds:
        listed = there.round
        pairs = there.pairs if most is None else Shares(min(there.pairs, most))
        if pairs:
            _must_stand(approvals, listed, "merge and redeem")
            work = WalletWork(WorkKind.MERGE, listed, pairs, pairs, Usd(pairs))
            words = f"{format_micro(pairs)} pairs of {listed.slug}"
            steps.append(OperationStep((merge(listed, pairs),), words, work))
        elif there.payouts is not None:
            notes.append(f"{listed.slug} has a result: polytui redeem pays its winner")
        elif there.up and there.down:
            notes.append(
                f"{listed.slug}: its pairs are offered by orders; polytui cancel-all first"
            )
    return WalletOperation("merge", tuple(steps), tuple(notes))


def redeem_plan(
    rounds: Iterable[HeldRoundThere], approvals: Sequence[StandingApproval]
) -> WalletOperation:
    """Everything that the chain pays for."""
    steps, notes = [], []
    for there in rounds:
        listed = there.round
        if there.payouts is None:
            notes.append(f"{listed.slug} has no result on the chain yet")
            continue
        paid = (there.payouts.up, there.payouts.down)
        works = redemptions(listed, (there.up, there.down), paid)
        if works:
            _must_stand(approvals, listed, "merge and redeem")
        for work in works:
            words = f"{_sides(work)} of {listed.slug} for {format_micro(work.worth)} dollars"
            steps.append(OperationStep(redeem_held(listed, work.held), words, work))
        if not works:
            notes.append(f"{listed.slug}: its shares lost, and pay nothing")
    return WalletOperation("redeem", tuple(steps), tuple(notes))


def _must_stand(approvals: Iterable[StandingApproval], listed: Round, purpose: str) -> None:
    """Fatal where the contract may not take what it would need."""
    for one in approvals:
        needed = one.needed
        if needed.protocol != listed.protocol or needed.purpose != purpose:
            continue
        if not (one.left if needed.is_of_dollars else one.stands):
            raise Fatal(
                f"{contract_name(needed.spender)} may not take what {purpose} needs:"
                f" {MENDS} allows it"
            )


def _sides(work: WalletWork) -> str:
    sides = [
        f"{format_micro(shares)} {outcome.value}"
        for outcome, shares in zip(Outcome, (work.up, work.down), strict=True)
        if shares
    ]
    return " and ".join(sides)
