"""Calls of a wallet on the chain, whatever kind of wallet it is: one face for relayer and own key.

First a batch is signed, which tells nobody; then it is sent. Whoever must know after a crash what
became of it writes `SignedBatch.sent` to disk in between: the nonce, and a name by which relayer or
chain find it though its answer was never heard.

A nonce is used once. The same batch sent twice, or two batches of one nonce, come to at most one
that is done; so a batch whose fate is not known is sent again with its own nonce, never with the
next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from attrs import field, frozen

from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.wallet_refusals import (
    NoGas,
    NonceIs,
    QuotaUsed,
    WalletBusy,
    WouldRevert,
)

__all__ = [
    "BatchFate",
    "BatchStage",
    "Call",
    "NoGas",
    "NonceIs",
    "QuotaUsed",
    "SentBatch",
    "SignedBatch",
    "WalletBusy",
    "WalletSender",
    "WouldRevert",
]


class BatchStage(str, Enum):
    WAITING = "waiting"
    """Taken; it may still come to nothing, or be done."""
    MINED = "mined"
    """Done, in a block that the chain may still leave."""
    CONFIRMED = "confirmed"
    """Done for good."""
    FAILED = "failed"
    """Nothing of it was done, and nothing will be. Its nonce may be used up or not: ask."""
    NEVER_ARRIVED = "never arrived"
    """Nobody knows it, and its nonce is still free: the same may be sent again."""
    OVERTAKEN = "overtaken"
    """Nobody knows it, and its nonce is used up: by something else, or by it, so long ago that
    nobody remembers. What the wallet holds tells."""

    @property
    def is_done(self) -> bool:
        return self in (BatchStage.MINED, BatchStage.CONFIRMED)

    @property
    def is_final(self) -> bool:
        """Whether asking again tells nothing more."""
        return self in (BatchStage.CONFIRMED, BatchStage.FAILED, BatchStage.OVERTAKEN)


@frozen
class BatchFate:
    """What became of a batch, as far as relayer or chain say by now."""

    stage: BatchStage
    why: str = ""
    """Of one that failed, in the contract's or relayer's words, in plain text."""
    transaction_hash: str = ""
    """Once it is on the chain."""
    gas_wei: int = 0
    """What it cost us, where we pay, done or reverted."""


@frozen
class SentBatch:
    """By what a batch is found again. All of it may be written to disk: nothing of it is secret."""

    nonce: int
    name: str
    """Known before it is sent: of a relayed batch its signature, of a transaction its hash."""
    relayer_id: str = ""
    """The relayer's own name of it, once it has answered; empty without a relayer."""


@frozen
class SignedBatch:
    sent: SentBatch
    body: bytes = field(repr=False)
    """What goes out, byte by byte."""
    cost_most_wei: int = 0
    """What we may pay for it, at most; nothing where the relayer pays."""


class WalletSender(Protocol):
    """Errors are the four of `model/errors.py` and, kinds of them, those of `wallet_refusals.py`.
    Retry (`QuotaUsed` and `WalletBusy` too) and Rejected say that nothing happened; Unknown says
    that it may have: ask for its fate."""

    @property
    def calls_most(self) -> int:
        """In one batch: one where the wallet is the key itself, which makes no more at once."""

    async def nonce(self) -> int:
        """Of the wallet's next batch."""

    async def sign(self, calls: Sequence[Call], nonce: int, metadata: str = "") -> SignedBatch:
        """Nobody is told of the batch yet; what it will cost, or who relays it, may be asked for.
        `metadata` (500 letters at most) is shown at the relayer, to people. WouldRevert where a
        node says so before anything is paid."""

    async def send(self, signed: SignedBatch) -> SentBatch:
        """Once; sent again it is done once all the same."""

    async def fate(self, sent: SentBatch) -> BatchFate:
        """As it is now; who wants to wait asks again. Retry where nobody could be asked."""
