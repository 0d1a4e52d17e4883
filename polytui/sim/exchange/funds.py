"""Whether a wallet can pay for an order: what it has, less what is promised, and what it allows."""

from __future__ import annotations

from polytui.model.instrument import Round
from polytui.model.units import Shares, Usd
from polytui.sim.exchange.answers import Refusal
from polytui.sim.exchange.contracts import PUSD, exchange_of, shares_of
from polytui.sim.exchange.holdings import Holdings, ShortError
from polytui.sim.exchange.reserves import Promise, Reserves

_START = "not enough balance / allowance"


class Funds:
    def __init__(self, holdings: Holdings, reserves: Reserves) -> None:
        self._holdings = holdings
        self._reserves = reserves

    def free_usd(self, wallet: str) -> Usd:
        """Below zero where promised dollars were moved away on the chain."""
        return Usd(self._holdings.usd(wallet) - self._reserves.usd(wallet))

    def free_shares(self, wallet: str, token_id: str) -> Shares:
        held = self._holdings.shares(wallet, token_id)
        return Shares(held - self._reserves.shares(wallet, token_id))

    def refusal(self, need: Promise, named: int, listed: Round) -> Refusal | None:
        """The venue's words where the wallet has too little, or lets the exchange take too little;
        clients read in them which of the two it is.

        `named` is the order's own amount, which is what the venue speaks of; where that is there
        and only the fee is not, it speaks of both together.
        """
        if need.token_id:
            free, amount = int(self.free_shares(need.wallet, need.token_id)), int(need.shares)
        else:
            free, amount = int(self.free_usd(need.wallet)), int(need.usd)
        if amount > free:
            return Refusal(
                f"{_START}: the balance is not enough -> "
                f"balance: {max(free, 0)}, order amount: {named if named > free else amount}"
            )
        allowance = self._allowance(need, listed)
        if amount > allowance:
            shown = named if named > allowance else amount
            return Refusal(
                f"{_START}: the allowance is not enough -> "
                f"spender: {exchange_of(listed)}, allowance: {allowance}, order amount: {shown}"
            )
        return None

    def is_allowed(self, promise: Promise, listed: Round) -> bool:
        """Whether the exchange may take that much."""
        return max(promise.usd, promise.shares) <= self._allowance(promise, listed)

    def spend(self, promise: Promise, listed: Round) -> None:
        """The exchange takes what it was allowed to take. ShortError where it was not."""
        approvals, exchange = self._holdings.approvals, exchange_of(listed)
        if promise.token_id:
            is_allowed = approvals.is_approved(promise.wallet, shares_of(listed), exchange)
        else:
            is_allowed = approvals.spend(promise.wallet, PUSD, exchange, promise.usd)
        if not is_allowed:
            raise ShortError("the allowance is not enough")

    def _allowance(self, need: Promise, listed: Round) -> int:
        approvals, exchange = self._holdings.approvals, exchange_of(listed)
        if not need.token_id:
            return approvals.allowance(need.wallet, PUSD, exchange)
        is_allowed = approvals.is_approved(need.wallet, shares_of(listed), exchange)
        return int(need.shares) if is_allowed else 0
