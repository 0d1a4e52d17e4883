"""`polytui wallet`, `approve`, `wrap`, `split`, `merge`, `redeem`: money moved by hand.

look      what the chain says that there is, and what the command would do
show      each call in words that are read from its own bytes; --dry-run ends here
confirm   the wallet is named, as for everything with real money
do        a batch at a time, each followed until it is final
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import trio
from attrs import frozen

from polytui.confirmation import Confirmation
from polytui.execution.wallet_log import WalletLog
from polytui.json_output import write_json
from polytui.model.errors import Fatal
from polytui.model.units import Shares, Usd
from polytui.precautions import check_writable
from polytui.tools.account_access import AccountAccess
from polytui.tools.held_positions import held_positions
from polytui.tools.open_wallet import HeldRoundThere, OpenWallet, open_wallet
from polytui.tools.operating import DoneBatch, Operating, failed_words
from polytui.tools.printed_table import print_words
from polytui.tools.wallet_operation import WalletOperation
from polytui.tools.wallet_overview import WalletOverview, show_wallet, wallet_document
from polytui.tools.wallet_plans import (
    approve_plan,
    merge_plan,
    redeem_plan,
    split_plan,
    wrap_plan,
)
from polytui.venues.polymarket.approvals import StandingApproval, standing

Plan = Callable[[OpenWallet], Awaitable[WalletOperation]]


@frozen
class HowToDoIt:
    """As the command line has it."""

    named: str
    """The wallet, where it is confirmed by a flag."""
    is_dry: bool
    json_path: str | None
    wait_s: float

    @property
    def is_quiet(self) -> bool:
        return self.json_path == "-"


# --- what there is --------------------------------------------------------------------------------


def wallet(access: AccountAccess, days: float, json_path: str | None) -> int:
    """1 where something could not be read."""
    check_writable(json_path)
    overview = trio.run(_overview, access, days)
    if json_path:
        write_json(wallet_document(overview), json_path)
    else:
        show_wallet(overview)
    return 1 if overview.there.held.unread else 0


async def _overview(access: AccountAccess, days: float) -> WalletOverview:
    async with open_wallet(access) as opened:
        there = await opened.looked_at(days)
        account = opened.account
        with _log_of(access, opened, is_read_only=True) as log:
            return WalletOverview(
                account.wallet, there, opened.gasless, log, account.settings.redeem
            )


# --- what can be done -----------------------------------------------------------------------------


def approve(access: AccountAccess, protocols: Sequence[str], how: HowToDoIt) -> int:
    async def plan(opened: OpenWallet) -> WalletOperation:
        funder = opened.account.wallet.funder
        there = await opened.reads.dollars(funder)
        return approve_plan(await standing(opened.reads, funder, there.pusd), protocols)

    return _do(access, "approve", plan, how)


def wrap(access: AccountAccess, amount: int | None, how: HowToDoIt) -> int:
    wanted = None if amount is None else Usd(amount)

    async def plan(opened: OpenWallet) -> WalletOperation:
        funder = opened.account.wallet.funder
        return wrap_plan(funder, await opened.reads.dollars(funder), wanted)

    return _do(access, "wrap", plan, how)


def split(access: AccountAccess, slug: str, amount: int, how: HowToDoIt) -> int:
    async def plan(opened: OpenWallet) -> WalletOperation:
        there, (dollars, wanted) = await opened.round(slug), await opened.free_dollars()
        approvals = await standing(opened.reads, opened.account.wallet.funder, 0)
        now_ns = opened.account.clock.now_ns()
        return split_plan(there, dollars, wanted, Usd(amount), approvals, now_ns)

    return _do(access, "split", plan, how)


def merge(
    access: AccountAccess, slug: str | None, shares: int | None, days: float, how: HowToDoIt
) -> int:
    most = None if shares is None else Shares(shares)

    async def plan(opened: OpenWallet) -> WalletOperation:
        rounds, approvals = await _rounds(opened, slug, days)
        found = merge_plan(rounds, approvals, most)
        return found if slug else _without_notes(found)

    return _do(access, "merge", plan, how)


def redeem(access: AccountAccess, slug: str | None, days: float, how: HowToDoIt) -> int:
    async def plan(opened: OpenWallet) -> WalletOperation:
        return redeem_plan(*await _rounds(opened, slug, days))

    return _do(access, "redeem", plan, how)


async def _rounds(
    opened: OpenWallet, slug: str | None, days: float
) -> tuple[list[HeldRoundThere], Sequence[StandingApproval]]:
    approvals = await standing(opened.reads, opened.account.wallet.funder, 0)
    if slug is not None:
        return [await opened.round(slug)], approvals
    held = await held_positions(opened.account, days)
    return await opened.rounds(held.positions), approvals


def _without_notes(operation: WalletOperation) -> WalletOperation:
    return WalletOperation(operation.name, operation.steps)


# --- how ------------------------------------------------------------------------------------------


def _do(access: AccountAccess, name: str, plan: Plan, how: HowToDoIt) -> int:
    check_writable(how.json_path)
    if not how.is_dry:
        access.check_gates()
    with _alone(access, name, is_dry=how.is_dry):
        operation, done = trio.run(partial(_done, access, plan, how))
    if how.json_path:
        write_json(_document(access, operation, done, how), how.json_path)
    if not how.is_quiet:
        _show_end(operation, done, how)
    return 0 if all(one.is_done for one in done) else 1


@contextmanager
def _alone(access: AccountAccess, name: str, *, is_dry: bool) -> Iterator[None]:
    """Blocked while an engine trades the wallet: two would take each other's numbers."""
    if is_dry:
        yield
        return
    with access.held(f"polytui {name}"):
        yield


async def _done(
    access: AccountAccess, plan: Plan, how: HowToDoIt
) -> tuple[WalletOperation, list[DoneBatch]]:
    # Where nobody can be asked, the answer is known before anything is.
    will_ask = Confirmation(how.named).will_ask
    if not how.is_dry and not will_ask:
        access.armed(Confirmation(how.named))
    async with open_wallet(access) as opened:
        if how.is_dry:
            return await plan(opened), []
        sender, account = opened.sender(), opened.account
        say = _silent if how.is_quiet else _on_stderr
        with _log_of(access, opened) as log:
            settings = account.settings.redeem
            operating = Operating(sender, log, settings, account.clock, say, how.wait_s)
            await operating.settle()
            operation = await plan(opened)
            if not operation.steps:
                return operation, []
            if will_ask:
                access.armed(Confirmation("", operation.words, _calls_of(operation)))
                _must_be_same(operation, await plan(opened))
            elif not how.is_quiet:
                print_words(*_calls_of(operation))
            return operation, await operating.run(operation)


def _must_be_same(shown: WalletOperation, now: WalletOperation) -> None:
    """What somebody said yes to; Fatal where it is another thing by now."""
    if [step.calls for step in shown.steps] != [step.calls for step in now.steps]:
        raise Fatal("what the wallet has changed while you typed: look once more, and run it again")


@contextmanager
def _log_of(
    access: AccountAccess, opened: OpenWallet, *, is_read_only: bool = False
) -> Iterator[WalletLog]:
    account = opened.account
    log = WalletLog(account.wallet.funder, access.work_log(), account.clock.now_ns)
    if is_read_only:
        log.look()
    else:
        log.begin()
    if log.damage and not is_read_only:
        raise Fatal(f"{log.damage}: start a session of this wallet once, which looks at its shares")
    try:
        yield log
    finally:
        log.close()


def _calls_of(operation: WalletOperation) -> list[str]:
    return [line for step in operation.steps for line in step.explained]


def _silent(_words: str) -> None:
    return None


def _on_stderr(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _show_end(operation: WalletOperation, done: Sequence[DoneBatch], how: HowToDoIt) -> None:
    if how.is_dry:
        print_words(*(f"would {line}" for line in _calls_of(operation)))
    for one in done:
        print_words(f"{operation.name}: {_ending(one)}", *(f"  {words}" for words in one.words))
    if not operation.steps:
        print_words(f"nothing to {operation.name}")
    print_words(*operation.notes)


def _ending(one: DoneBatch) -> str:
    if why := failed_words(one):
        return why
    gas = f", {one.gas_pol:.6g} POL of gas" if one.fate.gas_wei else ""
    return f"done in {one.took_s:.1f} s{gas} ({one.fate.transaction_hash})"


def _document(
    access: AccountAccess, operation: WalletOperation, done: Sequence[DoneBatch], how: HowToDoIt
) -> dict[str, Any]:
    return {
        "wallet": access.access.wallet.funder,
        "operation": operation.name,
        "is_dry_run": how.is_dry,
        "calls": [
            {
                "target": call.target,
                "value": call.value,
                "data": f"0x{call.data.hex()}",
                "words": words,
                "for": step.words,
            }
            for step in operation.steps
            for call, words in zip(step.calls, step.explained, strict=True)
        ],
        "notes": list(operation.notes),
        "batches": [
            {
                "for": list(one.words),
                "calls": list(one.calls),
                "stage": one.fate.stage.value,
                "why": failed_words(one),
                "transaction": one.fate.transaction_hash or None,
                "gas_pol": one.gas_pol,
                "took_s": round(one.took_s, 3),
            }
            for one in done
        ],
    }
