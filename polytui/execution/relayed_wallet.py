"""A wallet that is a contract: its batches go to the relayer, which pays their gas."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.execution.wallet_sender import BatchFate, BatchStage, SentBatch, SignedBatch
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.relayer import RelayedAs, RelayedState, RelayerClient
from polytui.venues.polymarket.wallet import Wallet, WalletType
from polytui.venues.polymarket.wallet_batch import (
    CALLS_MOST,
    DEADLINE_S,
    NOBODY,
    BatchSigner,
    gas_of_proxy,
)

_STAGES = {
    RelayedState.WAITING: BatchStage.WAITING,
    RelayedState.MINED: BatchStage.MINED,
    RelayedState.CONFIRMED: BatchStage.CONFIRMED,
    RelayedState.FAILED: BatchStage.FAILED,
}


class RelayedWallet:
    """A `WalletSender`."""

    def __init__(self, wallet: Wallet, relayer: RelayerClient, clock: SessionClock) -> None:
        self._wallet = wallet
        self._relayer = relayer
        self._clock = clock
        self._signer = BatchSigner(wallet)

    @property
    def calls_most(self) -> int:
        return CALLS_MOST

    async def nonce(self) -> int:
        return (await self._relayer.next_batch()).nonce

    async def sign(self, calls: Sequence[Call], nonce: int, metadata: str = "") -> SignedBatch:
        relay = NOBODY
        if self._wallet.kind is WalletType.PROXY:
            relay = (await self._relayer.next_batch()).relay
        signed = self._signer.sign(
            calls,
            nonce,
            metadata,
            deadline_s=self._deadline_s(),
            relay=relay,
            gas_limit=gas_of_proxy(calls),
        )
        return SignedBatch(SentBatch(nonce, signed.signature), signed.body)

    async def send(self, signed: SignedBatch) -> SentBatch:
        relayer_id = await self._relayer.submit(signed.body)
        return SentBatch(signed.sent.nonce, signed.sent.name, relayer_id)

    async def fate(self, sent: SentBatch) -> BatchFate:
        if sent.relayer_id:
            told = await self._relayer.state(sent.relayer_id)
            if told is not None:
                return _fate(told)
        # Asked first: what uses the nonce up afterwards is in the list by then.
        nonce = (await self._relayer.next_batch()).nonce
        for told in await self._relayer.recent():
            if told.signature == sent.name.lower():
                return _fate(told)
        overtaken = nonce > sent.nonce
        return BatchFate(BatchStage.OVERTAKEN if overtaken else BatchStage.NEVER_ARRIVED)

    def _deadline_s(self) -> int:
        """Ten minutes on, by the chain's clock; in a session that runs faster ten real ones."""
        speed = max(1.0, self._clock.speed)
        return self._clock.now_ns() // NS_PER_S + int(DEADLINE_S * speed)


def _fate(told: RelayedAs) -> BatchFate:
    return BatchFate(_STAGES[told.state], told.why, told.transaction_hash)
