"""What is said of the whole account, and of no order: money that no trade explains, what its wallet
did on the chain, that our books were held against the venue's, and what has not arrived yet."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.model.instrument import Outcome
from polytui.model.units import Shares, Usd


class CashKind(str, Enum):
    """Why money came or went without a trade of ours."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    GAS = "gas"
    REBATE = "rebate"
    REWARD = "reward"
    REDEMPTION = "redemption"
    """Winners of before these books."""
    ELSEWHERE = "elsewhere"
    """Trades of this account in markets that are not played."""
    ROUNDING = "rounding"
    """Millionths that the venue reckons otherwise."""
    UNEXPLAINED = "unexplained"


@frozen
class CashMoved:
    """Money of the account that no trade explains: it can be spent, and is nobody's result."""

    kind: CashKind
    amount: Usd
    """Below zero where it went."""
    key: str
    """Of this movement alone: the same one told twice is one."""
    at_ns: int
    detail: str = ""


@frozen
class Reconciled:
    """Open orders, trades and balances were held against the venue's. What differed was corrected
    by reports before this."""

    at_ns: int
    differences: int
    slugs: tuple[str, ...] = ()
    """Rounds that were settled since the one before, and that these balances count."""


@frozen
class PairsMerged:
    """So many shares of each outcome became so many dollars, on the chain. What they locked in was
    counted before: a pair pays a dollar whoever wins."""

    slug: str
    shares: Shares
    """Of each outcome, gone."""
    key: str
    """Of this merge alone: the same one told twice is one."""
    at_ns: int
    detail: str = ""
    """The transaction, where it is known."""


@frozen
class WinnersRedeemed:
    """The venue paid for the shares of a round that is settled. The ledger counted that when the
    round was settled, so it changes no figure."""

    slug: str
    amount: Usd
    key: str
    """Of this redemption alone."""
    at_ns: int
    detail: str = ""
    """The transaction, where it is known."""


@frozen
class InTransit:
    """What of a round is counted as ours and cannot be used yet, all of it as it stands now: trades
    that no block has taken, and pairs that a merge takes. Told before the fill that brings it and
    after the block that takes it, so that nobody ever thinks that more is here than there is."""

    slug: str
    up: Shares = Shares(0)
    """That cannot be sold,"""
    down: Shares = Shares(0)
    usd: Usd = Usd(0)
    """and that cannot be spent: of sales."""

    def shares(self, outcome: Outcome) -> Shares:
        return self.up if outcome is Outcome.UP else self.down
