"""Whatever goes wrong between us and the chain, over loopback: each has its name, and nothing is
done twice."""

from __future__ import annotations

import pytest
from attrs import evolve
from wallet_stand import QUICK, WalletStand, millions, wallet_stand

from polytui.execution.wallet_sender import (
    BatchStage,
    NoGas,
    NonceIs,
    QuotaUsed,
    SignedBatch,
    WalletBusy,
)
from polytui.model.errors import Rejected, Unknown
from polytui.model.units import NS_PER_S
from polytui.sim.exchange.chain import ChainSettings
from polytui.venues.polymarket import chain_calls
from polytui.venues.polymarket.wallet import Wallet, WalletType

pytestmark = pytest.mark.trio
KINDS = pytest.mark.parametrize("kind", WalletType)
RELAYED = pytest.mark.parametrize("kind", [WalletType.DEPOSIT, WalletType.SAFE, WalletType.PROXY])
TWO = millions(2)


def where(kind: WalletType) -> str:
    return "/node" if kind is WalletType.EOA else "/relayer"


async def signed_split(stand: WalletStand, kind: WalletType) -> SignedBatch:
    sender = stand.sender(kind)
    calls = [chain_calls.split(stand.rounds[-1], TWO)]
    return await sender.sign(calls, await sender.nonce())


async def made(stand: WalletStand, wallet: Wallet) -> int:
    """How many millionths of sets the wallet has made."""
    usd, shares = await stand.has(wallet)
    assert set(shares.values()) <= {millions(1_000) - usd}
    return millions(1_000) - usd


@KINDS
@pytest.mark.parametrize("trouble", ["lose_answer", "unknown"])
async def test_a_batch_without_an_answer_is_found_and_done_once(
    kind: WalletType, trouble: str
) -> None:
    async with wallet_stand() as stand:
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        signed = await signed_split(stand, kind)
        await stand.control(where(kind), kind=trouble)
        with pytest.raises(Unknown):
            await sender.send(signed)
        fate = await stand.over(kind, signed.sent)
        assert fate.stage.is_done
        if kind is WalletType.EOA:
            await sender.send(signed)  # a node has it already, and says nothing else
        else:
            with pytest.raises(NonceIs):
                await sender.send(signed)
        assert await made(stand, wallet) == TWO


@KINDS
async def test_a_batch_that_never_arrived_is_sent_again(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        signed = await signed_split(stand, kind)
        await stand.control(where(kind), kind="not_taken")
        with pytest.raises(Unknown):
            await sender.send(signed)
        assert (await sender.fate(signed.sent)).stage is BatchStage.NEVER_ARRIVED
        assert (await stand.over(kind, await sender.send(signed))).stage.is_done
        assert await made(stand, wallet) == TWO


@KINDS
async def test_a_batch_that_reverts_after_it_was_taken_has_done_nothing(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        await stand.control(where(kind), kind="fail")
        signed = await signed_split(stand, kind)
        fate = await stand.over(kind, await sender.send(signed))
        assert fate.stage is BatchStage.FAILED
        assert fate.why
        assert (fate.gas_wei > 0) == (kind is WalletType.EOA), "a key pays for what is reverted"
        assert await made(stand, wallet) == 0
        again = await signed_split(stand, kind)
        assert (await stand.over(kind, await sender.send(again))).stage.is_done
        assert await made(stand, wallet) == TWO


@KINDS
async def test_a_wallet_that_is_busy_is_waited_for(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        signed = await signed_split(stand, kind)
        await stand.control(where(kind), kind="busy", times=2)
        for _ in range(2):
            with pytest.raises(WalletBusy):
                await sender.send(signed)
        assert (await stand.over(kind, await sender.send(signed))).stage.is_done
        assert await made(stand, wallet) == TWO


@KINDS
async def test_a_nonce_that_another_program_took(kind: WalletType) -> None:
    """Between signing and sending; and, of a batch that was taken, before its block."""
    async with wallet_stand() as stand:
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        theirs = {"owner": wallet.owner, "signature_type": int(kind)}
        signed = await signed_split(stand, kind)
        await stand.control("/nonce", **theirs)
        with pytest.raises(NonceIs) as told:
            await sender.send(signed)
        assert told.value.nonce == signed.sent.nonce + 1
        assert (await sender.fate(signed.sent)).stage is BatchStage.OVERTAKEN
        await stand.control(where(kind), kind="late", value=2_000)
        signed = await signed_split(stand, kind)
        sent = await sender.send(signed)
        assert (await sender.fate(sent)).stage is BatchStage.WAITING
        await stand.control("/nonce", **theirs)
        fate = await stand.over(kind, sent)
        lost = BatchStage.OVERTAKEN if kind is WalletType.EOA else BatchStage.FAILED
        assert fate.stage is lost
        assert await made(stand, wallet) == 0


@RELAYED
async def test_a_quota_that_is_used_up_says_for_how_long(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        await stand.control("/quota", key=stand.key.key.reveal(), left=1)
        signed = await signed_split(stand, kind)
        await stand.over(kind, await sender.send(signed))
        signed = await signed_split(stand, kind)
        with pytest.raises(QuotaUsed, match="waits, or pays") as told:
            await sender.send(signed)
        assert told.value.after_s == 86_400.0, "hours are told, not shortened"
        assert await made(stand, wallet) == TWO


@RELAYED
async def test_a_batch_that_was_never_broadcast(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        await stand.control("/relayer", kind="invalid")
        fate = await stand.over(kind, await sender.send(await signed_split(stand, kind)))
        assert fate.stage is BatchStage.FAILED
        assert await made(stand, wallet) == 0


async def test_a_transaction_that_the_pool_forgot_is_sent_again() -> None:
    async with wallet_stand() as stand:
        kind = WalletType.EOA
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        await stand.control("/node", kind="lost")
        signed = await signed_split(stand, kind)
        await sender.send(signed)
        assert (await sender.fate(signed.sent)).stage is BatchStage.NEVER_ARRIVED
        assert (await stand.over(kind, await sender.send(signed))).stage.is_done
        assert await made(stand, wallet) == TWO


async def test_a_key_without_gas_is_told_what_it_lacks() -> None:
    poor = evolve(QUICK, chain=ChainSettings(block_s=0.5, grant_pol=0))
    async with wallet_stand(on_chain=poor) as stand:
        wallet = await stand.fund(WalletType.EOA)
        with pytest.raises(NoGas, match=f"{wallet.owner} has 0.000000: send POL there"):
            await signed_split(stand, WalletType.EOA)


async def test_a_batch_whose_deadline_passed_is_signed_anew() -> None:
    async with wallet_stand() as stand:
        kind = WalletType.DEPOSIT
        wallet, sender = await stand.fund(kind), stand.sender(kind)
        hour_ns = 3_600 * NS_PER_S
        stand.clock.epoch_ns -= hour_ns
        late = await signed_split(stand, kind)
        stand.clock.epoch_ns += hour_ns
        with pytest.raises(Rejected, match="batch deadline expired"):
            await sender.send(late)
        assert (await sender.fate(late.sent)).stage is BatchStage.NEVER_ARRIVED
        fate = await stand.over(kind, await sender.send(await signed_split(stand, kind)))
        assert fate.stage.is_done
        assert await made(stand, wallet) == TWO
