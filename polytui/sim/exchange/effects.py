"""What a wallet's calls do to money, shares and approvals: all of a batch, or none of it.

Checks are the contracts' own, in their order: the right contract for the round, then whether it may
take what it needs, then whether that is there. Whatever fails reverts the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from polytui.model.instrument import Outcome, Round
from polytui.model.units import Shares, Usd
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
    WrapCall,
)
from polytui.sim.exchange.contracts import PUSD, ROUTER, USDC_E, shares_of, splitter_of
from polytui.sim.exchange.holdings import Holdings, ShortError
from polytui.sim.exchange.names import hash_of
from polytui.sim.exchange.wallet_acts import ActKind, WalletAct, WalletActs
from polytui.sim.world.world import World

OUTCOMES = (Outcome.UP, Outcome.DOWN)
_NO_ALLOWANCE = "ERC20: transfer amount exceeds allowance"
_NO_OPERATOR = "ERC1155: caller is not token owner or approved"
_NO_PAYOUT = "result for condition not received yet"


def _nobody_cares(_wallet: str) -> None:
    """Where nobody trades."""


class CallRevertError(Exception):
    """The batch did nothing; in the contract's words, which may be none."""


class Effects:
    """The one way from calls to holdings. Nothing else of the chain moves money."""

    def __init__(
        self,
        world: World,
        holdings: Holdings,
        acts: WalletActs,
        moved: Callable[[str], None] = _nobody_cares,
    ) -> None:
        """`moved` hears of each wallet that may have less, or allow less, than before."""
        self._world = world
        self._moved = moved
        self._holdings = holdings
        self._approvals = holdings.approvals
        self._acts = acts

    def perform(self, wallet: str, calls: Sequence[ChainCall], transaction_hash: str) -> None:
        """Does what the calls say, in their order; CallRevertError, and nothing was done."""
        acts: list[WalletAct] = []
        with self._holdings.atomic():
            for call in calls:
                acts += self._one(wallet, call, transaction_hash)
        self._acts.add(*acts)
        owners = [call.owner for call in calls if isinstance(call, TransferSharesCall)]
        for loser in dict.fromkeys((wallet, *owners)):
            self._moved(loser)

    def try_out(self, wallet: str, calls: Sequence[ChainCall]) -> str | None:
        """Why the calls would revert just now; None where they would not. Changes nothing."""
        try:
            with self._holdings.atomic():
                for call in calls:
                    self._one(wallet, call, "")
                raise _EnoughError
        except _EnoughError:
            return None
        except CallRevertError as revert:
            return str(revert)

    def redeem_all(self, wallet: str, listed: Round) -> None:
        """For a wallet that lets somebody do it, of a round with a result."""
        with self._holdings.atomic():
            acts = self._redeemed(wallet, listed, None, 0)
        name = hash_of(f"{self._world.seed}:redeemed:{wallet}:{listed.slug}")
        self._acts.add(*(_stamped(act, self._world.now_ns, name) for act in acts))

    def _one(self, wallet: str, call: ChainCall, transaction_hash: str) -> list[WalletAct]:
        try:
            acts = self._apply(wallet, call)
        except ShortError:
            raise CallRevertError(_missing(call)) from None
        now_ns = self._world.now_ns
        return [_stamped(act, now_ns, transaction_hash) for act in acts]

    def _apply(self, wallet: str, call: ChainCall) -> list[WalletAct]:
        match call:
            case SplitCall():
                return self._split(wallet, call)
            case MergeCall():
                return self._merge(wallet, call)
            case RedeemCall():
                return self._redeem(wallet, call)
            case ApproveCall():
                self._approvals.approve(wallet, call.token, call.spender, call.amount)
            case ApproveAllCall():
                self._approvals.approve_all(wallet, call.token, call.operator, call.is_approved)
            case TransferCall():
                return self._transfer(wallet, call)
            case TransferSharesCall():
                return self._transfer_shares(wallet, call)
            case WrapCall():
                return self._wrap(wallet, call)
            case NothingCall():
                pass
            case RevertingCall():
                raise CallRevertError(call.reason)
        return []

    def _split(self, wallet: str, call: SplitCall) -> list[WalletAct]:
        listed = self._round(call.condition, call.target)
        if not call.amount:
            return []
        if not self._approvals.spend(wallet, PUSD, call.target, call.amount):
            raise CallRevertError(_NO_ALLOWANCE)
        self._holdings.split(wallet, listed, Shares(call.amount))
        return [_set_act(ActKind.SPLIT, wallet, listed, call.amount)]

    def _merge(self, wallet: str, call: MergeCall) -> list[WalletAct]:
        listed = self._round(call.condition, call.target)
        self._need_operator(wallet, listed, call.target)
        if not call.amount:
            return []
        self._holdings.merge(wallet, listed, Shares(call.amount))
        return [_set_act(ActKind.MERGE, wallet, listed, call.amount)]

    def _redeem(self, wallet: str, call: RedeemCall) -> list[WalletAct]:
        listed = self._round(call.condition, call.target)
        if not self._world.status(listed.slug).is_resolved:
            raise CallRevertError(_NO_PAYOUT)
        self._need_operator(wallet, listed, call.target)
        return self._redeemed(wallet, listed, call.outcome_index, call.amount)

    def _redeemed(
        self, wallet: str, listed: Round, outcome_index: int | None, amount: int
    ) -> list[WalletAct]:
        """Of a round with a result; its moment and transaction are stamped later."""
        sets = self._holdings.sets(listed.condition_id)
        status = self._world.status(listed.slug)
        if sets is not None and sets.payouts is None and status.is_resolved:
            self._holdings.resolve(listed, status.winner)
        order = OUTCOMES if listed.is_up_first else OUTCOMES[::-1]
        chosen = order if outcome_index is None else (order[outcome_index],)
        acts = []
        for outcome in chosen:
            token_id = listed.token_of(outcome)
            held = self._holdings.shares(wallet, token_id)
            shares = held if outcome_index is None else Shares(amount)
            if shares > held:
                raise ShortError("none of it")
            if shares:
                paid = self._holdings.redeem(wallet, token_id, shares)
                acts.append(WalletAct(0, ActKind.REDEEM, wallet, paid, shares, listed, outcome))
        return acts

    def _transfer(self, wallet: str, call: TransferCall) -> list[WalletAct]:
        if not call.amount:
            return []
        if call.token == USDC_E:
            self._holdings.transfer_usdc_e(wallet, call.to, call.amount)
            return []
        if call.token != PUSD:
            raise ShortError("none of it")
        self._holdings.transfer_usd(wallet, call.to, Usd(call.amount))
        usd = Usd(call.amount)
        return [
            WalletAct(0, ActKind.WITHDRAWAL, wallet, usd),
            WalletAct(0, ActKind.DEPOSIT, call.to, usd),
        ]

    def _wrap(self, wallet: str, call: WrapCall) -> list[WalletAct]:
        if not call.amount:
            return []
        if not self._approvals.spend(wallet, USDC_E, call.target, call.amount):
            raise CallRevertError(_NO_ALLOWANCE)
        self._holdings.wrap(wallet, call.to, call.amount)
        return [WalletAct(0, ActKind.DEPOSIT, call.to, Usd(call.amount))]

    def _transfer_shares(self, wallet: str, call: TransferSharesCall) -> list[WalletAct]:
        listed = self._world.find(call.token_id)
        if call.owner != wallet and not self._approvals.is_approved(call.owner, call.token, wallet):
            raise CallRevertError(_NO_OPERATOR)
        if not call.amount:
            return []
        if listed is None or shares_of(listed) != call.token:
            raise ShortError("none of it")
        shares, outcome = Shares(call.amount), listed.outcome_of(call.token_id)
        self._holdings.transfer_shares(call.owner, call.to, call.token_id, shares)
        return [
            WalletAct(0, ActKind.SENT, call.owner, Usd(0), shares, listed, outcome),
            WalletAct(0, ActKind.RECEIVED, call.to, Usd(0), shares, listed, outcome),
        ]

    def _round(self, condition: str, target: str) -> Round:
        listed = self._world.find(condition)
        if listed is None or splitter_of(listed) != target:
            raise CallRevertError("" if target == ROUTER else "condition not prepared yet")
        return listed

    def _need_operator(self, wallet: str, listed: Round, operator: str) -> None:
        if not self._approvals.is_approved(wallet, shares_of(listed), operator):
            raise CallRevertError(_NO_OPERATOR)


class _EnoughError(Exception):
    """Takes back what was only tried out."""


def _set_act(kind: ActKind, wallet: str, listed: Round, amount: int) -> WalletAct:
    return WalletAct(0, kind, wallet, Usd(amount), Shares(amount), listed)


def _stamped(act: WalletAct, at_ns: int, transaction_hash: str) -> WalletAct:
    return evolve(act, at_ns=at_ns, transaction_hash=transaction_hash)


def _missing(call: ChainCall) -> str:
    if isinstance(call, (SplitCall, TransferCall, WrapCall)):
        return "ERC20: transfer amount exceeds balance"
    return "ERC1155: insufficient balance for transfer"
